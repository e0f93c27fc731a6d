import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

const APP = new URL('../../../public/app/', import.meta.url);
const options = { timeout: 5_000 };
/** @param {string} extension */
const files = async (extension) => (await readdir(APP, { recursive: true })).filter((name) => name.endsWith(extension));
/** @param {string} name */
const read = (name) => readFile(new URL(name, APP), 'utf8');

test('colours are in tokens.css and nowhere else', options, async () => {
  for (const sheet of (await files('.css')).filter((name) => name !== 'ui/tokens.css')) {
    assert.deepEqual((await read(sheet)).match(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(/gi), null, sheet);
  }
});

test('the style sheet of a panel is about that panel alone', options, async () => {
  for (const sheet of (await files('.css')).filter((name) => name.startsWith('panels/'))) {
    const own = `.${sheet.split('/')[1]}`;
    const rules = (await read(sheet)).replace(/\/\*.*?\*\/|@keyframes \S+ \{(?:[^{}]*\{[^{}]*\})*\s*\}/gs, '');
    const selectors = [...rules.matchAll(/^\s*([^@{}\n][^{}\n]*) \{$/gm)].map(([, selector]) => String(selector));
    assert.ok(selectors.length > 0, sheet);
    for (const selector of selectors) assert.ok(selector.startsWith(own), `${sheet}: ${selector}`);
  }
});

test('what is known of the market has no DOM: model, link and words import nothing of ui and panels', options, async () => {
  for (const module of (await files('.js')).filter((name) => /^(?:model|link|words)\//.test(name))) {
    assert.deepEqual((await read(module)).match(/^import .*\/(?:ui|panels)\/.*$/gm), null, module);
  }
});
