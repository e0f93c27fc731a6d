/** How the page behaves when the hub, the network or the market misbehaves, against a fake hub. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { cell, eventually, launch, openPage } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 30_000 };

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * A page on this hub. With `clock` the test controls the page's time: it advances only by
 * `page.clock`.
 * @param {import('node:test').TestContext} t
 * @param {FakeHub} hub
 * @param {object} [how]
 * @param {boolean} [how.clock]
 * @param {string} [how.path]
 * @param {import('playwright-core').BrowserContextOptions} [how.context]
 */
async function open(t, hub, { clock = false, path = '/', context = {} } = {}) {
  const opened = await openPage(browser, context);
  t.after(() => opened.context.close());
  const { page } = opened;
  if (clock) await page.clock.install();
  await hub.serve(page);
  await page.goto(hub.origin + path);
  return opened;
}

/** @param {import('./support/browser.mjs').Page} page */
const state = (page) => page.locator('.connection-badge').getAttribute('data-state');
/**
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} wanted
 */
const becomes = (page, wanted) => eventually(async () => (await state(page)) === wanted, `the page is ${wanted}`);
/** @param {import('./support/browser.mjs').Page} page */
const log = (page) => page.locator('.activity-log li').allTextContents();
/**
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} symbol
 */
const marks = (page, symbol) => cell(page, symbol, '.mark').allTextContents();
/**
 * Fast-forwards a second at a time until `done`, and returns the seconds that it took.
 * @param {import('./support/browser.mjs').Page} page
 * @param {() => Promise<boolean> | boolean} done
 * @param {number} limit
 */
async function secondsUntil(page, done, limit) {
  for (let second = 0; second <= limit; second += 1) {
    if (await done()) return second;
    await pass(page, 1);
  }
  throw new Error(`not within ${limit} s`);
}

/**
 * Lets time pass slowly enough that answers of the hub arrive in between.
 * @param {import('./support/browser.mjs').Page} page
 * @param {number} seconds
 */
