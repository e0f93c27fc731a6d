/** How the page behaves when the hub, the network or the market misbehaves, against a fake hub. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, cell, eventually, launch, logLines, openPage, priceOf, row, says, shows } from './support/browser.mjs';
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
const state = (page) => page.locator('.link').getAttribute('data-state');
/** @param {import('./support/browser.mjs').Page} page */
const notice = (page) => page.locator('.notice .sentence').innerText();
/**
 * Waits until the row says this of its price.
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} symbol
 * @param {RegExp} what
 */
const saying = (page, symbol, what) => eventually(async () => what.test(await says(page, symbol)), `${symbol} says ${what}`);
/**
 * The row, or a part of it, has this in its title.
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} symbol
 * @param {string} text
 */
async function explains(page, symbol, text) {
  const titles = await row(page, symbol).evaluate((one) => [one, ...one.querySelectorAll('[title]')].map((part) => part.getAttribute('title') ?? ''));
  assert.ok(titles.some((title) => title.includes(text)), `${symbol} explains: ${titles.join(' | ')}`);
}
/**
 * Waits until the log has all of these, wherever they stand in a line.
 * @param {import('./support/browser.mjs').Page} page
 * @param {...string} wanted
 */
const logs = (page, ...wanted) => eventually(async () => {
  const lines = await logLines(page);
  return wanted.every((text) => lines.some((line) => line.includes(text)));
}, `the log has ${wanted.join(', ')}`);

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
  await shows(page, 'EUR/USD', '1.08500');
  assert.equal(await priceOf(page, 'BTC/USD'), '95,500.00');
  assert.equal(await priceOf(page, 'SPY'), '');
  await saying(page, 'SPY', /^Waiting/);
  hub.tick('AAPL', { price: 234, percent_change: -0.64 });
  await cell(page, 'AAPL', '[data-flash="down"]').waitFor();
  assert.match(String(await cell(page, 'AAPL', '.change').textContent()), /[-−]0\.64/);
  hub.tick('AAPL', { price: 235, percent_change: -0.21 });
  await cell(page, 'AAPL', '[data-flash="up"]').waitFor();
  await logs(
    page, 'Connected to Hamster Terminal', 'Feed live: ticks are arriving', 'Monitoring 8 symbols', 'BTC/USD: $95,500.00 (+0.25%)', 'AAPL: $235.50 (+0.25%)',
    'EUR/USD: 1.08500 (+0.25%)', 'AAPL: $234.00 (-0.64%)', 'AAPL: $235.00 (-0.21%)',
  );
  assert.equal((await logLines(page)).some((line) => line.includes('SPY')), false);
  assert.equal(await page.locator('.simulation').isVisible(), false);
  assert.doesNotMatch(await page.title(), /SIM/);
  assert.deepEqual(complaints, []);
});

test('a list of many events shows the newest, and without prices the others', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await becomes(page, 'connected');
  const start = Date.now();
  for (let tick = 1; tick <= 130; tick += 1) {
    hub.tick('AAPL', { price: 200 + tick, timestamp: new Date(start + tick * 1_000).toISOString() });
  }
  await logs(page, 'AAPL: $330.00');
  assert.ok((await page.locator('#dock .line').count()) <= 100);
  await page.locator('#dock').getByRole('button', { name: /prices?/i }).first().click();
  await logs(page, 'Connected to Hamster Terminal');
  assert.ok((await logLines(page)).every((line) => !line.includes('AAPL: $')));
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
  await shows(page, 'MSFT', '500.00');
  assert.equal(await priceOf(page, 'AAPL'), '300.00');
});

test('where a price comes from and whether it is good is said beside it, and why in the title', options, async (t) => {
  const hub = new FakeHub();
  const stale = '2026-01-19T14:40:00.000Z';
  hub.quotes.set('AAPL', hub.quote('AAPL', { source: 'restored', simulated: true }));
  hub.quotes.set('MSFT', hub.quote('MSFT', { source: 'rest' }));
  hub.quotes.set('NVDA', hub.quote('NVDA', { freshness: 'stale', stale_since: stale, timestamp: stale }));
  hub.quotes.set('ETH/USD', hub.quote('ETH/USD', { session: 'closed' }));
  hub.quotes.delete('SPY');
  hub.states['SPY'] = { state: 'unavailable', reason: 'this key’s plan does not include SPY', needs_plan: 'Grow' };
  hub.states['GBP/USD'] = { state: 'unavailable', reason: 'nobody serves it' };
  hub.states['MSFT'] = { state: 'polled', reason: 'not streamed to this key' };
  const { page } = await open(t, hub);
  await saying(page, 'BTC/USD', /^Live \d+ s$/);
  await saying(page, 'AAPL', /^SIM Restored \d+ s$/);
  await saying(page, 'MSFT', /^REST \d+ s$/);
  await saying(page, 'NVDA', /^Stale \d+ d$/);
  await saying(page, 'ETH/USD', /^Closed \d+ s$/);
  await saying(page, 'SPY', /^Not in plan$/);
  await saying(page, 'GBP/USD', /^Unavailable$/);
  await explains(page, 'MSFT', 'not streamed to this key');
  await explains(page, 'SPY', 'Twelve Data serves it from the Grow plan');
  await explains(page, 'NVDA', 'Do not take it for the present price');
  assert.equal(await priceOf(page, 'SPY'), '');
  const block = page.locator('.simulation');
  assert.equal(await block.isVisible(), true, 'one simulated price is enough for the block');
  assert.match(await block.innerText(), /1 of \d SIMULATED/);
});

