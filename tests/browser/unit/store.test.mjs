import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Store } from '../../../public/app/model/store.js';
import { truthOf } from '../../../public/app/model/truth.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const T = Date.UTC(2026, 0, 19, 14, 32, 15);

/** @typedef {import('../../../public/app/link/wire.js').Quote} Quote */

/**
 * @param {Partial<Quote>} [fields]
 * @returns {import('../../../public/app/link/wire.js').Message}
 */
function update(fields = {}) {
  return {
    event: 'price_update',
    quote: {
      ...UNKNOWN, symbol: 'AAPL', exchange: 'NASDAQ', price: 235.5, percentChange: 0.15, bid: null, ask: null, dayVolume: null, previousClose: 235.15,
      timestamp: T, precision: 'second', receivedAt: T + 100, source: 'live', simulated: false, session: 'open', freshness: 'fresh', staleSince: null,
      currency: 'USD', type: 'Common Stock', kind: 'stock', decimals: 2, ...fields,
    },
  };
}

/** A connected store that tracks these symbols. @param {...string} names */
function connected(...names) {
  const store = new Store();
  store.setLink({ state: 'connected', since: T, heardAt: T }, '✅ Connected to Hamster Terminal', T);
  store.track(names);
  store.subscribed(T);
  answerSubscription(store, names, false);
  return store;
}

/**
 * @param {Store} store
 * @param {string[]} names
 * @param {boolean} hasQuote
 */
function answerSubscription(store, names, hasQuote) {
  const success = names.map((symbol) => (
    { symbol, state: /** @type {const} */ ('streaming'), reason: null, needsPlan: null, retryAt: null, hasQuote }
  ));
  store.receive({ event: 'subscribe-status', success, fails: [] }, T);
}

/** @param {Store} store */
const price = (store, key = 'AAPL') => store.rows.get(key)?.quote?.price;
/** @param {Store} store */
const lines = (store) => store.log.all.map((line) => line.text);
/**
 * The word of the truth about a row.
 * @param {Store} store
 * @param {number} [now]
 */
function word(store, now = T, key = 'AAPL') {
  const row = store.rows.get(key);
  assert.ok(row);
  return truthOf(row, store.circumstances, now).word;
}

test('a quote never goes back in time: by the exchange first, then by the hub', options, () => {
  const store = connected('AAPL');
  store.receive(update({ price: 1, timestamp: T + 2_000, receivedAt: T + 2_100 }), T);
  store.receive(update({ price: 2, timestamp: T + 1_000, receivedAt: T + 9_000 }), T);
  assert.equal(price(store), 1, 'older by the exchange');
  store.receive(update({ price: 3, timestamp: T + 2_000, receivedAt: T + 2_099 }), T);
  assert.equal(price(store), 1, 'same second, older by the hub');
  store.receive(update({ price: 4, timestamp: T + 2_000, receivedAt: T + 2_101 }), T);
  assert.equal(price(store), 4, 'same second, newer by the hub');
  store.receive(update({ price: 5, timestamp: T + 3_000, receivedAt: T + 2_000 }), T);
  assert.equal(price(store), 5, 'newer by the exchange');
  assert.deepEqual(lines(store).filter((line) => line.startsWith('📊')).length, 3, 'what was ignored is not in the log');
});