async function pass(page, seconds) {
  for (let second = 0; second < seconds; second += 1) {
    await page.clock.runFor(1_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('prices, changes and the log in the original form; nothing is invented', options, async (t) => {
  const hub = new FakeHub(['BTC/USD', 'AAPL', 'EUR/USD']);
  const { page, complaints } = await open(t, hub);
  await cell(page, 'EUR/USD', '.price').getByText('1.08500').waitFor();
  assert.equal(await cell(page, 'BTC/USD', '.price').textContent(), '$95,500.00');
  assert.equal(await cell(page, 'SPY', '.price').textContent(), 'no data yet');
  assert.equal(await cell(page, 'BTC/USD', '.bid').textContent(), '–');
  hub.tick('AAPL', { price: 234, percent_change: -0.64 });
  await cell(page, 'AAPL', '.price[data-flash="down-1"]').waitFor();
  assert.equal(await cell(page, 'AAPL', '.change').textContent(), '▼-0.64%');
  hub.tick('AAPL', { price: 235, percent_change: -0.21 });
  await cell(page, 'AAPL', '.price[data-flash="up-0"]').waitFor();
  assert.deepEqual((await log(page)).map((line) => line.replace(/^\[\d\d:\d\d:\d\d\] /, '')), [
    '🟢 Feed live: ticks are arriving', '📡 Monitoring 8 symbols', '📊 BTC/USD: $95,500.00 (+0.25%)', '📊 AAPL: $235.50 (+0.25%)',
    '📊 EUR/USD: 1.08500 (+0.25%)', '📊 AAPL: $234.00 (-0.64%)', '📊 AAPL: $235.00 (-0.21%)',
  ].toSpliced(0, 0, '✅ Connected to Hamster Terminal'));
  assert.equal(await page.locator('.simulation-banner').isVisible(), false);
  assert.equal(await page.title(), 'Hamster Terminal');
  assert.deepEqual(complaints, []);
});

test('the log shows the last hundred events, and without prices the last hundred others', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await becomes(page, 'connected');
  const start = Date.now();
  for (let tick = 1; tick <= 130; tick += 1) {
    hub.tick('AAPL', { price: 200 + tick, timestamp: new Date(start + tick * 1_000).toISOString() });
  }
  await page.locator('.activity-log li').getByText('$330.00').waitFor();
  assert.equal(await page.locator('.activity-log li').count(), 100);
  assert.match(String((await log(page))[0]), /\$231\.00/);
  await page.getByRole('checkbox', { name: 'prices' }).uncheck();
  await page.locator('.activity-log li').getByText('Connected to Hamster Terminal').waitFor();
  assert.ok((await log(page)).every((line) => !line.includes('📊')));
});

test('a quote older than the one on the screen is ignored', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await becomes(page, 'connected');
  const now = Date.now();
  const at = (/** @type {number} */ ms) => new Date(now + ms).toISOString();
  hub.tick('AAPL', { price: 300, timestamp: at(5_000), received_at: at(5_100) });
  hub.tick('AAPL', { price: 200, timestamp: at(4_000), received_at: at(5_200) });
  hub.tick('AAPL', { price: 201, timestamp: at(5_000), received_at: at(5_099) });
  hub.tick('MSFT', { price: 500 });
  await cell(page, 'MSFT', '.price').getByText('$500.00').waitFor();
  assert.equal(await cell(page, 'AAPL', '.price').textContent(), '$300.00');
});

test('where a price comes from and whether it is good is said beside it', options, async (t) => {
  const hub = new FakeHub();
  const stale = '2026-01-19T14:40:00.000Z';
  hub.quotes.set('AAPL', hub.quote('AAPL', { source: 'restored', simulated: true }));
  hub.quotes.set('MSFT', hub.quote('MSFT', { source: 'rest', session: 'closed' }));
  hub.quotes.set('NVDA', hub.quote('NVDA', { freshness: 'stale', stale_since: stale, timestamp: stale }));
  hub.quotes.delete('SPY');
  hub.states['SPY'] = { state: 'unavailable', reason: 'this key’s plan does not include SPY' };
  hub.states['MSFT'] = { state: 'polled', reason: 'not streamed to this key' };
  const { page } = await open(t, hub);
  await cell(page, 'MSFT', '.mark').first().waitFor();
  assert.deepEqual(await marks(page, 'AAPL'), ['simulated', 'restored']);
  assert.equal(await page.locator('.simulation-banner').isVisible(), true, 'one simulated price is enough for the banner');
  assert.deepEqual(await marks(page, 'MSFT'), ['rest', 'session closed', 'polled']);
  assert.equal(await cell(page, 'MSFT', '.reason').textContent(), 'not streamed to this key');
  assert.match(String(await marks(page, 'NVDA')), /^stale since Jan (19|20), \d\d:40$/);
  assert.match(String(await cell(page, 'NVDA', '.age').textContent()), / d ago$/);
  assert.deepEqual(await marks(page, 'SPY'), ['unavailable']);
  assert.equal(await cell(page, 'SPY', '.price').textContent(), 'no data yet');
  assert.equal(await cell(page, 'SPY', '.reason').textContent(), 'this key’s plan does not include SPY');
  assert.deepEqual(await marks(page, 'BTC/USD'), ['live']);
});

for (const [name, context] of /** @type {const} */ ([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone, dark', { colorScheme: 'dark', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
])) {
  test(`everything that can be said of a price is legible (${name})`, options, async (t) => {
    const hub = new FakeHub();
    hub.quotes.set('BTC/USD', hub.quote('BTC/USD', { bid: 95_499.5, ask: 95_500.5, day_volume: 49_153, exchange: 'Binance' }));
    hub.quotes.set('AAPL', hub.quote('AAPL', { source: 'restored', simulated: true, percent_change: -1 }));
    hub.quotes.set('MSFT', hub.quote('MSFT', { source: 'rest', session: 'closed', percent_change: 0 }));
    hub.quotes.set('NVDA', hub.quote('NVDA', { freshness: 'stale', stale_since: new Date().toISOString(), percent_change: null }));
    hub.quotes.delete('SPY');
    hub.states['SPY'] = { state: 'unavailable', reason: 'this key’s plan does not include SPY' };
    hub.states['MSFT'] = { state: 'polled', reason: 'not streamed to this key' };
    const { page, complaints } = await open(t, hub, { context: { ...context, reducedMotion: 'reduce' } });
    await cell(page, 'GBP/USD', '.mark').getByText('live').waitFor();
    const audit = async () => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), []);
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(excess <= 0, `the page is ${excess} px too wide`);
    };
    for (const state of ['live', 'stalled', 'refused']) {
      hub.say({ event: 'feed', state, since: new Date().toISOString(), reason: 'a reason', simulated: false });
      await page.locator(`.feed-status[data-state="${state}"]`).waitFor();
      await audit();
    }
    hub.accepts = false;
    hub.rest = () => hub.quotesAnswer();
    await hub.drop({ code: 1012 });
    await cell(page, 'GBP/USD', '.mark').getByText('by REST').waitFor();
    await audit();
    assert.deepEqual(complaints, []);
  });
}

