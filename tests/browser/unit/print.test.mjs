import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from '../../../public/app/model/desk.js';
import { printed } from '../../../public/app/model/print.js';
import { Store } from '../../../public/app/model/store.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const NOW = Date.parse('2026-01-19T14:32:15Z');

/** @param {Record<string, Record<string, unknown>>} quotes  by symbol */
function desk(quotes) {
  const store = new Store();
  const symbols = Object.keys(quotes);
  store.track(symbols);
  store.setLink({ state: 'connected', heardAt: NOW });
  for (const [symbol, fields] of Object.entries(quotes)) {
    const quote = /** @type {any} */ ({
      ...UNKNOWN, symbol, exchange: 'NASDAQ', price: 265.5, percentChange: -0.5, bid: null, ask: null, dayVolume: null, previousClose: 266,
      timestamp: NOW - 2_000, precision: 'second', receivedAt: NOW - 1_000, source: 'live', simulated: false, session: 'open', freshness: 'fresh',
      staleSince: null, ...fields,
    });
    if ('price' in fields && fields['price'] === null) continue;
    store.receive({ event: 'price_update', quote }, NOW);
  }
  return { store, desk: new Desk({ lists: [{ id: 'default', name: 'Default', items: symbols.map((symbol) => ({ symbol })) }] }) };
}

test('a row has everything that is known, and a dash for what is not', options, () => {
  const { store, desk: arranged } = desk({ AAPL: { bid: 265.4, dayVolume: 49_153 }, MSFT: { price: null } });
  const { rows, title } = printed(store, arranged, NOW, 'UTC');
  assert.equal(title, 'Default: 2 symbols');
  assert.deepEqual(rows[0], {
    symbol: 'AAPL', venue: 'NASDAQ', last: '265.50', percent: '▼ -0.50%', change: '-0.50', bid: '265.40', ask: '—', volume: '49,153',
    source: 'Live 2 s', time: 'Jan 19, 2026, 14:32:13',
  });
  assert.deepEqual([rows[1]?.last, rows[1]?.percent, rows[1]?.time, rows[1]?.source], ['—', '—', '—', 'Waiting']);
});

test('times are in one zone, which is named', options, () => {
  const { store, desk: arranged } = desk({ AAPL: {} });
  const paper = printed(store, arranged, NOW, 'Asia/Tokyo');
  assert.equal(paper.printed, 'Printed Jan 19, 2026, 23:32:15. All times are Asia/Tokyo.');
  assert.equal(paper.rows[0]?.time, 'Jan 19, 2026, 23:32:13');
});

test('what is simulated is said on top, and of every such row', options, () => {
  const all = desk({ AAPL: { simulated: true, source: 'simulated' } });
  assert.equal(printed(all.store, all.desk, NOW, 'UTC').simulated, 'SIMULATED. No market is behind these prices.');
  const some = desk({ AAPL: { simulated: true, source: 'simulated' }, MSFT: {} });
  const { simulated, rows } = printed(some.store, some.desk, NOW, 'UTC');
  assert.match(String(simulated), /^1 of 2 SIMULATED/);
  assert.deepEqual(rows.map(({ source }) => source), ['SIM 2 s', 'Live 2 s']);
  const none = desk({ AAPL: {} });
  assert.equal(printed(none.store, none.desk, NOW, 'UTC').simulated, null);
});

test('a list that is printed while the page is cut off says so', options, () => {
  const { store, desk: arranged } = desk({ AAPL: {} });
  store.setLink({ state: 'disconnected', since: NOW, reason: 'gone', retryAt: null });
  const { trouble, rows } = printed(store, arranged, NOW, 'UTC');
  assert.match(String(trouble), /cut off/);
  assert.equal(rows[0]?.source, 'Last known 2 s');
});
