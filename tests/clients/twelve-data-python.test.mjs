/**
 * Twelve Data's official Python SDK, and Python's common WebSocket libraries, on the hub's Twelve
 * Data dialect. Only the address is changed: for REST by `base_url`, for the WebSocket by setting
 * `url`, because the SDK has no option for it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Script } from './support/clients.mjs';
import { Server, isReference } from './support/server.mjs';
import { UNKNOWN } from './support/symbols.mjs';
import { pause } from './support/wait.mjs';

/** @typedef {import('./support/clients.mjs').Event} Event */

const TIMEOUT = { timeout: 60_000 };
/** @type {Server} */
let server;

before(async () => void (server = await Server.start()));
after(() => server.stop());

/** @param {string} symbol */
const isPrice = (symbol) => (/** @type {Event} */ event) => event['event'] === 'price' && event['symbol'] === symbol;
const isStatus = (/** @type {Event} */ { event }) => event === 'subscribe-status';
/** @param {string} name */
const called = (name) => (/** @type {Event} */ event) => event['called'] === name;
const symbolsOf = (/** @type {{ symbol: string }[] | null} */ list) => (list ?? []).map(({ symbol }) => symbol).sort();

test('the official Python SDK subscribes and receives prices', TIMEOUT, async (context) => {
  const script = new Script(context, 'twelve_data_stream', server.url, server.stream, 'AAPL', 'eur/usd', UNKNOWN);
  const status = await script.until('a subscribe-status', isStatus);
  assert.equal(status['status'], 'ok');
  assert.deepEqual(symbolsOf(status['success']), ['AAPL', 'EUR/USD']);
  assert.deepEqual(symbolsOf(status['fails']), [UNKNOWN]);
  const stock = await script.until('a price of AAPL', isPrice('AAPL'));
  assert.equal(typeof stock['price'], 'number');
  assert.ok(stock['price'] > 0);
  assert.equal(stock['exchange'], 'NASDAQ');
  assert.equal(stock['currency'], 'USD');
  assert.ok(Math.abs(stock['timestamp'] - Date.now() / 1_000) < 60, 'the timestamp is in seconds, and of now');
  // The names of a pair's currencies come with the stream's first price, and the first may be REST's.
  const isNamed = (/** @type {Event} */ event) => isPrice('EUR/USD')(event) && 'currency_base' in event;
  const pair = await script.until('a price of EUR/USD with its currencies', isNamed);
  assert.equal(pair['currency_base'], 'Euro');
  assert.equal(pair['currency_quote'], 'US Dollar');
});

test('the official Python SDK adds symbols, unsubscribes, resets and beats', TIMEOUT, async (context) => {
  const script = new Script(context, 'twelve_data_stream', server.url, server.stream, 'AAPL');
  await script.until('a price of AAPL', isPrice('AAPL'));

  script.say({ call: 'subscribe', arguments: [['BTC/USD']] });
  await script.until('a price of BTC/USD', isPrice('BTC/USD'));

  script.say({ call: 'unsubscribe', arguments: [['AAPL']] });
  await script.until('that unsubscribe was called', called('unsubscribe'));
  await pause(1_000);
  let from = script.heard.length;
  await script.until('BTC/USD after the end of AAPL', isPrice('BTC/USD'), from);
  await pause(2_000);
  assert.ok(!script.heard.slice(from).some(isPrice('AAPL')), 'AAPL after unsubscribe');

  script.say({ call: 'heartbeat' });
  const beat = await script.until('the answer to a heartbeat', ({ event }) => event === 'heartbeat', from);
  assert.equal(beat['status'], 'ok');

  script.say({ call: 'reset' });
  await script.until('that reset was called', called('reset'));
  await pause(1_000);
  from = script.heard.length;
  await pause(3_000);
  assert.deepEqual(script.heard.slice(from).filter(({ event }) => event === 'price'), [], 'a price after reset');

  script.say({ call: 'subscribe', arguments: [['MSFT']] });
  await script.until('a price after reset and subscribe', isPrice('MSFT'), from);
});

