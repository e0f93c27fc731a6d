import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Refused, Unanswered, askHistory, parseHistory } from '../../../public/app/link/history.js';
import { MalformedFrame } from '../../../public/app/link/wire.js';
import { BarSession } from '../../../public/app/panels/chart/session.js';
import { emptyWords, statusWords } from '../../../public/app/panels/chart/sentences.js';

const options = { timeout: 10_000 };
const NOW = Date.parse('2026-01-19T14:32:17Z');
/** The example of docs/protocol.md. */
const ANSWER = {
  ok: true, symbol: 'AAPL', interval: '5min', simulated: false, scale: 2, currency: 'USD', timezone: 'America/New_York',
  columns: ['time', 'open', 'high', 'low', 'close', 'volume', 'from'],
  bars: [[1768832700, 26617, 26622, 26610, 26618, 120345, 0], [1768833000, 26618, 26630, 26615, 26627, null, 1]],
  sources: ['twelve_data', 'hub'], gaps: [], running: 1768833000, more: true, before: 1768832700, reason: null, retry_at: null,
  as_of: '2026-01-19T14:32:17.123Z',
};
const { fetch } = globalThis;
afterEach(() => void (globalThis.fetch = fetch));

/** Answers every request; keeps the addresses. @param {(url: URL) => { status?: number, json: unknown, headers?: Record<string, string> }} answer */
function served(answer) {
  /** @type {URL[]} */
  const asked = [];
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ address) => {
    const url = new URL(address, 'https://hamster.test');
    asked.push(url);
    const { status = 200, json, headers } = answer(url);
    return new Response(JSON.stringify(json), { status, headers });
  });
  return asked;
}
const never = new AbortController().signal;
/** A test replaces `fetch`. @type {import('../../../public/app/link/access.js').Ask} */
const ask = (url, how) => globalThis.fetch(url, how);
const QUESTION = /** @type {const} */ ({ symbol: 'AAPL', interval: '5min', limit: 2 });

/** A session that has had its first answer. @param {(url: URL) => any} answer @param {(how?: RequestInit) => void} [seen] */
async function session(answer, seen = () => {}) {
  const asked = served(answer);
  let changed = () => {};
  /** @type {import('../../../public/app/link/access.js').Ask} */
  const watched = (url, how) => {
    seen(how);
    return ask(url, how);
  };
  const made = new BarSession({ symbol: 'AAPL', interval: '5min' }, watched, { offset: 0, server: null }, () => changed());
  const next = () => new Promise((resolve) => (changed = () => resolve(undefined)));
  const first = next();
  made.refresh(NOW);
  await first;
  return { session: made, asked, next };
}

test('the answer of the protocol becomes bars', options, () => {
  const history = parseHistory(ANSWER);
  assert.deepEqual(history.bars, [
    { time: 1768832700, open: 266.17, high: 266.22, low: 266.1, close: 266.18, volume: 120345, from: 'twelve_data' },
    { time: 1768833000, open: 266.18, high: 266.3, low: 266.15, close: 266.27, volume: null, from: 'hub' },
  ]);
  assert.deepEqual([history.decimals, history.timezone, history.running, history.more, history.before], [2, 'America/New_York', 1768833000, true, 1768832700]);
});

test('columns in another order, and plain prices', options, () => {
  const columns = ['from', 'close', 'low', 'high', 'open', 'time'];
  const [bar] = parseHistory({ ...ANSWER, scale: null, columns, bars: [[0, 4, 1, 5, 2, 60]] }).bars;
  assert.deepEqual(bar, { time: 60, open: 2, high: 5, low: 1, close: 4, volume: null, from: 'twelve_data' });
});

test('bars that cannot be are left out, and an answer without columns is no answer', options, () => {
  const bars = [[60, 1, 5, 2, 4, 1, 0], [120, 'x', 5, 1, 4, 1, 0], [180, 2, 5, 1, 4, 1, 0], [180, 2, 5, 1, 4, 1, 0], [30, 2, 5, 1, 4, 1, 0], null, [240, 1e300, 1e300, 1e300, 1e300, 1, 0]];
  assert.deepEqual(parseHistory({ ...ANSWER, bars }).bars.map(({ time }) => time), [180]);
  for (const wrong of [null, 7, [], {}, { ...ANSWER, columns: ['time'] }]) assert.throws(() => parseHistory(wrong), MalformedFrame);
});

