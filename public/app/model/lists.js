/**
 * Lists of symbols, and pure operations on them. A symbol may be in many lists; a section is a
 * heading inside a list.
 */
import { newRow, rowKey } from './quotes.js';

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
function classOf(name, quote) {
  if (quote?.kind === 'crypto') return 'crypto';
  if (quote?.kind === 'forex' || quote?.kind === 'metal') return 'forex';
  if (quote?.kind) return 'stocks';
  if (!name.includes('/')) return 'stocks';
  return /^(BTC|ETH|SOL|XRP|ADA|DOGE|LTC|BNB|DOT|SHIB)\//i.test(name) ? 'crypto' : 'forex';
}

/**
 * The rows of the list or view that is on the screen, in its order; those of symbols that are not
 * subscribed are empty.
 * @param {Pick<import('./desk.js').Desk, 'lists' | 'view'>} desk
 * @param {Pick<import('./store.js').Store, 'rows' | 'hubs'>} store
 */
export function rowsInView(desk, store) {
  return symbolsOf(itemsInView(desk, store)).map((symbol) => store.rows.get(rowKey(symbol)) ?? newRow(symbol));
}

/**
 * The items of the list or computed view that is on the screen.
 * @param {Pick<import('./desk.js').Desk, 'lists' | 'view'>} desk
 * @param {Pick<import('./store.js').Store, 'rows' | 'hubs'>} store
 * @returns {Item[]}
 */
export function itemsInView({ lists, view }, { rows, hubs }) {
  if (Object.hasOwn(COMPUTED, view.list)) {
    const all = symbolsOf(lists.flatMap((list) => itemsOf(list, hubs)));
    return all.filter((symbol) => classOf(symbol, rows.get(rowKey(symbol))?.quote) === view.list).map((symbol) => ({ symbol }));
  }
  const list = ownList(view.list, lists);
  return list ? itemsOf(list, hubs) : [];
}

/**
 * The list with this id, which can be changed; the first one if there is none with it.
 * @param {string} id
 * @param {List[]} lists
 * @returns {List | null}  null: it is a computed view
 */
export function ownList(id, lists) {
  return Object.hasOwn(COMPUTED, id) ? null : (lists.find((one) => one.id === id) ?? lists[0] ?? null);
}

/** The most characters of a list's name and of a section's title. */
export const LONGEST_TITLE = 40;

/**
 * What stands in a row: a symbol or a section. `index` is the place among the items.
 * @typedef {{ type: 'symbol', key: string, name: string, index: number }} SymbolEntry
 * @typedef {{ type: 'section', key: string, title: string, folded: boolean, count: number, index: number }} SectionEntry
 * @typedef {SymbolEntry | SectionEntry} Entry
 */

/**
 * The rows of a list. Folded sections hide their symbols. With a ranking the symbols of each
 * section are in its order.
 * @param {Item[]} items
 * @param {string[] | null} ranking  keys; null: the user's own order
 * @returns {Entry[]}
 */
export function entriesOf(items, ranking) {
  const rank = new Map(ranking?.map((key, place) => [key, place]));
  const place = (/** @type {SymbolEntry} */ { key }) => rank.get(key) ?? Infinity;
  const seen = new Set();
  /** @type {{ heading: SectionEntry | null, symbols: SymbolEntry[] }[]} */
  const blocks = [{ heading: null, symbols: [] }];
  for (const [index, item] of items.entries()) {
    if ('section' in item) {
      // Keys of symbols are in capitals, so none is the same. Two sections may have one title.
      const same = blocks.filter(({ heading }) => heading?.title === item.section).length;
      const key = `section ${item.section} ${same}`;
      blocks.push({ heading: { type: 'section', key, title: item.section, folded: item.folded, count: 0, index }, symbols: [] });
      continue;
    }
    const key = rowKey(item.symbol);
    if (key === '' || seen.has(key)) continue;
    seen.add(key);
    blocks.at(-1)?.symbols.push({ type: 'symbol', key, name: item.symbol, index });
  }
  return blocks.flatMap(({ heading, symbols }) => {
    if (ranking) symbols.sort((one, other) => (place(one) === place(other) ? 0 : place(one) - place(other)));
    if (!heading) return symbols;
    return [{ ...heading, count: symbols.length }, ...(heading.folded ? [] : symbols)];
  });
}

