/** EventSource, sseclient-py and curl on the hub's server-sent events. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Script, load } from './support/clients.mjs';
import { Server, isReference } from './support/server.mjs';
import { UNKNOWN } from './support/symbols.mjs';
import { eventually, saysWhy } from './support/wait.mjs';

/** @typedef {{ id: string, symbol: string, price: number, timestamp: string }} Update */

const TIMEOUT = { timeout: 60_000 };
const SYMBOLS = ['AAPL', 'BTC/USD'];
const withoutCurl = spawnSync('curl', ['--version']).status !== 0 && 'there is no curl on this machine';

/** @type {Server} */
let server;
before(async () => void (server = await Server.start()));
after(() => server.stop());

/** @param {string} url @param {string[]} symbols */
const streamOf = (url, symbols) => `${url}/api/stream?symbols=${symbols.map(encodeURIComponent).join()}`;

/**
 * An EventSource that keeps its updates.
 * @param {import('node:test').TestContext} context
 * @param {string} url
 */
function listen(context, url) {
  const { EventSource } = load('eventsource');
  const source = new EventSource(url);
  /** @type {Update[]} */
  const updates = [];
  source.addEventListener('price_update', (/** @type {{ data: string, lastEventId: string }} */ { data, lastEventId }) => {
    updates.push({ ...JSON.parse(data), id: lastEventId });
  });
  /** @type {string[]} */
  const errors = [];
  source.addEventListener('error', (/** @type {{ code?: number, message?: string }} */ { code, message }) => errors.push(`${code} ${message}`));
  context.after(() => source.close());
  const until = (/** @type {string} */ what, /** @type {() => boolean} */ condition) => {
    return eventually(() => `${what}; heard ${JSON.stringify(updates).slice(0, 2_000)}, errors: ${errors}`, condition);
  };
  return { source, updates, until };
}

/** @param {Update[]} updates @param {string[]} symbols */
const have = (updates, symbols) => symbols.every((symbol) => updates.some((update) => update.symbol === symbol));

/** @param {Update[]} updates */
function assertGood(updates) {
  for (const update of updates) {
    const text = JSON.stringify(update);
    assert.ok(SYMBOLS.includes(update.symbol), text);
    assert.ok(Number.isFinite(update.price) && update.price > 0, text);
    assert.ok(!Number.isNaN(Date.parse(update.timestamp)), text);
  }
  // Of the first picture only the last one has an id: only then has the client read all of it.
  assert.ok(updates.at(-1)?.id, `an id: ${JSON.stringify(updates.at(-1))}`);
}

/** Ids are EPOCH.REVISION, and revisions only grow. @param {string | undefined} id */
const revision = (id) => Number(String(id).split('.').at(-1));

/**
 * The second list goes on where the first one ended: nothing twice, and nothing older.
 * @param {Update[]} before @param {Update[]} after
 */
function assertContinues(before, after) {
  const last = revision(before.at(-1)?.id);
  const known = new Map(before.map(({ symbol, timestamp }) => [symbol, Date.parse(timestamp)]));
  for (const update of after) {
    if (update.id) assert.ok(revision(update.id) > last, `sent twice: ${JSON.stringify(update)}`);
    assert.ok(Date.parse(update.timestamp) >= (known.get(update.symbol) ?? 0), `older than before: ${JSON.stringify(update)}`);
  }
}

/** The updates in the text of a stream. @param {string} text @returns {Update[]} */
function updatesIn(text) {
  const blocks = text.split('\n\n').slice(0, -1).map((block) => new Map(block.split('\n').map((line) => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  })));
  return blocks.filter((fields) => fields.get('event') === 'price_update').map((fields) => ({ ...JSON.parse(String(fields.get('data'))), id: fields.get('id') ?? '' }));
}

