/** What the chart says when it has nothing to draw, or not everything. */
import { PAGE } from '../../model/candles.js';
import { formatSince, formatSpan } from '../../words/format.js';
import { quoted } from '../../words/text.js';

/** @typedef {import('./session.js').BarSession} BarSession */

const MOST_OF_REASON = 300;
const MOST_OF_NAME = 40;

/**
 * What stands in place of the chart; null: there are bars.
 * @param {BarSession} session
 * @param {string} name  of the symbol
 * @param {boolean} online
 * @param {number} now  page's clock, ms
 * @returns {{ sentence: string, canRetry: boolean } | null}
 */
export function emptyWords({ state, candles, reason, retryAt }, name, online, now) {
  if (candles.bars.length > 0) return null;
  const symbol = quoted(name, MOST_OF_NAME);
  const why = quoted(reason ?? '', MOST_OF_REASON);
  switch (state) {
    case 'loading':
      return { sentence: `Loading the bars of ${symbol}…`, canRetry: false };
    case 'refused':
      return { sentence: `There is no chart of ${symbol}: ${ended(why)}`, canRetry: false };
    case 'unanswered':
      return online
        ? { sentence: `The bars of ${symbol} did not come: ${ended(why)}${again(retryAt, now)}`, canRetry: true }
        : { sentence: 'Your device is offline. The chart comes when it is back.', canRetry: false };
    default:
      return {
        sentence: reason === null
          ? `Nobody has bars of ${symbol} yet. Candles begin with its next price.`
          : `There are no bars of ${symbol} yet: ${ended(why)}${again(retryAt, now)}`,
        canRetry: false,
      };
  }
}

/**
 * One line above the time axis: what is missing, and where the candles begin. '': nothing to say.
 * @param {BarSession} session
 * @param {(second: number) => string} minute  writes a time
 * @param {number} now  page's clock, ms
 */
export function statusWords({ state, candles, reason, retryAt, loadsOlder }, minute, now) {
  const [first] = candles.bars;
  if (first === undefined) return '';
  if (loadsOlder) return 'Loading older bars…';
  const why = reason === null ? '' : quoted(reason, MOST_OF_REASON);
  if (state === 'unanswered') return `Newer bars did not come: ${ended(why)}${again(retryAt, now)}`;
  const missing = why === '' ? '' : `${upperFirst(ended(why))}${again(retryAt, now)}`;
  const saw = first.from === PAGE ? 'this page saw its first price' : first.from.startsWith('hub') ? 'this hub first saw a tick' : '';
  const begins = saw === '' ? '' : `Candles begin at ${minute(first.time)}, when ${saw}.`;
  return candles.more && missing === '' ? '' : [missing, begins].filter((part) => part !== '').join(' ');
}

/** @param {number | null} at @param {number} now */
function again(at, now) {
  if (at === null) return '';
  return at - now < 60_000 ? ` Asked again in ${formatSpan(Math.max(0, at - now))}.` : ` Asked again at ${formatSince(at, now)}.`;
}

/** @param {string} text */
function ended(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** @param {string} text */
function upperFirst(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
