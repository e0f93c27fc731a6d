/**
 * The page's whole state. Messages go in, each with its arrival time, and changes are collected
 * until the next paint. It has no clock, no DOM and no network, so tests can replay any sequence of
 * events.
 */
import { ActivityLog, feedLine, priceLine, problemLine, refusalLine, resumeLine, stateLine } from './activity.js';
import { ClockOffset } from './clock.js';
import { HopLags, RollingMean } from './lag.js';
import { isNews, newRow, rowKey, setTracked, subscribed, takeQuote, withClose } from './quotes.js';
import { DEFAULT_SYMBOLS, objection } from './symbols.js';

/** @typedef {import('./quotes.js').Row} Row */
/** @typedef {import('../link/wire.js').Message} Message */
/** @typedef {import('../link/wire.js').Quote} Quote */

/**
 * The page's own socket.
 * @typedef {object} Link
 * @property {'connecting' | 'connected' | 'disconnected'} state
 * @property {number} since           page's clock, ms
 * @property {string} reason          why it is disconnected
 * @property {number | null} retryAt  next attempt, page's clock, ms; null during an attempt
 * @property {number} heardAt         when the hub was last heard, page's clock, ms
 * @property {{ reason: string } | null} signIn  the hub wants a token first, and why it refused the
 * last one, '' if there was none; null: it does not. A new object each time that it is wanted
 */

/**
 * @typedef {object} Watcher
 * @property {(row: Row, now: number) => void} quote
 * @property {(now: number) => void} feed  the state of the feed or of the page's own link changed
 */

/** How many of the feed's states are kept. */
const KEPT_FEEDS = 10;

/** What may have changed since the last paint. */
const TOPICS = /** @type {const} */ (['link', 'feed', 'rows', 'log', 'counters', 'clock', 'hub']);
/** @typedef {typeof TOPICS[number]} Topic */

/**
 * @typedef {object} Changes
 * @property {Set<Topic>} topics
 * @property {Set<string>} rows  keys of the changed rows; the topic `rows` means the list of rows
 */

export class Store {
  /** @type {Link} */
  link = { state: 'connecting', since: 0, reason: '', retryAt: null, heardAt: 0, signIn: null };
  /** @type {import('../link/wire.js').Feed | null} */
  feed = null;
  /** null: not known yet. @type {boolean | null} */
  simulated = null;
  version = '';
  /** Which of the terminal's servers this page is on, as its greeting says; null: there is one hub only. @type {string | null} */
  server = null;
  /** Who this page is to the hub, as its greeting says; null: it says nothing of it. @type {import('../link/wire.js').Admission | null} */
  access = null;
  /** The hub's own symbols, as its greeting names them. @type {string[]} */
  hubs = DEFAULT_SYMBOLS;
  /** The hub as a whole; null until it was told. @type {import('../link/wire.js').Headline | null} */
  hub = null;
  /** Deltas that the hub sent while this page did not read, and how often it resumed. */
  missed = 0;
  resumed = 0;
  /** The feed's last states, newest last. @type {import('../link/wire.js').Feed[]} */
  feeds = [];
  /** In display order. @type {Map<string, Row>} */
  rows = new Map();
  /** An error that concerns no single symbol, shown beside the prices. */
  notice = '';
  /** Whether a newer version of the page is there: the hub or the service worker says so. */
  newVersion = false;
  /** How many wanted symbols exceed the hub's limit. */
  leftOut = 0;
  log = new ActivityLog();
  updates = 0;
  clock = new ClockOffset();
  lagFromExchange = new RollingMean();
  lagFromHub = new RollingMean();
  /** The same way in three parts. */
  hops = new HopLags();
  /** The dialect that the hub chose: `hamster.v1`, or `json`; '' until connected. */
  protocol = '';
  /**
   * Numbers the epochs that this page saw. Two prices of one epoch are of one source, and
   * the later one is newer.
   */
  epoch = 0;
  /** Told of every price and of the feed when the message comes, also on a hidden page. @type {Watcher | null} */
  watcher = null;
  /** The result of the last REST request while disconnected. @type {'none' | 'ok' | 'failed'} */
  rest = 'none';

