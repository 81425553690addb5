// SPDX-License-Identifier: MIT
// What makes a flame graph answer: zoom, search, tips, keys. All it knows is in the file: frames
// in the order of the tree, each with its title, and their depths and weights in the same order.
(() => {
  'use strict';
  const svg = document.getElementById('flame'), group = document.getElementById('frames');
  const MINIMAL_WIDTH = 900, HIDDEN_BELOW = 0.1, COLUMNS_MIN = 3, TIP_COLUMNS = 110, LINE = 17;
  const number = (name) => Number(svg.dataset[name]);
  const top = number('top'), row = number('row'), margin = number('margin'), padding = number('padding');
  const column = number('column'), levels = number('levels'), leftOut = number('leftOut');
  const height = Number(svg.getAttribute('height'));
  let width = Number(svg.getAttribute('width')), upward = 'upward' in svg.dataset;

  // ---- The tree, as arrays ----

  const frames = Array.from(group.children), count = frames.length;
  const depth = new Uint32Array(count), parent = new Int32Array(count), behind = new Uint32Array(count);
  const weight = new Float64Array(count), start = new Float64Array(count);
  {
    const numbers = document.getElementById('weights').textContent.trim().split(/\s/);
    const next = [0], last = [];
    for (let i = 0; i < count; i++) {
      const d = depth[i] = Number(numbers[2 * i]);
      weight[i] = Number(numbers[2 * i + 1]);
      start[i] = next[d + 1] = next[d];
      next[d] += weight[i];
      parent[i] = d > 0 ? last[d - 1] : -1;
      last[d] = i;
      frames[i].frame = i;
    }
    behind.fill(count); // of each the first that is not below it
    for (let i = count - 1; i > 0; i--) {
      for (let at = i - 1; at >= 0 && depth[at] >= depth[i]; at = parent[at])
        behind[at] = Math.min(behind[at], i);
    }
  }

  const element = (name, attributes, below) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const key in attributes)
      made.setAttribute(key, attributes[key]);
    if (below)
      below.appendChild(made);
    return made;
  };

  // A browser's own tip would cover ours: the title becomes the label when it is first needed.
  const about = (i) => {
    const title = frames[i].querySelector('title');
    if (title) {
      frames[i].setAttribute('aria-label', title.textContent);
      title.remove();
    }
    return frames[i].getAttribute('aria-label');
  };
  const lineOf = (i, line) => {
    const title = frames[i].querySelector('title');
    return (title ? title.textContent : frames[i].getAttribute('aria-label')).split('\n')[line] || '';
  };

  // ---- Labels: as flame_label.c makes them ----

  const columnsOf = (text) => {
    let columns = 0;
    for (const character of text)
      columns += character.codePointAt(0) >= 0x2e80 ? 2 : 1;
    return columns;
  };
  const partsOf = (name) => {
    const parts = [];
    for (let at = name.indexOf('::'); at >= 0; at = name.indexOf('::', at + 2))
      if (at + 2 < name.length)
        parts.push(name.slice(at + 2));
    return parts;
  };
  const cutBehind = (text, columns) => {
    let kept = '';
    for (const character of text) {
      if (columnsOf(kept) + columnsOf(character) + 1 > columns)
        break;
      kept += character;
    }
    return kept + '\u2026';
  };
  const fit = (name, bare, columns) => {
    if (columns < COLUMNS_MIN)
      return '';
    if (columnsOf(name) <= columns)
      return name;
    if (columnsOf(bare) <= columns)
      return bare;
    const parts = partsOf(bare), fitting = parts.find((part) => columnsOf(part) + 1 <= columns);
    return fitting ? '\u2026' + fitting : cutBehind(parts.length > 0 ? parts[parts.length - 1] : bare, columns);
  };
  const label = (i, x, boxWidth, y) => {
    const columns = Math.floor((boxWidth - 2 * padding) / column);
    const name = columns < COLUMNS_MIN ? '' : lineOf(i, 0);
    const text = fit(name, frames[i].dataset.bare || name, columns);
    let shown = frames[i].querySelector('text');
    if (text === '') {
      if (shown)
        shown.remove();
      return;
    }
    shown = shown || element('text', {}, frames[i]);
    shown.textContent = text;
    shown.setAttribute('x', (x + padding).toFixed(2));
    shown.setAttribute('y', y + 13);
    shown.setAttribute('textLength', (columnsOf(text) * column).toFixed(2));
  };

  // ---- Where each is: the chosen one is as wide as the picture ----

  let chosen = 0;
  const visible = new Uint8Array(count).fill(1);
  const isAbove = (i) => i < chosen && behind[i] > chosen;
  const place = (i) => {
    const room = width - 2 * margin, above = isAbove(i);
    const x = above ? margin : margin + (start[i] - start[chosen]) / weight[chosen] * room;
    const boxWidth = above ? room : weight[i] / weight[chosen] * room;
    const inside = above || (i >= chosen && i < behind[chosen] && boxWidth >= HIDDEN_BELOW);
    if (inside !== !!visible[i]) {
      visible[i] = inside ? 1 : 0;
      if (inside)
        frames[i].removeAttribute('display');
      else
        frames[i].setAttribute('display', 'none');
    }
    if (!inside)
      return;
    frames[i].classList.toggle('above', above);
    const box = frames[i].querySelector('rect'), y = top + (upward ? levels - depth[i] : depth[i]) * row;
    box.setAttribute('x', x.toFixed(2));
    box.setAttribute('y', y);
    box.setAttribute('width', (boxWidth > 3 ? boxWidth - 0.8 : boxWidth * 0.75).toFixed(2));
    label(i, x, boxWidth, y);
  };
  const placeAll = () => {
    for (let i = 0; i < count; i++)
      place(i);
  };
  const zoom = (i) => {
    chosen = i;
    placeAll();
    showShare();
    resetButton.set(chosen !== 0 || term !== '');
  };

  // ---- Search ----

  let term = '';
  const share = element('text', {class: 'found-share', y: 74}, svg);
  const figure = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
  const units = (value) => {
    const unit = svg.dataset.unit.replace(/s$/, '');
    return figure(value) + ' ' + unit + (value === 1 ? '' : 's');
  };
  const showShare = () => {
    let found = 0, value = 0;
    for (let i = chosen; i < behind[chosen];) {
      const hit = frames[i].classList.contains('found');
      value += hit ? weight[i] : 0;
      found += hit ? 1 : 0;
      i = hit ? behind[i] : i + 1;
    }
    const exactly = 'unit' in svg.dataset && value <= Number.MAX_SAFE_INTEGER ? ' (' + units(value) + ')' : '';
    share.textContent = term === '' ? '' : 'matched: ' + (leftOut > 0 ? 'at least ' : '') +
      (value / weight[chosen] * 100).toFixed(2) + ' %' + exactly;
  };
  const search = (text) => {
    term = text;
    const wanted = text.toLowerCase();
    for (let i = 0; i < count; i++)
      frames[i].classList.toggle('found', wanted !== '' && i > 0 && lineOf(i, 0).toLowerCase().includes(wanted));
    group.classList.toggle('searched', wanted !== '');
    showShare();
    resetButton.set(chosen !== 0 || term !== '');
  };

  const FIELD = 230;
  let field = null;
  const openSearch = () => {
    if (!field) {
      const holder = element('foreignObject', {y: 16, width: FIELD, height: 26}, svg);
      field = document.createElementNS('http://www.w3.org/1999/xhtml', 'input');
      field.setAttribute('type', 'search');
      field.setAttribute('placeholder', 'part of a function\u2019s name');
      field.setAttribute('aria-label', 'search functions');
      field.addEventListener('input', () => search(field.value));
      holder.appendChild(field);
      arrange();
    }
    field.focus();
    field.select();
  };
  const closeSearch = () => {
    if (field)
      field.parentNode.remove();
    field = null;
    search('');
    arrange();
  };

  // ---- Buttons, from the right to the left ----

  const buttons = [];
  const button = (text, meaning, press) => {
    const made = element('g', {class: 'control', role: 'button', tabindex: 0, 'aria-label': meaning});
    svg.insertBefore(made, group);
    element('title', {}, made).textContent = meaning;
    const box = element('rect', {y: 16, height: 26, rx: 4}, made), shown = element('text', {y: 33}, made);
    made.addEventListener('click', press);
    made.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        event.stopPropagation();
        press();
      }
    });
    const control = {
      set: (use) => { made.setAttribute('opacity', use ? 1 : 0.45); made.setAttribute('aria-disabled', !use); },
      name: (now) => { text = now; shown.textContent = now; },
      moveTo: (right) => {
        const wide = text.length * 7.5 + 22;
        box.setAttribute('x', right - wide);
        box.setAttribute('width', wide);
        shown.setAttribute('x', right - wide / 2);
        return right - wide - 8;
      },
    };
    control.name(text);
    buttons.push(control);
    return control;
  };
  const reset = () => {
    closeSearch();
    zoom(0);
  };
  const resetButton = button('Reset', 'Reset zoom and search (Escape)', reset);
  const turned = () => upward ? 'Icicle' : 'Flame';
  const turnButton = button(turned(), 'Turn over: the outermost function at the top or at the bottom', () => {
    upward = !upward;
    turnButton.name(turned());
    placeAll();
    arrange();
  });
  button('Search', 'Search functions (Ctrl-F or /)', openSearch);
  const arrange = () => {
    let right = width - margin;
    for (const control of buttons)
      right = control.moveTo(right);
    if (field)
      field.parentNode.setAttribute('x', right - FIELD);
    share.setAttribute('x', width - margin);
  };

  // ---- Tips ----

  const tip = element('g', {id: 'tip', display: 'none', 'aria-hidden': true}, svg);
  const wrap = (text) => {
    const lines = [], characters = Array.from(text);
    for (let at = 0; at < characters.length; at += TIP_COLUMNS)
      lines.push(characters.slice(at, at + TIP_COLUMNS).join(''));
    return lines;
  };
  const fillTip = (i) => {
    const lines = about(i).split('\n');
    tip.textContent = '';
    const box = element('rect', {rx: 5}, tip);
    let y = 6, columns = 0;
    lines.forEach((line, k) => wrap(line).forEach((part) => {
      const text = element('text', k === 0 ? {class: 'name', x: 10, y: y + 12} : {x: 10, y: y + 12}, tip);
      text.textContent = part;
      columns = Math.max(columns, columnsOf(part));
      y += LINE;
    }));
    tip.removeAttribute('display');
    const wide = Math.max(columns * column, tip.getBBox().width) + 20;
    box.setAttribute('width', wide);
    box.setAttribute('height', y + 6);
    return {wide, high: y + 6};
  };
  const inPicture = (x, y) => {
    const matrix = svg.getScreenCTM(), point = svg.createSVGPoint();
    point.x = x;
    point.y = y;
    return matrix ? point.matrixTransform(matrix.inverse()) : point;
  };
  const moveTip = (at, size) => {
    const low = inPicture(0, 0), high = inPicture(innerWidth, innerHeight);
    let x = Math.min(at.x + 14, high.x - size.wide - 6), y = at.y + 18;
    if (y + size.high > high.y - 6)
      y = at.y - size.high - 10;
    tip.setAttribute('transform', `translate(${Math.max(low.x + 4, x)},${Math.max(low.y + 4, y)})`);
  };
  const hideTip = () => tip.setAttribute('display', 'none');
  const frameAt = (target) => {
    const found = target.closest ? target.closest('#frames > g') : null;
    return found ? found.frame : -1;
  };
  let shownFrame = -1, shownSize = null;
  const showTip = (i, at) => {
    if (i !== shownFrame || tip.hasAttribute('display'))
      shownSize = fillTip(i);
    shownFrame = i;
    moveTip(at, shownSize);
  };
  group.addEventListener('mousemove', (event) => {
    const i = frameAt(event.target);
    if (i >= 0)
      showTip(i, inPicture(event.clientX, event.clientY));
  });
  group.addEventListener('mouseleave', hideTip);

  // ---- Keys: one frame is in the order of tabs, arrows lead to the others ----

  let current = 0;
  const makeCurrent = (i) => {
    frames[current].setAttribute('tabindex', -1);
    current = i;
    frames[i].setAttribute('tabindex', 0);
    frames[i].setAttribute('aria-level', depth[i] + 1);
    about(i);
  };
  const go = (i) => {
    if (i < 0 || i >= count || !visible[i])
      return;
    makeCurrent(i);
    frames[i].focus();
  };
  const besides = (i, step) => {
    let at = i + step;
    while (at >= 0 && at < count && !(depth[at] === depth[i] && visible[at]))
      at += step;
    return at;
  };
  const firstBelow = (i) => {
    let at = i + 1;
    while (at < behind[i] && !visible[at])
      at++;
    return at < behind[i] ? at : -1;
  };
  const keys = {
    Enter: (i) => zoom(i),
    ' ': (i) => zoom(i),
    ArrowUp: (i) => go(upward ? firstBelow(i) : parent[i]),
    ArrowDown: (i) => go(upward ? parent[i] : firstBelow(i)),
    ArrowLeft: (i) => go(besides(i, -1)),
    ArrowRight: (i) => go(besides(i, 1)),
    Home: () => go(0),
  };
  group.addEventListener('keydown', (event) => {
    const i = frameAt(event.target);
    if (i < 0 || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys))
      return;
    event.preventDefault();
    keys[event.key](i);
  });
  // Not on the group: that would make it take the focus itself.
  document.addEventListener('focusin', (event) => {
    const i = frameAt(event.target);
    if (i < 0 || !frames[i].matches(':focus-visible'))
      return;
    const box = frames[i].querySelector('rect');
    showTip(i, {x: Math.max(margin, Number(box.getAttribute('x'))), y: Number(box.getAttribute('y')) + row - 12});
  });
  document.addEventListener('focusout', hideTip);
  group.addEventListener('click', (event) => {
    const i = frameAt(event.target);
    if (i < 0)
      return;
    makeCurrent(i);
    frames[i].focus({preventScroll: true});
    zoom(i);
  });
  addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === 'f' || (event.key === '/' && event.target !== field)) {
      event.preventDefault();
      openSearch();
    } else if (event.key === 'Escape') {
      hideTip();
      if (field || term !== '')
        closeSearch();
      else
        zoom(0);
    }
  });

  // ---- The window's width ----

  const resize = () => {
    const scrollbar = height > innerHeight ? 16 : 0;
    width = Math.max(MINIMAL_WIDTH, innerWidth - scrollbar);
    svg.setAttribute('width', width);
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    placeAll();
    arrange();
  };
  addEventListener('resize', resize);
  makeCurrent(0);
  resetButton.set(false);
  resize();
})();
