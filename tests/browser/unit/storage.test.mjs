/** What a browser keeps: judged field by field, unknown fields kept, and everything may be refused. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { DEFAULT_SETTINGS, Desk } from '../../../public/app/model/desk.js';
import { quoteOf } from '../../../public/app/model/last-known.js';
import { BrowserStorage } from '../../../public/app/storage/browser.js';
import { Search, parseSearch } from '../../../public/app/link/search.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const KEY = 'hamster.settings.v1';
const globals = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (globalThis));
/** @type {Map<string, string>} */
let held;

beforeEach(() => {
  held = new Map();
  globals['localStorage'] = { getItem: (/** @type {string} */ key) => held.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => held.set(key, value) };
});
afterEach(() => delete globals['localStorage']);

/** @param {unknown} value */
const hold = (value) => held.set(KEY, typeof value === 'string' ? value : JSON.stringify(value));
const kept = () => JSON.parse(held.get(KEY) ?? 'null');

test('what is kept comes back', options, () => {
  const desk = new Desk({ settings: { ...DEFAULT_SETTINGS, theme: 'dark', keys: { 'view.fill': ['Alt+X'] } }, lists: [{ id: 'l1', name: 'Mine', items: [{ symbol: 'AAPL' }] }] });
  assert.ok(new BrowserStorage().keep(desk));
  const back = new Desk(new BrowserStorage().read());
  assert.deepEqual([back.settings, back.lists, back.alerts], [desk.settings, desk.lists, desk.alerts]);
  assert.equal(kept().version, 1);
});

test('a change that another tab kept before its event came is not written over, and is taken over', options, () => {
  const [one, other] = [new BrowserStorage(), new BrowserStorage()];
  const desks = [one, other].map((storage) => new Desk(storage.read()));
  const [mine, theirs] = desks;
  assert.ok(mine && theirs);
  theirs.change({ lists: [{ id: 'default', name: 'Default', items: [{ symbol: 'AAPL' }] }] });
  other.keep(theirs);
  mine.listen(() => one.keep(mine));
  mine.set({ density: 'compact' });
  assert.deepEqual([kept().lists[0].items, kept().settings.density], [[{ symbol: 'AAPL' }], 'compact']);
  assert.deepEqual([mine.lists[0]?.items, mine.settings.density], [[{ symbol: 'AAPL' }], 'compact']);
});

test('fields of a newer version survive being read and written by this one, and so does its version', options, () => {
  hold({ version: 3, moon: { phase: 1 }, settings: { theme: 'dark', hologram: [1] }, lists: [{ id: 'l1', name: 'A', items: [{ symbol: 'AAPL', pinned: 2 }], colour: 'red' }], alerts: [] });
  const storage = new BrowserStorage();
  const desk = new Desk(storage.read());
  desk.set({ density: 'compact' });
  storage.keep(desk);
  const { version, moon, settings, lists } = kept();
  assert.deepEqual([version, moon, settings.hologram, settings.theme, settings.density, lists[0].colour, lists[0].items[0].pinned], [3, { phase: 1 }, [1], 'dark', 'compact', 'red', 2]);
});

test('a bad field is its default, and its neighbours stay', options, () => {
  hold({ settings: { theme: 'pink', density: 'compact', flash: 1, locale: 'no locale!', zone: 'Mars', columns: [1], sideWidth: -5, dockHeight: 200, dismissed: 'x', updown: 'blind' } });
  const { settings } = new Desk(new BrowserStorage().read());
  assert.deepEqual(settings, { ...DEFAULT_SETTINGS, density: 'compact', dockHeight: 200, updown: 'blind' });
});

test('whatever is in storage, the page starts', options, () => {
  for (const value of ['', 'x', '[]', 'null', '7', '{"settings":[]}', '{"lists":{"a":1}}', '{"lists":[[[]]],"alerts":"x"}', '{"__proto__":{"x":1},"settings":{"__proto__":{"theme":"dark"}}}', '{"lists":[]}']) {
    hold(value);
    const desk = new Desk(new BrowserStorage().read());
    assert.equal(desk.settings.theme, 'system', value);
    assert.equal(desk.lists.length, 1, value);
  }
});

test('where storage is refused the page works without, and says why once it matters', options, () => {
  const refuse = () => {
    throw new Error('refused');
  };
  globals['localStorage'] = { getItem: refuse, setItem: refuse };
  const storage = new BrowserStorage();
  assert.deepEqual(storage.read(), {});
  assert.equal(storage.keep(new Desk()), false);
  assert.match(String(storage.trouble), /keeps nothing/);
});

test('more than 100 kB is not kept, and what was kept before stays', options, () => {
  const storage = new BrowserStorage();
  const desk = new Desk();
  storage.keep(desk);
  const before = held.get(KEY);
  desk.change({ lists: Array.from({ length: 60 }, (_, n) => ({ id: `l${n}`, name: 'L', items: Array.from({ length: 100 }, (_, m) => ({ symbol: `SYMBOL${m}` })) })) });
  assert.equal(storage.keep(desk), false);
  assert.match(String(storage.trouble), /100 kB/);
  assert.equal(held.get(KEY), before);
});

