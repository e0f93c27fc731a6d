/** The page's address: a round trip of what is on the screen, and nothing hostile passes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAddress, writeAddress } from '../../../public/app/model/address.js';
import { DEFAULT_LIST, DEFAULT_SETTINGS, DEFAULT_VIEW } from '../../../public/app/model/desk.js';

const options = { timeout: 5_000 };
const LISTS = [DEFAULT_LIST, { id: 'l1', name: 'My banks & co', items: [{ symbol: 'RY:TSX' }] }, { id: 'l2', name: 'Stocks', items: [] }];
const SHARED = { id: 'shared', name: 'Shared', items: [{ symbol: 'AAPL' }, { symbol: 'BTC/USD' }], temporary: true };

/**
 * @param {Partial<import('../../../public/app/model/desk.js').View>} view
 * @param {Partial<import('../../../public/app/model/desk.js').Settings>} [settings]
 * @param {import('../../../public/app/model/lists.js').List[]} [lists]
 * @param {string} [before]
 */
const write = (view, settings = {}, lists = LISTS, before = '') => writeAddress({ settings: { ...DEFAULT_SETTINGS, ...settings }, lists, view: { ...DEFAULT_VIEW, ...view } }, before);

test('the defaults have an empty address', options, () => {
  assert.equal(write({}), '');
  assert.deepEqual(readAddress('', LISTS), { view: {}, settings: {}, symbols: null });
});

test('everything that differs comes back from its address', options, () => {
  /** @type {Partial<import('../../../public/app/model/desk.js').View>[]} */
  const views = [
    { symbol: 'BTC/USD' }, { symbol: 'RY:TSX' }, { symbol: 'M&M:NSE' }, { symbol: 'A+B' }, { list: 'l1' }, { list: 'l2' }, { list: 'stocks' }, { list: 'crypto' },
    { interval: '1min' }, { interval: '4h' }, { interval: '1day' }, { chart: 'line' }, { chart: 'baseline' }, { tab: 'alerts' }, { tab: 'connection' },
    { sort: { column: 'pct', descending: true } }, { sort: { column: 'last', descending: false } },
    { symbol: 'AAPL', list: 'l1', interval: '1h', chart: 'line', tab: 'alerts', sort: { column: 'pct', descending: true } },
  ];
  for (const view of views) assert.deepEqual(readAddress(write(view), LISTS).view, view, write(view));
  const settings = { theme: /** @type {const} */ ('dark'), density: /** @type {const} */ ('compact'), columns: ['last', 'pct', 'spark'] };
  assert.deepEqual(readAddress(write({}, settings), LISTS).settings, settings);
});

test('an address reads as section 12 has it', options, () => {
  const search = write({ list: 'l1', symbol: 'BTC/USD', interval: '15min', chart: 'line', sort: { column: 'pct', descending: true }, tab: 'alerts' }, { theme: 'dark', density: 'compact', columns: ['last', 'pct'] });
  assert.equal(search, '?list=My+banks+%26+co&s=BTC/USD&i=15m&t=line&sort=-pct&cols=last,pct&tab=alerts&theme=dark&density=compact');
});

test('the symbol that a visitor sees at first is not written', options, () => {
  const state = { settings: DEFAULT_SETTINGS, lists: LISTS, view: { ...DEFAULT_VIEW, symbol: 'AAPL' } };
  assert.deepEqual([writeAddress(state, '', 'aapl'), writeAddress(state, '', 'MSFT'), writeAddress(state, '')], ['', '?s=AAPL', '?s=AAPL']);
});

test('symbols of a link stay in the address as it named them, also while another list is in view', options, () => {
  const lists = [...LISTS, SHARED];
  assert.equal(write({ list: 'shared' }, {}, lists), '?symbols=AAPL,BTC/USD');
  assert.equal(write({ list: 'default' }, {}, lists), '?symbols=AAPL,BTC/USD&list=Default');
  assert.equal(readAddress('?symbols=AAPL,BTC/USD&list=Default', LISTS).view.list, 'default');
  assert.equal(readAddress('?symbols=AAPL', LISTS).view.list, 'shared');
  const many = Array.from({ length: 250 }, (_, n) => `S${n}`);
  const link = `?symbols=${many.join(',')}`;
  const items = many.slice(0, 200).map((symbol) => ({ symbol }));
  assert.equal(readAddress(write({ list: 'shared' }, {}, [...LISTS, { ...SHARED, items }], link), LISTS).symbols?.leftOut, 50, 'those beyond the limit too');
});

test('parameters of others stay', options, () => {
  assert.equal(write({ symbol: 'AAPL' }, {}, LISTS, '?utm_source=x&s=MSFT'), '?s=AAPL&utm_source=x');
});

test('a list is found by its name in any case; where the name is taken its id is written', options, () => {
  assert.equal(readAddress('?list=MY+BANKS+%26+CO', LISTS).view.list, 'l1');
  assert.equal(readAddress('?list=stocks', LISTS).view.list, 'stocks', 'the computed view');
  assert.equal(readAddress('?list=Stocks', LISTS).view.list, 'l2', 'the list of this name');
  const twins = [...LISTS, { id: 'l3', name: 'STOCKS', items: [] }];
  assert.equal(readAddress(write({ list: 'l3' }, {}, twins), twins).view.list, 'l3');
  assert.equal(readAddress('?list=gone', LISTS).view.list, undefined);
  assert.equal(write({ list: 'gone' }), '', 'a list that is not there is not named');
});

test('whatever cannot be understood is left out', options, () => {
  for (const search of ['?i=2h&t=pie&tab=x&theme=pink&density=0', '?sort=', '?sort=-', '?sort=<b>', '?cols=%00,%20,<i>', `?s=${'W'.repeat(5_000)}`, '?s=%20', '?i=__proto__&tab=constructor&list=__proto__', '?%FF=%FF', '?list=toString']) {
    const { view, settings } = readAddress(search, LISTS);
    assert.deepEqual([view, settings], [{}, {}], search);
  }
  assert.deepEqual(readAddress('?s=aapl&s=msft', LISTS).view, { symbol: 'AAPL' });
  assert.equal(readAddress(`?cols=${Array.from({ length: 99 }, (_, n) => `c${n}`).join(',')}`, LISTS).settings.columns?.length, 40);
});
