/** How numbers and times are written. The page is in English, its numbers are in the user's locale. */

import { MOST_IN_TITLE, short } from './text.js';

/** Of what is not shown, but compared. */
const LOCALE = 'en-US';
/** Of the numbers; undefined: the browser's. @type {string | undefined} */
let locale = LOCALE;
/** Of the times; undefined: this device's. @type {string | undefined} */
let timeZone;
/** What stands before the decimals. */
let point = '.';

/** The widest text that fits a cell: `$1,523,456,789.12` and one character more. */
const MOST_CHARACTERS = 18;
/** Limits for the decimals of a price if the hub did not give them. */
const FEWEST_DECIMALS = 2;
const MOST_DECIMALS = 12;

/**
 * How numbers and times are written from now on.
 * @param {Pick<import('../model/desk.js').Settings, 'locale' | 'zone'>} settings
 * @returns {boolean} whether that changes anything
 */
export function writeNumbersAndTimes(settings) {
  const nextLocale = settings.locale === '' ? undefined : settings.locale;
  // Where there is no exchange, as in the log, its times are this device's.
  const nextZone = settings.zone === 'device' || settings.zone === 'exchange' ? undefined : settings.zone;
  if (nextLocale === locale && nextZone === timeZone) return false;
  [locale, timeZone] = [nextLocale, nextZone];
  numberFormats.clear();
  compactFormat = clockFormat = dayFormat = dateFormat = undefined;
  point = fixed(1, 1).formatToParts(0.1).find(({ type }) => type === 'decimal')?.value ?? '.';
  return true;
}

/** @typedef {import('../link/wire.js').Quote} Quote */
/**
 * The unit of a price: a sign before it, a unit behind it, or neither.
 * @typedef {{ sign: string, unit: string, unitName: string }} Denomination
 */

/**
 * From currency and kind. Until upstream has told the currency and the type of the instrument, the
 * price has no unit.
 * @param {Pick<Quote, 'currency' | 'type' | 'kind'>} quote
 * @returns {Denomination}
 */
export function denomination({ currency, type, kind }) {
  const none = { sign: '', unit: '', unitName: '' };
  if (kind === 'index') return { ...none, unit: 'pts', unitName: 'points' };
  // The price of one currency in another is a rate, and is written without sign or unit.
  if (type === null || currency === null || kind === 'forex' || kind === 'metal') return none;
  const sign = signOfCurrency(currency);
  if (sign !== '') return { ...none, sign };
  // `GBp`, upstream's name for a hundredth of a pound, is no ISO code, so Intl has no short form.
  if (currency === 'GBp') return { ...none, unit: 'p', unitName: 'pence sterling' };
  return { ...none, unit: short(currency, 4), unitName: short(currency, MOST_IN_TITLE) };
}

/**
 * Decimals of price, bid and ask: as the hub says, else as few as all three need.
 * @param {Quote} quote
 */
export function decimalsOf({ decimals, price, bid, ask }) {
  return decimals ?? Math.max(...[price, bid ?? 0, ask ?? 0].map(decimalsNeeded));
}

/** `$95,500.00`, `1.08500`, `1e308`: without the unit. @param {Quote} quote */
export function formatPrice(quote) {
  return formatDecimal(quote.price, decimalsOf(quote), denomination(quote).sign);
}

/**
 * `95,499.50`: without sign and unit, which the price beside it shows.
 * @param {Quote} quote
 * @param {number} bidOrAsk
 */
export function formatBeside(quote, bidOrAsk) {
  return formatDecimal(bidOrAsk, decimalsOf(quote));
}

/**
 * `72.50 p`, for a sentence.
 * @param {Quote} quote
 */
export function formatPriceAndUnit(quote) {
  const { unit } = denomination(quote);
  return unit === '' ? formatPrice(quote) : `${formatPrice(quote)} ${unit}`;
}

/**
 * Writes a number with the requested decimals. If it does not fit, it first loses its trailing
 * zeros, then is rounded with a leading `≈`, then gets an exponent. It is never cut off, and a
 * number other than zero never looks like zero.
 *
 * @param {number} value
 * @param {number} decimals
 * @param {string} [sign]  of a currency
 */
export function formatDecimal(value, decimals, sign = '') {
  const size = Math.abs(value);
  const before = `${value < 0 ? '-' : ''}${sign}`;
  const room = MOST_CHARACTERS - before.length;
  if (size < 1e15 && !isCrude(size, 10 ** -decimals)) {
    for (const least of [decimals, Math.min(decimals, FEWEST_DECIMALS)]) {
      const exact = fixed(least, decimals).format(size);
      if (exact.length <= room) return `${before}${exact}`;
    }
    for (let fewer = decimals - 1; fewer >= 0; fewer -= 1) {
      const rounded = fixed(fewer, fewer).format(size);
      if (rounded.length < room) return `≈${before}${rounded}`;
    }
  }
  const { text, exact } = exponential(size, 5);
  return `${exact ? '' : '≈'}${before}${text}`;
}

/**
 * Whether a number was shortened. If so, the whole number must be available elsewhere.
 * @param {string} text
 */
export function isShortened(text) {
  return /[≈e]/.test(text);
}

/**
 * `+0.25%`, `-0.05%`, `0.00%`; large values without decimals: `+12,345%` and `+1.2e9%`.
 * @param {number} percent  0.25 for 0.25 %
 */
export function formatPercent(percent) {
  const size = Math.abs(percent);
  const rounded = size >= 1e7 ? exponential(size, 3).text : fixed(size >= 1e4 ? 0 : 2, size >= 1e4 ? 0 : 2).format(size);
  return `${signOf(percent) === 'down' ? '-' : signOf(percent) === 'up' ? '+' : ''}${rounded}%`;
}