test('the state of the feed: at once in the notice line, with reason and since, in the rows and in the log', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await becomes(page, 'connected');
  await saying(page, 'AAPL', /^Live/);
  const since = Date.now() - 125_000;
  for (const [state, kind, reason, sentence, word] of /** @type {const} */ ([
    ['fallback', 'fallback', 'the upstream closed the connection (1006)', /^The stream is down for 2 min: the upstream closed/, /^Paused/],
    ['stalled', 'mute', 'the socket is open, but no tick came for 60 s', /^No ticks for 2 min, although markets trade/, /^Mute/],
    ['refused', 'refused', 'Twelve Data does not accept this API key', /^Twelve Data refuses for 2 min: Twelve Data does not accept/, /^Paused/],
  ])) {
    hub.setFeed(state, reason, since);
    await page.locator(`.notice[data-kind="${kind}"]`).waitFor();
    assert.match(await notice(page), sentence);
    await saying(page, 'AAPL', word);
    await logs(page, `Feed ${state}: `);
  }
  hub.setFeed('live');
  await saying(page, 'AAPL', /^Live/);
  assert.equal(await page.locator('.notice').isVisible(), false);
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
  await logs(page, 'nothing was heard from the hub for 10 s');
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
  assert.match(await notice(page), /the hub does not answer/);
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

test('disconnected: REST at once and every 30 s, the last known price when that fails, and it tries again for ever', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { clock: true });
  await saying(page, 'AAPL', /^Live/);
  hub.accepts = false;
  hub.rest = () => hub.quotesAnswer();
  hub.quotes.set('AAPL', hub.quote('AAPL', { price: 250, timestamp: new Date(Date.now() + 2_000).toISOString() }));
  await hub.drop({ code: 1012 });
  await shows(page, 'AAPL', '250.00');
  assert.equal(hub.restQuestions.length, 1);
  assert.deepEqual(String(hub.restQuestions[0]).split(',').toSorted(), 'BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD'.split(',').toSorted());
  await pass(page, 1);
  assert.match(await notice(page), /^Connection lost .*Prices by REST every 30 s/);
  assert.match(await page.title(), /^Disconnected · /);
  await saying(page, 'AAPL', /^REST/);

  hub.rest = null;
  await pass(page, 31);
  await eventually(() => hub.restQuestions.length === 2, 'a second question by REST');
  await pass(page, 1);
  await saying(page, 'AAPL', /^Last known/);
  assert.match(await notice(page), /Prices below are from \d\d:\d\d:\d\d/);

  await pass(page, 240);
  const tried = hub.attempts;
  assert.ok(tried >= 8, `${tried} attempts in 5 minutes`);
  hub.accepts = true;
  await secondsUntil(page, async () => (await state(page)) === 'connected', 31);
  const asked = hub.restQuestions.length;
  await pass(page, 31);
  assert.equal(hub.restQuestions.length, asked, 'connected, it does not ask by REST');
  await saying(page, 'AAPL', /^Live/);
  assert.equal(await page.locator('.notice').isVisible(), false);
});

test('never reached by socket: the prices come by REST all the same', options, async (t) => {
  const hub = new FakeHub();
  hub.accepts = false;
  hub.rest = () => hub.quotesAnswer();
  const { page, complaints } = await open(t, hub);
  await shows(page, 'AAPL', '235.50');
  assert.notEqual(await state(page), 'connected');
  assert.deepEqual(complaints, []);
});

test('the button of the notice line connects at once', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { clock: true });
  await becomes(page, 'connected');
  hub.accepts = false;
  await hub.drop({ code: 1001 });
  await pass(page, 60);
  hub.accepts = true;
  const tried = hub.attempts;
  await page.locator('.notice').getByRole('button', { name: 'Try now' }).click();
  await becomes(page, 'connected');
  assert.equal(hub.attempts, tried + 1);
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
  await saying(page, '$$$', /^Not a symbol$/);
  assert.deepEqual(await page.locator('#list [data-symbol]').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-symbol'))), ['AAPL', 'TSLA', '$$$']);
  assert.equal(await priceOf(page, 'TSLA'), '100.00');
  await explains(page, '$$$', 'ot a symbol: use letters');
  await page.locator('[data-figure="symbols"]').getByText('2 symbols').waitFor();
});

