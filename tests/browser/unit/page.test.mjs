import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

const PUBLIC = new URL('../../../public/', import.meta.url);
const options = { timeout: 5_000 };

test('every module is preloaded: none waits for another to name it', options, async () => {
  const html = await readFile(new URL('index.html', PUBLIC), 'utf8');
  const files = (await readdir(new URL('app/', PUBLIC), { recursive: true })).filter((name) => name.endsWith('.js'));
  const named = [...html.matchAll(/(?:modulepreload" href|module" src)="\/app\/([^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(named.toSorted(), files.toSorted());
});

test('colours are in tokens.css and nowhere else', options, async () => {
  for (const sheet of ['page.css', 'panels.css']) {
    const css = await readFile(new URL(`styles/${sheet}`, PUBLIC), 'utf8');
    assert.deepEqual(css.match(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(/gi), null, sheet);
  }
});
