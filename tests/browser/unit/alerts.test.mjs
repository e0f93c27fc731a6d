import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COOL_DOWN_MS, advanced, armed, distanceOf, evaluate, isAlert, mayHaveBeenMet, nextChange, obstacleOf, snoozed, tomorrow, withFiring,
} from '../../../public/app/model/alerts.js';
import { moved, parseNumber, problemsOf, stepOf } from '../../../public/app/model/alert-draft.js';
import { Store } from '../../../public/app/model/store.js';
import { truthOf } from '../../../public/app/model/truth.js';
import { conditionOf, distanceText, firingBody, firingSentence } from '../../../public/app/words/alerts.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const T = Date.UTC(2026, 0, 19, 14, 32, 15);

/** @typedef {import('../../../public/app/model/alerts.js').Alert} Alert */
/** @typedef {import('../../../public/app/link/wire.js').Quote} Quote */

/** @param {Partial<Alert>} fields @returns {Alert} */
function alertOf(fields) {
  return {
    id: 'one', kind: 'above', symbol: 'AAPL', level: 240, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null,
    fired: null, armedAt: T, ...fields,
  };
}

/** @param {Partial<Quote>} [fields] @returns {Quote} */
function quote(fields = {}) {
  return {
    ...UNKNOWN, symbol: 'AAPL', exchange: 'NASDAQ', price: 235.5, percentChange: 0.15, bid: null, ask: null, dayVolume: null, previousClose: 235.15,
    timestamp: T, precision: 'second', receivedAt: T, source: 'live', simulated: false, session: 'open', freshness: 'fresh', staleSince: null,
    currency: 'USD', type: 'Common Stock', kind: 'stock', decimals: 2, ...fields,
  };
}

/** A store and an alert that it is watched with, message by message. @param {Partial<Alert>} fields */
function watched(fields) {
  const store = new Store();
  store.setLink({ state: 'connected', since: T, heardAt: T });
  store.track(['AAPL']);
  store.receive({ event: 'connected', version: '1', simulated: false, time: T, feed: { state: 'live', since: T, reason: '' }, symbols: [] }, T);
  let alert = alertOf(fields);
  let now = T;
  /** @type {import('../../../public/app/model/alerts.js').Memory | undefined} */
  let memory;
  const look = () => {
    alert = advanced(alert, now);
    const row = store.rows.get('AAPL');
    const truth = row ? truthOf(row, store.circumstances, now) : null;
    const seen = evaluate(alert, memory, { row, truth, circumstances: store.circumstances, epoch: store.epoch }, now);
    memory = seen.memory;
    if (seen.firing) alert = withFiring(alert, { at: now, price: seen.firing.price, sentence: '', simulated: false });
    return seen.firing;
  };
  return {
    store,
    get alert() {
      return alert;
    },
    get memory() {
      return memory;
    },
    get now() {
      return now;
    },
    /** @param {(alert: Alert) => Alert} make */
    change: (make) => void (alert = make(alert)),
    /** @param {number} ms */
    pass: (ms) => void (now += ms),
    look,
    /** A price comes, a second later. @param {number} price @param {Partial<Quote>} [rest] */
    tick(price, rest = {}) {
      now += 1_000;
      store.receive({ event: 'price_update', quote: quote({ price, timestamp: now, receivedAt: now, ...rest }) }, now);
      return look();
    },
    /** @param {import('../../../public/app/link/wire.js').FeedState} state */
    feed(state) {
      now += 1_000;
      store.receive({ event: 'feed', feed: { state, since: now, reason: '' }, simulated: false }, now);
      return look();
    },
  };
}

test('at or above, at or below: once, when the price gets there', options, () => {
  for (const [kind, before, at] of /** @type {const} */ ([['above', 239.99, 240], ['below', 240.01, 240]])) {
    const one = watched({ kind });
    assert.equal(one.tick(before), null);
    assert.deepEqual(one.tick(at), { price: 240, already: false }, kind);
    assert.equal(one.alert.state, 'fired');
    assert.equal(one.tick(before), null);
    assert.equal(one.tick(at), null, 'not again');
  }
});

test('a first price that is beyond the level fires at once, as already there', options, () => {
  assert.deepEqual(watched({ kind: 'above' }).tick(250), { price: 250, already: true });
  assert.deepEqual(watched({ kind: 'below' }).tick(230), { price: 230, already: true });
});

