/**
 * What leaves the terminal in a file and comes back: a list's prices as CSV, and everything that
 * the user arranged as JSON.
 */
import { isSame } from './change.js';
import { DEFAULT_SETTINGS } from './desk.js';
import { MOST_KEPT, VERSION, isRecord, readKept, writeKept } from './kept.js';
import { ageOf } from './quotes.js';
import { truthOf } from './truth.js';
import { quoted } from '../words/text.js';

/** @typedef {import('./quotes.js').Row} Row */
/** @typedef {import('./desk.js').State} State */

/** Excel takes a CSV file without it for one in the computer's old code page. */
const BYTE_ORDER_MARK = '\uFEFF';
/** A cell that begins with one of these is a formula for a spreadsheet. */
const FORMULA = /^[=+\-@\t\r]/;
const FORMAT = 'hamster-terminal';
const MOST_OF_NAME = 60;

/**
 * The prices of a list as CSV (RFC 4180): decimal points, ISO times, an empty cell for what is not
 * known. `truth` is what the page says of the price; `age_ms` is an upper limit where `time` is
 * exact to the minute or day only.
 * @param {Row[]} rows
 * @param {import('./truth.js').Circumstances} circumstances
 * @param {number} now  page's clock, ms
 */
export function csvOf(rows, circumstances, now) {
  const columns = Object.keys(CELLS);
  const lines = rows.map((row) => Object.values(CELLS).map((cell) => cell(row, circumstances, now)));
  return `${BYTE_ORDER_MARK}${[columns, ...lines].map((cells) => `${cells.map(written).join(',')}\r\n`).join('')}`;
}

/** @type {Record<string, (row: Row, circumstances: import('./truth.js').Circumstances, now: number) => Cell>} */
const CELLS = {
  symbol: ({ name }) => name,
  name: ({ quote }) => quote?.name,
  exchange: ({ quote }) => quote?.exchange,
  currency: ({ quote }) => quote?.currency,
  last: ({ quote }) => quote?.price,
  change: ({ quote }) => (quote && quote.previousClose !== null ? rounded(quote.price - quote.previousClose) : null),
  change_percent: ({ quote }) => quote?.percentChange,
  bid: ({ quote }) => quote?.bid,
  ask: ({ quote }) => quote?.ask,
  open: ({ quote }) => quote?.open,
  high: ({ quote }) => quote?.high,
  low: ({ quote }) => quote?.low,
  previous_close: ({ quote }) => quote?.previousClose,
  volume: ({ quote }) => quote?.dayVolume,
  time: ({ quote }) => (quote && quote.timestamp !== null ? new Date(quote.timestamp).toISOString() : null),
  source: ({ quote }) => quote?.source,
  simulated: ({ quote }) => quote?.simulated,
  session: ({ quote }) => quote?.session,
  freshness: ({ quote }) => quote?.freshness,
  age_ms: ({ quote }, { offset }, now) => (quote ? ageOf(quote, now, offset) : null),
  truth: (row, circumstances, now) => truthOf(row, circumstances, now).level,
};

/** @typedef {string | number | boolean | null | undefined} Cell */

/** A difference of two prices without the dust of binary fractions. @param {number} difference */
function rounded(difference) {
  return Number(difference.toPrecision(12));
}

