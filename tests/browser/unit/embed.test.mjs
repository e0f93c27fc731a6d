import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { wishOf } from '../../../public/app/embed/address.js';
import { closesOf, curveOf } from '../../../public/app/embed/curve.js';
import { OneSymbol } from '../../../public/app/embed/one-symbol.js';
import { Store } from '../../../public/app/model/store.js';
import { truthOf } from '../../../public/app/model/truth.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };

test('an address says what to show; what is not known is as if it were left out', options, () => {
  assert.deepEqual(wishOf('?symbol=RY:TSX&theme=dark&chart=1d&updown=blind'), { symbol: 'RY:TSX', objection: null, theme: 'dark', updown: 'blind', chart: '1d' });
  assert.deepEqual(wishOf('?symbol=+AAPL+&theme=__proto__&chart=1y&updown='), { symbol: 'AAPL', objection: null, theme: 'auto', updown: 'west', chart: 'none' });
  assert.match(String(wishOf('').objection), /names no symbol/);
  assert.match(String(wishOf(`?symbol=${'W'.repeat(74)}`).objection), /74 characters/);
});

test('the line fills its box, and the previous close is drawn where it is inside', options, () => {
  assert.deepEqual(curveOf([10, 20, 15], 12), { d: 'M0 100L50 0L100 50', base: 80 });
  assert.deepEqual(curveOf([10, 20, 15], 30), { d: 'M0 100L50 0L100 50', base: null });
  assert.deepEqual(curveOf([5, 5], null), { d: 'M0 50L100 50', base: null });
});

test('a minute without a price interrupts the line', options, () => {
  assert.equal(curveOf([1, 2, null, 2, 1], null)?.d, 'M0 100L25 0M75 0L100 100');
  assert.equal(curveOf([null, 2, null], null), null);
  assert.equal(curveOf([], null), null);
});

test('bars become the closes of 24 hours, with a hole where bars are missing', options, () => {
  const bar = (/** @type {number} */ at, /** @type {number} */ close) => [at, 0, 0, 0, close, null, 0];
  const bars = [bar(0, 1), bar(100_000, 23_050), bar(100_300, 23_060), bar(120_000, 23_100)];
  assert.deepEqual(closesOf({ scale: 2, bars }), [230.5, 230.6, null, 231]);
  assert.deepEqual(closesOf({ scale: null, bars: [bar(0, 1.5)] }), [1.5]);
  for (const answer of [null, {}, { bars: 'many' }, { bars: [] }, { bars: [null, ['a', 0, 0, 0, 'b']] }]) assert.deepEqual(closesOf(answer), []);
});

test('the signs are those of the terminal', options, async () => {
  const read = (/** @type {string} */ name) => readFile(new URL(`../../../public/${name}`, import.meta.url), 'utf8');
  const symbols = (/** @type {string} */ html) => [...html.matchAll(/<symbol .*<\/symbol>/g)].map(String);
  const [embed, terminal] = await Promise.all([read('embed.html'), read('index.html')]);
  assert.ok(symbols(embed).length >= 13);
  for (const symbol of symbols(embed)) assert.ok(symbols(terminal).includes(symbol), symbol);
});

test('whatever the hub says, an embed says of its symbol what the terminal would say', options, () => {
  const now = Date.parse('2026-01-19T14:32:15Z');
  /** @param {Record<string, unknown>} fields @returns {any} */
  const price = (fields) => ({
    event: 'price_update',
    quote: {
      ...UNKNOWN, symbol: 'AAPL', exchange: 'NASDAQ', price: 100, percentChange: 1, bid: null, ask: null, dayVolume: null, previousClose: 99,
      timestamp: now, precision: 'second', receivedAt: now, source: 'live', simulated: false, session: 'open', freshness: 'fresh', staleSince: null, ...fields,
    },
  });
  /** @param {Record<string, unknown>} fields @returns {any} */
  const status = (fields) => ({ event: 'subscribe-status', success: [{ symbol: 'AAPL', state: 'streaming', reason: null, needsPlan: null, retryAt: null, hasQuote: true, ...fields }], fails: [] });
  /** @type {any[]} */
  const messages = [
    { event: 'connected', version: '1', simulated: false, time: now, feed: { state: 'live', since: now, reason: '' }, symbols: [] },
    status({}), price({}), price({ price: 101, timestamp: now + 1_000, receivedAt: now + 1_000 }), price({ price: 98, timestamp: now - 5_000 }),
    { event: 'spark', symbol: 'AAPL', spark: { end: now, values: [1, 2] } }, { event: 'bar', symbol: 'AAPL', bar: { at: now + 60_000, open: 1, high: 1, low: 1, close: 3, volume: null } },
    { event: 'feed', feed: { state: 'stalled', since: now, reason: 'mute' }, simulated: null }, { event: 'feed', feed: { state: 'live', since: now, reason: '' }, simulated: null },
    status({ state: 'polled', reason: 'too many' }), price({ freshness: 'stale', staleSince: now, timestamp: now - 9_000 }), price({ timestamp: now + 2_000, receivedAt: now + 2_000, session: 'closed' }),
    price({ simulated: true, source: 'simulated' }), status({ state: 'unavailable', reason: 'not served', needsPlan: 'Grow' }),
    { event: 'subscribe-status', success: [], fails: [{ symbol: 'AAPL', reason: 'taken away' }] },
  ];
  const one = new OneSymbol('AAPL');
  const store = new Store();
  store.track(['AAPL']);
  for (const part of [one, store]) {
    part.setLink({ state: 'connected', since: now });
    part.subscribed(now);
  }
  const levels = messages.map((message) => {
    const truths = [one, store].map((part) => {
      part.receive(message, now);
      const row = /** @type {import('../../../public/app/model/quotes.js').Row} */ (part.rows.get('AAPL'));
      return { truth: truthOf(row, part.circumstances, now + 3_000), price: row.quote?.price, spark: row.spark };
    });
    assert.deepEqual(truths[0], truths[1], JSON.stringify(message));
    return truths[0]?.truth.level;
  });
  assert.deepEqual([...new Set(levels)].sort(), ['closed', 'live', 'mute', 'not-accepted', 'rest', 'stale', 'unavailable', 'waiting']);
});
