/**
 * How the page handles values that do not fit, text that overflows, and links that ask for too
 * much.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { cell, eventually, launch, openPage } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';
import { REASON, hostile } from './support/hostile.mjs';

const options = { timeout: 60_000 };
const WIDTHS = [360, 384, 385, 390, 412, 480, 767, 768, 1023, 1024, 1280, 1439, 1440, 1680, 1920];

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * @param {import('node:test').TestContext} t
 * @param {FakeHub} hub
 * @param {string} path
 * @param {import('playwright-core').BrowserContextOptions} [context]
 */
async function open(t, hub, path, context) {
  const opened = await openPage(browser, context);
  t.after(() => opened.context.close());
  await hub.serve(opened.page);
  await opened.page.goto(hub.origin + path);
  return opened;
}

/** Layout faults. Runs in the page. */
function faults() {
  const found = [];
  const excess = document.documentElement.scrollWidth - innerWidth;
  if (excess > 0) found.push(`the page is ${excess} px too wide`);
  for (const panel of document.querySelectorAll('.panel')) {
    const inside = panel.getBoundingClientRect();
    for (const part of panel.querySelectorAll('table, td, tbody th, dd, dt, p, li, h2')) {
      const { left, right, width } = part.getBoundingClientRect();
      if (width > 0 && (right > inside.right + 0.5 || left < inside.left - 0.5)) found.push(`${panel.className}: ${part.localName} ${part.className} sticks out`);
    }
  }
  const board = document.querySelector('.price-board')?.getBoundingClientRect();
  for (const row of document.querySelectorAll('.price-board tbody tr')) {
    const symbol = (row.getAttribute('data-symbol') ?? '').slice(0, 12);
    /** @type {{ what: string, box: DOMRect }[]} */
    const boxes = [];
    for (const part of row.querySelectorAll('.name, .venue, .price, .unit, .glyph, .percent, .bid, .ask, .volume, time, .mark, .reason')) {
      // The visible part: of a shortened name or clamped lines, the part within their box.
      const box = part.getBoundingClientRect();
      const cut = part.closest('th, .state')?.getBoundingClientRect();
      const right = Math.min(box.right, cut?.right ?? Infinity);
      if (part.textContent === '' || box.width === 0 || right <= box.left) continue;
      boxes.push({ what: part.className || part.localName, box: new DOMRect(box.left, box.top, right - box.left, box.height) });
      const digits = part.matches('.price, .percent, .bid, .ask, .volume, time');
      if (digits && part.scrollWidth > part.clientWidth && part.clientWidth > 0) found.push(`${symbol}: ${part.className} is clipped`);
      if (board && right > board.right) found.push(`${symbol}: ${part.className} leaves the board`);
    }
    for (const number of row.querySelectorAll('td.number')) {
      // The halo of the flash may reach into the gap.
      if (number.scrollWidth > number.clientWidth + 4) found.push(`${symbol}: ${number.className} ${number.textContent} is ${number.scrollWidth - number.clientWidth} px too wide`);
    }
    for (const [index, one] of boxes.entries()) {
      for (const other of boxes.slice(index + 1)) {
        const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        if (across > 1 && down > 4) found.push(`${symbol}: ${one.what} and ${other.what} overlap by ${across} x ${down} px`);
      }
    }
  }
  return found;
}

