/** The symbol whose chart and details are shown. */
import { newRow } from './quotes.js';

/**
 * The selected row, else the first one; null: there is none. A symbol that is selected before it is
 * subscribed has an empty row.
 * @param {import('./store.js').Store} store
 * @param {import('./desk.js').Desk} desk
 * @returns {import('./quotes.js').Row | null}
 */
export function shownRow(store, desk) {
  const { symbol } = desk.view;
  if (symbol !== null) return store.rows.get(symbol) ?? newRow(symbol);
  const [first] = store.rows.values();
  return first ?? null;
}
