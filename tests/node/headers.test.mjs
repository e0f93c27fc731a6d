/**
 * The headers that protect a visitor's browser, on everything that the terminal can answer: each
 * route of the route table, each kind of error, each file of the page, redirects.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Hub } from './support/hub.mjs';
import { upgrade } from './support/upgrade.mjs';

const TIMEOUT = { timeout: 60_000 };
const DOCUMENT = JSON.parse(readFileSync(new URL('../../public/openapi.json', import.meta.url), 'utf8'));
const PAGE = fileURLToPath(new URL('../../build/public', import.meta.url));
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** @type {Hub} */
let hub;
/** @type {URL} */
let base;
before(async () => {
  hub = new Hub({ SYMBOLS: 'AAPL,BTC/USD', ALLOWED_ORIGINS: 'https://desk.example' });
  base = new URL((await hub.url()).replace(/^ws/, 'http').replace(/ws$/, ''));
});
after(() => hub.stop());

/**
 * @typedef {{ status: number, headers: Headers, what: string }} Answer
 * @param {string} path @param {string} [method] @param {Record<string, string>} [headers]
 * @returns {Promise<Answer>}
 */
async function ask(path, method = 'GET', headers = {}) {
  const abort = new AbortController();
  const response = await fetch(new URL(path, base), { method, headers, redirect: 'manual', signal: abort.signal });
  abort.abort();
  return { status: response.status, headers: response.headers, what: `${method} ${path} ${response.status}` };
}

/** What everything has. @param {Answer} answer */
function isGuarded({ headers, what }) {
  assert.equal(headers.get('X-Content-Type-Options'), 'nosniff', what);
  assert.equal(headers.get('Referrer-Policy'), 'no-referrer', what);
  assert.match(headers.get('Permissions-Policy') ?? '', /camera=\(\)/, what);
  assert.ok(headers.get('Content-Security-Policy')?.startsWith("default-src 'none'"), what);
  assert.ok(['same-origin', 'cross-origin'].includes(headers.get('Cross-Origin-Resource-Policy') ?? ''), what);
}

/** What every answer of the API has. @param {Answer} answer */
function isGuardedApi(answer) {
  isGuarded(answer);
  assert.equal(answer.headers.get('Content-Security-Policy'), API_POLICY, answer.what);
  assert.equal(answer.headers.get('Cross-Origin-Opener-Policy'), 'same-origin', answer.what);
}

/** Requests that each route answers in its way: rightly, to a wrong parameter, to a wrong method. */
function requests() {
  return Object.entries(DOCUMENT.paths).flatMap(([path, operations]) => {
    const [method = 'get'] = Object.keys(/** @type {object} */ (operations));
    return [
      [path, method.toUpperCase()],
      [`${path}?symbol=AAPL&symbols=AAPL&q=apple`, method.toUpperCase()],
      [`${path}?none-such=1`, method.toUpperCase()],
      [path, 'DELETE'],
      [path, 'PROPFIND'],
      [path, 'OPTIONS'],
      [path, 'HEAD'],
    ];
  });
}

test('every route has them, whatever it answers', TIMEOUT, async () => {
  const seen = new Set();
  for (const [path = '', method] of requests()) {
    const answer = await ask(path, method);
    seen.add(answer.status);
    isGuardedApi(answer);
  }
  for (const path of ['/api/none-such', '/API/QUOTES', '/api/quotes/', '/v1/none', '/ws/']) {
    const answer = await ask(path);
    seen.add(answer.status);
    isGuardedApi(answer);
  }
  for (const status of [200, 204, 400, 403, 404, 405, 426]) assert.ok(seen.has(status), `${status} of ${[...seen]}`);
});

test('so have upgrades that are refused', TIMEOUT, async () => {
  for (const [headers, status] of /** @type {[Record<string, string>, number][]} */ ([[{ Origin: 'https://evil.example' }, 403], [{ 'Sec-WebSocket-Protocol': 'graphql' }, 400]])) {
    const answer = await upgrade(new URL('/ws', base), headers);
    assert.equal(answer.status, status);
    isGuardedApi({ status, headers: new Headers(/** @type {any} */ (answer.headers)), what: `/ws ${status}` });
  }
});

test('only pages that may read an answer are told so', TIMEOUT, async () => {
  for (const [path = '', method] of requests()) {
    const [listed, other] = [await ask(path, method, { Origin: 'https://desk.example' }), await ask(path, method, { Origin: 'https://evil.example' })];
    assert.equal(listed.headers.get('Access-Control-Allow-Origin'), 'https://desk.example', listed.what);
    assert.equal(other.headers.get('Access-Control-Allow-Origin'), null, other.what);
    assert.equal(other.headers.get('Cross-Origin-Resource-Policy'), 'same-origin', other.what);
    for (const answer of [listed, other]) assert.match(answer.headers.get('Vary') ?? '', /Origin/, answer.what);
  }
});

test('every file of the page has them, and only the embed may be framed', TIMEOUT, async () => {
  const files = readdirSync(PAGE, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('_'))
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(PAGE.length).replace(/\/index\.html$/, '/').replace(/\.html$/, ''));
  assert.ok(files.length > 10, String(files));
  for (const file of [...files, '/none-such', '/index.html', '/embed.html']) {
    const answer = await ask(file);
    isGuarded(answer);
    const policy = answer.headers.get('Content-Security-Policy') ?? '';
    if (file.startsWith('/embed')) assert.match(policy, /frame-ancestors \*/, answer.what);
    else assert.match(policy, /frame-ancestors 'none'/, answer.what);
    assert.match(policy, /require-trusted-types-for 'script'/, answer.what);
    assert.doesNotMatch(policy, /unsafe|https?:/, answer.what);
    assert.equal(answer.headers.get('Set-Cookie'), null, answer.what);
    // Over http browsers ignore it.
    assert.match(answer.headers.get('Strict-Transport-Security') ?? '', /max-age=31536000/, answer.what);
  }
});