/** @param {import('./support/browser.mjs').Page} page */
async function audit(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' ')}`), []);
}

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`nothing covers digits or leaves its place, whatever the values, and it is legible (${colorScheme})`, options, async (t) => {
    const { hub, path } = hostile();
    const { page, complaints } = await open(t, hub, path, { colorScheme, reducedMotion: 'reduce' });
    await cell(page, 'OLD', '.mark').getByText('restored').waitFor();
    await cell(page, '$$$', '.mark').waitFor();
    hub.say({ event: 'subscribe-status', status: 'error', success: [], fails: [{ symbol: 'CL', reason: REASON }, { symbol: '?', reason: REASON }] });
    hub.say({ event: 'error', code: 'invalid-params', message: `\u202E${REASON}` });
    await cell(page, 'CL', '.mark').getByText('not accepted').waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await page.evaluate(faults), [], `at ${width} px`);
      if (width === 360 || width === 768 || width === 1440) await audit(page);
    }
    assert.deepEqual(complaints, []);
  });
}

test('values are written in a form that fits and is true, and the whole of it is at hand', options, async (t) => {
  const { hub, path } = hostile();
  const { page } = await open(t, hub, path);
  await cell(page, '$$$', '.mark').waitFor();
  const text = (/** @type {string} */ symbol, /** @type {string} */ part) => cell(page, symbol, part).textContent();
  const title = (/** @type {string} */ symbol, /** @type {string} */ part) => cell(page, symbol, part).getAttribute('title');
  const prices = /** @type {const} */ ([
    ['NINE/USD', '$0.123456789', ''], ['BOTH/USD', '≈$1,523,456,789.12', ''], ['HUGE', '$1e308', ''], ['CL', '-$37.63', ''],
    ['SPX', '5,123.4567', 'pts'], ['BARC', '72.50', 'p'], ['BHP', '4.195', 'AUD'], ['USD/JPY', '155.100', ''], ['ETH/BTC', '0.03450', 'BTC'],
    ['ODD', '1,523,456,789.12', 'WWW…'],
  ]);
  for (const [symbol, price, unit] of prices) assert.deepEqual([await text(symbol, '.price'), await text(symbol, '.unit')], [price, unit], symbol);
  assert.equal(await title('BOTH/USD', '.price'), '1523456789.1234567');
  assert.equal(await title('CL', '.price'), null);
  assert.equal(await text('CL', '.change'), '–');
  assert.equal(await title('BARC', '.unit'), 'pence sterling');
  assert.equal(await text('SPX', '.bid'), '5,123.4000', 'a bid has the decimals of the price');
  const ages = await Promise.all(['NOTIME', 'BOUND', 'MINUTE', 'TODAY'].map((symbol) => text(symbol, 'time')));
  assert.deepEqual(ages.slice(0, 3), ['time unknown', 'time unknown', '≤ 2 min']);
  assert.match(String(ages[3]), /^≤ \d+ (min|h)$/);
  assert.match(String(await title('NOTIME', 'time')), /^The exchange did not say when this price was made\. It reached the hub at /);
  assert.match(String(await title('MINUTE', 'time')), /^The exchange gave the minute of this price/);
  assert.equal(await text('BHP', '.venue'), '\\u{202E}elbisrever\\u{202C}');
  assert.ok((await title('BARC', '.reason'))?.startsWith(REASON.trim().slice(0, 4_000)), 'the whole reason');
  const [first] = await page.locator('.price-board tbody tr').all();
  assert.deepEqual(await first?.locator('.mark').allTextContents(), ['live', 'extended hours']);
  assert.doesNotMatch(await page.locator('body').innerText(), /[\u202A-\u202E\u2066\u2067\u200B]/);
  assert.match(String(await page.locator('.feed-status .reason').textContent()), /^\\u\{202E\}Z\u0301{4}\(\+196 marks\)/);
});

test('a move flashes only if it can be seen', options, async (t) => {
  const hub = new FakeHub(['AAPL', 'MSFT']);
  const { page } = await open(t, hub, '/?symbols=AAPL,MSFT');
  const price = cell(page, 'AAPL', '.price');
  await price.getByText('$235.50').waitFor();
  hub.tick('AAPL', { price: 235.501 });
  hub.tick('MSFT', { price: 1 });
  await cell(page, 'MSFT', '.price').getByText('$1.00').waitFor();
  assert.deepEqual([await price.textContent(), await price.getAttribute('data-flash')], ['$235.50', null]);
  hub.tick('AAPL', { price: 235.501, decimals: 3 });
  await price.getByText('$235.501').waitFor();
  assert.equal(await price.getAttribute('data-flash'), null, 'more decimals are no move');
  hub.tick('AAPL', { price: 235.502, decimals: 3 });
  await price.getByText('$235.502').waitFor();
  assert.equal(await price.getAttribute('data-flash'), 'up-1');
});

test('a hub that knows nothing of currencies and decimals: no sign is invented', options, async (t) => {
  const hub = new FakeHub(['AAPL', 'EUR/USD'], { old: true });
  const { page, complaints } = await open(t, hub, '/?symbols=AAPL,EUR/USD');
  await cell(page, 'EUR/USD', '.price').getByText('1.085').waitFor();
  assert.equal(await cell(page, 'AAPL', '.price').textContent(), '235.50');
  assert.match(String(await cell(page, 'AAPL', 'time').textContent()), /^(now|\d s ago)$/);
  assert.deepEqual(complaints, []);
});

test('a link with a name of 10,000 characters: it is not sent to the hub, and the prices stay in sight', options, async (t) => {
  const hub = new FakeHub(['AAPL']);
  hub.rest = () => hub.quotesAnswer();
  const long = 'W'.repeat(10_000);
  const { page } = await open(t, hub, `/?symbols=${long},AAPL`, { viewport: { width: 390, height: 844 } });
  await cell(page, 'AAPL', '.price').getByText('$235.50').waitFor();
  assert.deepEqual(await page.evaluate(faults), []);
  const refused = page.locator('.price-board tbody tr').first();
  assert.equal(await refused.locator('.reason').textContent(), 'not a symbol: it has 10,000 characters');
  assert.ok(Number((await refused.locator('.name').textContent())?.length) <= 60);
  assert.ok(Number((await refused.boundingBox())?.height) < 64);
  assert.ok(hub.received.every((message) => message.length < 1_000), 'the hub was sent no such name');
  hub.accepts = false;
  await hub.drop({ code: 1012 });
  await eventually(() => hub.restQuestions.length === 1, 'a question by REST');
  assert.deepEqual(hub.restQuestions, ['AAPL']);
});

test('a link with 3,000 names: as many as the hub takes, and a sentence about the others', options, async (t) => {
  const hub = new FakeHub(['AAPL']);
  const names = ['AAPL', ...Array.from({ length: 2_999 }, (_, index) => `$${index}`)];
  const { page, complaints } = await open(t, hub, `/?symbols=${names.join(',')}`);
  await cell(page, '$198', '.mark').getByText('not accepted').waitFor();
  const [asked] = hub.received.filter((message) => message.includes('"subscribe"')).map((message) => JSON.parse(message).params.symbols.length);
  assert.equal(asked, 200);
  assert.equal(await page.locator('.price-board tbody tr').count(), 200);
  assert.equal(
    await page.locator('.price-board .left-out').innerText(),
    'The address of this page names 3,000 symbols. The hub takes 200 for one page: these are the first 200, and 2,800 are left out.',
  );
  assert.deepEqual(await page.evaluate(faults), []);
  const heights = await page.locator('tr[data-state="rejected"]').evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
  assert.ok(Math.max(...heights) <= 36, `a refused row is ${Math.max(...heights)} px high`);
  assert.deepEqual(complaints, []);
});

test('a symbol that the hub takes away later stays where it is, with the reason, and nothing is said to be missed', options, async (t) => {
  const hub = new FakeHub(['AAPL', 'MSFT', 'NVDA']);
  const { page, complaints } = await open(t, hub, '/?symbols=AAPL,MSFT,NVDA');
  await cell(page, 'NVDA', '.mark').getByText('live').waitFor();
  const symbols = () => page.locator('.price-board tbody tr').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-symbol')));
  const object = (/** @type {string} */ symbol, /** @type {number} */ n, /** @type {number} */ price) => ({
    n, symbol, scale: 2, price, bid: null, ask: null, day_volume: null, time: Date.now(), time_precision: 'second', received: Date.now(),
    previous_close: null, exchange: 'NASDAQ', currency: 'USD', type: 'Common Stock', kind: 'stock', mic_code: null, decimals: 2, source: 'live', session: 'open',
    stale_since: null, state: 'streaming', reason: null,
  });
  const snapshot = (/** @type {number} */ seq, /** @type {object[]} */ objects) => ({
    event: 'snapshot', epoch: 7, stream: 3, seq, base: Date.now(), interval_ms: 0, ack_ms: 5_000, recovered: false, missed: 0, simulated: false,
    feed: hub.feed, symbols: objects,
  });
  hub.say(snapshot(0, [object('AAPL', 0, 30_000), object('MSFT', 1, 40_000), object('NVDA', 2, 50_000)]));
  await cell(page, 'NVDA', '.price').getByText('$500.00').waitFor();
  hub.say({ event: 'subscribe-status', status: 'error', success: [], fails: [{ symbol: 'MSFT', reason: 'given to another viewer' }] });
  hub.say(snapshot(0, [object('AAPL', 0, 30_000), object('NVDA', 2, 50_000)]));
  hub.say([7, 1, 10, [2, 100]]);
  await cell(page, 'NVDA', '.price').getByText('$501.00').waitFor();
  assert.deepEqual(await symbols(), ['AAPL', 'MSFT', 'NVDA']);
  assert.deepEqual(await cell(page, 'MSFT', '.mark').allTextContents(), ['last known', 'not accepted']);
  assert.equal(await cell(page, 'MSFT', '.reason').textContent(), 'given to another viewer');
  assert.equal(await cell(page, 'MSFT', '.price').textContent(), '$400.00');
  assert.equal(await page.locator('[data-stat="symbols"]').textContent(), '2');
  const log = await page.locator('.activity-log li').allTextContents();
  assert.ok(log.some((line) => line.endsWith('❌ MSFT not accepted: given to another viewer')));
  assert.ok(log.every((line) => !/Began anew|missed/.test(line)), String(log));
  // A symbol that never had a price, in the order of plain JSON.
  hub.say({ event: 'subscribe-status', status: 'error', success: [], fails: [{ symbol: 'AAPL', reason: 'upstream does not know it' }] });
  await cell(page, 'AAPL', '.reason').getByText('upstream does not know it').waitFor();
  assert.deepEqual(await symbols(), ['AAPL', 'MSFT', 'NVDA']);
  assert.deepEqual(complaints, []);
});
