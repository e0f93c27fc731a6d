/** Which symbols the page subscribes: what is in view, and what must be watched behind it. */
import { itemsInView, symbolsOf } from './lists.js';
import { rowKey } from './quotes.js';
import { MOST_SYMBOLS } from './symbols.js';

/**
 * The chart's symbol, those of armed alerts and those of the list in view, in this order, up to the
 * hub's limit. `leftOut`: how many of the list are beyond it.
 * @param {import('./desk.js').Desk} desk
 * @param {import('./store.js').Store} store
 * @returns {{ names: string[], leftOut: number }}
 */
export function wantedSymbols(desk, store) {
  const listed = symbolsOf(itemsInView(desk, store));
  const { symbol } = desk.view;
  const shown = symbol === null ? [] : [store.rows.get(symbol)?.name ?? symbol];
  const watched = desk.alerts.filter(({ state, symbol }) => state === 'armed' && symbol !== null).map(({ symbol }) => String(symbol));
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const name of [...shown, ...watched, ...listed]) if (!names.has(rowKey(name))) names.set(rowKey(name), name);
  const kept = [...names.values()].slice(0, MOST_SYMBOLS);
  return { names: kept, leftOut: names.size - kept.length };
}
