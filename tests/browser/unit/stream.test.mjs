import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { MissedFrames, Stream } from '../../../public/app/link/stream.js';
import { MalformedFrame } from '../../../public/app/link/wire.js';

const options = { timeout: 5_000 };
const protocol = await readFile(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** The document's examples: the snapshot, and the delta that follows it. */
function documented() {
  const snapshot = /\{"event":"snapshot"[^`]*/.exec(protocol)?.[0] ?? '';
  const delta = /\n(\[\d+,18,[^`]*)\n/.exec(protocol)?.[1] ?? '';
  return { snapshot: JSON.parse(snapshot), delta: JSON.parse(delta) };
}

/** @param {import('../../../public/app/link/wire.js').Message[]} messages */
const quotes = (messages) => messages.flatMap((message) => (message.event === 'price_update' ? [message.quote] : []));

const EPOCH = 26712000123456;
/** @param {Record<string, unknown>} [fields] */
const snapshot = (fields = {}) => ({ ...documented().snapshot, ...fields });

test('the snapshot of the protocol document', options, () => {
  const stream = new Stream();
  const messages = stream.read(snapshot());
  assert.deepEqual(messages.map((message) => message.event), ['snapshot', 'feed', 'subscribe-status', 'price_update', 'spark']);
  assert.deepEqual(quotes(messages), [{
    symbol: 'BTC/USD', exchange: 'Binance', source: 'live', session: 'open', price: 95500, bid: 95499.5, ask: 95500.5, dayVolume: 49153,
    previousClose: 95261.85, percentChange: 0.25, timestamp: 1768833137000, receivedAt: 1768833137123, simulated: false,
    freshness: 'fresh', staleSince: null, precision: 'second', name: 'Bitcoin US Dollar', type: 'Digital Currency', kind: 'crypto', currency: 'USD',
    micCode: null, timezone: null, decimals: 2, open: 95270, high: 96012.5, low: 94890.25, yearLow: 74420.69, yearHigh: 126198.07,
    averageVolume: null, opensAt: null, closesAt: null,
  }]);
  assert.deepEqual(messages.at(-1), { event: 'spark', symbol: 'BTC/USD', spark: { end: 1768833060000, values: [95480, 95484.5, null, 95498.25] } });
  assert.deepEqual(stream.position, { epoch: EPOCH, stream: 3, seq: 17 });
});

test('a delta adds to what was there, exactly', options, () => {
  const stream = new Stream();
  stream.read(snapshot());
  const [quote] = quotes(stream.read([EPOCH, 18, 37_123, [0, -12, 1, 50, 3, 0, 1]]));
  assert.deepEqual(
    [quote?.price, quote?.bid, quote?.ask, quote?.dayVolume, quote?.timestamp, quote?.receivedAt],
    [95499.88, 95499.38, 95500.39, 49156, 1768833138000, 1768833137073],
  );
  const again = quotes(stream.read([EPOCH, 19, 38_000, [0]]));
  assert.equal(again[0]?.price, 95499.88, 'an update without a change of price is one too');
});

test('a price of an open session extends the range of the day, as far as it is known', options, () => {
  const { symbols: [object] } = snapshot();
  /** @param {Record<string, unknown>} fields @param {number[]} steps */
  const range = (fields, ...steps) => {
    const stream = new Stream();
    stream.read(snapshot({ symbols: [{ ...object, high: 95500.5, low: 95499, ...fields }] }));
    const updates = steps.flatMap((step, at) => quotes(stream.read([EPOCH, 18 + at, at, [0, step]])));
    return [updates.at(-1)?.high, updates.at(-1)?.low];
  };
  assert.deepEqual(range({}, 10), [95500.5, 95499]);
  assert.deepEqual(range({}, 51, -1), [95500.51, 95499]);
  assert.deepEqual(range({}, -101, 1), [95500.5, 95498.99]);
  assert.deepEqual(range({ high: null, low: undefined }, 51), [null, null]);
  assert.deepEqual(range({ session: 'extended' }, 51), [95500.5, 95499]);
});

test('a bar names its symbol, and an item of a later version is ignored', options, () => {
  const stream = new Stream();
  stream.read(snapshot());
  const messages = stream.read([EPOCH, 18, 1, { bar: [0, 1768833120, 95498.5, 95502, 95498.5, 95500, null] }, { weather: 'fine' }]);
  assert.deepEqual(messages, [
    { event: 'bar', symbol: 'BTC/USD', bar: { at: 1768833120000, open: 95498.5, high: 95502, low: 95498.5, close: 95500, volume: null } },
  ]);
  assert.throws(() => stream.read([EPOCH, 19, 1, { bar: [5, 60, 1, 1, 1, 1, null] }]), MissedFrames);
});

test('the hub says of itself who watches, what it may still ask, and what is wrong', options, () => {
  const stream = new Stream();
  stream.read(snapshot());
  const advice = [{ about: 'feed', wrong: 'the key is not known', todo: 'Set another.' }];
  const told = { viewers: 3, ticks_per_s: 1.2, credits: { minute: 5, day: 612 }, symbols: { streaming: 3, polled: 5 }, advice };
  assert.deepEqual(stream.read([EPOCH, 18, 1, { hub: told }]), [{
    event: 'hub',
    hub: { viewers: 3, ticksPerS: 1.2, creditsLeft: { minute: 5, day: 612 }, symbols: { streaming: 3, polled: 5, pending: 0, unavailable: 0 }, advice, server: null, hopMs: null },
  }]);
  const [relay] = stream.read([EPOCH, 19, 1, { hub: { ...told, server: 'weur/0', hop_ms: 12 } }]);
  assert.deepEqual(relay?.event === 'hub' && [relay.hub.server, relay.hub.hopMs], ['weur/0', 12]);
  assert.throws(() => stream.read([EPOCH, 20, 1, { hub: 7 }]), MalformedFrame);
});

test('news of the feed, of a symbol and of the pace come in deltas', options, () => {
  const stream = new Stream();
  stream.read(snapshot());
  const { symbols: [object] } = snapshot();
  const messages = stream.read([EPOCH, 18, 1, { feed: { state: 'fallback', since: null, reason: 'closed' } }, { ack_ms: 5_000 }, { ...object, spark: undefined, stale_since: 7, state: 'polled', reason: 'refused' }]);
  assert.deepEqual(messages.map((message) => message.event), ['feed', 'subscribe-status', 'price_update']);
  assert.deepEqual([quotes(messages)[0]?.freshness, quotes(messages)[0]?.staleSince], ['stale', 7]);
});

test('whatever does not follow from what was read is a miss, never a guess', options, () => {
  for (const frame of [[EPOCH, 19, 1, [0, 1]], [EPOCH, 17, 1, [0, 1]], [EPOCH + 1, 18, 1, [0, 1]], [EPOCH, 18, 1, [5, 1]]]) {
    const stream = new Stream();
    stream.read(snapshot());
    assert.throws(() => stream.read(frame), MissedFrames, JSON.stringify(frame));
  }
  assert.throws(() => new Stream().read([EPOCH, 1, 1, [0, 1]]), MissedFrames, 'a delta before any snapshot');
  assert.throws(() => new Stream().read(snapshot({ recovered: true })), MissedFrames, 'recovered from nowhere');
  assert.throws(() => new Stream().read(snapshot({ seq: null })), MalformedFrame);
});

test('a recovered snapshot adds, another one replaces', options, () => {
  const stream = new Stream();
  stream.read(snapshot());
  const [first] = stream.read(snapshot({ recovered: true, seq: 40, missed: 23, symbols: [] }));
  assert.deepEqual(first, { event: 'snapshot', resumes: true, recovered: true, missed: 23, changed: 0 });
  assert.deepEqual([stream.recovered, stream.missed], [true, 23]);
  assert.equal(quotes(stream.read([EPOCH, 41, 1, [0, 1]]))[0]?.price, 95500.01, 'what was known still is');
  stream.read(snapshot({ epoch: EPOCH + 9, seq: 2, symbols: [] }));
  assert.throws(() => stream.read([EPOCH + 9, 3, 1, [0, 1]]), MissedFrames, 'its symbols had other numbers');
});

/** When the held price of {@link returned} reached the hub. */
const RECEIVED = 1768833137123;

/**
 * A reader that holds the documented price, and a snapshot of another epoch about the same symbol.
 * @param {Record<string, unknown>} told  fields of the symbol object
 * @param {Record<string, unknown>} [fields]  of the snapshot
 */
function returned(told, fields = {}) {
  const stream = new Stream();
  stream.read(snapshot());
  const { symbols: [object] } = snapshot();
  const elsewhere = { epoch: EPOCH + 9, stream: 1, seq: 0, symbols: [{ ...object, n: 4, ...told }], ...fields };
  return { stream, messages: stream.read(snapshot(elsewhere)) };
}

/** An older line than the held one. */
const OLDER = {
  price: 9549000, bid: -40, ask: 40, high: 96000, low: 94900, day_volume: 49000, time: RECEIVED - 20_123, received: RECEIVED - 20_000, source: 'restored',
};

test('another epoch: the newer price stays with what belongs to it, and all else is as told', options, () => {
  const [quote] = quotes(returned({ ...OLDER, previous_close: 95000, session: 'closed', opens_at: RECEIVED + 60_000, name: 'Bitcoin' }).messages);
  assert.deepEqual(
    [quote?.price, quote?.bid, quote?.ask, quote?.high, quote?.low, quote?.dayVolume, quote?.timestamp, quote?.receivedAt],
    [95500, 95499.5, 95500.5, 96012.5, 94890.25, 49153, 1768833137000, RECEIVED],
  );
  assert.deepEqual(
    [quote?.previousClose, quote?.percentChange, quote?.session, quote?.opensAt, quote?.name, quote?.freshness, quote?.source],
    [95000, 0.52632, 'closed', RECEIVED + 60_000, 'Bitcoin', 'fresh', 'restored'],
  );
});

test('another epoch: a newer price is stale where the server’s older one is, and not from before it came', options, () => {
  for (const [told, shown] of [[RECEIVED + 5_000, RECEIVED + 5_000], [RECEIVED - 9_000, RECEIVED]]) {
    const [quote] = quotes(returned({ ...OLDER, stale_since: told }).messages);
    assert.deepEqual([quote?.price, quote?.freshness, quote?.staleSince], [95500, 'stale', shown]);
  }
});

test('another epoch: deltas apply to what was told, and are shown from the first line on that is not older', options, () => {
  const { stream } = returned(OLDER, { base: RECEIVED });
  const read = (/** @type {number} */ seq, /** @type {unknown} */ item) => quotes(stream.read([EPOCH + 9, seq, 0, item]))[0];
  const held = read(1, [4, 7, 1, 19_000, 5]);
  assert.deepEqual([held?.price, held?.dayVolume, held?.receivedAt], [95500, 49153, RECEIVED], 'received a second later than the first line');
  const { symbols: [object] } = snapshot();
  const whole = { ...object, ...OLDER, n: 4, received: RECEIVED - 1, stale_since: RECEIVED + 1 };
  assert.deepEqual([read(2, whole)?.price, read(3, { ...whole, stale_since: null })?.freshness], [95500, 'fresh']);
  const caughtUp = read(4, [4, 8, 20, 0, 1]);
  assert.deepEqual([caughtUp?.price, caughtUp?.bid, caughtUp?.high, caughtUp?.dayVolume, caughtUp?.source], [95490.08, 95489.68, 96000, 49001, 'restored']);
  assert.equal(read(5, { ...object, ...OLDER, n: 4 })?.price, 95490, 'from then on its word counts');
});

test('another epoch: a line that is as new, or of another kind of market, is taken as told', options, () => {
  const told = (/** @type {Record<string, unknown>} */ fields, /** @type {Record<string, unknown>} */ how = {}) => quotes(returned({ ...OLDER, ...fields }, how).messages)[0];
  const { symbols: [{ time }] } = snapshot();
  assert.equal(told({ received: RECEIVED, time })?.price, 95490);
  assert.equal(told({ received: RECEIVED + 1, time })?.price, 95490);
  const minute = { received: RECEIVED + 5_000, time: Number(time) - (Number(time) % 60_000), time_precision: 'minute' };
  assert.equal(told(minute)?.price, 95490, 'of the same minute, and asked for later');
  assert.equal(told({ ...minute, time: minute.time - 180_000 })?.price, 95500, 'received later, and made minutes before');
  assert.deepEqual([told({}, { simulated: true })?.price, told({}, { simulated: true })?.simulated], [95490, true]);
  const same = new Stream();
  same.read(snapshot());
  const { symbols: [object] } = snapshot();
  assert.equal(quotes(same.read(snapshot({ seq: 18, symbols: [{ ...object, ...OLDER }] })))[0]?.price, 95490, 'in one epoch the server is believed');
});

test('another epoch: the newer price outlives other snapshots of it, and yet another epoch', options, () => {
  const { stream } = returned(OLDER);
  const { symbols: [object] } = snapshot();
  const again = (/** @type {Record<string, unknown>} */ fields) => quotes(stream.read(snapshot({ seq: 1, symbols: [{ ...object, ...OLDER, n: 4 }], ...fields })))[0];
  assert.equal(again({ epoch: EPOCH + 9, stream: 2 })?.price, 95500, 'another symbol was subscribed');
  assert.equal(again({ epoch: EPOCH + 20, stream: 2 })?.price, 95500);
  assert.equal(stream.position?.epoch, EPOCH + 20);
});

test('another epoch: where the server has no price yet, the held one is shown stale until it has', options, () => {
  const none = { scale: null, price: null, bid: null, ask: null, time: null, received: null, source: null, state: 'pending' };
  const { stream, messages } = returned(none);
  assert.deepEqual(messages.map((message) => message.event), ['snapshot', 'feed', 'subscribe-status', 'price_update']);
  const [quote] = quotes(messages);
  assert.deepEqual([quote?.price, quote?.freshness, quote?.staleSince], [95500, 'stale', RECEIVED]);
  const { symbols: [object] } = snapshot();
  const [next] = quotes(stream.read([EPOCH + 9, 1, 1, { ...object, n: 4, price: 9560000, received: RECEIVED + 1 }]));
  assert.deepEqual([next?.price, next?.freshness], [95600, 'fresh']);
});

test('a time that the exchange did not tell stays unknown until a symbol object tells it', options, () => {
  const stream = new Stream();
  const { symbols: [object] } = snapshot();
  const [first] = quotes(stream.read(snapshot({ symbols: [{ ...object, time: null, time_precision: null }] })));
  assert.deepEqual([first?.timestamp, first?.precision, first?.receivedAt], [null, null, 1768833137123]);
  const [next] = quotes(stream.read([EPOCH, 18, 37_123, [0, -12, 1, 50]]));
  assert.deepEqual([next?.timestamp, next?.price], [null, 95499.88]);
  const [known] = quotes(stream.read([EPOCH, 19, 38_000, { ...object, time_precision: 'minute' }]));
  assert.deepEqual([known?.timestamp, known?.precision], [1768833137000, 'minute']);
  const [impossible] = quotes(stream.read([EPOCH, 20, 39_000, { ...object, time: 1e300 }]));
  assert.equal(impossible?.timestamp, null, 'a time that no clock can show is none');
});

test('a change in percent is against a previous close above zero, or there is none', options, () => {
  const { symbols: [object] } = snapshot();
  const percents = [100, 0, -5, null].map((previous_close) => {
    const odd = { ...object, scale: null, price: -37.63, bid: null, ask: null, previous_close };
    return quotes(new Stream().read(snapshot({ symbols: [odd] })))[0]?.percentChange;
  });
  assert.deepEqual(percents, [-137.63, null, null, null]);
});

test('volumes beyond 2^53, and facts that change', options, () => {
  const stream = new Stream();
  const { symbols: [object] } = snapshot();
  const facts = { currency: 'USD', kind: 'crypto', mic_code: null, decimals: 2 };
  const [quote] = quotes(stream.read(snapshot({ symbols: [{ ...object, ...facts, day_volume: 5.9e20, session: 'extended' }] })));
  assert.deepEqual([quote?.dayVolume, quote?.currency, quote?.kind, quote?.decimals, quote?.session], [5.9e20, 'USD', 'crypto', 2, 'extended']);
  assert.equal(quotes(stream.read([EPOCH, 18, 1, [0, 1, 0, 0, 1e20]]))[0]?.dayVolume, 6.9e20);
  assert.equal(quotes(stream.read([EPOCH, 19, 1, { ...object, ...facts, decimals: 5 }]))[0]?.decimals, 5);
});

test('a snapshot on a living connection begins nothing anew, unless the hub is another', options, () => {
  const stream = new Stream();
  /** @param {object} frame */
  const resumes = (frame) => /** @type {any} */ (stream.read(frame)[0]).resumes;
  assert.equal(resumes(snapshot()), false, 'the first');
  assert.equal(resumes(snapshot({ seq: 18, symbols: [] })), false, 'a symbol was taken away');
  assert.equal(resumes(snapshot({ seq: 20, missed: 2 })), true);
  assert.equal(resumes(snapshot({ epoch: EPOCH + 1 })), true, 'the hub was restarted');
  stream.reconnected();
  assert.equal(resumes(snapshot({ epoch: EPOCH + 1 })), true);
});

test('prices that no scale fits, and none at all', options, () => {
  const stream = new Stream();
  const { symbols: [object] } = snapshot();
  const odd = quotes(stream.read(snapshot({ symbols: [{ ...object, scale: null, price: 1e-20, bid: 9e-21, ask: null }] })));
  assert.deepEqual([odd[0]?.price, odd[0]?.bid, odd[0]?.ask], [1e-20, 9e-21, null]);
  const none = stream.read(snapshot({ symbols: [{ ...object, scale: null, price: null, bid: null, ask: null, time: null, received: null, source: null, state: 'pending' }] }));
  assert.deepEqual(quotes(none), []);
});

test('it acknowledges what it read, at the pace that it was told and never faster than one a second', options, () => {
  const stream = new Stream();
  stream.read(snapshot({ ack_ms: 5_000 }));
  assert.equal(stream.acknowledgement(0), null, 'a snapshot alone needs none');
  let seq = 17;
  const read = (/** @type {number} */ bytes) => stream.read([EPOCH, (seq += 1), 1, [0, 1]], bytes);
  read(50);
  assert.deepEqual(stream.acknowledgement(0), { action: 'ack', stream: 3, seq: 18 });
  read(50);
  assert.equal(stream.acknowledgement(4_999), null);
  assert.deepEqual(stream.acknowledgement(5_000), { action: 'ack', stream: 3, seq: 19 });
  assert.equal(stream.acknowledgement(60_000), null, 'nothing new');
  read(200_000);
  assert.deepEqual(stream.acknowledgement(60_000), { action: 'ack', stream: 3, seq: 20 });
  read(200_000);
  assert.equal(stream.acknowledgement(60_999), null);
  assert.notEqual(stream.acknowledgement(61_000), null, 'many bytes do not wait for the pace');
  read(50);
  assert.equal(stream.acknowledgement(61_500), null);
  stream.read({ event: 'ack-request', epoch: EPOCH, seq });
  assert.deepEqual(stream.acknowledgement(61_500), { action: 'ack', stream: 3, seq }, 'when it is asked, at once');
  stream.read({ event: 'ack-request', epoch: EPOCH, seq });
  assert.deepEqual(stream.acknowledgement(61_500), { action: 'ack', stream: 3, seq }, 'also when nothing new was read');
  assert.equal(stream.acknowledgement(90_000), null);
});
