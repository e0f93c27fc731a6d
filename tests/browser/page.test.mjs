/**
 * The page on the real worker with the built-in simulator: what README promises, as a user sees it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { cell, eventually, launch, numberIn, openPage } from './support/browser.mjs';
import { firstLoad } from './support/first-load.mjs';
import { Worker } from './support/worker.mjs';

const options = { timeout: 60_000 };
const SYMBOLS = ['BTC/USD', 'ETH/USD', 'AAPL', 'MSFT', 'NVDA', 'SPY', 'EUR/USD', 'GBP/USD'];
const PHONE = {
  viewport: { width: 412, height: 915 }, deviceScaleFactor: 2.625, isMobile: true, hasTouch: true,
  colorScheme: /** @type {const} */ ('dark'), reducedMotion: /** @type {const} */ ('reduce'),
};

/** @type {import('./support/browser.mjs').Browser} */
let browser;
/** @type {Worker} */
let worker;
before(async () => {
  [browser, worker] = await Promise.all([launch(), Worker.start()]);
}, { timeout: 150_000 });
after(async () => {
  await browser?.close();
  await worker?.remove();
});

/**
 * The page once it shows the default symbols.
 * @param {import('node:test').TestContext} t
 * @param {import('playwright-core').BrowserContextOptions} [context]
 */
async function open(t, context) {
  const opened = await openPage(browser, context);
  t.after(() => opened.context.close());
  await opened.page.goto(worker.url);
  await opened.page.locator('.price-board tr[data-symbol="GBP/USD"]').waitFor();
  return opened;
}

/**
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} symbol
 */
const priceText = (page, symbol) => cell(page, symbol, '.price').textContent();
/** @param {import('./support/browser.mjs').Page} page */
const state = (page) => page.locator('.connection-badge').getAttribute('data-state');
/** @param {import('./support/browser.mjs').Page} page */
const updates = async (page) => numberIn(await page.locator('[data-stat="updates"]').textContent());

/**
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} symbol
 */
async function moves(page, symbol) {
  const before = await priceText(page, symbol);
  await eventually(async () => (await priceText(page, symbol)) !== before, `${symbol} moves`, 20_000);
}

test('prices of all eight symbols appear, are marked as simulated, and move', options, async (t) => {
  const { page, complaints } = await open(t);
  for (const symbol of SYMBOLS) {
    // A currency pair has no sign. The first price may come by REST, which gives neither the kind
    // of an instrument nor all decimals.
    const form = /^(EUR|GBP)/.test(symbol) ? /^\d\.\d{7}$/ : /^\$[1-9]\d{0,2}(,\d{3})*\.\d\d$/;
    const price = await eventually(async () => {
      const text = await priceText(page, symbol);
      return text !== null && form.test(text) && text;
    }, `a price of ${symbol} like ${form}`, 20_000);
    assert.ok(numberIn(price) > 0);
    assert.ok((await cell(page, symbol, '.mark').allTextContents()).includes('simulated'), symbol);
    assert.match(String(await cell(page, symbol, '.age').textContent()), /^(now|≤ 1 min|\d+ (s|min|h|d) ago)$/);
  }
  await moves(page, 'BTC/USD');
  assert.equal(await state(page), 'connected');
  assert.match(await page.locator('.connection-badge').innerText(), /🟢\s*Connected/);
  await page.locator('.feed-status[data-state="live"]').waitFor();
  assert.deepEqual(complaints, []);
});

test('the page speaks hamster.v1: one snapshot, then deltas, which it acknowledges', options, async (t) => {
  const opened = await openPage(browser);
  t.after(() => opened.context.close());
  /** @type {{ sent: string[], received: string[] }} */
  const frames = { sent: [], received: [] };
  opened.page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => frames.sent.push(String(payload)));
    socket.on('framereceived', ({ payload }) => frames.received.push(String(payload)));
  });
  await opened.page.goto(worker.url);
  await eventually(() => frames.received.filter((frame) => frame.startsWith('[')).length > 10, 'ten deltas', 30_000);
  await eventually(() => frames.sent.some((frame) => frame.includes('"action":"ack"')), 'an acknowledgement', 10_000);
  const named = frames.received.filter((frame) => frame.startsWith('{')).map((frame) => JSON.parse(frame).event);
  assert.deepEqual(named.slice(0, 3), ['connected', 'subscribe-status', 'snapshot']);
  assert.equal(named.filter((event) => event === 'snapshot').length, 1);
  assert.deepEqual(opened.complaints, []);
});