test('where the exchange did not say when, or only the minute or the day, the hub’s clock decides what is newer', options, () => {
  const cases = /** @type {[string, Partial<Quote>, Partial<Quote>, boolean][]} */ ([
    ['no time, later at the hub', { timestamp: T + 5_000 }, { timestamp: null, precision: null, receivedAt: T + 200 }, true],
    ['no time, earlier at the hub', { timestamp: T - 5_000 }, { timestamp: null, precision: null, receivedAt: T + 50 }, false],
    ['after one without a time', { timestamp: null, precision: null }, { timestamp: T - 60_000, receivedAt: T + 200 }, true],
    ['neither has one', { timestamp: null, precision: null }, { timestamp: null, precision: null, receivedAt: T + 50 }, false],
    ['in the same minute', { timestamp: T + 30_000 }, { timestamp: T, precision: 'minute', receivedAt: T + 200 }, true],
    ['in an earlier minute', { timestamp: T + 60_000 }, { timestamp: T, precision: 'minute', receivedAt: T + 200 }, false],
    ['on the same day', { timestamp: T + 3_600_000 }, { timestamp: T, precision: 'day', receivedAt: T + 200 }, true],
    ['on a later day', { timestamp: T, precision: 'day', receivedAt: T + 900 }, { timestamp: T + 86_400_000, precision: 'day' }, true],
    ['only an earliest time', { timestamp: T + 60_000 }, { timestamp: T, precision: null, receivedAt: T + 200 }, true],
    ['not before what is held', { timestamp: T, receivedAt: T + 900 }, { timestamp: T + 1, precision: null }, true],
  ]);
  for (const [name, held, next, taken] of cases) {
    const store = connected('AAPL');
    store.receive(update({ price: 1, ...held }), T);
    store.receive(update({ price: 2, ...next }), T);
    assert.equal(price(store), taken ? 2 : 1, name);
  }
});

test('in any order of arrival the newest quote is held at the end', options, () => {
  for (let round = 0; round < 200; round += 1) {
    const store = connected('AAPL');
    const quotes = Array.from({ length: 20 }, (_, index) => update({
      price: index + 1, timestamp: T + Math.floor(index / 3) * 1_000, receivedAt: T + index * 400,
    }));
    for (const quote of quotes.toSorted(() => Math.random() - 0.5)) store.receive(quote, T);
    assert.equal(price(store), 20);
  }
});

test('the same quote again may bring a mark, but is no news', options, () => {
  const store = connected('AAPL');
  store.receive(update(), T);
  const before = lines(store).length;
  store.receive(update({ freshness: 'stale', staleSince: T + 60_000 }), T + 60_000);
  assert.equal(word(store, T + 61_000), 'Stale');
  assert.equal(lines(store).length, before);
});

test('an older quote that is stale leaves the newer price, but marks it as stale too', options, () => {
  const store = connected('AAPL');
  store.receive(update({ price: 236, timestamp: T + 20_000, receivedAt: T + 20_100 }), T);
  store.receive(update({ price: 235, source: 'restored', freshness: 'stale', staleSince: T + 100 }), T + 21_000);
  assert.equal(price(store), 236);
  assert.equal(word(store, T + 22_000), 'Stale');
  store.receive(update({ price: 237, timestamp: T + 23_000, receivedAt: T + 23_100 }), T + 23_100);
  assert.equal(word(store, T + 23_200), 'Live');
});

test('after a reconnect the snapshot replaces the whole quote, its unknown fields too, but not with an older price', options, () => {
  const store = connected('AAPL', 'MSFT');
  store.receive(update({ bid: 235, ask: 236, dayVolume: 10, timestamp: T + 5_000 }), T);
  store.receive(update({ symbol: 'MSFT', price: 400, timestamp: T + 5_000 }), T);
  store.setLink({ state: 'disconnected' });
  store.setLink({ state: 'connected' });
  store.track(['AAPL', 'MSFT']);
  store.subscribed(T);
  answerSubscription(store, ['AAPL', 'MSFT'], true);
  store.receive(update({ price: 240, timestamp: T + 9_000, source: 'rest' }), T);
  store.receive(update({ symbol: 'MSFT', price: 390, timestamp: T, source: 'restored' }), T);
  const quote = store.rows.get('AAPL')?.quote;
  assert.deepEqual([quote?.price, quote?.bid, quote?.dayVolume, quote?.source], [240, null, null, 'rest']);
  assert.equal(price(store, 'MSFT'), 400);
});

