/**
 * What the detail panel says of a symbol, as labels and texts. What is not known is `—`, with the
 * reason in its title.
 */
import { relativeVolume, spreadOf } from '../model/sorting.js';
import { decimalsOf, formatBeside, formatCount, formatDecimal, formatLag, formatSince, formatVolume, onScreen } from './format.js';
import { MOST_IN_TITLE, quoted, short } from './text.js';
import { timesIn } from './times.js';

/** @typedef {import('../model/quotes.js').Row} Row */
/** @typedef {import('../link/wire.js').Quote} Quote */
/** @typedef {{ text: string, title: string | null }} Fact */
/** A range and where the price is in it, 0 to 1; null: not known. @typedef {{ low: Fact, high: Fact, at: number | null }} Range */

const MOST_OF_NAME = 60;
const MOST_OF_REASON = 400;

/** @type {Record<string, string>} */
const KINDS = { stock: 'Stock', etf: 'ETF', index: 'Index', forex: 'Currency pair', crypto: 'Crypto', metal: 'Metal' };
const NO_PRICE = 'There is no price yet.';
const OUTSIDE_HOURS = 'Trades before and after the session are in Twelve Data’s plans with extended hours only.';

/** @param {string} text @param {string | null} [title] @returns {Fact} */
const known = (text, title = null) => ({ text, title });
/** @param {string} why @returns {Fact} */
const unknown = (why) => ({ text: '—', title: why });

/**
 * The facts of the quote, by the ids of the panel's rows.
 * @param {Quote | null} quote
 * @param {{ times: import('./times.js').Times, offset: number, now: number, lag: number | null }} how  `lag`: mean from hub to screen, ms
 * @returns {Record<string, Fact>}
 */
export function factsOf(quote, { times, offset, now, lag }) {
  /** @param {number | null | undefined} value @param {(value: number) => string} format @param {string} why */
  const fact = (value, format, why) => (quote === null ? unknown(NO_PRICE) : value === null || value === undefined ? unknown(why) : known(format(value)));
  /** @param {number} value */
  const price = (value) => (quote === null ? '' : onScreen(formatBeside(quote, value)));
  return {
    quotes: quotesFact(quote),
    spread: spreadFact(quote),
    open: fact(quote?.open, price, 'The hub has not told the first price of the day.'),
    previous: fact(quote?.previousClose, price, 'The hub has not told the previous close, so the change is not known either.'),
    volume: volumeFact(quote),
    average: fact(quote?.averageVolume, formatVolume, 'The provider gives no average volume of this instrument.'),
    session: sessionFact(quote, times, offset, now),
    currency: fact(quote?.currency === null ? null : 0, () => short(quote?.currency ?? '', MOST_OF_NAME), 'The provider has not named the currency.'),
    kind: kindFact(quote),
    exchange: exchangeFact(quote),
    timezone: zoneFact(quote, now),
    made: madeFact(quote, times),
    lag: lagFact(quote, lag),
  };
}

/** The range of the day. @param {Quote | null} quote @returns {Range} */
export function dayRange(quote) {
  return rangeOf(quote, quote?.low ?? null, quote?.high ?? null, 'The hub has not told the range of the day.');
}

/** The range of 52 weeks. @param {Quote | null} quote @returns {Range} */
export function yearRange(quote) {
  return rangeOf(quote, quote?.yearLow ?? null, quote?.yearHigh ?? null, 'The provider gives no range of 52 weeks.');
}

/**
 * Why the price is what it is, beside the sentence of the truth.
 * @param {Row} row
 * @param {number} offset
 * @param {number} now
 * @returns {{ label: string, text: string }[]}
 */