/** How far a price is from a level: `12 %`, `0.8 %`, `0.05 %`. @param {number} percent  not below zero */
export function formatDistance(percent) {
  const number = percent >= 10 ? percent.toFixed(0) : percent >= 0.995 ? percent.toFixed(1) : percent >= 0.01 || percent === 0 ? percent.toFixed(2) : '< 0.01';
  return `${number} %`;
}

/** A minus as wide as a plus, so that signs line up. Log, exports and speech keep the hyphen. @param {string} number */
export function onScreen(number) {
  return number.replace('-', '−');
}

/** A difference of two prices for the screen, with the sign of its direction. @param {number} value @param {number} decimals */
export function formatChange(value, decimals) {
  const text = formatDecimal(Math.abs(value), decimals);
  if (!/[1-9]/.test(text)) return text;
  return text.startsWith('≈') ? `≈${value < 0 ? '−' : '+'}${text.slice(1)}` : `${value < 0 ? '−' : '+'}${text}`;
}

/**
 * The direction as shown: what rounds to 0.00 % is flat.
 * @param {number} percent
 * @returns {'up' | 'down' | 'flat'}
 */
export function signOf(percent) {
  const rounded = Math.round(percent * 100);
  return rounded > 0 ? 'up' : rounded < 0 ? 'down' : 'flat';
}

/**
 * `49,153`; from a million on `1.25M`; above trillions and below 0.005 `5.9e20`.
 * @param {number} volume
 */
export function formatVolume(volume) {
  const size = Math.abs(volume);
  if (size >= 999.995e12 || (size !== 0 && size < 0.005)) return `${volume < 0 ? '-' : ''}${exponential(size, 3).text}`;
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
 * `≤ 5 min`, `≤ 16 h`, `≤ 3 d`: an upper limit of an age. It is rounded up, or it would be wrong.
 * @param {number} ageMs
 */
export function formatAgeAtMost(ageMs) {
  const minutes = Math.max(1, Math.ceil(ageMs / 60_000));
  if (minutes < 60) return `≤ ${minutes} min`;
  const hours = Math.ceil(minutes / 60);
  return hours < 48 ? `≤ ${hours} h` : `≤ ${Math.ceil(hours / 24)} d`;
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
  // The other clock may differ by some milliseconds, which must not turn 14:40:00 into 14:39:59.
  const second = Math.round(at / 1_000) * 1_000;
  return date().format(second) === date().format(now) ? clock().format(second) : dayAndClock().format(second);
}

/**
 * Whether a number rounded to `step` has at most one digit, and that digit is inexact.
 * @param {number} size
 * @param {number} step
 */
function isCrude(size, step) {
  return size < 10 * step && Math.abs(Math.round(size / step) * step - size) > size * 1e-6;
}

/** @param {number} value */
function decimalsNeeded(value) {
  const decimals = fixed(FEWEST_DECIMALS, MOST_DECIMALS).formatToParts(value).find(({ type }) => type === 'fraction')?.value ?? '';
  return decimals.length;
}

/** `1e308`, `5.9e20`, `1.2346e-15`. @param {number} size @param {number} digits  at most */
function exponential(size, digits) {
  const whole = size.toExponential();
  const exact = whole.replace('.', '').indexOf('e') <= digits;
  const text = exact ? whole : size.toExponential(digits - 1).replace(/\.?0+e/, 'e');
  return { text: text.replace('e+', 'e').replace('.', point), exact };
}

/** @type {Map<string, string>} */
const signs = new Map();

/**
 * The sign that Intl writes for an ISO code, `$` for USD, if it stands for that currency alone;
 * else ''. An Australian dollar, `A$` in Intl, is shown by its code.
 * @param {string} currency
 */
function signOfCurrency(currency) {
  if (!/^[A-Z]{3}$/.test(currency)) return '';
  let sign = signs.get(currency);
  if (sign === undefined) {
    const parts = new Intl.NumberFormat(LOCALE, { style: 'currency', currency }).formatToParts(0);
    const written = parts.find(({ type }) => type === 'currency')?.value ?? '';
    // Intl writes ¤ for XXX, which means no currency.
    sign = /^[^\P{Sc}¤]$/u.test(written) ? written : '';
    signs.set(currency, sign);
  }
  return sign;
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
    format = new Intl.NumberFormat(locale, { minimumFractionDigits: least, maximumFractionDigits: most, numberingSystem: 'latn' });
    numberFormats.set(key, format);
  }
  return format;
}

/** @type {Intl.NumberFormat | undefined} */
let compactFormat;
function compact() {
  return (compactFormat ??= new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 2, numberingSystem: 'latn' }));
}

/** @type {Intl.DateTimeFormat | undefined} */
let clockFormat;
function clock() {
  return (clockFormat ??= new Intl.DateTimeFormat(LOCALE, {
    timeZone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  }));
}

/** @type {Intl.DateTimeFormat | undefined} */
let dayFormat;
function dayAndClock() {
  return (dayFormat ??= new Intl.DateTimeFormat(LOCALE, {
    timeZone, month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }));
}

/** @type {Intl.DateTimeFormat | undefined} */
let dateFormat;
/** The day, to be compared. */
function date() {
  return (dateFormat ??= new Intl.DateTimeFormat(LOCALE, { timeZone, dateStyle: 'short' }));
}

/**
 * How many first characters are the same; none if the length changed, since every digit moved then.
 * @param {string} before
 * @param {string} after
 */
export function commonStart(before, after) {
  if (before.length !== after.length) return 0;
  let same = 0;
  while (same < after.length && before[same] === after[same]) same += 1;
  return same;
}
