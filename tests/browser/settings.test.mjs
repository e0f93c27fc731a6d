/** Settings, what the browser keeps, files in and out, the address, and the hints of a first visit. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { eventually, isReady, launch, openOn } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const KEY = 'hamster.settings.v1';

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * `clock`: the page's time stands still; a test lets it run.
 * @param {import('node:test').TestContext} t
 * @param {{ path?: string, context?: import('playwright-core').BrowserContextOptions, hub?: FakeHub, clock?: boolean, storage?: object }} [how]
 */
async function open(t, { path, context, hub = new FakeHub(), clock = false, storage } = {}) {
  const opened = await openOn(t, browser, hub, { path, context, clock: clock && 'still', kept: storage });
  const { page } = opened;
  await isReady(page, { still: clock });
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  return { ...opened, dialog, openSettings: () => page.getByRole('button', { name: 'Settings' }).click() };
}

/** @param {import('./support/browser.mjs').Page} page @returns {Promise<any>} */
const kept = (page) => page.evaluate((key) => JSON.parse(localStorage.getItem(key) ?? '{}'), KEY);
/** @param {import('./support/browser.mjs').Page} page @param {string} name */
const attribute = (page, name) => page.evaluate((one) => document.documentElement.getAttribute(one), `data-${name}`);
/** @param {import('./support/browser.mjs').Page} page @param {string} command */
async function run(page, command) {
  await page.keyboard.press('Control+k');
  await page.keyboard.type(command);
  await page.keyboard.press('Enter');
}

test('by keyboard alone: a setting applies at once, is kept, and Esc gives the focus back', options, async (t) => {
  const { page, dialog, complaints } = await open(t);
  const gear = page.getByRole('button', { name: 'Settings' });
  await gear.focus();
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await dialog.getByRole('radio', { name: 'System' }).focus();
  await page.keyboard.press('ArrowRight');
  await eventually(async () => (await attribute(page, 'theme')) === 'dark', 'the theme is dark');
  await dialog.getByRole('radio', { name: 'Teal, red' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await eventually(async () => (await attribute(page, 'updown')) === 'blind', 'blue and orange');
  await dialog.getByRole('switch', { name: 'Flash changed digits' }).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.ok(await gear.evaluate((button) => button === document.activeElement));
  const { settings } = await kept(page);
  assert.deepEqual([settings.theme, settings.updown, settings.flash], ['dark', 'blind', false]);
  await page.goto(new URL('/', page.url()).href);
  await eventually(async () => (await attribute(page, 'updown')) === 'blind', 'after a reload too');
  assert.deepEqual(complaints, []);
});

test('numbers are written in the locale that was chosen, everywhere at once', options, async (t) => {
  const { page, hub, dialog, openSettings } = await open(t, { path: '/?s=BTC/USD' });
  await openSettings();
  await dialog.getByLabel('Numbers', { exact: true }).selectOption('de-DE');
  hub.tick('BTC/USD', { price: 95_501.5 });
  await eventually(async () => (await page.title()).startsWith('$95.501,50'), 'a comma for decimals');
});

test('the settings are reset with one press, and the reset is taken back with another', options, async (t) => {
  const { page, dialog, openSettings } = await open(t, { storage: { settings: { theme: 'dark', density: 'compact', hologram: 7 }, lists: [{ id: 'l1', name: 'Mine', items: [{ symbol: 'AAPL' }] }] } });
  await openSettings();
  await dialog.getByRole('button', { name: 'Reset settings' }).click();
  await eventually(async () => (await attribute(page, 'density')) === 'normal', 'as by default');
  const after = await kept(page);
  assert.deepEqual([after.settings.hologram, after.lists[0].name], [7, 'Mine'], 'neither lists nor what a newer version kept');
  await dialog.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => (await attribute(page, 'density')) === 'compact', 'as before');
});

test('an export is a file that another browser imports: first the preview, then the change, then the way back', options, async (t) => {
  const { page, dialog, openSettings } = await open(t, { storage: { settings: { density: 'compact' }, lists: [{ id: 'l1', name: 'Banks', items: [{ symbol: 'RY:TSX' }] }] } });
  await openSettings();
  const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Export' }).click()]);
  assert.match(download.suggestedFilename(), /^hamster-settings-\d{4}-\d\d-\d\d-\d{4}\.json$/);
  const text = await readFile(String(await download.path()), 'utf8');
  assert.equal(JSON.parse(text).format, 'hamster-terminal');

  const other = await open(t);
  await other.openSettings();
  await other.page.getByLabel('File to import').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  const lines = other.dialog.getByRole('list', { name: 'What the import changes' });
  await lines.waitFor();
  assert.deepEqual(await lines.getByRole('listitem').allTextContents(), ['Setting density: normal becomes compact', 'Adds the list Banks (1 entry)']);
  assert.equal(await attribute(other.page, 'density'), 'normal', 'nothing is changed yet');
  await other.page.keyboard.press('Enter');
  await eventually(async () => (await attribute(other.page, 'density')) === 'compact', 'imported');
  assert.deepEqual((await kept(other.page)).lists.map((/** @type {{ name: string }} */ { name }) => name), ['Default', 'Banks']);
  await other.dialog.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => (await attribute(other.page, 'density')) === 'normal', 'taken back');
  assert.deepEqual(other.complaints, []);
});

