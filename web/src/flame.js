// SPDX-License-Identifier: MIT
// The flame graph: d3-flame-graph draws it. Here it gets exact figures, colours by module, the
// keyboard, and a bound on how many frames are drawn, so that a large profile opens at once.
import flamegraph from 'd3-flame-graph';
import {select} from 'd3-selection';
import {SMALLER, baseName, chooseNodes, moduleOf, nameOf, nodesOf, search, valueOf} from './data.js';
import {make, section} from './dom.js';
import {counted, figure, share} from './text.js';

const CELL = 20;          // pixels
const FRAMES_MAX = 4000;  // drawn at once
const SMOOTH_MAX = 1200;  // frames that move instead of jumping
const LEGEND_MAX = 8;
const HUES = [205, 95, 275, 165, 330, 60, 235, 130];

export class FlameGraph {
    constructor(data) {
        this.data = data;
        this.upward = data.upward;
        this.zoomed = 0;
        this.term = '';
        this.box = make('div', {class: 'flame'});
        this.tip = make('div', {class: 'tip', role: 'tooltip', hidden: true});
        this.details = make('p', {class: 'details', 'aria-live': 'polite'});
        this.narrow = make('p', {class: 'note'});
        this.found = make('output', {class: 'found'});
        this.legend = make('ul', {class: 'legend', 'aria-label': 'Colours by module'});
        this.colours = new Map();
        this.makeTools();
        this.element = section('flame-graph', 'Flame graph', this.tools, this.box, this.details, this.narrow, this.legend);
        document.body.append(this.tip);
        this.box.addEventListener('keydown', (event) => this.key(event));
        document.addEventListener('keydown', (event) => this.slash(event));
        new ResizeObserver(() => this.resize()).observe(this.box);
    }

    makeTools() {
        this.input = make('input', {type: 'search', id: 'flame-search', placeholder: 'function', autocomplete: 'off',
            spellcheck: 'false', oninput: () => this.find(this.input.value)});
        this.whole = make('button', {type: 'button', disabled: true, onclick: () => this.reset()}, 'Reset zoom');
        this.flip = make('button', {type: 'button', 'aria-pressed': String(this.upward), onclick: () => this.turn()}, 'Callers below');
        this.units = make('span', {class: 'units'});
        this.tools = make('div', {class: 'tools'}, this.units, this.whole, this.flip,
            make('label', {for: 'flame-search'}, 'Search'), this.input, this.found);
    }

    // ---- What is drawn ---------------------------------------------------------

    show(type) {
        this.type = type;
        this.total = type.total;
        this.element.querySelector('h2').textContent = `Flame graph: ${type.label.toLowerCase()}`;
        this.nodes = nodesOf(this.data, type.index);
        if (this.nodes[this.zoomed] === undefined)
            this.zoomed = 0;
        this.paint();
        this.draw();
        this.tell(this.zoomed === 0 ? undefined : this.zoomed);
    }

    // From scratch: a type at a time has a tree of its own.
    draw() {
        this.box.replaceChildren();
        this.narrow.hidden = true;
        this.chart = undefined;
        if (this.nodes[0].value === 0) {
            this.box.append(make('p', {class: 'none'}, `${this.type.label}: none.`));
            return;
        }
        const choice = this.choose();
        this.chart = flamegraph().width(this.width()).cellHeight(CELL).inverted(!this.upward).resetHeightOnZoom(true)
            .transitionDuration(0).tooltip(this.pointer()).getName((node) => node.data.name)
            .setLabelHandler((node) => this.sentence(node.data.index)).setDetailsHandler(() => {})
            .setSearchMatch((node) => this.hits.has(node.data.index)).setSearchHandler(() => {})
            .setColorMapper((node) => this.colour(node))
            .minFrameSize(choice.crowded ? 0.5 : 1); // those chosen have a pixel but for rounding
        select(this.box).datum(choice.root).call(this.chart);
        this.drawn = new Map();
        select(this.box).datum().each((node) => this.drawn.set(node.data.index, node));
        if (this.zoomed !== 0)
            this.chart.zoomTo(this.drawn.get(this.zoomed));
        this.chart.onClick((node) => this.isZoomed(node));
        const smooth = this.drawn.size <= SMOOTH_MAX && !matchMedia('(prefers-reduced-motion: reduce)').matches;
        this.chart.transitionDuration(smooth ? 200 : 0);
        this.whole.disabled = this.zoomed === 0;
        this.find(this.input.value);
        if (this.upward)
            this.box.scrollTop = this.box.scrollHeight;
    }

