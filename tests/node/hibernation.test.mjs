/**
 * Eviction: the platform evicts the hub from memory while its clients' sockets hibernate. It does
 * so only when nothing is pending in the hub, no upstream connection and no timer, so these tests
 * first take upstream away. The clients must notice only a gap: same socket, same symbols, prices
 * again, and never a second upstream connection.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hub, eventually } from './support/hub.mjs';
import { KEY, Upstream } from './support/upstream.mjs';

/** @typedef {Record<string, any>} Event */

const TIMEOUT = { timeout: 60_000 };

/**
 * A hub on the test's own upstream.
 * @param {import('node:test').TestContext} context
 * @param {Record<string, string>} vars
 */
async function stage(context, vars = {}) {
  const upstream = await Upstream.start();
  const hub = new Hub({
    ...upstream.vars,
    SYMBOL_LIMIT: '100',
    // No reconnect before the eviction. The hub would remember a wait of more than eight seconds
    // across the eviction, which the last test uses.
    RECONNECT_MS: '6000',
    CHECKPOINT_MS: '500',
    FALLBACK_MS: '60000',
    // The timers that keep the hub in memory end soon.
    HEARTBEAT_MS: '200',
    SILENCE_MS: '1500',
    MUTE_MS: '1500',
    STALE_MS: '300',
    ...vars,
  });
  context.after(async () => {
    await hub.stop();
    await upstream.stop();
  });
  return { upstream, hub };
}

/** How long the hub takes to fall asleep after a lost connection. */
const FALLS_ASLEEP_MS = 2_000;
/** What a test does with the woken hub takes less. */
const AWAKE_MS = 6_000;
/** A REST call waits until so long after a new minute, when upstream gives new credits. */
const NEW_CREDITS_MS = 2_000;

/**
 * Drops the upstream connection, waits until the checkpoint is written and timers have ended, and
 * evicts the hub. Not at the turn of a minute: a call that waits for it wakes the hub, and keeps it
 * in memory for its timeout of 20 s, during which Miniflare's eviction waits and lets nothing else
 * in this process run.
 */
async function sleep(/** @type {Upstream} */ upstream, /** @type {Hub} */ hub, hasAcknowledged = () => true) {
  const taken = FALLS_ASLEEP_MS + AWAKE_MS;
  const isTurning = () => (Date.now() + taken) % 60_000 < taken + NEW_CREDITS_MS + 1_000;
  while (isTurning()) await new Promise((resolve) => setTimeout(resolve, 100));
  upstream.drop();
  await new Promise((resolve) => setTimeout(resolve, FALLS_ASLEEP_MS));
  // What came last may not be acknowledged yet, which keeps the hub awake in the same way.
  await eventually('all is acknowledged', hasAcknowledged);
  await hub.evict();
}

/** Sends ticks until a client has received this one. The upstream may not have the symbol yet. */
async function flows(/** @type {Upstream} */ upstream, /** @type {import('./support/hub.mjs').Client} */ client, /** @type {string} */ symbol, /** @type {number} */ price) {
  await eventually(`${symbol} at ${price}`, async () => {
    upstream.tick(symbol, price);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return client.heard.some(isUpdate(symbol, price));
  });
}

/** @param {string} symbol @param {number} price */
const isUpdate = (symbol, price) => (/** @type {Event} */ event) =>
  event['event'] === 'price_update' && event['symbol'] === symbol && event['price'] === price;

/** @param {string} name */
const isCalled = (name) => (/** @type {Event} */ event) => event['event'] === name;

function assertHealthy(/** @type {Hub} */ hub, /** @type {Upstream} */ upstream) {
  assert.equal(upstream.mostAtOnce, 1, 'more than one upstream connection was open at once');
  assert.deepEqual(hub.logs.filter(({ level, message }) => level === 'error' || message.includes(KEY)), []);
}