test('a file that is something else is refused with a sentence', options, async (t) => {
  const { page, dialog, openSettings } = await open(t);
  await openSettings();
  await page.getByLabel('File to import').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') });
  await dialog.getByText('This file is not an export of this terminal.').waitFor();
});

test('the list in view is saved as CSV by a command', options, async (t) => {
  const { page } = await open(t);
  const [download] = await Promise.all([page.waitForEvent('download'), run(page, 'list as csv')]);
  assert.match(download.suggestedFilename(), /^hamster-default-.*\.csv$/);
  const text = await readFile(String(await download.path()), 'utf8');
  const lines = text.split('\r\n');
  assert.ok(lines[0]?.startsWith('\uFEFFsymbol,'));
  assert.ok(lines[0]?.includes(',source,simulated,'));
  assert.equal(lines.length, 10, 'head, eight symbols, and the end of the last line');
  assert.ok(lines.some((line) => line.startsWith('AAPL,') && line.includes(',235.5,')));
});

test('symbols of the list that nothing is known of are in the file, too', options, async (t) => {
  const items = Array.from({ length: 501 }, (_, index) => ({ symbol: `S${index}` }));
  const { page } = await open(t, { storage: { lists: [{ id: 'l1', name: 'Many', items }] } });
  const [download] = await Promise.all([page.waitForEvent('download'), run(page, 'list as csv')]);
  const lines = (await readFile(String(await download.path()), 'utf8')).split('\r\n');
  assert.equal(lines.length, 503);
  assert.match(lines[501] ?? '', /^S500,.*,waiting$/);
});

test('a link dresses the page for the visit and changes nothing that is kept', options, async (t) => {
  const { page } = await open(t, { path: '/?theme=dark&density=compact&symbols=AAPL,TSLA', storage: { settings: { theme: 'light' } } });
  await eventually(async () => (await attribute(page, 'density')) === 'compact', 'as the link asks');
  assert.equal(await attribute(page, 'theme'), 'dark');
  await run(page, 'flash changed digits');
  await run(page, 'show or hide the dock');
  const { settings, lists } = await kept(page);
  assert.deepEqual([settings.theme, settings.density, settings.flash, settings.dock], ['light', 'normal', false, false]);
  assert.ok(!JSON.stringify(lists).includes('TSLA'));
});

test('the address says what is on the screen, and only that', options, async (t) => {
  const { page } = await open(t);
  await page.locator('#list [aria-selected="true"]').first().waitFor();
  await page.waitForTimeout(1_500);
  assert.equal(new URL(page.url()).search, '', 'nothing that is by default, as the first symbol');
  await page.keyboard.press('/');
  await page.keyboard.type('AAPL');
  await page.keyboard.press('Enter');
  await page.keyboard.press('.');
  await eventually(() => new URL(page.url()).search === '?s=AAPL&density=compact', 'symbol and density');
  await page.reload();
  await eventually(async () => (await page.title()).includes('AAPL'), 'the same after a reload');
  assert.equal(await attribute(page, 'density'), 'compact');
});