test('nothing sticks out of its place, from a small phone to a wide screen', options, async (t) => {
  const hub = new FakeHub();
  hub.simulated = true;
  const stale = { freshness: 'stale', stale_since: '2026-01-19T14:40:00.000Z' };
  for (const symbol of hub.quotes.keys()) {
    const price = symbol.endsWith('/USD') && /^[BE]TH?C?\//.test(symbol) ? 195_500.25 : 1.08512;
    hub.quotes.set(symbol, hub.quote(symbol, {
      ...stale, price, bid: price, ask: price, day_volume: 912_345, percent_change: -12.34, exchange: 'Coinbase Pro', session: 'closed',
    }));
  }
  const { page } = await open(t, hub);
  await cell(page, 'GBP/USD', '.mark').getByText('session closed').waitFor();
  for (const width of [320, 360, 412, 600, 768, 959, 960, 1024, 1280, 1343, 1344, 1440, 1920, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    const outside = await page.evaluate(() => {
      const excess = [];
      if (document.documentElement.scrollWidth > innerWidth) excess.push('the page');
      for (const panel of document.querySelectorAll('.panel')) {
        const edge = panel.getBoundingClientRect().right;
        for (const part of panel.querySelectorAll('td, tbody th, dd, dt, p, li')) {
          if (part.getBoundingClientRect().right > edge + 0.5) excess.push(`${panel.className} ${part.className}`);
        }
      }
      for (const part of document.querySelectorAll('.price-board td')) {
        // The flash around a price may reach into the gap beside it.
        if (part.scrollWidth > part.clientWidth + 5) excess.push(`cell ${part.className}: ${part.textContent}`);
      }
      return excess;
    });
    assert.deepEqual(outside, [], `at ${width} px`);
  }
});

test('the state of the feed, with reason and since', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await page.locator('.feed-status[data-state="live"]').waitFor();
  const since = new Date(Date.now() - 125_000).toISOString();
  for (const [name, word, reason] of /** @type {const} */ ([
    ['fallback', 'REST fallback', 'the upstream closed the connection (1006); next try in 5 s; prices come by REST'],
    ['stalled', 'Stalled', 'the socket is open, but no tick came for 60 s'],
    ['refused', 'Refused', 'Twelve Data does not accept this API key'],
  ])) {
    hub.say({ event: 'feed', state: name, since, reason, simulated: false });
    await page.locator(`.feed-status[data-state="${name}"]`).waitFor();
    assert.equal(await page.locator('.feed-status .word').textContent(), word);
    assert.equal(await page.locator('.feed-status .reason').textContent(), reason);
    assert.match(String(await page.locator('.feed-status .since').textContent()), /^since \d\d:\d\d:\d\d \(2 min\)$/);
    assert.match(String((await log(page)).at(-1)), new RegExp(`Feed ${name}: `));
  }
});