  /** @type {Changes} */
  #changes = { topics: new Set(), rows: new Set() };
  /**
   * Prices that are not on the screen yet, the newest per symbol.
   * @type {Map<string, { madeAt: number | null, receivedAt: number, cameAt: number }>}
   */
  #unpainted = new Map();
  /** The epoch before the socket was lost, and the newest. */
  #epochs = { before: 0, newest: 0 };
  #onChange;

  /** @param {() => void} [onChange]  called at every change, to schedule a paint */
  constructor(onChange = () => {}) {
    this.#onChange = onChange;
  }

  /** How many symbols the hub serves or may still serve. */
  get tracked() {
    let count = 0;
    for (const row of this.rows.values()) if (row.state !== 'rejected') count += 1;
    return count;
  }

  /** Hub's clock minus the page's, ms; 0 until measured. */
  get offset() {
    return this.clock.best?.offset ?? 0;
  }

  /** Whether any number on the page comes from the simulator. */
  get showsSimulation() {
    if (this.simulated === true) return true;
    for (const row of this.rows.values()) if (row.quote?.simulated) return true;
    return false;
  }

  /** The changes since the last call. @returns {Changes} */
  takeChanges() {
    const changes = this.#changes;
    this.#changes = { topics: new Set(), rows: new Set() };
    return changes;
  }

  /** Reports everything as changed, for a panel's first paint. @returns {Changes} */
  everything() {
    return { topics: new Set(TOPICS), rows: new Set(this.rows.keys()) };
  }

  /** What {@link truthOf} must know beside the row. @returns {import('./truth.js').Circumstances} */
  get circumstances() {
    return { link: this.link, feed: this.feed, rest: this.rest, offset: this.offset };
  }

