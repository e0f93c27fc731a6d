/**
 * The cost of a panic and of a trap. Both end the wasm instance, and with it the machine of every
 * object in the process. The platform notices nothing: objects, storage, alarms and clients'
 * sockets live on. So the next event must create a new machine, which tells its clients that it
 * started over and has prices for them again.
 *
 * build/faults is the release with routes that panic and trap; see src/edge/panics.rs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { unstable_readConfig } from 'wrangler';
import { Hub, eventually } from './support/hub.mjs';
import { Upstream } from './support/upstream.mjs';

/** @typedef {Record<string, any>} Event */
/** @typedef {import('./support/hub.mjs').Client} Client */

const TIMEOUT = { timeout: 60_000 };
const SYMBOL = 'BTC/USD';
/** How long to wait for the request that broke the machine, which may get no answer. */
const ANSWER_MS = 1_000;
/**
 * The limit from the answer to a new price: the hub is back with the next request or message, and
 * the simulator ticks each second. It takes one to two seconds; a busy machine is given more.
 */
const RECOVERED_MS = 15_000;
/** The output of console_error_panic_hook: location, message and stack. */
const PANIC = /^panicked at src\/edge\/panics\.rs:\d+:\d+:\nasked to panic\n\nStack:\n/;
/** The output of the `worker` crate's hook, which is chained after it. */
const MARKED = /^Critical Error: Rust panic: panicked at src\/edge\/panics\.rs:\d+:\d+:\nasked to panic/;
const ROUTES = ['gateway', 'hub'].flatMap((place) => ['panic', 'trap'].map((kind) => /** @type {const} */ ([place, kind])));

/**
 * The faulty build with simulated prices, watched by a page and a client of plain JSON.
 * @param {import('node:test').TestContext} context
 */
async function stage(context) {
  const hub = new Hub({}, 'faults');
  context.after(() => hub.stop());
  const plain = await hub.connect();
  plain.say({ action: 'subscribe', params: { symbols: SYMBOL } });
  const page = await hub.read(SYMBOL);
  await plain.until('a price', isTick);
  await eventually('a price on the page', () => page.quotes.get(SYMBOL)?.source === 'simulated');
  return { hub, plain, page };
}

/** A price that this life of the hub received, not one from storage. @param {Event} event */
const isTick = (event) => event['event'] === 'price_update' && event['source'] === 'simulated';

/**
 * Requests a fault. Returns the status of the answer, or null if none comes in time.
 * @param {Hub} hub
 * @param {string} place
 * @param {string} kind
 */
async function strike(hub, place, kind) {
  try {
    return (await hub.get(`/api/faults/${place}/${kind}`, ANSWER_MS)).status;
  } catch (error) {
    assert.equal(/** @type {Error} */ (error).name, 'TimeoutError');
    return null;
  }
}

/**
 * The log lines with which a machine that has clients starts.
 * @param {Hub} hub
 * @returns {Event[]}
 */
const starts = (hub) =>
  hub.logs.filter(({ message }) => message.startsWith('{')).map(({ message }) => JSON.parse(message)).filter(({ event }) => event === 'start');

/** @param {Hub} hub @param {RegExp} form */
const errors = (hub, form) => hub.logs.filter(({ level, message }) => level === 'error' && form.test(message)).length;

/** @param {Hub} hub */
async function assertAnswers(hub) {
  for (const path of ['/health', '/api/status', `/api/quotes?symbols=${SYMBOL}`]) assert.equal((await hub.get(path)).status, 200, path);
}

for (const [place, kind] of ROUTES) {
  test(`after a ${kind} in the ${place} all is as before, in a new epoch`, TIMEOUT, async (context) => {
    const { hub, plain, page } = await stage(context);
    const [begun, heard, snapshots, { epoch }] = [starts(hub).length, plain.heard.length, page.snapshots, page.stream];
    const struck = performance.now();
    const status = await strike(hub, place, kind);
    const answered = performance.now();
    assert.ok(status === null || status >= 500, `answered ${status}`);
    await assertAnswers(hub);
    await plain.until('a new price', isTick, heard);
    await eventually('a new snapshot and a new price on the page', () => page.snapshots > snapshots && page.quotes.get(SYMBOL)?.source === 'simulated');
    const recovered = performance.now() - answered;
    context.diagnostic(`answer ${status ?? 'none'} after ${Math.round(answered - struck)} ms; new prices after ${Math.round(recovered)} ms`);
    assert.ok(recovered < RECOVERED_MS, `new prices only after ${recovered} ms`);

    assert.deepEqual([plain.closed, page.closed, page.complaint], [null, null, null], 'the sockets live on');
    assert.equal(starts(hub).length, begun + 1, 'one new machine');
    assert.ok(page.stream.epoch > epoch, 'the page is told of a new epoch');
    assert.equal(page.stream.epoch, starts(hub).at(-1)?.['epoch']);
    assert.equal(page.stream.recovered, false);
    const panics = kind === 'panic' ? 1 : 0;
    assert.deepEqual([errors(hub, PANIC), errors(hub, MARKED)], [panics, panics], 'the console hears of a panic by both hooks');
  });
}