test('data is text, never markup', options, async (t) => {
  const hub = new FakeHub();
  const { page, complaints } = await open(t, hub);
  await becomes(page, 'connected');
  const evil = '<img src=x onerror=alert(1)>';
  hub.tick('AAPL', { exchange: evil, name: evil });
  hub.setFeed('refused', evil);
  hub.say('{"event":"price_update","symbol":"AAPL","price":"much"}');
  hub.say('not json');
  await page.locator('.notice .sentence').getByText(evil).waitFor();
  await row(page, 'AAPL').getByText(evil).first().waitFor();
  await eventually(async () => (await logLines(page)).filter((line) => line.includes('it was ignored')).length === 2, 'two frames were ignored');
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

test('a thousand ticks in a burst are painted together: each frame writes a price once', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await shows(page, 'AAPL', '235.50');
  await page.evaluate(() => {
    const price = document.querySelector('#list [data-symbol="AAPL"] .last');
    const count = { writes: 0, frames: 0 };
    Object.assign(window, { count });
    // A price is two texts, of which the changed digits are one.
    if (price) new MutationObserver((records) => { count.writes += records.filter((record) => record.type === 'characterData').length / 2; }).observe(price, { characterData: true, subtree: true });
    const frame = () => { count.frames += 1; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  });
  const start = Date.now();
  for (let tick = 1; tick <= 1_000; tick += 1) {
    hub.tick('AAPL', { price: 300 + tick, timestamp: new Date(start + tick).toISOString(), received_at: new Date(start + tick).toISOString() });
  }
  await shows(page, 'AAPL', '1,300.00');
  const count = await page.evaluate(() => /** @type {any} */ (window).count);
  assert.ok(count.writes > 0 && count.writes <= count.frames, `${count.writes} writes in ${count.frames} frames`);
});

for (const [name, context, scheme] of /** @type {const} */ ([['desktop', {}, 'light'], ['phone', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }, 'dark']])) {
  test(`the three states of the connection, the counter, the symbols tracked and the lag keep their place (${name})`, options, async (t) => {
    const hub = new FakeHub();
    hub.answers = false;
    const { page } = await open(t, hub, { context: { ...context, colorScheme: scheme } });
    const word = page.locator('.link .word');
    await word.getByText('Connecting…').waitFor();
    hub.answers = true;
    await hub.drop({ code: 1001 });
    await becomes(page, 'connected');
    await word.getByText('Connected', { exact: true }).waitFor();
    hub.tick('AAPL', { price: 240 });
    if (name === 'desktop') {
      await page.locator('[data-figure="symbols"]').getByText('8 symbols').waitFor();
      await page.locator('[data-figure="updates"]').getByText(/^\d+ updates$/).waitFor();
    }
    // Without a symbol in view that ticks there is no lag; the lag is of ticks after the snapshot.
    await eventually(async () => {
      hub.tick('AAPL', { price: 240 + Math.random() });
      return /^(<1|\d+) ms$|^\d+\.\d\d s$/.test(String(await page.locator('[data-figure="lag"]').textContent()));
    }, 'a lag');
    hub.accepts = false;
    await hub.drop({ code: 1001 });
    await word.getByText('Disconnected').waitFor();
  });
}

test('hamster.v1: a snapshot and deltas, which are acknowledged; the hub’s headline is shown', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true, whole: true });
  hub.ackMs = 1_000;
  const { page, complaints } = await open(t, hub);
  hub.headline({ viewers: 7 });
  await shows(page, 'AAPL', '235.50');
  hub.tick('AAPL', { price: 236.25 });
  await shows(page, 'AAPL', '236.25');
  await eventually(() => hub.acks.length > 0, 'an acknowledgement');
  const asked = hub.acks.length;
  hub.askForAcks();
  await eventually(() => hub.acks.length > asked, 'the answer to a request');
  hub.headline({ viewers: 7 });
  await page.locator('[data-figure="viewers"]').getByText('7 viewers').waitFor();
  assert.deepEqual(complaints, []);
});

test('hamster.v1: after a break it resumes, and is told what it missed; after a restart it begins anew', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true });
  const { page } = await open(t, hub);
  await shows(page, 'AAPL', '235.50');
  hub.accepts = false;
  await hub.drop({ code: 1001 });
  for (const price of [236, 237, 238]) hub.tick('AAPL', { price });
  hub.accepts = true;
  await shows(page, 'AAPL', '238.00');
  await logs(page, 'Resumed: 3 updates missed, 1 symbol brought up to date');
  await hub.restart();
  await logs(page, 'Began anew');
  await saying(page, 'AAPL', /^Restored/);
  hub.tick('AAPL', { price: 239, timestamp: new Date(Date.now() + 1_000).toISOString() });
  await saying(page, 'AAPL', /^Live/);
});

test('a hub that lags is told by the lag, not hidden', options, async (t) => {
  const hub = new FakeHub();
  hub.lagMs = 400;
  const { page } = await open(t, hub);
  await becomes(page, 'connected');
  await eventually(async () => {
    hub.tick('AAPL', { price: 240 + Math.random() });
    return /^([2-9]\d\d ms|\d\.\d\d s)$/.test(String(await page.locator('[data-figure="lag"]').textContent()));
  }, 'a lag of some hundred ms', 15_000);
});
