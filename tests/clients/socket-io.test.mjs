/**
 * socket.io-client in three versions and with each choice of transports, on the hub's Socket.IO
 * dialect with the events of the original.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, isReference } from './support/server.mjs';
import { SocketIo, VERSIONS, assertOriginal } from './support/socket-io.mjs';
import { DEFAULT_SYMBOLS, OTHER, UNKNOWN } from './support/symbols.mjs';
import { eventually, pause, saysWhy } from './support/wait.mjs';

/** @typedef {import('./support/socket-io.mjs').Version} Version */

const TIMEOUT = { timeout: 60_000 };
/** Both pages of the original connect so. */
const AS_THE_PAGES = { transports: ['websocket', 'polling'], reconnection: true, reconnectionAttempts: 10 };
/** The events whose order the original's pages rely on; there may be others. */
const CONTRACT = ['connect', 'disconnect', 'connect_error', 'status', 'price_update'];

/** @type {Server} */
let server;
before(async () => void (server = await Server.start()));
after(() => server.stop());

const TRANSPORTS = /** @type {[string, Record<string, unknown>, string][]} */ ([
  ['default transports', {}, 'websocket'],
  ['WebSocket only', { transports: ['websocket'] }, 'websocket'],
  ['polling only', { transports: ['polling'] }, 'polling'],
]);

for (const version of /** @type {Version[]} */ (Object.keys(VERSIONS))) {
  for (const [called, options, transport] of TRANSPORTS) {
    test(`socket.io-client ${version} with ${called} connects, is told the status, and gets every default symbol unasked`, TIMEOUT, async (context) => {
      const client = new SocketIo(context, server.url, options, version);
      await client.untilPrices(DEFAULT_SYMBOLS);
      const names = client.heard.map(({ name }) => name).filter((name) => CONTRACT.includes(name));
      assert.deepEqual(names.slice(0, 3), ['connect', 'status', 'price_update'], 'the order of the first events');
      assert.equal(names.filter((name) => name === 'status').length, 1);
      const { values: [status] } = await client.until('status');
      assert.equal(typeof status.data, 'string', JSON.stringify(status));
      assertOriginal(client.prices());
      await client.untilSo(`the transport ${transport}`, () => client.transport === transport);
      const from = client.heard.length;
      await client.untilPrices(['BTC/USD'], from);
      assert.equal(client.transport, transport, 'it stays on its transport');
      assert.ok(!names.includes('connect_error') && !names.includes('disconnect'), names.join());
    });
  }

  test(`socket.io-client ${version} subscribes, with and without a callback`, TIMEOUT, async (context) => {
    const client = new SocketIo(context, server.url, AS_THE_PAGES, version);
    await client.until('status');
    const symbols = ['BTC/USD', 'ETH/USD', 'AAPL', 'NVDA'];
    client.socket.emit('subscribe', { symbols });
    const { values: [told] } = await client.until('subscription');
    assert.deepEqual(told.symbols, symbols, 'the symbols as asked');
    assert.equal(told.status, 'subscribed');
    const answer = await new Promise((resolve) => client.socket.emit('subscribe', { symbols: ['AAPL'] }, resolve));
    assert.equal(answer.ok, true, JSON.stringify(answer));
  });
}

test('a symbol that is no default one comes after subscribe', TIMEOUT, async (context) => {
  const [asks, doesNot] = [new SocketIo(context, server.url), new SocketIo(context, server.url)];
  await Promise.all([asks, doesNot].map((client) => client.untilPrices(DEFAULT_SYMBOLS)));
  assert.ok(!asks.newest.has(OTHER));
  asks.socket.emit('subscribe', { symbols: [OTHER] });
  await asks.untilPrices([OTHER]);
  assertOriginal(asks.prices());
  assert.ok(!doesNot.newest.has(OTHER), 'the other client did not ask for it');
});

test('an acknowledgement comes back for each emit with a callback, in any number', TIMEOUT, async (context) => {
  const client = new SocketIo(context, server.url);
  await client.until('connect');
  const answers = await Promise.all(DEFAULT_SYMBOLS.map((symbol) => client.socket.timeout(20_000).emitWithAck('subscribe', { symbols: [symbol] })));
  for (const answer of answers) assert.equal(answer.ok, true, JSON.stringify(answer));
});

test('an event that nobody handles is refused by its name, and does not end the connection', TIMEOUT, async (context) => {
  const client = new SocketIo(context, server.url);
  await client.until('connect');
  const asked = client.socket.timeout(isReference ? 1_000 : 20_000).emitWithAck('dance', 1);
  if (isReference) await assert.rejects(asked, /operation has timed out/);
  else {
    const { ok, error } = await asked;
    assert.equal(ok, false);
    assert.match(error.message, /"dance".*subscribe/);
  }
  await client.untilPrices(['BTC/USD'], client.heard.length);
  assert.ok(client.socket.connected);
});

