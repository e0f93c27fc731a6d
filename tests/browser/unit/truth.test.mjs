/** What may be said of a price: every level, and that none is called live that is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRow } from '../../../public/app/model/quotes.js';
import { Store } from '../../../public/app/model/store.js';
import { truthOf } from '../../../public/app/model/truth.js';
import { seeded } from '../support/market.mjs';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 20_000 };
const T = Date.UTC(2026, 0, 19, 14, 32, 15);

/** @typedef {import('../../../public/app/link/wire.js').Quote} Quote */
/** @typedef {import('../../../public/app/model/quotes.js').Row} Row */
/** @typedef {import('../../../public/app/model/truth.js').Circumstances} Circumstances */

/** @param {Partial<Quote>} [fields] @returns {Quote} */
function quote(fields = {}) {
  return {
    ...UNKNOWN, symbol: 'AAPL', exchange: 'NASDAQ', price: 235.5, percentChange: 0.15, bid: null, ask: null, dayVolume: null, previousClose: 235.15,
    timestamp: T - 2_000, precision: 'second', receivedAt: T - 1_900, source: 'live', simulated: false, session: 'open', freshness: 'fresh', staleSince: null, ...fields,
  };
}

/** @param {Partial<Row>} [fields] @returns {Row} */
const row = (fields = {}) => ({ ...newRow('AAPL'), state: 'streaming', quote: quote(), vouchedAt: T - 1_000, since: T - 5_000, ...fields });

/** @param {Partial<Circumstances>} [fields] @returns {Circumstances} */
const circumstances = (fields = {}) => ({
  link: { state: 'connected', since: T - 60_000, reason: '', retryAt: null, heardAt: T - 100, signIn: null },
  feed: { state: 'live', since: T - 60_000, reason: 'ticks are arriving' }, rest: 'none', offset: 0, ...fields,
});

const CUT_OFF = { link: { state: /** @type {const} */ ('disconnected'), since: T - 8_000, reason: 'it broke off', retryAt: T, heardAt: T - 10_000, signIn: null } };
const STALLED = { feed: { state: /** @type {const} */ ('stalled'), since: T - 240_000, reason: 'no tick' } };

/**
 * Section 7 of the design. `quote: null`: there is none, and no flag SIM.
 * @type {{
 *   name: string, row?: Partial<Row>, quote?: Partial<Quote> | null, where?: Partial<Circumstances>,
 *   level: string, word: string, sign: string, age: string, tone: string, alerts: boolean, says: RegExp
 * }[]}
 */
