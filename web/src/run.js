// SPDX-License-Identifier: MIT
// What only a recorded run has: what it was, how far its figures can be trusted, statistics,
// sizes, and the other processes.
import {make, section, table} from './dom.js';
import {duration, figure} from './text.js';

const row = (name, ...cells) => make('tr', {}, make('th', {scope: 'row'}, name),
    cells.map((cell) => (cell instanceof Node ? cell : make('td', {class: 'number'}, cell))));

function factsOf(data) {
    const {run} = data;
    if (run === undefined)
        return ['a profile of another tool'];
    return [
        run.scope && `a scope of ${run.command}${run.scope.place && `, ${run.scope.place}`}`,
        run.end,
        run.running && 'still running',
        BigInt(run.duration_ns) > 0n && `allocated for ${duration(run.duration_ns)}`,
        `process ${run.pid}`,
        run.mode && `${run.mode}${run.allocator && ` over ${run.allocator}`}`,
    ].filter(Boolean);
}

export function header(data) {
    const facts = factsOf(data).map((fact) => make('li', {}, fact));
    if (data.run !== undefined)
        facts.push(make('li', {class: data.warnings.length > 0 ? 'badge warn' : 'badge'},
            data.run.exact ? data.warnings.length > 0 ? 'exact, with remarks' : 'exact' : 'inexact'));
    return make('header', {}, make('h1', {}, data.title), make('ul', {class: 'facts'}, facts));
}

export function warnings(data) {
    if (data.warnings.length === 0)
        return '';
    return make('section', {id: 'warnings', 'aria-labelledby': 'warnings-title'},
        make('h2', {id: 'warnings-title'}, data.run?.exact === false ? 'These figures are inexact' : 'What to know of these figures'),
        make('ul', {}, data.warnings.map((text) => make('li', {}, text))));
}

export function statistics(data) {
    const rows = data.run.statistics.map(({name, value, meaning}) => {
        const line = row(make('code', {}, name), figure(BigInt(value)), make('td', {class: 'meaning'}, meaning));
        line.dataset.statistic = name;
        return line;
    });
    return section('statistics', 'Statistics',
        table('Statistics of the process', [{text: 'statistic'}, {text: 'figure', number: true}, {text: 'what it counts'}], rows),
        data.run.notes.map((note) => make('p', {class: 'note'}, note)));
}

export function histogram(data) {
    const {sizes} = data.run;
    if (sizes.length === 0) // as of a scope
        return '';
    const most = sizes.reduce((top, [, , count]) => (BigInt(count) > top ? BigInt(count) : top), 1n);
    const rows = sizes.map(([low, high, count]) => {
        const bar = make('i', {'aria-hidden': 'true'});
        bar.style.width = `${Math.max(0.5, Number(BigInt(count) * 1000n / most) / 10)}%`;
        return row(low === high ? figure(BigInt(low)) : `${figure(BigInt(low))} \u2013 ${figure(BigInt(high))}`,
            figure(BigInt(count)), make('td', {class: 'bar'}, bar));
    });
    return section('sizes', 'Sizes of allocations', table('Allocations by requested bytes', [{text: 'requested bytes'}, {text: 'allocations', number: true}, {text: ''}], rows));
}

function remarkOf({inexact, running}) {
    const remarks = [inexact && 'inexact', running && 'still running'].filter(Boolean);
    return remarks.length > 0 && make('small', {}, ` ${remarks.join(', ')}`);
}

export function processes(data) {
    const others = data.run.processes;
    if (others.length === 0)
        return '';
    const left = data.run.process_count - others.length;
    const note = `${data.run.process_count === 1 ? 'One' : figure(data.run.process_count)} beside this one`
        + `${left > 0 ? `, of which the first ${figure(others.length)} are listed` : ''}; tare report --pid PID is about one of them.`;
    const heads = ['command', 'pid', 'allocations', 'peak bytes', 'leaked bytes'];
    const rows = others.map((one) => row(
        [make('code', {}, one.command), remarkOf(one)].filter(Boolean),
        String(one.pid), figure(BigInt(one.allocations)), figure(BigInt(one.peak_bytes)), figure(BigInt(one.leaked_bytes))));
    return section('processes', 'Other processes',
        make('p', {class: 'note'}, note),
        make('div', {class: 'wide'}, table('Other processes', heads.map((text, index) => ({text, number: index > 0})), rows)));
}
