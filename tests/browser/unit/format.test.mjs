import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assetClass, formatAge, formatLag, formatPercent, formatPrice, formatSpan, formatVolume, signOf,
} from '../../../public/app/format.js';

const options = { timeout: 5_000 };

test('prices have the decimals of their market', options, () => {
  const cases = /** @type {[string, string | null, number, string][]} */ ([
    ['BTC/USD', 'Binance', 95_500, '$95,500.00'],
    ['ETH/USD', null, 3_300.456, '$3,300.46'],
    ['XRP/USD', null, 2.3456, '$2.3456'],
    ['DOGE/USD', null, 0.12345, '$0.1235'],
    ['SHIB/USD', null, 0.0000234567, '$0.00002346'],
    ['ETH/BTC', null, 0.0345678, '0.03457'],
    ['BTC/EUR', null, 88_000, '88,000.00'],
    ['XAU/USD', null, 4_612.3, '$4,612.30'],
    ['AAPL', 'NASDAQ', 235.5, '$235.50'],
    ['AAPL', null, 235.5, '$235.50'],
    ['PENNY', 'OTC', 0.0123, '$0.0123'],
    ['RY', 'TSX', 180.25, '180.25'],
    ['RY:TSX', null, 180.25, '180.25'],
    ['RY:NYSE', 'NYSE', 130, '$130.00'],
    ['BTC/USD:Coinbase Pro', 'Coinbase Pro', 95_500, '$95,500.00'],
    ['EUR/USD', null, 1.085, '1.08500'],
    ['GBP/USD', null, 1.26512, '1.26512'],
    ['USD/JPY', null, 155.1, '155.100'],
    ['USD/JPY', null, 155.123, '155.123'],
    ['CL', 'NYMEX', -37.63, '-37.63'],
  ]);
  for (const [symbol, exchange, price, written] of cases) assert.equal(formatPrice(symbol, exchange, price), written, symbol);
});

test('a pair of two currencies is forex, any other pair is not', options, () => {
  assert.deepEqual(['EUR/USD', 'BTC/USD', 'XAU/USD', 'AAPL', 'BRK.A'].map(assetClass), ['forex', 'crypto', 'crypto', 'stock', 'stock']);
});

test('percent has a sign, and none when it rounds to nothing', options, () => {
  assert.deepEqual([0.25, -0.05, 0, 0.004, -0.004, 1_234.5].map(formatPercent), ['+0.25%', '-0.05%', '0.00%', '0.00%', '0.00%', '+1,234.50%']);
  assert.deepEqual([0.25, -0.05, 0.004, -0.004].map(signOf), ['up', 'down', 'flat', 'flat']);
});

test('ages and spans in their largest unit', options, () => {
  assert.deepEqual([0, 999, 2_500, 59_999, 60_000, 7_300_000, 200_000_000].map(formatAge), ['now', 'now', '2 s ago', '59 s ago', '1 min ago', '2 h ago', '2 d ago']);
  assert.equal(formatSpan(-5), '0 s');
});

test('lag and volume', options, () => {
  assert.deepEqual([-3, 0.4, 87.4, 1_240].map(formatLag), ['<1 ms', '<1 ms', '87 ms', '1.24 s']);
  assert.deepEqual([0.1234, 49_153.7, 23_481_234].map(formatVolume), ['0.12', '49,154', '23.48M']);
});
