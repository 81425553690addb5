// SPDX-License-Identifier: MIT
// usage: report.mjs PAGE...    of those below, in the directory that report.sh made them in
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {overflows, withBrowser} from './browser.mjs';

const grouped = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const sum = (values) => values.reduce((total, value) => total + BigInt(value), 0n);
const text = (page, selector) => page.locator(selector).allTextContents();
const frame = (name) => `g.frame[name="${name}"]`;
const label = (page, name) => page.locator(frame(name)).first().getAttribute('aria-label');
const choose = (page, type) => page.locator(`input[value="${type}"]`).first().check({force: true});

// ---- Figures: each is that of the JSON ---------------------------------------------------

async function statistics(page, json) {
    for (const name of await page.locator('tr[data-statistic]').evaluateAll((rows) => rows.map((row) => row.dataset.statistic)))
        assert.equal((await text(page, `tr[data-statistic=${name}] td.number`))[0], grouped(json[name]), name);
    assert.equal(await page.locator('tr[data-statistic]').count(), 10);
}

async function histogram(page, json) {
    const counts = (await text(page, '#sizes td.number')).map((figure) => figure.replaceAll(',', ''));
    assert.equal(sum(counts), BigInt(json.allocations));
    assert.deepEqual(counts, json.histogram.map(({allocations}) => String(allocations)));
    assert.equal((await text(page, '#sizes tbody th'))[0], `${json.histogram[0].low} \u2013 ${json.histogram[0].high}`);
}

async function timeline(page, json) {
    const said = await page.locator('#timeline .plot').getAttribute('aria-label');
    assert.ok(said.startsWith(`Peak ${grouped(json.peak_bytes)} bytes, reached `), said);
    assert.ok(said.includes(` ${grouped(json.timeline.length)} point`), said);
    assert.equal(await page.locator('#timeline canvas').count(), 1);
}

async function metrics(page, json) {
    const leaks = json.sites.filter(({pool, suppressed_by}) => !pool && !suppressed_by);
    const expected = {
        alloc_space: [json.bytes_allocated, 'bytes'],
        alloc_objects: [json.allocations, 'allocations'],
        peak_space: [json.peak_bytes, 'bytes'],
        peak_objects: [sum(json.sites.map((site) => site.peak_blocks)), 'blocks'],
        leaked_space: [sum(leaks.map((site) => site.live_bytes)), 'bytes'],
        leaked_objects: [sum(leaks.map((site) => site.live_blocks)), 'blocks'],
        inuse_space: [sum(json.sites.map((site) => site.live_bytes)), 'bytes'],
        inuse_objects: [sum(json.sites.map((site) => site.live_blocks)), 'blocks'],
        temporary_objects: [sum(json.sites.map((site) => site.temporary)), 'allocations'],
        reallocations: [json.reallocations, 'reallocations'],
    };
    for (const [type, [value, unit]] of Object.entries(expected)) {
        const figure = `${grouped(value)} ${value == 1 ? unit.replace(/s$/, '') : unit}`;
        assert.equal((await text(page, `[data-total=${type}]`))[0], figure, type);
        const heading = page.locator(`label.card:has([data-total=${type}]) input`);
        await heading.check({force: true});
        if (await page.locator(`input[name=unit][value=${type}]`).count() > 0)
            await page.locator(`input[name=unit][value=${type}]`).check();
        assert.equal(await label(page, 'all'), `all: ${figure}, 100.0 %`, type);
        assert.ok((await text(page, '#sites .found'))[0].endsWith(`: ${figure}, 100.0 %`), type);
    }
    await choose(page, 'alloc_space');
}

// ---- What one can do ---------------------------------------------------------------------

async function search(page) {
    const found = page.locator('#flame-graph .found');
    await page.fill('#flame-search', 'HOLD');
    assert.equal(await found.textContent(), '33.3 % matched: 1,000 bytes in 1 frame');
    await page.fill('#flame-search', 'recurse'); // five of one another: counted once
    assert.equal(await found.textContent(), '0.2 % matched: 7 bytes in 5 frames');
    await page.fill('#flame-search', 'main');
    assert.equal(await found.textContent(), '100.0 % matched: 3,007 bytes in 1 frame');
    await page.fill('#flame-search', 'no such function');
    assert.equal(await found.textContent(), '0.0 % matched: 0 bytes in 0 frames');
    await page.fill('#flame-search', '(');
    await page.fill('#flame-search', '');
    assert.equal(await found.textContent(), '');
}

const widthOf = async (page, name) => (await page.locator(frame(name)).first().boundingBox())?.width ?? 0;