test('an unknown symbol is refused with the reason', TIMEOUT, async (context) => {
  const client = new SocketIo(context, server.url);
  await client.until('connect');
  client.socket.emit('subscribe', { symbols: ['AAPL', UNKNOWN] }, (/** @type {any} */ answer) => client.heard.push({ name: 'answer', values: [answer], at: Date.now() }));
  await client.until('answer');
  await client.untilSo('why there is no price', () => client.heard.some(({ values }) => saysWhy(values, UNKNOWN)));
  assert.ok(!client.newest.has(UNKNOWN));
});

test('the original\'s pages get numbers only: for five seconds no price_update lacks price or change', TIMEOUT, async (context) => {
  const pages = [new SocketIo(context, server.url, AS_THE_PAGES, '4.5.4'), new SocketIo(context, server.url, AS_THE_PAGES, '4.7.4')];
  for (const page of pages) await page.until('connect');
  await pause(5_000);
  for (const page of pages) {
    assertOriginal(page.prices());
    assert.ok(page.prices().length > DEFAULT_SYMBOLS.length, `prices go on: ${page.prices().length}`);
    assert.equal(page.transport, 'websocket');
  }
});

test('a connection that breaks for a moment is recovered: the same id, and nothing missed', TIMEOUT, async (context) => {
  const [breaks, stays] = [new SocketIo(context, server.url), new SocketIo(context, server.url)];
  await Promise.all([breaks, stays].map((client) => client.untilPrices(DEFAULT_SYMBOLS)));
  await breaks.untilSo('the upgrade', () => breaks.transport === 'websocket');
  const { id } = breaks.socket;
  assert.equal(breaks.socket.recovered, false, 'the first connection is a new one');
  const from = breaks.heard.length;
  breaks.socket.io.engine.close();
  await breaks.until('connect', from);
  assert.equal(breaks.socket.recovered, true);
  assert.equal(breaks.socket.id, id);
  await breaks.untilPrices(DEFAULT_SYMBOLS, from);
  assert.ok(!breaks.heard.slice(from).some(({ name }) => name === 'status'), 'a recovered client is not greeted again');
  // Both are live again, so at some moment both know the same.
  await eventually('the same newest prices as a client that never left', () => {
    return DEFAULT_SYMBOLS.every((symbol) => breaks.newest.get(symbol) === stays.newest.get(symbol));
  });
  assertOriginal(breaks.prices());
});

test('a client that leaves on purpose gets every default symbol again when it comes back', TIMEOUT, async (context) => {
  const client = new SocketIo(context, server.url);
  await client.untilPrices(DEFAULT_SYMBOLS);
  const from = client.heard.length;
  client.socket.disconnect();
  client.socket.connect();
  await client.untilPrices(DEFAULT_SYMBOLS, from);
  if (!client.socket.recovered) await client.until('status', from);
});

test('a page of another origin may poll', TIMEOUT, async () => {
  const answer = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin: 'https://example.com' } });
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers.get('access-control-allow-origin')), /^(\*|https:\/\/example\.com)$/);
  assert.match(await answer.text(), /^0\{"sid":/);
});

for (const version of /** @type {Version[]} */ (Object.keys(VERSIONS))) {
  for (const [called, options] of TRANSPORTS) {
    test(`socket.io-client ${version} with ${called} comes back by itself after a restart of the server`, TIMEOUT, async (context) => {
      const own = await Server.start();
      context.after(() => own.stop());
      const client = new SocketIo(context, own.url, options, version);
      await client.untilPrices(DEFAULT_SYMBOLS);
      const from = client.heard.length;
      await own.restart();
      await client.until('disconnect', from);
      await client.until('connect', from);
      await client.untilPrices(DEFAULT_SYMBOLS, from);
      if (!client.socket.recovered) await client.until('status', from);
      assertOriginal(client.prices());
    });
  }
}

test('every version and transport is pinged in time', { timeout: 90_000 }, async (context) => {
  const clients = /** @type {Version[]} */ (Object.keys(VERSIONS)).flatMap((version) => TRANSPORTS.map(([, options]) => new SocketIo(context, server.url, options, version)));
  await Promise.all(clients.map((client) => client.until('connect')));
  await Promise.all(clients.map((client) => client.until('ping', 0, 50_000)));
  // The client itself would disconnect after pingInterval and pingTimeout without a ping.
  for (const client of clients) assert.ok(!client.heard.some(({ name }) => name === 'disconnect'));
});