test('it asks for what it is told to ask for', options, async () => {
  const asked = served(() => ({ json: ANSWER }));
  await askHistory({ ...QUESTION, symbol: 'RY:TSX', before: 60 }, never, ask);
  assert.deepEqual([...(asked[0]?.searchParams ?? [])], [['symbol', 'RY:TSX'], ['interval', '5min'], ['limit', '2'], ['before', '60']]);
});

test('only the first answer may be a copy of the browser’s', options, async () => {
  /** @type {(string | undefined)[]} */
  const caches = [];
  const { session: made, next } = await session(() => ({ json: ANSWER }), (how) => caches.push(how?.cache));
  const again = next();
  made.refresh(NOW + 1_000);
  await again;
  assert.deepEqual(caches, ['default', 'no-cache']);
});

test('bars that became known later are asked for soon, from the first that is missing, until they are there', options, async () => {
  const MINUTE = 60_000;
  let status = 200;
  const retry = { retry_at: '2026-01-19T14:33:17Z', reason: 'no credit' };
  let more = {};
  const { session: made, asked, next } = await session(() => ({ status, json: { ...ANSWER, ...more }, headers: { 'retry-after': '20' } }));
  const limits = () => asked.slice(1).map((url) => url.searchParams.get('limit'));
  // The answer's bars begin at 14:25 and 14:30.
  const known = { end: 1768833000_000, values: [1] };
  const missing = { end: 1768833000_000 + 5 * MINUTE, values: [1] };
  assert.equal(made.backfilled(known, NOW, 0), true);
  made.beat(NOW + 1_000);
  assert.equal(made.backfilled(missing, NOW, 0.5), true);
  made.beat(NOW + 14_000);
  assert.deepEqual(limits(), [], 'not at once');
  status = 503;
  let again = next();
  made.beat(NOW + 15_000);
  assert.equal(made.backfilled(missing, NOW + 15_000), false, 'an answer is on its way');
  await again;
  made.beat(NOW + 30_000);
  assert.deepEqual(limits(), ['25'], 'the hub wants patience');
  [status, more] = [200, retry];
  again = next();
  made.beat(NOW + 35_000);
  await again;
  assert.equal(made.backfilled(missing, NOW + 36_000, 0), false, 'what an answer did not bring is left alone for a while');
  made.beat(NOW + 50_000);
  assert.deepEqual(limits(), ['25', '25']);
  const further = { end: missing.end + 5 * MINUTE, values: [1] };
  more = { bars: [...ANSWER.bars, [1768833300, 1, 5, 1, 4, 1, 0]], ...retry };
  made.backfilled(further, NOW + 7 * MINUTE, 0);
  again = next();
  made.beat(NOW + 7 * MINUTE);
  await again;
  assert.equal(limits().length, 3, 'soon, though the hub said when it knows more of older bars');
  assert.equal(made.backfilled(further, NOW + 8 * MINUTE, 0), false, 'some bars came; the others are asked for again, but later');
  assert.equal(made.backfilled(missing, NOW + 8 * MINUTE, 0), true, 'it has these');
  assert.equal(made.backfilled(further, NOW + 13 * MINUTE, 0), true);
  again = next();
  made.beat(NOW + 13 * MINUTE);
  await again;
  assert.equal(limits().length, 4);
});

test('as many bars are asked for as were missed by the hub’s clock, in steps', options, async () => {
  const { session: made, asked, next } = await session(() => ({ json: ANSWER }));
  made.candles.gaps = [{ from: 1768833000 - 40_000, to: 1768833000 + 600, reason: 'mute' }];
  assert.equal(made.backfilled({ end: 1768833000_000 + 120_000, values: [1] }, NOW, 0), true);
  for (const [now, limit] of /** @type {const} */ ([[NOW, 150], [NOW, 25], [NOW + 86_400_000, 300], [NOW + 864_000_000, 500]])) {
    const again = next();
    made.refresh(now);
    await again;
    assert.equal(asked.at(-1)?.searchParams.get('limit'), String(limit));
  }
});

test('a refusal, a hub that wants patience, and a hub that is away are three things', options, async () => {
  served(() => ({ status: 404, json: { detail: 'XYZ is not served by any plan' } }));
  await assert.rejects(askHistory(QUESTION, never, ask), (error) => error instanceof Refused && error.message === 'XYZ is not served by any plan');
  served(() => ({ status: 429, json: { detail: 'your address connects too often' }, headers: { 'retry-after': '17' } }));
  await assert.rejects(askHistory(QUESTION, never, ask), (error) => error instanceof Unanswered && error.retryAfter === 17);
  globalThis.fetch = /** @type {any} */ (async () => {
    throw new TypeError('Failed to fetch');
  });
  await assert.rejects(askHistory(QUESTION, never, ask), (error) => error instanceof Unanswered && error.message === 'the hub cannot be reached');
});