/** What curl prints in these seconds. @param {number} seconds @param {string[]} args */
async function curl(seconds, ...args) {
  const child = spawn('curl', ['--silent', '--no-buffer', '--max-time', String(seconds), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  await once(child, 'close');
  return text;
}

test('EventSource gets the symbols that it asks for, each update with an id', TIMEOUT, async (context) => {
  const { source, updates, until } = listen(context, streamOf(server.url, SYMBOLS));
  await until('two updates of each symbol', () => SYMBOLS.every((symbol) => updates.filter((update) => update.symbol === symbol).length >= 2));
  assertGood(updates);
  const revisions = updates.map(({ id }) => id).filter(Boolean).map(revision);
  assert.deepEqual(revisions, [...revisions].sort((a, b) => a - b), 'ids only grow');
  assert.equal(source.readyState, source.OPEN);
});

test('EventSource comes back by itself after a restart of the server', TIMEOUT, async (context) => {
  const own = await Server.start();
  context.after(() => own.stop());
  const { updates, until } = listen(context, streamOf(own.url, SYMBOLS));
  await until('updates', () => have(updates, SYMBOLS));
  const before = updates.length;
  await own.restart();
  await until('updates after the restart', () => have(updates.slice(before), SYMBOLS));
  assertGood(updates);
});

test('sseclient-py reads the stream, and goes on after its last id', TIMEOUT, async (context) => {
  const script = new Script(context, 'server_sent_events', streamOf(server.url, SYMBOLS));
  const told = new Map((await script.end()).map(({ stream, events }) => [stream, events.map((/** @type {any} */ { id, data }) => ({ ...data, id }))]));
  assert.equal(told.get('first').length, 4);
  assertGood([...told.get('first'), ...told.get('resumed')]);
  assertContinues(told.get('first'), told.get('resumed'));
});

test('curl reads the stream, and with Last-Event-ID goes on after that event', { ...TIMEOUT, skip: withoutCurl }, async () => {
  const url = streamOf(server.url, SYMBOLS);
  const text = await curl(3, url);
  assert.match(text, /^retry: \d+$/m, 'how soon to reconnect');
  const first = updatesIn(text);
  assert.ok(have(first, SYMBOLS), text.slice(0, 1_000));
  const resumed = updatesIn(await curl(3, '--header', `Last-Event-ID: ${first.at(-1)?.id}`, url));
  assert.ok(have(resumed, SYMBOLS), 'updates after the id');
  assertGood([...first, ...resumed]);
  assertContinues(first, resumed);
});

test('an unknown Last-Event-ID gets the newest prices', { ...TIMEOUT, skip: withoutCurl }, async () => {
  const updates = updatesIn(await curl(3, '--header', 'Last-Event-ID: what-nobody-sent', streamOf(server.url, SYMBOLS)));
  assert.ok(have(updates, SYMBOLS));
});

test('the stream says what it is, and lets every origin read it', TIMEOUT, async () => {
  const controller = new AbortController();
  const { status, headers } = await fetch(streamOf(server.url, SYMBOLS), { signal: controller.signal, headers: { origin: 'https://example.com' } });
  controller.abort();
  assert.equal(status, 200);
  assert.match(String(headers.get('content-type')), /^text\/event-stream/);
  assert.match(String(headers.get('cache-control')), /no-(store|cache)/);
  if (!isReference) assert.equal(headers.get('access-control-allow-origin'), '*');
});

test('a quiet stream is kept alive by comments', { timeout: 90_000 }, async (context) => {
  const controller = new AbortController();
  context.after(() => controller.abort());
  const { body } = await fetch(streamOf(server.url, [UNKNOWN]), { signal: controller.signal });
  let text = '';
  for await (const part of /** @type {AsyncIterable<Uint8Array>} */ (/** @type {unknown} */ (body))) {
    text += Buffer.from(part).toString();
    if (/^:/m.test(text)) break;
  }
  assert.match(text, /^:/m);
});

test('an unknown symbol is refused with the reason, and the others come', TIMEOUT, async (context) => {
  const { EventSource } = load('eventsource');
  /** @type {any[]} */
  const heard = [];
  const source = new EventSource(streamOf(server.url, ['AAPL', UNKNOWN]), {
    // EventSource tells of named events only, and how this one is called is not the client's business.
    fetch: async (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
      const answer = await fetch(url, init);
      const [kept, given] = /** @type {ReadableStream<Uint8Array>} */ (answer.body).tee();
      void keep(kept);
      return new Response(given, answer);
    },
  });
  context.after(() => source.close());
  async function keep(/** @type {ReadableStream<Uint8Array>} */ stream) {
    let text = '';
    try {
      for await (const part of /** @type {AsyncIterable<Uint8Array>} */ (/** @type {unknown} */ (stream))) {
        text += Buffer.from(part).toString();
        const lines = text.split('\n');
        text = String(lines.pop());
        heard.push(...lines.filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6))));
      }
    } catch {
      // The test has ended, and with it the stream.
    }
  }
  await eventually(() => `AAPL; heard ${JSON.stringify(heard)}`, () => heard.some(({ symbol, price }) => symbol === 'AAPL' && price > 0));
  await eventually(() => `why there is no price; heard ${JSON.stringify(heard)}`, () => heard.some((value) => saysWhy(value, UNKNOWN)));
});

test('a parameter that does not exist is refused, and the right one named', { ...TIMEOUT, skip: isReference && 'the reference ignores parameters' }, async () => {
  const answer = await fetch(`${server.url}/api/stream?symbol=AAPL`);
  assert.equal(answer.status, 400);
  assert.match((await answer.json()).detail, /symbols/);
});
