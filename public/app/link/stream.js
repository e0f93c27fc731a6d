/**
 * The reference client of `hamster.v1` (docs/protocol.md). It keeps the state that the frames
 * describe, checks that each frame follows the one before, and tells when and what to acknowledge
 * and where to resume. It has no socket and no clock.
 *
 * Parsed JSON frames go in, messages in the terms of plain JSON come out, so the code that shows
 * prices need not know the dialect.
 *
 * It decodes against what the server told, and shows a price of an earlier epoch for as long as that
 * one is newer (newer-prices.js).
 */
import { percentOf } from '../model/quotes.js';
import { NewerPrices } from './newer-prices.js';
import { MalformedFrame, instant, marks, number, parseBar, parseFeed, parseHeadline, parseMessage, parseSpark, precision, record } from './wire.js';

/** @typedef {import('./wire.js').Message} Message */

export const PROTOCOL = 'hamster.v1';

/** At most one acknowledgement a second. */
const ACK_AT_MOST_EVERY_MS = 1_000;
/** This many bytes are acknowledged at once. */
const ACK_BYTES = 128 * 1024;

/** A frame does not follow the one before: at least one was missed. */
export class MissedFrames extends Error {}

/**
 * The state of one symbol: its last symbol object, with the numbers that deltas add to. `bid` and
 * `ask` are relative to `price`.
 * @typedef {object} Held
 * @property {Record<string, unknown>} object
 * @property {number} unit   10 to the power of its scale
 * @property {number} price
 * @property {number} bid
 * @property {number} ask
 * @property {number | null} high  in the quote currency, as is `low`
 * @property {number | null} low
 * @property {number} volume
 * @property {number | null} time  ms since 1970; null: the exchange did not give one
 * @property {number} received  ms since 1970
 */

export class Stream {
  #epoch = 0;
  #id = 0;
  #seq = 0;
  #base = 0;
  #simulated = false;
  #ackMs = ACK_AT_MOST_EVERY_MS;
  #ackedSeq = 0;
  #ackedAt = -Infinity;
  #unackedBytes = 0;
  /** The next snapshot is the first of a new connection. */
  #reconnected = false;
  /** The hub wants an acknowledgement now, even if nothing new was read. */
  #asked = false;
  /** By symbol number. @type {Map<number, Held>} */
  #symbols = new Map();
  #newer = new NewerPrices();
  /** Whether the last snapshot resumed the channel, and how many missed deltas it replaces. */
  recovered = false;
  missed = 0;

  /** The cursor to resume from after a lost connection; undefined if there is none. */
  get position() {
    return this.#id === 0 ? undefined : { epoch: this.#epoch, stream: this.#id, seq: this.#seq };
  }

  /** The sequence number of the newest delta that was read. */
  get seq() {
    return this.#seq;
  }

  /** The epoch: the server's current life. */
  get epoch() {
    return this.#epoch;
  }

  /** A new connection: what was read on the old one needs no acknowledgement any more. */
  reconnected() {
    this.#ackedSeq = this.#seq;
    this.#unackedBytes = 0;
    this.#asked = false;
    this.#reconnected = true;
  }

  /**
   * @param {unknown} frame  parsed JSON
   * @param {number} [bytes]  its length
   * @returns {Message[]}
   * @throws {MissedFrames} reconnect and resume
   * @throws {MalformedFrame} not of this protocol
   */
  read(frame, bytes = 0) {
    if (Array.isArray(frame)) {
      this.#unackedBytes += bytes;
      return this.#delta(frame);
    }
    const body = record(frame, 'the frame');
    if (body['event'] === 'snapshot') return this.#snapshot(body);
    if (body['event'] === 'ack-request') this.#asked = true;
    return [parseMessage(body)];
  }