test('a real market takes the place of a simulated one whatever the times say, and the other way round', options, () => {
  const store = connected('AAPL');
  store.receive(update({ price: 1, timestamp: T + 60_000, simulated: true, source: 'simulated' }), T);
  assert.equal(store.showsSimulation, true);
  store.receive(update({ price: 2, timestamp: T, simulated: false, source: 'rest' }), T);
  assert.equal(price(store), 2);
  assert.equal(store.showsSimulation, false);
});

test('the log has the form of the original and keeps a hundred lines, and a hundred without prices', options, () => {
  const store = connected('AAPL', 'BTC/USD');
  store.receive(update({ symbol: 'BTC/USD', exchange: 'Binance', price: 95_500, percentChange: 0.25 }), T);
  store.receive(update({ percentChange: null }), T);
  assert.deepEqual(lines(store), [
    '✅ Connected to Hamster Terminal', '📡 Monitoring 2 symbols', '📊 BTC/USD: $95,500.00 (+0.25%)', '📊 AAPL: $235.50',
  ]);
  for (let second = 1; second <= 150; second += 1) store.receive(update({ timestamp: T + second * 1_000 }), T);
  assert.equal(store.log.all.length, 100);
  assert.ok(!lines(store).includes('📡 Monitoring 2 symbols'));
  assert.deepEqual(store.log.withoutPrices.map((line) => line.text), ['✅ Connected to Hamster Terminal', '📡 Monitoring 2 symbols']);
});

test('lag is measured from both clocks to the paint, corrected by the offset, and never for a snapshot or a hidden page', options, () => {
  const store = connected('AAPL', 'MSFT');
  store.receive(update({ timestamp: T, receivedAt: T + 400 }), T);
  store.painted(T);
  assert.equal(store.lagFromHub.mean, null, 'the clocks are not compared yet');
  store.clockMeasured(T, T + 5_000, T); // the hub's clock is 5 s ahead

  store.receive(update({ timestamp: T + 5_000, receivedAt: T + 5_400 }), T + 500);
  store.receive(update({ timestamp: T + 5_000, receivedAt: T + 5_450 }), T + 500);
  store.painted(T + 520);
  assert.deepEqual([store.lagFromExchange.mean, store.lagFromHub.mean, store.lagFromHub.count], [520, 70, 1], 'the newest of a frame');

  store.receive(update({ timestamp: T + 6_000 }), T + 900, false);
  store.receive(update({ timestamp: T + 7_000, source: 'rest' }), T + 900);
  store.receive(update({ timestamp: T + 7_000, source: 'rest', freshness: 'stale' }), T + 900);
  answerSubscription(store, ['MSFT'], true);
  store.subscribed(T);
  answerSubscription(store, ['AAPL', 'MSFT'], true);
  store.receive(update({ symbol: 'MSFT', timestamp: T + 8_000 }), T + 900);
  store.painted(T + 1_000);
  assert.equal(store.lagFromHub.count, 1);
  store.receive(update({ symbol: 'MSFT', timestamp: T + 8_000, receivedAt: T + 8_500 }), T + 900);
  store.painted(T + 1_000);
  assert.equal(store.lagFromHub.count, 2, 'after the snapshot comes news');

  store.receive(update({ symbol: 'MSFT', timestamp: T + 60_000, precision: 'minute', receivedAt: T + 60_500 }), T + 900);
  store.painted(T + 1_000);
  store.receive(update({ symbol: 'MSFT', timestamp: null, precision: null, receivedAt: T + 60_600 }), T + 900);
  store.painted(T + 1_000);
  assert.deepEqual([store.lagFromExchange.count, store.lagFromHub.count], [2, 4], 'from the exchange only where it tells the second');
});

test('a price without a time, and one in extended hours', options, () => {
  const store = connected('AAPL');
  store.receive(update({ timestamp: null, precision: null, session: 'extended' }), T);
  assert.equal(word(store), 'Extended');
  store.receive(update({ timestamp: null, precision: null, freshness: 'stale', staleSince: null }), T);
  assert.equal(word(store), 'Stale');
});

