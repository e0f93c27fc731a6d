/**
 * One symbol on the board, and when a quote may replace another. Nothing here reads a clock.
 */

/** @typedef {import('../link/wire.js').Quote} Quote */

/**
 * A symbol as the page tracks it.
 * @typedef {object} Row
 * @property {string} key
 * @property {string} name            as it is shown and asked for: `AAPL`, `RY:TSX`
 * @property {Quote | null} quote     null: no data yet
 * @property {import('../link/wire.js').SymbolState | 'rejected'} state  rejected by the hub
 * @property {string | null} reason   for the state, or why the last price was discarded
 * @property {boolean} awaitsSnapshot the next quote is what the hub already had, no news
 * @property {number} vouchedAt       when the hub last told this quote, page's clock, ms
 */

/** While disconnected, a price that nobody has confirmed for this long is stale. */
export const UNCONFIRMED_STALE_MS = 60_000;

/**
 * Names are compared without regard to case, as the hub does. `RY` and `RY:TSX` are two rows.
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
    key: rowKey(name), name, quote: null, state: 'pending', reason: null,
    awaitsSnapshot: false, vouchedAt: 0,
  };
}

/**
 * A price was made at its `timestamp` or up to so much later.
 * @type {Record<import('../link/wire.js').Precision, number>}
 */
const SPANS = { second: 0, minute: 59_999, day: 86_399_999 };

/**
 * Whether `next` may take the place of `held`: never back in time, by the exchange's clock and then
 * by the hub's, which alone counts where the exchange did not say when, or not exactly enough to
 * tell the two apart. The same quote again may, since it may bring a new mark (stale, restored, a
 * previous close). Between a simulated and a real market there is no common time: the one that the
 * hub has now is the one that counts.
 *
 * @param {Quote | null} held
 * @param {Quote} next
 */
export function mayReplace(held, next) {
  if (held === null || held.simulated !== next.simulated) return true;
  if (isBefore(held, next)) return true;
  return !isBefore(next, held) && next.receivedAt >= held.receivedAt;
}

/**
 * Whether one price was made before another, by what the exchange says of both.
 * @param {Quote} one
 * @param {Quote} other
 */
function isBefore(one, other) {
  if (one.timestamp === null || one.precision === null || other.timestamp === null) return false;
  return one.timestamp + SPANS[one.precision] < other.timestamp;
}

/**
 * A hub that was restarted may know less than the page and say that what it knows is stale. The
 * page keeps its newer price, but nobody vouches for that one any more.
 *
 * @param {Quote} held
 * @param {Quote} older  may not replace it
 * @returns {Quote | null}  null: nothing to change
 */
export function outlived(held, older) {
  if (older.staleSince === null || held.staleSince !== null) return null;
  return { ...held, freshness: 'stale', staleSince: held.receivedAt };
}

/**
 * Whether `next` is news and not a mark put on what was held already.
 * @param {Quote | null} held
 * @param {Quote} next
 */
export function isNews(held, next) {
  return held === null || next.timestamp !== held.timestamp || next.receivedAt !== held.receivedAt;
}

/**
 * Since when this row's price is stale: as the hub says, or, while the page is cut off, as the page
 * itself concludes.
 *
 * @param {Row} row
 * @param {{ connected: boolean, heardAt: number }} link  `heardAt`: when the hub was last heard by
 *   the socket, page's clock
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
 * How old the price is, in ms. Its making counts, not its arrival. Where the exchange gave a minute
 * or a day, it is so old at most; where it did not say when, nobody knows.
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