async function zoom(page) {
    const whole = await widthOf(page, 'main'), before = await widthOf(page, 'hold');
    assert.ok(before > whole * 0.32 && before < whole * 0.34, `${before} of ${whole}`);
    await page.locator(frame('hold')).click();
    await page.waitForTimeout(400);
    assert.ok(Math.abs(await widthOf(page, 'hold') - whole) < 2);
    assert.equal(await page.locator(frame('churn')).count(), 0);
    assert.ok((await page.locator('.details').textContent()).startsWith('hold in sites: 1,000 bytes, 33.3 %'));
    await page.getByRole('button', {name: 'Reset zoom'}).click();
    await page.waitForTimeout(400);
    assert.ok(Math.abs(await widthOf(page, 'hold') - before) < 2);
    assert.ok(await page.getByRole('button', {name: 'Reset zoom'}).isDisabled());
}

async function tooltip(page) {
    await page.locator(frame('churn')).hover();
    assert.equal(await page.locator('.tip').textContent(), 'churn in sites: 1,000 bytes, 33.3 %');
    await page.locator('h1').hover();
    assert.ok(await page.locator('.tip').isHidden());
}

async function keyboard(page) {
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('name'));
    await page.locator('h1').click();
    await page.keyboard.press('/');
    await page.keyboard.type('grow');
    assert.equal(await page.locator('#flame-graph .found').textContent(), '33.3 % matched: 1,000 bytes in 1 frame');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#flame-graph .found').textContent(), '');
    assert.equal(await focused(), 'all');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(), 'main');
    await page.keyboard.press('ArrowDown');
    const first = await focused();
    await page.keyboard.press('ArrowRight');
    const second = await focused();
    assert.notEqual(first, second);
    await page.keyboard.press('ArrowLeft');
    assert.equal(await focused(), first);
    await page.keyboard.press('Enter');
    await page.waitForTimeout(400);
    assert.equal(await page.locator(frame(second)).count(), 0);
    await page.keyboard.press('Escape');
    await page.waitForTimeout(400);
    assert.equal(await page.locator(frame(second)).count(), 1);
}

async function layout(page) {
    const top = async (name) => (await page.locator(frame(name)).first().boundingBox()).y;
    assert.ok(await top('all') < await top('main'));
    await page.getByRole('button', {name: 'Callers below'}).click();
    assert.ok(await top('all') > await top('main'));
    await page.getByRole('button', {name: 'Callers below'}).click();
}

async function table(page) {
    const column = async (type) => {
        const index = await page.locator('#sites thead th').evaluateAll((heads, name) =>
            heads.findIndex((head) => head.dataset.type === name), type);
        return (await text(page, `#sites tbody tr td:nth-child(${index + 1})`)).map((cell) => Number(cell.replaceAll(',', '')));
    };
    const head = (type) => page.locator(`#sites th[data-type=${type}] button`);
    const descending = (list) => list.every((value, index) => index === 0 || list[index - 1] >= value);
    assert.equal(await page.locator('#sites th[data-type=alloc_space]').getAttribute('aria-sort'), 'descending');
    await head('alloc_objects').click();
    assert.deepEqual(await column('alloc_objects'), [50, 10, 1, 1]);
    await head('alloc_objects').click();
    assert.deepEqual(await column('alloc_objects'), [1, 1, 10, 50]);
    await head('site').click();
    assert.deepEqual(await text(page, '#sites tbody code'), ['churn', 'grow', 'grow', 'hold', 'recurse']);
    await head('alloc_space').click();
    assert.ok(descending(await column('alloc_space')));
    assert.equal(sum(await column('alloc_space')), 3007n);
    await page.fill('#site-filter', 'Churn');
    assert.deepEqual(await column('alloc_space'), [1000]);
    assert.equal((await text(page, '#sites .found'))[0], '1 site: 1,000 bytes, 33.3 %');
    await page.fill('#site-filter', 'sites.c'); // a file
    assert.equal((await column('alloc_space')).length, 5);
    await page.fill('#site-filter', 'recurse');
    const opener = page.locator('#sites button.site');
    await opener.click();
    assert.equal(await opener.getAttribute('aria-expanded'), 'true');
    const stack = await text(page, '#sites tr.stack ol li');
    const source = readFileSync(`${process.env.SOURCE_DIR}/tests/cli/sites.c`, 'utf8').split('\n');
    const line = (part) => source.findIndex((one) => one.includes(part)) + 1;
    assert.equal(stack.length, 3, stack.join('\n')); // four calls from one place are one line
    assert.match(stack[0], new RegExp(`^recurse at .*/sites\\.c:${line('kept = malloc(7)')}$`));
    assert.match(stack[1], new RegExp(`^recurse \u00d7 4 at .*/sites\\.c:${line('return recurse(')}$`));
    assert.match(stack[2], new RegExp(`^main at .*/sites\\.c:${line('int depth = recurse(5)')}$`));
    await opener.click();
    assert.equal(await page.locator('#sites tr.stack').count(), 0);
    await page.fill('#site-filter', '');
}

