/**
 * A hub and its relays in one Worker (`RELAYS`): which server takes whom, what a client is told of
 * it, and how it gets back there. Miniflare tells a place for each request, whose region is `enam`.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Client, Hub, eventually } from './support/hub.mjs';
import { upgrade } from './support/upgrade.mjs';
import { Upstream, quoteOf } from './support/upstream.mjs';

/** @typedef {Record<string, any>} Event */

const TIMEOUT = { timeout: 60_000 };
const [HUB_CLIENTS, RELAY_CLIENTS] = [2, 3];
const KEY = 'hk_a-key-of-the-desk_0123456789';
/** Two relays, and few clients for each server. */
const FEW = { RELAYS: '2', HUB_CLIENTS: String(HUB_CLIENTS), RELAY_CLIENTS: String(RELAY_CLIENTS) };
const SOCKET_IO = '/socket.io/?EIO=4&transport=';

/** @param {import('node:test').TestContext} context @param {Record<string, string>} [vars] */
async function stage(context, vars = FEW) {
  const upstream = await Upstream.start();
  // Without a previous close, Socket.IO tells no price.
  upstream.answers.set('/quote', { AAPL: quoteOf('AAPL', 100), MSFT: quoteOf('MSFT', 500) });
  const hub = new Hub({ ...upstream.vars, SYMBOLS: 'AAPL,MSFT', FALLBACK_MS: '600000', ...vars });
  const base = (await hub.url()).replace(/ws$/, '');
  /** @type {WebSocket[]} */
  const sockets = [];
  context.after(async () => {
    for (const socket of sockets) socket.close();
    await hub.stop();
    await upstream.stop();
  });
  /** A socket at a path. @param {string} path @param {string[]} [protocols] */
  const socketAt = (path, protocols) => {
    const socket = new WebSocket(new URL(path, base), protocols);
    sockets.push(socket);
    return socket;
  };
  /** A plain-JSON client that was greeted, and the server that greeted it. @param {string} [path] */
  const join = async (path = '/ws') => {
    const socket = socketAt(path);
    const client = new Client(socket);
    // Node sends no `close` for a refused connection.
    let isRefused = false;
    socket.addEventListener('error', () => (isRefused = true));
    await eventually(`a greeting at ${path}`, () => {
      if (isRefused) throw new Error(`refused at ${path}`);
      return client.heard.length > 0;
    });
    const { event, server } = client.heard[0] ?? {};
    assert.equal(event, 'connected');
    client.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
    return { client, server };
  };
  /** The answer to a handshake that joins nothing. @param {string} path @param {Record<string, string>} [headers] */
  const knock = (path, headers) => upgrade(new URL(path, base.replace(/^ws/, 'http')), headers);
  return { upstream, hub, join, knock, socketAt };
}

/** Takes all places at the hub. @param {() => Promise<{ server: unknown }>} join */
async function fill(join) {
  for (let place = 0; place < HUB_CLIENTS; place += 1) assert.equal((await join()).server, undefined, 'the hub takes the first');
}

/** Servers that began to live, by the log. @param {Hub} hub */
const starts = (hub) => hub.logs.filter(({ message }) => message.includes('"event":"start"')).length;

/** Sends ticks until these clients have one of them. @param {Upstream} upstream @param {number} price @param {Client[]} clients */
async function reaches(upstream, price, ...clients) {
  await eventually(`AAPL at ${price} for all`, async () => {
    upstream.tick('AAPL', price);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return clients.every(({ heard }) => heard.some((event) => event['event'] === 'price_update' && event['price'] === price));
  });
}

test('when the hub is full newcomers go to relays, and when these are full they are told to wait', TIMEOUT, async (context) => {
  const { upstream, hub, join, knock } = await stage(context);
  const joined = [];
  for (let place = 0; place < HUB_CLIENTS + 2 * RELAY_CLIENTS; place += 1) joined.push(await join());
  assert.deepEqual(joined.slice(0, 3).map(({ server }) => server), [undefined, undefined, 'enam/0']);
  assert.deepEqual(joined.map(({ server }) => server ?? 'hub').sort(), ['enam/0', 'enam/0', 'enam/0', 'enam/1', 'enam/1', 'enam/1', 'hub', 'hub']);
  await reaches(upstream, 101.5, ...joined.map(({ client }) => client));
  for (const path of ['/ws', '/ws?server=enam/0', '/ws?server=enam/1', `${SOCKET_IO}websocket`, '/v1/quotes/price']) {
    const { status, headers, body } = await knock(path);
    assert.equal(status, 503, path);
    assert.ok(Number(headers['retry-after']) > 0, path);
    if (path.startsWith('/ws')) assert.equal(JSON.parse(body).status, 503);
  }
  await eventually('all viewers', async () => (await hub.json('/api/status')).viewers === joined.length);
  const { servers, viewers } = await hub.json('/api/status');
  assert.deepEqual([viewers, ...servers.map((/** @type {Event} */ { name, clients }) => [name, clients])], [8, ['enam/0', 3], ['enam/1', 3]]);

  const left = joined.find(({ server }) => server === 'enam/1');
  left?.client.socket.close();
  await eventually('a viewer less', async () => (await hub.json('/api/status')).viewers === 7);
  assert.equal((await join()).server, 'enam/1', 'a place that is free is found');
  assert.equal(upstream.mostAtOnce, 1);
  assert.deepEqual(hub.logs.filter(({ level }) => level === 'error'), []);
});