export function reasonsOf({ state, reason, needsPlan, retryAt, quote, kept }, offset, now) {
  const reasons = [{ label: 'State', text: STATES[state] }];
  if (quote !== null) reasons.push({ label: 'Provenance', text: kept ? 'Kept by this browser' : SOURCES[quote.source] });
  if (reason !== null && state !== 'unavailable' && state !== 'rejected') reasons.push({ label: 'Reason', text: quoted(reason, MOST_OF_REASON) });
  if (state === 'unavailable') {
    reasons.push({ label: 'Plan', text: needsPlan === null ? 'The provider named no plan that would serve it.' : `Served by the ${quoted(needsPlan, MOST_OF_NAME)} plan` });
    reasons.push({ label: 'Asked again', text: retryAt === null ? 'No time is set.' : `At ${formatSince(retryAt - offset, now)}, ${retryAt - offset > now ? `in ${span(retryAt - offset - now)}` : 'now due'}` });
  }
  return reasons;
}

/** @type {Record<Row['state'], string>} */
const STATES = {
  pending: 'Asked for, not answered yet',
  streaming: 'Streamed tick by tick',
  polled: 'Polled by REST, as the credits allow',
  unavailable: 'Not served',
  rejected: 'Not accepted by the hub',
};
/** @type {Record<Quote['source'], string>} */
const SOURCES = {
  live: 'Provider’s stream',
  rest: 'Provider’s REST API',
  restored: 'Hub’s storage, from before it restarted',
  simulated: 'Built-in simulator',
};

/** @param {Quote | null} quote @returns {Fact} */
function quotesFact(quote) {
  if (quote === null) return unknown(NO_PRICE);
  const { bid, ask } = quote;
  if (bid === null && ask === null) return unknown('The provider gives no bid and ask of this instrument.');
  return known(`${bid === null ? '—' : onScreen(formatBeside(quote, bid))} × ${ask === null ? '—' : onScreen(formatBeside(quote, ask))}`);
}

/** @param {Quote | null} quote @returns {Fact} */
function spreadFact(quote) {
  if (quote === null) return unknown(NO_PRICE);
  const spread = spreadOf(quote);
  if (spread === null) return unknown('It needs both bid and ask.');
  const points = spread.basisPoints === null ? '' : ` (${pointsText(spread.basisPoints)} bp)`;
  const decimals = decimalsOf(quote);
  return known(onScreen(`${formatDecimal(Number(spread.absolute.toFixed(decimals)), decimals)}${points}`), 'Ask minus bid, and in basis points (hundredths of a percent) of their middle');
}

/** Two digits are enough: `4.2`, `0.1`, `120`. @param {number} points */
function pointsText(points) {
  if (Math.abs(points) >= 10) return formatCount(Math.round(points));
  return points !== 0 && Math.abs(points) < 0.01 ? '<0.01' : String(Number(points.toPrecision(2)));
}

/** @param {Quote | null} quote @returns {Fact} */
function volumeFact(quote) {
  if (quote === null) return unknown(NO_PRICE);
  const { dayVolume } = quote;
  if (dayVolume === null) return unknown('The provider gives no volume of this instrument.');
  const times = relativeVolume(quote);
  if (times === null) return known(formatVolume(dayVolume));
  const share = formatCount(Math.round(times * 100));
  return known(`${formatVolume(dayVolume)} · ${share} %`, `${share} % of the volume of an average day`);
}

/** @param {Quote | null} quote @param {import('./times.js').Times} times @param {number} offset @param {number} now @returns {Fact} */
function sessionFact(quote, times, offset, now) {
  if (quote === null) return unknown(NO_PRICE);
  const { session, opensAt, closesAt } = quote;
  /** @param {string} what @param {number | null} at */
  const turn = (what, at) => (at === null ? '' : ` · ${what} ${times.weekday(at / 1_000)}${at - offset > now ? `, in ${span(at - offset - now)}` : ''}`);
  if (session === 'open') return known(`Open${turn('closes', closesAt)}`);
  if (session === 'closed') return known(`Closed${turn('opens', opensAt)}`, quote.kind === 'stock' || quote.kind === 'etf' ? OUTSIDE_HOURS : null);
  if (session === 'extended') return known(`Extended hours${turn('opens', opensAt)}`, 'The exchange is closed, but trades with new times arrive.');
  return unknown('Nobody says whether this exchange is open.');
}