    // Of what is zoomed, as much as can be drawn at once; and what is not drawn is said.
    choose() {
        const choice = chooseNodes(this.data, this.nodes, this.zoomed, this.width(), FRAMES_MAX);
        this.narrow.hidden = !choice.crowded && !choice.narrow;
        this.narrow.textContent = `${choice.crowded ? `Only the ${figure(BigInt(FRAMES_MAX))} widest frames are drawn; the others`
            : 'Frames narrower than a pixel are not drawn; they'} count in those above them. Zoom in to see more.`;
        this.crowded = choice.crowded;
        return choice;
    }

    width() {
        return Math.max(300, this.box.clientWidth);
    }

    resize() {
        if (this.chart !== undefined && this.chart.width() !== this.width())
            this.draw();
    }

    turn() {
        this.upward = !this.upward;
        this.flip.setAttribute('aria-pressed', String(this.upward));
        this.draw();
    }

    // ---- Colours: a hue for each module, by what is in it -------------------------

    paint() {
        const {data, type} = this, sums = new Map();
        for (let i = 1; i < data.tree.parent.length; i++) {
            const module = moduleOf(data, i), parent = data.tree.parent[i];
            if (module && (parent === 0 || moduleOf(data, parent) !== module))
                sums.set(module, (sums.get(module) ?? 0) + Number(data.tree.values[type.index][i]));
        }
        for (const module of [...sums.keys()].filter((name) => !this.colours.has(name)).sort())
            this.colours.set(module, HUES[this.colours.size % HUES.length]);
        const shown = [...sums].filter(([, sum]) => sum > 0).sort((a, b) => b[1] - a[1]).slice(0, LEGEND_MAX);
        this.legend.replaceChildren(...shown.map(([module]) => make('li', {title: module},
            make('i', {style: `background:${this.shade(module, 0)}`}), baseName(module))));
    }

    shade(module, step) {
        const hue = this.colours.get(module);
        return hue === undefined ? `hsl(40 12% ${78 - step}%)` : `hsl(${hue} 45% ${76 - step}%)`;
    }

    colour(node) {
        if (node.highlight)
            return '#ffb224';
        if (node.data.index === 0 || this.data.tree.function[node.data.index] === SMALLER)
            return 'hsl(0 0% 80%)';
        let step = 0;
        for (let i = 0; i < node.data.name.length; i++)
            step = (step * 31 + node.data.name.charCodeAt(i)) % 13;
        return this.shade(moduleOf(this.data, node.data.index), step - 4);
    }

    // ---- What is said --------------------------------------------------------------

    sentence(node) {
        const {data, type} = this, value = valueOf(data, type.index, node), module = moduleOf(data, node);
        const parts = [nameOf(data, node), module && `in ${baseName(module)}`].filter(Boolean).join(' ');
        const of = this.zoomed === 0 || node === 0 ? ''
            : `, ${share(value, valueOf(data, type.index, this.zoomed))} of what is zoomed`;
        return `${parts}: ${counted(value, type.unit)}, ${share(value, this.total)}${of}`;
    }

    tell(node) {
        this.details.textContent = node === undefined
            ? 'Click a frame, or press Enter on it, to zoom in. Arrow keys move, / searches, Escape goes back.' : this.sentence(node);
    }

