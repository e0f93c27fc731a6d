/** One symbol on the board, and when a quote may replace another. Nothing here reads a clock. */

import { MOST_CLOSES } from '../link/wire.js';

/** @typedef {import('../link/wire.js').Quote} Quote */
/** @typedef {import('../link/wire.js').Spark} Spark */
/** @typedef {import('../link/wire.js').Bar} Bar */

/**
 * A symbol as the page tracks it.
 * @typedef {object} Row
 * @property {string} key
 * @property {string} name            as shown and requested: `AAPL`, `RY:TSX`
 * @property {Quote | null} quote     null: no data yet
 * @property {import('../link/wire.js').SymbolState | 'rejected'} state  `rejected`: by the hub
 * @property {string | null} reason   for the state, or why the last price was discarded
 * @property {string | null} needsPlan  the plans that serve an unavailable symbol
 * @property {number | null} retryAt  when an unavailable symbol is asked for again, hub's clock, ms
 * @property {Spark | null} spark     closes of the last hour; null: the hub has told none
 * @property {number} backfills       how often the hub told all closes: earlier ones may be new
 * @property {Bar | null} bar         the last minute that closed
 * @property {boolean} awaitsSnapshot the next quote repeats what the hub already had; it is no news
 * @property {number} vouchedAt       when the hub last sent this quote, page's clock, ms
 * @property {boolean} kept           the quote is from this browser's storage; nobody confirmed it
 * @property {number} since           when the page first asked for it, page's clock, ms; 0: not yet
 */

/** While disconnected, a price that was not confirmed for this long is stale. */
const UNCONFIRMED_STALE_MS = 60_000;

/**
 * Names are compared without regard to case, as in the hub. `RY` and `RY:TSX` are two rows.
 * @param {string} symbol
 */
export function rowKey(symbol) {
  return symbol.trim().toUpperCase();
}

/**
 * @param {string} name
 * @returns {Row}
 */
export function newRow(name) {
  return {
    key: rowKey(name), name, quote: null, spark: null, backfills: 0, bar: null, state: 'pending', reason: null, needsPlan: null, retryAt: null,
    awaitsSnapshot: false, vouchedAt: 0, kept: false, since: 0,
  };
}

/**
 * How much later than its `timestamp` a price may have been made.
 * @type {Record<import('../link/wire.js').Precision, number>}
 */
const SPANS = { second: 0, minute: 59_999, day: 86_399_999 };

/**
 * Whether `next` may replace `held`. Prices never go back in time: first by the exchange's clock,
 * then by the hub's. The hub's alone counts where the exchange gave no time, or none exact enough
 * to order the two. The same quote may come again, because it may bring a new mark (stale,
 * restored, a previous close). A simulated and a real market share no time, so between them the
 * hub's current one wins.
 *
 * @param {Quote | null} held
 * @param {Quote} next
 */
function mayReplace(held, next) {
  if (held === null || held.simulated !== next.simulated) return true;
  if (isBefore(held, next)) return true;
  return !isBefore(next, held) && next.receivedAt >= held.receivedAt;
}

/**
 * Whether one price was made before another, by the exchange's times of both.
 * @param {Quote} one
 * @param {Quote} other
 */
function isBefore(one, other) {
  if (one.timestamp === null || one.precision === null || other.timestamp === null) return false;
  return one.timestamp + SPANS[one.precision] < other.timestamp;
}

const MINUTE = 60_000;

/**
 * The closes with that of one more minute, or with a corrected one. Minutes that no bar tells of
 * had no trade.
 * @param {Spark | null} spark
 * @param {number} at  start of the minute, ms
 * @param {number} close
 * @returns {Spark}
 */
export function withClose(spark, at, close) {
  if (spark === null || at >= spark.end + MOST_CLOSES * MINUTE) return { end: at, values: [close] };
  const values = [...spark.values];
  for (let end = spark.end; end < at; end += MINUTE) values.push(null);
  const end = Math.max(spark.end, at);
  const place = values.length - 1 - (end - at) / MINUTE;
  if (place in values) values[place] = close;
  return { end, values: values.slice(-MOST_CLOSES) };
}

/**
 * The symbol was subscribed on a new connection: the hub will tell its state anew.
 * @param {Row} row
 * @param {number} now  page's clock, ms
 */
