import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_PASTED, parsePasted } from '../../../public/app/model/pasted.js';

const options = { timeout: 5_000 };

test('commas, semicolons, spaces, tabs and lines part symbols', options, () => {
  const cases = /** @type {[string, string[]][]} */ ([
    ['AAPL,MSFT', ['AAPL', 'MSFT']],
    ['aapl msft\nnvda\r\nspy\tbtc/usd; eth/usd', ['AAPL', 'MSFT', 'NVDA', 'SPY', 'BTC/USD', 'ETH/USD']],
    [' , ,AAPL,,', ['AAPL']],
    ['AAPL aapl', ['AAPL']],
    ['$AAPL $TSLA', ['AAPL', 'TSLA']],
    ['"AAPL","BF.B"', ['AAPL', 'BF.B']],
    ['^GSPC M&M:NSE ES=F', ['^GSPC', 'M&M:NSE', 'ES=F']],
    ['', []],
  ]);
  for (const [text, symbols] of cases) assert.deepEqual(parsePasted(text), { symbols, refused: [], leftOut: 0 }, text);
});

test('an exchange behind a colon is kept, also one of two words', options, () => {
  const { symbols } = parsePasted('RY:TSX ry:tsx, BTC/USD:Coinbase Pro, AAPL MSFT');
  assert.deepEqual(symbols, ['RY:TSX', 'BTC/USD:Coinbase Pro', 'AAPL', 'MSFT']);
});

test('an exchange before the colon, as other terminals write it, is turned round', options, () => {
  assert.deepEqual(parsePasted('NASDAQ:AAPL,NYSE:IBM').symbols, ['AAPL:NASDAQ', 'IBM:NYSE']);
});

test('what cannot be a symbol is refused and named', options, () => {
  const { symbols, refused } = parsePasted(`AAPL !? (MSFT) ${'W'.repeat(33)} A:B:C \u202EAAPL`);
  assert.deepEqual(symbols, ['AAPL']);
  assert.deepEqual(refused, ['!?', '(MSFT)', 'W'.repeat(33), 'A:B:C', '\u202EAAPL']);
});

test('a pasted book is cut', options, () => {
  const { symbols, leftOut } = parsePasted(Array.from({ length: MOST_PASTED + 7 }, (_, index) => `S${index}`).join(' '));
  assert.equal(symbols.length, MOST_PASTED);
  assert.equal(leftOut, 7);
});