test('clients keep their sockets and symbols through an eviction and hear prices again', TIMEOUT, async (context) => {
  const { upstream, hub } = await stage(context);
  const [apple, both] = [await hub.connect(), await hub.connect()];
  apple.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
  both.say({ action: 'subscribe', params: { symbols: 'AAPL,TSLA' } });
  await flows(upstream, apple, 'AAPL', 101.5);
  await flows(upstream, both, 'TSLA', 431.5);
  await sleep(upstream, hub);
  const frames = upstream.subscriptions.length;
  both.say({ action: 'heartbeat' });
  await both.until('an answer of the woken hub', isCalled('heartbeat'));
  await flows(upstream, apple, 'AAPL', 102.5);
  await flows(upstream, both, 'TSLA', 432.5);
  await both.until('AAPL for the other client, too', isUpdate('AAPL', 102.5));
  assert.equal(apple.heard.findLast(isUpdate('AAPL', 102.5))?.['source'], 'live');
  assert.ok(!apple.heard.some((event) => event['symbol'] === 'TSLA'), 'a symbol of the other client');
  assert.deepEqual([apple.closed, both.closed], [null, null]);
  assert.equal(apple.heard.filter(isCalled('connected')).length, 1);
  const symbols = upstream.subscriptions.slice(frames).join(',').split(',');
  assert.equal(symbols.filter((symbol) => symbol === 'TSLA').length, 1, symbols.join());
  assert.equal((await hub.json('/api/status')).viewers, 2);
  assertHealthy(hub, upstream);
});

