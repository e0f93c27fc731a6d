/**
 * The fake hub's side of `hamster.v1` (docs/protocol.md): a channel of one client, which writes
 * snapshots and deltas, knows what was acknowledged, and keeps a resume log.
 */
import { sparkOf } from './answers.mjs';
import { instrumentOf } from './market.mjs';

/** A quote in the form of plain JSON. @typedef {Record<string, any>} Quote */
/** `reason`, `needs_plan` and `retry_at` as in `subscribe-status`. @typedef {{ state: string, reason: string | null, [field: string]: unknown }} State */

/**
 * What a channel asks of its hub.
 * @typedef {object} Source
 * @property {number} epoch
 * @property {number} base  start of the epoch, ms
 * @property {number} ackMs
 * @property {boolean} simulated
 * @property {{ state: string, since: string, reason: string }} feed
 * @property {(symbol: string) => number} numberOf
 * @property {(symbol: string) => Quote | undefined} quoteOf
 * @property {(symbol: string) => State} stateOf
 * @property {number | null} sparks  s of the market's anchor; null: no sparklines
 */

/** The numbers that the short form of a delta adds to. */
const NUMBERS = new Set(['price', 'bid', 'ask', 'day_volume', 'time', 'received', 'high', 'low']);

export class Channel {
  seq = 0;
  /** The newest delta that the client said to have read. */
  acked = 0;
  /** @type {((text: string) => void) | null} null: the client is away */
  send;
  #source;
  /** The symbol objects as the client knows them. @type {Map<string, Record<string, any>>} */
  #told = new Map();
  /** By sequence number, the symbols of that delta. @type {Map<number, string[]>} */
  #log = new Map();

  /**
   * @param {number} id
   * @param {Source} source
   * @param {string[]} symbols
   * @param {(text: string) => void} send
   */
  constructor(id, source, symbols, send) {
    this.id = id;
    this.symbols = new Set(symbols);
    this.#source = source;
    this.send = send;
  }

  /** Everything that the client watches. */
  snapshot() {
    this.#told.clear();
    this.#sendSnapshot([...this.symbols], false, 0);
  }

