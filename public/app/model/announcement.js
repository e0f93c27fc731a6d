/** Prices and their moves for the ear. */
import { formatPercent, formatPriceAndUnit, signOf } from '../words/format.js';
import { quoted } from '../words/text.js';
import { truthOf } from './truth.js';

const MOST_OF_NAME = 40;

/**
 * `BTC/USD $88,074.29, down 2.74 percent`; with the word of its truth unless it is live.
 * @param {import('./quotes.js').Row} row
 * @param {import('./truth.js').Circumstances} circumstances
 * @param {number} now  page's clock, ms
 * @returns {string | null}  null: there is no price
 */
export function announcementOf(row, circumstances, now) {
  const { quote, name } = row;
  if (!quote) return null;
  const { word } = truthOf(row, circumstances, now);
  return [`${quoted(name, MOST_OF_NAME)} ${formatPriceAndUnit(quote)}`, spokenMove(quote), word === 'Live' ? '' : word].filter((part) => part !== '').join(', ');
}

/**
 * `AAPL, $235.50, up 0.25 percent, Live 2 s`: a row for the ear.
 * @param {import('./quotes.js').Row} row
 * @param {import('./truth.js').Truth} truth
 */
export function described({ name, quote }, truth) {
  const known = quote ? [formatPriceAndUnit(quote), spokenMove(quote)] : [];
  return [quoted(name, MOST_OF_NAME), ...known, `${truth.word} ${truth.age}`.trim()].filter((part) => part !== '').join(', ');
}

/** `down 2.74 percent`; '' if that is not known. @param {import('../link/wire.js').Quote} quote */
function spokenMove({ percentChange }) {
  if (percentChange === null) return '';
  const direction = signOf(percentChange);
  return direction === 'flat' ? 'unchanged' : `${direction} ${formatPercent(Math.abs(percentChange)).replace(/[+%]/g, '')} percent`;
}
