// SPDX-License-Identifier: MIT
// Live bytes over time, by uPlot, with the peak marked. The recording has points now and then; the
// peak is exact, and lies between two of them.
import uPlot from 'uplot';
import {make, section} from './dom.js';
import {counted, duration, figure, rounded} from './text.js';

const HEIGHT = 220; // pixels
const POWERS = Array.from({length: 60}, (_, power) => 2 ** power);

// The first point by which the peak had been reached; the number of points where none saw it.
function reachedAt(timeline, peak) {
    const index = timeline.peak.findIndex((value) => BigInt(value) >= peak);
    return index < 0 ? timeline.peak.length : index;
}

function whenOf(timeline, index) {
    const times = timeline.time_ns;
    if (index === 0)
        return `within the first ${duration(times[0])}`;
    if (index === times.length)
        return `after the last point, at ${duration(times[index - 1])}`;
    const [before, after] = [duration(times[index - 1]), duration(times[index])];
    return `${before === after ? after : `between ${before} and ${after}`} after the start`;
}

// A line as long as the time in which it was reached, so a dot most of the time.
function mark(plot, from, to, peak, text, colours) {
    const {ctx: context} = plot, ratio = devicePixelRatio;
    const left = plot.valToPos(from, 'x', true), right = plot.valToPos(to, 'x', true), top = plot.valToPos(peak, 'y', true);
    context.save();
    context.strokeStyle = context.fillStyle = colours.mark;
    context.lineWidth = 6 * ratio;
    context.lineCap = 'round';
    context.setLineDash([]);
    context.beginPath();
    context.moveTo(left, top);
    context.lineTo(right, top);
    context.stroke();
    context.textAlign = 'left';
    context.textBaseline = 'alphabetic';
    context.font = `600 ${12 * ratio}px system-ui, sans-serif`;
    const room = plot.bbox.left + plot.bbox.width - context.measureText(text).width;
    context.fillText(text, Math.max(plot.bbox.left, Math.min(left, room)), top - 8 * ratio);
    context.restore();
}

function coloursOf(element) {
    const style = getComputedStyle(element);
    const colour = (name) => style.getPropertyValue(name).trim();
    return {line: colour('--accent'), fill: colour('--accent-faint'), mark: colour('--warn'), text: colour('--muted'),
        grid: colour('--rule')};
}

function axis(colours, size, format) {
    return {stroke: colours.text, size, font: '12px system-ui, sans-serif', grid: {stroke: colours.grid, width: 1},
        ticks: {stroke: colours.grid, width: 1}, values: (_, marks) => marks.map(format)};
}

function plot(box, timeline, peak, at) {
    const colours = coloursOf(box), times = timeline.time_ns.map(Number);
    const from = at === 0 ? 0 : times[at - 1], to = times[Math.min(at, times.length - 1)];
    const options = {
        width: box.clientWidth, height: HEIGHT,
        padding: [24, 16, 0, 0],
        scales: {
            x: {time: false, range: [0, times[times.length - 1] || 1]},
            y: {range: [0, Number(peak) * 1.02 || 1]},
        },
        axes: [axis(colours, 36, duration), {...axis(colours, 76, (value) => rounded(BigInt(Math.round(value)), 'bytes')), incrs: POWERS}],
        cursor: {y: false, drag: {x: false, y: false}},
        series: [
            {label: 'After', value: (_, value) => (value === null ? '\u2013' : duration(value))},
            {label: 'Live', stroke: colours.line, fill: colours.fill, width: 1.5, points: {show: times.length < 3},
                value: (_, __, ___, index) => (index === null ? '\u2013' : counted(BigInt(timeline.live[index]), 'bytes'))},
            {label: 'Peak so far', stroke: colours.mark, width: 1, dash: [4, 4], points: {show: false},
                paths: uPlot.paths.stepped({align: -1}),
                value: (_, __, ___, index) => (index === null ? '\u2013' : counted(BigInt(timeline.peak[index]), 'bytes'))},
        ],
        hooks: {draw: [(chart) => mark(chart, from, to, Number(peak), `peak ${figure(peak)} bytes`, colours)]},
    };
    return new uPlot(options, [times, timeline.live.map(Number), timeline.peak.map(Number)], box);
}

export function timelineSection(run) {
    if (run.scope !== undefined) // it has no points
        return '';
    const {timeline} = run, peak = BigInt(run.statistics.find(({name}) => name === 'peak_bytes').value);
    if (peak === 0n)
        return '';
    if (timeline.time_ns.length === 0)
        return section('timeline', 'Live bytes over time', make('p', {class: 'none'},
            `No points: they are set every 16 allocations or more. The peak is ${counted(peak, 'bytes')}.`));
    const at = reachedAt(timeline, peak);
    const sentence = `Peak ${counted(peak, 'bytes')}, reached ${whenOf(timeline, at)}; `
        + `${figure(timeline.time_ns.length)} point${timeline.time_ns.length === 1 ? '' : 's'}.`;
    const box = make('div', {class: 'plot', role: 'img', 'aria-label': sentence});
    let chart;
    const draw = () => {
        chart?.destroy();
        chart = plot(box, timeline, peak, at);
    };
    new ResizeObserver(() => {
        if (chart === undefined)
            draw();
        else if (chart.width !== box.clientWidth)
            chart.setSize({width: box.clientWidth, height: HEIGHT});
    }).observe(box);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    return section('timeline', 'Live bytes over time', make('p', {class: 'peak'}, sentence), box);
}