test('crossing needs two prices of one epoch, on two sides of the level', options, () => {
  const one = watched({ kind: 'crosses', repeats: true });
  assert.equal(one.tick(250), null, 'the first one cannot cross');
  assert.ok(one.tick(239));
  one.pass(COOL_DOWN_MS);
  assert.ok(one.tick(240), 'up to the level itself');
  one.pass(COOL_DOWN_MS);
  assert.equal(one.tick(245), null, 'away from the level, which was reached already');
  // Another life of the hub: nobody knows what was in between.
  one.store.receive({ event: 'connected', version: '1', simulated: false, time: T, feed: { state: 'live', since: T, reason: '' }, symbols: [] }, one.now);
  assert.equal(one.tick(230), null);
  assert.ok(one.tick(241));
});

test('a connection that resumes where it was lost is the same epoch: a crossing in between counts', options, () => {
  const one = watched({ kind: 'crosses' });
  assert.equal(one.tick(239), null);
  one.store.receive({ event: 'connected', version: '1', simulated: false, time: T, feed: null, symbols: [] }, one.now);
  one.store.receive({ event: 'snapshot', resumes: true, recovered: true, missed: 3, changed: 1 }, one.now);
  assert.ok(one.tick(241));
});

test('every time: silent for five minutes, and only after the condition was not met in between', options, () => {
  const one = watched({ kind: 'above', repeats: true });
  one.tick(230);
  assert.ok(one.tick(241));
  assert.equal(one.alert.state, 'armed');
  one.pass(COOL_DOWN_MS);
  assert.equal(one.tick(242), null, 'it never went back');
  one.tick(230);
  assert.ok(one.tick(241));
  one.tick(230);
  assert.equal(one.tick(241), null, 'it cools down');
  one.pass(COOL_DOWN_MS);
  assert.ok(one.tick(241), 'what came during the cool-down is told after it');
});

test('a page that is loaded again does not fire a repeating alert that has fired already', options, () => {
  const fired = { at: T + 1, price: 241, sentence: '', simulated: false };
  const one = watched({ kind: 'above', repeats: true, fired });
  assert.equal(one.tick(245), null);
  one.tick(230);
  assert.ok(one.tick(245));
  const again = watched({ kind: 'above', repeats: true, fired, armedAt: T + 2 });
  assert.ok(again.tick(245), 'armed again by the user since then');
});

test('no price alert fires on a price that is stale, restored, mute, paused, last known, kept or unavailable', options, () => {
  for (const kind of /** @type {const} */ (['above', 'crosses', 'day-move', 'quick-move'])) {
    const fields = { kind, level: kind === 'above' || kind === 'crosses' ? 240 : 1, within: 5 };
    const beyond = /** @type {[string, (one: ReturnType<typeof watched>) => unknown][]} */ ([
      ['stale', (one) => one.tick(300, { percentChange: 20, freshness: 'stale', staleSince: T })],
      ['restored', (one) => one.tick(300, { percentChange: 20, source: 'restored' })],
      ['mute', (one) => one.feed('stalled') ?? one.tick(300, { percentChange: 20 })],
      ['paused', (one) => one.feed('fallback') ?? one.tick(300, { percentChange: 20 })],
      ['last known', (one) => {
        one.store.setLink({ state: 'disconnected' });
        return one.tick(300, { percentChange: 20 });
      }],
      ['unavailable', (one) => {
        one.store.receive({ event: 'subscribe-status', success: [{ symbol: 'AAPL', state: 'unavailable', reason: null, needsPlan: null, retryAt: null, hasQuote: true }], fails: [] }, T);
        return one.tick(300, { percentChange: 20 });
      }],
    ]);
    for (const [name, go] of beyond) {
      const one = watched(fields);
      one.tick(235);
      assert.equal(go(one), null, `${kind} on ${name}`);
      assert.notEqual(truthOf(/** @type {any} */ (one.store.rows.get('AAPL')), one.store.circumstances, one.now).mayAlert, true, name);
    }
    const good = watched(fields);
    good.tick(235);
    assert.ok(good.tick(300, { percentChange: 20 }), `${kind} on a live price`);
    const byRest = watched(fields);
    byRest.tick(235);
    assert.ok(byRest.tick(300, { percentChange: 20, source: 'rest' }), `${kind} on a price by REST`);
  }
});

test('a move on the day counts in both directions, and not without a previous close', options, () => {
  const one = watched({ kind: 'day-move', level: 3 });
  assert.equal(one.tick(100, { percentChange: null }), null);
  assert.equal(one.tick(100, { percentChange: 2.99 }), null);
  assert.ok(one.tick(97, { percentChange: -3 }));
});

