/** Asks the hub for bars: GET /api/history of docs/protocol.md. */
import { SignInNeeded } from './access.js';
import { MalformedFrame, list, number, problemOf, record, text, time as timeOf } from './wire.js';

/** @typedef {import('../model/candles.js').Candle} Candle */
/** @typedef {import('../model/candles.js').Gap} Gap */

/**
 * @typedef {object} History
 * @property {boolean} simulated
 * @property {number | null} decimals  with which every price is exact
 * @property {string | null} timezone  of the exchange
 * @property {Candle[]} bars  in order of time, each time once
 * @property {Gap[]} gaps
 * @property {number | null} running  start of the bar that is not complete, s since 1970
 * @property {boolean} more
 * @property {number | null} before  asks for older bars, s since 1970
 * @property {string | null} reason  why something is missing
 * @property {number | null} retryAt  when it pays to ask again, hub's clock, ms
 */

/** The hub does not serve this symbol or question; asking again does not help. */
export class Refused extends Error {}

/** No answer, or none that can be used. `retryAfter`: seconds, as the hub asks. */
export class Unanswered extends Error {
  /** @param {string} reason @param {number | null} [retryAfter] */
  constructor(reason, retryAfter = null) {
    super(reason);
    this.retryAfter = retryAfter;
  }
}

const PATIENCE_MS = 15_000;
/** Beyond this the chart's arithmetic is not exact, and no market has such prices. */
const MOST_PRICE = 9e13;
const MOST_DECIMALS = 12;

/**
 * @param {{
 *   symbol: string, interval: string, limit: number, before?: number, server?: string | null, again?: boolean
 * }} question
 *   `server`: the relay that this page is connected to, which asks the hub once for many pages;
 *   `again`: bars may have changed since, so the browser's copy of the last answer is not good enough
 * @param {AbortSignal} signal
 * @param {import('./access.js').Ask} ask
 * @returns {Promise<History>}
 * @throws {Refused | Unanswered}
 */
export async function askHistory({ symbol, interval, limit, before, server = null, again = false }, signal, ask) {
  const query = new URLSearchParams({
    symbol, interval, limit: String(limit), ...(before === undefined ? {} : { before: String(before) }), ...(server === null ? {} : { server }),
  });
  /** @type {Response} */
  let response;
  /** @type {unknown} */
  let body;
  try {
    response = await ask(`/api/history?${query}`, { cache: again ? 'no-cache' : 'default', signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
    body = await response.json();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Unanswered(reasonOf(error));
  }
  if (!response.ok) {
    const reason = problemOf(body, response.status);
    if ([400, 403, 404].includes(response.status)) throw new Refused(reason);
    throw new Unanswered(reason, Number(response.headers.get('retry-after')) || null);
  }
  try {
    return parseHistory(body);
  } catch (error) {
    if (error instanceof MalformedFrame) throw new Unanswered(`the answer cannot be used: ${error.message}`);
    throw error;
  }
}

/**
 * @param {unknown} answer  the parsed JSON
 * @returns {History}
 * @throws {MalformedFrame}
 */
export function parseHistory(answer) {
  const body = record(answer, 'the answer');
  const columns = list(body['columns']);
  const [time, open, high, low, close, volume, from] = ['time', 'open', 'high', 'low', 'close', 'volume', 'from'].map((name) => columns.indexOf(name));
  if ([time, open, high, low, close].some((place) => place === undefined || place < 0)) throw new MalformedFrame('a history without its columns');
  const scale = number(body['scale']);
  const unit = scale === null ? 1 : 10 ** scale;
  const sources = list(body['sources']).map(String);
  /** @type {Candle[]} */
  const bars = [];
  for (const row of list(body['bars'])) {
    const at = (/** @type {number | undefined} */ place) => number(list(row)[place ?? -1]);
    const bar = soundBar({
      time: at(time), open: at(open), high: at(high), low: at(low), close: at(close), volume: at(volume),
    }, unit, sources[at(from) ?? -1] ?? 'hub');
    if (bar && bar.time > (bars.at(-1)?.time ?? -Infinity)) bars.push(bar);
  }
  return {
    simulated: body['simulated'] === true,
    decimals: scale !== null && scale >= 0 && scale <= MOST_DECIMALS ? scale : null,
    timezone: text(body['timezone']),
    bars,
    gaps: list(body['gaps']).flatMap(gap),
    running: number(body['running']),
    more: body['more'] === true,
    before: number(body['before']),
    reason: text(body['reason']),
    retryAt: timeOf(body['retry_at']),
  };
}

/**
 * A bar whose prices are possible, or null.
 * @param {Record<'time' | 'open' | 'high' | 'low' | 'close' | 'volume', number | null>} raw
 * @param {number} unit
 * @param {string} from
 * @returns {Candle | null}
 */
function soundBar({ time, open, high, low, close, volume }, unit, from) {
  if (time === null || open === null || high === null || low === null || close === null) return null;
  const prices = [open, high, low, close].map((price) => price / unit);
  if (prices.some((price) => Math.abs(price) > MOST_PRICE) || low > Math.min(open, close) || high < Math.max(open, close)) return null;
  return { time, open: open / unit, high: high / unit, low: low / unit, close: close / unit, volume, from };
}

/** @param {unknown} value @returns {Gap[]} */
function gap(value) {
  const [from, to, reason] = list(value);
  return typeof from === 'number' && typeof to === 'number' && from < to ? [{ from, to, reason: text(reason) ?? 'no reason told' }] : [];
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer within ${PATIENCE_MS / 1_000} s`;
  if (error instanceof SyntaxError) return 'the answer is not JSON';
  if (error instanceof SignInNeeded) return error.message;
  return 'the hub cannot be reached';
}