test('while disconnected a price is called the last known one, one that REST confirmed is REST’s, and stale 60 s later', options, () => {
  const store = connected('AAPL');
  store.heard(T);
  store.receive(update(), T);
  assert.equal(word(store), 'Live');
  assert.equal(word(store, T + 3_600_000), 'Live', 'connected, the hub says when a quote is stale');
  store.setLink({ state: 'disconnected' });
  assert.equal(word(store, T + 1_000), 'Last known');
  assert.equal(word(store, T + 60_000), 'Last known', 'worse than stale: nobody may confirm it');
  const message = update({ receivedAt: T + 61_000, timestamp: T + 61_000 });
  assert.equal(message.event, 'price_update');
  if (message.event !== 'price_update') return;
  store.receiveQuotes({ simulated: false, feed: null, quotes: [message.quote], tracked: [] }, T + 62_000);
  assert.equal(word(store, T + 63_000), 'REST');
  assert.equal(word(store, T + 122_000), 'Stale');
  store.restFailed('no answer', T + 123_000);
  assert.equal(word(store, T + 124_000), 'Last known');
});

test('a simulated price is never called live, and the state of a symbol is said with its reason', options, () => {
  const store = connected('AAPL', 'SPY');
  store.receive(update({ simulated: true, source: 'simulated' }), T);
  assert.equal(word(store), 'SIM');
  store.receive(update({ simulated: true, source: 'restored', session: 'closed' }), T);
  assert.equal(word(store), 'SIM Restored');
  const success = [{ symbol: 'SPY', state: /** @type {const} */ ('unavailable'), reason: 'not in this plan', needsPlan: null, retryAt: null, hasQuote: false }];
  store.receive({ event: 'subscribe-status', success, fails: [] }, T);
  assert.equal(word(store, T, 'SPY'), 'Unavailable');
  assert.equal(store.rows.get('SPY')?.reason, 'not in this plan');
  assert.ok(lines(store).includes('🚫 SPY unavailable: not in this plan'));
});

test('a symbol that the hub does not accept stays on the board with the reason, and is not counted', options, () => {
  const store = connected('AAPL', '$$$');
  store.receive({ event: 'subscribe-status', success: [], fails: [{ symbol: '$$$', reason: 'not a symbol' }] }, T);
  assert.equal(word(store, T, '$$$'), 'Not a symbol');
  assert.equal(store.tracked, 1);
});

test('a symbol that is refused later keeps its place, its last price and the reason, and is not called live', options, () => {
  const store = connected('AAPL', 'MSFT', 'NVDA');
  store.receive(update({ symbol: 'MSFT' }), T);
  store.receive({ event: 'subscribe-status', success: [], fails: [{ symbol: 'MSFT', reason: 'given to another viewer' }] }, T);
  assert.deepEqual([...store.rows.keys()], ['AAPL', 'MSFT', 'NVDA']);
  assert.deepEqual([word(store, T, 'MSFT'), price(store, 'MSFT')], ['Not a symbol', 235.5]);
  assert.equal(store.rows.get('MSFT')?.reason, 'given to another viewer');
  assert.ok(lines(store).includes('❌ MSFT not accepted: given to another viewer'));
  store.setLink({ state: 'disconnected' });
  store.setLink({ state: 'connected' });
  store.subscribed(T);
  assert.equal(word(store, T, 'MSFT'), 'Not a symbol', 'until the hub says otherwise');
  answerSubscription(store, ['MSFT'], false);
  assert.equal(word(store, T, 'MSFT'), 'Live');
});

test('what is too long for a symbol is refused without asking the hub', options, () => {
  const store = connected();
  store.track(['AAPL', 'W'.repeat(10_000)]);
  const [, long] = [...store.rows.values()];
  assert.deepEqual([long?.state, long?.reason], ['rejected', 'not a symbol: it has 10,000 characters']);
  assert.equal(store.tracked, 1);
});

