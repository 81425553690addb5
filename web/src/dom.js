// SPDX-License-Identifier: MIT
// Elements. Text is only ever text: nothing of the profile is parsed as HTML.

export function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
        if (name.startsWith('on'))
            element.addEventListener(name.slice(2), value);
        else if (value === true)
            element.setAttribute(name, '');
        else if (value !== false && value !== undefined)
            element.setAttribute(name, value);
    element.append(...children.flat().filter((child) => child !== undefined && child !== ''));
    return element;
}

export function section(id, title, ...children) {
    return make('section', {id, 'aria-labelledby': `${id}-title`}, make('h2', {id: `${id}-title`}, title), ...children);
}

export function table(caption, heads, rows) {
    return make('table', {},
        make('caption', {class: 'unseen'}, caption),
        make('thead', {}, make('tr', {}, heads.map((head) =>
            make('th', {scope: 'col', class: head.number ? 'number' : undefined}, head.text)))),
        make('tbody', {}, rows));
}