test('the official Python SDK comes back by itself after a restart of the server', { timeout: 90_000 }, async (context) => {
  const own = await Server.start();
  context.after(() => own.stop());
  const script = new Script(context, 'twelve_data_stream', own.url, own.stream, 'AAPL');
  await script.until('a price of AAPL', isPrice('AAPL'));
  await own.restart();
  const from = script.heard.length;
  await script.until('a subscribe-status after the restart', isStatus, from);
  await script.until('a price after the restart', isPrice('AAPL'), from);
});

test('the official Python SDK gets price, quote, time_series, symbol_search and api_usage, as JSON, pandas and CSV', TIMEOUT, async (context) => {
  const script = new Script(context, 'twelve_data_rest', server.url, UNKNOWN);
  const told = new Map((await script.end()).map(({ call, value }) => [call, value]));
  const close = Number(told.get('price').price);
  assert.ok(close > 0, 'a price');
  assert.deepEqual(Object.keys(told.get('prices')), ['MSFT', 'AAPL'], 'in the order asked');

  const quote = told.get('quote');
  assert.equal(quote.symbol, 'AAPL');
  for (const field of ['open', 'high', 'low', 'close', 'previous_close', 'change', 'percent_change']) {
    assert.equal(typeof quote[field], 'string', `${field} is a string, as Twelve Data's numbers are`);
    assert.ok(Number.isFinite(Number(quote[field])), field);
  }
  assert.equal(typeof quote.is_market_open, 'boolean');
  assert.equal(told.get('quotes')['EUR/USD'].symbol, 'EUR/USD');
  assert.equal(told.get('quotes')[UNKNOWN].status, 'error');
  assert.ok(told.get('quotes')[UNKNOWN].message.includes(UNKNOWN), 'names the symbol that is unknown');

  const series = told.get('series');
  assert.equal(series.length, 5);
  assert.equal(Object.keys(series[0])[0], 'datetime', 'the SDK takes the first field of a row for its time');
  assert.ok(series[0].datetime > series[1].datetime, 'the newest row comes first');
  for (const call of ['series as pandas', 'AAPL of two as pandas']) {
    const frame = told.get(call);
    assert.match(frame.first, /^\d{4}-\d\d-\d\d \d\d:\d\d:00$/, `${call}: rows go by their time`);
    assert.equal(frame.length, 5, call);
    assert.deepEqual(frame.columns, ['open', 'high', 'low', 'close', 'volume'], call);
    assert.ok(frame.closes.every((/** @type {number} */ value) => Math.abs(value / close - 1) < 0.2), `${call}: closes near the price`);
  }
  assert.match(told.get('series as pandas').index, /^datetime64/);
  const [head, ...rows] = told.get('series as CSV');
  // A table has no other place to say that its prices are simulated.
  assert.deepEqual(head, ['datetime', 'open', 'high', 'low', 'close', 'volume', ...(isReference ? [] : ['simulated'])]);
  assert.equal(rows.length, 5);
  assert.ok(told.get('quote as CSV')[0].includes('percent_change'));

  assert.equal(told.get('search')[0].symbol, 'AAPL');
  const { current_usage: used, plan_limit: limit } = told.get('usage');
  assert.ok(used >= 0 && limit > 0, JSON.stringify(told.get('usage')));
});

test('the official Python SDK raises its own errors, with a reason', TIMEOUT, async (context) => {
  const script = new Script(context, 'twelve_data_rest', server.url, UNKNOWN);
  const told = new Map((await script.end()).map(({ call, value }) => [call, value]));
  const symbol = told.get('unknown symbol');
  assert.equal(symbol.error, 'TwelveDataError');
  assert.match(symbol.message, /symbol/);
  const interval = told.get('unknown interval');
  assert.equal(interval.error, 'BadRequestError');
  assert.match(interval.message, /interval/);
  const absent = told.get('what the hub does not have');
  assert.match(String(absent.error), /^(TwelveData|BadRequest)Error$/);
  assert.ok(absent.message.includes(' '), 'says what is wrong');
});

test('websocket-client and websockets speak Twelve Data\'s protocol', TIMEOUT, async (context) => {
  const script = new Script(context, 'websocket_client', `${server.stream}?apikey=any`);
  const told = await script.end();
  assert.deepEqual(told.map(({ library }) => library), ['websocket-client', 'websockets']);
  for (const { library, prices } of told) assert.ok(prices.length >= 2 && prices.every((/** @type {number} */ price) => price > 0), `${library}: ${prices}`);
});
