import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Candles, MOST_BARS, PAGE } from '../../../public/app/model/candles.js';
import { intervalsMeant } from '../../../public/app/model/intervals.js';
import { dayOf, offsetIn } from '../../../public/app/model/zones.js';
import { barsAsCsv } from '../../../public/app/words/bars.js';
import { timesIn } from '../../../public/app/words/times.js';

const options = { timeout: 10_000 };
/** 14:30:00 UTC of a Monday, on which New York's exchanges open. */
const OPEN = Date.parse('2026-01-19T14:30:00Z') / 1_000;

/** @param {number} time @param {Partial<import('../../../public/app/model/candles.js').Candle>} [fields] */
const bar = (time, fields) => ({ time, open: 10, high: 12, low: 9, close: 11, volume: 5, from: 'twelve_data', ...fields });

/** @param {number} second @param {number} price @param {Record<string, unknown>} [fields] */
const tick = (second, price, fields = {}) => /** @type {any} */ ({
  timestamp: second * 1_000, precision: 'second', price, simulated: false, dayVolume: null, session: 'open', ...fields,
});

/** @param {import('../../../public/app/model/candles.js').Candle[]} bars @param {Record<string, unknown>} [fields] */
const history = (bars, fields = {}) => /** @type {any} */ ({ simulated: false, timezone: null, bars, gaps: [], more: false, ...fields });

/** @param {import('../../../public/app/model/desk.js').Interval} interval */
function candles(interval, bars = [bar(OPEN)]) {
  const made = new Candles(interval);
  made.takeNewest(history(bars));
  made.takeChanges();
  return made;
}

test('a price extends the running bar and begins the next one', options, () => {
  const held = candles('1min');
  held.takePrice(tick(OPEN + 30, 13));
  assert.deepEqual(held.bars, [bar(OPEN, { high: 13, close: 13, from: PAGE })]);
  held.takePrice(tick(OPEN + 60, 8));
  assert.deepEqual(held.bars.at(-1), { time: OPEN + 60, open: 8, high: 8, low: 8, close: 8, volume: null, from: PAGE });
  assert.deepEqual(held.takeChanges(), { whole: false, times: [OPEN, OPEN + 60] });
  assert.deepEqual(held.takeChanges(), { whole: false, times: [] }, 'a change is told once');
});

test('each interval has its own running bar; a day begins in the zone of the exchange', options, () => {
  for (const [interval, start] of /** @type {const} */ ([
    ['1min', '2026-01-19T17:41:00Z'], ['5min', '2026-01-19T17:40:00Z'], ['15min', '2026-01-19T17:30:00Z'], ['1h', '2026-01-19T17:30:00Z'],
    ['4h', '2026-01-19T14:30:00Z'],
  ])) {
    const held = candles(interval);
    assert.equal(new Date(held.startOf(Date.parse('2026-01-19T17:41:59Z')) * 1_000).toISOString().replace('.000', ''), start, interval);
  }
  const days = new Candles('1day');
  days.takeNewest(history([], { timezone: 'America/New_York' }));
  // 02:00 UTC is still the evening before in New York.
  assert.equal(days.startOf(Date.parse('2026-01-20T02:00:00Z')), Date.parse('2026-01-19T00:00:00Z') / 1_000);
  assert.equal(days.startOf(Date.parse('2026-01-20T14:30:00Z')), Date.parse('2026-01-20T00:00:00Z') / 1_000);
});

test('bars are missing where the hub has a close and no bar covers it, or it lies within a gap', options, () => {
  const spark = (/** @type {(number | null)[]} */ values) => ({ end: (OPEN + 240) * 1_000, values });
  const held = candles('1min', [bar(OPEN), bar(OPEN + 60), bar(OPEN + 180), bar(OPEN + 240)]);
  assert.equal(held.missingFrom(spark([1, 1, 1, 1, 1])), OPEN + 60, 'from the bar before');
  assert.equal(held.missingFrom(spark([1, 1, null, 1, 1])), null, 'a minute without a trade');
  assert.equal(held.missingFrom(spark([1, 1, null, 1, 1, null, 1, 1])), null, 'before the first bar');
  assert.equal(held.missingFrom({ end: (OPEN + 300) * 1_000, values: [1] }), OPEN + 240, 'after the last bar');
  assert.equal(new Candles('1min').missingFrom(spark([1])), null, 'without bars all is on its way');
  const day = new Candles('1day');
  day.takeNewest(history([bar(OPEN - OPEN % 86_400)], { timezone: 'America/New_York' }));
  assert.equal(day.missingFrom(spark([1, null, 1])), null, 'days are not made of minutes');

  const long = candles('5min', [bar(OPEN - 600), bar(OPEN - 300), bar(OPEN)]);
  assert.equal(long.missingFrom(spark([1, 1, 1, 1, 1, 1])), null);
  const gap = { from: OPEN - 7_200, to: OPEN + 180, reason: 'mute' };
  long.takeNewest(history([bar(OPEN - 600), bar(OPEN - 300), bar(OPEN)], { gaps: [gap] }));
  assert.equal(long.missingFrom(spark([null, null, null, 1, 1])), null, 'after the gap');
  assert.equal(long.missingFrom(spark([1, 1, 1, 1, 1])), OPEN - 7_200, 'from the beginning of the gap');
});