export function subscribed(row, now) {
  row.since = now;
  if (row.state === 'rejected') return;
  row.state = 'pending';
  row.reason = null;
}

/** The hub serves the symbol, or says why not yet. @param {Row} row @param {import('../link/wire.js').Tracked} tracked */
export function setTracked(row, { symbol: name, state, reason, needsPlan, retryAt }) {
  Object.assign(row, { name, state, reason, needsPlan, retryAt });
}

/**
 * Takes a quote of the hub, unless it is older than the one that the row holds.
 * @param {Row} row
 * @param {Quote} quote
 * @param {number} now  page's clock, ms
 * @returns {boolean} whether the row holds it now
 */
export function takeQuote(row, quote, now) {
  const held = row.quote;
  if (held !== null && !mayReplace(held, quote)) {
    // Nobody confirms it any more where a restarted hub calls the older price that it knows stale.
    row.quote = quote.staleSince === null ? held : asStale(held);
    return false;
  }
  // A simulated and a real market share no closes.
  if (held?.simulated !== quote.simulated) row.spark = null;
  row.quote = quote;
  row.vouchedAt = now;
  row.kept = false;
  return true;
}

/** The price, stale since it came unless it already is. @param {Quote} held @returns {Quote} */
export function asStale(held) {
  return held.staleSince !== null ? held : { ...held, freshness: 'stale', staleSince: held.receivedAt };
}

/**
 * A restarted hub, or another relay, may tell an older price than the held one. The newer price
 * stays, with its bid, ask, time, volume and range of the day. Everything else is as the server
 * says now, such as staleness, session and previous close. Its source too: beside a restored line
 * nobody has confirmed the newer price since the restart, so it is not called live.
 *
 * @param {Quote} told
 * @param {Quote} held
 * @returns {Quote}
 */
export function withFactsOf(told, held) {
  const { price, bid, ask, dayVolume, high, low, timestamp, precision, receivedAt } = held;
  return {
    ...told, price, bid, ask, dayVolume, high, low, timestamp, precision, receivedAt,
    percentChange: told.previousClose === null ? null : percentOf(price, told.previousClose),
    // A price is not stale before it came.
    staleSince: told.staleSince === null ? null : Math.max(told.staleSince, receivedAt),
  };
}

/**
 * 0.25 for 0.25 %, to five decimals as the hub rounds it; null unless the previous close is above
 * zero.
 * @param {number} price
 * @param {number} previousClose
 */
export function percentOf(price, previousClose) {
  if (previousClose <= 0) return null;
  const percent = ((price - previousClose) / previousClose) * 100;
  return Number.isFinite(percent) ? Math.round(percent * 1e5) / 1e5 : null;
}

/**
 * Whether `next` is a new price, and not only a new mark on the held one.
 * @param {Quote | null} held
 * @param {Quote} next
 */
export function isNews(held, next) {
  return held === null || next.timestamp !== held.timestamp || next.receivedAt !== held.receivedAt;
}

/**
 * Since when this row's price is stale: as the hub says or, while disconnected, as the page
 * concludes.
 *
 * @param {Row} row
 * @param {{ connected: boolean, heardAt: number }} link  `heardAt`: when the socket last brought
 * anything, page's clock
 * @param {number} now     page's clock, ms
 * @param {number} offset  hub's clock minus the page's, ms
 * @returns {number | null} page's clock, ms; null: not stale
 */
export function staleSince(row, link, now, offset) {
  const { quote } = row;
  if (quote === null) return null;
  if (quote.freshness === 'stale') return (quote.staleSince ?? quote.timestamp ?? quote.receivedAt) - offset;
  if (link.connected) return null;
  const confirmedAt = Math.max(row.vouchedAt, link.heardAt);
  return now - confirmedAt >= UNCONFIRMED_STALE_MS ? confirmedAt : null;
}

/**
 * The age of the price in ms, counted from when it was made, not from its arrival. Where the
 * exchange gave only a minute or a day, it is the greatest possible age; without a time it is
 * unknown.
 *
 * @param {Quote} quote
 * @param {number} now     page's clock, ms
 * @param {number} offset  hub's clock minus the page's, ms
 * @returns {number | null}
 */
export function ageOf(quote, now, offset) {
  if (quote.timestamp === null || quote.precision === null) return null;
  return Math.max(0, now + offset - quote.timestamp);
}
