/** An alert while it is being written: what is asked for each kind, and what is wrong with it. */
import { MOST_ALERTS, isOfFeed, isOfLevel } from './alerts.js';
import { objection, LONGEST_NAME } from './symbols.js';

/** @typedef {import('./alerts.js').Alert} Alert */
/** What the user writes. @typedef {Pick<Alert, 'kind' | 'symbol' | 'level' | 'within' | 'note' | 'repeats' | 'expires'>} Draft */
/** @typedef {'symbol' | 'level' | 'within' | 'note' | 'expires'} Field */

export const MOST_OF_NOTE = 120;
const LONGEST_WITHIN = 60;
const LEAST_STALE_S = 5;
const DAY_S = 86_400;
const MOST_PERCENT = 1_000;

/**
 * What is wrong, by field, as sentences.
 * @param {Draft} draft
 * @param {{ count: number, now: number }} circumstances  `count`: of the alerts that there are beside it
 * @returns {Partial<Record<Field, string>>}
 */
export function problemsOf({ kind, symbol, level, within, note, expires }, { count, now }) {
  /** @type {Partial<Record<Field, string>>} */
  const problems = {};
  if (!isOfFeed(kind)) {
    const name = symbol?.trim() ?? '';
    if (name === '') problems.symbol = 'Name a symbol, such as AAPL or BTC/USD.';
    else if (/[,;\s]/.test(name)) problems.symbol = 'Name one symbol; an alert watches one.';
    else if (objection(name) !== null) problems.symbol = `A symbol has at most ${LONGEST_NAME} characters.`;
    const wrong = levelProblem(kind, level);
    if (wrong !== null) problems.level = wrong;
  }
  if (kind === 'quick-move' && (within === null || !Number.isInteger(within) || within < 1 || within > LONGEST_WITHIN)) {
    problems.within = `Choose 1 to ${LONGEST_WITHIN} whole minutes.`;
  }
  if (note.length > MOST_OF_NOTE) problems.note = `A note has at most ${MOST_OF_NOTE} characters.`;
  if (expires !== null && expires <= now) problems.expires = 'That time has passed.';
  if (count >= MOST_ALERTS) problems.note = `This page keeps ${MOST_ALERTS} alerts. Delete one first.`;
  return problems;
}

/**
 * @param {Alert['kind']} kind
 * @param {number | null} level
 */
function levelProblem(kind, level) {
  if (level === null || !Number.isFinite(level)) return 'Write a number, such as 240.50.';
  if (isOfLevel(kind)) return null;
  if (kind === 'stale') {
    return Number.isInteger(level) && level >= LEAST_STALE_S && level <= DAY_S ? null : `Choose ${LEAST_STALE_S} to 86,400 whole seconds.`;
  }
  return level > 0 && level <= MOST_PERCENT ? null : 'Choose a percentage above 0, up to 1,000.';
}

/**
 * The number that a person wrote: `1,234.5`, `1 234.5`, `−3`, `0,5`. null: it is none.
 * @param {string} text
 */
export function parseNumber(text) {
  let written = text.trim().replace(/[\s_'’]/g, '').replace(/^[−–]/, '-').replace(/^[$€£¥]/, '');
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$/.test(written)) written = written.replaceAll(',', '');
  else if (/^[+-]?\d*,\d+$/.test(written)) written = written.replace(',', '.');
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(written)) return null;
  const number = Number(written);
  return Number.isFinite(number) ? number : null;
}

/**
 * How far an arrow key moves the value: about a thousandth of a price, never less than its last
 * decimal.
 * @param {Alert['kind']} kind
 * @param {number | null} price
 * @param {number} decimals
 */
export function stepOf(kind, price, decimals) {
  if (kind === 'stale') return 5;
  if (!isOfLevel(kind)) return 0.1;
  if (price === null || price === 0) return 1;
  return 10 ** Math.max(-decimals, Math.floor(Math.log10(Math.abs(price) / 1_000)));
}

/**
 * The value moved by steps, without the crumbs of binary fractions.
 * @param {number} value
 * @param {number} step
 * @param {number} steps
 */
export function moved(value, step, steps) {
  return Number((value + step * steps).toPrecision(12));
}

/**
 * What the form begins with: the present price, or a usual value.
 * @param {Alert['kind']} kind
 * @param {number | null} price
 */
export function suggestedLevel(kind, price) {
  if (isOfLevel(kind)) return price;
  if (kind === 'stale') return 60;
  return kind === 'day-move' ? 3 : kind === 'quick-move' ? 1 : null;
}