test('a gap that begins before an answer does stays until there', options, () => {
  const [first, second] = [{ from: OPEN, to: OPEN + 600, reason: 'mute' }, { from: OPEN + 660, to: OPEN + 720, reason: 'mute' }];
  const held = candles('1min', [bar(OPEN - 60), bar(OPEN + 900)]);
  held.gaps = [first, second];
  held.takeNewest(history([bar(OPEN + 300), bar(OPEN + 900)]));
  assert.deepEqual(held.gaps, [{ ...first, to: OPEN + 300 }], 'the second was filled');
  held.gaps = [first];
  held.takeNewest(history([bar(OPEN + 300)], { gaps: [{ ...first, from: OPEN + 300 }, second] }));
  assert.deepEqual(held.gaps, [first, second], 'its two parts are one');
});

test('a late price may widen the bar before, and changes no older one', options, () => {
  const held = candles('1min', [bar(OPEN), bar(OPEN + 60), bar(OPEN + 120)]);
  held.takePrice(tick(OPEN + 70, 20));
  assert.deepEqual(held.bars[1], bar(OPEN + 60, { high: 20 }), 'its close stays');
  const again = candles('1min', [bar(OPEN), bar(OPEN + 60), bar(OPEN + 120)]);
  assert.equal(again.takePrice(tick(OPEN + 10, 20)), false);
  assert.deepEqual(again.bars[0], bar(OPEN));
});

test('what is no trade of now changes nothing', options, () => {
  for (const fields of [
    { timestamp: null }, { precision: null }, { precision: 'day' }, { simulated: true }, { session: 'closed', timestamp: (OPEN + 600) * 1_000 },
  ]) {
    const held = candles('1min');
    assert.equal(held.takePrice(tick(OPEN + 30, 99, fields)), false, JSON.stringify(fields));
    assert.deepEqual(held.bars, [bar(OPEN)]);
  }
});

test('the volume of the running bar is what the day’s volume grew by', options, () => {
  const held = candles('1min');
  held.takePrice(tick(OPEN + 1, 11, { dayVolume: 1_000 }));
  assert.equal(held.bars[0]?.volume, 5, 'the first price tells no growth');
  held.takePrice(tick(OPEN + 2, 11, { dayVolume: 1_030 }));
  assert.equal(held.bars[0]?.volume, 35);
  held.takePrice(tick(OPEN + 3, 11.5, { dayVolume: 10 }));
  assert.equal(held.bars[0]?.volume, 35, 'a new day begins at zero');
});

test('a minute that the hub closed replaces the page’s, and widens longer bars', options, () => {
  const minute = { at: OPEN * 1_000, open: 10, high: 99, low: 1, close: 11, volume: 7 };
  const built = candles('1min', []);
  built.takePrice(tick(OPEN + 5, 10));
  built.takeMinute(minute);
  assert.deepEqual(built.bars, [{ time: OPEN, open: 10, high: 99, low: 1, close: 11, volume: 7, from: 'hub' }]);
  const long = candles('5min');
  long.takeMinute(minute);
  assert.deepEqual(long.bars, [bar(OPEN, { high: 99, low: 1 })]);
  const final = candles('1min', [bar(OPEN), bar(OPEN + 60)]);
  final.takeMinute(minute);
  assert.deepEqual(final.bars[0], bar(OPEN), 'a bar of the provider is final');
});

test('the close of a long bar is that of its last minute', options, () => {
  const held = candles('5min');
  held.takeMinute({ at: (OPEN + 180) * 1_000, open: 10, high: 10, low: 10, close: 10.5, volume: null });
  assert.equal(held.bars[0]?.close, 11);
  held.takeMinute({ at: (OPEN + 240) * 1_000, open: 10, high: 10, low: 10, close: 10.5, volume: null });
  assert.equal(held.bars[0]?.close, 10.5);
});

