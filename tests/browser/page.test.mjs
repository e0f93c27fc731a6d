/**
 * The page on the real worker with the built-in simulator: what README promises, as a user sees it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { becomes, eventually, launch, logLines, numberIn, openPage, priceOf, row, saying } from './support/browser.mjs';
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
  // One after the other: what has started is ended, also when the next does not start.
  browser = await launch();
  worker = await Worker.start();
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
  await row(opened.page, 'GBP/USD').waitFor();
  return opened;
}

/** @param {import('./support/browser.mjs').Page} page */
const state = (page) => page.locator('.link').getAttribute('data-state');
/** @param {import('./support/browser.mjs').Page} page */
const updates = async (page) => numberIn(await page.locator('[data-figure="updates"]').textContent());
/**
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} symbol
 */
async function moves(page, symbol) {
  const before = await priceOf(page, symbol);
  await eventually(async () => (await priceOf(page, symbol)) !== before, `${symbol} moves`, 20_000);
}

test('prices of all eight symbols appear, are marked as simulated, and move', options, async (t) => {
  const { page, complaints } = await open(t);
  for (const symbol of SYMBOLS) {
    // The first price may come by REST, which gives neither the kind of an instrument nor all
    // decimals.
    const form = /^(EUR|GBP)/.test(symbol) ? /^\d\.\d{7}$/ : /^[1-9]\d{0,2}(,\d{3})*\.\d\d$/;
    const price = await eventually(async () => {
      const text = await priceOf(page, symbol);
      return form.test(text) && text;
    }, `a price of ${symbol} like ${form}`, 20_000);
    assert.ok(numberIn(price) > 0);
    await saying(page, symbol, /^SIM( \w+)? (≤ 1 min|\d+ (s|min|h|d))$/);
  }
  await moves(page, 'BTC/USD');
  await becomes(page, 'connected');
  assert.equal(await page.locator('.link .word').textContent(), 'Connected');
  assert.equal(await page.locator('.notice').isVisible(), false);
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
  const block = page.locator('.simulation');
  await block.waitFor({ state: 'visible' });
  assert.match(await block.innerText(), /SIMULATED\s+no market is behind these prices/);
  await eventually(async () => (await page.title()).includes('SIM '), 'the title says so');
  await block.getByRole('button', { name: 'Use a key' }).click();
  await page.getByRole('dialog').getByText('TWELVE_DATA_API_KEY', { exact: false }).first().waitFor();
});

test('the log has the original’s form', options, async (t) => {
  const { page } = await open(t);
  const line = (/** @type {RegExp} */ form) => eventually(async () => (await logLines(page)).some((text) => form.test(text)), `a line ${form}`);
  await line(/BTC\/USD: \$[1-9]\d{0,2}(,\d{3})*\.\d\d \([+-]?\d+\.\d\d%\) SIM$/);
  assert.match(String(await page.locator('#dock .line').first().textContent()), /^\s*\[\d\d:\d\d:\d\d\]/);
  await page.locator('#dock').getByRole('button', { name: /prices?/i }).first().click();
  await line(/Connected to Hamster Terminal$/);
  await line(/Monitoring 8 symbols$/);
});

test('the counters rise, and the lag is measured', options, async (t) => {
  const { page } = await open(t);
  await page.locator('[data-figure="symbols"]').getByText('8 symbols').waitFor();
  const before = await updates(page);
  await eventually(async () => (await updates(page)) > before, 'more updates');
  await eventually(async () => /^(<1 ms|\d+ ms|\d+\.\d\d s)$/.test(String(await page.locator('[data-figure="lag"]').textContent())), 'a lag from hub to screen', 20_000);
});

test('?symbols= shows other symbols, and what the hub says of one that is none', options, async (t) => {
  const { page, context } = await openPage(browser);
  t.after(() => context.close());
  await page.goto(`${worker.url}/?symbols=tsla,AAPL,$$$`);
  await saying(page, '$$$', /^Not a symbol$/);
  await eventually(async () => /\d/.test(await priceOf(page, 'AAPL')), 'a price of AAPL', 20_000);
  assert.equal(await page.locator('#list [data-symbol]').count(), 3);
});