async function accessible(page) {
    const heads = await text(page, 'h1, h2');
    assert.ok(heads.length >= 5, heads.join());
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input')].filter((element) =>
        !(element.textContent.trim() || element.labels?.length || element.ariaLabel)).length);
    assert.equal(nameless, 0);
}

async function fits(page) {
    for (const width of [1280, 800]) {
        await page.setViewportSize({width, height: 900});
        await page.waitForTimeout(300);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `at ${width}`);
        assert.deepEqual(await overflows(page, '.d3-flame-graph-label', 'foreignObject'), [], `labels at ${width}`);
        assert.deepEqual(await overflows(page, 'button.site > *, .card > *, .facts li, #statistics td', 'button, label, ul, tr'), [],
            `text at ${width}`);
    }
    await page.setViewportSize({width: 1280, height: 900});
    await page.waitForTimeout(300);
}

// ---- Pages -------------------------------------------------------------------------------

async function known(open) {
    const json = JSON.parse(readFileSync('sites.json', 'utf8')), page = await open('sites.html');
    for (const check of [statistics, histogram, timeline, metrics, search, zoom, tooltip, keyboard, layout, table, accessible, fits])
        await check(page, json);
    assert.equal((await text(page, '.badge'))[0], 'exact');
    assert.equal(await page.locator('#warnings').count(), 0);
    assert.ok((await text(page, 'h1'))[0].endsWith('/sites'));
    assert.ok((await text(page, '.facts'))[0].includes(`process ${json.pid}`));
    assert.ok((await text(page, '.facts'))[0].includes(json.mode));
    const leaks = await open('leaks.html');
    assert.equal((await text(leaks, '#flame-graph h2'))[0], 'Flame graph: bytes leaked');
}

async function doubtful(open) {
    const page = await open('snapshot.html');
    const warnings = await text(page, '#warnings li'), notes = (await text(page, '.note')).join('\n');
    for (const part of ['truncated: ', 'without a site: 2 allocations, 20 bytes', 'no symbols of plugin.so: the file is gone'])
        assert.ok(warnings.some((line) => line.startsWith(part) || line.includes(part)), `${part} in ${warnings.join('\n')}`);
    assert.ok(notes.includes('suppressed: 50 blocks 500 bytes by leak:fib'), notes);
    assert.ok(notes.includes('kept by the runtime: '), notes);
    assert.deepEqual(await text(page, '#processes tbody code'), ['child']);
    assert.deepEqual((await text(page, '#processes tbody td'))[0], '4243');
    assert.equal((await text(page, '.badge'))[0], 'exact, with remarks');
    await fits(page);
    const inexact = await open('inexact.html');
    assert.ok((await text(inexact, '#warnings li')).some((line) => line.startsWith('inexact: ')));
    assert.equal((await text(inexact, '.badge'))[0], 'inexact');
    assert.ok((await inexact.locator('#warnings').boundingBox()).y < 200);
    const dark = await open('snapshot.html', {colorScheme: 'dark'});
    const colour = (one) => one.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.notEqual(await colour(page), await colour(dark));
}

async function hostile(open) {
    const page = await open('hostile.html');
    assert.equal(await page.evaluate(() => window.harmed), undefined);
    assert.equal(await page.locator('img, h1 *, script').count(), 2); // the data and the page's own
    assert.ok((await page.title()).startsWith('</title><script>'));
    const names = await page.locator('g.frame').evaluateAll((frames) => frames.map((one) => one.getAttribute('name')));
    for (const name of ['<!--<script>', '&lt;b&gt; &amp;', 'no UTF-8: \ufffd\ufffd \ufffd', 'a;b;c', '__proto__'])
        assert.ok(names.includes(name), `${name} in ${names.join('\n')}`);
    assert.ok(await page.locator('g.frame').count() > 150);
    await page.fill('#flame-search', '<script>');
    assert.equal(await page.locator('#flame-graph .found').textContent(), '15.4 % matched: 2 samples in 2 frames');
    for (const opener of await page.locator('#sites button.site').all())
        await opener.click();
    await fits(page);
    await page.setViewportSize({width: 800, height: 900});
    const right = await page.locator('tr.stack li').evaluateAll((items) =>
        Math.max(...items.map((item) => item.getBoundingClientRect().right)));
    assert.ok(right <= 800, `a call stack reaches to ${right}`);
    assert.equal(await page.evaluate(() => window.harmed), undefined);
}