test('a link’s settings hold for the visit; what the user then changes is kept', options, () => {
  hold({ settings: { theme: 'light' } });
  const storage = new BrowserStorage();
  const read = storage.read();
  storage.visit({ theme: 'dark', density: 'compact' }, read.settings);
  const desk = new Desk({ ...read, settings: { ...DEFAULT_SETTINGS, ...read.settings, theme: 'dark', density: 'compact' } });
  desk.set({ flash: false });
  storage.keep(desk);
  assert.deepEqual([kept().settings.theme, kept().settings.density, kept().settings.flash], ['light', 'normal', false]);
  desk.set({ theme: 'system' });
  storage.keep(desk);
  desk.set({ theme: 'dark' });
  storage.keep(desk);
  assert.deepEqual([kept().settings.theme, kept().settings.density], ['dark', 'normal'], 'chosen by the user, although the link said so too');
});

test('the list of a link is not kept', options, () => {
  const desk = new Desk({ lists: [{ id: 'l1', name: 'Mine', items: [] }, { id: 'shared', name: 'Shared', items: [], temporary: true }] });
  new BrowserStorage().keep(desk);
  assert.deepEqual(kept().lists.map((/** @type {{ id: string }} */ { id }) => id), ['l1']);
});

test('a kept price is taken apart field by field, and is nothing without symbol, price and time', options, () => {
  /** @type {import('../../../public/app/link/wire.js').Quote} */
  const quote = {
    ...UNKNOWN, symbol: 'AAPL', exchange: 'NASDAQ', price: 235.5, percentChange: 0.25, bid: 1, ask: 2, dayVolume: 3, previousClose: 4, timestamp: 5_000, precision: 'second', receivedAt: 6_000,
    source: 'live', simulated: true, session: 'closed', freshness: 'fresh', staleSince: null, decimals: 2, kind: 'stock',
  };
  assert.deepEqual(quoteOf(structuredClone(quote)), quote);
  assert.deepEqual(quoteOf({ ...quote, bid: 'x', decimals: 99, kind: 'moon', source: 7, timestamp: NaN, session: {}, exchange: 7 }), {
    ...quote, bid: null, decimals: null, kind: null, source: 'restored', timestamp: null, precision: null, session: 'unknown', exchange: null,
  });
  for (const value of [null, 7, 'x', [], {}, { ...quote, symbol: '' }, { ...quote, price: '1' }, { ...quote, price: Infinity }, { ...quote, receivedAt: 1e300 }]) assert.equal(quoteOf(value), null);
});

/** @param {unknown} body @param {number} [status] */
const answer = (body, status = 200) => new Response(JSON.stringify(body), { status });
const RESULT = { symbol: 'RY', subscribe: 'RY:TSX', name: 'Royal Bank', exchange: 'TSX', mic_code: 'XTSE', currency: 'CAD', serves: 'stream', plan: null };

test('a complete answer of the hub is kept for a day, in any case of letters', options, async () => {
  let asked = 0;
  const search = new Search(async () => {
    asked += 1;
    return answer({ ok: true, reason: null, retry_at: null, results: [RESULT] });
  });
  assert.equal((await search.ask('royal', 0))?.results[0]?.subscribe, 'RY:TSX');
  assert.ok(search.kept(' ROYAL ', 86_399_999));
  await search.ask('Royal', 1_000);
  assert.equal(asked, 1);
  assert.equal(search.kept('royal', 86_400_000), null);
});

test('an answer that is not complete is not kept, and says when to ask again', options, async () => {
  const search = new Search(async () => answer({ ok: true, reason: 'no searches are left today', retry_at: '2026-01-20T00:00:00.000Z', results: [RESULT] }));
  const given = await search.ask('royal', 0);
  assert.deepEqual([given?.reason, given?.retryAt, given?.results.length], ['no searches are left today', Date.UTC(2026, 0, 20), 1]);
  assert.equal(search.kept('royal', 1), null);
});

test('a new question gives up the one before', options, async () => {
  /** @type {AbortSignal[]} */
  const signals = [];
  const search = new Search((_, how) => new Promise((resolve, reject) => {
    const signal = /** @type {AbortSignal} */ (how?.signal);
    signals.push(signal);
    signal.addEventListener('abort', () => reject(new Error('aborted')));
    if (signals.length === 2) resolve(answer({ results: [], reason: null }));
  }));
  const first = search.ask('ro', 0);
  const second = search.ask('roy', 0);
  assert.equal(await first, null);
  assert.deepEqual((await second)?.results, []);
  assert.equal(signals[0]?.aborted, true);
});

test('a hub that is down, refuses or talks nonsense gives a reason, not an exception', options, async () => {
  const reasons = await Promise.all([
    new Search(() => Promise.reject(new TypeError('Failed to fetch'))).ask('x', 0),
    new Search(async () => answer({ ok: false, detail: 'q is too long' }, 400)).ask('x', 0),
    new Search(async () => new Response('<html>')).ask('x', 0),
  ]);
  assert.deepEqual(reasons.map((one) => one?.reason), ['the hub cannot be reached', 'q is too long', 'the answer of the hub cannot be used']);
  assert.deepEqual(parseSearch({ results: [null, 7, {}, { symbol: 'A', serves: 'magic', plan: 7, name: {} }], retry_at: 'never' }), {
    results: [{ symbol: 'A', subscribe: 'A', name: '', exchange: null, micCode: null, currency: null, serves: 'unknown', plan: null }], reason: null, retryAt: null,
  });
});
