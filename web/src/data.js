// SPDX-License-Identifier: MIT
// What the command wrote into the page, and what the page asks of it. Integers beyond 2^53 come
// as strings, so BigInt() of either is exact; numbers are made of them only to draw.

// The types that tare and pprof know: under which heading they stand, their unit, and their whole name.
const KNOWN = {
    alloc_space: ['Allocated', 'bytes', 'Bytes allocated'],
    alloc_objects: ['Allocated', 'allocations', 'Allocations'],
    peak_space: ['At the peak', 'bytes', 'Bytes live at the peak'],
    peak_objects: ['At the peak', 'blocks', 'Blocks live at the peak'],
    leaked_space: ['Leaked', 'bytes', 'Bytes leaked'],
    leaked_objects: ['Leaked', 'blocks', 'Blocks leaked'],
    inuse_space: ['Live at the end', 'bytes', 'Bytes live at the end'],
    inuse_objects: ['Live at the end', 'blocks', 'Blocks live at the end'],
    temporary_objects: ['Temporary', 'allocations', 'Temporary allocations'],
    reallocations: ['Reallocated', 'reallocations', 'Reallocations'],
};
const ORDER = Object.keys(KNOWN);

function describe(type, index) {
    const [heading, unit, label] = KNOWN[type.name] ?? [type.name, type.unit === 'count' ? type.name : type.unit, type.name];
    return {name: type.name, index, heading, unit, label, total: BigInt(type.total)};
}

// Those with one heading together, in the order of the table, then the others.
export function groupsOf(types) {
    const place = (type) => (ORDER.indexOf(type.name) + ORDER.length + 1) % (ORDER.length + 1);
    const groups = new Map();
    for (const type of types.slice().sort((a, b) => place(a) - place(b) || a.index - b.index))
        groups.set(type.heading, [...(groups.get(type.heading) ?? []), type]);
    return [...groups.values()];
}

export function read(text) {
    const data = JSON.parse(text);
    data.types = data.types.map(describe);
    return data;
}

// ---- The merged tree. Node 0 is all; parents stand before their children. ----------

export const SMALLER = -1; // the function of what was too small to keep

const functionName = (data, node, names) => {
    const id = data.tree.function[node];
    if (node === 0)
        return 'all';
    return id === SMALLER ? 'smaller frames' : data.strings[names[id]];
};

// In full, and without parameters and template arguments.
export const nameOf = (data, node) => functionName(data, node, data.functions.name);
export const briefOf = (data, node) => functionName(data, node, data.functions.brief);

export function moduleOf(data, node) {
    const id = data.tree.function[node];
    const module = node === 0 || id === SMALLER ? -1 : data.functions.module[id];
    return module < 0 ? '' : data.strings[module];
}

export const valueOf = (data, type, node) => BigInt(data.tree.values[type][node]);

// What the flame graph is drawn from, by their number: nodes that count in this type.
export function nodesOf(data, type) {
    const {parent, values} = data.tree;
    const nodes = new Array(parent.length);
    for (let i = 0; i < parent.length; i++) {
        const value = Math.max(0, Number(values[type][i]));
        if (i > 0 && (value === 0 || nodes[parent[i]] === undefined))
            continue;
        nodes[i] = {index: i, name: briefOf(data, i), value, depth: i > 0 ? nodes[parent[i]].depth + 1 : 0, children: []};
        if (i > 0)
            nodes[parent[i]].children.push(nodes[i]);
    }
    return nodes;
}

// Those of a pixel or more where the focus is `width` pixels wide: all, or if there are too many
// the widest, and of equal ones the outermost. Whoever is in is so with all callers.
export function chooseNodes(data, nodes, focus, width, most) {
    const least = nodes[focus].value / width, pending = [nodes[focus]], wide = [];
    let narrow = false;
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
        if (node.value < least) {
            narrow = true;
            continue;
        }
        wide.push(node);
        for (const child of node.children)
            pending.push(child);
    }
    if (wide.length <= most)
        return {root: nodes[0], crowded: false, narrow};
    const kept = wide.sort((a, b) => b.value - a.value || a.depth - b.depth || a.index - b.index).slice(0, most);
    for (let at = focus; at !== 0; at = data.tree.parent[at])
        kept.push(nodes[data.tree.parent[at]]);
    const copies = new Map(kept.map((node) => [node.index, {...node, children: []}]));
    for (const copy of [...copies.values()].sort((a, b) => a.index - b.index))
        if (copy.index !== 0)
            copies.get(data.tree.parent[copy.index]).children.push(copy);
    return {root: copies.get(0), crowded: true, narrow};
}

// Of each function, whether its name has the term.
function matching(data, term) {
    const wanted = term.toLowerCase();
    const hits = data.strings.map((text) => text.toLowerCase().includes(wanted));
    return data.functions.name.map((name, id) => hits[name] || hits[data.functions.brief[id]]);
}

// Values of frames that match, each once where they call one another. `unknown` is what is in
// frames too small to keep, and not below a match.
export function search(data, type, term) {
    const found = matching(data, term);
    const {parent, function: functions} = data.tree;
    const inside = new Uint8Array(parent.length);
    const hits = new Set();
    let sum = 0n, unknown = 0n;
    for (let i = 1; i < parent.length; i++) {
        const value = valueOf(data, type, i), above = inside[parent[i]] === 1;
        const hit = functions[i] !== SMALLER && found[functions[i]];
        inside[i] = hit || above ? 1 : 0;
        if (hit && value !== 0n)
            hits.add(i);
        if (hit && !above)
            sum += value;
        else if (functions[i] === SMALLER && !above)
            unknown += value;
    }
    return {hits, sum, unknown};
}

// ---- Sites -------------------------------------------------------------------------

// The frames of a site, the innermost first.
export function* framesOf(data, row) {
    const {stack, parent, frame} = data.sites;
    for (let at = stack[row]; at > 0; at = parent[at]) {
        const id = frame[at];
        const {name, brief, module} = data.functions;
        const own = data.frames.function[id];
        yield {
            name: data.strings[name[own]],
            brief: data.strings[brief[own]],
            module: module[own] < 0 ? '' : data.strings[module[own]],
            file: data.frames.file[id] < 0 ? '' : data.strings[data.frames.file[id]],
            line: data.frames.line[id],
        };
    }
}

export const baseName = (path) => path.slice(path.lastIndexOf('/') + 1);

export function placeOf(frame) {
    if (frame.file)
        return baseName(frame.file) + (frame.line ? `:${frame.line}` : '');
    return frame.module ? `in ${baseName(frame.module)}` : '';
}

export function bestSite(data, type) {
    const values = data.sites.values[type];
    let best = -1;
    for (let row = 0; row < values.length; row++)
        if (best < 0 || BigInt(values[row]) > BigInt(values[best]))
            best = row;
    return best < 0 || BigInt(values[best]) <= 0n ? undefined : {row: best, value: BigInt(values[best])};
}
