/** Alerts in words: what they watch for, how far they are, what they are doing. */
import { isOfFeed, isOfLevel } from '../model/alerts.js';
import { decimalsOf, denomination, formatDecimal, formatDistance, formatPercent, formatPriceAndUnit, formatSince, formatSpan } from './format.js';
import { quoted } from './text.js';

/** @typedef {import('../model/alerts.js').Alert} Alert */
/** @typedef {import('../link/wire.js').Quote} Quote */

/** @type {Record<import('../model/alerts.js').AlertKind, string>} */
export const KIND_NAMES = {
  above: 'Price at or above', below: 'Price at or below', crosses: 'Price crosses', 'day-move': 'Moves on the day',
  'quick-move': 'Moves within minutes', stale: 'Price is stale', mute: 'Feed is mute', 'live-again': 'Feed is live again',
};
const MOST_OF_SYMBOL = 24;
const MOST_DECIMALS = 12;

/** `AAPL`, `Feed`. @param {Pick<Alert, 'symbol'>} alert */
export function subjectOf({ symbol }) {
  return symbol === null ? 'Feed' : quoted(symbol, MOST_OF_SYMBOL);
}

/**
 * `at or above $240.00`, `moves 1 % within 5 min`.
 * @param {Pick<Alert, 'kind' | 'level' | 'within'>} alert
 * @param {Quote | null | undefined} quote  gives the level its decimals and currency
 */
export function conditionOf({ kind, level, within }, quote) {
  const value = level ?? 0;
  switch (kind) {
    case 'above':
      return `at or above ${formatLevel(value, quote)}`;
    case 'below':
      return `at or below ${formatLevel(value, quote)}`;
    case 'crosses':
      return `crosses ${formatLevel(value, quote)}`;
    case 'day-move':
      return `moves ${value} % on the day`;
    case 'quick-move':
      return `moves ${value} % within ${within ?? 1} min`;
    case 'stale':
      return `stale for ${formatSpan(value * 1_000)}`;
    case 'mute':
      return 'is mute';
    default:
      return 'is live again';
  }
}

/**
 * A price that a user wrote, with as many decimals as prices of the symbol have, or as it needs.
 * @param {number} level
 * @param {Quote | null | undefined} quote
 */
export function formatLevel(level, quote) {
  const needed = (Math.abs(level) < 1e15 ? level.toFixed(MOST_DECIMALS).replace(/\.?0+$/, '').split('.')[1] : '')?.length ?? 0;
  const decimals = Math.max(needed, quote ? decimalsOf(quote) : 0);
  return formatDecimal(level, decimals, quote ? denomination(quote).sign : '');
}

/** `0.8 % away`, `there now`. @param {number | null} distance  percent @param {boolean} isLevel */
export function distanceText(distance, isLevel = true) {
  if (distance === null) return '';
  if (distance === 0) return isLevel ? 'there now' : 'met now';
  return `${formatDistance(distance)} away`;
}

/** `Armed`, `Cools down 4 min`, `Snoozed`. @param {Alert} alert @param {number} now */
export function stateText({ state, until, repeats }, now) {
  switch (state) {
    case 'armed':
      return until !== null && until > now ? `Cools down ${formatSpan(until - now)}` : repeats ? 'Armed, repeats' : 'Armed';
    case 'fired':
      return 'Fired';
    case 'snoozed':
      return 'Snoozed';
    default:
      return 'Expired';
  }
}

/**
 * What is told when it fires: `AAPL at or above $240.00: now $240.10`.
 * @param {Alert} alert
 * @param {Quote | null | undefined} quote
 * @param {boolean} already  the condition was met when it was first looked at
 */
export function firingSentence(alert, quote, already) {
  const sim = quote?.simulated ? 'SIM ' : '';
  const what = `${sim}${subjectOf(alert)} ${conditionOf(alert, quote)}`;
  if (isOfFeed(alert.kind) || alert.kind === 'stale' || !quote) return already ? `${what}, already when it was armed` : what;
  const percent = quote.percentChange === null || isOfLevel(alert.kind) ? '' : ` (${formatPercent(quote.percentChange)})`;
  return `${what}: ${already ? 'already there, at' : 'now'} ${formatPriceAndUnit(quote)}${percent}`;
}

/**
 * The second line of a notification: where the price is from, and the user's note.
 * @param {Alert} alert
 * @param {import('../model/truth.js').Truth | null} truth
 * @param {number} now
 */
export function firingBody({ note }, truth, now) {
  const source = truth === null ? '' : `${truth.word}${truth.age === '' ? '' : ` ${truth.age}`}, `;
  const made = truth?.simulated ? '. Made by the simulator: no market is behind it' : '';
  return `${source}${formatSince(now, now)}${made}${note === '' ? '' : `. ${quoted(note, 200)}`}`;
}