/** @param {Quote | null} quote @returns {Fact} */
function kindFact(quote) {
  if (quote === null) return unknown(NO_PRICE);
  if (quote.type === null && quote.kind === null) return unknown('The provider has not told the type of this instrument.');
  const type = short(quote.type ?? '', MOST_OF_NAME);
  return known(quote.kind === null ? type : (KINDS[quote.kind] ?? type), type === '' ? null : type);
}

/** @param {Quote | null} quote @returns {Fact} */
function exchangeFact(quote) {
  if (quote === null) return unknown(NO_PRICE);
  if (quote.exchange === null && quote.micCode === null) return unknown('The provider has not named the exchange.');
  const code = quote.micCode === null ? '' : quote.exchange === null ? quote.micCode : ` (${quote.micCode})`;
  return known(`${short(quote.exchange ?? '', 40)}${short(code, 20)}`, short(`${quote.exchange ?? ''}${code}`, MOST_IN_TITLE));
}

/** @param {Quote | null} quote @param {number} now @returns {Fact} */
function zoneFact(quote, now) {
  if (quote === null) return unknown(NO_PRICE);
  const { timezone } = quote;
  if (timezone === null) return unknown('The provider has not named the time zone of the exchange.');
  const there = timesIn({ zone: 'exchange', locale: 'en-US' }, timezone);
  if (there.timezone !== timezone) return unknown(`The provider names a zone that does not exist: ${short(timezone, MOST_OF_NAME)}`);
  const place = short(timezone, 40).split('/').at(-1)?.replaceAll('_', ' ');
  return known(`${place}, ${there.clock(now / 1_000)}`, `The time there now, in ${short(timezone, MOST_OF_NAME)}`);
}

/** @param {Quote | null} quote @param {import('./times.js').Times} times @returns {Fact} */
function madeFact(quote, times) {
  if (quote === null) return unknown(NO_PRICE);
  if (quote.timestamp === null) return unknown('The exchange did not say when this price was made.');
  const second = quote.timestamp / 1_000;
  if (quote.precision === 'second') return known(times.exact(second), times.name);
  if (quote.precision === 'minute') return known(times.minute(second), `The exchange gave the minute and nothing more exact. ${times.name}`);
  if (quote.precision === 'day') return known(new Date(quote.timestamp).toISOString().slice(0, 10), 'The exchange gave the day and nothing more exact.');
  return known(`${times.minute(second)} or later`, 'It is not known how much later.');
}

/** @param {Quote | null} quote @param {number | null} lag @returns {Fact} */
function lagFact(quote, lag) {
  if (quote === null) return unknown(NO_PRICE);
  const title = 'From the exchange to the hub, of this price, ± 1 s because the exchange stamps whole seconds; from the hub to this screen, the mean of the last hundred prices';
  const isTick = quote.precision === 'second' && quote.timestamp !== null && (quote.source === 'live' || quote.source === 'simulated');
  const first = isTick ? `${formatLag(Math.max(0, quote.receivedAt - Number(quote.timestamp)))} to hub` : '';
  const second = lag === null ? '' : `${formatLag(Math.max(0, lag))} here`;
  if (first === '' && second === '') return unknown('Nothing was measured yet.');
  return known([first, second].filter((part) => part !== '').join(' · '), title);
}

/** @param {Quote | null} quote @param {number | null} low @param {number | null} high @param {string} why @returns {Range} */
function rangeOf(quote, low, high, why) {
  if (quote === null) return { low: unknown(NO_PRICE), high: unknown(NO_PRICE), at: null };
  const fact = (/** @type {number | null} */ value) => (value === null ? unknown(why) : known(onScreen(formatBeside(quote, value))));
  const at = low === null || high === null || high <= low ? null : Math.max(0, Math.min(1, (quote.price - low) / (high - low)));
  return { low: fact(low), high: fact(high), at };
}

/** A span in its two largest units: `3 h 12 min`, `12 min`, `40 s`. @param {number} ms */
function span(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1_000))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