  /** Shows these symbols in this order. Rows that stay keep their state. @param {string[]} names */
  track(names) {
    /** @type {Map<string, Row>} */
    const rows = new Map();
    for (const name of names) {
      const key = rowKey(name);
      if (key && !rows.has(key)) rows.set(key, this.rows.get(key) ?? this.#newRow(name.trim()));
    }
    this.rows = rows;
    this.notice = '';
    this.#changed('rows');
  }

  /**
   * The symbols were subscribed on a new connection. The hub's first answers repeat what it already
   * had.
   * @param {number} now
   */
  subscribed(now) {
    for (const row of this.rows.values()) {
      row.awaitsSnapshot = true;
      subscribed(row, now);
      this.#rowChanged(row);
    }
    this.log.add(now, 'connection', `📡 Monitoring ${this.rows.size} symbol${this.rows.size === 1 ? '' : 's'}`);
    this.#changed('log');
  }

  /**
   * These symbols were subscribed beside the others.
   * @param {string[]} names
   * @param {number} now
   */
  asked(names, now) {
    for (const name of names) {
      const row = this.#rowOf(name);
      if (!row) continue;
      row.awaitsSnapshot = true;
      row.since = now;
      this.#rowChanged(row);
    }
  }

  /** @param {Partial<Link>} change @param {string} [line]  for the log @param {number} [now] */
  setLink(change, line, now = 0) {
    this.link = { ...this.link, ...change };
    if (this.link.state === 'connected') this.rest = 'none';
    if (this.link.state === 'disconnected') this.notPainted();
    if (line) this.log.add(now, 'connection', line);
    this.#changed('link', 'log');
    // The hub's greeting tells the feed's state right after it is connected.
    if (now !== 0 && this.link.state !== 'connected') this.watcher?.feed(now);
  }

  /**
   * The hub was heard.
   * @param {number} now
   */
  heard(now) {
    this.link.heardAt = now;
  }

  /**
   * @param {Message} message
   * @param {number} now
   * @param {boolean} [visible]  whether the page is painted; if not, lag is not measured
   */
  receive(message, now, visible = true) {
    switch (message.event) {
      case 'connected':
        if (this.version !== '' && message.version !== this.version) this.newVersion = true;
        this.version = message.version;
        this.access = message.access ?? null;
        this.server = message.server ?? null;
        this.#epochs = { before: this.epoch, newest: this.#epochs.newest + 1 };
        this.epoch = this.#epochs.newest;
        if (message.symbols.length > 0) this.hubs = message.symbols;
        this.#setSimulated(message.simulated, now);
        if (message.feed) this.#setFeed(message.feed, now);
        this.#changed('feed');
        return;
      case 'feed':
        if (message.simulated !== null) this.#setSimulated(message.simulated, now);
        this.#setFeed(message.feed, now);
        return;
      case 'subscribe-status':
        for (const tracked of message.success) this.#setTracked(tracked, now);
        for (const refusal of message.fails) this.#reject(refusal, now);
        return;
      case 'price_update':
        this.updates += 1;
        this.#changed('counters');
        this.#setQuote(message.quote, now, visible);
        return;
      case 'spark':
        this.#setSpark(message.symbol, message.spark);
        return;
      case 'bar':
        this.#setBar(message.symbol, message.bar);
        return;
      case 'hub':
        this.hub = message.hub;
        this.#changed('hub');
        return;
      case 'snapshot':
        // The hub continued where this page was: the epoch goes on, too.
        if (message.recovered) this.epoch = this.#epochs.before;
        this.#epochs.before = this.epoch;
        if (message.resumes) {
          this.resumed += 1;
          this.missed += message.missed;
          this.log.add(now, 'connection', resumeLine(message));
          this.#changed('log');
        }
        return;
      case 'error':
        if (this.tracked === 0 || ['too-many-symbols', 'invalid-params'].includes(message.code)) this.notice = message.message;
        this.problem(now, `${message.message} (${message.code})`);
        this.#changed('rows');
        return;
      default:
        return;
    }
  }

  /**
   * A REST answer while the socket is down.
   * @param {import('../link/wire.js').QuotesAnswer} answer
   * @param {number} now
   */
  receiveQuotes(answer, now) {
    this.rest = 'ok';
    this.#setSimulated(answer.simulated, now);
    if (answer.feed) this.#setFeed(answer.feed, now);
    for (const tracked of answer.tracked) this.#setTracked({ ...tracked, hasQuote: false }, now);
    let prices = 0;
    for (const quote of answer.quotes) {
      const row = this.#rowOf(quote.symbol);
      if (!row) continue;
      prices += 1;
      this.#setQuote(quote, now, false, false);
    }
    this.log.add(now, 'connection', `🛟 ${prices} price${prices === 1 ? '' : 's'} by REST`);
    this.#changed('log', 'link');
  }

  /**
   * @param {string} reason
   * @param {number} now
   */
  restFailed(reason, now) {
    this.rest = 'failed';
    this.problem(now, `REST: ${reason}`);
    this.#changed('link');
  }

  /**
   * @param {number} now
   * @param {string} text
   */
  problem(now, text) {
    this.log.add(now, 'error', problemLine(text));
    this.#changed('log');
  }

  /** An alert fired, or may have been missed. @param {string} line @param {number} now */
  logAlert(line, now) {
    this.log.add(now, 'alert', line);
    this.#changed('log');
  }

  /**
   * The answer to a `time` question.
   * @param {number} sentAt
   * @param {number} hubTime
   * @param {number} now
   */
  clockMeasured(sentAt, hubTime, now) {
    this.clock.add(sentAt, hubTime, now);
    this.#changed('clock');
  }

  /** The changes that were taken are on the screen now. @param {number} now */
  painted(now) {
    const clock = this.clock.best;
    if (clock !== null) {
      for (const { madeAt, receivedAt, cameAt } of this.#unpainted.values()) {
        if (madeAt !== null) this.lagFromExchange.add(now + clock.offset - madeAt);
        this.lagFromHub.add(now + clock.offset - receivedAt);
        this.hops.add({ madeAt, receivedAt, cameAt, paintedAt: now }, clock.offset);
      }
    }
    this.#unpainted.clear();
  }

  /** Drop pending lag samples: the tab is hidden, so they would measure sleep, not latency. */
  notPainted() {
    this.#unpainted.clear();
  }

  /**
   * @param {boolean} simulated
   * @param {number} now
   */
  #setSimulated(simulated, now) {
    if (simulated === this.simulated) return;
    this.simulated = simulated;
    if (simulated) this.log.add(now, 'feed', '🧪 Simulated prices: no market is behind these numbers');
    this.#changed('feed', 'log');
  }