  /**
   * What changed since the client's position.
   * @param {number} seq
   * @param {(text: string) => void} send
   * @returns {boolean} false: it is not in the resume log
   */
  resume(seq, send) {
    if (seq > this.seq || (seq < this.seq && !this.#log.has(seq + 1))) return false;
    this.send = send;
    const changed = new Set();
    for (let missed = seq + 1; missed <= this.seq; missed += 1) for (const symbol of this.#log.get(missed) ?? []) changed.add(symbol);
    this.#sendSnapshot([...changed], true, this.seq - seq);
    return true;
  }

  /** One delta with the newest values of these symbols. @param {Iterable<string>} symbols */
  tell(symbols) {
    const watched = [...symbols].filter((symbol) => this.symbols.has(symbol));
    if (watched.length === 0) return;
    const now = Date.now();
    this.#delta(watched.map((symbol) => this.#item(symbol, now)), now, watched);
  }

  /** One delta with items that are no prices: `{"feed":…}`, `{"hub":…}`. @param {object} item */
  tellItem(item) {
    this.#delta([item], Date.now(), []);
  }

  /** A minute that closed. @param {string} symbol @param {number[]} bar  `[time, open, high, low, close, volume]` */
  tellBar(symbol, bar) {
    if (this.symbols.has(symbol)) this.tellItem({ bar: [this.#source.numberOf(symbol), ...bar] });
  }

  /** All closes of a symbol's last hour. @param {string} symbol @param {{ step: number, end: number, values: (number | null)[] }} spark */
  tellSpark(symbol, spark) {
    if (!this.symbols.has(symbol)) return;
    const object = this.#object(symbol);
    this.#told.set(symbol, object);
    this.#delta([{ ...object, spark }], Date.now(), [symbol]);
  }

  /** @param {number} seq @returns {boolean} false: it was never sent */
  acknowledge(seq) {
    if (seq > this.seq) return false;
    this.acked = Math.max(this.acked, seq);
    return true;
  }

  /**
   * @param {unknown[]} items
   * @param {number} now
   * @param {string[]} symbols
   */
  #delta(items, now, symbols) {
    this.seq += 1;
    this.#log.set(this.seq, symbols);
    this.#log.delete(this.seq - 1_000);
    this.send?.(JSON.stringify([this.#source.epoch, this.seq, now - this.#source.base, ...items]));
  }

  /** @param {string[]} symbols @param {boolean} recovered @param {number} missed */
  #sendSnapshot(symbols, recovered, missed) {
    const { epoch, base, ackMs, simulated, feed, sparks } = this.#source;
    const objects = symbols.map((symbol) => {
      const object = this.#object(symbol);
      this.#told.set(symbol, object);
      return sparks === null || object['price'] === null ? object : { ...object, spark: scaledSpark(symbol, object, sparks) };
    });
    this.send?.(JSON.stringify({
      event: 'snapshot', epoch, stream: this.id, seq: this.seq, base, interval_ms: 0, ack_ms: ackMs, recovered, missed, simulated, feed, symbols: objects,
    }));
  }

  /** The short form of a change, or the symbol object where it does not fit. @param {string} symbol @param {number} now */
  #item(symbol, now) {
    const held = this.#told.get(symbol);
    const next = this.#object(symbol);
    this.#told.set(symbol, next);
    if (!held || !isShort(held, next)) return next;
    const item = [
      next['n'], next['price'] - held['price'], (next['time'] - held['time']) / 1_000, now - next['received'],
      (next['day_volume'] ?? 0) - (held['day_volume'] ?? 0), (next['bid'] ?? 0) - (held['bid'] ?? 0), (next['ask'] ?? 0) - (held['ask'] ?? 0),
    ];
    while (item.length > 1 && item.at(-1) === 0) item.pop();
    return item;
  }

  /** @param {string} symbol @returns {Record<string, any>} */
  #object(symbol) {
    const quote = this.#source.quoteOf(symbol);
    const { state, reason, ...rest } = this.#source.stateOf(symbol);
    const head = { n: this.#source.numberOf(symbol), symbol, state, reason, needs_plan: null, retry_at: null, ...rest };
    if (!quote) return { ...head, scale: null, price: null, bid: null, ask: null, time: null, received: null, source: null };
    const scale = scaleOf(quote);
    const unit = scale === null ? 1 : 10 ** scale;
    const price = scale === null ? quote['price'] : Math.round(quote['price'] * unit);
    const beside = (/** @type {number | null} */ value) => (value === null ? null : scale === null ? value : Math.round(value * unit) - price);
    return {
      ...head, scale, price, bid: beside(quote['bid']), ask: beside(quote['ask']), high: quote['high'] ?? null, low: quote['low'] ?? null,
      day_volume: quote['day_volume'], time: msOf(quote['timestamp']), time_precision: quote['timestamp_precision'] ?? null,
      received: msOf(quote['received_at']), previous_close: quote['previous_close'], open: quote['open'] ?? null, exchange: quote['exchange'],
      name: quote['name'] ?? null, type: quote['type'] ?? null, kind: quote['kind'] ?? null, currency: quote['currency'] ?? null,
      mic_code: quote['mic_code'] ?? null, timezone: quote['timezone'] ?? null, decimals: quote['decimals'] ?? null,
      year_low: quote['year_low'] ?? null, year_high: quote['year_high'] ?? null, average_volume: quote['average_volume'] ?? null,
      source: quote['source'], session: quote['session'], opens_at: msOf(quote['opens_at']), closes_at: msOf(quote['closes_at']),
      stale_since: quote['freshness'] === 'stale' ? msOf(quote['stale_since'] ?? quote['received_at']) : null,
    };
  }
}

/** Whether a delta's short form says all that changed. @param {Record<string, any>} held @param {Record<string, any>} next */
function isShort(held, next) {
  if (next['scale'] === null || held['price'] === null || held['time'] === null || next['time'] === null) return false;
  for (const name of ['bid', 'ask', 'day_volume']) if ((held[name] === null) !== (next[name] === null)) return false;
  for (const name of Object.keys(next)) if (!NUMBERS.has(name) && next[name] !== held[name]) return false;
  const price = next['price'] / 10 ** next['scale'];
  const open = next['session'] === 'open';
  return next['high'] === extended(held['high'], price, Math.max, open) && next['low'] === extended(held['low'], price, Math.min, open);
}

/**
 * @param {number | null} end
 * @param {number} price
 * @param {(...values: number[]) => number} choose
 * @param {boolean} open
 */
function extended(end, price, choose, open) {
  return end === null || !open ? end : choose(end, price);
}

/** The decimals with which price, bid and ask are whole; null: there are none. @param {Quote} quote */
function scaleOf(quote) {
  const { decimals } = quote;
  if (typeof decimals !== 'number') return null;
  const unit = 10 ** decimals;
  const whole = [quote['price'], quote['bid'], quote['ask']].every((value) => {
    const steps = Math.round((value ?? 0) * unit);
    return Number.isSafeInteger(steps) && steps / unit === (value ?? 0);
  });
  return whole ? decimals : null;
}

/** @param {string} symbol @param {Record<string, any>} object @param {number} anchor */
function scaledSpark(symbol, object, anchor) {
  return object['scale'] === instrumentOf(symbol).decimals ? sparkOf(symbol, anchor, Date.now()) : undefined;
}

/** @param {string | null | undefined} text  ISO 8601 */
function msOf(text) {
  return text === null || text === undefined ? null : Date.parse(text);
}
