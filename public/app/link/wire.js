/**
 * The messages of docs/protocol.md: their types, and the one place where frames become messages. A
 * malformed frame is rejected here, so the rest of the page can trust its data.
 */

/** @typedef {'idle' | 'connecting' | 'live' | 'stalled' | 'fallback' | 'refused'} FeedState */
/** @typedef {'pending' | 'streaming' | 'polled' | 'unavailable'} SymbolState */
/** @typedef {'live' | 'rest' | 'restored' | 'simulated'} Source */
/** @typedef {'second' | 'minute' | 'day'} Precision */
/** @typedef {'stock' | 'etf' | 'index' | 'forex' | 'crypto' | 'metal'} Kind */

/**
 * Closes of consecutive minutes, at most 60; null for a minute without a trade. `end` is the start
 * of the last minute, ms since 1970.
 * @typedef {{ end: number, values: (number | null)[] }} Spark
 */

/**
 * The state of the hub's upstream. `since` is ms of the hub's clock; null if the hub did not give
 * it.
 * @typedef {{ state: FeedState, since: number | null, reason: string }} Feed
 */

/**
 * A price as the hub knows it. Times are ms since 1970 by the hub's clock; 0.25 is 0.25 %.
 * @typedef {object} Quote
 * @property {string} symbol  with the exchange if the request named one: `AAPL`, `RY:TSX`
 * @property {string | null} exchange  the venue of the price
 * @property {string | null} currency  as upstream names it: `USD`, `GBp`; of a pair the second
 * @property {string | null} name  the long one: `Apple Inc.`
 * @property {string | null} type  as upstream names it: `Common Stock`, `Index`, …
 * @property {Kind | null} kind  null: `type` is not known, or is none of these
 * @property {string | null} micCode
 * @property {string | null} timezone  of the venue, as IANA names it
 * @property {number | null} decimals  of price, bid and ask; null: the hub does not say
 * @property {number} price
 * @property {number | null} percentChange
 * @property {number | null} bid
 * @property {number | null} ask
 * @property {number | null} dayVolume
 * @property {number | null} previousClose
 * @property {number | null} open  of the running or last day, as are `high` and `low`
 * @property {number | null} high
 * @property {number | null} low
 * @property {number | null} yearLow  of 52 weeks
 * @property {number | null} yearHigh
 * @property {number | null} averageVolume  of a day
 * @property {number | null} timestamp  when the price was made; null: the exchange does not say
 * @property {Precision | null} precision  the price was made at `timestamp` or up to this much
 * later; null: unknown
 * @property {number} receivedAt  when it reached the hub
 * @property {Source} source
 * @property {boolean} simulated
 * @property {'open' | 'closed' | 'extended' | 'unknown'} session  `extended`: closed, but traded
 * @property {number | null} opensAt  while the exchange is closed
 * @property {number | null} closesAt  while it is open
 * @property {'fresh' | 'stale'} freshness
 * @property {number | null} staleSince
 */

/**
 * A symbol that the hub serves or will serve.
 * @typedef {{
 *   symbol: string, state: SymbolState, reason: string | null, needsPlan: string | null, retryAt: number | null,
 *   hasQuote: boolean
 * }} Tracked
 */
/** @typedef {{ symbol: string, reason: string }} Refusal */

/**
 * A minute of a symbol. `at` is its start, ms since 1970; prices are in the quote currency.
 * @typedef {{
 *   at: number, open: number, high: number, low: number, close: number, volume: number | null
 * }} Bar
 */

/**
 * The hub as a whole.
 * @typedef {object} Headline
 * @property {number | null} viewers
 * @property {number | null} ticksPerS
 * @property {{ minute: number | null, day: number | null }} creditsLeft
 * @property {{ streaming: number, polled: number, pending: number, unavailable: number }} symbols
 * @property {{ about: string, wrong: string, todo: string }[]} advice
 * @property {string | null} server  the relay or hub that tells it; null: there is one hub only
 * @property {number | null} hopMs  how long ago the relay heard of the hub; null at the hub itself
 */

/**
 * Who may use the hub, and who this page is to it. `principal`: the name behind the page's token;
 * null: it has none. `expires`: when that token ends, hub's clock, ms.
 * @typedef {{ mode: 'open' | 'required', principal: string | null, expires: number | null }} Admission
 */