test('older bars come before, up to the cap', options, () => {
  const held = candles('1min', Array.from({ length: 4_000 }, (_, at) => bar(OPEN + at * 60)));
  held.takeOlder(history(Array.from({ length: 3_000 }, (_, at) => bar(OPEN - (3_000 - at) * 60)), { more: true }));
  assert.equal(held.bars.length, MOST_BARS);
  assert.equal(held.bars[0]?.time, OPEN - 1_000 * 60);
  assert.equal(held.isFull, true);
  assert.deepEqual(held.takeChanges(), { whole: true, times: [] });
});

test('an answer after a pause fills the gap; a few bars are drawn one by one, many as a whole', options, () => {
  const held = candles('1min', [bar(OPEN), bar(OPEN + 60)]);
  held.takePrice(tick(OPEN + 90, 12));
  held.takeChanges();
  held.takeNewest(history([bar(OPEN + 60), bar(OPEN + 120), bar(OPEN + 180)]));
  assert.deepEqual(held.bars.map(({ time }) => time - OPEN), [0, 60, 120, 180]);
  assert.deepEqual(held.takeChanges(), { whole: false, times: [OPEN + 60, OPEN + 120, OPEN + 180] });
  held.takeNewest(history(Array.from({ length: 20 }, (_, at) => bar(OPEN + 180 + at * 60))));
  assert.equal(held.takeChanges().whole, true);
  held.takeNewest(history([bar(OPEN + 90_000)]));
  assert.deepEqual(held.bars.map(({ time }) => time), [OPEN + 90_000], 'bars that do not join are dropped');
});

test('a bar in the middle, as a market of another source, makes the whole be drawn', options, () => {
  const held = candles('1min', [bar(OPEN), bar(OPEN + 120)]);
  held.takeNewest(history([bar(OPEN), bar(OPEN + 60), bar(OPEN + 120)]));
  assert.equal(held.takeChanges().whole, true);
  held.takeNewest(history([bar(OPEN)], { simulated: true }));
  assert.deepEqual(held.bars, [bar(OPEN)], 'a simulated and a real market share no bars');
});

test('intervals are found by what people type', options, () => {
  assert.deepEqual(['5', '5m', '15', '1h', '60', '1D', 'd', '4H', '2h', '', '1', '2', '7', 'm', 'constructor'].map((text) => intervalsMeant(text).join(' ')), ['5min', '5min', '15min', '1h', '1h', '1day', '1day', '4h', '', '', '1min 15min 1h 1day', '4h', '', '', '']);
});

test('zones: offsets over a change of clocks, days, and zones that do not exist', options, () => {
  assert.equal(offsetIn('America/New_York', Date.parse('2026-03-08T06:59:00Z') / 1_000), -5 * 3_600);
  assert.equal(offsetIn('America/New_York', Date.parse('2026-03-08T07:00:00Z') / 1_000), -4 * 3_600);
  assert.equal(offsetIn('Asia/Kolkata', OPEN), 5.5 * 3_600);
  assert.equal(offsetIn('Nowhere/Land', OPEN), 0);
  assert.equal(dayOf(OPEN, 'Asia/Tokyo'), Date.parse('2026-01-19T00:00:00Z') / 1_000);
});

test('times are written in the chosen zone; a day has a date and no zone', options, () => {
  const write = (/** @type {any} */ zone, /** @type {string | null} */ exchange, days = false) => timesIn({ zone, locale: 'en-US' }, exchange, days);
  assert.equal(write('UTC', null).minute(OPEN), 'Jan 19, 14:30');
  assert.equal(write('exchange', 'America/New_York').minute(OPEN), 'Jan 19, 09:30');
  assert.equal(write('exchange', 'No/Where').name, 'UTC');
  assert.equal(write('Asia/Tokyo', null).clock(OPEN), '23:30');
  assert.equal(write('America/New_York', null, true).date(Date.parse('2026-01-19T00:00:00Z') / 1_000), 'Jan 19, 2026');
});

test('a file of bars: ISO times, plain numbers, and no cell that is a formula', options, () => {
  assert.equal(
    barsAsCsv([bar(OPEN, { volume: null, from: '=cmd|"x"' })], true, 60),
    '\uFEFFtime,open,high,low,close,volume,from,simulated\r\n2026-01-19T14:30:00.000Z,10,12,9,11,,"\'=cmd|""x""",true\r\n',
  );
  assert.match(barsAsCsv([bar(Date.parse('2026-01-19T00:00:00Z') / 1_000)], false, 86_400), /\r\n2026-01-19,10,12,9,11,5,twelve_data,false\r\n$/);
});
