// SPDX-License-Identifier: MIT
// Figures as people read them. Exact ones are BigInt all the way: what is beyond 2^53 is not rounded.

export const figure = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

// Units are plural.
export const counted = (value, unit) => `${figure(value)} ${value === 1n ? unit.replace(/s$/, '') : unit}`;

const POWERS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

// Short, and so rounded: 1.2 MiB, 34.5 k. It always stands beside the exact figure.
export function rounded(value, unit) {
    const base = unit === 'bytes' ? 1024 : 1000;
    const names = unit === 'bytes' ? POWERS : ['k', 'M', 'G', 'T', 'P', 'E'];
    let number = Number(value), power = -1;
    if (Math.abs(number) < 10000)
        return unit === 'bytes' ? `${figure(value)} B` : figure(value);
    while (Math.abs(number) >= base && power + 1 < names.length) {
        number /= base;
        power++;
    }
    return `${number.toFixed(number < 100 ? 1 : 0)} ${names[power]}`;
}

// In tenths of a per cent, from the exact figures.
export function share(part, whole) {
    if (whole <= 0n)
        return '0.0 %';
    const thousandths = (part * 10000n / whole + 5n) / 10n;
    return `${thousandths / 10n}.${thousandths % 10n} %`;
}

const TIMES = [[1e9, 's'], [1e6, 'ms'], [1e3, '\u00b5s'], [1, 'ns']];

export function duration(ns) {
    const number = Number(ns);
    const [size, unit] = TIMES.find(([least]) => number >= least) ?? [1, 'ns'];
    return `${String(Number((number / size).toPrecision(3)))} ${unit}`;
}