/**
 * `access`: null or left out by a hub that knows no tokens. `server`: null or left out where there
 * is one hub only.
 * @typedef {(
 *   | { event: 'connected', version: string, simulated: boolean, time: number | null,
 *       feed: Feed | null, symbols: string[], access?: Admission | null, server?: string | null }
 *   | { event: 'subscribe-status', success: Tracked[], fails: Refusal[] }
 *   | { event: 'price_update', quote: Quote }
 *   | { event: 'feed', feed: Feed, simulated: boolean | null }
 *   | { event: 'time', id: number, time: number }
 *   | { event: 'error', code: string, message: string }
 *   | { event: 'snapshot', resumes: boolean, recovered: boolean, missed: number, changed: number }
 *   | { event: 'spark', symbol: string, spark: Spark }
 *   | { event: 'bar', symbol: string, bar: Bar }
 *   | { event: 'hub', hub: Headline }
 *   | { event: 'pong' | 'other' }
 * )} Message
 */

/**
 * The answer of GET /api/quotes: the known quotes, and the state of every requested symbol.
 * @typedef {object} QuotesAnswer
 * @property {boolean} simulated
 * @property {Feed | null} feed
 * @property {Quote[]} quotes
 * @property {Tracked[]} tracked
 */

const FEED_STATES = ['idle', 'connecting', 'live', 'stalled', 'fallback', 'refused'];
const SYMBOL_STATES = ['pending', 'streaming', 'polled', 'unavailable'];
const SOURCES = ['live', 'rest', 'restored', 'simulated'];
const SESSIONS = ['open', 'closed', 'extended', 'unknown'];
const KINDS = ['stock', 'etf', 'index', 'forex', 'crypto', 'metal'];
const PRECISIONS = ['second', 'minute', 'day'];
/** Everybody may use the hub, or those who have a token. */
export const MODES = ['open', 'required'];
const MOST_DECIMALS = 12;
/** A spark covers an hour. */
export const MOST_CLOSES = 60;
/** The range of a Date, in ms around 1970. */
const LAST_INSTANT = 8.64e15;

/** A frame that is not a message of the protocol. `message` says what is wrong with it. */
export class MalformedFrame extends Error {}

/**
 * @param {unknown} frame  the `data` of a WebSocket message event
 * @returns {Message}
 * @throws {MalformedFrame}
 */
export function parseFrame(frame) {
  return frame === 'pong' ? { event: 'pong' } : parseMessage(parseJson(frame));
}

/**
 * @param {unknown} frame  the result of {@link parseJson}
 * @returns {Message}
 * @throws {MalformedFrame}
 */
export function parseMessage(frame) {
  const body = record(frame, 'the frame');
  switch (body['event']) {
    case 'connected':
      return {
        event: 'connected',
        version: text(body['version']) ?? '',
        simulated: body['simulated'] === true,
        time: time(body['time']),
        feed: parseFeed(body['feed']),
        symbols: list(body['symbols']).filter((symbol) => typeof symbol === 'string'),
        access: parseAdmission(body['access']),
        server: text(body['server']),
      };
    case 'subscribe-status':
      return {
        event: 'subscribe-status',
        success: list(body['success']).map(tracked).filter((entry) => entry !== null),
        fails: list(body['fails']).map(refusal).filter((entry) => entry !== null),
      };
    case 'price_update':
      return { event: 'price_update', quote: quote(body) };
    case 'feed': {
      const state = parseFeed(body);
      if (!state) throw new MalformedFrame(`a feed state that is not known: ${String(body['state'])}`);
      return { event: 'feed', feed: state, simulated: typeof body['simulated'] === 'boolean' ? body['simulated'] : null };
    }
    case 'time': {
      const id = number(body['id']);
      const at = time(body['time']);
      if (id === null || at === null) throw new MalformedFrame('a time event without id or time');
      return { event: 'time', id, time: at };
    }
    case 'error':
      return { event: 'error', code: text(body['code']) ?? 'unknown', message: text(body['message']) ?? '' };
    default:
      return { event: 'other' };
  }
}

/**
 * @param {unknown} answer  the parsed JSON of GET /api/quotes
 * @returns {QuotesAnswer}
 * @throws {MalformedFrame}
 */
export function parseQuotes(answer) {
  const body = record(answer, 'the answer');
  const entries = list(body['quotes']);
  /** @type {Quote[]} */
  const quotes = [];
  for (const entry of entries) {
    if (number(record(entry, 'a quote')['price']) !== null) quotes.push(quote(record(entry, 'a quote')));
  }
  return {
    simulated: body['simulated'] === true,
    feed: parseFeed(body['feed']),
    quotes,
    tracked: entries.map(tracked).filter((entry) => entry !== null),
  };
}

/**
 * @param {Record<string, unknown>} body
 * @returns {Quote}
 */
