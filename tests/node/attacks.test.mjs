/**
 * What hostile clients can do to others: fifty hostile sockets of each kind, on a real workerd,
 * against a victim in its own process whose market ticks ten times a second. docs/operations.md
 * describes the defence; `npm run bench:attacks` measures more.
 *
 * The longest gap was 0.1 to 0.5 s on two busy cores. Before floods were paused
 * (src/edge/worker.js) it was 2 to 5 s, as long as the attack. A flood of protocol pings is not
 * asserted here, because nothing of ours can stop it: the platform answers them before we see them.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Siege, eventually } from './support/siege.mjs';
import { upgrade } from './support/upgrade.mjs';

/** @typedef {import('./support/siege.mjs').Attack} Attack */

const TIMEOUT = { timeout: 60_000 };
const SOCKETS = 50;
const LONGEST_GAP_MS = 1_000;
/** The attackers' address, and another one; see strangers.mjs. */
const [THEIRS, ANOTHER] = ['203.0.113.66', '203.0.113.67'];

/** @param {import('node:test').TestContext} context @param {Record<string, string>} [vars] @param {string} [key] */
async function besieged(context, vars = {}, key) {
  const siege = await Siege.begin(vars, key === undefined ? {} : { key });
  context.after(() => siege.end());
  return siege;
}

/** Requests an upgrade from an address. @param {Siege} siege @param {string} address */
async function newcomer(siege, address) {
  const url = new URL((await siege.hub.url()).replace(/^ws/, 'http'));
  const { status, headers } = await upgrade(url, { 'CF-Connecting-IP': address });
  return { status, retryAfter: Number(headers['retry-after']) };
}

/** @type {[string, Attack][]} */
const FLOODS = [
  ['2,000 messages a second each', { kind: 'flood', rate: 2_000, sockets: SOCKETS, ms: 4_000, addresses: 'each' }],
  ['messages as fast as they go', { kind: 'flood', sockets: SOCKETS, ms: 4_000, addresses: 'each' }],
  ['pings as fast as they go', { kind: 'flood', message: 'ping', sockets: SOCKETS, ms: 4_000, addresses: 'each' }],
];
for (const [name, attack] of FLOODS) {
  test(`${name}, the close ignored: all are expelled, and the others' prices go on`, TIMEOUT, async (context) => {
    const siege = await besieged(context);
    const { got, seen } = await siege.attack(attack);
    assert.deepEqual(got.statuses, { 101: SOCKETS });
    assert.deepEqual(got.closes, { 4008: SOCKETS });
    assert.equal(seen.closed, null);
    assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
  });
}

test('pings whose answers nobody reads do not stop the prices of the others', TIMEOUT, async (context) => {
  const siege = await besieged(context);
  const { seen } = await siege.attack({ kind: 'flood', message: 'ping', reads: false, sockets: SOCKETS, ms: 4_000, addresses: 'each' });
  assert.equal(await expelled(siege, 'flood'), SOCKETS);
  assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
});

test('an address of which a client was expelled is refused, another one is not', TIMEOUT, async (context) => {
  const siege = await besieged(context);
  const { got, seen } = await siege.attack({ kind: 'storm', sockets: SOCKETS, ms: 4_000, addresses: 'one' }, async () => {
    const refused = await newcomer(siege, THEIRS);
    assert.equal(refused.status, 429);
    assert.ok(refused.retryAfter >= 1 && refused.retryAfter <= 60, `Retry-After: ${refused.retryAfter}`);
    assert.equal((await newcomer(siege, ANOTHER)).status, 101);
  });
  const { 101: taken, 429: refused, ...others } = got.statuses;
  assert.equal(taken, 1);
  assert.ok((refused ?? 0) > SOCKETS, `${refused} refused`);
  assert.deepEqual(others, {});
  assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
});

test('an address has a hundred sockets and no more', TIMEOUT, async (context) => {
  const siege = await besieged(context);
  const { got } = await siege.attack({ kind: 'mute', sockets: 120, ms: 1_000, addresses: 'one' });
  assert.deepEqual(got.statuses, { 101: 100, 429: 20 });
});

test('those who acknowledge what they were never sent are expelled', TIMEOUT, async (context) => {
  const siege = await besieged(context);
  const { got, seen } = await siege.attack({ kind: 'lie', protocol: 'hamster.v1', sockets: SOCKETS, ms: 3_000, addresses: 'each' });
  assert.deepEqual(got.closes, { 4008: SOCKETS });
  assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
});

for (const protocol of [undefined, 'hamster.v1']) {
  test(`fifty ${protocol ?? 'plain'} readers that never read do not slow the others`, TIMEOUT, async (context) => {
    const siege = await besieged(context);
    const { got, seen } = await siege.attack({ kind: 'mute', protocol, reads: false, sockets: SOCKETS, ms: 4_000, addresses: 'each' });
    assert.deepEqual(got.statuses, { 101: SOCKETS });
    assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
  });
}

test('messages that never end hold memory only as long as their sockets stay', TIMEOUT, async (context) => {
  const siege = await besieged(context);
  const { got, memory } = await siege.attack({ kind: 'unfinished', sockets: 8, ms: 6_000, addresses: 'each' });
  assert.deepEqual(got.statuses, { 101: 8 });
  // Without /proc there is nothing to compare.
  if (Number.isNaN(memory.before) || memory.before === 0) return;
  assert.ok(memory.most > memory.before + 100, `${memory.before} to ${memory.most} MB: nothing was held, so this shows nothing`);
  await eventually('memory comes back', () => siege.memory() < (memory.before + memory.most) / 2);
});