test('nobody can miss that the prices are simulated', options, async (t) => {
  const { page } = await open(t);
  const banner = page.locator('.simulation-banner');
  await banner.waitFor({ state: 'visible' });
  assert.match(await banner.innerText(), /SIMULATED PRICES: no market is behind these numbers/);
  assert.match(await banner.innerText(), /TWELVE_DATA_API_KEY/);
  assert.match(await page.title(), /SIMULATED PRICES/);
});

test('the log has the original’s form', options, async (t) => {
  const { page } = await open(t);
  const line = (/** @type {RegExp} */ form) => eventually(
    async () => (await page.locator('.activity-log li').allTextContents()).some((text) => form.test(text)), `a line ${form}`,
  );
  await line(/^\[\d\d:\d\d:\d\d\] 📊 BTC\/USD: \$[1-9]\d{0,2}(,\d{3})*\.\d\d \([+-]?\d+\.\d\d%\)$/);
  await page.getByRole('checkbox', { name: 'prices' }).uncheck();
  await line(/^\[\d\d:\d\d:\d\d\] ✅ Connected to Hamster Terminal$/);
  await line(/^\[\d\d:\d\d:\d\d\] 📡 Monitoring 8 symbols$/);
});

test('the counters rise, and the lag is measured', options, async (t) => {
  const { page } = await open(t);
  assert.equal(await page.locator('[data-stat="symbols"]').textContent(), '8');
  const before = await updates(page);
  await eventually(async () => (await updates(page)) > before, 'more updates');
  const hubLag = await eventually(async () => {
    const text = await page.locator('[data-stat="hub-lag"]').textContent();
    return text !== '—' && text;
  }, 'a lag from hub to screen', 20_000);
  assert.match(hubLag, /^(<1 ms|\d+ ms|\d+\.\d\d s)$/);
  assert.match(String(await page.locator('[data-note="hub-lag"]').textContent()), /^±.* clock corrected by -?\d+ ms; mean of \d+ updates?$/);
  assert.match(String(await page.locator('[data-stat="exchange-lag"]').textContent()), /^(<1 ms|\d+ ms|\d+\.\d\d s)$/);
  assert.match(String(await page.locator('[data-note="exchange-lag"]').textContent()), /^±1 s/);
});

test('?symbols= shows other symbols, and what the hub says of one that is none', options, async (t) => {
  const { page, context } = await openPage(browser);
  t.after(() => context.close());
  await page.goto(`${worker.url}/?symbols=tsla,AAPL,$$$`);
  await cell(page, '$$$', '.mark').getByText('not accepted').waitFor();
  assert.match(String(await cell(page, '$$$', '.reason').textContent()), /not a symbol/);
  await eventually(async () => /\d/.test(String(await priceText(page, 'AAPL'))), 'a price of AAPL', 20_000);
  assert.equal(await page.locator('.price-board tbody tr').count(), 3);
});

test('where WebSockets do not get through, the prices come by REST', options, async (t) => {
  const { page, context } = await openPage(browser);
  t.after(() => context.close());
  await page.routeWebSocket(/\/ws$/, (socket) => void socket.close({ code: 1001 }));
  await page.goto(worker.url);
  await eventually(async () => /\d/.test(String(await priceText(page, 'BTC/USD'))), 'a price of BTC/USD by REST', 45_000);
  assert.equal(await state(page), 'disconnected');
  assert.match(await page.locator('.link-notice').innerText(), /prices by REST every 30 s/);
  assert.ok(await page.locator('.simulation-banner').isVisible());
  assert.match(await page.title(), /SIMULATED PRICES/);
});

for (const [name, context] of /** @type {const} */ ([['desktop, light', {}], ['phone, dark', PHONE]])) {
  test(`accessible to everybody: axe finds nothing (${name})`, options, async (t) => {
    const { page, complaints } = await open(t, context);
    await eventually(() => updates(page), 'updates');
    await cell(page, 'GBP/USD', '.mark').first().waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), []);
    const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(width <= 0, `the page is ${width} px too wide`);
    assert.deepEqual(complaints, []);
  });
}