test('a ping is answered without waking the hub', TIMEOUT, async (context) => {
  // No alarm is due before the test ends.
  const { upstream, hub } = await stage(context, { RECONNECT_MS: '60000', CHECKPOINT_MS: '30000' });
  const client = await hub.connect();
  client.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
  await flows(upstream, client, 'AAPL', 101.5);
  client.ping();
  await client.until('a pong of the hub, which is awake', isCalled('pong'));
  await sleep(upstream, hub);
  const starts = () => hub.logs.filter(({ message }) => message.includes('"event":"start"')).length;
  const [asleep, from] = [starts(), client.heard.length];
  for (let pongs = 1; pongs <= 3; pongs += 1) {
    client.ping();
    await eventually(`pong ${pongs}`, () => client.heard.slice(from).filter(isCalled('pong')).length === pongs);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(starts(), asleep, 'a ping woke the hub');
  assert.equal(client.heard.slice(from).length, 3, 'the hub said something');
  client.say({ action: 'heartbeat' });
  await client.until('an answer of the woken hub', isCalled('heartbeat'), from);
  await eventually('a new life', () => starts() === asleep + 1);
  // Awake again, the hub answers pings itself.
  const awake = client.heard.length;
  client.ping();
  await client.until('a pong of the woken hub', isCalled('pong'), awake);
  assert.deepEqual([client.closed, upstream.mostAtOnce], [null, 1]);
});

test('the alarm alone wakes the hub, and prices flow though no client said a word', TIMEOUT, async (context) => {
  const { upstream, hub } = await stage(context);
  const client = await hub.connect();
  client.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
  await flows(upstream, client, 'AAPL', 101.5);
  await sleep(upstream, hub);
  await flows(upstream, client, 'AAPL', 102.5);
  assert.equal(client.closed, null);
  assertHealthy(hub, upstream);
});

test('a client of streams is shown a new epoch after an eviction and misses nothing', TIMEOUT, async (context) => {
  const { upstream, hub } = await stage(context);
  const reader = await hub.read('AAPL,TSLA');
  const price = (/** @type {string} */ symbol) => reader.quotes.get(symbol)?.price;
  const arrives = (/** @type {string} */ symbol, /** @type {number} */ value) =>
    eventually(`${symbol} at ${value}`, async () => {
      upstream.tick(symbol, value);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return price(symbol) === value;
    });
  await arrives('TSLA', 431.5);
  await arrives('AAPL', 101.5);
  const { epoch } = reader.stream;
  await sleep(upstream, hub, () => reader.hasAcknowledged);
  await arrives('AAPL', 102.5);
  await arrives('TSLA', 432.5);
  assert.ok(reader.stream.epoch > epoch, 'an eviction ends the epoch');
  assert.deepEqual([reader.stream.recovered, reader.complaint, reader.closed], [false, null, null]);
  assertHealthy(hub, upstream);
});

test('a client of streams whose connection broke goes on from where it was', TIMEOUT, async (context) => {
  const { upstream, hub } = await stage(context);
  const watcher = await hub.connect();
  watcher.say({ action: 'subscribe', params: { symbols: 'AAPL,MSFT' } });
  await flows(upstream, watcher, 'AAPL', 101.5);
  await flows(upstream, watcher, 'MSFT', 401.5);
  const reader = await hub.read('AAPL,MSFT');
  await flows(upstream, watcher, 'MSFT', 402.5);
  await eventually('MSFT read', () => reader.quotes.get('MSFT')?.price === 402.5);
  reader.socket.close();
  await eventually('closed', () => reader.closed !== null);
  await flows(upstream, watcher, 'MSFT', 403.5);
  const back = await hub.read('AAPL,MSFT', reader);
  assert.deepEqual([back.stream.recovered, back.complaint], [true, null]);
  assert.deepEqual([back.quotes.get('AAPL')?.price, back.quotes.get('MSFT')?.price], [101.5, 403.5]);
  assertHealthy(hub, upstream);
});

test('what a client unsubscribed stays unsubscribed through an eviction', TIMEOUT, async (context) => {
  const { upstream, hub } = await stage(context);
  const client = await hub.connect();
  client.say({ action: 'subscribe', params: { symbols: 'AAPL,MSFT' } });
  client.say({ action: 'unsubscribe', params: { symbols: 'AAPL' } });
  await client.until('the status', isCalled('unsubscribe-status'));
  await flows(upstream, client, 'MSFT', 401.5);
  await sleep(upstream, hub);
  const from = client.heard.length;
  await eventually('MSFT flows', async () => {
    upstream.tick('AAPL', 102.5);
    upstream.tick('MSFT', 402.5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return client.heard.slice(from).some(isUpdate('MSFT', 402.5));
  });
  assert.ok(!client.heard.slice(from).some(isUpdate('AAPL', 102.5)));
  assertHealthy(hub, upstream);
});

test('a woken hub has its quotes from storage, marked restored', TIMEOUT, async (context) => {
  const { upstream, hub } = await stage(context);
  const client = await hub.connect();
  client.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
  await flows(upstream, client, 'AAPL', 101.5);
  await sleep(upstream, hub);
  const { quotes } = await hub.json('/api/quotes?symbols=AAPL');
  const { price, source, freshness } = quotes[0];
  assert.deepEqual({ price, source, freshness }, { price: 101.5, source: 'restored', freshness: 'stale' });
  assertHealthy(hub, upstream);
});

test('evicted again and again there is never a second upstream', TIMEOUT, async (context) => {
  const { upstream, hub } = await stage(context);
  const client = await hub.connect();
  client.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
  for (let round = 1; round <= 3; round += 1) {
    await flows(upstream, client, 'AAPL', 100 + round);
    await sleep(upstream, hub);
    for (let message = 0; message < 5; message += 1) client.say({ action: 'heartbeat' });
  }
  await flows(upstream, client, 'AAPL', 110);
  assert.equal(client.closed, null);
  assert.equal(upstream.open, 1);
  assertHealthy(hub, upstream);
});

test('a refused key is not tried again because the hub slept meanwhile', TIMEOUT, async (context) => {
  const { upstream, hub } = await stage(context);
  upstream.refuses = true;
  const client = await hub.connect();
  await client.until('the refusal', (event) => event['state'] === 'refused');
  for (let round = 0; round < 2; round += 1) {
    await sleep(upstream, hub);
    const from = client.heard.length;
    client.say({ action: 'heartbeat' });
    await client.until('an answer of the woken hub', isCalled('heartbeat'), from);
  }
  assert.equal((await hub.json('/api/status')).feed.state, 'refused');
  assert.equal(upstream.upgrades, 1);
});