test('the links of relays take no places at the hub', TIMEOUT, async (context) => {
  const { hub, join } = await stage(context);
  for (const server of ['enam/0', 'enam/1']) assert.equal((await join(`/ws?server=${server}`)).server, server);
  await eventually('both links', async () => (await hub.json('/api/status')).servers.length === 2);
  await fill(join);
});

test('a client goes back to the server that it names', TIMEOUT, async (context) => {
  const { upstream, hub, join } = await stage(context);
  const { client, server } = await join('/ws?server=enam/1');
  assert.equal(server, 'enam/1', 'though the hub has room');
  assert.equal((await join('/ws?server=enam%2F1')).server, 'enam/1');
  await reaches(upstream, 101.5, client);
  await eventually('its link', async () => (await hub.json('/api/status')).servers.length === 1);
  const { servers } = await hub.json('/api/status');
  assert.deepEqual(servers.map((/** @type {Event} */ { name }) => name), ['enam/1']);
  assert.equal(starts(hub), 2, 'the hub and this relay, and no other');
});

test('a name that is no relay makes no object and changes nothing', TIMEOUT, async (context) => {
  const { hub, join } = await stage(context);
  for (const name of ['enam/2', 'any/2', 'enam/01', 'enam/-1', 'enam/', 'any', 'hub', 'moon/0', 'enam/1/0', '..%2F0', '%00', 'x'.repeat(500)]) {
    const { client, server } = await join(`/ws?server=${name}`);
    assert.equal(server, undefined, name);
    client.socket.close();
    const metrics = await hub.get(`/metrics?server=${name}`);
    assert.equal(metrics.status, 200, name);
    assert.match(await metrics.text(), /^hamster_viewers/m);
  }
  await eventually('an empty hub', async () => (await hub.json('/api/status')).viewers === 0);
  assert.deepEqual((await hub.json('/api/status')).servers, []);
  assert.equal(starts(hub), 1, 'only the hub lives');
});

test('without RELAYS the name of a server is ignored', TIMEOUT, async (context) => {
  const { hub, join } = await stage(context, {});
  for (let place = 0; place < HUB_CLIENTS + 1; place += 1) assert.equal((await join('/ws?server=enam/0')).server, undefined);
  const { viewers, servers, ...status } = await hub.json('/api/status');
  assert.deepEqual([viewers, servers, 'server' in status], [HUB_CLIENTS + 1, [], false]);
  assert.equal(await (await hub.get('/metrics?server=enam/0')).text().then(viewersIn), HUB_CLIENTS + 1);
  assert.equal(starts(hub), 1);
});

test('/metrics are those of the server that is named', TIMEOUT, async (context) => {
  const { hub, join } = await stage(context);
  await fill(join);
  for (const [server, clients] of /** @type {const} */ ([['enam/0', 3], ['enam/1', 1]])) {
    for (let place = 0; place < clients; place += 1) assert.equal((await join(`/ws?server=${server}`)).server, server);
  }
  const metrics = async (/** @type {string} */ query) => viewersIn(await (await hub.get(`/metrics${query}`)).text());
  assert.deepEqual([await metrics('?server=enam/0'), await metrics('?server=enam/1')], [3, 1]);
  await eventually('two links', async () => (await hub.json('/api/status')).servers.length === 2);
  // The hub's own clients; the links are no viewers.
  assert.deepEqual([await metrics(''), await metrics('?server=hub')], [HUB_CLIENTS, HUB_CLIENTS]);
});

