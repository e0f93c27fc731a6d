/**
 * A fake hub for what the real one cannot do on demand: fall silent, lag, refuse, restart, go back in
 * time. It speaks docs/protocol.md, plain JSON or `hamster.v1`, and answers the REST routes. routes.mjs
 * serves it inside a browser, without a port; tests/bench/page/server.mjs gives it a real one.
 */
import { answerOf } from './answers.mjs';
import { Channel } from './channel.mjs';
import { DEFAULT_SYMBOLS, instrumentOf, seeded } from './market.mjs';
import { serveThrough } from './routes.mjs';

export { DEFAULT_SYMBOLS } from './market.mjs';

/** The subprotocol in which a browser's token comes begins so. */
const BEARER = 'hamster.bearer.';
const VALID = /^[A-Z0-9./_-]{1,24}(:[A-Z0-9 ./_-]{1,30})?$/i;

/**
 * One client's socket, of a browser's route or of a real port.
 * @typedef {object} Socket
 * @property {(text: string) => void} send
 * @property {(how: { code: number, reason?: string }) => Promise<void> | void} close
 * @property {(handler: (message: string | Buffer) => void) => void} onMessage
 * @property {(handler: () => void) => void} onClose
 * @property {() => string[]} [protocols]  the subprotocols that the client offers
 * @property {() => string} [url]
 */
/** Who a token stands for; `expires` in ISO 8601. @typedef {{ principal: string, expires: string | null }} Holder */
/** `reason`, `needs_plan` and `retry_at` as in `subscribe-status`. @typedef {import('./channel.mjs').State} State */

export class FakeHub {
  /** The page's origin. The name resolves nowhere; https makes it a secure context. */
  origin = 'https://hamster.test';
  simulated = false;
  version = '0.1.0';
  /** Its name among several servers; null: it is the only one. @type {string | null} */
  server = null;
  /** Whether it is an older hub, without currencies, decimals and precisions. */
  old;
  /** Whether it speaks `hamster.v1`; else plain JSON. */
  v1;
  /** Whether quotes have everything: bid, ask, volume, name, ranges of the day and of the year. */
  whole;
  feed = { state: 'live', since: new Date().toISOString(), reason: 'ticks are arriving' };
  /** The states of symbols that do not simply stream. @type {Record<string, State>} */
  states = {};
  /** Symbols that it does not accept, and why. @type {Map<string, string>} */
  refused = new Map();
  /** The quotes that the hub has. @type {Map<string, Record<string, any>>} */
  quotes = new Map();
  /** Whether it accepts sockets. If not, they are closed at once, as when the network is down. */
  accepts = true;
  /** Whether it reads and answers what clients send. */
  answers = true;
  /** What it sends arrives this much later, ms. */
  lagMs = 0;
  /** Of `hamster.v1`: the longest wait for an acknowledgement, ms. */
  ackMs = 5_000;
  /** What acknowledgements it got, oldest first. @type {{ stream: number, seq: number }[]} */
  acks = [];
  /** Of `hamster.v1`: the hub's present life. */
  epoch = 1_000;
  /**
   * Answers GET /api/quotes; null: no answer comes, as from a hub that is down.
   * @type {null | (() => object)}
   */
  rest = null;
  /**
   * Answers of other REST routes by path, such as `/api/history`, in place of the default ones of
   * answers.mjs. An answer of null: the hub is down.
   * @type {Map<string, (url: URL) => import('./answers.mjs').Answer | null>}
   */
  api = new Map();
  /** Called when a page drops its socket. */
  onLeft = () => {};
  /**
   * Who may use it, with which tokens; null: an older hub, which knows none.
   * @type {{ mode: 'open' | 'required', tokens: Map<string, Holder> } | null}
   */
  access = { mode: 'open', tokens: new Map() };
  /** What the sockets were opened with. @type {{ url: string, protocols: string[] }[]} */
  offers = [];
  /** The paths of REST requests, each with its header `Authorization`. @type {[string, string | null][]} */
  credentials = [];
  /** Open sockets, oldest first. @type {Socket[]} */
  sockets = [];
  /** How many sockets were tried. */
  attempts = 0;
  /** The symbols of the REST requests for quotes. @type {string[]} */
  restQuestions = [];
  /** The REST requests for anything else, as path and query. @type {string[]} */
  asked = [];
  /** What clients sent, pings included. @type {string[]} */
  received = [];
  /** When prices are those of the instruments, s. */
  anchor = Math.floor(Date.now() / 1_000);
  #base = Date.now();
  /** Numbers of symbols in this epoch. @type {Map<string, number>} */
  #numbers = new Map();
  /** Channels of this epoch by number, those of clients that left too. @type {Map<number, Channel>} */
  #channels = new Map();
  /** The symbols and the channel of each client. @type {Map<Socket, { symbols: string[], channel: Channel | null }>} */
  #clients = new Map();
  /** What it said of itself, for `hamster.v1`. @type {object | null} */
  #headline = null;

