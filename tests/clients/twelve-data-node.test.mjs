/**
 * Twelve Data's official Node SDK and plain `ws` on the hub's Twelve Data dialect. The SDK takes the
 * addresses as options.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { load } from './support/clients.mjs';
import { Server } from './support/server.mjs';
import { UNKNOWN } from './support/symbols.mjs';
import { eventually, pause } from './support/wait.mjs';

const { AdvancedApi, BadRequestError, CreateConfig, MarketDataApi, NotFoundError, ReferenceDataApi, TwelvedataApiError, TwelvedataWebSocketClient } = load('@twelvedata/twelvedata-node');

const TIMEOUT = { timeout: 60_000 };
/** @type {Server} */
let server;

before(async () => void (server = await Server.start()));
after(() => server.stop());

/**
 * A connected client of the SDK that keeps what it hears.
 * @param {import('node:test').TestContext} context
 * @param {string} url
 * @param {Record<string, unknown>} options
 */
async function connected(context, url, options = {}) {
  const client = new TwelvedataWebSocketClient({ apiKey: 'any', url, ...options });
  /** @type {Record<string, any>[]} */
  const heard = [];
  for (const name of ['price', 'subscribe-status', 'heartbeat', 'message', 'reconnecting', 'reconnect', 'close', 'error']) {
    client.on(name, (/** @type {any} */ event) => heard.push({ name, event }));
  }
  context.after(() => client.disconnect());
  await client.connect();
  const until = async (/** @type {string} */ what, /** @type {(one: Record<string, any>) => boolean} */ wanted, from = 0) => {
    await eventually(() => `${what}; heard ${JSON.stringify(heard.slice(from)).slice(0, 2_000)}`, () => heard.slice(from).some(wanted));
    return heard.slice(from).find(wanted)?.['event'];
  };
  return { client, heard, until };
}

/** @param {string} symbol */
const isPrice = (symbol) => (/** @type {Record<string, any>} */ { name, event }) => name === 'price' && event.symbol === symbol;
/** @param {string} wanted */
const isCalled = (wanted) => (/** @type {Record<string, any>} */ { name }) => name === wanted;

test('the official Node SDK subscribes, unsubscribes, resets and beats', TIMEOUT, async (context) => {
  const { client, heard, until } = await connected(context, server.stream);
  client.subscribe(`AAPL,BTC/USD,${UNKNOWN}`);
  const status = await until('a subscribe-status', isCalled('subscribe-status'));
  assert.equal(status.status, 'ok');
  assert.deepEqual(status.success.map((/** @type {{ symbol: string }} */ { symbol }) => symbol).sort(), ['AAPL', 'BTC/USD']);
  assert.deepEqual(status.fails.map((/** @type {{ symbol: string }} */ { symbol }) => symbol), [UNKNOWN]);
  const price = await until('a price of AAPL', isPrice('AAPL'));
  assert.ok(price.price > 0 && Number.isInteger(price.timestamp), JSON.stringify(price));
  await until('a price of BTC/USD', isPrice('BTC/USD'));

  client.unsubscribe('AAPL');
  await pause(1_000);
  let from = heard.length;
  await pause(2_000);
  assert.ok(!heard.slice(from).some(isPrice('AAPL')), 'AAPL after unsubscribe');
  await until('BTC/USD goes on', isPrice('BTC/USD'), from);

  client.heartbeat();
  assert.equal((await until('the answer to a heartbeat', isCalled('heartbeat'))).status, 'ok');

  client.reset();
  await pause(1_000);
  from = heard.length;
  await pause(3_000);
  assert.deepEqual(heard.slice(from).filter(isCalled('price')), [], 'a price after reset');
});

test('the official Node SDK subscribes with objects that name an exchange', TIMEOUT, async (context) => {
  const { client, until } = await connected(context, server.stream);
  client.subscribe([{ symbol: 'AAPL', exchange: 'NASDAQ' }, { symbol: 'MSFT', mic_code: 'XNGS' }, 'ETH/USD']);
  const status = await until('a subscribe-status', isCalled('subscribe-status'));
  assert.deepEqual(status.success.map((/** @type {{ symbol: string }} */ { symbol }) => symbol).sort(), ['AAPL', 'ETH/USD', 'MSFT']);
  for (const symbol of ['AAPL', 'MSFT', 'ETH/USD']) await until(`a price of ${symbol}`, isPrice(symbol));
});

