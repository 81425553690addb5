// SPDX-License-Identifier: MIT
// Builds src/ and what it imports from npm into one page: report.html, which the tare command
// carries, and NOTICE, the licences of what is in it. usage: node build.mjs [DIRECTORY]
import {readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const into = process.argv[2] ?? here;

const bundle = (entry) => build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    charset: 'ascii',
    format: 'iife',
    target: ['chrome100', 'firefox100', 'safari15'],
    legalComments: 'none',
    metafile: true,
    write: false,
    outdir: 'out',
});

const output = (result, ending) => result.outputFiles.find((file) => file.path.endsWith(ending)).text.trim();

// Each package once, of those that have a file in the bundle.
function packagesOf(...results) {
    const files = results.flatMap((result) => Object.values(result.metafile.outputs))
        .flatMap(({inputs}) => Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0));
    const names = files
        .map((path) => path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1])
        .filter(Boolean);
    return [...new Set(names)].sort();
}

function licenceOf(name) {
    const folder = join(here, 'node_modules', name);
    const {version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return {title: `${name} ${version} (${license})`, text: readFileSync(join(folder, file), 'utf8').trim()};
}

// Packages with the same words share them.
function notice(names) {
    const titles = new Map();
    for (const {title, text} of names.map(licenceOf))
        titles.set(text, [...(titles.get(text) ?? []), title]);
    return [...titles].map(([text, list]) => `${list.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(78)}\n\n`);
}

const code = await bundle('src/main.js');
const style = await bundle('src/style.css');
const script = output(code, '.js');
if (/<\/script|<!--/i.test(script))
    throw new Error('the script would end its own element');
const licences = notice(packagesOf(code, style));
if (licences.includes('-->'))
    throw new Error('a licence would end its comment');
const parts = {data: '{{data}}', style: output(style, '.css'), script, licences: licences.trim()};
const page = readFileSync(join(here, 'src/page.html'), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, part) => parts[part]);
writeFileSync(join(into, 'report.html'), page);
writeFileSync(join(into, 'NOTICE'),
    `What the page of "tare report --format html" contains of others, each under its licence.\n\n${licences}`);
