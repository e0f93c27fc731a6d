import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestedSymbols } from '../../../public/app/model/symbols.js';
import { quoted, short, visible } from '../../../public/app/words/text.js';

const options = { timeout: 5_000 };

test('what cannot be seen, or turns the line round, is written out', options, () => {
  const cases = [
    ['AAPL', 'AAPL'],
    ['A\u202ELPAA', 'A\\u{202E}LPAA'],
    ['\u2066\u2069\u200B\u200D\u00AD\uFEFF', '\\u{2066}\\u{2069}\\u{200B}\\u{200D}\\u{00AD}\\u{FEFF}'],
    ['a\u0000b\u0007', 'a\\u{0000}b\\u{0007}'],
    ['\u3164\u115F', '\\u{3164}\\u{115F}'],
    ['\u{E0041}', '\\u{E0041}'],
    ['\uD800', '\\u{D800}'],
    ['two\r\nlines\u2028', 'two lines '],
    ['⚠️ “reason”, plan’s – é ü 日本 אבג', '⚠️ “reason”, plan’s – é ü 日本 אבג'],
  ];
  for (const [text = '', shown] of cases) assert.equal(visible(text), shown);
  assert.equal(visible(visible('\u202E')), visible('\u202E'), 'saying it twice changes nothing');
});

test('a tower of accents is told, not built', options, () => {
  assert.equal(visible(`Z${'\u0301'.repeat(200)}!`), `Z${'\u0301'.repeat(4)}(+196 marks)!`);
  assert.equal(visible('Việt Nam'.normalize('NFD')), 'Việt Nam'.normalize('NFD'));
});

test('long text ends in an ellipsis, and no character is cut in two', options, () => {
  assert.equal(short('W'.repeat(10_000), 5), 'WWWW…');
  assert.equal(short('12345', 5), '12345');
  assert.equal(short('😀😀😀', 3), '😀😀😀');
  assert.equal(short('😀😀😀😀', 3), '😀😀…');
});

test('letters from right to left do not take the sentence along', options, () => {
  assert.equal(quoted('AAPL', 40), 'AAPL');
  assert.equal(quoted('אבג', 40), '\u2068אבג\u2069');
});

test('symbols of the address: each once, and no more than the hub takes', options, () => {
  assert.equal(requestedSymbols(''), null);
  assert.equal(requestedSymbols('?symbols=,%20,'), null);
  assert.deepEqual(requestedSymbols('?symbols=aapl, TSLA ,AAPL,$$$'), { names: ['aapl', 'TSLA', '$$$'], leftOut: 0 });
  const many = requestedSymbols(`?symbols=${Array.from({ length: 3_000 }, (_, n) => `S${n}`).join()}`);
  assert.deepEqual([many?.names.length, many?.names.at(-1), many?.leftOut], [200, 'S199', 2_800]);
});