test('the official Node SDK keeps its connection by its own pings and heartbeats', TIMEOUT, async (context) => {
  const { client, heard, until } = await connected(context, server.stream, { heartbeatIntervalMs: 1_000, pingIntervalMs: 4_000, pingTimeoutMs: 3_000 });
  client.subscribe('AAPL');
  await until('a price', isPrice('AAPL'));
  await pause(9_000);
  assert.deepEqual(heard.filter(({ name }) => ['error', 'close', 'reconnecting'].includes(name)), []);
  assert.ok(heard.filter(isCalled('heartbeat')).length >= 3, 'an answer to each heartbeat');
});

test('the official Node SDK reconnects after a restart of the server, and replays its symbols', TIMEOUT, async (context) => {
  const own = await Server.start();
  context.after(() => own.stop());
  const { client, heard, until } = await connected(context, own.stream, { reconnect: { initialDelayMs: 100, maxDelayMs: 500, maxAttempts: 100 } });
  client.subscribe('AAPL,BTC/USD');
  await until('a price', isPrice('AAPL'));
  await own.restart();
  await until('reconnect', isCalled('reconnect'));
  const from = heard.findIndex(isCalled('reconnect'));
  for (const symbol of ['AAPL', 'BTC/USD']) await until(`${symbol} after the restart`, isPrice(symbol), from);
});

test('the official Node SDK gets price, quote, time_series, symbol_search, technical_indicators and api_usage', TIMEOUT, async () => {
  const config = CreateConfig('any', server.url);
  const [market, reference, advanced] = [new MarketDataApi(config), new ReferenceDataApi(config), new AdvancedApi(config)];
  const { price } = await market.getPrice({ symbol: 'AAPL' });
  assert.ok(Number(price) > 0, price);
  const quote = await market.getQuote({ symbol: 'EUR/USD' });
  assert.equal(quote.symbol, 'EUR/USD');
  assert.ok(Number(quote.close) > 0 && Number.isFinite(Number(quote.percentChange)), JSON.stringify(quote));
  const { meta, values } = await market.getTimeSeries({ symbol: 'AAPL', interval: '5min', outputsize: 3 });
  assert.deepEqual([meta.symbol, meta.interval, values.length], ['AAPL', '5min', 3]);
  assert.ok(values.every((/** @type {{ close: string }} */ { close }) => Math.abs(Number(close) / Number(price) - 1) < 0.2));
  const { data } = await reference.getSymbolSearch({ symbol: 'apple' });
  assert.equal(data[0].symbol, 'AAPL');
  assert.equal((await reference.getTechnicalIndicators()).status, 'ok');
  const usage = await advanced.getApiUsage();
  assert.ok(usage.planLimit > 0, JSON.stringify(usage));
});

test('the official Node SDK throws its own errors, with a reason', TIMEOUT, async () => {
  const market = new MarketDataApi(CreateConfig('any', server.url));
  const isTyped = (/** @type {Function} */ type, /** @type {number} */ code) => (/** @type {any} */ error) => {
    assert.ok(error instanceof type && error instanceof TwelvedataApiError, `${error}`);
    const { code: its, message } = /** @type {any} */ (error);
    assert.equal(its, code);
    assert.ok(message.includes(' '), message);
    return true;
  };
  await assert.rejects(market.getQuote({ symbol: UNKNOWN }), isTyped(NotFoundError, 404));
  await assert.rejects(market.getTimeSeries({ symbol: 'AAPL', interval: '7min' }), isTyped(BadRequestError, 400));
});

test('ws speaks Twelve Data\'s protocol; what it says wrong is answered and does not end the connection', TIMEOUT, async (context) => {
  const { WebSocket } = load('ws');
  const socket = new WebSocket(`${server.stream}?apikey=any`);
  context.after(() => socket.terminate());
  /** @type {Record<string, any>[]} */
  const heard = [];
  socket.on('message', (/** @type {Buffer} */ data) => heard.push(JSON.parse(data.toString())));
  await once(socket, 'open');
  socket.send('this is no JSON');
  socket.send(JSON.stringify({ action: 'dance' }));
  socket.send(JSON.stringify({ action: 'subscribe', params: { symbols: 'NVDA' } }));
  await eventually(() => `NVDA; heard ${JSON.stringify(heard)}`, () => heard.some(({ event, symbol }) => event === 'price' && symbol === 'NVDA'));
  const said = heard.findIndex(({ status }) => status === 'error');
  assert.ok(said >= 0, `an event with status "error": ${JSON.stringify(heard)}`);
  socket.ping('are you there');
  const [pong] = await once(socket, 'pong');
  assert.equal(pong.toString(), 'are you there');
  socket.close(1000);
  const [code] = await once(socket, 'close');
  assert.equal(code, 1000);
});
