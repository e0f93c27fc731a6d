/**
 * Access control on a real workerd: who gets in by which door, with which token, from which page, and
 * until when. Tokens are made by node:crypto, not by our code.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Client, Hub, eventually } from './support/hub.mjs';
import { upgrade } from './support/upgrade.mjs';

const KEY = 'hk_a-key-of-the-desk_0123456789';
const NARROW = 'hk_a-key-for-apple-only_012345';
const AUDIENCE = 'terminal';
const PAGE = 'https://desk.example';
const TIMEOUT = { timeout: 60_000 };

const sha256 = (/** @type {string} */ text) => createHash('sha256').update(text).digest('hex');
const encoded = (/** @type {unknown} */ value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const secret = randomBytes(32);
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const edwards = generateKeyPairSync('ed25519');
const publicKey = (/** @type {import('node:crypto').KeyObject} */ key) => createPublicKey(key).export({ format: 'jwk' });

/** @type {Record<string, (data: string) => Buffer>} */
const SIGNERS = {
  HS256: (data) => createHmac('sha256', secret).update(data).digest(),
  ES256: (data) => sign('sha256', Buffer.from(data), { key: curve.privateKey, dsaEncoding: 'ieee-p1363' }),
  EdDSA: (data) => sign(null, Buffer.from(data), edwards.privateKey),
};

/**
 * @param {string} alg
 * @param {Record<string, unknown>} [claims]
 * @param {(data: string) => Buffer} [signer]
 */
function jwt(alg, claims = {}, signer = SIGNERS[alg]) {
  const now = Math.floor(Date.now() / 1_000);
  const data = `${encoded({ alg, typ: 'JWT' })}.${encoded({ sub: 'ann', exp: now + 600, aud: AUDIENCE, ...claims })}`;
  return `${data}.${signer ? encoded2(signer(data)) : ''}`;
}
const encoded2 = (/** @type {Buffer} */ bytes) => bytes.toString('base64url');

/** @type {Hub} */
let hub;
/** @type {string} */
let base;

before(async () => {
  hub = new Hub({
    SYMBOLS: 'AAPL,BTC/USD',
    ACCESS_KEYS: JSON.stringify([
      { name: 'desk', sha256: sha256(KEY) },
      { name: 'apple', sha256: sha256(NARROW), symbols: ['AAPL'], limits: { sockets: 2, calls: 30 } },
      { name: 'old', sha256: sha256('hk_old'), expires: '2026-01-01T00:00:00Z' },
    ]),
    ACCESS_JWKS: JSON.stringify({
      keys: [{ kty: 'oct', k: secret.toString('base64url') }, publicKey(curve.privateKey), publicKey(edwards.privateKey)],
    }),
    ACCESS_AUDIENCE: AUDIENCE,
    ALLOWED_ORIGINS: PAGE,
  });
  base = (await hub.url()).replace(/^ws/, 'http').replace(/ws$/, '');
});
after(() => hub.stop());

let asked = 0;
/** Another address for each request, so that wrong tokens are not counted against one. */
const address = () => `198.51.${(asked += 1) >> 8}.${asked & 255}`;
/** @param {string} path @param {Record<string, string>} [headers] @param {string} [method] */
const ask = (path, headers = {}, method = 'GET') => fetch(new URL(path, base), { method, headers: { 'CF-Connecting-IP': address(), ...headers }, redirect: 'manual', signal: AbortSignal.timeout(20_000) });
/** @param {string} token */
const bearer = (token) => ({ Authorization: `Bearer ${token}` });
/** @param {string} path @param {Record<string, string>} [headers] */
const status = async (path, headers) => {
  const response = await ask(path, headers);
  await response.body?.cancel();
  return response.status;
};
/** @param {string} path @param {Record<string, string>} [headers] */
const opens = async (path, headers = {}) => (await upgrade(new URL(path, base), { 'CF-Connecting-IP': address(), ...headers })).status;

const DOCUMENT = JSON.parse(readFileSync(new URL('../../public/openapi.json', import.meta.url), 'utf8'));
const ROUTES = Object.keys(DOCUMENT.paths);

test('without a token every route but /health and /api/access is closed, and the hub is not asked', TIMEOUT, async () => {
  for (const path of ROUTES) {
    const [method] = Object.keys(DOCUMENT.paths[path]);
    // What a route needs, so that it is not refused for another reason.
    const query = (DOCUMENT.paths[path][method ?? 'get'].parameters ?? [])
      .map((/** @type {any} */ one) => (one.$ref ? DOCUMENT.components.parameters[one.$ref.split('/').pop()] : one))
      .filter((/** @type {any} */ one) => one.in === 'query' && one.required)
      .map((/** @type {any} */ one) => `${one.name}=${encodeURIComponent(one.example ?? Object.values(one.examples ?? { x: { value: 'AAPL' } }).map((/** @type {any} */ example) => example.value)[0])}`);
    const address = `${path}?${query.join('&')}`;
    const response = await ask(address, {}, method?.toUpperCase());
    const told = await response.text();
    if (['/health', '/api/access'].includes(path)) assert.equal(response.status, 200, path);
    // Its clients show their token in a message.
    else if (path === '/socket.io/') assert.ok([200, 400].includes(response.status), `${path} ${told}`);
    else {
      assert.equal(response.status, 401, `${path} ${told}`);
      assert.equal(response.headers.get('WWW-Authenticate'), 'Bearer', path);
      assert.match(told, /not open to everybody/, path);
    }
    assert.equal(response.headers.get('Access-Control-Allow-Origin'), null, path);
  }
  for (const path of ['/ws', '/v1/quotes/price', '/api/stream']) assert.equal(await opens(path), 401, path);
  assert.deepEqual(await (await ask('/api/access')).json(), { ok: true, access: 'required', principal: null, expires: null });
});

test('a key opens every door in the way of its protocol', TIMEOUT, async () => {
  const { principal } = await (await ask('/api/access', bearer(KEY))).json();
  assert.equal(principal, 'desk');
  for (const headers of [bearer(KEY), { 'X-API-Key': KEY }]) {
    assert.equal(await status('/api/quotes', headers), 200);
    assert.equal(await status('/metrics', headers), 200);
    assert.equal(await opens('/ws', headers), 101);
  }
  assert.equal((await (await ask('/api/status', bearer(KEY))).json()).access, 'required');
  // Twelve Data's clients.
  assert.equal(await status(`/price?symbol=AAPL&apikey=${KEY}`), 200);
  assert.equal(await status('/price?symbol=AAPL', { Authorization: `apikey ${KEY}` }), 200);
  assert.equal(await opens(`/v1/quotes/price?apikey=${KEY}`), 101);
  assert.equal(await opens('/v1/quotes/price', { 'X-TD-APIKEY': KEY }), 101);
  const refused = await (await ask('/price?symbol=AAPL&apikey=demo')).json();
  assert.deepEqual([refused.code, refused.status], [401, 'error']);
  // Nowhere else is a key read from an address.
  assert.equal(await status(`/api/quotes?apikey=${KEY}`), 400);
  assert.equal(await opens(`/ws?apikey=${KEY}`), 400);
});

test('a browser shows its token as a subprotocol, which is not repeated', TIMEOUT, async () => {
  const socket = new WebSocket(await hub.url(), ['hamster.v1', `hamster.bearer.${jwt('ES256')}`]);
  const client = new Client(socket);
  const greeting = await client.until('connected', (event) => event['event'] === 'connected');
  assert.equal(socket.protocol, 'hamster.v1');
  assert.deepEqual([greeting['access'].mode, greeting['access'].principal], ['required', 'ann']);
  socket.close();
  const { status, body } = await upgrade(new URL('/ws', base), { 'Sec-WebSocket-Protocol': `graphql, hamster.bearer.${KEY}` });
  assert.equal(status, 400);
  assert.ok(!body.includes(KEY) && body.includes('graphql'), body);
});

test('tokens of all three algorithms count; everything else does not', TIMEOUT, async () => {
  const past = Math.floor(Date.now() / 1_000) - 5;
  for (const alg of Object.keys(SIGNERS)) assert.equal(await status('/api/quotes', bearer(jwt(alg))), 200, alg);
  const asSecret = (/** @type {string} */ data) => createHmac('sha256', JSON.stringify(publicKey(curve.privateKey))).update(data).digest();
  const asPem = (/** @type {string} */ data) => createHmac('sha256', createPublicKey(curve.privateKey).export({ format: 'pem', type: 'spki' })).update(data).digest();
  const [head = '', claims = '', signature = ''] = jwt('ES256').split('.');
  const other = generateKeyPairSync('ed25519').privateKey;
  for (const [what, token] of Object.entries({
    'another key': jwt('EdDSA', {}, (data) => sign(null, Buffer.from(data), other)),
    'an empty signature': jwt('HS256', {}, () => Buffer.alloc(0)),
    'alg none': `${encoded({ alg: 'none' })}.${claims}.`,
    'alg none, signed': `${encoded({ alg: 'none' })}.${claims}.${signature}`,
    'the public key as the secret': jwt('HS256', {}, asSecret),
    'the public key in PEM as the secret': jwt('HS256', {}, asPem),
    'other claims under the signature': `${head}.${encoded({ sub: 'eve', exp: past + 600, aud: AUDIENCE })}.${signature}`,
    'another algorithm in the head': `${encoded({ alg: 'EdDSA' })}.${claims}.${signature}`,
    'an end in the past': jwt('ES256', { exp: past }),
    'no end': jwt('ES256', { exp: undefined }),
    'a start in the future': jwt('ES256', { nbf: past + 600 }),
    'another audience': jwt('ES256', { aud: 'other' }),
    'no audience': jwt('ES256', { aud: undefined }),
    'no name': jwt('ES256', { sub: undefined }),
    'a claim named twice': (() => {
      const data = `${encoded({ alg: 'ES256' })}.${encoded(`{"sub":"ann","exp":1,"exp":${past + 600},"aud":"${AUDIENCE}"}`)}`;
      return `${data}.${encoded2(/** @type {any} */ (SIGNERS['ES256'])(data))}`;
    })(),
    'a huge token': jwt('ES256', { more: 'x'.repeat(5_000) }),
    'an old key': 'hk_old',
    'half a key': KEY.slice(0, 20),
    'a hash': sha256(KEY),
    nonsense: '....',
  })) {
    const response = await ask('/api/quotes', bearer(token));
    const told = await response.text();
    assert.equal(response.status, 401, `${what}: ${told}`);
    assert.ok(!told.includes(token), what);
  }
  assert.equal(await status('/api/quotes', { ...bearer(KEY), 'X-API-Key': NARROW }), 401, 'two that differ');
});

test('nobody can say whose pass it has', TIMEOUT, async () => {
  const forged = { 'X-Hamster-Pass': JSON.stringify({ principal: 'desk', voucher: '1', expires: null, symbols: null, limits: {} }) };
  assert.equal(await status('/api/quotes', forged), 401);
  assert.equal(await opens('/ws', forged), 401);
  assert.equal(await status('/api/quotes?symbols=BTC/USD', { ...forged, ...bearer(NARROW) }), 403, 'the token counts');
  assert.equal(await status('/socket.io/?EIO=4&transport=polling', forged), 200);
});

test('a ticket opens one connection, for the page that asked for it', TIMEOUT, async () => {
  /** @param {Record<string, string>} headers */
  const ticket = async (headers) => {
    const response = await ask('/api/ticket', headers, 'POST');
    assert.equal(response.status, 200);
    return (await response.json()).ticket;
  };
  const [one, two, three] = [await ticket(bearer(KEY)), await ticket({ ...bearer(KEY), Origin: PAGE }), await ticket({ ...bearer(KEY), Origin: PAGE })];
  assert.equal(await opens(`/ws?ticket=${one}`), 101);
  assert.equal(await opens(`/ws?ticket=${one}`), 401, 'once');
  assert.equal(await opens(`/ws?ticket=${two}`, { Origin: new URL(base).origin }), 401, 'from another origin');
  assert.equal(await opens(`/ws?ticket=${two}`, { Origin: PAGE }), 401, 'used up');
  const stream = await ask(`/api/stream?ticket=${three}`, { Origin: PAGE });
  assert.equal(stream.status, 200);
  await stream.body?.cancel();
  assert.equal(await status(`/api/stream?ticket=${one}`), 401);
  assert.equal((await ask('/api/ticket', {}, 'POST')).status, 401);
  assert.equal((await ask('/api/ticket', bearer(KEY), 'GET')).status, 405);
});

test('wrong tickets are counted as wrong tokens are', TIMEOUT, async () => {
  const guesses = [];
  for (let guess = 0; guess < 32; guess += 1) guesses.push((await upgrade(new URL(`/ws?ticket=wrong${guess}`, base), { 'CF-Connecting-IP': '203.0.113.20' })).body);
  assert.match(guesses[0] ?? '', /ticket is not known/);
  assert.match(guesses.at(-1) ?? '', /too many wrong tickets/);
});

test('a HEAD request opens no WebSocket', TIMEOUT, async () => {
  for (const path of ['/ws', '/socket.io/?EIO=4&transport=websocket', '/v1/quotes/price']) {
    const answer = await upgrade(new URL(path, base), { ...bearer(KEY), 'CF-Connecting-IP': address() }, 'HEAD');
    // The platform answers before us, with 400.
    assert.ok([400, 426].includes(answer.status ?? 0), `${path}: ${answer.status}`);
  }
  assert.equal(await status('/health'), 200, 'and harms nothing');
});

test('Socket.IO shows its token when it joins', TIMEOUT, async () => {
  const url = new URL('/socket.io/?EIO=4&transport=websocket', (await hub.url()));
  /** @param {string} text */
  const joins = async (text) => {
    const socket = new WebSocket(url);
    /** @type {string[]} */
    const heard = [];
    socket.addEventListener('message', ({ data }) => heard.push(data));
    await eventually('opened', () => heard.length > 0);
    socket.send(text);
    await eventually('answered', () => heard.some((packet) => packet.startsWith('4')));
    const answered = heard.find((packet) => packet.startsWith('4')) ?? '';
    if (answered.startsWith('40')) await eventually('a price', () => heard.some((packet) => packet.includes('price_update')));
    socket.close();
    return answered;
  };
  assert.match(await joins('40'), /^44\{.*auth/);
  assert.match(await joins('40{"token":"wrong"}'), /^44\{.*cannot be used/);
  assert.match(await joins(`40${JSON.stringify({ token: jwt('HS256') })}`), /^40\{"sid"/);
  assert.match(await joins(`40${JSON.stringify({ token: KEY })}`), /^40\{"sid"/);
});

test('a pass for some symbols is for no others, by any door', TIMEOUT, async () => {
  const headers = bearer(NARROW);
  const quotes = await (await ask('/api/quotes', headers)).json();
  assert.deepEqual(quotes.quotes.map((/** @type {any} */ one) => one.symbol), ['AAPL'], 'the defaults, as far as it may read them');
  for (const path of ['/api/quotes?symbols=AAPL,BTC/USD', '/api/history?symbol=BTC/USD', '/api/sparklines?symbols=BTC/USD', '/api/stream?symbols=BTC/USD', '/price?symbol=BTC/USD', '/api/status', '/metrics']) {
    const answered = await status(path, headers);
    assert.equal(answered, 403, path);
  }
  assert.doesNotMatch(await (await ask('/api/crypto', headers)).text(), /btc/i);
  const socket = new WebSocket(await hub.url(), ['hamster.v1', `hamster.bearer.${NARROW}`]);
  const client = new Client(socket);
  await client.until('connected', (event) => event['event'] === 'connected');
  client.say({ action: 'subscribe', params: { symbols: 'AAPL,BTC/USD' } });
  const told = await client.until('an answer', (event) => event['event'] === 'subscribe-status');
  assert.equal(told['fails'][0].symbol, 'BTC/USD');
  assert.match(told['fails'][0].reason, /covers only AAPL/);
  assert.equal(await opens('/ws', headers), 101, 'the second of two');
  await eventually('room again', async () => (await opens('/ws', headers)) === 101);
  socket.close();
});

test('a socket is closed when its token ends', TIMEOUT, async () => {
  const ends = Math.ceil(Date.now() / 1_000) + 2;
  const client = new Client(new WebSocket(await hub.url(), ['hamster.v1', `hamster.bearer.${jwt('EdDSA', { exp: ends })}`]));
  await client.until('connected', (event) => event['event'] === 'connected');
  // workerd ends the connection of a closed socket at once only if the client has ever said anything.
  client.say({ action: 'subscribe', params: { symbols: 'AAPL' } });
  await eventually('the close', () => client.closed !== null);
  assert.equal(client.closed, 4010);
  assert.ok(Date.now() >= ends * 1_000 - 50);
});

test('only pages of listed origins may connect, and only they may read', TIMEOUT, async () => {
  const own = new URL(base).origin;
  for (const origin of [PAGE, own]) assert.equal(await opens('/ws', { ...bearer(KEY), Origin: origin }), 101, origin);
  for (const origin of ['https://evil.example', 'null', 'https://desk.example:8443', 'https://a.desk.example', 'https://desk.example.evil.example', 'HTTPS://DESK.EXAMPLE', own.replace('127.0.0.1', 'localhost'), `${own}0`]) {
    for (const path of ['/ws', '/v1/quotes/price', '/socket.io/?EIO=4&transport=websocket']) {
      assert.equal(await opens(path, { ...bearer(KEY), Origin: origin }), 403, `${origin} ${path}`);
    }
    assert.equal(await status('/api/stream', { ...bearer(KEY), Origin: origin }), 403, origin);
    const read = await ask('/api/quotes', { ...bearer(KEY), Origin: origin });
    assert.equal(read.headers.get('Access-Control-Allow-Origin'), null, origin);
  }
  const read = await ask('/api/quotes', { ...bearer(KEY), Origin: PAGE });
  assert.equal(read.headers.get('Access-Control-Allow-Origin'), PAGE);
  assert.match(read.headers.get('Vary') ?? '', /Origin/);
});

test('a share is told, and who has used it up is told when to come back', TIMEOUT, async () => {
  const first = await ask('/api/quotes', bearer(NARROW));
  assert.equal(first.headers.get('RateLimit-Policy'), '"calls";q=30;w=60');
  assert.match(first.headers.get('RateLimit') ?? '', /^"calls";r=\d+;t=\d+$/);
  await first.body?.cancel();
  let last = first;
  for (let call = 0; call < 40 && last.status === 200; call += 1) {
    last = await ask('/api/quotes', bearer(NARROW));
    await last.body?.cancel();
  }
  assert.equal(last.status, 429);
  assert.ok(Number(last.headers.get('Retry-After')) >= 1);
  assert.equal(await status('/api/quotes', bearer(KEY)), 200, 'another principal');
  // Lookups have a smaller share.
  const lookup = await ask('/api/search?q=apple', bearer(KEY));
  assert.match(lookup.headers.get('RateLimit-Policy') ?? '', /^"lookups"/);
});

test('who guesses tokens is slowed down, and nobody else', TIMEOUT, async () => {
  const guess = (/** @type {string} */ address) => status('/api/quotes', { ...bearer('guess'), 'CF-Connecting-IP': address });
  const answers = [];
  for (let attempt = 0; attempt < 35; attempt += 1) answers.push(await guess('203.0.113.9'));
  assert.equal(answers[0], 401);
  assert.equal(answers.at(-1), 429);
  assert.equal(await guess('203.0.113.10'), 401);
});

test('a misconfigured terminal says so and opens to nobody', TIMEOUT, async () => {
  const wrong = new Hub({ ACCESS: 'required' });
  try {
    const address = (await wrong.url()).replace(/^ws/, 'http').replace(/ws$/, '');
    const response = await fetch(`${address}api/quotes`);
    assert.equal(response.status, 500);
    assert.match((await response.json()).detail, /neither ACCESS_KEYS nor ACCESS_JWKS/);
  } finally {
    await wrong.stop();
  }
});
