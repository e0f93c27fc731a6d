/** A change upon another: undoing, and two tabs, take nothing of anybody else's back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withChange } from '../../../public/app/model/change.js';
import { Desk } from '../../../public/app/model/desk.js';

const options = { timeout: 5_000 };
/** @param {string} id @param {...string} symbols @returns {import('../../../public/app/model/lists.js').List} */
const list = (id, ...symbols) => ({ id, name: id, items: symbols.map((symbol) => ({ symbol })) });
/** @param {import('../../../public/app/model/lists.js').List[]} lists */
const written = (lists) => lists.map(({ id, items }) => `${id}: ${items?.map((item) => ('symbol' in item ? item.symbol : `[${item.section}]`)).join(' ')}`).join('; ');
/** @param {string} id @param {Partial<import('../../../public/app/model/alerts.js').Alert>} [more] @returns {import('../../../public/app/model/alerts.js').Alert} */
const alert = (id, more = {}) => ({ id, kind: 'above', symbol: 'AAPL', level: 240, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null, fired: null, ...more });

test('without another change it is the very object that was changed to', options, () => {
  const [from, to] = [[list('a', 'AAPL')], [list('b')]];
  assert.equal(withChange(from, from, to), to);
  assert.equal(withChange(to, from, from), to, 'no change at all');
});

test('what both sides added and removed is there and gone, each at its place', options, () => {
  const from = [list('a', 'AAPL', 'MSFT', 'SPY')];
  const result = withChange([list('a', 'AAPL', 'MSFT', 'NVDA', 'SPY')], from, [list('a', 'BTC/USD', 'AAPL', 'SPY')]);
  assert.equal(written(result), 'a: BTC/USD AAPL NVDA SPY');
});

test('an order that one side changed stands, with what the other side added', options, () => {
  const result = withChange([list('a', 'AAPL', 'MSFT', 'NVDA', 'SPY')], [list('a', 'AAPL', 'MSFT', 'SPY')], [list('a', 'SPY', 'AAPL', 'MSFT')]);
  assert.equal(written(result), 'a: SPY AAPL MSFT NVDA');
});

test('what the other side removed is not brought back by a change of it', options, () => {
  assert.equal(written(withChange([list('b')], [list('a', 'AAPL'), list('b')], [list('a'), list('b')])), 'b: ');
});

test('rows that cannot be told apart are replaced as a whole', options, () => {
  const twice = [{ section: 'X', folded: false }, { section: 'X', folded: false }];
  assert.deepEqual(withChange([{ symbol: 'AAPL' }, ...twice], twice, [twice[0]]), [twice[0]]);
});

test('undoing a deletion leaves alone the alert that fired since', options, () => {
  const desk = new Desk({ alerts: [alert('1'), alert('2')] });
  desk.change({ alerts: desk.alerts.filter(({ id }) => id !== '1') }, 'Deleted an alert');
  desk.change({ alerts: desk.alerts.map((one) => ({ ...one, state: /** @type {const} */ ('fired') })) });
  desk.undo();
  assert.deepEqual(desk.alerts.map(({ id, state }) => `${id} ${state}`), ['1 armed', '2 fired']);
});

test('undoing leaves alone what was shown since', options, () => {
  const desk = new Desk();
  desk.change({ lists: [list('a')], view: { ...desk.view, symbol: 'SPY' } }, 'Removed NVDA');
  desk.show({ tab: 'alerts' });
  desk.undo();
  assert.deepEqual([desk.view.tab, desk.view.symbol], ['alerts', null]);
});