test('five panics of the hub in a row cost no more than one', TIMEOUT, async (context) => {
  const { hub, plain, page } = await stage(context);
  const { epoch } = page.stream;
  const strikes = [];
  for (let panics = 1; panics <= 5; panics += 1) {
    strikes.push(strike(hub, 'hub', 'panic'));
    await eventually(`panic ${panics}`, () => errors(hub, PANIC) === panics);
  }
  const [heard, snapshots, struck] = [plain.heard.length, page.snapshots, performance.now()];
  await assertAnswers(hub);
  await plain.until('a new price', isTick, heard);
  await eventually('a new snapshot on the page', () => page.snapshots > snapshots);
  assert.ok(performance.now() - struck < RECOVERED_MS);
  assert.deepEqual([plain.closed, page.closed, page.complaint], [null, null, null]);
  assert.ok(page.stream.epoch > epoch);
  assert.equal((await hub.json('/api/status')).viewers, 2);
  await Promise.all(strikes);
});

test('where nobody says a word the alarm brings the hub back', TIMEOUT, async (context) => {
  const hub = new Hub({ CHECKPOINT_MS: '500' }, 'faults');
  context.after(() => hub.stop());
  const client = await hub.connect();
  client.say({ action: 'subscribe', params: { symbols: SYMBOL } });
  await client.until('a price', isTick);
  const [heard, struck] = [client.heard.length, performance.now()];
  const answer = strike(hub, 'hub', 'panic');
  await client.until('a new price', isTick, heard);
  await eventually('a new life', () => starts(hub).length === 2);
  assert.ok(performance.now() - struck < RECOVERED_MS);
  assert.equal(client.closed, null);
  await answer;
});

test('the connection to upstream that a panic left open is closed before there is another', TIMEOUT, async (context) => {
  const upstream = await Upstream.start();
  const hub = new Hub({
    ...upstream.vars,
    RECONNECT_MS: '300',
    CHECKPOINT_MS: '500',
  }, 'faults');
  context.after(async () => {
    await hub.stop();
    await upstream.stop();
  });
  const client = await hub.connect();
  client.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
  const flows = (/** @type {number} */ price) => eventually(`AAPL at ${price}`, async () => {
    upstream.tick('AAPL', price);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return client.heard.some((event) => event['symbol'] === 'AAPL' && event['price'] === price);
  });
  await flows(101.5);
  for (const [round, [place, kind]] of ROUTES.entries()) {
    await strike(hub, place, kind);
    await assertAnswers(hub);
    await flows(102.5 + round);
  }
  assert.equal(client.closed, null);
  assert.equal(upstream.open, 1);
  assert.equal(upstream.mostAtOnce, 1);
});

test('what is deployed has no such routes', TIMEOUT, async (context) => {
  const hub = new Hub({});
  context.after(() => hub.stop());
  for (const [place, kind] of ROUTES) {
    const answer = await hub.get(`/api/faults/${place}/${kind}`);
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.equal((await answer.json()).status, 404);
  }
  assert.deepEqual(hub.logs.filter(({ level }) => level === 'error'), []);
});

test('the module exports each class of wrangler.toml', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const config = unstable_readConfig({ config: `${root}wrangler.toml` });
  const bound = config.durable_objects.bindings.map((/** @type {{ class_name: string }} */ { class_name }) => class_name);
  const stored = config.migrations.flatMap((/** @type {{ new_sqlite_classes?: string[] }} */ { new_sqlite_classes }) => new_sqlite_classes ?? []);
  assert.ok(bound.length > 0);
  const { metafile } = await build({
    entryPoints: [`${root}src/edge/worker.js`],
    outdir: root,
    bundle: true,
    format: 'esm',
    external: ['cloudflare:*', './bindings.js'],
    metafile: true,
    write: false,
  });
  const exported = Object.values(metafile.outputs).flatMap(({ exports }) => exports);
  assert.deepEqual([...new Set([...bound, ...stored])].filter((name) => !exported.includes(name)), []);
  assert.ok(exported.includes('default'));
});
