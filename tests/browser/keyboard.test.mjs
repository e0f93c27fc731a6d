/**
 * Everything without a pointer, by the keyboard map of the design: find, add, reorder, alert, remove,
 * undo, export. No click is made in this file.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { eventually, isReady, launch, openOn, order, row, shows } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };

/** @typedef {import('./support/browser.mjs').Page} Page */
/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * A page with a list of the default symbols, focus on the row of AAPL.
 * @param {import('node:test').TestContext} t
 */
async function open(t) {
  const opened = await openOn(t, browser, new FakeHub(undefined, { whole: true }));
  await isReady(opened.page);
  await shows(opened.page, 'AAPL', '235.50');
  return opened;
}

/** Whether focus is on this row or inside it. @param {Page} page @param {string} symbol */
const isFocused = (page, symbol) => row(page, symbol).evaluate((one) => one.contains(document.activeElement));

/** Goes to a row with Tab and arrows. @param {Page} page @param {string} symbol */
async function goTo(page, symbol) {
  const inGrid = () => page.evaluate(() => document.activeElement?.closest('#list [role="grid"]') !== null && document.activeElement !== document.body);
  for (let presses = 0; presses < 40 && !(await inGrid()); presses += 1) await page.keyboard.press('Tab');
  assert.ok(await inGrid(), 'Tab leads into the list');
  await page.keyboard.press('Control+Home');
  for (let presses = 0; presses < 12 && !(await isFocused(page, symbol)); presses += 1) await page.keyboard.press('ArrowDown');
  assert.ok(await isFocused(page, symbol), `arrows lead to ${symbol}`);
}

test('find: / opens the search, Enter shows the symbol in the chart, Escape closes and gives the focus back', options, async (t) => {
  const { page, complaints } = await open(t);
  await goTo(page, 'AAPL');
  await page.keyboard.press('/');
  const field = page.locator('dialog[open] [role="combobox"]');
  await field.waitFor();
  await page.keyboard.type('nvd');
  await page.locator('dialog[open] [role="option"]').filter({ hasText: 'NVDA' }).first().waitFor();
  await page.keyboard.press('Enter');
  await eventually(async () => (await page.locator('#side').innerText()).startsWith('NVDA'), 'the chart shows NVDA');
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.keyboard.press('/');
  await field.waitFor();
  await page.keyboard.press('Escape');
  await eventually(async () => (await page.locator('dialog[open]').count()) === 0, 'Escape closes it');
  assert.ok(await page.evaluate(() => document.activeElement !== document.body), 'focus is back in the page');
  assert.deepEqual(complaints, []);
});

test('add: Ctrl+Enter puts a symbol into the list, and the search stays open', options, async (t) => {
  const { page, hub } = await open(t);
  hub.quotes.set('TSLA', hub.quote('TSLA'));
  await page.keyboard.press('/');
  await page.keyboard.type('tsla');
  await page.locator('dialog[open] [role="option"]').filter({ hasText: 'TSLA' }).first().waitFor();
  await page.keyboard.press('Control+Enter');
  await row(page, 'TSLA').waitFor({ state: 'attached' });
  assert.equal(await page.locator('dialog[open]').count(), 1);
  await page.keyboard.press('Escape');
  await shows(page, 'TSLA', '412.30');
  assert.ok(hub.received.some((message) => message.includes('"subscribe"') && message.includes('TSLA')));
});

test('reorder: Alt+arrow moves the row, with Shift to the end, and focus goes with it', options, async (t) => {
  const { page } = await open(t);
  const [first = '', second = '', third = ''] = await order(page);
  await goTo(page, third);
  await page.keyboard.press('Alt+ArrowUp');
  await eventually(async () => String(await order(page)).startsWith([first, third, second].join()), 'one up');
  assert.ok(await isFocused(page, third));
  await page.keyboard.press('Alt+Shift+ArrowUp');
  await eventually(async () => (await order(page))[0] === third, 'to the top');
  await page.keyboard.press('Alt+Shift+ArrowDown');
  await eventually(async () => (await order(page)).at(-1) === third, 'to the bottom');
  assert.ok(await isFocused(page, third));
});

test('remove and undo: Delete takes the row away and says so, Ctrl+Z brings it back to its place', options, async (t) => {
  const { page } = await open(t);
  const before = await order(page);
  await goTo(page, 'MSFT');
  await page.keyboard.press('Delete');
  await row(page, 'MSFT').waitFor({ state: 'detached' });
  await page.locator('.toast').getByText(/removed MSFT/i).waitFor();
  assert.ok(await page.evaluate(() => document.activeElement?.closest('#list') !== null), 'focus stays in the list');
  await page.keyboard.press('Control+z');
  await row(page, 'MSFT').waitFor();
  assert.deepEqual(await order(page), before);
});

