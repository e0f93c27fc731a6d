/**
 * A fake hub for what the real one cannot do on demand: fall silent, refuse, go back in time. It
 * serves the built page with its deployed headers and speaks docs/protocol.md, all inside the
 * browser; no port is opened.
 */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { buildPage } from '../../../scripts/lib/page.mjs';

const PUBLIC = new URL('../../../build/public/', import.meta.url);
const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
});

export const DEFAULT_SYMBOLS = ['BTC/USD', 'ETH/USD', 'AAPL', 'MSFT', 'NVDA', 'SPY', 'EUR/USD', 'GBP/USD'];
const PRICES = /** @type {Record<string, number>} */ ({
  'BTC/USD': 95500, 'ETH/USD': 3300.5, AAPL: 235.5, MSFT: 425.75, NVDA: 145.2, SPY: 470.5, 'EUR/USD': 1.085, 'GBP/USD': 1.265,
});

/** The answer of /api/history of a hub that has just begun. */
const NO_BARS = {
  ok: true, simulated: false, scale: 2, currency: null, timezone: null, columns: ['time', 'open', 'high', 'low', 'close', 'volume', 'from'], bars: [],
  sources: ['twelve_data', 'hub'], gaps: [], running: null, more: false, before: null, reason: null, retry_at: null,
};

/** @typedef {import('playwright-core').WebSocketRoute} Socket */

export class FakeHub {
  /** The page's origin. The name resolves nowhere; https makes it a secure context. */
  origin = 'https://hamster.test';
  simulated = false;
  /** Whether it is an older hub, without currencies, decimals and precisions. */
  old = false;
  feed = { state: 'live', since: new Date().toISOString(), reason: 'ticks are arriving' };
  /**
   * The states of symbols that do not simply stream.
   * @type {Record<string, { state: string, reason: string | null }>}
   */
  states = {};
  /** The quotes that the hub has. @type {Map<string, Record<string, unknown>>} */
  quotes = new Map();
  /** Whether it accepts sockets. If not, they are closed at once, as when the network is down. */
  accepts = true;
  /** Whether it reads and answers what clients send. */
  answers = true;
  /**
   * Answers GET /api/quotes; null: no answer comes, as from a hub that is down.
   * @type {null | (() => object)}
   */
  rest = null;
  /**
   * Answers of other REST routes by path, such as `/api/history`; without one the hub is down. At
   * first the hub has no bars.
   * @type {Map<string, (url: URL) => { status?: number, json?: unknown, body?: string } | null>}
   */
  api = new Map([['/api/history', () => ({ json: NO_BARS })]]);
  /** Called when a page drops its socket. */
  onLeft = () => {};
  /** Open sockets, oldest first. @type {Socket[]} */
  sockets = [];
  /** How many sockets were tried. */
  attempts = 0;
  /** The times of REST requests by the page's clock, and their symbols. @type {string[]} */
  restQuestions = [];
  /** What clients sent, pings included. @type {string[]} */
  received = [];

  /**
   * @param {string[]} [symbols] symbols with a quote
   * @param {{ old?: boolean }} [how]
   */
  constructor(symbols = DEFAULT_SYMBOLS, { old = false } = {}) {
    this.old = old;
    for (const symbol of symbols) this.quotes.set(symbol, this.quote(symbol));
  }

  /** @param {import('playwright-core').Page} page */
  async serve(page) {
    await buildPage();
    const headers = await deployedHeaders();
    // No route reaches what a service worker fetches: support/static-server.mjs is for that.
    await page.addInitScript((origin) => {
      if (location.origin === origin) Reflect.deleteProperty(Navigator.prototype, 'serviceWorker');
    }, this.origin);
    await page.route(`${this.origin}/**`, async (route) => {
      const url = new URL(route.request().url());
      if (url.pathname === '/api/quotes') {
        this.restQuestions.push(url.searchParams.get('symbols') ?? '');
        return this.rest ? route.fulfill({ json: this.rest() }) : route.abort('connectionrefused');
      }
      const answer = this.api.get(url.pathname);
      if (answer || url.pathname.startsWith('/api/')) {
        const given = answer?.(url) ?? null;
        return given ? route.fulfill(given) : route.abort('connectionrefused');
      }
      const path = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
      const body = await readFile(new URL(path, PUBLIC)).catch(() => null);
      const contentType = TYPES[extname(path)] ?? 'text/plain';
      if (body === null) return route.fulfill({ status: 404, headers, body: 'no such file', contentType: 'text/plain' });
      return route.fulfill({ headers: { ...headers, 'content-type': contentType }, body });
    });
    await page.routeWebSocket(/\/ws$/, (socket) => this.#welcome(socket));
  }

  /**
   * A quote in the format of the protocol.
   * @param {string} symbol
   * @param {Record<string, unknown>} [fields]
   */
  quote(symbol, fields = {}) {
    const price = PRICES[symbol] ?? 100;
    const now = new Date();
    const second = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
    return {
      event: 'price_update', symbol, price, percent_change: 0.25, timestamp: second.toISOString(),
      exchange: symbol.includes('/') ? null : 'NASDAQ', bid: null, ask: null, day_volume: null, previous_close: price / 1.0025,
      received_at: now.toISOString(), source: this.simulated ? 'simulated' : 'live', simulated: this.simulated,
      session: 'open', freshness: 'fresh', stale_since: null, ...this.#facts(symbol), ...fields,
    };
  }

  /**
   * The fields that describe an instrument; an older hub has none of them.
   * @param {string} symbol
   */
  #facts(symbol) {
    if (this.old) return {};
    const currency = symbol.includes('/') ? symbol.split('/')[1] : 'USD';
    const rate = /^(EUR|GBP)\//.test(symbol);
    const [type, kind] = rate ? ['Physical Currency', 'forex'] : symbol.includes('/') ? ['Digital Currency', 'crypto'] : ['Common Stock', 'stock'];
    return { currency, type, kind, mic_code: null, decimals: rate ? 5 : 2, timestamp_precision: 'second' };
  }

