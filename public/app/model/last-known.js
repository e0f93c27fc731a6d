/** A price that this browser kept, as it may be shown. Another version of the page may have kept it. */

/** @typedef {import('../link/wire.js').Quote} Quote */

const TEXTS = /** @type {const} */ (['exchange', 'currency', 'name', 'type', 'micCode', 'timezone']);
const NUMBERS = /** @type {const} */ ([
  'percentChange', 'bid', 'ask', 'dayVolume', 'previousClose', 'open', 'high', 'low', 'yearLow', 'yearHigh', 'averageVolume', 'timestamp', 'opensAt', 'closesAt',
  'staleSince',
]);
const KINDS = ['stock', 'etf', 'index', 'forex', 'crypto', 'metal'];
const PRECISIONS = ['second', 'minute', 'day'];
const SOURCES = ['live', 'rest', 'restored', 'simulated'];
const SESSIONS = ['open', 'closed', 'extended', 'unknown'];
const MOST_DECIMALS = 12;
const MOST_TEXT = 4_096;
/** The range of a Date, in ms around 1970. */
const LAST_INSTANT = 8.64e15;

/**
 * @param {unknown} value
 * @returns {Quote | null}  null: it is no price
 */
export function quoteOf(value) {
  if (typeof value !== 'object' || value === null) return null;
  const kept = /** @type {Record<string, unknown>} */ (value);
  const { symbol, price, receivedAt, decimals } = kept;
  if (typeof symbol !== 'string' || symbol === '' || !isNumber(price) || !isInstant(receivedAt)) return null;
  const texts = Object.fromEntries(TEXTS.map((name) => [name, textOrNull(kept[name])]));
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, isNumber(kept[name]) ? kept[name] : null]));
  const timestamp = isInstant(kept['timestamp']) ? kept['timestamp'] : null;
  return /** @type {Quote} */ (/** @type {unknown} */ ({
    ...texts,
    ...numbers,
    symbol,
    price,
    receivedAt,
    timestamp,
    precision: timestamp === null ? null : oneOf(PRECISIONS, kept['precision'], null),
    kind: oneOf(KINDS, kept['kind'], null),
    decimals: Number.isInteger(decimals) && Number(decimals) >= 0 && Number(decimals) <= MOST_DECIMALS ? decimals : null,
    source: oneOf(SOURCES, kept['source'], 'restored'),
    simulated: kept['simulated'] === true,
    session: oneOf(SESSIONS, kept['session'], 'unknown'),
    freshness: kept['freshness'] === 'stale' ? 'stale' : 'fresh',
  }));
}

/** @param {unknown} value @returns {value is number} */
function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

/** @param {unknown} value @returns {value is number} */
function isInstant(value) {
  return isNumber(value) && Math.abs(value) <= LAST_INSTANT;
}

/** @param {unknown} value */
function textOrNull(value) {
  return typeof value === 'string' ? value.slice(0, MOST_TEXT) : null;
}

/** @param {string[]} known @param {unknown} value @param {string | null} otherwise */
function oneOf(known, value, otherwise) {
  return typeof value === 'string' && known.includes(value) ? value : otherwise;
}
