/**
 * The state of the one symbol that an embed shows: as much of model/store.js as it needs, by the
 * same rules. It has no clock, no DOM and no network.
 */
import { ClockOffset } from '../model/clock.js';
import { newRow, rowKey, setTracked, subscribed, takeQuote, withClose } from '../model/quotes.js';

/** @typedef {import('../model/store.js').Store} Store */

export class OneSymbol {
  /** @type {Store['link']} */
  link = { state: 'connecting', since: 0, reason: '', retryAt: null, heardAt: 0, signIn: null };
  /** @type {Store['feed']} */
  feed = null;
  protocol = '';
  clock = new ClockOffset();
  row;
  rows;
  #onChange;

  /** @param {string} symbol @param {() => void} [onChange] */
  constructor(symbol, onChange = () => {}) {
    this.row = newRow(symbol);
    this.rows = new Map([[this.row.key, this.row]]);
    this.#onChange = onChange;
  }

  /** What `truthOf` must know beside the row. @returns {import('../model/truth.js').Circumstances} */
  get circumstances() {
    return { link: this.link, feed: this.feed, rest: 'none', offset: this.clock.best?.offset ?? 0 };
  }

  /** @param {Partial<Store['link']>} change */
  setLink(change) {
    this.link = { ...this.link, ...change };
    this.#onChange();
  }

  /** @param {number} now */
  heard(now) {
    this.link.heardAt = now;
  }

  /** @param {number} now */
  subscribed(now) {
    subscribed(this.row, now);
    this.#onChange();
  }

  /** @param {number} sentAt @param {number} hubTime @param {number} now */
  clockMeasured(sentAt, hubTime, now) {
    this.clock.add(sentAt, hubTime, now);
  }

  // The symbol never changes, and there is no log.
  track() {}
  asked() {}
  problem() {}

  /**
   * @param {import('../link/wire.js').Message} message
   * @param {number} now
   */
  receive(message, now) {
    const { row } = this;
    const isOurs = 'symbol' in message && rowKey(message.symbol) === row.key;
    if ((message.event === 'connected' || message.event === 'feed') && message.feed) this.feed = message.feed;
    if (message.event === 'subscribe-status') this.#setState(message);
    if (message.event === 'price_update' && rowKey(message.quote.symbol) === row.key) takeQuote(row, message.quote, now);
    if (message.event === 'spark' && isOurs) row.spark = message.spark;
    if (message.event === 'bar' && isOurs) row.spark = withClose(row.spark, message.bar.at, message.bar.close);
    this.#onChange();
  }

  /** @param {Extract<import('../link/wire.js').Message, { event: 'subscribe-status' }>} status */
  #setState({ success, fails }) {
    const { row } = this;
    const tracked = success.find(({ symbol }) => rowKey(symbol) === row.key);
    const refusal = fails.find(({ symbol }) => rowKey(symbol) === row.key);
    if (tracked) setTracked(row, tracked);
    if (refusal) Object.assign(row, { state: 'rejected', reason: refusal.reason });
  }
}
