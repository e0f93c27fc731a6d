/**
 * Which symbols and commands a typed text means, best first: the exact symbol, a symbol that begins
 * with it, a word of the name that begins with it, then a text that contains it.
 */

/**
 * What can be found. `symbol` is '' for what has none, such as a command.
 * @typedef {object} Findable
 * @property {string} symbol  `AAPL`, `BTC/USD`, `RY:TSX`
 * @property {string} name    `Apple Inc.`, or the title of a command
 * @property {string | null} exchange  by its name
 * @property {string | null} micCode
 */

/**
 * A typed text. `exchange`: what follows a colon, as in `ry:tsx`; null: there is no colon.
 * @typedef {{ text: string, symbol: string, exchange: string | null, words: string[] }} Query
 */

export const EXACT = 0;
const PREFIX = 1;
export const WORDS = 2;
const WITHIN = 3;

/** Between words, and between the parts of a pair: `BTC/USD`, `BRK.B`. */
const BREAKS = /[^\p{L}\p{N}]+/u;
/** Longer words are not compared letter by letter. */
const LONGEST_WORD = 24;

/** @param {string} text @returns {Query} */
export function queryOf(text) {
  const upper = text.trim().replace(/\s+/g, ' ').toUpperCase();
  const colon = upper.indexOf(':');
  const symbol = colon < 0 ? upper : upper.slice(0, colon).trimEnd();
  return {
    text: upper,
    symbol,
    exchange: colon < 0 ? null : upper.slice(colon + 1).trimStart(),
    words: symbol.split(BREAKS).filter((word) => word !== ''),
  };
}

/**
 * The candidates that fit, best first; equals in their own order, shorter symbols first among those
 * that begin with the text. An empty query fits all.
 * @template {Findable} T
 * @param {Query} query
 * @param {Iterable<T>} candidates
 * @param {number} most
 * @returns {{ found: T, score: number }[]}
 */
export function rank(query, candidates, most) {
  /** @type {{ found: T, score: number, length: number }[]} */
  const fitting = [];
  for (const found of candidates) {
    const score = scoreOf(query, found);
    if (score !== null) fitting.push({ found, score, length: score === PREFIX ? found.symbol.length : 0 });
  }
  fitting.sort((one, other) => one.score - other.score || one.length - other.length);
  return fitting.slice(0, most).map(({ found, score }) => ({ found, score }));
}

/**
 * 0 is the best; null: it does not fit.
 * @param {Query} query
 * @param {Findable} candidate
 * @returns {number | null}
 */
function scoreOf(query, candidate) {
  if (query.text === '') return WITHIN;
  const symbol = candidate.symbol.toUpperCase();
  if (symbol !== '' && symbol === query.text) return EXACT;
  if (query.exchange !== null && !isListedOn(query.exchange, symbol, candidate)) return null;
  const bare = query.exchange === null ? symbol : withoutPin(symbol);
  if (query.exchange !== null && bare === query.symbol) return EXACT;
  if (query.symbol !== '' && bare.startsWith(query.symbol)) return PREFIX;
  const name = candidate.name.toUpperCase();
  if (query.words.length > 0 && (beginWords(query.words, bare) || beginWords(query.words, name))) return WORDS;
  if (query.words.length > 1 && beginWords(query.words, `${name} ${bare}`)) return WORDS;
  // One letter is within almost everything.
  if (query.symbol.length > 1 && (bare.includes(query.symbol) || name.includes(query.symbol))) return WITHIN;
  return query.symbol === '' ? WITHIN : null;
}

/**
 * The candidates whose symbol, or a word of whose name, differs least from a text that fits none.
 * @template {Findable} T
 * @param {Query} query
 * @param {Iterable<T>} candidates
 * @param {number} [most]
 * @returns {T[]}
 */
export function nearest(query, candidates, most = 3) {
  const word = query.words.join(' ');
  if (word.length < 2 || word.length > LONGEST_WORD) return [];
  // More differences than this make another word.
  const limit = word.length < 6 ? 1 : word.length < 9 ? 2 : 3;
  /** @type {{ found: T, distance: number }[]} */
  const near = [];
  for (const found of candidates) {
    const words = [withoutPin(found.symbol.toUpperCase()), ...found.name.toUpperCase().split(BREAKS)];
    const distance = Math.min(...words.filter((one) => one !== '' && Math.abs(one.length - word.length) <= limit).map((one) => distanceOf(word, one)));
    if (distance <= limit) near.push({ found, distance });
  }
  near.sort((one, other) => one.distance - other.distance);
  return near.slice(0, most).map(({ found }) => found);
}

/**
 * @param {string} exchange
 * @param {string} symbol
 * @param {Findable} candidate
 */
function isListedOn(exchange, symbol, candidate) {
  const pin = symbol.includes(':') ? symbol.slice(symbol.indexOf(':') + 1) : '';
  return [pin, candidate.exchange ?? '', candidate.micCode ?? ''].some((one) => one.toUpperCase().startsWith(exchange) && (one !== '' || exchange === ''));
}

/** @param {string} symbol */
function withoutPin(symbol) {
  const colon = symbol.indexOf(':');
  return colon < 0 ? symbol : symbol.slice(0, colon);
}

/** Whether each of these begins another word of the text, in any order. @param {string[]} begins @param {string} text */
function beginWords(begins, text) {
  const words = text.split(BREAKS);
  return begins.every((begin) => {
    const at = words.findIndex((word) => word.startsWith(begin));
    if (at < 0) return false;
    words.splice(at, 1);
    return true;
  });
}

/**
 * How many letters must be added, dropped, changed or swapped with their neighbour (Damerau and
 * Levenshtein, each letter moved once at most).
 * @param {string} one
 * @param {string} other
 */
function distanceOf(one, other) {
  /** @type {number[]} */
  let before = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      let least = Math.min(at(last, column) + 1, at(next, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) least = Math.min(least, at(before, column - 2) + 1);
      next.push(least);
    }
    before = last;
    last = next;
  }
  return at(last, other.length);
}

/** @param {number[]} numbers @param {number} place */
function at(numbers, place) {
  return numbers[place] ?? Infinity;
}
