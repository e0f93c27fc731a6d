/** The notice line: what is wrong, worst first, and nothing when nothing is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noticesOf } from '../../../public/app/model/notices.js';
import { newRow } from '../../../public/app/model/quotes.js';
import { Store } from '../../../public/app/model/store.js';
import { UNKNOWN } from '../support/quote.mjs';

/** @typedef {import('../../../public/app/link/wire.js').Quote} Quote */

const options = { timeout: 5_000 };
const T = Date.UTC(2026, 0, 19, 14, 32, 15);
const FINE = { online: true, newVersion: false };

/** @param {Partial<import('../../../public/app/model/store.js').Link>} [link] @param {Partial<import('../../../public/app/link/wire.js').Feed>} [feed] */
function store(link = {}, feed = {}) {
  const made = new Store();
  made.setLink({ state: 'connected', since: T - 60_000, heardAt: T - 1_000, ...link });
  made.receive({ event: 'feed', feed: { state: 'live', since: T - 60_000, reason: 'ticks are arriving', ...feed }, simulated: null }, T);
  return made;
}

/** @param {Store} made @param {typeof FINE} [browser] */
const notices = (made, browser = FINE) => noticesOf(made, browser, T);
/** @param {Store} made @param {typeof FINE} [browser] */
const kinds = (made, browser = FINE) => notices(made, browser).map(({ kind }) => kind);

test('nothing is wrong: nothing is said', options, () => {
  assert.deepEqual(notices(store()), []);
  assert.deepEqual(kinds(store({}, { state: 'idle' })), [], 'nobody wants a symbol');
});

test('connecting is no trouble before three seconds', options, () => {
  assert.deepEqual(kinds(store({ state: 'connecting', since: T - 2_999 })), []);
  assert.match(String(notices(store({ state: 'connecting', since: T - 3_000 }))[0]?.sentence), /^Still connecting \(3 s\)\./);
  assert.deepEqual(kinds(store({}, { state: 'connecting', since: T - 2_000 })), []);
  assert.deepEqual(kinds(store({}, { state: 'connecting', since: T - 4_000 })), ['connecting']);
});

test('cut off: since when, why, when it tries again, what the prices are, and a button', options, () => {
  const cut = store({ state: 'disconnected', since: T - 8_000, reason: 'the connection broke off (1006)', retryAt: T + 4_000, heardAt: T - 9_000 });
  const [notice] = notices(cut);
  assert.match(String(notice?.sentence), /^Connection lost 8 s ago \(the connection broke off \(1006\)\); next try in 4 s\. Prices below are from \d\d:\d\d:\d\d\.$/);
  assert.deepEqual([notice?.tone, notice?.action], ['bad', { command: 'connection.reconnect', label: 'Try now' }]);
  cut.rest = 'ok';
  assert.match(String(notices(cut)[0]?.sentence), /Prices by REST every 30 s\.$/);
  cut.setLink({ retryAt: null });
  assert.match(String(notices(cut)[0]?.sentence), /trying again now/);
});

test('a device that is offline is told so in place of the connection', options, () => {
  assert.deepEqual(kinds(store({ state: 'disconnected', retryAt: T }), { ...FINE, online: false }), ['offline']);
  assert.deepEqual(kinds(store(), { ...FINE, online: false }), [], 'the browser is wrong: the hub is heard');
});

test('the feed: mute, fallback and refused, with since and reason; nobody speaks of it while cut off', options, () => {
  const sentence = (/** @type {Partial<import('../../../public/app/link/wire.js').Feed>} */ feed) => notices(store({}, { since: T - 240_000, ...feed }))[0]?.sentence ?? '';
  assert.match(sentence({ state: 'stalled', reason: 'no tick came for 60 s' }), /^No ticks for 4 min, although markets trade\. .*no tick came for 60 s/);
  assert.match(sentence({ state: 'fallback', reason: 'closed (1006)' }), /^The stream is down for 4 min: closed \(1006\)\. Prices by REST, as the credits allow\.$/);
  assert.match(sentence({ state: 'refused', reason: 'no such key' }), /^Twelve Data refuses for 4 min: no such key\./);
  assert.deepEqual(kinds(store({ state: 'disconnected', retryAt: T }, { state: 'stalled' })), ['cut-off']);
});

test('a mute feed names the markets that trade, a few of them', options, () => {
  const made = store({}, { state: 'stalled' });
  const named = (/** @type {[string | null, Quote['kind'], Quote['session']][]} */ ...markets) => {
    made.rows.clear();
    for (const [index, [exchange, kind, session]] of markets.entries()) {
      made.rows.set(`S${index}`, { ...newRow(`S${index}`), state: 'streaming', quote: /** @type {Quote} */ ({ ...UNKNOWN, exchange, kind, session }) });
    }
    return /although (.*?)\. REST/.exec(notices(made)[0]?.sentence ?? '')?.[1];
  };
  assert.equal(named(['NASDAQ', 'stock', 'open'], ['LSE', 'stock', 'closed']), 'NASDAQ trades');
  assert.equal(named(['NYSE', 'stock', 'open'], ['NASDAQ', 'stock', 'open'], ['NASDAQ', 'stock', 'open'], [null, 'forex', 'open']), 'NASDAQ, NYSE and forex trade');
  assert.equal(named(...['A', 'B', 'C', 'D', 'E'].map((name) => /** @type {[string, 'stock', 'open']} */ ([name, 'stock', 'open']))), 'A, B, C and others trade');
  assert.equal(named([null, null, 'open']), 'markets trade');
});

test('what to do about a refusal is the hub’s advice', options, () => {
  const refused = store({}, { state: 'refused', reason: 'no such key' });
  refused.receive({
    event: 'hub', hub: { viewers: 1, ticksPerS: 0, creditsLeft: { minute: 0, day: 0 }, symbols: { streaming: 0, polled: 0, pending: 0, unavailable: 0 }, advice: [{ about: 'feed', wrong: 'the key', todo: 'Set another key.' }, { about: 'storage', wrong: 'storage fails', todo: 'Nothing is lost yet.' }], server: null, hopMs: null },
  }, T);
  assert.match(String(notices(refused)[0]?.sentence), /Set another key\.$/);
  assert.deepEqual(kinds(refused), ['refused', 'storage']);
});

test('worst first: connection, feed, the hub’s objection, symbols beyond its limit, a new version', options, () => {
  const all = store({}, { state: 'stalled' });
  all.notice = 'too many symbols';
  all.leftOut = 1_237;
  const told = notices(all, { ...FINE, newVersion: true });
  assert.deepEqual(told.map(({ kind }) => kind), ['mute', 'list', 'left-out', 'version']);
  assert.match(String(told[2]?.sentence), /^This hub serves 200 symbols to one page; 1,237 of this list are not subscribed\./);
  assert.deepEqual(told[3]?.action, { command: 'app.reload', label: 'Reload' });
});

test('foreign text is shortened and has nothing invisible', options, () => {
  const [notice] = notices(store({}, { state: 'fallback', reason: `\u202E${'W'.repeat(4_096)}` }));
  assert.ok(Number(notice?.sentence.length) < 400, String(notice?.sentence.length));
  assert.doesNotMatch(String(notice?.sentence), /\u202E/);
});
