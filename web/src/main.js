// SPDX-License-Identifier: MIT
// The page: the answer first, then where it comes from.
import {bestSite, framesOf, groupsOf, placeOf, read} from './data.js';
import {make} from './dom.js';
import {FlameGraph} from './flame.js';
import {header, histogram, processes, statistics, warnings} from './run.js';
import {Sites} from './sites.js';
import {counted, rounded, share} from './text.js';
import {timelineSection} from './timeline.js';

function bestText(data, type) {
    const best = bestSite(data, type.index);
    if (best === undefined)
        return [];
    const [frame] = framesOf(data, best.row);
    const name = frame?.brief ?? '[no call stack]';
    return [make('span', {class: 'best', title: frame ? `${frame.name} ${placeOf(frame)}` : name},
        `${share(best.value, type.total)} `, make('code', {}, name))];
}

// A card for each heading; the chosen one is what the graph and the table show.
function card(data, group, choose) {
    const [type] = group;
    const input = make('input', {type: 'radio', name: 'metric', value: type.name, onchange: () => choose(type)});
    return make('label', {class: 'card', 'data-metric': type.name}, input, make('span', {class: 'heading'}, type.heading),
        make('strong', {}, rounded(type.total, type.unit)),
        make('span', {class: 'exact'}, group.map((one) => make('span', {'data-total': one.name}, counted(one.total, one.unit)))),
        ...bestText(data, type));
}

function unitsOf(group, chosen, choose) {
    if (group.length < 2)
        return [];
    return group.map((type) => make('label', {}, make('input', {type: 'radio', name: 'unit', value: type.name,
        checked: type === chosen, onchange: () => choose(type)}), type.unit));
}

function empty(data) {
    return make('section', {id: 'empty'}, make('h2', {}, 'Nothing was allocated'),
        make('p', {}, data.run === undefined ? 'This profile has no samples.'
            : 'Not one allocation was recorded, so there is no flame graph and there are no sites.'));
}

function body(data) {
    const groups = groupsOf(data.types), flame = new FlameGraph(data), sites = new Sites(data);
    const choose = (type) => {
        const group = groups.find((types) => types.includes(type));
        document.querySelector(`input[name=metric][value="${CSS.escape(group[0].name)}"]`).checked = true;
        flame.units.replaceChildren(...unitsOf(group, type, choose));
        flame.show(type);
        sites.show(type);
    };
    const cards = make('div', {class: 'cards', role: 'radiogroup', 'aria-label': 'What to show'},
        groups.map((group) => card(data, group, choose)));
    return {cards, flame, sites, choose};
}

function start() {
    const data = read(document.getElementById('data').textContent);
    const main = document.getElementById('report');
    document.title = `${data.title} \u2013 tare report`;
    main.replaceChildren(header(data), warnings(data));
    const any = data.types.some((type) => type.total !== 0n) || data.sites.count > 0;
    const parts = any ? body(data) : undefined;
    main.append(...(any ? [parts.cards, parts.flame.element] : [empty(data)]));
    if (data.run !== undefined && any)
        main.append(timelineSection(data.run));
    if (any)
        main.append(parts.sites.element);
    if (data.run !== undefined)
        main.append(make('div', {class: 'pair'}, any ? histogram(data) : '', statistics(data)), processes(data));
    main.append(make('footer', {}, `tare ${data.version}`));
    parts?.choose(data.types[data.type]);
}

start();