test('a session asks again at the hub’s time, and after a sleep', options, async () => {
  let reason = /** @type {string | null} */ ('older bars are asked for when API credits allow it');
  const { session: held, asked, next } = await session(() => ({ json: { ...ANSWER, reason, retry_at: reason === null ? null : '2026-01-19T14:32:47Z' } }));
  assert.equal(statusWords(held, String, NOW), 'Older bars are asked for when API credits allow it. Asked again in 30 s.');
  held.beat(NOW + 29_000);
  assert.equal(asked.length, 1);
  reason = null;
  held.beat(NOW + 30_000);
  await next();
  assert.equal(asked.length, 2);
  assert.equal(statusWords(held, String, NOW), '');
  held.beat(NOW + 31_000);
  held.beat(NOW + 32_000);
  assert.equal(asked.length, 2, 'nothing is missing');
  held.beat(NOW + 600_000);
  await next();
  assert.equal(asked.length, 3, 'the page slept');
});

test('a hub that is away is asked ever more seldom', options, async () => {
  const { session: held, asked, next } = await session(() => ({ status: 503, json: { detail: 'this hub serves its most clients already' } }));
  /** @type {number[]} */
  const waits = [];
  let now = NOW;
  for (let failures = 0; failures < 6; failures += 1) {
    waits.push((held.retryAt ?? 0) - now);
    now = held.retryAt ?? 0;
    held.beat(now);
    await next();
  }
  assert.deepEqual(waits, [3_000, 6_000, 12_000, 24_000, 48_000, 60_000]);
  assert.equal(asked.length, 7);
  const words = emptyWords(held, 'AAPL', true, now);
  assert.match(words?.sentence ?? '', /^The bars of AAPL did not come: this hub serves its most clients already\. Asked again /);
  assert.equal(words?.canRetry, true);
  assert.equal(emptyWords(held, 'AAPL', false, now)?.sentence, 'Your device is offline. The chart comes when it is back.');
});

test('older bars are asked for once, before the first; without credits not again at once', options, async () => {
  const { session: held, asked, next } = await session((url) => ({
    json: url.searchParams.has('before')
      ? { ...ANSWER, bars: [], reason: 'no credit is left', retry_at: '2026-01-19T14:33:00Z' }
      : ANSWER,
  }));
  void held.older(NOW);
  void held.older(NOW);
  assert.equal(statusWords(held, String, NOW), 'Loading older bars…');
  await next();
  assert.equal(asked.length, 2);
  assert.equal(asked[1]?.searchParams.get('before'), '1768832700');
  void held.older(NOW + 20_000);
  assert.equal(asked.length, 2);
  void held.older(NOW + 60_000);
  await next();
  assert.equal(asked.length, 3);
});

test('no state is without a sentence', options, async () => {
  const { session: refused } = await session(() => ({ status: 404, json: { detail: 'not in this plan' } }));
  assert.equal(emptyWords(refused, 'XYZ', true, NOW)?.sentence, 'There is no chart of XYZ: not in this plan.');
  const { session: none } = await session(() => ({ json: { ...ANSWER, bars: [], more: false } }));
  assert.equal(emptyWords(none, 'XYZ', true, NOW)?.sentence, 'Nobody has bars of XYZ yet. Candles begin with its next price.');
  const { session: poor } = await session(() => ({ json: { ...ANSWER, bars: [], reason: 'no credit is left', retry_at: '2026-01-19T14:35:00Z' } }));
  assert.match(emptyWords(poor, 'XYZ', true, NOW)?.sentence ?? '', /^There are no bars of XYZ yet: no credit is left\. Asked again at /);
  const { session: young } = await session(() => ({ json: { ...ANSWER, bars: [[60, 1, 1, 1, 1, null, 1]], more: false } }));
  assert.equal(statusWords(young, String, NOW), 'Candles begin at 60, when this hub first saw a tick.');
  assert.equal(emptyWords(new BarSession({ symbol: 'XYZ', interval: '5min' }, ask, { offset: 0, server: null }, () => {}), 'XYZ', true, NOW)?.sentence, 'Loading the bars of XYZ…');
});