test('the address says a change at once, but browsers are not asked to write it too often', options, async (t) => {
  const { page } = await open(t);
  await page.locator('#list [aria-selected="true"]').first().waitFor();
  await page.keyboard.press('.');
  assert.equal(await page.evaluate(() => location.search), '?density=compact', 'a reload at this moment shows it');
  const written = await page.evaluate(() => {
    const write = history.replaceState.bind(history);
    const counted = { times: 0 };
    history.replaceState = (...words) => {
      counted.times += 1;
      write(...words);
    };
    for (let pressed = 0; pressed < 199; pressed += 1) document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '.', bubbles: true }));
    return counted.times;
  });
  assert.ok(written > 10 && written < 60, `${written} times for 199 changes`);
  const { density } = (await kept(page)).settings;
  const shown = (/** @type {string} */ url) => new URL(url).searchParams.get('density') ?? 'normal';
  await eventually(() => shown(page.url()) === density, 'the last change is written too');
});

test('whatever address and storage hold, the page starts', options, async (t) => {
  const { page, complaints } = await open(t, {
    path: `/?s=${'W'.repeat(2_000)}&i=2h&t=pie&sort=-&cols=%00&tab=__proto__&theme=pink&list=${encodeURIComponent('<img src=x>')}&symbols=${encodeURIComponent('$$$,<b>,\u202E')}`,
    storage: { settings: { theme: 7, keys: { 'view.fill': 7 }, dismissed: 'x' }, lists: [{ id: 'l', name: '<b>', items: [7, { symbol: 'AAPL' }] }], alerts: { a: 1 } },
  });
  await page.getByRole('button', { name: 'Settings' }).waitFor();
  assert.deepEqual(complaints, []);
});

test('two tabs do not undo each other’s changes', options, async (t) => {
  const { page, context, hub } = await open(t);
  const second = await context.newPage();
  await hub.serve(second);
  await second.goto(hub.origin);
  await isReady(second);
  await page.bringToFront();
  await run(page, 'show or hide the dock');
  await second.bringToFront();
  await eventually(() => second.evaluate(() => document.body.dataset['dock'] === 'closed'), 'the other tab follows');
  await run(second, 'show or hide the chart');
  const { settings } = await kept(second);
  assert.deepEqual([settings.dock, settings.side], [false, false]);
});

test('of two tabs one makes an alert and the other deletes one: both is so in both', options, async (t) => {
  const alert = { kind: 'above', symbol: 'AAPL', level: 999, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null, fired: null };
  const { page, context, hub } = await open(t);
  await page.evaluate(([key, text]) => localStorage.setItem(String(key), String(text)), [KEY, JSON.stringify({ version: 1, settings: {}, lists: [], alerts: [{ ...alert, id: 'one' }, { ...alert, id: 'two', level: 888 }] })]);
  await page.reload();
  await isReady(page);
  const second = await context.newPage();
  await hub.serve(second);
  await second.goto(hub.origin);
  await isReady(second);
  const armed = (/** @type {import('./support/browser.mjs').Page} */ tab, /** @type {number} */ count) => tab.getByRole('button', { name: `Alerts: ${count} armed` }).waitFor();
  await armed(second, 2);
  await run(second, 'set an alert at the present price');
  await second.getByRole('dialog', { name: 'New alert' }).waitFor();
  await second.keyboard.press('Enter');
  await armed(second, 3);
  await page.bringToFront();
  await armed(page, 3);
  await run(page, 'show alerts in the dock');
  await page.getByRole('button', { name: /^Delete/ }).first().click();
  await armed(page, 2);
  await second.bringToFront();
  await armed(second, 2);
  assert.equal((await kept(second)).alerts.length, 2);
});