/** The defaults of an operator, which the other tests set aside. */
const CALLS = { CALLS_PER_MINUTE: '600', LOOKUPS_PER_MINUTE: '240' };

test('calls without end are refused, and do not slow the prices of the others', TIMEOUT, async (context) => {
  const siege = await besieged(context, CALLS);
  const { got, seen } = await siege.attack({ kind: 'call', path: '/api/status', sockets: SOCKETS, ms: 8_000, addresses: 'one' });
  assert.ok((got.statuses[200] ?? 0) <= 720, `${got.statuses[200]} of ${got.sent} were answered`);
  assert.ok((got.statuses[429] ?? 0) > 100, JSON.stringify(got.statuses));
  assert.ok(Number(got.retryAfter) >= 1);
  assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
});

test('invented symbols, call after call, leave the operator\'s own where they were', TIMEOUT, async (context) => {
  const siege = await besieged(context, CALLS);
  const symbols = Array.from({ length: 60 }, (_, number) => `STR${number}`).join(',');
  const { got, seen } = await siege.attack({ kind: 'call', path: `/api/quotes?symbols=${symbols}`, sockets: SOCKETS, ms: 4_000, addresses: 'each' });
  assert.ok((got.statuses[200] ?? 0) > 0, JSON.stringify(got.statuses));
  assert.equal(seen.closed, null);
  assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
});

test('who guesses tokens, from many addresses, does not reach the hub', TIMEOUT, async (context) => {
  const key = 'hk_the-key-of-the-victim';
  const keys = JSON.stringify([{ name: 'victim', sha256: createHash('sha256').update(key).digest('hex') }]);
  const siege = await besieged(context, { ...CALLS, ACCESS_KEYS: keys }, key);
  const { got, seen } = await siege.attack({ kind: 'call', path: '/api/quotes', headers: { Authorization: 'Bearer hk_a-guess' }, sockets: SOCKETS, ms: 4_000, addresses: 'each' });
  const { 401: refused = 0, 429: slowed = 0, ...others } = got.statuses;
  assert.ok(refused + slowed > 100, JSON.stringify(got.statuses));
  assert.deepEqual(others, {});
  assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
});

test('sockets of foreign pages are refused at the door', TIMEOUT, async (context) => {
  const siege = await besieged(context, CALLS);
  const { got, seen } = await siege.attack({ kind: 'call', path: '/api/stream', headers: { Origin: 'https://evil.example' }, sockets: SOCKETS, ms: 3_000, addresses: 'each' });
  assert.deepEqual(Object.keys(got.statuses), ['403']);
  assert.ok(seen.longestGap < LONGEST_GAP_MS, `${seen.longestGap} ms without a price`);
});

/** A session of Socket.IO that polls. @param {Siege} siege */
async function polling(siege) {
  const base = new URL((await siege.hub.url()).replace(/^ws/, 'http'));
  const opened = await (await fetch(new URL('/socket.io/?EIO=4&transport=polling', base))).text();
  const { sid } = JSON.parse(opened.slice(1));
  return new URL(`/socket.io/?EIO=4&transport=polling&sid=${sid}`, base);
}

test('a session of Socket.IO has one WebSocket that may take it over', TIMEOUT, async (context) => {
  const siege = await besieged(context);
  const session = await polling(siege);
  const url = new URL(session.href.replace('transport=polling', 'transport=websocket').replace(/^http/, 'ws'));
  const sockets = Array.from({ length: 5 }, () => new WebSocket(url));
  // A socket that has never said anything is told of its close, but workerd keeps its connection.
  const open = () => sockets.filter(({ readyState }) => readyState === WebSocket.OPEN);
  await eventually('all but one are closed', () => sockets.every(({ readyState }) => readyState !== WebSocket.CONNECTING) && open().length === 1);
  const [last] = open();
  last?.send('2probe');
  last?.send('2probe');
  await eventually('what says the same twice is closed too', () => open().length === 0);
});

test('packets without end in the body of a polling client are refused', TIMEOUT, async (context) => {
  const siege = await besieged(context);
  const session = await polling(siege);
  siege.forget();
  const many = '\u001e'.repeat(60_000);
  const answers = await Promise.all(Array.from({ length: SOCKETS }, () => fetch(session, { method: 'POST', body: many })));
  for (const answer of answers) assert.equal(answer.status, 400);
  const few = Array(60).fill('42["subscribe"]').join('\u001e');
  await Promise.all(Array.from({ length: SOCKETS }, () => fetch(session, { method: 'POST', body: few })));
  const { longestGap } = await siege.seen();
  assert.ok(longestGap < LONGEST_GAP_MS, `${longestGap} ms without a price`);
});

/** How many clients the hub closed for a reason. @param {Siege} siege @param {string} reason */
async function expelled(siege, reason) {
  const url = new URL('/metrics', (await siege.hub.url()).replace(/^ws/, 'http'));
  const metrics = await (await fetch(url)).text();
  return Number(new RegExp(`^hamster_clients_expelled_total\\{reason="${reason}"\\} (\\d+)`, 'm').exec(metrics)?.[1]);
}
