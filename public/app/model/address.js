/**
 * The page's address: what is on the screen, so that a reload, a bookmark and a shared link show
 * the same. Only what differs from the defaults is written. Anybody can write an address, so
 * whatever cannot be understood is left out.
 */
import { CHOICES } from './kept.js';
import { DEFAULT_SETTINGS, DEFAULT_VIEW } from './desk.js';
import { COMPUTED, symbolsOf } from './lists.js';
import { rowKey } from './quotes.js';
import { LONGEST_NAME, requestedSymbols } from './symbols.js';

/** @typedef {import('./desk.js').Settings} Settings */
/** @typedef {import('./desk.js').View} View */
/** @typedef {import('./lists.js').List} List */

/** The list of the symbols that an address names. */
export const SHARED = 'shared';

/** `5m` in the address is `5min` in the view. @type {Record<View['interval'], string>} */
const INTERVALS = { '1min': '1m', '5min': '5m', '15min': '15m', '1h': '1h', '4h': '4h', '1day': '1d' };
/** @type {View['chart'][]} */
const CHARTS = ['candles', 'line', 'baseline'];
/** @type {View['tab'][]} */
const TABS = ['activity', 'alerts', 'connection'];
const COLUMN = /^[\w-]{1,32}$/;
const MOST_COLUMNS = 40;
/** The parameters that this module reads and writes. */
const PARAMETERS = ['symbols', 'list', 's', 'i', 't', 'sort', 'cols', 'tab', 'theme', 'density'];

/**
 * `settings` are those that the address asks for; they hold for this visit.
 * @typedef {object} Address
 * @property {Partial<View>} view
 * @property {Partial<Pick<Settings, 'theme' | 'density' | 'columns'>>} settings
 * @property {import('./symbols.js').Requested | null} symbols
 */

/**
 * @param {string} search  `?s=AAPL&i=15m`
 * @param {List[]} lists   that this browser keeps
 * @returns {Address}
 */
export function readAddress(search, lists) {
  const parameters = new URLSearchParams(search);
  const symbols = requestedSymbols(search);
  /** @type {Partial<View>} */
  const view = symbols ? { list: SHARED } : {};
  const list = idOfList(parameters.get('list'), lists);
  if (list !== null) view.list = list;
  const symbol = rowKey(parameters.get('s') ?? '');
  if (symbol !== '' && symbol.length <= LONGEST_NAME) view.symbol = symbol;
  const interval = intervalOf(parameters.get('i') ?? '');
  if (interval) view.interval = interval;
  const chart = oneOf(CHARTS, parameters.get('t'));
  if (chart) view.chart = chart;
  const sort = sortOf(parameters.get('sort'));
  if (sort) view.sort = sort;
  const tab = oneOf(TABS, parameters.get('tab'));
  if (tab) view.tab = tab;

  /** @type {Address['settings']} */
  const settings = {};
  const theme = oneOf(CHOICES.theme, parameters.get('theme'));
  if (theme) settings.theme = theme;
  const density = oneOf(CHOICES.density, parameters.get('density'));
  if (density) settings.density = density;
  const columns = (parameters.get('cols') ?? '').split(',').filter((column) => COLUMN.test(column));
  if (columns.length > 0) settings.columns = [...new Set(columns)].slice(0, MOST_COLUMNS);
  return { view, settings, symbols };
}

/**
 * The search part of the address: `?s=AAPL&i=15m`, or '' if all is as by default. Parameters that
 * the page does not know are kept.
 * @param {Pick<import('./desk.js').State, 'settings' | 'lists' | 'view'>} state
 * @param {string} before  the present search part
 * @param {string} [first]  the symbol that a visitor of this list sees at first
 */
export function writeAddress({ settings, lists, view }, before, first) {
  /** @type {[string, string][]} */
  const written = [];
  const shared = lists.find(({ id, temporary }) => id === SHARED && temporary);
  const symbols = symbolsOf(shared?.items ?? []);
  // As the link had it, which may name more symbols than a list can have.
  const asked = requestedSymbols(before);
  const isAsAsked = asked !== null && asked.names.join() === symbols.join();
  if (symbols.length > 0) written.push(['symbols', isAsAsked ? (new URLSearchParams(before).get('symbols') ?? '') : symbols.join(',')]);
  const home = symbols.length > 0 ? SHARED : (lists[0]?.id ?? DEFAULT_VIEW.list);
  const isThere = Object.hasOwn(COMPUTED, view.list) || lists.some(({ id }) => id === view.list);
  if (view.list !== home && isThere) written.push(['list', nameOfList(view.list, lists)]);
  if (view.symbol !== null && (first === undefined || view.symbol !== rowKey(first))) written.push(['s', view.symbol]);
  if (view.interval !== DEFAULT_VIEW.interval) written.push(['i', INTERVALS[view.interval]]);
  if (view.chart !== DEFAULT_VIEW.chart) written.push(['t', view.chart]);
  if (view.sort !== null) written.push(['sort', `${view.sort.descending ? '-' : ''}${view.sort.column}`]);
  if (settings.columns !== null && settings.columns.length > 0) written.push(['cols', settings.columns.join(',')]);
  if (view.tab !== DEFAULT_VIEW.tab) written.push(['tab', view.tab]);
  if (settings.theme !== DEFAULT_SETTINGS.theme) written.push(['theme', settings.theme]);
  if (settings.density !== DEFAULT_SETTINGS.density) written.push(['density', settings.density]);
  for (const [name, value] of new URLSearchParams(before)) if (!PARAMETERS.includes(name)) written.push([name, value]);
  if (written.length === 0) return '';
  // Slashes, colons and commas are allowed in a query, and are what symbols are made of.
  const encode = (/** @type {string} */ text) => encodeURIComponent(text).replace(/%2F/g, '/').replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%20/g, '+');
  return `?${written.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}`;
}

/** Its id: lists are named in an address, since ids mean nothing to a reader. @param {string | null} name @param {List[]} lists */
function idOfList(name, lists) {
  if (name === null) return null;
  if (Object.hasOwn(COMPUTED, name)) return name;
  const wanted = name.trim().toLowerCase();
  const list = lists.find((one) => one.name.toLowerCase() === wanted) ?? lists.find(({ id }) => id === name);
  return list?.id ?? (Object.hasOwn(COMPUTED, wanted) ? wanted : null);
}

/** @param {string} id @param {List[]} lists */
function nameOfList(id, lists) {
  const list = lists.find((one) => one.id === id);
  if (!list) return id;
  // A name that an earlier list or a computed view has too means that one, so the id is written.
  const isAmbiguous = Object.hasOwn(COMPUTED, list.name) || lists.find(({ name }) => name.toLowerCase() === list.name.toLowerCase()) !== list;
  return isAmbiguous ? list.id : list.name;
}

/** @param {string} text @returns {View['interval'] | null} */
export function intervalOf(text) {
  const wanted = text.toLowerCase();
  for (const [interval, short] of Object.entries(INTERVALS)) {
    if (wanted === short || wanted === interval) return /** @type {View['interval']} */ (interval);
  }
  return null;
}

/** @param {string | null} text @returns {View['sort']} */
function sortOf(text) {
  const descending = text?.startsWith('-') === true;
  const column = text?.slice(descending ? 1 : 0) ?? '';
  return COLUMN.test(column) ? { column, descending } : null;
}

/** @template {string} T @param {T[]} known @param {string | null} value @returns {T | null} */
function oneOf(known, value) {
  return known.find((one) => one === value) ?? null;
}
