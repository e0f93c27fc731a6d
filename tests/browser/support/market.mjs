/**
 * A deterministic market: instruments, and a price of each at any time. The path is fractal noise,
 * so that bars of every interval look like a market's and agree with each other.
 */

/**
 * @typedef {object} Instrument
 * @property {string} symbol
 * @property {number} price  at the anchor
 * @property {string} name
 * @property {'stock' | 'etf' | 'forex' | 'crypto'} kind
 * @property {string} type
 * @property {string} exchange
 * @property {string} currency
 * @property {number} decimals
 * @property {string} timezone
 * @property {string} country
 */

export const DEFAULT_SYMBOLS = ['BTC/USD', 'ETH/USD', 'AAPL', 'MSFT', 'NVDA', 'SPY', 'EUR/USD', 'GBP/USD'];

const TYPES = { stock: 'Common Stock', etf: 'ETF', forex: 'Physical Currency', crypto: 'Digital Currency' };
/** The spread of a day's moves. */
const DAILY = { stock: 0.014, etf: 0.008, forex: 0.004, crypto: 0.025 };
const DAY_S = 86_400;

/** Symbol, price, kind, venue, name. @type {[string, number, Instrument['kind'], string, string][]} */
const KNOWN = [
  ['BTC/USD', 95_500, 'crypto', 'Coinbase Pro', 'Bitcoin US Dollar'],
  ['ETH/USD', 3_300.5, 'crypto', 'Coinbase Pro', 'Ethereum US Dollar'],
  ['AAPL', 235.5, 'stock', 'NASDAQ', 'Apple Inc.'],
  ['MSFT', 425.75, 'stock', 'NASDAQ', 'Microsoft Corporation'],
  ['NVDA', 145.2, 'stock', 'NASDAQ', 'NVIDIA Corporation'],
  ['SPY', 470.5, 'etf', 'NYSE', 'SPDR S&P 500 ETF Trust'],
  ['EUR/USD', 1.085, 'forex', 'Forex', 'Euro US Dollar'],
  ['GBP/USD', 1.265, 'forex', 'Forex', 'British Pound US Dollar'],
  ['TSLA', 412.3, 'stock', 'NASDAQ', 'Tesla, Inc.'],
  ['AMZN', 228.4, 'stock', 'NASDAQ', 'Amazon.com, Inc.'],
  ['AMD', 121.8, 'stock', 'NASDAQ', 'Advanced Micro Devices, Inc.'],
  ['RY:TSX', 174.6, 'stock', 'TSX', 'Royal Bank of Canada'],
  ['SOL/USD', 187.4, 'crypto', 'Coinbase Pro', 'Solana US Dollar'],
  ['USD/JPY', 155.1, 'forex', 'Forex', 'US Dollar Japanese Yen'],
];
const BY_SYMBOL = new Map(KNOWN.map((known) => [known[0], known]));

/**
 * A generator of numbers from 0 to 1 that repeats itself for the same seed (mulberry32).
 * @param {number} seed
 * @returns {() => number}
 */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    return mixed(state);
  };
}

/** So many symbols: the known ones, then made-up stocks `AAAA`, `AAAB`, … @param {number} count */
export function universe(count) {
  const names = KNOWN.map(([symbol]) => symbol);
  for (let index = 0; names.length < count; index += 1) {
    const name = [17_576, 676, 26, 1].map((place) => String.fromCharCode(65 + (Math.floor(index / place) % 26))).join('');
    if (!BY_SYMBOL.has(name)) names.push(name);
  }
  return names.slice(0, count);
}

/** @param {string} symbol @returns {Instrument} */
export function instrumentOf(symbol) {
  const [, price, kind, exchange, name] = BY_SYMBOL.get(symbol) ?? madeUp(symbol);
  const decimals = kind === 'forex' ? (symbol.endsWith('JPY') ? 3 : 5) : 2;
  const currency = symbol.includes('/') ? String(symbol.split('/')[1]).split(':')[0] ?? 'USD' : exchange === 'TSX' ? 'CAD' : 'USD';
  const timezone = kind === 'forex' || kind === 'crypto' ? 'UTC' : 'America/New_York';
  return { symbol, price, name, kind, type: TYPES[kind], exchange, currency, decimals, timezone, country: exchange === 'TSX' ? 'Canada' : 'United States' };
}

/** Every instrument that a search may find. */
export function instruments() {
  return KNOWN.map(([symbol]) => instrumentOf(symbol));
}

/**
 * The price at a time; at the anchor it is the instrument's.
 * @param {Instrument} instrument
 * @param {number} at      s since 1970
 * @param {number} anchor  s since 1970
 */
export function priceAt({ symbol, price, kind }, at, anchor) {
  const seed = hash(symbol);
  return price * Math.exp(DAILY[kind] * (noise(seed, at) - noise(seed, anchor)));
}

/**
 * Bars of an interval, oldest first: `[time, open, high, low, close, volume]`, prices plain, time in
 * s. Neither forex nor crypto has a volume.
 * @param {Instrument} instrument
 * @param {{ step: number, first: number, last: number, anchor: number, now: number }} range  starts of
 * the first and the last bar, and the end of the last, s
 * @returns {[number, number, number, number, number, number | null][]}
 */
export function barsOf(instrument, { step, first, last, anchor, now }) {
  const bars = /** @type {[number, number, number, number, number, number | null][]} */ ([]);
  const seed = hash(instrument.symbol);
  for (let time = first; time <= last; time += step) {
    const end = Math.min(time + step, Math.max(time + 1, now));
    const path = Array.from({ length: 9 }, (_, index) => priceAt(instrument, time + ((end - time) * index) / 8, anchor));
    const size = Math.abs(Number(path[8]) / Number(path[0]) - 1) * 4e3;
    const volume = instrument.exchange === 'Forex' || instrument.kind === 'crypto' ? null : Math.round((0.4 + mixed(seed + time) + size) * step * 900);
    bars.push([time, Number(path[0]), Math.max(...path), Math.min(...path), Number(path[8]), volume]);
  }
  return bars;
}

/** @param {string} symbol @returns {(typeof KNOWN)[number]} */
function madeUp(symbol) {
  if (symbol.includes('/')) return [symbol, 100, /^(EUR|GBP|USD|CHF|JPY|AUD)\//.test(symbol) ? 'forex' : 'crypto', 'Binance', symbol.replace('/', ' ')];
  return [symbol, 100, 'stock', 'NASDAQ', `${symbol} Corporation`];
}

/**
 * Fractal noise: octaves from a minute to three weeks, each as large as the root of its period, as
 * in a random walk.
 * @param {number} seed
 * @param {number} at  s
 */
function noise(seed, at) {
  let sum = 0;
  for (let period = 60; period < 30 * DAY_S; period *= 2) {
    const place = at / period;
    const cell = Math.floor(place);
    const left = mixed(scattered(seed, period, cell));
    const right = mixed(scattered(seed, period, cell + 1));
    sum += (left + (right - left) * (place - cell) - 0.5) * Math.sqrt(period / DAY_S);
  }
  return sum;
}

/** @param {number} seed @param {number} period @param {number} cell */
function scattered(seed, period, cell) {
  return (Math.imul(seed ^ Math.imul(period, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(cell, 0xc2b2ae35)) >>> 0;
}

/** FNV-1a. @param {string} text */
function hash(text) {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** From 0 to 1. @param {number} state */
function mixed(state) {
  let value = Math.imul(state ^ (state >>> 15), state | 1);
  value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
  return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
}
