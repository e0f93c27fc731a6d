import { itemsOf, ownList, symbolsOf, withItems, withSymbols } from '../../model/lists.js';
import { rowKey } from '../../model/quotes.js';

/**
 * The list that gets an added symbol: the one in view; the first for a computed view.
 * @param {import('../../model/desk.js').Desk} desk
 */
export function listForAdding(desk) {
  return ownList(desk.view.list, desk.lists) ?? desk.lists[0];
}

/**
 * The keys of the symbols that the list for adding has.
 * @param {import('../../terminal.js').Terminal} terminal
 */
export function keysInList({ desk, store }) {
  const list = listForAdding(desk);
  return new Set(list ? symbolsOf(itemsOf(list, store.hubs)).map(rowKey) : []);
}

/**
 * Adds a symbol at the end of the list in view.
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {string} symbol
 * @returns {{ sentence: string, added: boolean }}
 */
export function addToList(terminal, symbol) {
  const { desk, store } = terminal;
  const list = listForAdding(desk);
  if (!list) return { sentence: 'There is no list', added: false };
  const { items, added } = withSymbols(itemsOf(list, store.hubs), [symbol]);
  if (added.length === 0) return { sentence: `${symbol} is in ${list.name} already`, added: false };
  const sentence = `Added ${symbol} to ${list.name}`;
  desk.change({ lists: withItems(desk.lists, list.id, items) }, sentence);
  return { sentence, added: true };
}
