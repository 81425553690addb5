// SPDX-License-Identifier: MIT
// The table of sites: each distinct call stack with its figures. Sorted by a click on a head,
// filtered by any text of its stack, and opened to the whole stack.
import {baseName, framesOf, groupsOf, placeOf} from './data.js';
import {make, section} from './dom.js';
import {counted, figure, share} from './text.js';

const STEP = 25;           // rows that are shown more at a time
const COLUMNS_MAX = 6;
const SITE_WIDTH = 300;    // pixels, at least
const COLUMN_WIDTH = 105;
const CALLERS = 3;         // that are shown beside a site

// One figure of each heading, and how many allocations that was.
function columnsOf(types) {
    const groups = groupsOf(types);
    const first = groups.map(([type]) => type);
    const columns = types.length <= COLUMNS_MAX ? groups.flat() : [groups[0][0], ...groups[0].slice(1), ...first.slice(1)];
    return columns.filter((type) => type.total !== 0n).slice(0, COLUMNS_MAX);
}

export class Sites {
    constructor(data) {
        this.data = data;
        this.columns = columnsOf(data.types);
        this.values = data.sites.values.map((values) => values.map(BigInt));
        this.rows = data.sites.stack.map((_, row) => row);
        this.texts = new Map();
        this.open = new Set();
        this.shown = STEP;
        this.descending = true;
        this.body = make('tbody');
        this.heads = new Map();
        this.input = make('input', {type: 'search', id: 'site-filter', placeholder: 'function, file or module',
            autocomplete: 'off', spellcheck: 'false', oninput: () => this.filter()});
        this.count = make('output', {class: 'found'});
        this.more = make('button', {type: 'button', onclick: () => this.extend()}, `Show ${STEP} more`);
        this.rest = make('p', {class: 'rest'});
        this.element = section('sites', 'Call sites',
            make('div', {class: 'tools'}, make('label', {for: 'site-filter'}, 'Filter'), this.input, this.count),
            make('div', {class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Table of call sites'}, this.table()),
            this.more, this.rest);
    }

    table() {
        const heads = [make('th', {scope: 'col', class: 'site'}, this.head('Site', undefined))];
        for (const type of this.columns)
            heads.push(make('th', {scope: 'col', class: 'number', title: type.label}, this.head(type.label, type)));
        this.heads.forEach((button, type) => button.closest('th')?.setAttribute('data-type', type?.name ?? 'site'));
        const width = `min-width:${SITE_WIDTH + this.columns.length * COLUMN_WIDTH}px`;
        return make('table', {style: width}, make('caption', {class: 'unseen'}, 'Call sites and what they allocated'),
            make('thead', {}, make('tr', {}, heads)), this.body);
    }

    head(text, type) {
        const button = make('button', {type: 'button', onclick: () => this.sort(type)}, text);
        this.heads.set(type, button);
        return button;
    }

    // Another type: the most of it first.
    show(type) {
        this.by = undefined;
        this.sort(type);
    }

    // The same head again turns the order around; names begin with A.
    sort(by) {
        this.descending = this.sorted && this.by === by ? !this.descending : by !== undefined;
        this.sorted = true;
        this.by = by;
        const values = by && this.values[by.index];
        const names = by === undefined && this.rows.map((row) => this.textOf(row).name);
        const compare = by === undefined
            ? (a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : a - b)
            : (a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0);
        this.order = this.rows.slice().sort((a, b) => (this.descending ? compare(b, a) : compare(a, b)) || a - b);
        this.heads.forEach((button, type) => {
            const th = button.closest('th');
            if (type === by)
                th.setAttribute('aria-sort', this.descending ? 'descending' : 'ascending');
            else
                th.removeAttribute('aria-sort');
        });
        this.filter();
    }

    // All text of a site's stack, made when first asked for.
    textOf(row) {
        let text = this.texts.get(row);
        if (text === undefined) {
            const frames = [...framesOf(this.data, row)];
            text = {
                name: frames[0]?.brief ?? '',
                all: frames.map((frame) => `${frame.name} ${frame.brief} ${frame.file} ${frame.module}`).join('\n').toLowerCase(),
            };
            this.texts.set(row, text);
        }
        return text;
    }

    filter() {
        const term = this.input.value.trim().toLowerCase();
        const counts = (row) => this.by === undefined || this.values[this.by.index][row] !== 0n;
        this.listed = this.order.filter((row) => counts(row) && (!term || this.textOf(row).all.includes(term)));
        this.shown = STEP;
        this.draw();
    }

    extend() {
        const first = this.shown;
        this.shown += STEP;
        this.draw();
        this.body.querySelectorAll('button.site')[first]?.focus();
    }

    draw() {
        this.body.replaceChildren(...this.listed.slice(0, this.shown).flatMap((row) => this.lines(row)));
        this.more.hidden = this.listed.length <= this.shown;
        this.count.textContent = this.sums();
        this.rest.textContent = this.omitted();
        this.rest.hidden = this.rest.textContent === '';
    }

    sums() {
        const sites = `${figure(this.listed.length)} site${this.listed.length === 1 ? '' : 's'}`;
        if (this.by === undefined)
            return sites;
        const sum = this.listed.reduce((total, row) => total + this.values[this.by.index][row], 0n);
        return `${sites}: ${counted(sum, this.by.unit)}, ${share(sum, this.by.total)}`;
    }

    // A large profile's page has only the first sites by each figure.
    omitted() {
        const {count, rest} = this.data.sites, left = count - this.rows.length;
        if (left <= 0)
            return '';
        const type = this.by ?? this.data.types[this.data.type];
        return `${figure(left)} of ${figure(count)} sites are small in every figure and not in this page; `
            + `together they have ${counted(BigInt(rest[type.index]), type.unit)}.`;
    }

    // ---- Rows ------------------------------------------------------------------------

    lines(row) {
        const {data} = this, [first, ...callers] = framesOf(data, row), isOpen = this.open.has(row);
        const button = make('button', {type: 'button', class: 'site', 'aria-expanded': String(isOpen),
            onclick: () => this.toggle(row)},
        make('code', {title: first?.name}, first?.brief ?? '[no call stack]'), make('small', {}, [first ? placeOf(first) : '', ...callers.slice(0, CALLERS).map(({brief}) => brief)].join(' \u2190 ')));
        const cells = this.columns.map((type) => {
            const value = this.values[type.index][row];
            const cell = make('td', {class: 'number', title: share(value, type.total)}, figure(value));
            if (type === this.by && type.total > 0n)
                cell.style.setProperty('--part', `${Number(value * 1000n / type.total) / 10}%`);
            cell.classList.toggle('zero', value === 0n);
            return cell;
        });
        const line = make('tr', {'data-row': row}, make('th', {scope: 'row'}, button), cells);
        return isOpen ? [line, this.stackLine(row)] : [line];
    }

    toggle(row) {
        if (!this.open.delete(row))
            this.open.add(row);
        const line = this.body.querySelector(`tr[data-row="${row}"]`);
        if (line.nextElementSibling?.classList.contains('stack'))
            line.nextElementSibling.remove();
        else
            line.after(this.stackLine(row));
        line.querySelector('button.site').setAttribute('aria-expanded', String(this.open.has(row)));
    }

    // Recursion from one place is one line.
    stackLine(row) {
        const items = [];
        let before = '', times = 1;
        for (const frame of framesOf(this.data, row)) {
            const where = frame.file ? `${frame.file}${frame.line ? `:${frame.line}` : ''}` : '';
            const key = JSON.stringify([frame.name, where, frame.module]);
            if (key === before) {
                items.at(-1).querySelector('.times').textContent = ` \u00d7 ${figure(++times)}`;
                continue;
            }
            before = key;
            times = 1;
            items.push(make('li', {}, make('code', {}, frame.name), make('span', {class: 'times'}),
                make('small', {title: frame.module || undefined}, where ? ` at ${where}` : '', !where && frame.module ? ` in ${baseName(frame.module)}` : '')));
        }
        const figures = this.data.types.filter((type) => this.values[type.index][row] !== 0n)
            .map((type) => make('li', {}, `${type.label}: ${figure(this.values[type.index][row])} (${share(this.values[type.index][row], type.total)})`));
        return make('tr', {class: 'stack'}, make('td', {colspan: this.columns.length + 1},
            make('div', {}, make('ol', {'aria-label': 'Call stack, the innermost first'}, items), make('ul', {}, figures))));
    }
}
