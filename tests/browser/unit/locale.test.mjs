/** Numbers in the user's locale and times in the user's zone. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { formatClock, formatDecimal, formatPercent, formatSince, formatVolume, writeNumbersAndTimes } from '../../../public/app/words/format.js';

const options = { timeout: 5_000 };
afterEach(() => void writeNumbersAndTimes({ locale: 'en-US', zone: 'device' }));

test('prices, percents, volumes and exponents follow the locale, with digits that everybody reads', options, () => {
  assert.ok(writeNumbersAndTimes({ locale: 'de-DE', zone: 'device' }));
  assert.deepEqual([formatDecimal(1523456789.12, 2), formatPercent(-0.25), formatDecimal(5.9e20, 2)], ['1.523.456.789,12', '-0,25%', '5,9e20']);
  writeNumbersAndTimes({ locale: 'en-IN', zone: 'device' });
  assert.equal(formatDecimal(1234567.89, 2), '12,34,567.89');
  writeNumbersAndTimes({ locale: 'ar-EG', zone: 'device' });
  assert.match(formatVolume(49_153), /^49.153$/);
});

test('times follow the zone, and so does whether a time is of today', options, () => {
  const at = Date.UTC(2026, 0, 19, 23, 30);
  writeNumbersAndTimes({ locale: 'en-US', zone: 'UTC' });
  assert.equal(formatClock(at), '23:30:00');
  assert.equal(formatSince(at, at + 3_600_000), 'Jan 19, 23:30');
  writeNumbersAndTimes({ locale: 'en-US', zone: 'Asia/Tokyo' });
  assert.equal(formatClock(at), '08:30:00');
  assert.equal(formatSince(at, at + 3_600_000), '08:30:00', 'in Tokyo it is one day');
});

test('it tells whether anything changes', options, () => {
  writeNumbersAndTimes({ locale: 'de-DE', zone: 'UTC' });
  assert.equal(writeNumbersAndTimes({ locale: 'de-DE', zone: 'UTC' }), false);
  assert.equal(writeNumbersAndTimes({ locale: 'de-DE', zone: 'device' }), true);
});