  /**
   * @param {string[]} [symbols] symbols with a quote
   * @param {{ old?: boolean, v1?: boolean, whole?: boolean, simulated?: boolean }} [how]
   */
  constructor(symbols = DEFAULT_SYMBOLS, { old = false, v1 = false, whole = false, simulated = false } = {}) {
    this.old = old;
    this.v1 = v1;
    this.whole = whole;
    this.simulated = simulated;
    if (old) this.access = null;
    for (const symbol of symbols) this.quotes.set(symbol, this.quote(symbol));
  }

  /**
   * Serves the built page and this hub to a page of Playwright.
   * @param {import('playwright-core').Page} page
   */
  async serve(page) {
    await serveThrough(page, this);
  }

  /**
   * Answers a REST request; null: no answer comes.
   * @param {URL} url
   * @param {string} [authorization]  the header
   * @returns {import('./answers.mjs').Answer | null}
   */
  answer(url, authorization) {
    this.credentials.push([url.pathname, authorization ?? null]);
    const given = this.api.get(url.pathname);
    if (!given && this.access !== null) {
      const { mode, tokens } = this.access;
      const holder = tokens.get(authorization?.replace(/^Bearer /, '') ?? '');
      const isAccess = url.pathname === '/api/access';
      if (!holder && (isAccess ? authorization !== undefined : mode === 'required')) return unauthorized(authorization);
      if (isAccess) return { json: { ok: true, access: mode, principal: holder?.principal ?? null, expires: holder?.expires ?? null } };
    }
    if (url.pathname === '/api/quotes') {
      this.restQuestions.push(url.searchParams.get('symbols') ?? '');
      return this.rest ? { json: this.rest() } : null;
    }
    this.asked.push(url.pathname + url.search);
    return given ? given(url) : answerOf(url, { simulated: this.simulated, anchor: this.anchor, now: Date.now() });
  }

  /** Takes a client. @param {Socket} socket */
  connect(socket) {
    this.attempts += 1;
    const protocols = socket.protocols?.() ?? [];
    this.offers.push({ url: socket.url?.() ?? '', protocols });
    const token = protocols.find((one) => one.startsWith(BEARER))?.slice(BEARER.length);
    const holder = this.access?.tokens.get(token ?? '');
    if (this.access?.mode === 'required' && !holder) {
      // A page sees nothing of the status 401.
      void socket.close({ code: 1006 });
      return;
    }
    if (!this.accepts) {
      void socket.close({ code: 1001 });
      return;
    }
    this.sockets.push(socket);
    this.#clients.set(socket, { symbols: [], channel: null });
    socket.onMessage((message) => this.#hear(socket, String(message)));
    socket.onClose(() => {
      this.#forget(socket);
      this.onLeft();
    });
    if (!this.answers) return;
    const time = new Date().toISOString();
    const access = this.access === null ? {} : { access: { mode: this.access.mode, principal: holder?.principal ?? null, expires: holder?.expires ?? null } };
    const v1 = this.v1 ? { protocol: 'hamster.v1', epoch: this.epoch, seq: 0 } : {};
    const server = this.server === null ? {} : { server: this.server };
    this.#send(socket, { event: 'connected', version: this.version, simulated: this.simulated, time, feed: this.feed, symbols: DEFAULT_SYMBOLS, ...v1, ...access, ...server });
  }

  /**
   * A quote in the format of the protocol.
   * @param {string} symbol
   * @param {Record<string, unknown>} [fields]
   * @returns {Record<string, any>}
   */
  quote(symbol, fields = {}) {
    // A hub that is not whole knows the prices of the default symbols; all others cost 100.
    const price = this.whole || DEFAULT_SYMBOLS.includes(symbol) ? instrumentOf(symbol).price : 100;
    const now = new Date();
    const second = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
    return {
      event: 'price_update', symbol, price, percent_change: 0.25, timestamp: second.toISOString(),
      exchange: symbol.includes('/') ? null : 'NASDAQ', bid: null, ask: null, day_volume: null, previous_close: price / 1.0025,
      received_at: now.toISOString(), source: this.simulated ? 'simulated' : 'live', simulated: this.simulated,
      session: 'open', freshness: 'fresh', stale_since: null, ...this.#facts(symbol), ...(this.whole ? everything(symbol) : {}), ...fields,
    };
  }

  /**
   * The fields that describe an instrument; an older hub has none of them.
   * @param {string} symbol
   */
  #facts(symbol) {
    if (this.old) return {};
    const { currency, type, kind, decimals } = instrumentOf(symbol);
    return { currency, type, kind, mic_code: null, decimals, timestamp_precision: 'second' };
  }