/** @param {Item[]} items @param {string} key @returns {number} -1: not there */
export function placeOf(items, key) {
  return items.findIndex((item) => 'symbol' in item && rowKey(item.symbol) === key);
}

/**
 * Adds symbols at the end. Those that are there already are left out.
 * @param {Item[]} items
 * @param {string[]} names
 * @returns {{ items: Item[], added: string[] }}
 */
export function withSymbols(items, names) {
  const held = new Set(symbolsOf(items).map(rowKey));
  const added = symbolsOf(names.map((symbol) => ({ symbol }))).filter((name) => !held.has(rowKey(name)));
  return { items: added.length === 0 ? items : [...items, ...added.map((symbol) => ({ symbol }))], added };
}

/** @param {Item[]} items @param {string} key @returns {Item[]} */
export function withoutSymbol(items, key) {
  return items.filter((item) => !('symbol' in item) || rowKey(item.symbol) !== key);
}

/** A heading before the item at `index`. @param {Item[]} items @param {string} title @param {number} index @returns {Item[]} */
export function withSection(items, title, index) {
  return items.toSpliced(index, 0, { section: title, folded: false });
}

/** Removes a heading; its symbols stay. @param {Item[]} items @param {number} index @returns {Item[]} */
export function withoutSection(items, index) {
  return isSection(items[index]) ? items.toSpliced(index, 1) : items;
}

/**
 * @param {Item[]} items
 * @param {number} index  of a heading
 * @param {{ section?: string, folded?: boolean }} change
 * @returns {Item[]}
 */
export function withSectionChanged(items, index, change) {
  const item = items[index];
  return item && 'section' in item ? items.with(index, { ...item, ...change }) : items;
}

/**
 * Moves the item at `from` before the one that is at `to` now. A heading takes its symbols along,
 * and never parts the symbols of another section.
 * @param {Item[]} items
 * @param {number} from
 * @param {number} to  `items.length`: the end
 * @returns {Item[]} the same items if nothing moves
 */
export function withMoved(items, from, to) {
  const end = endOfBlock(items, from);
  const target = isSection(items[from]) ? nearestBoundary(items, to) : Math.max(0, Math.min(items.length, to));
  if (items[from] === undefined || (target >= from && target <= end)) return items;
  const block = items.slice(from, end);
  const rest = items.toSpliced(from, end - from);
  const at = target > from ? target - block.length : target;
  const next = rest.toSpliced(at, 0, ...block);
  if (isSection(items[from])) return next;
  // Who moves a symbol wants to see where it went.
  return withSectionChanged(next, next.findLastIndex((item, index) => index < at && isSection(item)), { folded: false });
}

/**
 * Moves the item at `index` by one place, or to an end.
 * @param {Item[]} items
 * @param {number} index
 * @param {'up' | 'down' | 'first' | 'last'} where
 * @returns {Item[]} the same items if nothing moves
 */
export function withStep(items, index, where) {
  const end = endOfBlock(items, index);
  if (where === 'first') return withMoved(items, index, 0);
  if (where === 'last') return withMoved(items, index, items.length);
  if (!isSection(items[index])) return withMoved(items, index, where === 'up' ? index - 1 : end + 1);
  if (where === 'up') return withMoved(items, index, items.findLastIndex((item, at) => at < index && isSection(item)));
  return end === items.length ? items : withMoved(items, index, endOfBlock(items, end));
}

