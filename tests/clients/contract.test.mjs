/**
 * /openapi.json is what the running worker does: every answer has a documented status, type, headers
 * and fields, and no field that is not documented. src/api/tests/contract.rs checks the requests.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../../scripts/lib/project.mjs';
import { load } from './support/clients.mjs';
import { Server, isReference } from './support/server.mjs';
import { UNKNOWN } from './support/symbols.mjs';

const OPTIONS = { timeout: 60_000, skip: isReference && 'only the hub has this document' };
const text = readFileSync(join(ROOT, 'public', 'openapi.json'), 'utf8');
/** @type {any} */
const document = JSON.parse(text);
/** The address of a document in which no object may have other fields than its schema names. */
const CLOSED = 'https://hub/closed';
const Ajv = load('ajv/dist/2020').default;
// Times have a pattern beside their format.
const ajv = new Ajv({ strict: false, allErrors: true, formats: { 'date-time': true } });
ajv.addSchema(closed(document), CLOSED);

/** What cannot be brought about here on purpose; other tests do. */
const ELSEWHERE = ['401', '403', '413', '429', '500', '503'];
/** One request for each status of each route, and more where answers have several shapes. */
const REQUESTS = [
  ...['stocks', 'forex', 'crypto', 'quotes', 'sparklines', 'sessions', 'status', 'crypto/summary', 'chart-data', 'market-state'].map((name) => `/api/${name}`),
  '/metrics',
  '/health',
  `/api/quotes?symbols=BTC/USD,RY:TSX,${UNKNOWN}`,
  `/api/sparklines?symbols=EUR/USD,${UNKNOWN}`,
  ...['1min', '5min', '15min', '1h', '4h', '1day'].map((interval) => `/api/history?symbol=AAPL&interval=${interval}&limit=20`),
  '/api/history?symbol=BTC/USD&before=2026-01-19T14:32:00Z',
  '/api/history?symbol=AAPL&format=csv',
  `/api/history?symbol=${UNKNOWN}`,
  '/api/search?q=apple',
  '/api/search?q=us&limit=50',
  '/api/chart-data?symbol=AAPL&interval=1day&outputsize=3',
  `/api/chart-data?symbol=${UNKNOWN}`,
  '/api/quote?symbol=EUR/USD',
  `/api/quote?symbol=${UNKNOWN}`,
  ...['/quote?', '/price?', '/time_series?interval=1h&'].flatMap((route) => [
    `${route}symbol=AAPL`,
    `${route}symbol=BTC/USD,EUR/USD,${UNKNOWN}&dp=3&timezone=Asia/Tokyo`.replace(/(price.*)&timezone=.*/, '$1'),
    `${route}symbol=AAPL,BTC/USD&format=CSV`,
    `${route}symbol=${UNKNOWN}`,
    `${route}symbol=${Array.from({ length: 65 }, (_, n) => `S${n}`)}`,
  ]),
  '/symbol_search?symbol=apple&show_plan=true',
  '/symbol_search?symbol=apple&format=CSV',
  '/api_usage',
  '/api_usage?format=CSV',
  '/technical_indicators',
  '/v1/quotes/price',
  '/ws',
  '/socket.io/?EIO=4',
  '/socket.io/?EIO=4&transport=websocket',
  '/socket.io/?EIO=3',
  '/api/access',
];

/** @type {Server} */
let server;
before(async () => void (server = isReference ? server : await Server.start()));
after(() => server?.stop());

/**
 * The document with objects that have the named fields only.
 * @param {any} part
 * @returns {any}
 */
function closed(part) {
  if (Array.isArray(part)) return part.map(closed);
  if (part === null || typeof part !== 'object') return part;
  const inner = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, closed(value)]));
  return 'properties' in part && !('additionalProperties' in part) ? { ...inner, additionalProperties: false } : inner;
}

/** What a reference stands for. @param {any} part @returns {any} */
function resolved(part) {
  if (!part.$ref) return part;
  return part.$ref.slice(2).split('/').reduce((/** @type {any} */ inner, /** @type {string} */ name) => inner[name], document);
}

/** Fails unless a value fits a schema of the document. @param {any} schema @param {unknown} value @param {string} what */
function assertFits(schema, value, what) {
  // References count from the document.
  const absolute = JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/', `"${CLOSED}#/`));
  const fits = ajv.compile(absolute);
  assert.ok(fits(value), `${what}: ${ajv.errorsText(fits.errors)} in ${JSON.stringify(value)?.slice(0, 500)}`);
}

/** The events of a stream that ends with a whole one. @param {string} stream */
function eventsOf(stream) {
  const blocks = stream.split('\n\n').slice(0, -1).map((block) => block.split('\n').filter((line) => !line.startsWith(':')));
  return blocks.filter((lines) => lines.length > 0).map((lines) => Object.fromEntries(lines.map((line) => {
    const [, name, value] = /^(\w+): (.*)$/.exec(line) ?? [];
    return [name, name === 'retry' ? Number(value) : value];
  })));
}

/**
 * Fails unless the document has the answer; the body as text, its status and its route.
 * @param {string} path
 * @param {Response} answer
 * @param {string} body
 * @param {string} method
 */
function assertDocumented(path, answer, body, method = 'get') {
  const route = path.replace(/\?.*/, '');
  const what = `${method} ${path}: ${answer.status}`;
  const documented = document.paths[route][method].responses[answer.status];
  assert.ok(documented, `${what} is not documented: ${body}`);
  const { headers, content } = resolved(documented);
  for (const [name, header] of Object.entries(headers)) {
    const { required, schema } = resolved(header);
    const value = answer.headers.get(name);
    if (value === null) assert.ok(!required, `${what} has no ${name}`);
    else assertFits(schema, schema.type === 'integer' ? Number(value) : value, `${what}, ${name}`);
  }
  const type = answer.headers.get('content-type')?.replace(/;.*/, '') ?? '';
  if (!content) return assert.equal(body, '', what);
  assert.ok(content[type], `${what} is ${type}`);
  assertFits(content[type].schema, /json$/.test(type) ? JSON.parse(body) : body, what);
}