  /**
   * @param {string} symbol
   * @param {Record<string, unknown>} [fields]
   */
  tick(symbol, fields = {}) {
    const quote = this.quote(symbol, fields);
    this.quotes.set(symbol, quote);
    this.say(quote);
  }

  /** Sends to every client. @param {object | string} message */
  say(message) {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    for (const socket of this.sockets) socket.send(text);
  }

  /** @param {{ code: number, reason?: string }} how */
  async drop(how) {
    const sockets = this.sockets;
    this.sockets = [];
    await Promise.all(sockets.map((socket) => socket.close(how)));
  }

  /** REST's answer from the current quotes. */
  quotesAnswer() {
    return {
      ok: true, simulated: this.simulated, time: new Date().toISOString(), feed: this.feed,
      quotes: [...this.quotes.values()].map((quote) => ({ ...quote, event: undefined, state: 'streaming', reason: null })),
    };
  }

  /** @param {Socket} socket */
  #welcome(socket) {
    this.attempts += 1;
    if (!this.accepts) {
      void socket.close({ code: 1001 });
      return;
    }
    this.sockets.push(socket);
    socket.onMessage((message) => this.#hear(socket, String(message)));
    socket.onClose(() => {
      this.sockets = this.sockets.filter((other) => other !== socket);
      this.onLeft();
    });
    if (!this.answers) return;
    const time = new Date().toISOString();
    socket.send(JSON.stringify({
      event: 'connected', version: '0.1.0', simulated: this.simulated, time, feed: this.feed, symbols: DEFAULT_SYMBOLS,
    }));
  }

  /**
   * @param {Socket} socket
   * @param {string} text
   */
  #hear(socket, text) {
    this.received.push(text);
    if (!this.answers) return;
    if (text === 'ping') return socket.send('pong');
    const message = JSON.parse(text);
    if (message.action === 'time') {
      socket.send(JSON.stringify({ event: 'time', id: message.id, time: new Date().toISOString() }));
    }
    if (message.action === 'subscribe') this.#subscribe(socket, message.params.symbols);
  }

  /**
   * @param {Socket} socket
   * @param {string[]} names
   */
  #subscribe(socket, names) {
    const good = names.filter((name) => /^[A-Z0-9./_-]{1,20}(:[A-Z0-9 ./_-]{1,30})?$/i.test(name)).map((name) => name.toUpperCase());
    const fails = names.filter((name) => !good.includes(name.toUpperCase()));
    const success = good.map((symbol) => ({
      symbol, ...(this.states[symbol] ?? { state: 'streaming', reason: null }), has_quote: this.quotes.has(symbol),
    }));
    socket.send(JSON.stringify({
      event: 'subscribe-status', status: success.length > 0 ? 'ok' : 'error', success,
      fails: fails.map((symbol) => ({ symbol, reason: 'not a symbol: use letters, digits and . / _ -' })),
    }));
    for (const symbol of good) {
      const quote = this.quotes.get(symbol);
      if (quote) socket.send(JSON.stringify(quote));
    }
  }
}

/** The headers that public/_headers adds to every answer: its first paragraph. */
async function deployedHeaders() {
  const [everywhere = ''] = (await readFile(new URL('_headers', PUBLIC), 'utf8')).split('\n\n');
  const lines = everywhere.split('\n');
  /** @type {Record<string, string>} */
  const headers = {};
  for (const line of lines) {
    const [, name, value] = /^ {2}([\w-]+): (.+)$/.exec(line) ?? [];
    if (name && value) headers[name.toLowerCase()] = value;
  }
  return headers;
}
