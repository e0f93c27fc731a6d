/**
 * Symbols in pasted or typed text: separated by commas, semicolons, spaces or lines; an exchange
 * after a colon is kept. What the hub would refuse by its form is not taken.
 */
import { rowKey } from './quotes.js';

/** More than any list needs: a pasted book is an accident. */
export const MOST_PASTED = 500;

/** The form that the hub accepts (docs/protocol.md). */
const SYMBOL = /^[\p{L}\d^][\p{L}\d./_\-&+^='*#@$]{0,31}$/u;
const EXCHANGE = /^[\p{L}\d][^,;:"]{0,39}$/u;
/** Other terminals write the exchange first: `NASDAQ:AAPL`. */
const EXCHANGES_FIRST = new Set(['NASDAQ', 'NYSE', 'AMEX', 'ARCA', 'LSE', 'TSX', 'XETR', 'BINANCE', 'COINBASE']);

/**
 * @param {string} text
 * @returns {{ symbols: string[], refused: string[], leftOut: number }}  `leftOut`: beyond the most
 */
export function parsePasted(text) {
  /** @type {Map<string, string>} */
  const symbols = new Map();
  const refused = [];
  for (const part of partsOf(text)) {
    const symbol = symbolFrom(part);
    if (symbol === null) refused.push(part);
    else if (!symbols.has(rowKey(symbol))) symbols.set(rowKey(symbol), symbol);
  }
  const all = [...symbols.values()];
  return { symbols: all.slice(0, MOST_PASTED), refused, leftOut: Math.max(0, all.length - MOST_PASTED) };
}

/**
 * A space parts two symbols, except within the name of an exchange: `BTC/USD:Coinbase Pro`. A word
 * in title case behind an exchange belongs to it, since symbols are not written so.
 * @param {string} text
 */
function partsOf(text) {
  return text.split(/[,;\n\r\t|]+/).flatMap((piece) => {
    /** @type {string[]} */
    const parts = [];
    for (const word of piece.replace(/["“”]/g, ' ').trim().split(/\s+/)) {
      const before = parts.at(-1);
      if (before?.includes(':') && /^\p{Lu}\p{Ll}+$/u.test(word)) parts[parts.length - 1] = `${before} ${word}`;
      else if (word !== '') parts.push(word);
    }
    return parts;
  });
}

/** @param {string} part @returns {string | null} null: it has not the form of a symbol */
function symbolFrom(part) {
  const [first = '', second, ...more] = part.split(':');
  if (more.length > 0) return null;
  if (second !== undefined && EXCHANGES_FIRST.has(first.toUpperCase())) return pinned(second, first.toUpperCase());
  return pinned(first, second);
}

/** @param {string} symbol @param {string | undefined} exchange */
function pinned(symbol, exchange) {
  // `$AAPL`, as in messages; no symbol begins with this sign.
  const name = symbol.replace(/^\$/, '').toUpperCase();
  if (!SYMBOL.test(name)) return null;
  if (exchange === undefined) return name;
  if (!EXCHANGE.test(exchange)) return null;
  return `${name}:${exchange === exchange.toLowerCase() ? exchange.toUpperCase() : exchange}`;
}
