/**
 * Lists of symbols, and pure operations on them. A symbol may be in many lists; a section is a
 * heading inside a list.
 */
import { rowKey } from './quotes.js';

/** @typedef {{ symbol: string } | { section: string, folded: boolean }} Item */
/**
 * `items: null` means the hub's own symbols. `temporary`: from a shared link, not kept.
 * @typedef {{ id: string, name: string, items: Item[] | null, temporary?: boolean }} List
 */

/** Views that are computed from all lists, by the kind of instrument. */
export const COMPUTED = /** @type {const} */ ({ stocks: 'Stocks', forex: 'Forex', crypto: 'Crypto' });
/** @typedef {keyof typeof COMPUTED} ComputedId */

/**
 * The items of a list; the hub's symbols for a list that the user has not changed.
 * @param {List} list
 * @param {string[]} hubs  the hub's own symbols
 * @returns {Item[]}
 */
export function itemsOf(list, hubs) {
  return list.items ?? hubs.map((symbol) => ({ symbol }));
}

/** The symbols among items, each once. @param {Item[]} items */
export function symbolsOf(items) {
  /** @type {Map<string, string>} */
  const symbols = new Map();
  for (const item of items) {
    if ('symbol' in item && !symbols.has(rowKey(item.symbol))) symbols.set(rowKey(item.symbol), item.symbol);
  }
  return [...symbols.values()];
}

/**
 * The kind of an instrument: as the hub says, else as its name suggests.
 * @param {string} name
 * @param {import('../link/wire.js').Quote | null | undefined} quote
 * @returns {ComputedId}
 */
export function classOf(name, quote) {
  if (quote?.kind === 'crypto') return 'crypto';
  if (quote?.kind === 'forex' || quote?.kind === 'metal') return 'forex';
  if (quote?.kind) return 'stocks';
  if (!name.includes('/')) return 'stocks';
  return /^(BTC|ETH|SOL|XRP|ADA|DOGE|LTC|BNB|DOT|SHIB)\//i.test(name) ? 'crypto' : 'forex';
}

/**
 * The items of the list or computed view with this id.
 * @param {string} id
 * @param {List[]} lists
 * @param {string[]} hubs
 * @param {(key: string) => import('../link/wire.js').Quote | null | undefined} quoteOf
 * @returns {Item[]}
 */
export function itemsInView(id, lists, hubs, quoteOf) {
  if (id in COMPUTED) {
    const all = symbolsOf(lists.flatMap((list) => itemsOf(list, hubs)));
    return all.filter((symbol) => classOf(symbol, quoteOf(rowKey(symbol))) === id).map((symbol) => ({ symbol }));
  }
  const list = lists.find((one) => one.id === id) ?? lists[0];
  return list ? itemsOf(list, hubs) : [];
}