/** The clients of a server, over its dialects. @param {string} metrics */
function viewersIn(metrics) {
  const counts = [...metrics.matchAll(/^hamster_viewers\{dialect="([^"]+)"\} (\d+)$/gm)].filter(([, dialect]) => dialect !== 'hamster.uplink.v1');
  assert.ok(counts.length > 1, metrics);
  return counts.reduce((sum, [, , count]) => sum + Number(count), 0);
}

test('a Socket.IO session stays at the relay that gave its name', TIMEOUT, async (context) => {
  const { upstream, hub, join, knock, socketAt } = await stage(context);
  await fill(join);
  /** @type {string[]} */
  const sessions = [];
  for (let place = 0; place < 2 * RELAY_CLIENTS; place += 1) {
    const opened = await (await hub.get(`${SOCKET_IO}polling`)).text();
    sessions.push(String(JSON.parse(opened.slice(1)).sid));
  }
  const of = (/** @type {string} */ sid) => sid.split('~')[0];
  assert.deepEqual(sessions.map(of).sort(), ['enam/0', 'enam/0', 'enam/0', 'enam/1', 'enam/1', 'enam/1']);
  assert.equal(of(String(sessions[0])), 'enam/0');
  const base = (await hub.url()).replace(/^ws/, 'http');
  for (const server of ['enam/0', 'enam/1']) {
    /** @type {string} */
    const sid = sessions.find((session) => of(session) === server) ?? '';
    const polling = new URL(`${SOCKET_IO}polling&sid=${encodeURIComponent(sid)}`, base);
    const say = async (/** @type {string} */ body) => (await fetch(polling, { method: 'POST', body })).text();
    /** Packets of the session, until one is as wanted. @param {RegExp} wanted */
    const poll = async (wanted) => {
      for (let tries = 0; tries < 50; tries += 1) {
        const found = (await (await fetch(polling, { signal: AbortSignal.timeout(20_000) })).text()).split('\x1e').find((packet) => wanted.test(packet));
        if (found) return found;
      }
      throw new Error(`no packet ${wanted}`);
    };
    assert.equal(await say('40'), 'ok');
    assert.match(await poll(/^40/), /^40\{"sid":/);
    assert.equal(await say('42["subscribe",{"symbols":"AAPL"}]'), 'ok');
    const ticks = setInterval(() => upstream.tick('AAPL', 102.5), 100);
    context.after(() => clearInterval(ticks));
    assert.match(await poll(/102\.5/), /^42\[/);

    /** @type {string} */
    const wrong = `${server === 'enam/0' ? 'enam/1' : 'enam/0'}~${sid.split('~')[1]}`;
    /** @type {Response} */
    const elsewhere = await fetch(new URL(`${SOCKET_IO}polling&sid=${encodeURIComponent(wrong)}`, base), { signal: AbortSignal.timeout(20_000) });
    assert.equal(elsewhere.status, 400, 'another relay does not know the session');
    assert.equal((await knock(`${SOCKET_IO}websocket&sid=${encodeURIComponent(wrong)}`)).status, 400);

    const socket = socketAt(`${SOCKET_IO}websocket&sid=${encodeURIComponent(sid)}`);
    /** @type {string[]} */
    const heard = [];
    socket.addEventListener('message', ({ data }) => heard.push(data));
    await eventually('the WebSocket', () => socket.readyState === WebSocket.OPEN);
    socket.send('2probe');
    await eventually('the answer to the probe', () => heard.includes('3probe'));
    socket.send('5');
    clearInterval(ticks);
    await eventually('a price over the WebSocket', async () => {
      upstream.tick('AAPL', 103.5);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return heard.some((packet) => packet.startsWith('42[') && packet.includes('103.5'));
    });
  }
});

test('a ticket works, whichever server gave it', TIMEOUT, async (context) => {
  const keys = [{ name: 'desk', sha256: createHash('sha256').update(KEY).digest('hex') }];
  const { upstream, hub, join, knock } = await stage(context, { ...FEW, ACCESS_KEYS: JSON.stringify(keys) });
  const base = (await hub.url()).replace(/^ws/, 'http');
  const ticket = async () => {
    const issued = await fetch(new URL('/api/ticket', base), { method: 'POST', headers: { 'X-API-Key': KEY } });
    assert.equal(issued.status, 200);
    return String((await issued.json()).ticket);
  };
  const joined = [];
  // A page has a ticket and the name of the server that it was on, or none.
  for (let place = 0; place < HUB_CLIENTS + 2 * RELAY_CLIENTS; place += 1) {
    const text = await ticket();
    joined.push(await join(`/ws?ticket=${encodeURIComponent(text)}`));
    assert.equal((await knock(`/ws?ticket=${encodeURIComponent(text)}`)).status, 401, 'it is used up');
  }
  assert.deepEqual(joined.map(({ server }) => server ?? 'hub').sort(), ['enam/0', 'enam/0', 'enam/0', 'enam/1', 'enam/1', 'enam/1', 'hub', 'hub']);
  await reaches(upstream, 101.5, ...joined.map(({ client }) => client));
  for (const wrong of ['x', 'enam/0~x', 'enam/9~x', 'hub~x', '~', `enam/1~${'0'.repeat(64)}`]) {
    assert.equal((await knock(`/ws?ticket=${encodeURIComponent(wrong)}`)).status, 401, wrong);
  }
  assert.equal((await knock('/ws?server=enam/0')).status, 401, 'the name of a server is no ticket');
});

/** The bars of a minute are settled, and the next turn is some seconds away. */
async function inTheMiddleOfAMinute() {
  const second = () => (Date.now() / 1_000) % 60;
  while (second() < 5 || second() > 45) await new Promise((resolve) => setTimeout(resolve, 200));
}

test('a relay asks the hub for bars once for many pages, and keeps each within its pass', TIMEOUT, async (context) => {
  const key = (/** @type {string} */ text) => ({ sha256: createHash('sha256').update(text).digest('hex') });
  const keys = [{ name: 'desk', ...key(KEY) }, { name: 'guest', symbols: ['MSFT'], ...key(`${KEY}-2`) }];
  const { upstream, hub } = await stage(context, { ...FEW, ACCESS_KEYS: JSON.stringify(keys) });
  const base = (await hub.url()).replace(/^ws/, 'http');
  const ask = async (/** @type {string} */ query, text = KEY) => {
    const answer = await fetch(new URL(`/api/history?${query}`, base), { headers: { 'X-API-Key': text } });
    return { status: answer.status, body: await answer.json() };
  };
  const tick = () => upstream.tick('AAPL', 101.5);
  const ticks = setInterval(tick, 50);
  context.after(() => clearInterval(ticks));
  await eventually('bars at the hub', async () => (await ask('symbol=AAPL')).body.bars?.length > 0);
  await inTheMiddleOfAMinute();
  const many = async (/** @type {string} */ query) => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(query)));
    assert.deepEqual(answers.filter(({ status }) => status !== 200), []);
    for (const { body } of answers) assert.deepEqual([body.symbol, body.bars.length > 0], ['AAPL', true]);
    return new Set(answers.map(({ body }) => body.as_of)).size;
  };
  assert.equal(await many('symbol=AAPL&server=enam/1'), 1, 'answers of the hub');
  assert.equal(await many('symbol=AAPL&limit=20&server=enam/1'), 1, 'another question');
  assert.ok(await many('symbol=AAPL') > 10, 'the hub itself answers each');
  assert.ok(await many('symbol=AAPL&server=enam/7') > 10, 'there is no such relay');
  const before = starts(hub);
  assert.ok(await many('symbol=AAPL&server=weur/0') > 10, 'a relay of another region is not asked');
  assert.equal(starts(hub), before, 'and not made');
  const passedOn = await fetch(new URL('/api/history?symbol=AAPL&server=enam/1&format=csv', base), { headers: { 'X-API-Key': KEY } });
  const { headers } = passedOn;
  assert.deepEqual([headers.get('content-type'), headers.get('cache-control'), headers.get('content-disposition'), headers.get('vary'), headers.get('x-hamster-server')], ['text/csv; charset=utf-8', 'private, max-age=5', 'attachment; filename="AAPL-1min.csv"', 'Accept-Encoding, Accept, Origin', 'enam/1']);
  assert.match(headers.get('age') ?? '', /^\d{1,2}$/);
  const ofHub = await fetch(new URL('/api/history?symbol=AAPL', base), { headers: { 'X-API-Key': KEY } });
  assert.deepEqual([ofHub.headers.get('x-hamster-server'), ofHub.headers.get('age')], [null, null]);
  const byAccept = await fetch(new URL('/api/history?symbol=AAPL&server=enam/1', base), { headers: { 'X-API-Key': KEY, Accept: 'text/csv' } });
  assert.deepEqual([byAccept.headers.get('content-type'), (await byAccept.text()).split('\n')[0]], ['text/csv; charset=utf-8', (await passedOn.text()).split('\n')[0]]);
  const again = await fetch(passedOn.url, { headers: { 'X-API-Key': KEY, 'If-None-Match': headers.get('etag') ?? '' } });
  assert.equal(again.status, 304);

  assert.equal((await ask('symbol=AAPL&server=enam/1', `${KEY}-2`)).status, 403, 'another may have it');
  assert.equal((await ask('symbol=MSFT&server=enam/1', `${KEY}-2`)).status, 200);
  assert.equal((await ask('symbol=AAPL&server=enam/1', 'wrong')).status, 401);
  assert.equal((await ask('symbol=AAPL&interval=7min&server=enam/1')).status, 400);
});
