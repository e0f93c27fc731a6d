/** How numbers and times are written. The page is in English, so its numbers are too. */

const LOCALE = 'en-US';

/** Currencies of Twelve Data's forex pairs that people do quote; a pair of two of them is forex, any other pair is not. */
const CURRENCIES = new Set(
  (
    'AED AUD BGN BHD BRL CAD CHF CLP CNH CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JOD JPY KRW KWD MAD MXN MYR ' +
    'NGN NOK NZD OMR PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR'
  ).split(' '),
);
/** Quoted in hundreds or thousands to the dollar: market practice is three decimals, not five. */
const SMALL_UNITS = new Set(['CLP', 'COP', 'HUF', 'IDR', 'ISK', 'JPY', 'KRW', 'VND']);
/** Exchanges that trade in dollars, as Twelve Data names them. Elsewhere the currency is not known, so none is shown. */
const DOLLAR_EXCHANGES = new Set([
  'NASDAQ', 'NYSE', 'NYSE ARCA', 'NYSEARCA', 'NYSE AMERICAN', 'AMEX', 'ARCA', 'BATS', 'CBOE', 'IEX', 'OTC', 'SIMULATED', 'SIMULATOR',
]);

/**
 * @param {string} symbol
 * @returns {'forex' | 'crypto' | 'stock'}  crypto stands for every pair that is not of two currencies, metals too
 */
export function assetClass(symbol) {
  const [base = '', quote] = pairOf(symbol);
  if (quote === undefined) return 'stock';
  return CURRENCIES.has(base) && CURRENCIES.has(quote) ? 'forex' : 'crypto';
}

/**
 * Fewest and most decimals for a price of this symbol.
 * @param {string} symbol
 * @param {number} price
 * @returns {[number, number]}
 */
export function decimals(symbol, price) {
  const size = Math.abs(price);
  if (assetClass(symbol) === 'forex') {
    return SMALL_UNITS.has(pairOf(symbol)[1] ?? '') ? [3, 3] : [5, 5];
  }
  if (size >= 10 || size === 0) return [2, 2];
  if (size >= 1) return assetClass(symbol) === 'crypto' ? [2, 4] : [2, 2];
  // Below one, four significant digits: 0.5123, 0.001234, 0.00001234; eight decimals are one satoshi.
  const leadingZeros = Math.floor(-Math.log10(size));
  const most = Math.min(12, leadingZeros + 4);
  return [Math.min(4, most), most];
}

/**
 * @param {string} symbol
 * @param {string | null} exchange
 */
export function currencyPrefix(symbol, exchange) {
  if (assetClass(symbol) === 'forex') return '';
  const quote = pairOf(symbol)[1];
  if (quote !== undefined) return quote === 'USD' ? '$' : '';
  const venue = exchange ?? symbol.split(':')[1];
  return venue === undefined || DOLLAR_EXCHANGES.has(venue.toUpperCase()) ? '$' : '';
}

/**
 * `$95,500.00`, `1.08500`, `$0.00001234`.
 * @param {string} symbol
 * @param {string | null} exchange
 * @param {number} price
 */
export function formatPrice(symbol, exchange, price) {
  const [least, most] = decimals(symbol, price);
  const sign = price < 0 ? '-' : '';
  return `${sign}${currencyPrefix(symbol, exchange)}${fixed(least, most).format(Math.abs(price))}`;
}

/**
 * `+0.25%`, `-0.05%`, `0.00%`.
 * @param {number} percent  0.25 for 0.25 %
 */
export function formatPercent(percent) {
  const rounded = fixed(2, 2).format(Math.abs(percent));
  return `${signOf(percent) === 'down' ? '-' : signOf(percent) === 'up' ? '+' : ''}${rounded}%`;
}

/**
 * The direction as it is shown: what rounds to 0.00 % is flat.
 * @param {number} percent
 * @returns {'up' | 'down' | 'flat'}
 */
export function signOf(percent) {
  const rounded = Math.round(percent * 100);
  return rounded > 0 ? 'up' : rounded < 0 ? 'down' : 'flat';
}

/**
 * `49,153`; from a million on `1.25M`.
 * @param {number} volume
 */
export function formatVolume(volume) {
  return (Math.abs(volume) >= 1e6 ? compact() : fixed(0, Math.abs(volume) < 100 ? 2 : 0)).format(volume);
}

/** @param {number} count */
export function formatCount(count) {
  return fixed(0, 0).format(count);
}

/**
 * `now`, `2 s ago`, `3 min ago`, `5 h ago`, `2 d ago`.
 * @param {number} ageMs
 */
export function formatAge(ageMs) {
  const seconds = Math.floor(ageMs / 1_000);
  return seconds < 1 ? 'now' : `${formatSpan(seconds * 1_000)} ago`;
}

/**
 * A span in its largest unit: `2 s`, `3 min`, `5 h`, `2 d`.
 * @param {number} spanMs
 */
export function formatSpan(spanMs) {
  const seconds = Math.max(0, Math.floor(spanMs / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/**
 * `<1 ms`, `87 ms`, `1.24 s`.
 * @param {number} ms
 */
export function formatLag(ms) {
  if (ms < 1) return '<1 ms';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${fixed(2, 2).format(ms / 1_000)} s`;
}

/**
 * `14:32:15`, in the viewer's time zone.
 * @param {number} at  ms
 */
export function formatClock(at) {
  return clock().format(at);
}

/**
 * `14:32:15` today, `Jan 19, 14:32` on any other day.
 * @param {number} at   ms
 * @param {number} now  ms
 */
export function formatSince(at, now) {
  // A moment told by another clock is off by some milliseconds, which must not turn 14:40:00 into 14:39:59.
  const second = Math.round(at / 1_000) * 1_000;
  return new Date(second).toDateString() === new Date(now).toDateString() ? clock().format(second) : dayAndClock().format(second);
}

/**
 * `BTC/USD:Binance` is BTC and USD; `RY:TSX` is RY alone.
 * @param {string} symbol
 */
function pairOf(symbol) {
  return (symbol.split(':')[0] ?? '').split('/');
}

/** @type {Map<string, Intl.NumberFormat>} */
const numberFormats = new Map();

/**
 * @param {number} least
 * @param {number} most
 */
function fixed(least, most) {
  const key = `${least}-${most}`;
  let format = numberFormats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: least, maximumFractionDigits: most });
    numberFormats.set(key, format);
  }
  return format;
}

/** @type {Intl.NumberFormat | undefined} */
let compactFormat;
function compact() {
  return (compactFormat ??= new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 2 }));
}

/** @type {Intl.DateTimeFormat | undefined} */
let clockFormat;
function clock() {
  return (clockFormat ??= new Intl.DateTimeFormat(LOCALE, {
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  }));
}

/** @type {Intl.DateTimeFormat | undefined} */
let dayFormat;
function dayAndClock() {
  return (dayFormat ??= new Intl.DateTimeFormat(LOCALE, {
    month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }));
}