    pointer() {
        const tip = () => {};
        tip.show = (event, node) => {
            this.tip.textContent = this.sentence(node.data.index);
            this.tip.hidden = false;
            const left = Math.min(event.clientX + 12, document.documentElement.clientWidth - this.tip.offsetWidth - 8);
            const below = event.clientY + 16 + this.tip.offsetHeight < innerHeight;
            this.tip.style.left = `${Math.max(8, left)}px`;
            this.tip.style.top = `${below ? event.clientY + 16 : event.clientY - this.tip.offsetHeight - 10}px`;
            this.tell(node.data.index);
        };
        tip.hide = () => {
            this.tip.hidden = true;
        };
        return tip;
    }

    // ---- Zoom, search, keyboard ------------------------------------------------------

    isZoomed(node) {
        const wasCrowded = this.crowded, focused = this.box.contains(document.activeElement);
        this.zoomed = node.data.index;
        this.whole.disabled = this.zoomed === 0;
        if (this.choose().crowded || wasCrowded)
            this.draw();
        else
            this.dress();
        if (focused)
            this.frame(this.zoomed)?.focus({preventScroll: true});
        this.tell(this.zoomed === 0 ? undefined : this.zoomed);
    }

    reset() {
        if (this.chart !== undefined && this.zoomed !== 0)
            this.chart.zoomTo(this.drawn.get(0));
    }

    find(term) {
        const {type} = this;
        if (!term) {
            if (this.term)
                this.chart?.clear();
            this.found.textContent = '';
        } else {
            const {hits, sum, unknown} = search(this.data, type.index, term);
            const more = unknown > 0n ? `; frames too small to keep may have up to ${counted(unknown, type.unit)} more` : '';
            this.found.textContent = `${share(sum, this.total)} matched: ${counted(sum, type.unit)} in `
                + `${counted(BigInt(hits.size), 'frames')}${more}`;
            this.hits = hits;
            this.chart?.search(term);
        }
        this.term = term;
        this.dress();
    }

    // What the library leaves out: names for screen readers, and one frame that Tab reaches.
    dress() {
        if (this.chart === undefined)
            return;
        const svg = select(this.box).select('svg').attr('role', 'group').attr('aria-label', 'Flame graph');
        if (!this.upward) // the library leaves room for a title, below then
            svg.attr('height', this.chart.height() - 2 * CELL);
        const frames = svg.selectAll('g.frame').attr('role', 'button').attr('data-node', (node) => node.data.index)
            .attr('aria-label', (node) => this.sentence(node.data.index))
            .attr('tabindex', (node) => (node.data.index === this.zoomed ? 0 : -1));
        frames.on('focus', (event, node) => this.tell(node.data.index));
    }

    slash(event) {
        if (event.key !== '/' || event.ctrlKey || event.target instanceof HTMLInputElement)
            return;
        event.preventDefault();
        this.input.focus();
        this.input.select();
    }

    // The search first, then the zoom.
    back() {
        if (!this.term) {
            this.reset();
            return;
        }
        this.input.value = '';
        this.find('');
    }

    key(event) {
        const at = select(event.target).datum();
        if (event.key === 'Escape')
            this.back();
        if (at?.data === undefined || !this.drawn?.has(at.data.index))
            return;
        if (event.key === 'Enter' || event.key === ' ')
            this.chart.zoomTo(at);
        else if (!this.move(at, event.key))
            return;
        event.preventDefault();
    }

    frame(node) {
        return this.box.querySelector(`g[data-node="${node}"]`);
    }

    move(at, key) {
        const [up, down] = this.upward ? ['ArrowDown', 'ArrowUp'] : ['ArrowUp', 'ArrowDown'];
        const beside = at.parent?.children ?? [at], index = beside.indexOf(at);
        const next = {[up]: [at.parent], [down]: at.children ?? [], ArrowLeft: beside.slice(0, index).reverse(),
            ArrowRight: beside.slice(index + 1)}[key];
        if (next === undefined)
            return false;
        for (const node of next.filter(Boolean)) {
            const frame = this.frame(node.data.index);
            if (frame !== null) {
                frame.focus();
                break;
            }
        }
        return true;
    }
}