test('a streaming symbol whose last price was discarded says why', options, () => {
  const store = connected('AAPL');
  const told = (/** @type {string | null} */ reason) => store.receive({
    event: 'subscribe-status', success: [{ symbol: 'AAPL', state: 'streaming', reason, needsPlan: null, retryAt: null, hasQuote: true }], fails: [],
  }, T);
  const before = lines(store).length;
  told('the last price was discarded: it is not above zero');
  told('the last price was discarded: it is not above zero');
  told(null);
  assert.deepEqual(lines(store).slice(before), ['⚠️ AAPL: the last price was discarded: it is not above zero']);
});

test('symbols are found in any case and once, and with an exchange they are others than without', options, () => {
  const store = connected('ry:tsx', 'RY', 'ry', 'aapl');
  answerSubscription(store, ['RY:TSX', 'RY', 'AAPL'], false);
  assert.deepEqual([...store.rows.values()].map((row) => row.name), ['RY:TSX', 'RY', 'AAPL'], 'as the hub writes them');
  assert.deepEqual([...store.rows.keys()], ['RY:TSX', 'RY', 'AAPL']);
  store.receive(update({ symbol: 'RY:TSX', exchange: 'TSX', price: 180 }), T);
  store.receive(update({ symbol: 'RY', exchange: 'NYSE', price: 130 }), T);
  assert.deepEqual([price(store, 'RY:TSX'), price(store, 'RY')], [180, 130]);
  store.receive(update({ symbol: 'TSLA' }), T); // never asked for
  assert.equal(store.rows.size, 3);
});

test('what changed is told once', options, () => {
  let calls = 0;
  const store = new Store(() => { calls += 1; });
  store.track(['AAPL', 'MSFT']);
  store.takeChanges();
  calls = 0;
  store.receive(update(), T);
  assert.ok(calls > 0);
  assert.deepEqual([...store.takeChanges().rows], ['AAPL']);
  assert.deepEqual([...store.takeChanges().topics], []);
});

test('a page that comes back is told what it missed', options, () => {
  const store = connected('AAPL');
  const before = store.log.all.length;
  const lines = () => store.log.all.slice(before).map((line) => line.text);
  store.receive({ event: 'snapshot', resumes: false, recovered: false, missed: 0, changed: 1 }, T);
  assert.deepEqual(lines(), [], 'the first picture is no news');
  store.receive({ event: 'snapshot', resumes: true, recovered: true, missed: 0, changed: 0 }, T);
  store.receive({ event: 'snapshot', resumes: true, recovered: true, missed: 23, changed: 1 }, T);
  store.receive({ event: 'snapshot', resumes: true, recovered: false, missed: 0, changed: 8 }, T);
  assert.deepEqual(lines(), [
    '🔁 Resumed: nothing was missed',
    '🔁 Resumed: 23 updates missed, 1 symbol brought up to date',
    '🆕 Began anew: the hub does not know where this page was, so updates in between were missed',
  ]);
});

test('closes are kept by the minute, those of an hour, and none of another market', options, () => {
  const store = connected('AAPL');
  const spark = () => store.rows.get('AAPL')?.spark;
  /** @param {number} minute @param {number} close */
  const bar = (minute, close) => store.receive({ event: 'bar', symbol: 'AAPL', bar: { at: minute * 60_000, open: 1, high: 9, low: 1, close, volume: null } }, T);
  store.receive(update(), T);
  bar(5, 1.5);
  assert.deepEqual(spark(), { end: 300_000, values: [1.5] }, 'the first of a symbol without closes');
  store.receive({ event: 'spark', symbol: 'AAPL', spark: { end: 300_000, values: [1, 2, null] } }, T);
  bar(7, 4);
  bar(5, 3);
  bar(-9, 9);
  assert.deepEqual(spark(), { end: 420_000, values: [1, 2, 3, null, 4] });
  bar(64, 5);
  assert.deepEqual([spark()?.values.length, spark()?.values[0], spark()?.values.at(-1)], [60, 3, 5]);
  bar(124, 6);
  assert.deepEqual(spark(), { end: 124 * 60_000, values: [6] });
  store.receive(update({ simulated: true }), T);
  assert.equal(spark(), null);
});
