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

// The cards, the graph and the table, where there are call stacks to show.
function stacks(data) {
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
    return {above: [cards, flame.element], below: [sites.element], show: () => choose(data.types[data.type])};
}

function noStacks({run}) {
    const [id, title, text] = run === undefined
        ? ['empty', 'Nothing was allocated', 'This profile has no samples.']
        : run.statistics.every(({value}) => value === 0)
            ? ['empty', 'Nothing was allocated', 'Not one allocation was recorded: there is no flame graph, and there are no sites.']
            : ['no-stacks', 'No call stacks', 'None were recorded, as with --no-sites: there is no flame graph, and there are no sites.'];
    return {above: [make('section', {id}, make('h2', {}, title), make('p', {}, text))], below: [], show: () => {}};
}

function start() {
    const data = read(document.getElementById('data').textContent), {run} = data;
    const hasStacks = run === undefined ? data.sites.count > 0 : run.has_stacks;
    const {above, below, show} = hasStacks ? stacks(data) : noStacks(data);
    const parts = [header(data), warnings(data), ...above, run && timelineSection(run), ...below,
        run && make('div', {class: 'pair'}, histogram(data), statistics(data)), run && processes(data),
        make('footer', {}, `tare ${data.version}`)];
    document.title = `${data.title} \u2013 tare report`;
    document.getElementById('report').replaceChildren(...parts.filter(Boolean));
    show();
}

start();