test('any page may read the document', OPTIONS, async () => {
  const answer = await fetch(`${server.url}/openapi.json`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  assert.equal(answer.headers.get('cross-origin-resource-policy'), 'cross-origin');
  assert.equal(await answer.text(), text);
});

test('every example fits its schema', OPTIONS, () => {
  const responses = Object.values(document.paths).flatMap((path) => Object.values(path)).flatMap((operation) => Object.values(operation.responses));
  let examples = 0;
  for (const response of [...responses, ...Object.values(document.components.responses)]) {
    for (const { schema, example, examples: named = {} } of Object.values(resolved(response).content ?? {})) {
      for (const value of [example, ...Object.values(named).map(({ value }) => value)]) {
        if (value === undefined) continue;
        assertFits(schema, value, resolved(response).description);
        examples += 1;
      }
    }
  }
  assert.ok(examples > 40, `${examples} examples`);
});

test('every answer is as documented, and every documented status is answered', OPTIONS, async () => {
  const met = new Set(['/api/stream 200', '/api/stream 400']);
  /** @param {string} path @param {Record<string, string>} headers */
  const ask = async (path, headers = {}, method = 'get') => {
    const answer = await fetch(server.url + path, { headers, method: method.toUpperCase() });
    assertDocumented(path, answer, await answer.text(), method);
    met.add(`${path.replace(/\?.*/, '')} ${answer.status}`);
    return answer;
  };
  for (const path of REQUESTS) {
    const { status, headers } = await ask(path);
    const expected = path.includes(`=${UNKNOWN}`) && !path.startsWith('/api/quotes') ? 404 : path.includes('S64') ? 414 : null;
    if (expected) assert.equal(status, expected, path);
    // Prices change between two requests.
    if (status === 200 && headers.has('etag')) assert.equal((await ask(path, { 'If-None-Match': '*' })).status, 304, path);
  }
  for (const [path, operations] of Object.entries(document.paths)) await ask(`${path}?unknown=1`, {}, Object.keys(operations)[0]);
  for (const [path, { get }] of Object.entries(document.paths)) {
    for (const status of Object.keys(get?.responses ?? {})) {
      if (!ELSEWHERE.includes(status) && status !== '101') assert.ok(met.has(`${path} ${status}`), `${path} was never answered with ${status}`);
    }
  }
});

test('a stream has the documented events', OPTIONS, async () => {
  const path = '/api/stream?symbols=BTC/USD';
  const end = new AbortController();
  const answer = await fetch(server.url + path, { signal: end.signal });
  let heard = '';
  for await (const part of answer.body ?? []) {
    heard += Buffer.from(part).toString();
    if (eventsOf(heard).filter(({ event }) => event === 'price_update').length > 2) break;
  }
  end.abort();
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const { schema } = document.paths['/api/stream'].get.responses[200].content['text/event-stream'];
  const events = eventsOf(heard);
  for (const event of events) assertFits(schema, event, path);
  assert.ok(['connected', 'subscribe-status', 'price_update'].every((name) => events.some(({ event }) => event === name)), heard);
});

test('a session of Socket.IO by polling is as documented', OPTIONS, async () => {
  const path = '/socket.io/?EIO=4&transport=polling';
  const opened = await (await fetch(server.url + path)).text();
  const inSession = `${path}&sid=${JSON.parse(opened.slice(1)).sid}`;
  for (const [asked, body, status] of [[inSession, '40', 200], [path, '40', 400], [inSession, 'x'.repeat(70_000), 413], ['/socket.io/?EIO=4&transport=websocket', '40', 426]]) {
    const answer = await fetch(server.url + asked, { method: 'POST', body: String(body) });
    assertDocumented(String(asked), answer, await answer.text(), 'post');
    assert.equal(answer.status, status);
  }
});

test('the documented WebSockets open', OPTIONS, async () => {
  const paths = Object.keys(document.paths).filter((path) => document.paths[path].get?.responses[101]);
  assert.deepEqual(paths.sort(), ['/socket.io/', '/v1/quotes/price', '/ws']);
  for (const path of paths) {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}${path === '/socket.io/' ? '?EIO=4&transport=websocket' : ''}`);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`${path} did not open`)));
    });
    socket.close();
  }
});

test('every route answers HEAD and OPTIONS, and other methods with 405', OPTIONS, async () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    const options = await fetch(server.url + path, { method: 'OPTIONS' });
    const allowed = ['get', 'head', 'post', 'options'].filter((method) => method in operations || (method === 'head' && 'get' in operations) || method === 'options');
    assert.equal(options.status, 204, path);
    assert.equal(options.headers.get('allow'), allowed.join(', ').toUpperCase());
    const head = await fetch(server.url + path, { method: 'HEAD' });
    const operation = operations.get ?? operations.post;
    assert.ok('get' in operations ? operation.responses[head.status] : head.status === 405, `HEAD ${path}: ${head.status}`);
    assert.equal(await head.text(), '', path);
    const refused = await fetch(server.url + path, { method: 'DELETE' });
    const isTwelveDatas = operation.tags[0] === 'Twelve Data';
    assertFits({ $ref: `#/components/schemas/${isTwelveDatas ? 'TwelveDataError' : 'Problem'}` }, await refused.json(), path);
    assert.equal(refused.status, 405, path);
  }
});