test('a digit begins the interval of the chart', options, async (t) => {
  const { page } = await open(t);
  const shown = page.locator('.chart .intervals [aria-pressed="true"]');
  for (const [typed, label] of [['15', '15m'], ['1', '1m'], ['4', '4h'], ['1d', '1D'], ['5', '5m']]) {
    await page.keyboard.type(String(typed));
    await page.keyboard.press('Enter');
    await eventually(async () => (await shown.textContent()) === label, `${typed} is ${label}`);
  }
  await page.keyboard.press('1');
  assert.deepEqual(
    (await page.getByRole('option').allTextContents()).slice(0, 4).map((text) => /bars of (1 minute|15 minutes|1 hour|1 day)/.exec(text)?.[1]),
    ['1 minute', '15 minutes', '1 hour', '1 day'],
  );
});

test('alert: Alt+A offers one at the present price, Enter arms it, and it fires when the price comes', options, async (t) => {
  const { page, hub } = await open(t);
  await goTo(page, 'AAPL');
  await page.keyboard.press('Alt+a');
  const dialog = page.locator('dialog[open]');
  await dialog.waitFor();
  assert.ok((await dialog.locator('input').evaluateAll((fields) => fields.map((field) => /** @type {HTMLInputElement} */ (field).value))).some((value) => value.replace(',', '').startsWith('235.5')), 'the present price');
  const level = dialog.getByLabel(/value|price|level/i).first();
  await level.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('240');
  await page.keyboard.press('Enter');
  await eventually(async () => (await page.locator('dialog[open]').count()) === 0, 'Enter arms it');
  await page.getByRole('button', { name: 'Alerts: 1 armed' }).waitFor();
  hub.tick('AAPL', { price: 241 });
  await page.locator('.toast').getByText(/AAPL/).first().waitFor();
});

test('export: a command of the palette writes the list as a file', options, async (t) => {
  const { page } = await open(t);
  await page.keyboard.press('Control+k');
  await page.locator('dialog[open] [role="combobox"]').waitFor();
  await page.keyboard.type('list as csv');
  await page.locator('dialog[open] [role="option"]').filter({ hasText: /list as csv/i }).first().waitFor();
  const download = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  const file = await download;
  const text = await readFile(await file.path(), 'utf8');
  assert.match(text, /^\uFEFF?\S*symbol/i);
  for (const column of ['source', 'simulated', 'freshness', 'age_ms']) assert.ok(text.split('\r\n')[0]?.includes(column), column);
  assert.match(text, /AAPL/);
});

test('the parts of the page: F6 goes from one to the next and Shift+F6 back, and none is a trap', options, async (t) => {
  const { page } = await open(t);
  const part = () => page.evaluate(() => document.activeElement?.closest('#header, #list, #side, #dock')?.id ?? '');
  const seen = [];
  for (let presses = 0; presses < 4; presses += 1) {
    await page.keyboard.press('F6');
    seen.push(await part());
  }
  assert.deepEqual([...new Set(seen)].toSorted(), ['dock', 'header', 'list', 'side']);
  await page.keyboard.press('Shift+F6');
  assert.equal(await part(), seen.at(-2));
});

test('keys without a modifier do nothing while a text is typed, and can be turned off', options, async (t) => {
  const { page } = await open(t);
  await page.keyboard.press('/');
  await page.locator('dialog[open] [role="combobox"]').waitFor();
  await page.keyboard.type('.?*');
  assert.equal(await page.locator('dialog[open]').count(), 1);
  assert.equal(await page.locator('dialog[open] [role="combobox"]').inputValue(), '.?*');
  assert.equal(await page.locator('html').getAttribute('data-density'), 'normal');
  await page.keyboard.press('Escape');
  await page.evaluate(() => localStorage.setItem('hamster.settings.v1', JSON.stringify({ version: 1, settings: { singleKeys: false } })));
  await page.reload();
  await isReady(page);
  await page.keyboard.press('/');
  await page.keyboard.press('.');
  await page.keyboard.press('Control+k');
  await page.locator('dialog[open]').waitFor();
  assert.equal(await page.locator('dialog[open]').count(), 1, 'only Ctrl+K opened one');
  assert.equal(await page.locator('html').getAttribute('data-density'), 'normal');
});