test('where WebSockets do not get through, the prices come by REST', options, async (t) => {
  const { page, context } = await openPage(browser);
  t.after(() => context.close());
  await page.routeWebSocket(/\/ws$/, (socket) => void socket.close({ code: 1001 }));
  await page.goto(worker.url);
  await eventually(async () => /\d/.test(await priceOf(page, 'BTC/USD')), 'a price of BTC/USD by REST', 45_000);
  assert.notEqual(await state(page), 'connected');
  await page.locator('.notice .sentence').getByText(/Prices by REST every 30 s/).waitFor();
  assert.ok(await page.locator('.simulation').isVisible());
  await eventually(async () => /SIM /.test(await page.title()), 'the title says so');
});

for (const [name, context] of /** @type {const} */ ([['desktop, light', {}], ['phone, dark', PHONE]])) {
  test(`accessible to everybody: axe finds nothing (${name})`, options, async (t) => {
    const { page, complaints } = await open(t, context);
    await saying(page, 'GBP/USD', /^SIM/);
    assert.deepEqual(await violations(page), []);
    const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(width <= 0, `the page is ${width} px too wide`);
    assert.deepEqual(complaints, []);
  });
}

test('a first load takes at most 12 requests and 75 kB before the rest is loaded, and what has a hash in its name is kept for ever', options, async (t) => {
  const { page, context, complaints } = await openPage(browser);
  t.after(() => context.close());
  /** @type {Map<string, Record<string, string>>} */
  const headers = new Map();
  page.on('response', (response) => void headers.set(new URL(response.url()).pathname, response.headers()));
  const { requests, bytes, contentLoadedMs } = await firstLoad(page, worker.url);
  t.diagnostic(`${requests.length} requests, ${bytes} bytes, DOMContentLoaded after ${Math.round(contentLoadedMs)} ms`);
  assert.ok(requests.length <= 12, requests.join(' '));
  assert.ok(bytes > 10_000 && bytes <= 75_000, `${bytes} bytes`);
  assert.equal(headers.get('/')?.['cache-control'], 'public, max-age=0, must-revalidate');
  assert.ok(headers.get('/')?.['etag']);
  const assets = [...headers.keys()].filter((path) => path.startsWith('/assets/'));
  const names = assets.map((path) => path.replace(/-[0-9A-Z]{8}\./, '.'));
  for (const name of ['/assets/main.css', '/assets/main.js']) assert.ok(names.includes(name), `${name} is not among ${names.join(' ')}`);
  for (const path of assets) {
    assert.match(path, /-[0-9A-Z]{8}\.\w+$/, 'a name without a hash');
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
  assert.deepEqual(await violations(page), []);
  await page.getByRole('link', { name: 'To the terminal' }).click();
  await page.locator('.watchlist').waitFor();
});

test('the hub is killed and comes back: the page says so, and goes on by itself', { timeout: 180_000 }, async (t) => {
  const { page } = await open(t);
  await eventually(async () => /\d/.test(await priceOf(page, 'GBP/USD')), 'a price of GBP/USD', 20_000);
  // Also while the rest of the page is still on its way.
  await worker.kill();
  await page.locator('.link[data-state="disconnected"]').waitFor({ timeout: 30_000 });
  assert.equal(await page.locator('.link .word').textContent(), 'Disconnected');
  assert.match(await page.locator('.notice .sentence').innerText(), /^Connection lost/);
  await eventually(async () => (await page.title()).startsWith('Disconnected'), 'the title says so');
  await saying(page, 'GBP/USD', /^SIM Last known/);
  assert.match(await priceOf(page, 'GBP/USD'), /\d/, 'the last known price stays');

  await worker.start();
  await page.locator('.link[data-state="connected"]').waitFor({ timeout: 60_000 });
  await moves(page, 'BTC/USD');
  assert.equal(await page.locator('.notice').isVisible(), false);
  // Hide prices: they may have pushed the line out of the window by now.
  await page.locator('#dock').getByRole('button', { name: /prices?/i }).first().click();
  await eventually(async () => (await logLines(page)).some((line) => line.includes('Began anew')), 'told that updates were missed');
});
