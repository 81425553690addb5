// SPDX-License-Identifier: MIT
// usage: viewers.mjs DH_VIEW.html PROFILE.dhat.json PROFILE.speedscope.json HOSTILE.speedscope.json HOSTILE.dhat.json
// DHAT's viewer and speedscope open what tare wrote, and show the figures of tests/cli/sites.c.
import assert from 'node:assert/strict';
import {join} from 'node:path';

import {withBrowser} from './browser.mjs';

const [dhView, dhat, speedscope, hostileSpeedscope, hostileDhat] = process.argv.slice(2);
const speedscopePage = join(process.env.WEB_MODULES, 'speedscope/dist/release/index.html');

async function textWith(page, wanted) {
    await page.waitForFunction((text) => document.body.innerText.includes(text), wanted);
    return page.innerText('body');
}

async function inDhView(open, file, wanted) {
    const page = await open(dhView, {isViewer: true});
    await page.setInputFiles('input[type=file]', file);
    await textWith(page, 'Invocation {');
    await page.selectOption('select', {index: 0}); // by bytes
    return textWith(page, wanted);
}

// The table of functions of the profile in front: {function: [total, self]}.
async function inSpeedscope(open, file, wanted) {
    const page = await open(speedscopePage, {isViewer: true});
    await page.setInputFiles('input[type=file]', file);
    await textWith(page, wanted);
    await page.keyboard.press('3'); // "sandwich"
    const rows = (await textWith(page, 'Symbol Name\n')).split('Symbol Name\n')[1];
    const cells = rows.split(/\s*[\n\t]\s*/);
    const table = {};
    for (let i = 0; i + 2 < cells.length; i += 3)
        table[cells[i + 2]] = [cells[i], cells[i + 1]].map((cell) => cell.replace(/ \(.*/, ''));
    return table;
}

await withBrowser(async (open) => {
    const points = await inDhView(open, dhat, 'churn');
    assert.match(points, /Total: +3,007 bytes \(100%, [^)]*\) in 62 blocks \(100%,/);
    assert.match(points, /Total: +1,000 bytes \([^)]*\) in 50 blocks [^}]*: churn \(.*sites\.c:\d+\)\n[^}]*: main \(/);
    assert.match(points, /Total: +1,000 bytes \([^)]*\) in 10 blocks [^}]*: hold \(/);

    const table = await inSpeedscope(open, speedscope, 'alloc_objects (1/10)');
    assert.deepEqual(table, {main: ['62', '0'], churn: ['50', '50'], hold: ['10', '10'], grow: ['1', '1'], recurse: ['1', '1']});

    // Names that would do harm are names.
    const names = await inSpeedscope(open, hostileSpeedscope, 'alloc_objects (1/2)');
    assert.equal(names.main[0], '1,031');
    assert.deepEqual([names['"quoted\\"'], names['<b>&amp;</b>'], names['a\uFFFDb'], names['[unknown]']],
        [['1', '1'], ['2', '2'], ['4', '4'], ['1,000', '1,000']]);
    const hostile = await inDhView(open, hostileDhat, '[unknown]');
    assert.match(hostile, /Total: +10,310 bytes \(100%, [^)]*\) in 1,031 blocks/);
});