test('a socket that falls silent is found out: asked after 15 s, given up 10 s later, opened again', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { clock: true });
  await becomes(page, 'connected');
  await pass(page, 2);
  hub.answers = false;
  // The page may reconnect in the same second in which it loses the socket.
  hub.onLeft = () => (hub.answers = true);
  const heard = hub.received.length;
  const seconds = await secondsUntil(page, () => hub.answers, 40);
  assert.ok(seconds >= 20 && seconds <= 27, `it took ${seconds} s`);
  assert.ok(hub.received.slice(heard).includes('ping'));
  await secondsUntil(page, async () => (await state(page)) === 'connected', 5);
  assert.equal(hub.attempts, 2);
  assert.ok((await log(page)).some((line) => line.includes('nothing was heard from the hub for 10 s')));
});

test('a hub that answers pings but no questions is found out too', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { clock: true });
  await becomes(page, 'connected');
  await pass(page, 3);
  hub.answers = false;
  const seconds = await secondsUntil(page, async () => {
    hub.say('pong');
    return (await state(page)) === 'disconnected';
  }, 80);
  assert.ok(seconds >= 60, `it took ${seconds} s`);
  assert.match(await page.locator('.link-notice').innerText(), /the hub does not answer/);
});

test('a flood is not answered with a flood: after close code 4008 it waits 60 s, whatever the browser says', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { clock: true });
  await becomes(page, 'connected');
  await hub.drop({ code: 4008, reason: 'flood' });
  await becomes(page, 'disconnected');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  const seconds = await secondsUntil(page, () => hub.attempts > 1, 70);
  assert.ok(seconds >= 58 && seconds <= 61, `it came back after ${seconds} s`);
  await becomes(page, 'connected');
});

test('disconnected: REST at once and every 30 s, stale after 60 s without an answer, and it tries again for ever', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { clock: true });
  await cell(page, 'AAPL', '.mark').getByText('live').waitFor();
  hub.accepts = false;
  hub.rest = () => hub.quotesAnswer();
  hub.quotes.set('AAPL', hub.quote('AAPL', { price: 250, timestamp: new Date(Date.now() + 2_000).toISOString() }));
  await hub.drop({ code: 1012 });
  await cell(page, 'AAPL', '.price').getByText('$250.00').waitFor();
  assert.equal(hub.restQuestions.length, 1);
  assert.equal(hub.restQuestions[0], 'BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD');
  assert.match(await page.locator('.link-notice').innerText(), /Disconnected: prices by REST every 30 s/);
  assert.match(await page.title(), /Disconnected/);
  assert.deepEqual(await marks(page, 'AAPL'), ['by REST']);

  hub.rest = null;
  await pass(page, 31);
  await eventually(() => hub.restQuestions.length === 2, 'a second question by REST');
  await page.locator('.link-notice', { hasText: 'that fails too' }).waitFor();
  await pass(page, 31);
  await cell(page, 'AAPL', '.mark').getByText('stale since').waitFor();
  assert.equal(await page.locator('.feed-status').getAttribute('data-state'), 'unknown');

  await pass(page, 240);
  const tried = hub.attempts;
  assert.ok(tried >= 8, `${tried} attempts in 5 minutes`);
  hub.accepts = true;
  await secondsUntil(page, async () => (await state(page)) === 'connected', 31);
  const asked = hub.restQuestions.length;
  await pass(page, 31);
  assert.equal(hub.restQuestions.length, asked, 'connected, it does not ask by REST');
  assert.deepEqual(await marks(page, 'AAPL'), ['live']);
  assert.equal(await page.locator('.link-notice').isVisible(), false);
});