const ROWS = [
  { name: 'not accepted', row: { state: 'rejected', reason: 'not a symbol' }, quote: null, level: 'not-accepted', word: 'Not a symbol', sign: 'crossed', age: '', tone: 'bad', alerts: false, says: /^Not a symbol\.$/ },
  { name: 'not accepted, and it had a price', row: { state: 'rejected', reason: 'given to another viewer' }, level: 'not-accepted', word: 'Not a symbol', sign: 'crossed', age: '', tone: 'bad', alerts: false, says: /^Given to another viewer\./ },
  { name: 'unavailable', row: { state: 'unavailable', reason: 'nobody trades it' }, quote: null, level: 'unavailable', word: 'Unavailable', sign: 'crossed', age: '', tone: 'bad', alerts: false, says: /^Nobody trades it\.$/ },
  { name: 'not in the plan', row: { state: 'unavailable', reason: 'not in this plan', needsPlan: 'Grow', retryAt: T + 3_600_000 }, quote: null, level: 'unavailable', word: 'Not in plan', sign: 'crossed', age: '', tone: 'bad', alerts: false, says: /^Not in this plan\. Twelve Data serves it from the Grow plan\. Asked again at .+\.$/ },
  { name: 'waiting', quote: null, level: 'waiting', word: 'Waiting', sign: 'dots', age: '5 s', tone: 'minor', alerts: false, says: /^Asked for 5 s ago; nothing has come yet\.$/ },
  { name: 'last known', where: CUT_OFF, level: 'last-known', word: 'Last known', sign: 'unplugged', age: '2 s', tone: 'bad', alerts: false, says: /^This page is cut off from the hub\. The price is the last it saw/ },
  { name: 'last known, and REST fails too', where: { ...CUT_OFF, rest: 'failed' }, level: 'last-known', word: 'Last known', sign: 'unplugged', age: '2 s', tone: 'bad', alerts: false, says: /cut off/ },
  { name: 'stale, as the hub says', quote: { freshness: 'stale', staleSince: T - 240_000, timestamp: T - 240_000 }, level: 'stale', word: 'Stale', sign: 'dashed', age: '4 min', tone: 'doubt', alerts: false, says: /^Not confirmed since .+\. Do not take it for the present price\./ },
  { name: 'stale, as the page concludes', row: { vouchedAt: T - 61_000 }, where: { link: { ...CUT_OFF.link, heardAt: T - 120_000 }, rest: 'ok' }, level: 'stale', word: 'Stale', sign: 'dashed', age: '2 s', tone: 'doubt', alerts: false, says: /^Not confirmed since/ },
  { name: 'restored by the hub', quote: { source: 'restored', timestamp: T - 30_000 }, level: 'restored', word: 'Restored', sign: 'clock-back', age: '30 s', tone: 'rest', alerts: false, says: /^Kept from before the hub restarted/ },
  { name: 'kept by this browser', row: { kept: true }, level: 'restored', word: 'Restored', sign: 'clock-back', age: '2 s', tone: 'rest', alerts: false, says: /^Kept by this browser/ },
  { name: 'closed', quote: { session: 'closed', timestamp: T - 7_200_000, opensAt: T + 7_200_000 }, level: 'closed', word: 'Closed', sign: 'crescent', age: '2 h', tone: 'minor', alerts: true, says: /^NASDAQ is closed\. Last trade .+ Opens .+, in 2 h\./ },
  { name: 'by REST', quote: { source: 'rest', timestamp: T - 22_000 }, level: 'rest', word: 'REST', sign: 'circling', age: '22 s', tone: 'rest', alerts: true, says: /^Asked for by REST/ },
  { name: 'polled', row: { state: 'polled', reason: 'Not streamed to this key.' }, level: 'rest', word: 'REST', sign: 'circling', age: '2 s', tone: 'rest', alerts: true, says: /because not streamed to this key\./ },
  { name: 'the page reads by REST', row: { vouchedAt: T - 500 }, where: { ...CUT_OFF, rest: 'ok' }, level: 'rest', word: 'REST', sign: 'circling', age: '2 s', tone: 'rest', alerts: true, says: /reads by REST every 30 s/ },
  { name: 'mute', where: STALLED, level: 'mute', word: 'Mute', sign: 'barred', age: '2 s', tone: 'doubt', alerts: false, says: /no ticks come although markets trade, for 4 min/ },
  { name: 'the stream is down', where: { feed: { state: 'fallback', since: T, reason: 'closed (1006)' } }, level: 'paused', word: 'Paused', sign: 'barred', age: '2 s', tone: 'doubt', alerts: false, says: /^The hub['’]s stream is down: closed \(1006\)/ },
  { name: 'refused by upstream', where: { feed: { state: 'refused', since: T, reason: 'no such key' } }, level: 'paused', word: 'Paused', sign: 'barred', age: '2 s', tone: 'doubt', alerts: false, says: /no such key/ },
  { name: 'live', level: 'live', word: 'Live', sign: 'disc', age: '2 s', tone: 'live', alerts: true, says: /^Streaming from NASDAQ\./ },
  { name: 'extended hours', quote: { session: 'extended' }, level: 'live', word: 'Extended', sign: 'disc', age: '2 s', tone: 'live', alerts: true, says: /outside its hours/ },
];

for (const simulated of [false, true]) {
  test(`every level has its word, sign, age, tone and sentence${simulated ? ', and says first that it is simulated' : ''}`, options, () => {
    for (const { name, row: fields = {}, quote: told, where, ...expected } of ROWS) {
      if (simulated && told === null) continue;
      const held = told === null ? null : quote({ ...told, simulated });
      const truth = truthOf(row({ quote: held, ...fields }), circumstances(where), T);
      const plain = simulated ? truth.word.replace(/^SIM( |$)/, '') : truth.word;
      assert.equal(truth.level, expected.level, name);
      assert.equal(plain, simulated && expected.word === 'Live' ? '' : expected.word, name);
      if (simulated) assert.match(truth.word, /^SIM/, name);
      const isSim = simulated && expected.level === 'live';
      assert.deepEqual(
        [truth.sign, truth.age, truth.tone, truth.mayFlash, truth.mayAlert, truth.simulated],
        [isSim ? 'diamond' : expected.sign, expected.age, isSim ? 'sim' : expected.tone, expected.level === 'live', expected.alerts, simulated], name,
      );
      assert.match(truth.sentence, expected.says, name);
      assert.equal(/No market is behind it\.$/.test(truth.sentence), simulated, name);
    }
  });
}

test('what is worse is said first: a stale price of a closed market is stale, a restored one of a mute feed is restored', options, () => {
  const worst = (/** @type {Partial<Quote>} */ fields, /** @type {Partial<Circumstances>} */ where = {}) => truthOf(row({ quote: quote(fields) }), circumstances(where), T).level;
  assert.equal(worst({ session: 'closed', freshness: 'stale', staleSince: T }), 'stale');
  assert.equal(worst({ source: 'restored', session: 'closed' }), 'restored');
  assert.equal(worst({ source: 'restored' }, STALLED), 'restored');
  assert.equal(worst({ session: 'closed' }, STALLED), 'closed');
  assert.equal(worst({ source: 'rest' }, STALLED), 'rest', 'REST goes on while the stream is mute');
  assert.equal(worst({ freshness: 'stale', staleSince: T }, CUT_OFF), 'last-known');
});

test('an age that is only a bound is written as one, and none is made up', options, () => {
  const age = (/** @type {Partial<Quote>} */ fields) => truthOf(row({ quote: quote(fields) }), circumstances(), T).age;
  assert.equal(age({ timestamp: T - 90_000, precision: 'minute' }), '≤ 2 min');
  assert.equal(age({ timestamp: null, precision: null }), '');
  assert.equal(age({ timestamp: T - 90_000, precision: null }), '');
  assert.equal(truthOf(row(), circumstances({ offset: 58_000 }), T).age, '1 min', 'by the clock of the hub');
});

/**
 * Messages and events in any order, on three symbols. Each price is unique, so a quote on the page
 * leads back to the message that brought it.
 */
function randomDay(/** @type {() => number} */ random) {
  const store = new Store();
  const symbols = ['AAPL', 'BTC/USD', 'SPY'];
  const told = new Map(/** @type {[number, Quote][]} */ ([]));
  /** The last mark of the hub for each symbol. @type {Map<string, Quote>} */
  const last = new Map();
  let now = T;
  let price = 1;
  const pick = (/** @type {readonly any[]} */ values) => values[Math.floor(random() * values.length)];
  const made = () => {
    price += 1;
    const at = now - Math.floor(random() * 90_000);
    const stale = random() < 0.3;
    const fields = quote({
      symbol: pick(symbols), price, timestamp: random() < 0.1 ? null : at, precision: pick(['second', 'minute', 'day', null]), receivedAt: at + 100,
      source: pick(['live', 'rest', 'restored', 'simulated']), simulated: random() < 0.2, session: pick(['open', 'closed', 'extended', 'unknown']),
      freshness: stale ? 'stale' : 'fresh', staleSince: stale ? at : null,
    });
    told.set(price, fields);
    return fields;
  };
  store.track(symbols);
  const steps = [
    () => store.setLink({ state: 'connected', since: now }),
    () => store.subscribed(now),
    () => store.setLink({ state: 'disconnected', since: now, reason: 'gone' }),
    () => store.setLink({ state: 'connecting', since: now }),
    () => store.receive({ event: 'feed', feed: { state: pick(['idle', 'connecting', 'live', 'stalled', 'fallback', 'refused']), since: now, reason: '' }, simulated: null }, now),
    () => store.receive({ event: 'subscribe-status', success: [{ symbol: pick(symbols), state: pick(['pending', 'streaming', 'polled', 'unavailable']), reason: null, needsPlan: null, retryAt: null, hasQuote: random() < 0.5 }], fails: [] }, now),
    () => store.receive({ event: 'subscribe-status', success: [], fails: [{ symbol: pick(symbols), reason: 'no' }] }, now),
    () => store.receiveQuotes({ simulated: false, feed: null, quotes: [tell(made())], tracked: [] }, now),
    () => store.restFailed('no answer', now),
    () => store.restore({ ...made() }),
    () => store.heard(now),
  ];
  const tell = (/** @type {Quote} */ fields) => {
    last.set(fields.symbol, fields);
    return fields;
  };
  return {
    store, told, last,
    step() {
      now += Math.floor(random() * random() * 120_000);
      if (random() < 0.5) {
        store.heard(now);
        store.receive({ event: 'price_update', quote: tell(made()) }, now);
      } else pick(steps)();
      return now;
    },
  };
}

test('no sequence of messages makes a price live that is stale, restored, of a closed market, of a lost connection or of a feed that is not live', { timeout: 60_000 }, () => {
  let live = 0;
  for (let seed = 1; seed <= 400; seed += 1) {
    const { store, told, last, step } = randomDay(seeded(seed));
    for (let steps = 0; steps < 80; steps += 1) {
      const now = step();
      for (const held of store.rows.values()) {
        const truth = truthOf(held, store.circumstances, now);
        const where = `seed ${seed}, step ${steps}, ${held.name}: ${JSON.stringify(held)}`;
        assert.equal(truth.mayFlash, truth.level === 'live', where);
        if (truth.level !== 'live') continue;
        live += 1;
        const source = told.get(Number(held.quote?.price));
        assert.ok(source, where);
        assert.equal(source.freshness, 'fresh', where);
        assert.equal(last.get(held.name)?.freshness, 'fresh', `the hub called it stale last: ${where}`);
        assert.ok(source.source !== 'restored' && source.source !== 'rest' && source.session !== 'closed', where);
        assert.equal(last.has(held.name), true, `only this browser told it: ${where}`);
        assert.equal(store.link.state, 'connected', where);
        assert.ok(store.feed === null || ['live', 'idle'].includes(store.feed.state), where);
        assert.ok(!['rejected', 'unavailable', 'polled'].includes(held.state), where);
        assert.equal(source.simulated, truth.word.startsWith('SIM'), where);
      }
    }
  }
  assert.ok(live > 1_000, `only ${live} live prices were seen, so this proves little`);
});
