import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedFrame, parseBar, parseFrame, parseQuotes, parseSpark } from '../../../public/app/link/wire.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const UPDATE = {
  event: 'price_update', symbol: 'BTC/USD', price: 95500.0, percent_change: 0.25, timestamp: '2026-01-19T14:32:17.000Z',
  exchange: 'Binance', bid: 95499.5, ask: 95500.5, day_volume: 49153, previous_close: 95261.85,
  received_at: '2026-01-19T14:32:17.123Z', source: 'live', simulated: false, session: 'open', freshness: 'fresh', stale_since: null,
};

test('a price of the protocol document', options, () => {
  const message = parseFrame(JSON.stringify(UPDATE));
  assert.deepEqual(message, {
    event: 'price_update',
    quote: {
      symbol: 'BTC/USD', exchange: 'Binance', price: 95500, percentChange: 0.25, bid: 95499.5, ask: 95500.5, dayVolume: 49153,
      previousClose: 95261.85, timestamp: Date.UTC(2026, 0, 19, 14, 32, 17), receivedAt: Date.UTC(2026, 0, 19, 14, 32, 17, 123),
      source: 'live', simulated: false, session: 'open', freshness: 'fresh', staleSince: null,
      ...UNKNOWN, precision: 'second',
    },
  });
});

/** @param {Record<string, unknown>} fields */
function parsed(fields) {
  const message = parseFrame(JSON.stringify({ ...UPDATE, ...fields }));
  assert.equal(message.event, 'price_update');
  return /** @type {Extract<typeof message, { event: 'price_update' }>} */ (message).quote;
}

test('what is known of the instrument', options, () => {
  const { currency, type, kind, micCode, decimals, session, closesAt } = parsed({
    currency: 'GBp', type: 'ETF', kind: 'etf', mic_code: 'XLON', decimals: 12, session: 'extended', closes_at: '2026-01-19T16:30:00.000Z',
  });
  assert.deepEqual([currency, type, kind, micCode, decimals, session], ['GBp', 'ETF', 'etf', 'XLON', 12, 'extended']);
  assert.equal(closesAt, Date.UTC(2026, 0, 19, 16, 30));
  for (const odd of ['Common Stock', 'bond', 7]) assert.equal(parsed({ kind: odd }).kind, null, 'an older hub, or a later one');
  for (const odd of [-1, 13, 2.5, '2', null]) assert.equal(parsed({ decimals: odd }).decimals, null, String(odd));
});

test('a time may be missing, or not exact', options, () => {
  assert.deepEqual([parsed({ timestamp: null }).timestamp, parsed({ timestamp: null, timestamp_precision: 'second' }).precision], [null, null]);
  assert.deepEqual(['second', 'minute', 'day', null, 'era', undefined].map((named) => parsed({ timestamp_precision: named }).precision),
    ['second', 'minute', 'day', null, null, 'second'], 'a hub that names none knows seconds');
});

test('what is not known stays null, and an unknown source is not called live', options, () => {
  const message = parseFrame(JSON.stringify({ ...UPDATE, percent_change: undefined, bid: undefined, source: 'rumour', session: 'lunch' }));
  assert.equal(message.event, 'price_update');
  if (message.event !== 'price_update') return;
  assert.deepEqual([message.quote.percentChange, message.quote.bid, message.quote.source, message.quote.session], [null, null, 'restored', 'unknown']);
});

test('frames that do not fit are refused, with a sentence', options, () => {
  const bad = [
    '', '{', '[]', 'null', '7', new ArrayBuffer(2),
    JSON.stringify({ ...UPDATE, price: '95500' }), JSON.stringify({ ...UPDATE, price: null }), JSON.stringify({ ...UPDATE, symbol: 7 }),
    JSON.stringify({ ...UPDATE, timestamp: 'yesterday', received_at: null }),
    JSON.stringify({ event: 'feed', state: 'dreaming' }), JSON.stringify({ event: 'time', id: 'x', time: '2026-01-19T14:32:17Z' }),
    JSON.stringify({ event: 'subscribe-status', success: [null], fails: [] }),
  ];
  for (const frame of bad) assert.throws(() => parseFrame(frame), MalformedFrame, String(frame));
});

test('closes and bars are whole, or they are none', options, () => {
  const spark = { step: 60, end: 1_768_833_060, values: [null, 100, null, -1] };
  assert.deepEqual(parseSpark(spark, 100), { end: 1_768_833_060_000, values: [null, 1, null, 0.99] });
  for (const odd of [{ step: 1 }, { end: null }, { end: 1e300 }, { values: 7 }, { values: [] }, { values: [0.5] }, { values: Array(61).fill(1) }]) {
    assert.equal(parseSpark({ ...spark, ...odd }, 100), null, JSON.stringify(odd));
  }
  for (const bar of [7, [], [0, 60, 1, 2, 1, 1], [0, 60, 1, 2, 1, '1', null], [0, 1e300, 1, 2, 1, 1, null]]) {
    assert.throws(() => parseBar(bar), MalformedFrame, JSON.stringify(bar));
  }
});

test('pong, and events of a later version, are no error', options, () => {
  assert.deepEqual(parseFrame('pong'), { event: 'pong' });
  assert.deepEqual(parseFrame('{"event":"candle","symbol":"AAPL"}'), { event: 'other' });
});

test('the REST answer: quotes with a price, and the state of every symbol', options, () => {
  const answer = parseQuotes({
    ok: true, simulated: true, time: '2026-01-19T14:32:18Z', feed: { state: 'live', since: '2026-01-19T14:30:00Z', reason: 'ticks' },
    quotes: [
      { ...UPDATE, event: undefined, state: 'streaming', reason: null },
      { symbol: 'SPY', price: null, state: 'unavailable', reason: 'not in this plan' },
    ],
  });
  assert.equal(answer.simulated, true);
  assert.equal(answer.feed?.state, 'live');
  assert.deepEqual(answer.quotes.map((entry) => entry.symbol), ['BTC/USD']);
  assert.deepEqual(answer.tracked.map((entry) => [entry.symbol, entry.state]), [['BTC/USD', 'streaming'], ['SPY', 'unavailable']]);
  assert.throws(() => parseQuotes(null), MalformedFrame);
});

test('who may use the hub: as the greeting says, and nothing where it says nothing that is known', options, () => {
  const greeted = (/** @type {unknown} */ access) => /** @type {any} */ (parseFrame(JSON.stringify({ event: 'connected', version: '1', access }))).access;
  assert.deepEqual(greeted({ mode: 'required', principal: 'alice', expires: '2026-01-19T15:00:00.000Z' }), { mode: 'required', principal: 'alice', expires: Date.UTC(2026, 0, 19, 15) });
  assert.deepEqual(greeted({ mode: 'open', principal: null, expires: null }), { mode: 'open', principal: null, expires: null });
  assert.deepEqual(greeted({ mode: 'open', principal: 7, expires: 'soon' }), { mode: 'open', principal: null, expires: null });
  for (const access of [undefined, null, 'open', [], { mode: 'closed' }]) assert.equal(greeted(access), null);
});

test('the server’s name is a text, or there is none', options, () => {
  const greeted = (/** @type {unknown} */ server) => /** @type {any} */ (parseFrame(JSON.stringify({ event: 'connected', version: '1', server }))).server;
  assert.deepEqual(['weur/0', 7, null, undefined].map(greeted), ['weur/0', null, null, null]);
});
