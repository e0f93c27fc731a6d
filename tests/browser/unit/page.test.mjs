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

test('the style sheet of a panel is about that panel alone: no two style the same element by name', options, async () => {
  /** By the class or id that a selector begins with, the panel that uses it. @type {Map<string, string>} */
  const owners = new Map();
  for (const sheet of (await files('.css')).filter((name) => name.startsWith('panels/'))) {
    const panel = String(sheet.split('/')[1]);
    const rules = (await read(sheet)).replace(/\/\*.*?\*\//gs, '').replace(/@(?:media|container|supports|keyframes)[^{]*\{/g, '');
    const selectors = [...rules.matchAll(/([^{}]+)\{/g)].flatMap(([, list]) => String(list).split(/,(?![^(]*\))/)).map((selector) => selector.trim()).filter(Boolean);
    for (const selector of selectors) {
      if (/^(?:from|to|\d+%)$/.test(selector)) continue;
      // The state of the page may stand before the panel: `body[data-sheet="chart"] .chart`.
      const own = selector.replace(/^(?::root|html|body)\S*\s+/, '');
      const lead = /^(?:dialog|button|svg)?[.#]([\w-]+)/.exec(own)?.[1];
      assert.ok(lead, `${sheet}: ${selector} is about every such element of the page`);
      assert.equal(owners.get(lead) ?? panel, panel, `${sheet} and panels/${owners.get(lead)} both style ${lead}`);
      owners.set(lead, panel);
    }
  }
  assert.ok(owners.size > 0);
});

test('what is known of the market and of the user has no DOM: model, link and words import nothing of ui and panels', options, async () => {
  for (const module of (await files('.js')).filter((name) => /^(?:model|link|words)\//.test(name))) {
    assert.deepEqual((await read(module)).match(/^import .*\/(?:ui|panels)\/.*$/gm), null, module);
  }
});
