// SPDX-License-Identifier: MIT
// A headless Chromium, and pages in it that are held to what every page of ours is: opened from
// disk, without a request, a message on the console or an error.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const {chromium} = createRequire(join(process.env.WEB_MODULES, 'x.js'))('playwright-core');

// Calls body(open), where open(file, options) gives a page. That of a viewer, which is not ours, may load its own
// files and talk on the console.
export async function withBrowser(body) {
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu'],
    });
    const faults = [];
    const open = async (file, {isViewer = false, ...options} = {}) => {
        const page = await browser.newPage({viewport: {width: 1280, height: 900}, offline: true, ...options});
        const url = pathToFileURL(resolve(file)).href;
        const isExpected = (requested) => requested === url || (isViewer && requested.startsWith('file:'));
        page.on('console', (message) => isViewer || faults.push(`console: ${message.text()}`));
        page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
        page.on('dialog', (dialog) => faults.push(`dialog: ${dialog.message()}`));
        page.on('request', (request) => isExpected(request.url()) || faults.push(`request: ${request.url()}`));
        await page.goto(url);
        return page;
    };
    try {
        await body(open);
        assert.deepEqual(faults, []);
    } finally {
        await browser.close();
    }
}

// Elements whose text reaches beyond the box that is to hold it: pairs of selectors.
export const overflows = (page, inner, outer) => page.evaluate(([innerSelector, outerSelector]) =>
    [...document.querySelectorAll(innerSelector)].filter((element) => {
        const box = element.closest(outerSelector).getBoundingClientRect(), own = element.getBoundingClientRect();
        const hidden = getComputedStyle(element).overflowX === 'hidden';
        if (own.width === 0) // not shown
            return false;
        return own.left < box.left - 1 || own.right > box.right + 1 || (!hidden && element.scrollWidth > element.clientWidth + 1);
    }).map((element) => element.textContent.slice(0, 60)), [inner, outer]);