test('a quick move is from the low or the high of the last minutes, and no further back', options, () => {
  const up = watched({ kind: 'quick-move', level: 1, within: 5 });
  assert.equal(up.tick(100), null);
  up.pass(240_000);
  assert.ok(up.tick(101), 'up within five minutes');
  const slow = watched({ kind: 'quick-move', level: 1, within: 5 });
  slow.tick(100);
  slow.pass(301_000);
  assert.equal(slow.tick(101), null, 'five minutes have passed');
  const down = watched({ kind: 'quick-move', level: 1, within: 5 });
  down.tick(100);
  down.tick(102);
  down.change((alert) => armed(alert, T + 5_000));
  assert.equal(down.tick(102), null, 'armed again, it begins anew');
  assert.ok(down.tick(100.9), 'down from the high');
});

test('stale for a while, feed mute, back to live', options, () => {
  const stale = watched({ kind: 'stale', level: 60 });
  assert.equal(stale.tick(100), null);
  assert.equal(stale.tick(100, { freshness: 'stale', staleSince: stale.now }), null);
  stale.pass(61_000);
  assert.ok(stale.look());
  const mute = watched({ kind: 'mute', symbol: null, level: null });
  assert.equal(mute.feed('live'), null);
  assert.ok(mute.feed('stalled'));
  const live = watched({ kind: 'live-again', symbol: null, level: null });
  assert.equal(live.feed('live'), null, 'it was live all the time');
  assert.equal(live.feed('fallback'), null);
  assert.ok(live.feed('live'));
});

test('its life: snoozed until then, expired at its end, and nothing else changes by time', options, () => {
  const alert = alertOf({ expires: T + 1_000 });
  assert.equal(advanced(alert, T + 999), alert, 'the same object');
  assert.equal(advanced(alert, T + 1_000).state, 'off');
  const sleeping = snoozed(alertOf({}), T + 5_000);
  assert.equal(advanced(sleeping, T + 4_999), sleeping);
  assert.deepEqual([advanced(sleeping, T + 5_000).state, advanced(sleeping, T + 5_000).armedAt], ['armed', T + 5_000]);
  assert.equal(armed(advanced(alert, T + 2_000), T + 2_000).expires, null, 'an expiry that has passed is no more');
  assert.equal(nextChange([alertOf({}), sleeping, alert]), T + 1_000);
  assert.equal(nextChange([alertOf({})]), null);
  const morning = new Date(tomorrow(T));
  assert.deepEqual([morning.getHours(), morning.getMinutes()], [8, 0]);
  assert.ok(tomorrow(T) - T > 0 && tomorrow(T) - T < 86_400_000 * 2);
});

test('after a sleep the day’s high and low tell what may have been crossed, and nothing that was known before', options, () => {
  const one = watched({ kind: 'above' });
  one.tick(230, { high: 235, low: 229 });
  const { memory, alert } = one;
  assert.equal(mayHaveBeenMet(alert, memory, quote({ price: 231, high: 241, low: 229 })), true);
  assert.equal(mayHaveBeenMet(alert, memory, quote({ price: 231, high: 239, low: 229 })), false, 'the high is below the level');
  assert.equal(mayHaveBeenMet(alert, memory, quote({ price: 231, high: null, low: null })), false, 'nothing is known');
  const before = watched({ kind: 'above' });
  before.tick(230, { high: 245, low: 229 });
  assert.equal(mayHaveBeenMet(before.alert, before.memory, quote({ price: 231, high: 245, low: 229 })), false, 'it was that high before');
  const cross = watched({ kind: 'crosses' });
  cross.tick(250, { high: 255, low: 249 });
  assert.equal(mayHaveBeenMet(cross.alert, cross.memory, quote({ price: 251, high: 255, low: 239 })), true);
});

