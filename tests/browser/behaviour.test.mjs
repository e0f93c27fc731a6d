/** What the page says of prices, symbols and the feed, against a fake hub. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, cell, eventually, launch, logLines, logs, openOn, priceOf, row, saying, shows, titles, watchFlashes } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';
import { universe } from './support/market.mjs';

const options = { timeout: 60_000 };

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** @param {import('./support/browser.mjs').Page} page */
const notice = (page) => page.locator('.notice .sentence').innerText();

/**
 * The row, or a part of it, has this in its title.
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} symbol
 * @param {string} text
 */
async function explains(page, symbol, text) {
  const all = await titles(page, symbol);
  assert.ok(all.some((title) => title.includes(text)), `${symbol} explains: ${all.join(' | ')}`);
}

test('prices, changes and the log in the original form; nothing is invented', options, async (t) => {
  const hub = new FakeHub(['BTC/USD', 'AAPL', 'EUR/USD']);
  const { page, complaints } = await openOn(t, browser, hub);
  await shows(page, 'EUR/USD', '1.08500');
  assert.equal(await priceOf(page, 'BTC/USD'), '95,500.00');
  assert.equal(await priceOf(page, 'SPY'), '');
  await saying(page, 'SPY', /^Waiting/);
  const flashes = await watchFlashes(page);
  hub.tick('AAPL', { price: 234, percent_change: -0.64 });
  await eventually(async () => (await flashes()).includes('AAPL down'), 'a falling price flashes');
  assert.match(String(await cell(page, 'AAPL', '.change').textContent()), /[-−]0\.64/);
  hub.tick('AAPL', { price: 235, percent_change: -0.21 });
  await eventually(async () => (await flashes()).includes('AAPL up'), 'a rising price flashes');
  await eventually(async () => (await cell(page, 'AAPL', '[data-flash]').count()) === 0, 'a flash ends');
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
  const { page } = await openOn(t, browser, hub);
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
  const { page } = await openOn(t, browser, hub);
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
  const { page } = await openOn(t, browser, hub);
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
  const { page } = await openOn(t, browser, hub);
  await becomes(page, 'connected');
  await saying(page, 'AAPL', /^Live/);
  const since = Date.now() - 125_000;
  for (const [state, kind, reason, sentence, word] of /** @type {const} */ ([
    ['fallback', 'fallback', 'the upstream closed the connection (1006)', /^The stream is down for 2 min: the upstream closed/, /^Paused/],
    ['stalled', 'mute', 'the socket is open, but no tick came for 60 s', /^No ticks for 2 min, although .*NASDAQ.* trade/, /^Mute/],
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

test('?symbols= chooses the symbols, and the hub’s objection is shown', options, async (t) => {
  const hub = new FakeHub(['AAPL', 'TSLA']);
  const { page } = await openOn(t, browser, hub, { path: '/?symbols=aapl,TSLA,$$$' });
  await saying(page, '$$$', /^Not a symbol$/);
  assert.deepEqual(await page.locator('#list [data-symbol]').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-symbol'))), ['AAPL', 'TSLA', '$$$']);
  await shows(page, 'TSLA', '100.00');
  await explains(page, '$$$', 'ot a symbol: use letters');
  await page.locator('[data-figure="symbols"]').getByText('2 symbols').waitFor();
});

test('data is text, never markup', options, async (t) => {
  const hub = new FakeHub();
  const { page, complaints } = await openOn(t, browser, hub);
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

test('a thousand ticks in a burst are painted together: each frame writes a price once', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await openOn(t, browser, hub);
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

test('500 symbols at 2,000 ticks a second: as many as the hub takes are subscribed, and those in sight are right', options, async (t) => {
  const symbols = universe(500);
  const hub = new FakeHub(symbols, { v1: true, whole: true });
  const lists = [{ id: 'default', name: 'All', items: symbols.map((symbol) => ({ symbol })) }];
  const { page, complaints } = await openOn(t, browser, hub, { kept: { version: 1, settings: {}, lists, alerts: [] } });
  await shows(page, 'AAPL', '235.50');
  const stop = hub.run({ ticksPerS: 2_000 });
  await page.locator('[data-figure="updates"]').filter({ hasText: /^\d,\d{3} updates/ }).waitFor();
  stop();
  for (const symbol of ['BTC/USD', 'AAPL', 'MSFT']) {
    const wanted = hub.quotes.get(symbol)?.['price'].toLocaleString('en-US', { minimumFractionDigits: 2 });
    await eventually(async () => (await priceOf(page, symbol)) === wanted, `${symbol} is at ${wanted}`);
  }
  await page.locator('.notice').getByText(/300 of this list are not subscribed/).waitFor();
  assert.deepEqual(complaints, []);
});