  /**
   * @param {import('../link/wire.js').Feed} feed
   * @param {number} now
   */
  #setFeed(feed, now) {
    const news = this.feed?.state !== feed.state || this.feed.reason !== feed.reason;
    if (news) this.feeds = [...this.feeds, feed].slice(-KEPT_FEEDS);
    this.feed = feed;
    if (news) this.log.add(now, 'feed', feedLine(feed));
    this.#changed('feed', 'log');
    this.watcher?.feed(now);
  }

  /**
   * @param {import('../link/wire.js').Tracked} tracked
   * @param {number} now
   */
  #setTracked(tracked, now) {
    const row = this.#rowOf(tracked.symbol);
    if (!row) return;
    const told = row.state === tracked.state && row.reason === tracked.reason;
    setTracked(row, tracked);
    if (!tracked.hasQuote) row.awaitsSnapshot = false;
    const line = told ? null : stateLine(tracked);
    if (line !== null) {
      this.log.add(now, 'feed', line);
      this.#changed('log');
    }
    this.#rowChanged(row);
  }

  /**
   * @param {import('../link/wire.js').Refusal} refusal
   * @param {number} now
   */
  #reject(refusal, now) {
    const row = this.#rowOf(refusal.symbol);
    if (row) {
      row.state = 'rejected';
      row.reason = refusal.reason;
      row.awaitsSnapshot = false;
      this.#rowChanged(row);
      this.#changed('counters');
    } else this.notice = `${refusal.symbol}: ${refusal.reason}`;
    this.log.add(now, 'error', refusalLine(refusal));
    this.#changed('log', 'rows');
  }

  /**
   * Rejects a name that is too long for a symbol: it would not fit into a message or an address.
   * @param {string} name
   * @returns {Row}
   */
  #newRow(name) {
    const reason = objection(name);
    return reason === null ? newRow(name) : { ...newRow(name), state: 'rejected', reason };
  }

  /**
   * @param {Quote} quote
   * @param {number} now
   * @param {boolean} measurable
   * @param {boolean} [logged]
   */
  #setQuote(quote, now, measurable, logged = true) {
    const row = this.#rowOf(quote.symbol);
    if (!row) return;
    const snapshot = row.awaitsSnapshot;
    row.awaitsSnapshot = false;
    const held = row.quote;
    const isTaken = takeQuote(row, quote, now);
    if (row.quote !== held) this.#rowChanged(row);
    if (!isTaken) return;
    this.watcher?.quote(row, now);
    if (held?.simulated !== quote.simulated) this.#changed('feed');
    if (!isNews(held, quote)) return;
    if (logged) {
      this.log.add(now, 'price', () => priceLine(row.name, quote));
      this.#changed('log');
    }
    const streamed = quote.source === 'live' || quote.source === 'simulated';
    if (measurable && streamed && !snapshot) {
      const madeAt = quote.precision === 'second' ? quote.timestamp : null;
      this.#unpainted.set(row.key, { madeAt, receivedAt: quote.receivedAt, cameAt: now });
    }
  }

  /** @param {string} symbol @param {Row['spark']} spark */
  #setSpark(symbol, spark) {
    const row = this.#rowOf(symbol);
    if (!row) return;
    row.spark = spark;
    row.backfills += 1;
    this.#rowChanged(row);
  }

  /** @param {string} symbol @param {import('../link/wire.js').Bar} bar */
  #setBar(symbol, bar) {
    const row = this.#rowOf(symbol);
    if (!row) return;
    row.bar = bar;
    row.spark = withClose(row.spark, bar.at, bar.close);
    this.#rowChanged(row);
  }

  /**
   * A quote that this browser kept. It is shown until the hub tells a newer one.
   * @param {Quote} quote
   */
  restore(quote) {
    const row = this.#rowOf(quote.symbol);
    if (!row || row.quote !== null) return;
    row.quote = quote;
    row.kept = true;
    this.#rowChanged(row);
  }

  /** @param {string} symbol */
  #rowOf(symbol) {
    return this.rows.get(rowKey(symbol));
  }

  /** @param {Row} row */
  #rowChanged(row) {
    this.#changes.rows.add(row.key);
    this.#onChange();
  }

  /** @param {...Topic} topics */
  #changed(...topics) {
    for (const topic of topics) this.#changes.topics.add(topic);
    this.#onChange();
  }
}
