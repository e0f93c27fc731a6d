/**
 * The activity log: the last hundred lines, in the form of the original terminal. Price lines would
 * push everything else out within seconds, so the last hundred other lines are kept separately.
 */
import { formatPercent, formatPriceAndUnit } from '../words/format.js';
import { quoted } from '../words/text.js';

/** @typedef {'connection' | 'feed' | 'price' | 'problem'} Topic */
/**
 * `at` is in ms of the page's clock.
 * @typedef {{ serial: number, at: number, topic: Topic, text: string }} Line
 */

export const KEPT_LINES = 100;
/** The most characters of a name and of a reason in a line. */
const MOST_OF_NAME = 40;
const MOST_OF_REASON = 600;

export class ActivityLog {
  /** Every line, oldest first. @type {Line[]} */
  all = [];
  /** Every line that is not a price, oldest first. @type {Line[]} */
  withoutPrices = [];
  #serial = 0;

  /** @param {number} at @param {Topic} topic @param {string} text */
  add(at, topic, text) {
    const line = { serial: (this.#serial += 1), at, topic, text };
    keep(this.all, line);
    if (topic !== 'price') keep(this.withoutPrices, line);
  }
}

/**
 * `📊 BTC/USD: $95,500.00 (+0.25%)`; no percentage without a previous close.
 * @param {string} name
 * @param {import('../link/wire.js').Quote} quote
 */
export function priceLine(name, quote) {
  const percent = quote.percentChange === null ? '' : ` (${formatPercent(quote.percentChange)})`;
  return `📊 ${quoted(name, MOST_OF_NAME)}: ${formatPriceAndUnit(quote)}${percent}`;
}

/** @type {Record<import('../link/wire.js').FeedState, string>} */
const FEED_SIGNS = { idle: '💤', connecting: '⏳', live: '🟢', stalled: '⚠️', fallback: '🛟', refused: '⛔' };

/**
 * `🛟 Feed fallback: the upstream closed the connection …`.
 * @param {import('../link/wire.js').Feed} feed
 */
export function feedLine(feed) {
  return `${FEED_SIGNS[feed.state]} Feed ${feed.state}${feed.reason ? `: ${quoted(feed.reason, MOST_OF_REASON)}` : ''}`;
}

/** @type {Partial<Record<import('../link/wire.js').SymbolState, string>>} */
const STATE_SIGNS = { streaming: '⚠️', polled: '🐢', unavailable: '🚫' };

/**
 * `🚫 SPY unavailable: not in this plan`; null if the state is not worth a line.
 * @param {import('../link/wire.js').Tracked} tracked
 */
export function stateLine({ symbol, state, reason }) {
  const sign = STATE_SIGNS[state];
  // Streaming is the normal state: it gets a line only with a reason.
  if (!sign || (state === 'streaming' && reason === null)) return null;
  const what = state === 'streaming' ? '' : ` ${state}`;
  return `${sign} ${quoted(symbol, MOST_OF_NAME)}${what}${reason ? `: ${quoted(reason, MOST_OF_REASON)}` : ''}`;
}

/** @param {import('../link/wire.js').Refusal} refusal */
export function refusalLine({ symbol, reason }) {
  return `❌ ${quoted(symbol, MOST_OF_NAME)} not accepted: ${quoted(reason, MOST_OF_REASON)}`;
}

/** @param {string} text */
export function problemLine(text) {
  return `❌ ${quoted(text, MOST_OF_REASON)}`;
}

/**
 * `🔁 Resumed: 23 updates missed, 3 symbols brought up to date`. Every gap is reported.
 * @param {{ recovered: boolean, missed: number, changed: number }} snapshot
 */
export function resumeLine({ recovered, missed, changed }) {
  if (!recovered) return '🆕 Began anew: the hub does not know where this page was, so updates in between were missed';
  if (missed === 0) return '🔁 Resumed: nothing was missed';
  return `🔁 Resumed: ${count(missed, 'update')} missed, ${count(changed, 'symbol')} brought up to date`;
}

/**
 * @param {number} number
 * @param {string} noun
 */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * @param {Line[]} lines
 * @param {Line} line
 */
function keep(lines, line) {
  lines.push(line);
  if (lines.length > KEPT_LINES) lines.shift();
}
