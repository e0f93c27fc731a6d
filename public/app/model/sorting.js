/**
 * The order of a list sorted by a column. Live values would shuffle the rows under the reader's
 * eyes, so an order is kept for five seconds, and for as long as pointer or focus is inside.
 */
import { nearestOf } from './alerts.js';
import { ageOf } from './quotes.js';
import { truthOf } from './truth.js';

/** @typedef {import('./quotes.js').Row} Row */
/** @typedef {import('./truth.js').Circumstances} Circumstances */

export const RANK_EVERY_MS = 5_000;

/** Best first. @type {import('./truth.js').Level[]} */
const LEVELS = ['live', 'mute', 'paused', 'rest', 'closed', 'restored', 'stale', 'last-known', 'waiting', 'unavailable', 'not-accepted'];

/**
 * The keys by their values. Unknown values are last in both directions; ties are in the order given.
 * @param {string[]} keys  in the user's own order
 * @param {(key: string) => number | string | null} valueOf
 * @param {boolean} descending
 * @returns {string[]}
 */
export function rank(keys, valueOf, descending) {
  const known = [];
  const unknown = [];
  for (const key of keys) {
    const value = valueOf(key);
    if (value === null || value === '' || Number.isNaN(value)) unknown.push(key);
    else known.push({ key, value });
  }
  known.sort((one, other) => (descending ? compare(other.value, one.value) : compare(one.value, other.value)));
  return [...known.map(({ key }) => key), ...unknown];
}

/**
 * The former order for other symbols: those that stay keep their places, new ones are at the end.
 * @param {string[]} order
 * @param {string[]} keys
 */
export function carriedOver(order, keys) {
  const present = new Set(keys);
  const kept = order.filter((key) => present.has(key));
  const known = new Set(kept);
  return [...kept, ...keys.filter((key) => !known.has(key))];
}

/**
 * Whether a new order may replace the one that was made at `at`.
 * @param {number} at  ms
 * @param {number} now  ms
 * @param {boolean} inside  pointer or focus is in the list
 */
function mayRank(at, now, inside) {
  return !inside && now - at >= RANK_EVERY_MS;
}

/**
 * @typedef {object} Sorting
 * @property {string} id  of the list and its sorting: another id is ranked at once
 * @property {string[]} keys  in the user's own order
 * @property {(key: string) => number | string | null} valueOf
 * @property {boolean} descending
 */

/** The present order of a sorted list. */
export class Ranking {
  #id = '';
  #at = 0;
  /** Whether anything was known to rank by. */
  #known = false;
  /** @type {string[]} */
  keys = [];
  /** @type {Set<string>} */
  #present = new Set();
  /** Whether the rows would be in another order by now. */
  isOld = false;

  /**
   * @param {Sorting} sorting
   * @param {number} now  ms
   * @param {{ inside: boolean, asked: boolean }} how  `asked`: the user wants it now
   * @returns {string[]} the same array if nothing changed
   */
  update({ id, keys, valueOf, descending }, now, { inside, asked }) {
    if (keys.length !== this.keys.length || !keys.every((key) => this.#present.has(key))) this.#set(carriedOver(this.keys, keys));
    const due = asked || id !== this.#id || !this.#known || mayRank(this.#at, now, inside);
    const isOldEnough = now - this.#at >= RANK_EVERY_MS;
    this.isOld = false;
    if (!due && !isOldEnough) return this.keys;
    const next = rank(keys, valueOf, descending);
    const differs = next.some((key, place) => key !== this.keys[place]);
    if (!due) this.isOld = differs;
    else {
      this.#id = id;
      this.#at = now;
      this.#known = keys.some((key) => valueOf(key) !== null);
      if (differs) this.#set(next);
    }
    return this.keys;
  }

  /** @param {number} now */
  ageAt(now) {
    return now - this.#at;
  }

  /** @param {string[]} keys */
  #set(keys) {
    this.keys = keys;
    this.#present = new Set(keys);
  }
}

/**
 * What a column is sorted by; null: not known.
 * @param {string} column
 * @param {Row} row
 * @param {Circumstances} circumstances
 * @param {number} now  page's clock, ms
 * @param {import('./alerts.js').Alert[]} [alerts]  the armed ones of the symbol
 * @returns {number | string | null}
 */
export function sortingValue(column, row, circumstances, now, alerts = []) {
  const { quote } = row;
  if (column === 'symbol') return row.name.toUpperCase();
  if (column === 'source') return -LEVELS.indexOf(truthOf(row, circumstances, now).level);
  if (quote === null) return null;
  switch (column) {
    case 'last': return quote.price;
    case 'pct': return quote.percentChange;
    case 'change': return changeOf(quote);
    case 'spark': return changeOfHour(row);
    case 'bid': return quote.bid;
    case 'ask': return quote.ask;
    case 'range': return within(quote.price, quote.low, quote.high);
    case 'volume': return quote.dayVolume;
    case 'spread': return spreadOf(quote)?.absolute ?? null;
    case 'bp': return spreadOf(quote)?.basisPoints ?? null;
    case 'open': return quote.open;
    case 'previous': return quote.previousClose;
    case 'year': return within(quote.price, quote.yearLow, quote.yearHigh);
    case 'average': return quote.averageVolume;
    case 'relative': return relativeVolume(quote);
    case 'time': return ageOf(quote, now, circumstances.offset) === null ? null : quote.timestamp;
    case 'lag': return lagOf(quote);
    case 'name': return quote.name?.toUpperCase() ?? null;
    case 'alerts': return nearestOf(alerts, quote);
    case 'currency': return quote.currency?.toUpperCase() ?? null;
    default: return null;
  }
}

/** @typedef {import('../link/wire.js').Quote} Quote */

/** In the quote currency. @param {Quote} quote */
export function changeOf({ price, previousClose }) {
  return previousClose === null ? null : price - previousClose;
}

/** A crossed market has a spread below zero, which is told as it is. @param {Quote} quote */
export function spreadOf({ bid, ask }) {
  if (bid === null || ask === null) return null;
  const middle = (bid + ask) / 2;
  return { absolute: ask - bid, basisPoints: middle > 0 ? ((ask - bid) / middle) * 10_000 : null };
}

/** 1.5: half as much again as on an average day. @param {Quote} quote */
export function relativeVolume({ dayVolume, averageVolume }) {
  return dayVolume === null || averageVolume === null || averageVolume <= 0 ? null : dayVolume / averageVolume;
}

/** From the exchange to the hub, ms; null where the exchange tells no exact time. @param {Quote} quote */
export function lagOf({ timestamp, precision, receivedAt }) {
  return timestamp === null || precision !== 'second' ? null : Math.max(0, receivedAt - timestamp);
}

/** 0 at the low, 1 at the high. @param {number} price @param {number | null} low @param {number | null} high */
export function within(price, low, high) {
  if (low === null || high === null || high < low) return null;
  return high === low ? 0.5 : Math.max(0, Math.min(1, (price - low) / (high - low)));
}

/** Percent, from the first close of the last hour. @param {Row} row */
function changeOfHour({ spark, quote }) {
  const first = spark?.values.find((value) => value !== null) ?? null;
  return first === null || first <= 0 || quote === null ? null : ((quote.price - first) / first) * 100;
}

/** @param {number | string} one @param {number | string} other */
function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