test('never reached by socket: the prices come by REST all the same', options, async (t) => {
  const hub = new FakeHub();
  hub.accepts = false;
  hub.rest = () => hub.quotesAnswer();
  const { page, complaints } = await open(t, hub);
  await cell(page, 'AAPL', '.price').getByText('$235.50').waitFor();
  assert.equal(await state(page), 'disconnected');
  assert.deepEqual(complaints, []);
});

test('the network comes back: it does not wait for its turn', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { clock: true });
  await becomes(page, 'connected');
  hub.accepts = false;
  await hub.drop({ code: 1001 });
  await pass(page, 120);
  hub.accepts = true;
  const tried = hub.attempts;
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await becomes(page, 'connected');
  assert.equal(hub.attempts, tried + 1);
});

test('?symbols= chooses the symbols, and the hub’s objection is shown', options, async (t) => {
  const hub = new FakeHub(['AAPL', 'TSLA']);
  const { page } = await open(t, hub, { path: '/?symbols=aapl,TSLA,$$$' });
  await cell(page, '$$$', '.mark').waitFor();
  assert.deepEqual(await page.locator('.price-board tbody tr').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-symbol'))), ['AAPL', 'TSLA', '$$$']);
  assert.equal(await cell(page, 'TSLA', '.price').textContent(), '$100.00');
  assert.deepEqual(await marks(page, '$$$'), ['not accepted']);
  assert.match(String(await cell(page, '$$$', '.reason').textContent()), /not a symbol/);
  assert.equal(await page.locator('[data-stat="symbols"]').textContent(), '2');
});

test('data is text, never markup', options, async (t) => {
  const hub = new FakeHub();
  const { page, complaints } = await open(t, hub);
  await becomes(page, 'connected');
  const evil = '<img src=x onerror=alert(1)>';
  hub.tick('AAPL', { exchange: evil });
  hub.say({ event: 'feed', state: 'refused', since: null, reason: evil, simulated: false });
  hub.say('{"event":"price_update","symbol":"AAPL","price":"much"}');
  hub.say('not json');
  await page.locator('.feed-status .reason').getByText(evil).waitFor();
  await eventually(async () => (await log(page)).filter((line) => line.includes('it was ignored')).length === 2, 'two frames were ignored');
  assert.equal(await cell(page, 'AAPL', '.venue').textContent(), evil);
  assert.equal(await page.locator('img[src="x"]').count(), 0);
  assert.deepEqual(complaints, []);
});

test('lag is measured by clocks that are compared, four times at first and once a minute', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { clock: true });
  await becomes(page, 'connected');
  const questions = () => hub.received.filter((text) => text.includes('"time"')).length;
  await secondsUntil(page, () => questions() === 4, 10);
  await pass(page, 30);
  assert.equal(questions(), 4);
  await pass(page, 31);
  await eventually(() => questions() === 5, 'a fifth question after a minute');
});

test('at most one write per frame: a thousand ticks in a burst are painted together', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await cell(page, 'AAPL', '.price').getByText('$235.50').waitFor();
  await page.evaluate(() => {
    const price = document.querySelector('tr[data-symbol="AAPL"] .price');
    const count = { writes: 0, frames: 0 };
    Object.assign(window, { count });
    if (price) new MutationObserver((records) => { count.writes += records.filter((record) => record.type === 'characterData').length; }).observe(price, { characterData: true, subtree: true });
    const frame = () => { count.frames += 1; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  });
  const start = Date.now();
  for (let tick = 1; tick <= 1_000; tick += 1) {
    hub.tick('AAPL', { price: 300 + tick, timestamp: new Date(start + tick).toISOString(), received_at: new Date(start + tick).toISOString() });
  }
  await cell(page, 'AAPL', '.price').getByText('$1,300.00').waitFor();
  const count = await page.evaluate(() => /** @type {any} */ (window).count);
  assert.ok(count.writes >= 1 && count.writes <= count.frames, `${count.writes} writes in ${count.frames} frames`);
});