/** Which symbol of how many: `3 of 8`. @param {Item[]} items @param {string} key */
export function standingOf(items, key) {
  const keys = symbolsOf(items).map(rowKey);
  return { place: keys.indexOf(key) + 1, of: keys.length };
}

/** @param {List[]} lists @param {string} id @param {Item[]} items @returns {List[]} */
export function withItems(lists, id, items) {
  return lists.map((list) => (list.id === id && list.items !== items ? { ...list, items } : list));
}

/** @param {List[]} lists @param {string} name @param {Item[]} [items] @returns {{ lists: List[], id: string }} */
export function withList(lists, name, items = []) {
  const id = freeId(lists);
  return { lists: [...lists, { id, name: freeName(lists, name), items }], id };
}

/** @param {List[]} lists @param {string} id @param {string} name @returns {List[]} */
export function withListNamed(lists, id, name) {
  const others = lists.filter((list) => list.id !== id);
  return lists.map((list) => (list.id === id ? { ...list, name: freeName(others, name) } : list));
}

/** @param {List[]} lists @param {string} id @param {string[]} hubs @returns {{ lists: List[], id: string }} */
export function withDuplicate(lists, id, hubs) {
  const list = lists.find((one) => one.id === id);
  return list ? withList(lists, `${list.name} copy`, itemsOf(list, hubs)) : { lists, id };
}

/**
 * The last list cannot be deleted.
 * @param {List[]} lists
 * @param {string} id
 * @returns {{ lists: List[], next: string }}  `next`: the neighbour that takes its place
 */
export function withoutList(lists, id) {
  const at = lists.findIndex((list) => list.id === id);
  if (at < 0 || lists.length < 2) return { lists, next: id };
  const left = lists.toSpliced(at, 1);
  return { lists: left, next: left[Math.min(at, left.length - 1)]?.id ?? id };
}

/**
 * Makes the list of a link the user's own. It gets another id, so that the next link has room.
 * @param {List[]} lists
 * @param {string} id
 * @returns {{ lists: List[], id: string }}
 */
export function withKept(lists, id) {
  const list = lists.find((one) => one.id === id);
  if (!list?.temporary) return { lists, id };
  const own = freeId(lists);
  return { lists: lists.map((one) => (one.id === id ? { id: own, name: one.name, items: one.items } : one)), id: own };
}

/** A name or title as it is kept; '' if nothing is left of it. @param {string} typed */
export function titleFrom(typed) {
  return [...typed.replace(/\s+/g, ' ').trim()].slice(0, LONGEST_TITLE).join('').trim();
}

/** @param {Item | undefined} item */
function isSection(item) {
  return item !== undefined && 'section' in item;
}

/** The index behind an item, or behind the last symbol of a section. @param {Item[]} items @param {number} index */
function endOfBlock(items, index) {
  if (!isSection(items[index])) return index + 1;
  const next = items.findIndex((item, at) => at > index && isSection(item));
  return next < 0 ? items.length : next;
}

/** Where a section may stand: before another section, or at the end. @param {Item[]} items @param {number} to */
function nearestBoundary(items, to) {
  const boundaries = [...items.keys()].filter((index) => isSection(items[index])).concat(items.length);
  return boundaries.reduce((best, one) => (Math.abs(one - to) < Math.abs(best - to) ? one : best));
}

/** @param {List[]} lists */
function freeId(lists) {
  for (let number = 1; ; number += 1) if (!lists.some(({ id }) => id === `list-${number}`)) return `list-${number}`;
}

/** `Tech`, or `Tech 2` if there is one. @param {List[]} lists @param {string} name */
function freeName(lists, name) {
  const taken = new Set([...lists.map((list) => list.name), ...Object.values(COMPUTED)].map((one) => one.toLowerCase()));
  const wanted = titleFrom(name);
  if (!taken.has(wanted.toLowerCase())) return wanted;
  for (let number = 2; ; number += 1) if (!taken.has(`${wanted} ${number}`.toLowerCase())) return `${wanted} ${number}`;
}