/** @param {Cell} cell */
function written(cell) {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return plain(cell);
  if (typeof cell === 'boolean') return String(cell);
  const harmless = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Without an exponent up to 21 digits: not every spreadsheet reads one. @param {number} number */
function plain(number) {
  const text = String(number);
  const [digits = '', exponent] = text.split('e-');
  if (exponent === undefined) return text;
  const decimals = Number(exponent) + (digits.split('.')[1]?.length ?? 0);
  return decimals > 100 ? text : number.toFixed(decimals);
}

/**
 * Settings, lists and alerts as a JSON file.
 * @param {Pick<State, 'settings' | 'lists' | 'alerts'>} state
 * @param {number} now  ms since 1970
 */
export function exportOf(state, now) {
  return `${JSON.stringify({ format: FORMAT, exported_at: new Date(now).toISOString(), ...writeKept(state) }, null, 2)}\n`;
}

/**
 * What an import would put in place, and what it would change, in sentences.
 * @typedef {{ parts: Pick<State, 'settings' | 'lists' | 'alerts'>, changes: string[], remarks: string[] }} Import
 */

/**
 * Reads an exported file. A list or an alert with the id of a present one replaces it, the others
 * stay: an import takes nothing away.
 * @param {string} text
 * @param {Pick<State, 'settings' | 'lists' | 'alerts'>} present
 * @returns {Import | string}  a string: why it cannot be imported
 */
export function importOf(text, present) {
  if (text.length > MOST_KEPT) return 'This file is larger than 100 kB, which no export of this terminal is.';
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return 'This file is not JSON.';
  }
  if (!isRecord(value) || value['format'] !== FORMAT) return 'This file is not an export of this terminal.';
  const read = readKept(value);
  if (!read) return 'This file is not an export of this terminal.';

  const settings = { ...present.settings, ...read.settings };
  const lists = merged(present.lists, read.lists);
  const alerts = merged(present.alerts, read.alerts);
  const changes = [
    ...settingChanges(present.settings, settings),
    ...changesOf('list', present.lists, read.lists, ({ name, items }) => `${quoted(name, MOST_OF_NAME)} (${items === null ? 'the symbols of the hub' : counted(items.length)})`),
    ...changesOf('alert', present.alerts, read.alerts, ({ kind, symbol, level }) => [quoted(symbol ?? 'the feed', MOST_OF_NAME), kind, level ?? ''].join(' ').trim()),
  ];
  const remarks = read.version > VERSION ? ['A newer version of the terminal wrote this file. What this version does not know is kept, but has no effect.'] : [];
  const dropped = droppedOf(value, read);
  if (dropped > 0) remarks.push(`${counted(dropped)} of the file cannot be used and ${dropped === 1 ? 'is' : 'are'} left out.`);
  return { parts: { settings, lists, alerts }, changes, remarks };
}

/** @param {number} entries */
function counted(entries) {
  return `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
}

/** @template {{ id: string }} T @param {T[]} present @param {T[]} read @returns {T[]} */
function merged(present, read) {
  const byId = new Map(read.map((one) => [one.id, one]));
  const isNew = (/** @type {T} */ { id }) => !present.some((one) => one.id === id);
  return [...present.map((one) => byId.get(one.id) ?? one), ...read.filter(isNew)];
}

/**
 * @template {{ id: string }} T
 * @param {string} noun
 * @param {T[]} present
 * @param {T[]} read
 * @param {(one: T) => string} describe
 */
function changesOf(noun, present, read, describe) {
  return read.flatMap((one) => {
    const held = present.find(({ id }) => id === one.id);
    if (held && isSame(held, one)) return [];
    return [held ? `Replaces the ${noun} ${describe(held)} by ${describe(one)}` : `Adds the ${noun} ${describe(one)}`];
  });
}

/** @param {Record<string, unknown>} present @param {Record<string, unknown>} next */
function settingChanges(present, next) {
  return Object.keys(DEFAULT_SETTINGS).filter((name) => !isSame(present[name], next[name])).map((name) => {
    const say = (/** @type {unknown} */ value) => quoted(typeof value === 'string' ? value || 'default' : (JSON.stringify(value) ?? 'default'), MOST_OF_NAME);
    return `Setting ${name}: ${say(present[name])} becomes ${say(next[name])}`;
  });
}

/** How many lists, their items and alerts are not valid. @param {Record<string, unknown>} value @param {import('./kept.js').Kept} read */
function droppedOf({ lists, alerts }, read) {
  const count = (/** @type {unknown} */ list) => (Array.isArray(list) ? list.length : 0);
  const itemsIn = (/** @type {unknown} */ all) => (Array.isArray(all) ? all.reduce((sum, list) => sum + (isRecord(list) ? count(list['items']) : 0), 0) : 0);
  return count(lists) - read.lists.length + count(alerts) - read.alerts.length + itemsIn(lists) - itemsIn(read.lists);
}