  /**
   * The acknowledgement that is due; null if none is.
   * @param {number} now  ms, of any monotonic clock
   * @returns {{ action: 'ack', stream: number, seq: number } | null}
   */
  acknowledgement(now) {
    if (this.#id === 0 || (this.#seq === this.#ackedSeq && !this.#asked)) return null;
    const waited = now - this.#ackedAt;
    const due = waited >= this.#ackMs || (waited >= ACK_AT_MOST_EVERY_MS && this.#unackedBytes >= ACK_BYTES);
    if (!due && !this.#asked) return null;
    this.#asked = false;
    this.#ackedAt = now;
    this.#ackedSeq = this.#seq;
    this.#unackedBytes = 0;
    return { action: 'ack', stream: this.#id, seq: this.#seq };
  }

  /**
   * @param {Record<string, unknown>} body
   * @returns {Message[]}
   */
  #snapshot(body) {
    const [epoch, id, seq, base] = ['epoch', 'stream', 'seq', 'base'].map((name) => integer(body[name]));
    if (epoch === undefined || id === undefined || seq === undefined || base === undefined || !Array.isArray(body['symbols'])) {
      throw new MalformedFrame('a snapshot without a position');
    }
    this.recovered = body['recovered'] === true;
    this.missed = number(body['missed']) ?? 0;
    // The hub also sends a snapshot when it removes a symbol. Then nothing was missed, and the
    // client did not start over.
    const resumes = this.#id !== 0 && (this.#reconnected || this.recovered || this.missed > 0 || epoch !== this.#epoch);
    this.#reconnected = false;
    if (this.recovered && (epoch !== this.#epoch || id !== this.#id || seq < this.#seq)) {
      throw new MissedFrames('a snapshot goes on from where this client never was');
    }
    if (epoch !== this.#epoch) this.#newer.begin(this.#allShown());
    if (!this.recovered) this.#symbols.clear();
    [this.#epoch, this.#id, this.#seq, this.#base] = [epoch, id, seq, base];
    this.#ackedSeq = seq;
    this.#unackedBytes = 0;
    this.#simulated = body['simulated'] === true;
    this.#ackMs = number(body['ack_ms']) ?? ACK_AT_MOST_EVERY_MS;
    const { recovered, missed } = this;
    const changed = body['symbols'].length;
    return [
      { event: 'snapshot', resumes, recovered, missed, changed },
      ...this.#feed(body['feed']),
      ...body['symbols'].flatMap((object) => this.#whole(object)),
    ];
  }

  /** @param {unknown[]} frame */
  #delta([epoch, seq, t, ...items]) {
    const sent = integer(t);
    if (sent === undefined) throw new MalformedFrame('a delta without a time');
    if (epoch !== this.#epoch || seq !== this.#seq + 1) {
      throw new MissedFrames(`delta ${String(seq)} of epoch ${String(epoch)} came after ${this.#seq} of ${this.#epoch}`);
    }
    this.#seq += 1;
    return items.flatMap((item) => (Array.isArray(item) ? this.#update(item, this.#base + sent) : this.#object(item)));
  }

  /**
   * `[n, price, time, age, volume, bid, ask]`
   * @param {number[]} item
   * @param {number} sent
   * @returns {Message[]}
   */
  #update([n = -1, price = 0, time = 0, age = 0, volume = 0, bid = 0, ask = 0], sent) {
    const held = this.#symbols.get(n);
    if (!held) throw new MissedFrames(`an update of symbol number ${n}, which was never shown`);
    held.price += price;
    if (held.time !== null) held.time = instant(held.time + Math.round(time * 1_000));
    held.received = sent - age;
    held.volume += volume;
    held.bid += bid;
    held.ask += ask;
    if (held.object['session'] === 'open') {
      const current = priceOf(held);
      if (held.high !== null) held.high = Math.max(held.high, current);
      if (held.low !== null) held.low = Math.min(held.low, current);
    }
    return this.#priceUpdate(held);
  }

  /**
   * @param {unknown} item
   * @returns {Message[]}
   */
  #object(item) {
    const body = record(item, 'an item');
    if ('feed' in body) return this.#feed(body['feed']);
    if ('ack_ms' in body) {
      this.#ackMs = number(body['ack_ms']) ?? this.#ackMs;
      return [];
    }
    if ('bar' in body) return this.#bar(parseBar(body['bar']));
    if ('hub' in body) return [{ event: 'hub', hub: parseHeadline(body['hub']) }];
    // A later version of the protocol may have items that this one does not know.
    return 'n' in body ? this.#whole(body) : [];
  }

  /**
   * @param {{ n: number, bar: import('./wire.js').Bar }} told
   * @returns {Message[]}
   */
  #bar({ n, bar }) {
    const held = this.#symbols.get(n);
    if (!held) throw new MissedFrames(`a bar of symbol number ${n}, which was never shown`);
    return [{ event: 'bar', symbol: String(held.object['symbol']), bar }];
  }

  /**
   * @param {unknown} item
   * @returns {Message[]}
   */
  #whole(item) {
    const object = record(item, 'a symbol object');
    const n = integer(object['n']);
    if (n === undefined || typeof object['symbol'] !== 'string') throw new MalformedFrame('a symbol object without number or name');
    /** @param {string} name */
    const field = (name) => number(object[name]) ?? 0;
    /** @type {Held} */
    const held = {
      object, unit: 10 ** field('scale'), price: field('price'), bid: field('bid'), ask: field('ask'), volume: field('day_volume'),
      high: number(object['high']), low: number(object['low']),
      time: instant(object['time']), received: instant(object['received']) ?? this.#base,
    };
    this.#symbols.set(n, held);
    const hasQuote = isPriced(held);
    const status = parseMessage({ event: 'subscribe-status', success: [{ ...object, has_quote: hasQuote }], fails: [] });
    const spark = hasQuote ? parseSpark(object['spark'], held.unit) : null;
    return [status, ...this.#priceUpdate(held), ...(spark ? [/** @type {const} */ ({ event: 'spark', symbol: object['symbol'], spark })] : [])];
  }

  /**
   * @param {unknown} value
   * @returns {Message[]}
   */
  #feed(value) {
    const feed = parseFeed(value);
    return feed ? [{ event: 'feed', feed, simulated: this.#simulated }] : [];
  }

  /**
   * @param {Held} held
   * @returns {Message[]}  none: there is no price
   */
  #priceUpdate(held) {
    const quote = this.#shown(held);
    return quote === null ? [] : [{ event: 'price_update', quote }];
  }

  /** Every price that is shown. */
  #allShown() {
    return [...this.#symbols.values()].map((held) => this.#shown(held)).filter((quote) => quote !== null);
  }

  /** @param {Held} held */
  #shown(held) {
    return this.#newer.shown(String(held.object['symbol']), isPriced(held) ? this.#told(held) : null);
  }

  /**
   * The line of a symbol as the server told it.
   * @param {Held} held
   * @returns {import('./wire.js').Quote}
   */
  #told(held) {
    const { object, unit, price, bid, ask, high, low, volume, time, received } = held;
    const scaled = object['scale'] !== null;
    const current = priceOf(held);
    const previousClose = number(object['previous_close']);
    const staleSince = instant(object['stale_since']);
    /** @param {'bid' | 'ask'} name @param {number} steps */
    const beside = (name, steps) => (object[name] === null ? null : scaled ? (price + steps) / unit : steps);
    return {
      symbol: String(object['symbol']),
      ...marks(object),
      price: current,
      high,
      low,
      simulated: this.#simulated,
      previousClose,
      bid: beside('bid', bid),
      ask: beside('ask', ask),
      dayVolume: object['day_volume'] === null ? null : volume,
      percentChange: previousClose === null ? null : percentOf(current, previousClose),
      timestamp: time,
      precision: precision(time, object['time_precision']),
      receivedAt: received,
      opensAt: instant(object['opens_at']),
      closesAt: instant(object['closes_at']),
      freshness: number(object['stale_since']) === null ? 'fresh' : 'stale',
      staleSince,
    };
  }
}

/** Whether the server has a price of the symbol. @param {Held} held */
function isPriced({ object }) {
  return number(object['price']) !== null;
}

/** In the quote currency. @param {Held} held */
function priceOf({ object, unit, price }) {
  return object['scale'] === null ? price : price / unit;
}

/** @param {unknown} value */
function integer(value) {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