test('the distance, and why an alert cannot fire', options, () => {
  assert.equal(distanceText(distanceOf(alertOf({ level: 240 }), quote({ price: 238.1 }))), '0.80 % away');
  assert.equal(distanceText(distanceOf(alertOf({ level: 240 }), quote({ price: 250 }))), 'there now');
  assert.equal(distanceText(distanceOf(alertOf({ kind: 'below', level: 240 }), quote({ price: 250 }))), '4.0 % away');
  assert.equal(distanceOf(alertOf({ kind: 'day-move', level: 3 }), quote({ percentChange: -1 })), 2);
  assert.equal(distanceOf(alertOf({}), null), null);
  const one = watched({});
  const sight = () => {
    const row = one.store.rows.get('AAPL');
    return { row, truth: row ? truthOf(row, one.store.circumstances, one.now) : null, circumstances: one.store.circumstances, epoch: 0 };
  };
  one.tick(230);
  assert.equal(obstacleOf(alertOf({}), sight()), null);
  one.tick(230, { freshness: 'stale', staleSince: T });
  assert.match(String(obstacleOf(alertOf({}), sight())), /^Not confirmed since /);
  one.store.track([]);
  assert.match(String(obstacleOf(alertOf({}), sight())), /not subscribed/);
  assert.equal(obstacleOf(alertOf({ state: 'fired' }), sight()), null, 'only armed ones');
});

test('what the user writes is checked, and answered in words', options, () => {
  const draft = { kind: /** @type {const} */ ('above'), symbol: 'AAPL', level: 240, within: null, note: '', repeats: false, expires: null };
  const at = { count: 0, now: T };
  assert.deepEqual(problemsOf(draft, at), {});
  assert.match(String(problemsOf({ ...draft, symbol: ' ' }, at).symbol), /^Name a symbol/);
  assert.match(String(problemsOf({ ...draft, symbol: 'AAPL, MSFT' }, at).symbol), /one symbol/);
  assert.match(String(problemsOf({ ...draft, level: null }, at).level), /^Write a number/);
  assert.match(String(problemsOf({ ...draft, kind: 'day-move', level: 0 }, at).level), /above 0/);
  assert.match(String(problemsOf({ ...draft, kind: 'stale', level: 1.5 }, at).level), /whole seconds/);
  assert.match(String(problemsOf({ ...draft, kind: 'quick-move', level: 1, within: 0 }, at).within), /1 to 60/);
  assert.match(String(problemsOf({ ...draft, expires: T - 1 }, at).expires), /passed/);
  assert.match(String(problemsOf(draft, { count: 100, now: T }).note), /100 alerts/);
  assert.deepEqual(problemsOf({ ...draft, kind: 'mute', symbol: null, level: null }, at), {});
  for (const [text, number] of /** @type {const} */ ([['1,234.5', 1234.5], [' 240 ', 240], ['−37.63', -37.63], ['0,5', 0.5], ['1,500', 1500], ['$240', 240], ['8.12e-6', 8.12e-6], ['', null], ['12x', null], ['1.2.3', null]])) {
    assert.equal(parseNumber(text), number, text);
  }
  assert.deepEqual([stepOf('above', 95_500, 2), stepOf('above', 235.5, 2), stepOf('above', 1.085, 5), stepOf('above', 0.00000812, 8)], [10, 0.1, 0.001, 1e-8]);
  assert.equal(moved(0.1, 0.1, 2), 0.3);
});

test('an alert in words; simulated ones say so in both lines', options, () => {
  const held = quote({ price: 240.1 });
  assert.equal(conditionOf(alertOf({}), held), 'at or above $240.00');
  assert.equal(conditionOf(alertOf({ kind: 'crosses', level: 0.00000812 }), null), 'crosses 0.00000812');
  assert.equal(conditionOf(alertOf({ kind: 'quick-move', level: 1, within: 5 }), held), 'moves 1 % within 5 min');
  assert.equal(firingSentence(alertOf({}), held, false), 'AAPL at or above $240.00: now $240.10');
  assert.match(firingSentence(alertOf({}), held, true), /already there, at \$240\.10$/);
  const one = watched({});
  one.tick(240.1, { source: 'simulated', simulated: true });
  const row = one.store.rows.get('AAPL');
  assert.ok(row);
  assert.match(firingSentence(alertOf({}), row.quote, false), /^SIM AAPL/);
  assert.match(firingBody(alertOf({ note: 'mine' }), truthOf(row, one.store.circumstances, one.now), one.now), /^SIM .*simulator.*mine$/);
});

test('what storage holds is taken only if it is an alert', options, () => {
  assert.equal(isAlert(JSON.parse(JSON.stringify(alertOf({})))), true);
  assert.equal(isAlert(alertOf({ kind: 'mute', symbol: null, level: null })), true);
  for (const wrong of [null, 1, {}, { ...alertOf({}), kind: 'x' }, { ...alertOf({}), level: 'many' }, { ...alertOf({}), symbol: null }, { ...alertOf({}), state: 'on' }, { ...alertOf({}), fired: {} }]) {
    assert.equal(isAlert(wrong), false, JSON.stringify(wrong));
  }
});
