/**
 * Nothing secret leaves the terminal: a run with known keys, tokens, tickets and addresses, of which
 * every answer, frame, log line and stored file is searched for them, in the forms in which a secret
 * may hide.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Hub, eventually } from './support/hub.mjs';
import { upgrade } from './support/upgrade.mjs';
import { KEY, Upstream } from './support/upstream.mjs';

const ACCESS = `hk_${randomBytes(32).toString('base64url')}`;
const WRONG = `hk_${randomBytes(32).toString('base64url')}`;
const SHARED = randomBytes(32);
const ADDRESS = '203.0.113.177';

function jwt() {
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const data = `${part({ alg: 'HS256' })}.${part({ sub: 'ann', exp: Math.floor(Date.now() / 1_000) + 600 })}`;
  return `${data}.${createHmac('sha256', SHARED).update(data).digest('base64url')}`;
}

/** The forms of a secret, each with its name. @param {string} secret @returns {[string, string][]} */
function forms(secret) {
  const bytes = Buffer.from(secret);
  const swapped = [...secret].map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join('');
  /** @type {[string, string][]} */
  const all = [
    ['as it is', secret],
    ['in another case', swapped],
    ['in base64', bytes.toString('base64').replaceAll('=', '').slice(0, -2)],
    ['in base64url', bytes.toString('base64url').slice(0, -2)],
    ['in hexadecimal', bytes.toString('hex')],
    ['URL-encoded', encodeURIComponent(secret)],
    ['percent by percent', [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')],
  ];
  for (let from = 0; from + 16 <= secret.length; from += 16) all.push([`its characters from ${from}`, secret.slice(from, from + 16)]);
  return all;
}

test('no secret is in any answer, frame, log line or file', { timeout: 90_000 }, async (context) => {
  const upstream = await Upstream.start();
  const hub = new Hub({
    ...upstream.vars,
    SYMBOLS: 'AAPL,MSFT',
    CHECKPOINT_MS: '300',
    ACCESS_KEYS: JSON.stringify([{ name: 'desk', sha256: createHash('sha256').update(ACCESS).digest('hex') }]),
    ACCESS_JWKS: JSON.stringify({ keys: [{ kty: 'oct', k: SHARED.toString('base64url') }] }),
  });
  context.after(async () => {
    await hub.stop();
    await upstream.stop();
  });
  const socketUrl = await hub.url();
  const base = new URL(socketUrl.replace(/^ws/, 'http').replace(/ws$/, ''));
  /** What was sent to anybody. @type {[string, string][]} */
  const said = [];
  /** @param {string} path @param {Record<string, string>} [headers] @param {string} [method] */
  const ask = async (path, headers = {}, method = 'GET') => {
    const response = await fetch(new URL(path, base), { method, headers: { 'CF-Connecting-IP': ADDRESS, ...headers }, redirect: 'manual' });
    const text = await response.text();
    said.push([`${method} ${path.slice(0, 20)}`, `${JSON.stringify([...response.headers])} ${text}`]);
    return { status: response.status, text };
  };
  const token = jwt();
  const bearer = (/** @type {string} */ text) => ({ Authorization: `Bearer ${text}` });

  const frames = (/** @type {WebSocket} */ socket) => socket.addEventListener('message', ({ data }) => said.push(['a frame', String(data)]));
  const socket = new WebSocket(socketUrl, ['hamster.v1', `hamster.bearer.${token}`]);
  frames(socket);
  await eventually('open', () => socket.readyState === WebSocket.OPEN);
  socket.send(JSON.stringify({ action: 'subscribe', params: { symbols: 'AAPL,MSFT' } }));
  const guest = new WebSocket(new URL('/socket.io/?EIO=4&transport=websocket', socketUrl));
  frames(guest);
  await eventually('open', () => guest.readyState === WebSocket.OPEN);
  guest.send(`40${JSON.stringify({ token: WRONG })}`);
  guest.send(`40${JSON.stringify({ token: ACCESS })}`);
  await eventually('a price', async () => {
    upstream.tick('AAPL', 100 + (said.length % 20));
    return /"price":1[01]\d/.test((await ask('/api/quotes', bearer(ACCESS))).text);
  });

  const issued = await ask('/api/ticket', bearer(ACCESS), 'POST');
  const { ticket } = JSON.parse(issued.text);
  said.pop();
  for (const wanted of ['/api/quotes', '/api/status', '/metrics', '/api/access', '/api/search?q=apple', '/api/history?symbol=AAPL', '/api/sessions', '/health', '/openapi.json', '/', '/api/none', '/api/quotes?none=1']) {
    /** @type {Record<string, string>[]} */
    const ways = [bearer(ACCESS), bearer(token), { 'X-API-Key': ACCESS }, bearer(WRONG), {}];
    for (const headers of ways) await ask(wanted, headers);
  }
  for (const key of [ACCESS, WRONG, token]) {
    for (const path of [`/price?symbol=AAPL&apikey=${key}`, `/quote?apikey=${key}`, `/api/quotes?apikey=${key}`, `/api/quotes?symbols=${key}`, `/api/stream?ticket=${key}`, `/none/${key}`]) {
      const { text } = await ask(path);
      // An address that repeats a key in the wrong place is answered to whoever sent it, and cut.
      if (path.startsWith('/api/quotes') || path.startsWith('/none')) said.pop();
      assert.ok(!text.includes(key), `${path.slice(0, 24)} repeats it whole`);
    }
  }
  /** @type {Record<string, string>[]} */
  const handshakes = [bearer(ACCESS), bearer(WRONG), { 'Sec-WebSocket-Protocol': `x, hamster.bearer.${ACCESS}` }, { Origin: 'https://evil.example', ...bearer(ACCESS) }];
  for (const headers of handshakes) {
    const answer = await upgrade(new URL('/ws', base), { 'CF-Connecting-IP': ADDRESS, ...headers });
    said.push(['an upgrade', JSON.stringify(answer)]);
  }
  const redeemed = await upgrade(new URL(`/ws?ticket=${ticket}`, base), { 'CF-Connecting-IP': ADDRESS });
  assert.equal(redeemed.status, 101);
  await eventually('AAPL is stored', () => [...hub.stored().values()].some((bytes) => bytes.includes('AAPL')));
  await new Promise((resolve) => setTimeout(resolve, 1_000));

  const stored = [...hub.stored()].map(([name, bytes]) => /** @type {[string, string]} */ ([`the file ${name}`, bytes.toString('latin1')]));
  const logged = hub.logs.map(({ message }) => /** @type {[string, string]} */ (['the log', message]));
  assert.ok(said.length > 60 && stored.length > 0 && logged.length > 0);
  assert.ok(stored.some(([, text]) => text.includes('AAPL')), 'the files are those of the hub');
  /** @type {Record<string, string>} */
  const secrets = { 'the key of upstream': KEY, 'an access key': ACCESS, 'a wrong key': WRONG, 'a token': token, 'a ticket': ticket, 'the shared secret': SHARED.toString('base64url'), 'an address': ADDRESS };
  for (const [what, secret] of Object.entries(secrets)) {
    for (const [form, text] of forms(secret)) {
      for (const [where, haystack] of [...said, ...stored, ...logged]) {
        assert.ok(!haystack.includes(text), `${what}, ${form}, is in ${where}: ${haystack.slice(0, 300)}`);
      }
    }
  }
  socket.close();
  guest.close();
});

test('the search finds a secret in each of its forms', () => {
  for (const [form, text] of forms(ACCESS)) assert.ok(text.length >= 12, `${form}: ${text}`);
  const found = forms(ACCESS).filter(([, text]) => `x${Buffer.from(ACCESS).toString('base64')}y`.includes(text));
  const names = found.map(([form]) => form);
  assert.ok(names.includes('in base64') && !names.includes('as it is'), String(names));
});
