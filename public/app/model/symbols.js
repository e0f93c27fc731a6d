/**
 * The symbols that the page's address asks for. Anybody can write a link, so it may name anything.
 */
import { rowKey } from './quotes.js';

/** The hub's limit per client. It rejects a longer list as a whole. */
export const MOST_SYMBOLS = 200;
/**
 * The hub's limits are 32 characters for a symbol and 40 for its exchange. Longer names are not
 * sent.
 */
export const LONGEST_NAME = 73;

/** The terminal's own symbols, shown until a hub has named its own. */
export const DEFAULT_SYMBOLS = ['BTC/USD', 'ETH/USD', 'AAPL', 'MSFT', 'NVDA', 'SPY', 'EUR/USD', 'GBP/USD'];

/**
 * `leftOut`: how many further symbols the address names.
 * @typedef {{ names: string[], leftOut: number }} Requested
 */

/**
 * `?symbols=AAPL,TSLA`, without duplicates.
 * @param {string} search  of the page's address
 * @returns {Requested | null} null: none are named, so the terminal's own are shown
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
 * Why a name is invalid without asking the hub; null: the hub must be asked.
 * @param {string} name
 */
export function objection(name) {
  return name.length > LONGEST_NAME ? `not a symbol: it has ${name.length.toLocaleString('en-US')} characters` : null;
}