async function huge(open) {
    const page = await open('huge.html');
    assert.equal(await label(page, 'all'), 'all: 18,014,398,509,481,988 samples, 100.0 %');
    assert.equal(await label(page, 'odd'), "odd in <b>lib\"x'.so: 9,007,199,254,740,993 samples, 50.0 %");
    assert.deepEqual(await text(page, '#sites tbody td.number'), ['9,007,199,254,740,995', '9,007,199,254,740,993']);
}

// More frames of a pixel than can be drawn at once: the outermost, and all of what is zoomed.
async function wide(open) {
    const page = await open('wide.html');
    const frames = await page.locator('g.frame').count();
    assert.ok(frames > 3900 && frames <= 4000, `${frames} frames`);
    assert.ok((await text(page, '#flame-graph .note'))[0].startsWith('Only the 4,000 widest frames are drawn'));
    await page.locator(frame('of_7_at_2')).focus();
    await page.keyboard.press('Enter');
    await page.locator(frame('of_7_at_99')).waitFor();
    assert.equal(await page.locator('g.frame').count(), 101);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('name')), 'of_7_at_2');
    assert.ok(await page.locator('#flame-graph .note').isHidden());
    await page.fill('#flame-search', '_at_99');
    assert.equal(await page.locator('#flame-graph .found').textContent(), '100.0 % matched: 250 samples in 250 frames');
    await page.getByRole('button', {name: 'Reset zoom'}).click();
    assert.equal(await page.locator('g.frame').count(), frames);
}

async function empty(open) {
    assert.equal((await text(await open('empty.html'), '#empty h2'))[0], 'Nothing was allocated');
    const page = await open('nothing.html');
    assert.equal((await text(page, '#empty h2'))[0], 'Nothing was allocated');
    assert.equal((await text(page, 'tr[data-statistic=allocations] td.number'))[0], '0');
}

// Figures alone: what would have to be counted by sites is not shown as 0.
async function without(open) {
    const page = await open('figures.html');
    assert.equal((await text(page, '#no-stacks h2'))[0], 'No call stacks');
    assert.equal(await page.locator('.card, #sites').count(), 0);
    assert.equal((await text(page, 'tr[data-statistic=allocations] td.number'))[0], '62');
    assert.equal(await page.locator('#sizes tbody tr').count() > 2, true);
}

async function scope(open) {
    const page = await open('scope.html');
    assert.equal((await text(page, 'h1'))[0], 'the <scope>');
    assert.match((await text(page, '.facts li'))[0], /^a scope of .*\/scope/);
    assert.equal(await page.locator('#sizes, #timeline').count(), 0); // which a scope has not
    assert.equal(await label(page, 'all'), 'all: 123 bytes, 100.0 %');
    assert.equal((await text(page, '#sites tbody small'))[0], 'scope.c:7');
}

// The best of a few: other work on the machine is not the page's.
async function million(open) {
    const times = [];
    while (times.length < 4 && !times.some((time) => time < 3000)) {
        const start = Date.now(), page = await open('million.html');
        await page.locator('g.frame').first().waitFor();
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
        times.push(Date.now() - start);
        const frames = await page.locator('g.frame').count();
        assert.ok(frames > 50 && frames <= 4000, `${frames} frames`);
        assert.equal(await label(page, 'all'), 'all: 1,999,999 samples, 100.0 %');
        assert.ok((await text(page, '#sites .rest'))[0].includes('of 1,000,000 sites'));
        assert.equal((await text(page, '#sites tbody td.number'))[0], '1,000,000');
        assert.ok((await text(page, '#flame-graph .note'))[0].includes('narrower than a pixel'));
        await page.fill('#flame-search', 'leaf');
        const found = await page.locator('#flame-graph .found').textContent();
        const [least, more] = found.match(/matched: ([\d,]+) samples .* up to ([\d,]+) samples more/).slice(1)
            .map((figure) => BigInt(figure.replaceAll(',', '')));
        assert.equal(least + more, 1999999n, found); // all of it is below some leaf
        await page.close();
    }
    console.log(`1,000,000 stacks: ${readFileSync('million.html').length} bytes, opened in ${times.join(', ')} ms`);
    assert.ok(Math.min(...times) < 3000);
}

const pages = {known, doubtful, hostile, huge, wide, empty, without, scope, million};
await withBrowser(async (open) => {
    for (const name of process.argv.slice(2))
        await pages[name](open);
});
