import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRow } from '../../../public/app/model/quotes.js';
import { RANK_EVERY_MS, Ranking, carriedOver, rank, sortingValue, spreadOf, within } from '../../../public/app/model/sorting.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const T = Date.UTC(2026, 0, 19, 14, 32, 15);

/** @type {import('../../../public/app/link/wire.js').Quote} */
const QUOTE = {
  ...UNKNOWN, symbol: 'AAPL', exchange: 'NASDAQ', price: 110, percentChange: 10, bid: 109, ask: 111, dayVolume: 300, previousClose: 100, timestamp: T,
  precision: 'second', receivedAt: T + 120, source: 'live', simulated: false, session: 'open', freshness: 'fresh', staleSince: null,
};
/** @type {import('../../../public/app/model/truth.js').Circumstances} */
const CONNECTED = { link: { state: 'connected', since: T, reason: '', retryAt: null, heardAt: T, signIn: null }, feed: null, rest: 'none', offset: 0 };

/** @param {Record<string, number | string | null>} values */
const from = (values) => (/** @type {string} */ key) => values[key] ?? null;

test('unknown values are last in both directions, ties are in own order', options, () => {
  const values = from({ A: 1, B: null, C: 3, D: 1, E: NaN });
  assert.equal(rank(['A', 'B', 'C', 'D', 'E'], values, true).join(''), 'CADBE');
  assert.equal(rank(['A', 'B', 'C', 'D', 'E'], values, false).join(''), 'ADCBE');
});

test('an order is kept for five seconds, and as long as somebody is inside', options, () => {
  const ranking = new Ranking();
  const keys = ['A', 'B'];
  let values = from({ A: 1, B: 2 });
  const look = (/** @type {number} */ now, inside = false, asked = false) => (
    ranking.update({ id: 'list pct', keys, valueOf: (key) => values(key), descending: true }, now, { inside, asked }).join('')
  );
  assert.equal(look(T), 'BA');
  values = from({ A: 3, B: 2 });
  assert.equal(look(T + RANK_EVERY_MS - 1), 'BA', 'too early');
  assert.equal(ranking.isOld, false);
  assert.equal(look(T + 12_000, true), 'BA', 'somebody is inside');
  assert.equal(ranking.isOld, true);
  assert.equal(ranking.ageAt(T + 12_000), 12_000);
  assert.equal(look(T + 12_000, true, true), 'AB', 'asked for');
  assert.equal(ranking.isOld, false);
  values = from({ A: 1, B: 2 });
  assert.equal(look(T + 12_000 + RANK_EVERY_MS), 'BA', 'nobody is inside');
});

test('an order that would be the same is not called old', options, () => {
  const ranking = new Ranking();
  const sorting = { id: 'x', keys: ['A', 'B'], valueOf: from({ A: 1, B: 2 }), descending: true };
  ranking.update(sorting, T, { inside: true, asked: false });
  const before = ranking.keys;
  assert.equal(ranking.update(sorting, T + 60_000, { inside: true, asked: false }), before, 'the same array');
  assert.equal(ranking.isOld, false);
});

test('another column is ranked at once; the first values are waited for', options, () => {
  const ranking = new Ranking();
  const inside = { inside: true, asked: false };
  const keys = ['A', 'B'];
  assert.equal(ranking.update({ id: '1', keys, valueOf: from({}), descending: true }, T, inside).join(''), 'AB');
  assert.equal(ranking.update({ id: '1', keys, valueOf: from({ A: 1, B: 2 }), descending: true }, T + 100, inside).join(''), 'BA');
  assert.equal(ranking.update({ id: '2', keys, valueOf: from({ A: 1, B: 2 }), descending: false }, T + 200, inside).join(''), 'AB');
});

test('symbols that come and go do not shuffle the others', options, () => {
  assert.deepEqual(carriedOver(['C', 'A', 'B'], ['A', 'B', 'C', 'D']), ['C', 'A', 'B', 'D']);
  const ranking = new Ranking();
  const inside = { inside: true, asked: false };
  const values = from({ A: 1, B: 2, C: 3, D: 9 });
  ranking.update({ id: '1', keys: ['A', 'B', 'C'], valueOf: values, descending: true }, T, inside);
  assert.equal(ranking.update({ id: '1', keys: ['A', 'C', 'D'], valueOf: values, descending: true }, T + 1, inside).join(''), 'CAD');
});

test('every column has its value', options, () => {
  const row = { ...newRow('AAPL'), state: /** @type {const} */ ('streaming'), quote: { ...QUOTE, low: 100, high: 120, yearLow: 60, yearHigh: 160, averageVolume: 200, open: 101, name: 'Apple Inc.', currency: 'USD' } };
  row.spark = { end: T, values: [null, 100, 105] };
  const value = (/** @type {string} */ column) => sortingValue(column, row, CONNECTED, T);
  const expected = {
    symbol: 'AAPL', last: 110, pct: 10, change: 10, spark: 10, bid: 109, ask: 111, range: 0.5, volume: 300, spread: 2, bp: (2 / 110) * 10_000, open: 101,
    previous: 100, year: 0.5, average: 200, relative: 1.5, time: T, lag: 120, name: 'APPLE INC.', currency: 'USD',
  };
  for (const [column, wanted] of Object.entries(expected)) assert.equal(value(column), wanted, column);
  assert.equal(value('nonsense'), null);
  const empty = newRow('NEW');
  for (const column of Object.keys(expected)) if (column !== 'symbol') assert.equal(sortingValue(column, empty, CONNECTED, T), null, column);
});

test('sorted by source, what is live is first', options, () => {
  const live = { ...newRow('A'), state: /** @type {const} */ ('streaming'), quote: QUOTE };
  const closed = { ...live, quote: { ...QUOTE, session: /** @type {const} */ ('closed') } };
  const keys = rank(['W', 'C', 'L'], (key) => sortingValue('source', { W: newRow('W'), C: closed, L: live }[key] ?? live, CONNECTED, T), true);
  assert.equal(keys.join(''), 'LCW');
});

test('a place in a range needs both bounds; a crossed market has a negative spread', options, () => {
  assert.equal(within(5, null, 10), null);
  assert.equal(within(5, 10, 1), null);
  assert.equal(within(5, 5, 5), 0.5);
  assert.equal(within(50, 0, 10), 1);
  assert.equal(spreadOf({ ...QUOTE, bid: 3, ask: 2 })?.absolute, -1);
  assert.equal(spreadOf({ ...QUOTE, bid: null }), null);
});
