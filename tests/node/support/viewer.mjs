/**
 * A viewer who stays: connects again when the connection is lost, and complains about a price that
 * is older than the one before, and about a frame that is missing. In `hamster.v1` it is the page's
 * own code without the page.
 */
import { PROTOCOL, Stream } from '../../../public/app/link/stream.js';

const RETRY_MS = 100;
const ACKNOWLEDGES_MS = 500;

/**
 * What this compares of a price. `whole`: all that was told.
 * @typedef {{ price: number, timestamp: number | null, whole: Record<string, any> }} Held
 */

export class Viewer {
  /** The newest price of each symbol. @type {Map<string, Held>} */
  held = new Map();
  /** What must not happen, in words. @type {string[]} */
  complaints = [];
  /** The states of the feed that were told, and when. @type {{ state: string, at: number }[]} */
  feeds = [];
  /** Connections that opened. */
  connections = 0;
  /** What the last `connected` said; `hamster.v1` hears it too. @type {Record<string, any>} */
  greeting = {};
  /** The longest time without a price since `forget`. */
  #longestGap = 0;
  #lastPrice = Date.now();
  #stream = new Stream();
  #ended = false;
  /** @type {WebSocket | undefined} */
  #socket;

  /**
   * @param {string} url
   * @param {string} symbols
   * @param {'hamster.v1' | 'plain'} dialect
   * @param {{ mayGoBack?: boolean }} [options]  whether prices of another connection may be older:
   * docs/protocol.md leaves it to clients of plain JSON to keep the newer one when the hub restarts
   */
  constructor(url, symbols, dialect, { mayGoBack = false } = {}) {
    this.url = url;
    this.symbols = symbols;
    this.dialect = dialect;
    this.mayGoBack = mayGoBack;
    this.#open();
  }

  /** @param {string} symbol */
  price(symbol) {
    return this.held.get(symbol)?.price;
  }

  /** The longest time without a price since `forget`, until now. */
  get longestGap() {
    return Math.max(this.#longestGap, Date.now() - this.#lastPrice);
  }

  /** Begins to measure the longest gap. */
  forget() {
    this.#longestGap = 0;
    this.#lastPrice = Date.now();
  }

  /** When a state of the feed was first told since a time. @param {string} state @param {number} since */
  heard(state, since) {
    return this.feeds.find((told) => told.state === state && told.at >= since)?.at;
  }

  end() {
    this.#ended = true;
    this.#socket?.close();
  }

  #open() {
    if (this.#ended) return;
    const socket = new WebSocket(this.url, this.dialect === 'plain' ? [] : PROTOCOL);
    this.#socket = socket;
    const acknowledges = setInterval(() => this.#acknowledge(), ACKNOWLEDGES_MS);
    let isLost = false;
    const lose = () => {
      if (isLost) return;
      isLost = true;
      clearInterval(acknowledges);
      setTimeout(() => this.#open(), RETRY_MS);
    };
    // Node sends no `close` for a refused connection.
    for (const event of ['close', 'error']) socket.addEventListener(event, lose);
    socket.addEventListener('message', ({ data }) => !isLost && this.#hear(data));
    socket.addEventListener('open', () => {
      this.connections += 1;
      if (this.mayGoBack) this.held.clear();
      this.#stream.reconnected();
      this.#say({ action: 'subscribe', params: { symbols: this.symbols, resume: this.#stream.position } });
    });
  }

  /** @param {object} message */
  #say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #acknowledge() {
    const due = this.#stream.acknowledgement(performance.now());
    if (due) this.#say(due);
  }

  /** @param {string} data */
  #hear(data) {
    const frame = JSON.parse(data);
    if (frame.event === 'connected') this.greeting = frame;
    if (this.dialect === 'plain') return this.#hearPlain(frame);
    try {
      for (const message of this.#stream.read(frame, data.length)) {
        if (message.event === 'price_update') this.#told(message.quote.symbol, message.quote);
        if (message.event === 'feed') this.#heardFeed(message.feed.state);
      }
    } catch (error) {
      this.complaints.push(String(error));
      this.#socket?.close();
    }
  }

  /** @param {Record<string, any>} frame */
  #hearPlain(frame) {
    if (frame['event'] === 'ack-request') this.#say({ action: 'ack', id: frame['id'] });
    if (frame['event'] === 'connected') this.#heardFeed(frame['feed'].state);
    if (frame['event'] === 'feed') this.#heardFeed(frame['state']);
    if (frame['event'] === 'price_update') this.#told(frame['symbol'], { ...frame, timestamp: Date.parse(frame['timestamp']) });
  }

  /** @param {string} state */
  #heardFeed(state) {
    this.feeds.push({ state, at: Date.now() });
  }

  /** @param {string} symbol @param {any} whole */
  #told(symbol, whole) {
    const now = Date.now();
    this.#longestGap = Math.max(this.#longestGap, now - this.#lastPrice);
    this.#lastPrice = now;
    const { price, timestamp } = whole;
    const before = this.held.get(symbol);
    if (before && (price < before.price || Number(timestamp) < Number(before.timestamp))) {
      this.complaints.push(`${symbol} went back from ${before.price} of ${before.timestamp} to ${price} of ${timestamp}`);
    }
    this.held.set(symbol, { price, timestamp, whole });
  }
}
