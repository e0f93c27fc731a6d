/** The page on paper. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, isReady, launch, openOn } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };
const SYMBOLS = Array.from({ length: 60 }, (_, place) => `S${place}`);

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * A page with sixty symbols, more than are in sight.
 * @param {import('node:test').TestContext} t
 * @param {{ simulated?: boolean }} [how]
 */
async function open(t, { simulated = false } = {}) {
  const hub = new FakeHub([]);
  hub.simulated = simulated;
  for (const symbol of SYMBOLS) hub.quotes.set(symbol, hub.quote(symbol, { price: 100 + SYMBOLS.indexOf(symbol) }));
  const path = `/?symbols=${[...SYMBOLS, '$$$'].join(',')}`;
  const opened = await openOn(t, browser, hub, { path, context: { timezoneId: 'Asia/Tokyo', colorScheme: 'dark' } });
  await isReady(opened.page);
  await opened.page.locator('.header [data-figure="symbols"]').getByText('60 symbols').waitFor();
  return opened;
}

/** As the browser does when it begins to print. @param {import('./support/browser.mjs').Page} page */
async function beginPrinting(page) {
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
}

test('every row of the list is printed, with price, change, source and time', options, async (t) => {
  const { page, complaints } = await open(t);
  await beginPrinting(page);
  const rows = page.locator('.paper tbody tr');
  assert.equal(await rows.count(), 61);
  assert.deepEqual((await page.locator('.paper thead th').allInnerTexts()), ['Symbol', 'Venue', 'Last', 'Chg %', 'Chg', 'Bid', 'Ask', 'Volume', 'Source', 'Made at']);
  const cells = await rows.nth(59).locator('th, td').allInnerTexts();
  assert.deepEqual(cells.slice(0, 4), ['S59', 'NASDAQ', '$159.00', '▲ +0.25%']);
  assert.match(String(cells[8]), /^Live \d+ s$/);
  assert.match(String(cells[9]), /^\w{3} \d+, 20\d\d, \d\d:\d\d:\d\d$/);
  assert.deepEqual((await rows.nth(60).locator('th, td').allInnerTexts()).slice(0, 3), ['$$$', '', '—']);
  assert.deepEqual(complaints, []);
});

test('nothing else is on the paper: black on white, with time and zone of printing', options, async (t) => {
  const { page } = await open(t);
  await beginPrinting(page);
  assert.deepEqual(await page.locator('body > *').evaluateAll((all) => all.filter((one) => one.getClientRects().length > 0).map(({ className }) => className)), ['paper']);
  assert.match(await page.locator('.paper').innerText(), /Printed \w{3} \d+, 20\d\d, \d\d:\d\d:\d\d\. All times are Asia\/Tokyo\./);
  const colours = await page.evaluate(() => ['.paper', '.paper td'].map((name) => getComputedStyle(/** @type {Element} */ (document.querySelector(name))).color));
  assert.deepEqual(colours, ['rgb(0, 0, 0)', 'rgb(0, 0, 0)']);
  assert.equal(await page.locator('.paper .simulated').count(), 0);
});

test('SIMULATED is framed on top, and every source begins with SIM', options, async (t) => {
  const { page } = await open(t, { simulated: true });
  await beginPrinting(page);
  const first = page.locator('.paper > *').first();
  assert.equal(await first.innerText(), '60 of 61 SIMULATED. No market is behind those prices; their source begins with SIM.');
  assert.match(await first.evaluate((one) => getComputedStyle(one).borderTopStyle), /double|solid/);
  const sources = await page.locator('.paper tbody td:nth-child(9)').allInnerTexts();
  assert.ok(sources.slice(0, 60).every((source) => source.startsWith('SIM')), sources.join());
});

test('the browser’s own printing builds the table, and takes it away again', options, async (t) => {
  const { page } = await open(t);
  await page.evaluate(() => addEventListener('beforeprint', () => {
    const rows = document.querySelectorAll('.paper tbody tr').length;
    Object.assign(window, { rows });
  }));
  const pdf = await page.pdf({ format: 'A4' });
  assert.ok(pdf.length > 10_000);
  assert.equal(await page.evaluate('window.rows'), 61);
  await eventually(async () => (await page.locator('.paper').count()) === 0, 'the paper is gone');
});

test('all columns fit an A4 page, also with the longest numbers', options, async (t) => {
  const { page, hub } = await open(t);
  const huge = { price: 1523456789.12, bid: 1523456789.11, ask: 1523456789.13, previous_close: 1_500_000_000, percent_change: 1.56, day_volume: 5.9e20 };
  hub.tick('S0', { ...huge, currency: 'IDR', kind: 'crypto', exchange: 'W'.repeat(30), freshness: 'stale', stale_since: new Date().toISOString() });
  await page.locator('.header [data-figure="updates"]').getByText('61 updates').waitFor();
  // 297 mm less two margins of 12 mm, at 96 px an inch.
  await page.setViewportSize({ width: Math.floor(((297 - 24) / 25.4) * 96), height: 900 });
  await beginPrinting(page);
  assert.match(await page.locator('.paper tbody tr').first().innerText(), /1,523,456,789\.12/);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});