function quote(body) {
  const symbol = text(body['symbol']);
  const price = number(body['price']);
  const receivedAt = time(body['received_at']);
  const timestamp = time(body['timestamp']);
  if (!symbol) throw new MalformedFrame('a price without a symbol');
  if (price === null) throw new MalformedFrame(`a price of ${symbol} that is no number`);
  const cameAt = receivedAt ?? timestamp;
  if (cameAt === null) throw new MalformedFrame(`a price of ${symbol} without a time`);
  return {
    symbol,
    ...marks(body),
    price,
    percentChange: number(body['percent_change']),
    bid: number(body['bid']),
    ask: number(body['ask']),
    dayVolume: number(body['day_volume']),
    previousClose: number(body['previous_close']),
    timestamp,
    precision: precision(timestamp, body['timestamp_precision']),
    receivedAt: cameAt,
    simulated: body['simulated'] === true || body['source'] === 'simulated',
    opensAt: time(body['opens_at']),
    closesAt: time(body['closes_at']),
    freshness: body['freshness'] === 'stale' ? 'stale' : 'fresh',
    staleSince: time(body['stale_since']),
  };
}

/**
 * The fields that both dialects name alike. An unknown provenance is not called live.
 * @param {Record<string, unknown>} body
 * @returns {Pick<Quote, 'exchange' | 'currency' | 'name' | 'type' | 'kind' | 'micCode' |
 *   'timezone' | 'decimals' | 'open' | 'high' | 'low' | 'yearLow' | 'yearHigh' | 'averageVolume' |
 *   'source' | 'session'>}
 */
export function marks(body) {
  const decimals = number(body['decimals']);
  return {
    exchange: text(body['exchange']),
    currency: text(body['currency']),
    name: text(body['name']),
    type: text(body['type']),
    kind: /** @type {Kind | null} */ (oneOf(KINDS, body['kind'], null)),
    micCode: text(body['mic_code']),
    timezone: text(body['timezone']),
    decimals: decimals !== null && Number.isInteger(decimals) && decimals >= 0 && decimals <= MOST_DECIMALS ? decimals : null,
    open: number(body['open']),
    high: number(body['high']),
    low: number(body['low']),
    yearLow: number(body['year_low']),
    yearHigh: number(body['year_high']),
    averageVolume: number(body['average_volume']),
    source: /** @type {Source} */ (oneOf(SOURCES, body['source'], 'restored')),
    session: /** @type {Quote['session']} */ (oneOf(SESSIONS, body['session'], 'unknown')),
  };
}

/**
 * The closes in a symbol object, which are `[first, difference, …]` in units of 1 / `unit`.
 * @param {unknown} value
 * @param {number} unit
 * @returns {Spark | null}  null: there are none, or they are malformed
 */
export function parseSpark(value, unit) {
  if (typeof value !== 'object' || value === null) return null;
  const { step, end, values } = /** @type {Record<string, unknown>} */ (value);
  const at = instant((number(end) ?? NaN) * 1_000);
  if (step !== 60 || at === null || !Array.isArray(values) || values.length === 0 || values.length > MOST_CLOSES) return null;
  if (!values.every((difference) => difference === null || Number.isSafeInteger(difference))) return null;
  let last = 0;
  return { end: at, values: values.map((difference) => (difference === null ? null : (last += difference) / unit)) };
}

/**
 * A bar of a minute: `[n, time, open, high, low, close, volume]`.
 * @param {unknown} value
 * @returns {{ n: number, bar: Bar }}
 * @throws {MalformedFrame}
 */
export function parseBar(value) {
  const fields = list(value);
  const [n, time, open, high, low, close, volume] = fields;
  const at = instant((number(time) ?? NaN) * 1_000);
  const isBar = fields.length === 7 && fields.slice(0, 6).every((field) => number(field) !== null);
  if (!isBar || at === null) throw new MalformedFrame('a bar that lacks a number');
  return { n, bar: { at, open, high, low, close, volume: number(volume) } };
}

/**
 * The hub as a whole: `{"viewers":3,"ticks_per_s":1.2,"credits":{…},"symbols":{…},"advice":[…]}`,
 * from a relay with `"server":"weur/0","hop_ms":12`.
 * @param {unknown} value
 * @returns {Headline}
 * @throws {MalformedFrame}
 */