test('the last known prices are shown, as such, where the hub does not answer', options, async (t) => {
  const { page, hub } = await open(t, { path: '/?s=AAPL', clock: true });
  await eventually(async () => {
    await page.clock.runFor(1_000);
    return (await page.title()).startsWith('$235.50');
  }, 'the first price');
  await page.clock.runFor(31_000);
  await eventually(() => page.evaluate(() => new Promise((resolve) => {
    const request = indexedDB.open('hamster');
    request.onsuccess = () => {
      const count = request.result.transaction('quotes').objectStore('quotes').count();
      count.onsuccess = () => {
        request.result.close();
        resolve(count.result === 8);
      };
    };
  })), 'eight prices are kept');
  hub.accepts = false;
  await page.reload();
  await isReady(page, { state: 'disconnected', still: true });
  await eventually(async () => {
    await page.clock.runFor(1_000);
    return /^Disconnected · \$235\.50/.test(await page.title());
  }, 'the last known price');
});

test('one hint two seconds after the first prices, once per browser', options, async (t) => {
  const { page, complaints } = await open(t, { clock: true });
  const hint = page.locator('.hints');
  await page.clock.runFor(1_500);
  assert.equal(await hint.isVisible(), false);
  await page.clock.runFor(3_000);
  await hint.getByText('Press / to find a symbol, ? for keys').waitFor();
  await hint.getByRole('button', { name: 'Dismiss' }).click();
  await page.clock.runFor(2_000);
  assert.equal(await hint.isVisible(), false);
  await page.reload();
  await isReady(page, { still: true });
  await page.clock.runFor(6_000);
  assert.equal(await hint.isVisible(), false);
  assert.deepEqual(complaints, []);
});

test('readers of East Asian languages are offered red for rising, once, and nothing is assumed', options, async (t) => {
  const { page } = await open(t, { context: { locale: 'ja-JP' }, clock: true });
  await page.clock.runFor(5_000);
  assert.equal(await attribute(page, 'updown'), 'west');
  await page.locator('.hints').getByRole('button', { name: 'Red rises' }).click();
  await page.clock.runFor(2_000);
  assert.equal(await attribute(page, 'updown'), 'east');
  assert.deepEqual((await kept(page)).settings.dismissed, ['east']);
});

test('on a phone Back leaves the chart', options, async (t) => {
  const { page } = await open(t, { context: PHONE });
  await page.locator('#bottom').getByRole('button', { name: 'Chart' }).click();
  await eventually(() => page.evaluate(() => document.body.dataset['sheet'] === 'chart'), 'the chart');
  await page.goBack();
  await eventually(() => page.evaluate(() => document.body.dataset['sheet'] === 'list'), 'the list again');
});

test('moves are read out where the user asked for it, at most every ten seconds', options, async (t) => {
  const { page, hub, dialog, openSettings } = await open(t, { path: '/?s=AAPL', clock: true });
  await openSettings();
  await dialog.getByRole('switch', { name: 'Read moves out' }).press('Space');
  await page.keyboard.press('Escape');
  const region = page.locator('body > [role="status"]');
  await page.clock.runFor(2_000);
  assert.equal(await region.textContent(), 'AAPL $235.50, up 0.25 percent');
  hub.tick('AAPL', { price: 240, percent_change: -1.5 });
  await page.clock.runFor(5_000);
  assert.equal(await region.textContent(), 'AAPL $235.50, up 0.25 percent');
  hub.tick('AAPL', { price: 240, percent_change: -1.5 });
  await page.clock.runFor(6_000);
  assert.match(String(await region.textContent()), /^AAPL \$240\.00, down 1\.50 percent/);
});

for (const [name, context] of /** @type {const} */ ([
  ['1440, dark', { colorScheme: 'dark' }], ['1440, light', { colorScheme: 'light' }], ['390, dark', { ...PHONE, colorScheme: 'dark' }], ['390, light', { ...PHONE, colorScheme: 'light' }],
])) {
  test(`axe finds nothing in the settings (${name})`, { timeout: 180_000 }, async (t) => {
    const { page, dialog, complaints } = await open(t, { context });
    if ('isMobile' in context) await page.locator('#bottom').getByRole('button', { name: 'More' }).click();
    await page.getByRole('button', { name: 'Settings' }).click();
    await dialog.waitFor();
    assert.deepEqual(await violations(page, '.settings'), []);
    assert.ok((await dialog.evaluate((one) => one.scrollWidth - one.clientWidth)) <= 0, 'nothing is cut off at the side');
    assert.deepEqual(complaints, []);
  });
}
