/**
 * The fake hub's REST answers where a test gives none: history, sparklines, search, sessions, in
 * the forms of docs/protocol.md. The same question at the same time always has the same answer.
 */
import { barsOf, instrumentOf, instruments, priceAt } from './market.mjs';

/** @typedef {{ status?: number, json?: unknown, body?: string, headers?: Record<string, string> }} Answer */
/**
 * What an answer depends on: `anchor` is when prices are those of the instruments, s; `now` is in ms.
 * @typedef {{ simulated: boolean, anchor: number, now: number }} Market
 */

const STEPS = /** @type {Record<string, number>} */ ({ '1min': 60, '5min': 300, '15min': 900, '1h': 3_600, '4h': 14_400, '1day': 86_400 });
/** Older bars do not exist. */
const KEPT_BARS = 3_000;

/**
 * @param {URL} url
 * @param {Market} market
 * @returns {Answer | null}  null: this hub has no such route
 */
export function answerOf(url, market) {
  const answer = ROUTES.get(url.pathname);
  return answer ? answer(url.searchParams, market) : null;
}

/** @type {Map<string, (asked: URLSearchParams, market: Market) => Answer>} */
const ROUTES = new Map([
  ['/api/history', history],
  ['/api/sparklines', sparklines],
  ['/api/search', search],
  ['/api/sessions', sessions],
]);

/** @param {URLSearchParams} asked @param {Market} market @returns {Answer} */
function history(asked, { simulated, anchor, now }) {
  const symbol = (asked.get('symbol') ?? '').toUpperCase();
  const interval = asked.get('interval') ?? '1min';
  const step = STEPS[interval];
  const limit = Number(asked.get('limit') ?? 500);
  const before = instantOf(asked.get('before'));
  if (!step || !symbol || !(limit >= 1 && limit <= 5_000)) return problem(400, 'Bad Request', 'symbol, interval or limit is wrong');
  const instrument = instrumentOf(symbol);
  const running = Math.floor(now / 1_000 / step) * step;
  const last = before === null ? running : Math.min(running, Math.ceil(before / step) * step - step);
  const oldest = running - (KEPT_BARS - 1) * step;
  const first = Math.max(oldest, last - (limit - 1) * step);
  const unit = 10 ** instrument.decimals;
  const bars = barsOf(instrument, { step, first, last, anchor, now: now / 1_000 });
  return {
    json: {
      ok: true, symbol, interval, simulated, scale: instrument.decimals, currency: instrument.currency, timezone: instrument.timezone,
      columns: ['time', 'open', 'high', 'low', 'close', 'volume', 'from'],
      bars: bars.map(([time, open, high, low, close, volume]) => [time, ...[open, high, low, close].map((price) => Math.round(price * unit)), volume, time === running ? 1 : 0]),
      sources: simulated ? ['simulator', 'hub (simulated)'] : ['twelve_data', 'hub'], gaps: [], running, more: first > oldest, before: first,
      reason: null, retry_at: null, as_of: new Date(now).toISOString(),
    },
  };
}

/** @param {URLSearchParams} asked @param {Market} market @returns {Answer} */
function sparklines(asked, { simulated, anchor, now }) {
  const symbols = (asked.get('symbols') ?? '').split(',').filter((symbol) => symbol !== '');
  return {
    json: {
      ok: true, simulated, fails: [], as_of: new Date(now).toISOString(),
      symbols: symbols.map((symbol) => ({ symbol, scale: instrumentOf(symbol).decimals, ...sparkOf(symbol, anchor, now) })),
    },
  };
}

/**
 * The closes of the last hour as the hub writes them: the first, then differences.
 * @param {string} symbol
 * @param {number} anchor  s
 * @param {number} now     ms
 */
export function sparkOf(symbol, anchor, now) {
  const instrument = instrumentOf(symbol);
  const end = Math.floor(now / 60_000) * 60 - 60;
  const closes = Array.from({ length: 60 }, (_, index) => Math.round(priceAt(instrument, end - (58 - index) * 60, anchor) * 10 ** instrument.decimals));
  return { step: 60, end, values: closes.map((close, index) => close - (closes[index - 1] ?? 0)) };
}

/** @param {URLSearchParams} asked @returns {Answer} */
function search(asked) {
  const q = asked.get('q') ?? '';
  const limit = Number(asked.get('limit') ?? 10);
  const wanted = q.toLowerCase();
  const found = instruments().filter(({ symbol, name }) => symbol.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted));
  const results = found.slice(0, limit).map(({ symbol, name, exchange, kind, currency, country }) => ({
    symbol: symbol.split(':')[0], subscribe: symbol, name, exchange, mic_code: null, kind, currency, country, serves: 'stream', plan: null,
  }));
  return { json: { ok: true, q, from: 'cache', reason: null, retry_at: null, results } };
}

/** @param {URLSearchParams} _ @param {Market} market @returns {Answer} */
function sessions(_, { now }) {
  const inHours = (/** @type {number} */ hours) => new Date(Math.ceil(now / 3_600_000) * 3_600_000 + hours * 3_600_000).toISOString();
  return {
    json: {
      ok: true, as_of: new Date(now).toISOString(), reason: null, retry_at: null,
      exchanges: [
        { code: 'XNGS', name: 'NASDAQ', country: 'United States', open: true, opens_at: null, closes_at: inHours(4) },
        { code: 'XNYS', name: 'NYSE', country: 'United States', open: true, opens_at: null, closes_at: inHours(4) },
        { code: 'XLON', name: 'LSE', country: 'United Kingdom', open: false, opens_at: inHours(15), closes_at: null },
      ],
    },
  };
}

/** RFC 9457. @param {number} status @param {string} title @param {string} detail @returns {Answer} */
function problem(status, title, detail) {
  return { status, json: { ok: false, type: 'about:blank', title, status, detail } };
}

/** ISO 8601 or seconds since 1970, in s. @param {string | null} text */
function instantOf(text) {
  if (text === null) return null;
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1_000;
}