export function parseHeadline(value) {
  const body = record(value, 'the hub');
  const credits = record(body['credits'] ?? {}, 'the credits');
  const symbols = record(body['symbols'] ?? {}, 'the counts of symbols');
  const count = (/** @type {string} */ name) => number(symbols[name]) ?? 0;
  return {
    viewers: number(body['viewers']),
    ticksPerS: number(body['ticks_per_s']),
    creditsLeft: { minute: number(credits['minute']), day: number(credits['day']) },
    symbols: { streaming: count('streaming'), polled: count('polled'), pending: count('pending'), unavailable: count('unavailable') },
    advice: list(body['advice']).map((one) => record(one, 'an advice')).map((one) => ({
      about: text(one['about']) ?? '', wrong: text(one['wrong']) ?? '', todo: text(one['todo']) ?? '',
    })),
    server: text(body['server']),
    hopMs: number(body['hop_ms']),
  };
}

/**
 * The precision of a time. A hub that does not name one knows only seconds.
 * @param {number | null} at
 * @param {unknown} named  undefined: the field is missing
 * @returns {Precision | null}
 */
export function precision(at, named) {
  if (at === null) return null;
  if (named === undefined) return 'second';
  return typeof named === 'string' && PRECISIONS.includes(named) ? /** @type {Precision} */ (named) : null;
}

/**
 * @param {unknown} value
 * @returns {Feed | null}
 */
export function parseFeed(value) {
  if (typeof value !== 'object' || value === null) return null;
  const body = /** @type {Record<string, unknown>} */ (value);
  if (!FEED_STATES.includes(String(body['state']))) return null;
  return {
    state: /** @type {FeedState} */ (body['state']),
    since: time(body['since']),
    reason: text(body['reason']) ?? '',
  };
}

/**
 * @param {unknown} value
 * @returns {Admission | null}
 */
function parseAdmission(value) {
  const { mode, principal, expires } = /** @type {Record<string, unknown>} */ (value ?? {});
  const known = oneOf(MODES, mode, null);
  return known === null ? null : { mode: /** @type {Admission['mode']} */ (known), principal: text(principal), expires: time(expires) };
}

/**
 * @param {unknown} value
 * @returns {Tracked | null}
 */
function tracked(value) {
  const body = record(value, 'an entry');
  const symbol = text(body['symbol']);
  if (!symbol) return null;
  return {
    symbol,
    state: /** @type {SymbolState} */ (oneOf(SYMBOL_STATES, body['state'], 'pending')),
    reason: text(body['reason']),
    needsPlan: text(body['needs_plan']),
    retryAt: instant(body['retry_at']) ?? time(body['retry_at']),
    hasQuote: body['has_quote'] === true,
  };
}

/**
 * @param {unknown} value
 * @returns {Refusal | null}
 */
function refusal(value) {
  const body = record(value, 'an entry');
  const symbol = text(body['symbol']);
  return symbol === null ? null : { symbol, reason: text(body['reason']) ?? 'the hub gave no reason' };
}

/**
 * @param {unknown} frame  the `data` of a WebSocket message event
 * @throws {MalformedFrame}
 */
export function parseJson(frame) {
  if (typeof frame !== 'string') throw new MalformedFrame('a binary frame');
  try {
    return /** @type {unknown} */ (JSON.parse(frame));
  } catch {
    throw new MalformedFrame('a frame that is not JSON');
  }
}

/**
 * @param {unknown} value
 * @param {string} what
 * @returns {Record<string, unknown>}
 */
export function record(value, what) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedFrame(`${what} is not an object`);
  }
  return /** @type {Record<string, unknown>} */ (value);
}

/**
 * Why the hub refused a request: the sentence of its problem details (RFC 9457), else the status.
 * @param {unknown} body  the parsed JSON
 * @param {number} status  of HTTP
 */
export function problemOf(body, status) {
  const { detail, title } = /** @type {{ detail?: unknown, title?: unknown }} */ (body ?? {});
  return text(detail) ?? text(title) ?? `the hub answered ${status}`;
}

/**
 * @param {unknown} value
 * @returns {any[]}
 */
export function list(value) {
  return Array.isArray(value) ? value : [];
}

/** @param {unknown} value */
export function text(value) {
  return typeof value === 'string' ? value : null;
}

/** A finite number, or null. @param {unknown} value */
export function number(value) {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A valid time in ms since 1970, or null. @param {unknown} value */
export function instant(value) {
  const at = number(value);
  return at !== null && Math.abs(at) <= LAST_INSTANT ? at : null;
}

/**
 * ISO 8601 to ms since 1970.
 * @param {unknown} value
 */
export function time(value) {
  const at = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? null : at;
}

/**
 * @template {string | null} T
 * @param {string[]} known
 * @param {unknown} value
 * @param {T} otherwise
 */
export function oneOf(known, value, otherwise) {
  return typeof value === 'string' && known.includes(value) ? value : otherwise;
}
