/**
 * The servers for which the clients were made, at one address: Socket.IO's own with the events of
 * the original, the tests' fake Twelve Data (both its WebSocket and its REST), and a plain stream of
 * server-sent events. It needs `cargo build --example fake_twelve_data`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../../../scripts/lib/project.mjs';
import { load } from './clients.mjs';
import { DEFAULT_SYMBOLS, OTHER } from './symbols.mjs';

const FAKE = join(process.env['CARGO_TARGET_DIR'] ?? join(ROOT, 'target'), 'debug', 'examples', 'fake_twelve_data');
const ALL = [...DEFAULT_SYMBOLS, OTHER];
/**
 * How often a client is told its position in the stream. Socket.IO would append it to every event as
 * one more argument, and python-socketio would hand that to handlers which take one.
 */
const POSITION_MS = 200;
/** How many server-sent events a client can miss and still be given. */
const KEPT = 1_000;

/** @typedef {{ id: number, symbol: string, price: number, change: number, timestamp: string }} Update */

export class Reference {
  #fake;
  #addresses;
  #port = 0;
  /** @type {import('node:http').Server | undefined} */
  #http;
  /** @type {any} */
  #io;
  /** @type {NodeJS.Timeout | undefined} */
  #position;
  #upstream;
  /** @type {Update[]} */
  #updates = [];
  /** @type {Map<string, Update>} */
  #newest = new Map();
  /** The streams of server-sent events. @type {Set<(update: Update) => void>} */
  #streams = new Set();
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();

  /** @param {import('node:child_process').ChildProcess} fake @param {{ ws: string, rest: string }} addresses */
  constructor(fake, addresses) {
    this.#fake = fake;
    this.#addresses = addresses;
    this.#upstream = new WebSocket(`${addresses.ws}?apikey=reference`);
    this.#upstream.addEventListener('open', () => {
      this.#upstream.send(JSON.stringify({ action: 'subscribe', params: { symbols: ALL.join() } }));
    });
    this.#upstream.addEventListener('message', ({ data }) => this.#publish(JSON.parse(data)));
  }

  static async start() {
    const fake = spawn(FAKE, ['--rate', '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: fake.stdout }), 'line');
    const reference = new Reference(fake, JSON.parse(line));
    await reference.#listen();
    return reference;
  }

  async url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  async #listen() {
    this.#http = createServer((incoming, answer) => this.#answer(incoming, answer));
    const { Server } = load('socket.io');
    this.#io = new Server(this.#http, { cors: { origin: '*' }, serveClient: false, destroyUpgrade: false, connectionStateRecovery: {} });
    this.#position = setInterval(() => this.#io.emit('position'), POSITION_MS);
    this.#io.on('connection', (/** @type {any} */ socket) => this.#greet(socket));
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#http.on('upgrade', (incoming, socket, head) => {
      if (incoming.url?.startsWith('/v1/quotes/price')) this.#tunnel(incoming, socket, head);
    });
    this.#http.listen(this.#port, '127.0.0.1');
    await once(this.#http, 'listening');
    const address = this.#http.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  async restart() {
    await this.#close();
    await this.#listen();
  }

  async stop() {
    await this.#close();
    this.#upstream.close();
    this.#fake.kill('SIGKILL');
    await once(this.#fake, 'exit');
  }

  async #close() {
    clearInterval(this.#position);
    for (const socket of this.#sockets) socket.destroy();
    await this.#io.close();
  }

  /** @param {Record<string, any>} tick */
  #publish({ event, symbol, price }) {
    if (event !== 'price') return;
    const id = (this.#updates.at(-1)?.id ?? 0) + 1;
    const update = { id, symbol, price, change: 0.25, timestamp: new Date().toISOString() };
    this.#updates.push(update);
    if (this.#updates.length > KEPT) this.#updates.shift();
    this.#newest.set(symbol, update);
    (symbol === OTHER ? this.#io?.to(symbol) : this.#io)?.volatile.emit('price_update', update);
    for (const write of this.#streams) write(update);
  }

  /** @param {any} socket */
  #greet(socket) {
    socket.on('subscribe', (/** @type {{ symbols: string[] }} */ { symbols }, /** @type {((answer: object) => void) | undefined} */ answer) => {
      const known = symbols.filter((symbol) => ALL.includes(symbol));
      const fails = symbols.filter((symbol) => !ALL.includes(symbol)).map((symbol) => ({ symbol, reason: 'symbol not found' }));
      socket.join(known);
      answer?.({ ok: true, symbols: known, fails });
      socket.emit('subscription', { symbols, status: 'subscribed', fails });
    });
    if (socket.recovered) return;
    socket.emit('status', { data: 'Connected to Hamster Terminal API' });
    for (const update of this.#newest.values()) if (update.symbol !== OTHER) socket.volatile.emit('price_update', update);
  }

  /**
   * @param {import('node:http').IncomingMessage} incoming
   * @param {import('node:http').ServerResponse} answer
   */
  #answer(incoming, answer) {
    const { pathname, searchParams } = new URL(String(incoming.url), this.#addresses.rest);
    if (pathname === '/api/stream') return this.#stream(incoming, answer, (searchParams.get('symbols') ?? '').split(','));
    const forwarded = request(`${this.#addresses.rest}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (its) => {
      answer.writeHead(Number(its.statusCode), its.headers);
      its.pipe(answer);
    });
    incoming.pipe(forwarded);
  }

  /**
   * @param {import('node:http').IncomingMessage} incoming
   * @param {import('node:http').ServerResponse} answer
   * @param {string[]} symbols
   */
  #stream({ headers }, answer, symbols) {
    const last = Number(headers['last-event-id'] ?? NaN);
    answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).write('retry: 500\n\n: hello\n\n');
    for (const symbol of symbols.filter((symbol) => !ALL.includes(symbol))) {
      answer.write(`event: symbol_status\ndata: ${JSON.stringify({ symbol, reason: 'symbol not found' })}\n\n`);
    }
    const write = (/** @type {Update} */ update) => {
      if (symbols.includes(update.symbol)) answer.write(`id: ${update.id}\nevent: price_update\ndata: ${JSON.stringify(update)}\n\n`);
    };
    const known = last > 0 ? this.#updates.filter(({ id }) => id > last) : [...this.#newest.values()];
    known.sort((one, other) => one.id - other.id).forEach(write);
    this.#streams.add(write);
    answer.on('close', () => this.#streams.delete(write));
  }

  /**
   * Passes an upgrade on as it is, and everything that follows.
   * @param {import('node:http').IncomingMessage} incoming
   * @param {import('node:stream').Duplex} client
   * @param {Buffer} head
   */
  #tunnel({ url, rawHeaders }, client, head) {
    const { hostname, port } = new URL(this.#addresses.ws);
    const upstream = connect(Number(port), hostname);
    const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
    upstream.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(client).pipe(upstream);
    for (const one of [client, upstream]) {
      one.on('error', () => {});
      one.on('close', () => [client, upstream].forEach((other) => other.destroy()));
    }
  }
}