  /**
   * A new price of one symbol, told to every client.
   * @param {string} symbol
   * @param {Record<string, unknown>} [fields]
   */
  tick(symbol, fields = {}) {
    this.#told([this.quote(symbol, fields)]);
  }

  /**
   * Lets all quotes walk, up to thousands of ticks a second, until the returned function is called.
   * @param {object} pace
   * @param {number} pace.ticksPerS
   * @param {number} [pace.everyMs]  between two frames
   * @param {number} [pace.seed]
   * @param {string[]} [pace.symbols]
   * @param {(count: number) => void} [pace.onTicks]
   * @returns {() => void}
   */
  run({ ticksPerS, everyMs = 16, seed = 1, symbols = [...this.quotes.keys()], onTicks = () => {} }) {
    const random = seeded(seed);
    const started = performance.now();
    let made = 0;
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - started) / 1_000) * ticksPerS);
      // A stalled process does not make up for what it missed with one huge frame.
      made = Math.max(made, due - ticksPerS);
      const moved = new Map();
      onTicks(due - made);
      for (; made < due; made += 1) {
        const symbol = String(symbols[Math.floor(random() * symbols.length)]);
        moved.set(symbol, this.#step(moved.get(symbol) ?? this.quotes.get(symbol), random));
      }
      if (moved.size > 0) this.#told([...moved.values()]);
    }, everyMs);
    return () => clearInterval(timer);
  }

  /** The next quote of a random walk. @param {Record<string, any>} quote @param {() => number} random */
  #step(quote, random) {
    const unit = 10 ** (quote['decimals'] ?? 2);
    const spread = Math.max(1, Math.round(quote['price'] * unit * 0.00002));
    const steps = Math.round(quote['price'] * unit) + Math.round((random() - 0.5) * 4 * spread);
    const price = Math.max(1, steps) / unit;
    const now = Date.now();
    const beside = quote['bid'] === null ? {} : { bid: (Math.max(1, steps) - spread) / unit, ask: (Math.max(1, steps) + spread) / unit };
    const range = typeof quote['high'] === 'number' ? { high: Math.max(quote['high'], price), low: Math.min(quote['low'], price) } : {};
    return {
      ...quote, ...beside, ...range, price, percent_change: (price / quote['previous_close'] - 1) * 100,
      day_volume: quote['day_volume'] === null ? null : quote['day_volume'] + Math.floor(random() * 200),
      timestamp: new Date(Math.floor(now / 1_000) * 1_000).toISOString(), received_at: new Date(now).toISOString(),
    };
  }

  /** @param {Record<string, any>[]} quotes */
  #told(quotes) {
    for (const quote of quotes) this.quotes.set(quote['symbol'], quote);
    if (!this.v1) for (const quote of quotes) this.say(quote);
    else for (const channel of this.#channels.values()) channel.tell(quotes.map(({ symbol }) => symbol));
  }

  /** The upstream's state changes, and every client is told. @param {string} state @param {string} [reason] @param {number} [since] ms */
  setFeed(state, reason = 'ticks are arriving', since = Date.now()) {
    this.feed = { state, since: new Date(since).toISOString(), reason };
    this.#announce({ feed: this.feed }, { event: 'feed', ...this.feed, simulated: this.simulated });
  }

  /** The upstream's socket is open, but no tick comes. @param {number} [since] ms */
  mute(since = Date.now()) {
    this.setFeed('stalled', 'the socket is open, but no tick came for 60 s', since);
  }

  /** What the hub says of itself every few seconds; plain JSON has no such message. @param {object} [fields] */
  headline(fields = {}) {
    const { size } = this.quotes;
    this.#headline = {
      viewers: 3, ticks_per_s: 1.2, credits: { minute: 5, day: 612 }, symbols: { streaming: size, polled: 0, pending: 0, unavailable: 0 }, advice: [], ...fields,
    };
    if (this.v1) for (const channel of this.#channels.values()) channel.tellItem({ hub: this.#headline });
  }

  /** A minute of a symbol closed. @param {string} symbol @param {number[]} bar  `[time, open, high, low, close, volume]` */
  closeBar(symbol, bar) {
    for (const channel of this.#channels.values()) channel.tellBar(symbol, bar);
  }

  /** Earlier closes of a symbol became known. @param {string} symbol @param {{ step: number, end: number, values: (number | null)[] }} spark */
  tellSpark(symbol, spark) {
    for (const channel of this.#channels.values()) channel.tellSpark(symbol, spark);
  }

  /** Takes a symbol away from every client, and accepts it from nobody. @param {string} symbol @param {string} reason */
  refuse(symbol, reason) {
    this.refused.set(symbol, reason);
    for (const [socket, client] of this.#clients) {
      if (!client.symbols.includes(symbol)) continue;
      client.symbols = client.symbols.filter((one) => one !== symbol);
      this.#send(socket, { event: 'subscribe-status', status: 'error', success: [], fails: [{ symbol, reason }] });
      if (this.v1) this.#open(socket);
    }
  }

  /** Asks every client of `hamster.v1` how far it has read. */
  askForAcks() {
    for (const [socket, { channel }] of this.#clients) {
      if (channel) this.#send(socket, { event: 'ack-request', epoch: this.epoch, seq: channel.seq });
    }
  }

  /**
   * A new life: every socket is closed, numbers begin anew, and prices are those of before until new
   * ones come.
   * @param {{ version?: string }} [how]
   */
  async restart({ version = this.version } = {}) {
    this.version = version;
    this.epoch += 1;
    this.#base = Date.now();
    this.#numbers.clear();
    this.#channels.clear();
    for (const [symbol, quote] of this.quotes) this.quotes.set(symbol, { ...quote, source: 'restored' });
    await this.drop({ code: 1012 });
  }

  /** Sends to every client. @param {object | string} message */
  say(message) {
    for (const socket of this.sockets) this.#send(socket, message);
  }

  /** @param {{ code: number, reason?: string }} how */
  async drop(how) {
    const { sockets } = this;
    for (const socket of sockets) this.#forget(socket);
    await Promise.all(sockets.map((socket) => socket.close(how)));
  }

  /** REST's answer from the current quotes. */
  quotesAnswer() {
    return {
      ok: true, simulated: this.simulated, time: new Date().toISOString(), feed: this.feed,
      quotes: [...this.quotes.values()].map((quote) => ({ ...quote, event: undefined, state: 'streaming', reason: null })),
    };
  }

  /** @param {Socket} socket @param {object | string} message */
  #send(socket, message) {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    if (this.lagMs === 0) socket.send(text);
    else setTimeout(() => this.sockets.includes(socket) && socket.send(text), this.lagMs);
  }

  /** @param {object} item  of `hamster.v1` @param {object} message  of plain JSON */
  #announce(item, message) {
    if (!this.v1) this.say(message);
    else for (const channel of this.#channels.values()) channel.tellItem(item);
  }

  /** @param {Socket} socket */
  #forget(socket) {
    this.sockets = this.sockets.filter((other) => other !== socket);
    const channel = this.#clients.get(socket)?.channel;
    if (channel) channel.send = null;
    this.#clients.delete(socket);
  }

  /** @param {Socket} socket @param {string} text */
  #hear(socket, text) {
    this.received.push(text);
    if (!this.answers) return;
    if (text === 'ping') return this.#send(socket, 'pong');
    const message = JSON.parse(text);
    switch (message.action) {
      case 'time':
        return this.#send(socket, { event: 'time', id: message.id, time: new Date().toISOString() });
      case 'subscribe':
        return this.#subscribe(socket, message.params.symbols ?? [], message.params.resume);
      case 'unsubscribe':
        return this.#unsubscribe(socket, message.params.symbols);
      case 'ack':
        return this.#acknowledged(socket, message);
      default:
    }
  }

  /**
   * @param {Socket} socket
   * @param {string[]} names
   * @param {{ epoch: number, stream: number, seq: number }} [resume]
   */
  #subscribe(socket, names, resume) {
    const client = this.#clients.get(socket);
    if (!client) return;
    const good = names.filter((name) => VALID.test(name) && !this.refused.has(name.toUpperCase())).map((name) => name.toUpperCase());
    const fails = names.filter((name) => !good.includes(name.toUpperCase()));
    const success = good.map((symbol) => ({ symbol, ...this.#stateOf(symbol), has_quote: this.quotes.has(symbol) }));
    this.#send(socket, {
      event: 'subscribe-status', status: success.length > 0 ? 'ok' : 'error', success,
      fails: fails.map((symbol) => ({ symbol, reason: this.refused.get(symbol.toUpperCase()) ?? 'not a symbol: use letters, digits and . / _ -' })),
    });
    client.symbols = [...new Set([...client.symbols, ...good])];
    if (this.v1) return this.#open(socket, resume);
    for (const symbol of good) {
      const quote = this.quotes.get(symbol);
      if (quote) this.#send(socket, quote);
    }
  }

  /** @param {Socket} socket @param {string[]} names */
  #unsubscribe(socket, names) {
    const client = this.#clients.get(socket);
    if (!client) return;
    const left = new Set(names.map((name) => name.toUpperCase()));
    client.symbols = client.symbols.filter((symbol) => !left.has(symbol));
    this.#send(socket, { event: 'unsubscribe-status', status: 'ok', symbols: [...left] });
    if (this.v1) this.#open(socket);
  }

  /**
   * A channel for what the client watches now: the one of its position, or a new one.
   * @param {Socket} socket
   * @param {{ epoch: number, stream: number, seq: number }} [position]
   */
  #open(socket, position) {
    const client = this.#clients.get(socket);
    if (!client) return;
    const send = (/** @type {string} */ text) => this.#send(socket, text);
    if (client.channel) this.#channels.delete(client.channel.id);
    client.channel = null;
    if (client.symbols.length === 0) return;
    const known = position?.epoch === this.epoch ? this.#channels.get(position.stream) : undefined;
    const same = known && known.send === null && known.symbols.size === client.symbols.length && client.symbols.every((symbol) => known.symbols.has(symbol));
    if (position && same && known.resume(position.seq, send)) {
      client.channel = known;
      return;
    }
    const channel = new Channel(this.#nextChannel(), this.#source(), client.symbols, send);
    this.#channels.set(channel.id, channel);
    client.channel = channel;
    channel.snapshot();
    if (this.#headline) channel.tellItem({ hub: this.#headline });
  }

  #lastChannel = 0;
  #nextChannel() {
    this.#lastChannel += 1;
    return this.#lastChannel;
  }

  /** @returns {import('./channel.mjs').Source} */
  #source() {
    const hub = this;
    return {
      get epoch() { return hub.epoch; },
      get base() { return hub.#base; },
      get ackMs() { return hub.ackMs; },
      get simulated() { return hub.simulated; },
      get feed() { return hub.feed; },
      get sparks() { return hub.whole ? hub.anchor : null; },
      numberOf: (symbol) => hub.#numberOf(symbol),
      quoteOf: (symbol) => hub.quotes.get(symbol),
      stateOf: (symbol) => hub.#stateOf(symbol),
    };
  }

  /** @param {string} symbol @returns {State} */
  #stateOf(symbol) {
    return this.states[symbol] ?? { state: 'streaming', reason: null };
  }

  /** @param {string} symbol */
  #numberOf(symbol) {
    const number = this.#numbers.get(symbol) ?? this.#numbers.size;
    this.#numbers.set(symbol, number);
    return number;
  }

  /** @param {Socket} socket @param {{ stream: number, seq: number }} ack */
  #acknowledged(socket, { stream, seq }) {
    this.acks.push({ stream, seq });
    const channel = this.#clients.get(socket)?.channel;
    if (channel?.id === stream && !channel.acknowledge(seq)) this.#send(socket, { event: 'error', code: 'invalid-ack', message: 'that was never sent' });
  }
}

/** @param {string | undefined} authorization @returns {import('./answers.mjs').Answer} */
function unauthorized(authorization) {
  const detail = authorization === undefined ? 'this hub needs an access token' : 'This token is not known here, or has expired.';
  return { status: 401, headers: { 'www-authenticate': 'Bearer' }, json: { ok: false, type: 'about:blank', title: 'Unauthorized', status: 401, detail } };
}

/** What a hub knows of an instrument once REST has told it. @param {string} symbol */
function everything(symbol) {
  const { price, kind, name, exchange, timezone, decimals } = instrumentOf(symbol);
  const unit = 10 ** decimals;
  const times = (/** @type {number} */ factor) => Math.round(price * factor * unit) / unit;
  const traded = kind === 'stock' || kind === 'etf';
  return {
    name, exchange, timezone, bid: times(1 - 0.00004), ask: times(1 + 0.00004), day_volume: traded ? 18_000_000 : null, open: times(0.996),
    high: times(1.006), low: times(0.991), year_low: times(0.72), year_high: times(1.21), average_volume: traded ? 33_681_314 : null,
  };
}
