/**
 * As much of Twelve Data as an eviction needs: it accepts every upgrade and every symbol, counts
 * its connections, sends the ticks that a test asks for, and its REST answers only what a test has
 * put there. The Rust tests have a far better one; this one needs only Node.
 */
import { createServer } from 'node:http';
import { accept, framed } from './websocket.mjs';

/** The key of the hubs in these tests. No output may contain it. */
export const KEY = 'test-key-5d41402abc4b2a76';

export class Upstream {
  /** The symbols of each open connection. @type {Map<import('node:stream').Duplex, Set<string>>} */
  #sockets = new Map();
  #server = createServer((request, response) => {
    const { pathname } = new URL(String(request.url), 'http://upstream');
    const answer = this.answers.get(pathname);
    response.writeHead(answer ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  });
  /** What REST answers, by path; 503 to all others. @type {Map<string, object>} */
  answers = new Map();
  /** Upgrades requested. */
  upgrades = 0;
  /** Whether it answers upgrades as if the key were unknown. */
  refuses = false;
  /** The most connections open at the same time. */
  mostAtOnce = 0;
  /** Symbols of every subscribe frame. @type {string[]} */
  subscriptions = [];

  static async start() {
    const upstream = new Upstream();
    upstream.#server.on('upgrade', (request, socket) => upstream.#accept(request, socket));
    await new Promise((resolve) => upstream.#server.listen(0, '127.0.0.1', () => resolve(undefined)));
    return upstream;
  }

  /** The vars that point a hub to this upstream. */
  get vars() {
    return {
      TWELVE_DATA_API_KEY: KEY,
      TWELVE_DATA_WS_URL: `ws://127.0.0.1:${this.port}/v1/quotes/price`,
      TWELVE_DATA_REST_URL: `http://127.0.0.1:${this.port}`,
    };
  }

  get port() {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  get open() {
    return this.#sockets.size;
  }

  /** Sends a tick to the subscribers of its symbol. @param {string} symbol @param {number} price */
  tick(symbol, price) {
    const timestamp = Math.floor(Date.now() / 1_000);
    const event = { event: 'price', symbol, price, timestamp, type: 'Common Stock', exchange: 'NASDAQ' };
    for (const [socket, symbols] of this.#sockets) if (symbols.has(symbol)) send(socket, event);
  }

  /** Ends every connection without a close frame. */
  drop() {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  async stop() {
    for (const socket of this.#sockets.keys()) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:stream').Duplex} socket
   */
  #accept(request, socket) {
    this.upgrades += 1;
    if (this.refuses) {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}');
      return;
    }
    this.#sockets.set(socket, new Set());
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#sockets.size);
    accept(request, socket, {
      onText: (text) => this.#answer(socket, JSON.parse(text)),
      onClose: () => this.#sockets.delete(socket),
    });
  }

  /**
   * @param {import('node:stream').Duplex} socket
   * @param {{ action: string, params?: { symbols: string } }} message
   */
  #answer(socket, { action, params }) {
    if (action === 'heartbeat') send(socket, { event: 'heartbeat', status: 'ok' });
    if (action !== 'subscribe' || !params) return;
    this.subscriptions.push(params.symbols);
    for (const symbol of params.symbols.split(',')) this.#sockets.get(socket)?.add(symbol);
    const success = params.symbols.split(',').map((symbol) => ({ symbol, type: 'Common Stock', exchange: 'NASDAQ' }));
    send(socket, { event: 'subscribe-status', status: 'ok', success, fails: null });
  }
}

/** An answer of REST's `/quote`: some minutes old. @param {string} symbol @param {number} price */
export function quoteOf(symbol, price) {
  const time = Math.floor(Date.now() / 60_000) * 60 - 180;
  return {
    symbol, name: `${symbol} Inc.`, exchange: 'NASDAQ', mic_code: 'XNGS', currency: 'USD', timestamp: time, last_quote_at: time, is_market_open: true,
    open: String(price - 2), high: String(price + 1), low: String(price - 3), close: String(price - 1), previous_close: String(price - 4),
    volume: '886145', average_volume: '33681314', fifty_two_week: { low: String(price / 2), high: String(price * 2) },
  };
}

/** @param {import('node:stream').Duplex} socket @param {object} event */
function send(socket, event) {
  socket.write(framed(JSON.stringify(event)));
}
