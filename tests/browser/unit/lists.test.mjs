import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  entriesOf, standingOf, titleFrom, withDuplicate, withKept, withList, withListNamed, withMoved, withSection, withSectionChanged, withStep,
  withSymbols, withoutList, withoutSection, withoutSymbol,
} from '../../../public/app/model/lists.js';

const options = { timeout: 5_000 };

/** @typedef {import('../../../public/app/model/lists.js').Item} Item */
/** @typedef {import('../../../public/app/model/lists.js').List} List */

/** `A B #Tech C` as items; `-Tech` is a folded section. @param {string} text @returns {Item[]} */
const items = (text) => /** @type {Item[]} */ (Object.freeze(text.split(' ').map((word) => Object.freeze(/^[#-]/.test(word) ? { section: word.slice(1), folded: word.startsWith('-') } : { symbol: word }))));
/** @param {Item[]} all */
const shown = (all) => all.map((item) => ('symbol' in item ? item.symbol : `${item.folded ? '-' : '#'}${item.section}`)).join(' ');
/** @param {Item[]} all @param {string[] | null} [ranking] */
const rows = (all, ranking = null) => entriesOf(all, ranking).map((entry) => (entry.type === 'symbol' ? entry.key : `${entry.title}(${entry.count})`)).join(' ');

test('symbols are added at the end, each once, and removed by key', options, () => {
  const { items: next, added } = withSymbols(items('AAPL RY:TSX'), ['msft', 'aapl', 'MSFT', 'RY']);
  assert.equal(shown(next), 'AAPL RY:TSX msft RY', '`RY` and `RY:TSX` are two symbols');
  assert.deepEqual(added, ['msft', 'RY']);
  const same = items('AAPL');
  assert.equal(withSymbols(same, ['aapl']).items, same, 'nothing new: nothing changes');
  assert.equal(shown(withoutSymbol(next, 'MSFT')), 'AAPL RY:TSX RY');
});

test('a symbol moves by one place, to the ends, and through sections', options, () => {
  /** @type {[string, number, Parameters<typeof withStep>[2], string][]} */
  const cases = [
    ['A B C', 1, 'up', 'B A C'],
    ['A B C', 1, 'down', 'A C B'],
    ['A B C', 2, 'first', 'C A B'],
    ['A B C', 0, 'last', 'B C A'],
    ['A B C', 0, 'up', 'A B C'],
    ['A B C', 2, 'down', 'A B C'],
    ['A #T B', 2, 'up', 'A B #T'],
    ['A #T B', 0, 'down', '#T A B'],
    ['A -T B', 0, 'down', '#T A B'],
    ['-T A #U B', 3, 'up', '#T A B #U'],
  ];
  for (const [before, index, where, after] of cases) {
    assert.equal(shown(withStep(items(before), index, where)), after, `${before}: ${index} ${where}`);
  }
});

test('a section moves with its symbols and parts no other section', options, () => {
  const list = items('X #T A B #U C #V D');
  assert.equal(shown(withStep(list, 4, 'up')), 'X #U C #T A B #V D');
  assert.equal(shown(withStep(list, 1, 'down')), 'X #U C #T A B #V D');
  assert.equal(shown(withStep(list, 1, 'last')), 'X #U C #V D #T A B');
  assert.equal(shown(withStep(list, 6, 'first')), 'X #V D #T A B #U C', 'symbols without a section stay without one');
  assert.equal(shown(withMoved(list, 6, 3)), 'X #T A B #V D #U C', 'dropped inside a section it goes to the nearer end');
  assert.equal(withStep(list, 6, 'down'), list);
  assert.equal(withStep(list, 1, 'up'), list);
});

test('sections fold, are renamed and removed without their symbols', options, () => {
  const list = withSection(items('A B C'), 'Tech', 1);
  assert.equal(shown(list), 'A #Tech B C');
  const folded = withSectionChanged(list, 1, { folded: true });
  assert.equal(rows(folded), 'A Tech(2)');
  assert.equal(rows(list), 'A Tech(2) B C');
  assert.equal(shown(withSectionChanged(list, 1, { section: 'Chips' })), 'A #Chips B C');
  assert.equal(shown(withoutSection(list, 1)), 'A B C');
  assert.equal(withoutSection(list, 0), list, 'a symbol is no section');
});

test('a ranking orders the symbols within their sections', options, () => {
  assert.equal(rows(items('A B #T C D'), ['D', 'C', 'B', 'A']), 'B A T(2) D C');
  assert.equal(rows(items('A B C'), ['C']), 'C A B', 'what the ranking does not know keeps its order behind');
  assert.equal(rows(items('A a A')), 'A', 'a symbol that is kept twice is shown once');
});

test('the place of a symbol is counted without headings', options, () => {
  assert.deepEqual(standingOf(items('A #T B C'), 'B'), { place: 2, of: 3 });
});

test('lists get free ids and free names', options, () => {
  /** @type {List[]} */
  const lists = [{ id: 'default', name: 'Default', items: null }];
  const one = withList(lists, ' My  tech ');
  const two = withList(one.lists, 'my tech');
  assert.deepEqual(two.lists.map(({ name }) => name), ['Default', 'My tech', 'my tech 2']);
  assert.equal(new Set(two.lists.map(({ id }) => id)).size, 3);
  assert.equal(withListNamed(two.lists, two.id, 'Stocks').at(-1)?.name, 'Stocks 2', 'a computed view has this name');
  assert.equal(withListNamed(two.lists, two.id, 'MY TECH 2').at(-1)?.name, 'MY TECH 2', 'its own name is free for it');
  assert.equal(titleFrom('x'.repeat(100)).length, 40);
});

test('a duplicate of the hub’s list holds the hub’s symbols', options, () => {
  const { lists, id } = withDuplicate([{ id: 'default', name: 'Default', items: null }], 'default', ['AAPL']);
  assert.deepEqual(lists.find((list) => list.id === id), { id, name: 'Default copy', items: [{ symbol: 'AAPL' }] });
});

test('deleting shows the neighbour; the last list stays', options, () => {
  /** @type {List[]} */
  const lists = ['a', 'b', 'c'].map((id) => ({ id, name: id, items: [] }));
  assert.equal(withoutList(lists, 'b').next, 'c');
  assert.equal(withoutList(lists, 'c').next, 'b');
  const one = lists.slice(0, 1);
  assert.equal(withoutList(one, 'a').lists, one);
});

test('the list of a link becomes the user’s own under another id', options, () => {
  /** @type {List[]} */
  const lists = [{ id: 'shared', name: 'Shared', items: items('A'), temporary: true }];
  const { lists: kept, id } = withKept(lists, 'shared');
  assert.notEqual(id, 'shared');
  assert.deepEqual(kept, [{ id, name: 'Shared', items: items('A') }]);
});