test('a first load takes at most 6 requests and 20 kB, and what has a hash in its name is kept for ever', options, async (t) => {
  const { page, context, complaints } = await openPage(browser);
  t.after(() => context.close());
  /** @type {Map<string, Record<string, string>>} */
  const headers = new Map();
  page.on('response', (response) => void headers.set(new URL(response.url()).pathname, response.headers()));
  const { requests, bytes, contentLoadedMs } = await firstLoad(page, worker.url);
  t.diagnostic(`${requests.length} requests, ${bytes} bytes, DOMContentLoaded after ${Math.round(contentLoadedMs)} ms`);
  assert.ok(requests.length <= 6, requests.join(' '));
  assert.ok(bytes > 10_000 && bytes <= 20_000, `${bytes} bytes`);
  assert.equal(headers.get('/')?.['cache-control'], 'public, max-age=0, must-revalidate');
  assert.ok(headers.get('/')?.['etag']);
  const assets = [...headers.keys()].filter((path) => path !== '/');
  assert.deepEqual(assets.map((path) => path.replace(/-[0-9A-Z]{8}\./, '.')).toSorted(), ['/assets/favicon.svg', '/assets/main.css', '/assets/main.js']);
  for (const path of assets) {
    assert.equal(headers.get(path)?.['cache-control'], 'public, max-age=31536000, immutable', path);
    assert.equal(headers.get(path)?.['x-content-type-options'], 'nosniff', path);
  }
  const missing = await fetch(`${worker.url}/assets/main-00000000.js`);
  assert.equal(missing.status, 404);
  assert.doesNotMatch(missing.headers.get('cache-control') ?? '', /immutable/, 'an older version is not there, but may be again');
  assert.deepEqual(complaints, []);
});

test('the page is served with its security headers, and a wrong address gets the 404 page', options, async (t) => {
  const { page, context } = await openPage(browser);
  t.after(() => context.close());
  const home = await page.goto(worker.url);
  const headers = home?.headers() ?? {};
  assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
  const lost = await page.goto(`${worker.url}/no/such/page`);
  assert.equal(lost?.status(), 404);
  assert.equal(await page.getByRole('heading').innerText(), 'Nothing is traded here');
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id }) => id), []);
  await page.getByRole('link', { name: 'To the terminal' }).click();
  await page.locator('.price-board').waitFor();
});

test('the hub is killed and comes back: the page says so, and goes on by itself', { timeout: 180_000 }, async (t) => {
  const { page } = await open(t);
  await eventually(async () => (await priceText(page, 'BTC/USD')) !== 'no data yet', 'a price of BTC/USD', 20_000);
  const last = await priceText(page, 'GBP/USD');
  await worker.kill();
  await eventually(async () => (await state(page)) === 'disconnected', 'the page is disconnected', 30_000);
  assert.match(await page.locator('.connection-badge').innerText(), /🔴\s*Disconnected/);
  assert.match(await page.locator('.link-notice').innerText(), /prices by REST every 30 s/);
  assert.match(await page.title(), /Disconnected/);
  assert.ok((await cell(page, 'GBP/USD', '.mark').allTextContents()).includes('last known'));
  assert.ok(last && (await priceText(page, 'GBP/USD')) !== 'no data yet', 'the last known price stays');

  await worker.start();
  await eventually(async () => (await state(page)) === 'connected', 'the page is connected again', 60_000);
  await moves(page, 'BTC/USD');
  assert.equal(await page.locator('.link-notice').isVisible(), false);
  // Hide prices: they may have pushed the line out of the list by now.
  await page.getByRole('checkbox', { name: 'prices' }).uncheck();
  const lines = await page.locator('.activity-log li').allTextContents();
  assert.ok(lines.some((line) => line.includes('Began anew')), 'told that updates were missed');
});

test('cut off for a minute, prices are marked as stale', { timeout: 180_000 }, async (t) => {
  const { page, context } = await openPage(browser);
  t.after(() => context.close());
  await page.clock.install();
  await page.goto(worker.url);
  await cell(page, 'BTC/USD', '.mark').getByText('simulated').waitFor();
  await worker.kill();
  await page.locator('.connection-badge[data-state="disconnected"]').waitFor();
  await page.clock.runFor(62_000);
  await cell(page, 'BTC/USD', '.mark').getByText('stale since').waitFor();
  await worker.start();
});
