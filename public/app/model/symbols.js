/** Which symbols the page's address asks for. A link comes from anybody and may name anything. */
import { rowKey } from './quotes.js';

/** What the hub takes per client; it refuses a longer list as a whole. */
export const MOST_SYMBOLS = 200;
/** The hub knows symbols of 32 characters at an exchange of 40; longer names are not sent. */
export const LONGEST_NAME = 73;

/**
 * `leftOut`: how many more were asked for.
 * @typedef {{ names: string[], leftOut: number }} Requested
 */

/**
 * `?symbols=AAPL,TSLA`, each once.
 * @param {string} search  of the page's address
 * @returns {Requested | null} null: none are named, so that the terminal's own are shown
 */
export function requestedSymbols(search) {
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const part of (new URLSearchParams(search).get('symbols') ?? '').split(',')) {
    const name = part.trim();
    if (name !== '' && !names.has(rowKey(name))) names.set(rowKey(name), name);
  }
  if (names.size === 0) return null;
  return { names: [...names.values()].slice(0, MOST_SYMBOLS), leftOut: Math.max(0, names.size - MOST_SYMBOLS) };
}

/**
 * Why the hub need not be asked for this one; null: it must be asked.
 * @param {string} name
 */
export function objection(name) {
  return name.length > LONGEST_NAME ? `not a symbol: it has ${name.length.toLocaleString('en-US')} characters` : null;
}
