import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  denomination, formatAge, formatAgeAtMost, formatBeside, formatLag, formatPercent, formatPrice, formatPriceAndUnit, formatSpan, formatVolume,
  isShortened, signOf,
} from '../../../public/app/words/format.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };

/** @typedef {import('../../../public/app/link/wire.js').Quote} Quote */

/**
 * @param {Partial<Quote>} fields
 * @returns {Quote}
 */
function quote(fields) {
  return {
    ...UNKNOWN, symbol: 'AAPL', exchange: null, currency: 'USD', type: 'Common Stock', kind: 'stock', decimals: 2, price: 235.5, percentChange: null,
    bid: null, ask: null, dayVolume: null, previousClose: null, timestamp: 0, precision: 'second', receivedAt: 0, source: 'live', simulated: false,
    session: 'open', freshness: 'fresh', staleSince: null, ...fields,
  };
}

test('a price is written in the currency that upstream names, with a sign only where it stands for one currency', options, () => {
  const cases = /** @type {[Partial<Quote>, string][]} */ ([
    [{ currency: 'USD' }, '$235.50'],
    [{ currency: 'EUR', kind: 'etf' }, '€235.50'],
    [{ currency: 'GBP' }, '£235.50'],
    [{ currency: 'JPY' }, '¥235.50'],
    [{ currency: 'AUD', price: 4.195, decimals: 3 }, '4.195 AUD'],
    [{ currency: 'CNY' }, '235.50 CNY'],
    [{ currency: 'INR' }, '₹235.50'],
    [{ currency: 'XXX' }, '235.50 XXX'],
    [{ currency: 'GBp', price: 72.5 }, '72.50 p'],
    [{ currency: 'usd' }, '235.50 usd'],
    [{ currency: 'constructor' }, '235.50 con…'],
    [{ currency: '\u202E$' }, '235.50 \\u{202E}$'],
    [{ currency: 'USD', kind: 'index', price: 5123.45 }, '5,123.45 pts'],
    [{ currency: null, kind: 'index' }, '235.50 pts'],
    [{ currency: 'USD', kind: 'forex', price: 1.085, decimals: 4 }, '1.0850'],
    [{ currency: 'USD', kind: 'metal', price: 2_650.5 }, '2,650.50'],
    [{ currency: 'USD', kind: 'crypto', price: 95_500 }, '$95,500.00'],
    [{ currency: 'BTC', kind: 'crypto', price: 0.0345, decimals: 5 }, '0.03450 BTC'],
    [{ currency: null }, '235.50'],
    [{ currency: 'USD', type: 'Bond', kind: null }, '$235.50'],
    [{ currency: 'USD', type: null, kind: null }, '235.50'],
    [{ price: -37.63 }, '-$37.63'],
  ]);
  for (const [fields, written] of cases) assert.equal(formatPriceAndUnit(quote(fields)), written, JSON.stringify(fields));
  assert.equal(denomination(quote({ currency: 'GBp' })).unitName, 'pence sterling');
});

test('price, bid and ask have the decimals that the hub tells, else as few as they need', options, () => {
  assert.deepEqual([2.25, 2.2534, 2.3].map((price) => formatPrice(quote({ price, decimals: 4 }))), ['$2.2500', '$2.2534', '$2.3000']);
  assert.equal(formatPrice(quote({ price: 155, decimals: 0 })), '$155');
  const unknown = quote({ decimals: null, price: 1.085, bid: 1.08495, ask: null });
  assert.deepEqual([formatPrice(unknown), formatBeside(unknown, 1.08495)], ['$1.08500', '1.08495']);
  assert.equal(formatPrice(quote({ decimals: null, price: 95_500 })), '$95,500.00');
  assert.equal(formatPrice(quote({ decimals: null, price: 0.1 + 0.2 })), '$0.30', 'what is no more than an error of rounding is not shown');
});

test('a number that has no room is written shorter, but never wrongly', options, () => {
  const cases = /** @type {[number, number, string][]} */ ([
    [1_523_456_789.12, 2, '$1,523,456,789.12'],
    [1_523_456_789.12, 9, '$1,523,456,789.12'],
    [1_523_456_789.1234567, 9, '≈$1,523,456,789.12'],
    [-1_523_456_789.1234567, 9, '≈-$1,523,456,789.1'],
    [0.123456789, 9, '$0.123456789'],
    [0, 12, '$0.000000000000'],
    [0.00001, 2, '$1e-5'],
    [5e-324, 12, '$5e-324'],
    [1e308, 2, '$1e308'],
    [-Number.MAX_VALUE, 2, '≈-$1.7977e308'],
    [999_999_999_999_999, 2, '≈$1e15'],
  ]);
  for (const [price, decimals, written] of cases) assert.equal(formatPrice(quote({ price, decimals })), written);
  for (let round = 0; round < 2_000; round += 1) {
    const price = (Math.random() - 0.3) * 10 ** (Math.random() * 600 - 300);
    const text = formatPrice(quote({ price, decimals: Math.floor(Math.random() * 13) }));
    assert.ok(text.length <= 18, text);
    const read = Number(text.replace(/[≈$,]/g, ''));
    assert.ok(Math.abs(read - price) <= Math.abs(price) * 0.5, `${price} is written ${text}`);
    assert.equal(isShortened(text), /[≈e]/.test(text));
  }
});

test('percent has a sign, and none when it rounds to nothing', options, () => {
  assert.deepEqual([0.25, -0.05, 0, 0.004, -0.004, 1_234.5].map(formatPercent), ['+0.25%', '-0.05%', '0.00%', '0.00%', '0.00%', '+1,234.50%']);
  assert.deepEqual([12_345.67, 1e300, -2.5e7].map(formatPercent), ['+12,346%', '+1e300%', '-2.5e7%']);
  assert.deepEqual([0.25, -0.05, 0.004, -0.004].map(signOf), ['up', 'down', 'flat', 'flat']);
});

test('ages and spans in their largest unit', options, () => {
  assert.deepEqual([0, 999, 2_500, 59_999, 60_000, 7_300_000, 200_000_000].map(formatAge), ['now', 'now', '2 s ago', '59 s ago', '1 min ago', '2 h ago', '2 d ago']);
  assert.equal(formatSpan(-5), '0 s');
  const atMost = [0, 60_000, 60_001, 3_540_001, 47 * 3_600_000, 50 * 3_600_000].map(formatAgeAtMost);
  assert.deepEqual(atMost, ['≤ 1 min', '≤ 1 min', '≤ 2 min', '≤ 1 h', '≤ 47 h', '≤ 3 d'], 'rounded up, since rounded down it would be false');
});

test('lag and volume', options, () => {
  assert.deepEqual([-3, 0.4, 87.4, 1_240].map(formatLag), ['<1 ms', '<1 ms', '87 ms', '1.24 s']);
  assert.deepEqual([0.1234, 49_153.7, 23_481_234].map(formatVolume), ['0.12', '49,154', '23.48M']);
  assert.deepEqual([0, 999e12, 5.9e20, 0.0001].map(formatVolume), ['0', '999T', '5.9e20', '1e-4']);
});
