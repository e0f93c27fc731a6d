/** Signing in to the built Worker, on a real workerd: everything between the dialog and the price. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Hub } from '../node/support/hub.mjs';
import { launch } from './support/browser.mjs';

const KEY = 'hk_the-key-of-a-browser_01234567';

test('a person signs in, sees prices and a chart, and is signed out when the key is withdrawn', { timeout: 120_000 }, async (context) => {
  const entry = (/** @type {string} */ key) => JSON.stringify([{ name: 'Ann', sha256: createHash('sha256').update(key).digest('hex') }]);
  const hub = new Hub({ SYMBOLS: 'BTC/USD,ETH/USD', ACCESS_KEYS: entry(KEY) });
  const browser = await launch();
  context.after(async () => {
    await browser.close();
    await hub.stop();
  });
  const page = await browser.newPage();
  /** @type {string[]} */
  const addresses = [];
  page.on('request', (request) => addresses.push(request.url()));
  await page.goto((await hub.url()).replace(/^ws/, 'http').replace(/ws$/, ''));
  const dialog = page.locator('dialog.sign-in[open]');
  await dialog.waitFor();
  await page.getByLabel('Access token').fill('hk_another');
  await page.keyboard.press('Enter');
  await dialog.getByText('not known here').waitFor();
  await page.getByLabel('Access token').fill(KEY);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' }).catch(() => dialog.waitFor({ state: 'hidden' }));
  await page.locator('[data-symbol="BTC/USD"]', { hasText: /\d/ }).first().waitFor();
  await page.waitForFunction(() => document.querySelector('canvas') !== null);
  assert.ok(addresses.every((address) => !address.includes('hk_')), 'no address has the key');
  assert.ok(addresses.some((address) => address.includes('/api/history')), 'the chart asked for bars');

  // The operator withdraws the key: a deploy with another one.
  await hub.restart({ ACCESS_KEYS: entry('hk_of-somebody-else') });
  await dialog.waitFor({ timeout: 60_000 });
});
