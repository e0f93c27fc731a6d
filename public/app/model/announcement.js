/** What is read out of a price's moves, for those who do not see them. */
import { formatPercent, formatPrice, signOf } from '../words/format.js';
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
  const { percentChange } = quote;
  const direction = percentChange === null ? null : signOf(percentChange);
  const move = direction === null || percentChange === null ? '' : direction === 'flat' ? ', unchanged' : `, ${direction} ${formatPercent(Math.abs(percentChange)).replace(/[+%]/g, '')} percent`;
  return `${quoted(name, MOST_OF_NAME)} ${formatPrice(quote)}${move}${word === 'Live' ? '' : `, ${word}`}`;
}
