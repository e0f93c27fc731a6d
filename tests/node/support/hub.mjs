/**
 * The built worker in Miniflare, which can evict a Durable Object as Cloudflare does with an idle
 * one.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';
import { PROTOCOL, Stream } from '../../../public/app/link/stream.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NAME = 'hamster-terminal';

export class Hub {
  #directory = mkdtempSync(join(tmpdir(), 'hamster-node-'));
  /** @type {Miniflare} */
  #miniflare;
  #vars;
  /** The folder of the build. */
  #build;
  /** The worker's log. @type {{ level: string, message: string }[]} */
  logs = [];

  /**
   * @param {Record<string, string>} vars
   * @param {'release' | 'faults'} build  one of the variants of scripts/lib/worker.mjs
   * @param {number} port  for one that is restarted: `freePort()`, which nobody else gets meanwhile
   */
  constructor(vars, build = 'release', port = 0) {
    this.#vars = vars;
    this.#build = join(ROOT, 'build', build);
    this.#miniflare = this.#run(port);
  }

  /** @param {number} port */
  #run(port) {
    /** @type {Record<string, any>} */
    const options = unstable_getMiniflareWorkerOptions(join(ROOT, 'wrangler.toml')).workerOptions;
    return new Miniflare({
      ...convertV4MiniflareOptions({
        ...options,
        name: NAME,
        host: '127.0.0.1',
        port,
        cf: false,
        logRequests: false,
        modulesRoot: this.#build,
        modules: [
          { type: 'ESModule', path: join(this.#build, 'index.js') },
          { type: 'CompiledWasm', path: join(this.#build, 'index_bg.wasm') },
        ],
        // All calls come from one address.
        bindings: { ...options['bindings'], CALLS_PER_MINUTE: '1000000', LOOKUPS_PER_MINUTE: '1000000', ...this.#vars },
      }),
      handleStructuredLogs: (/** @type {{ level: string, message: string }} */ log) => this.logs.push(log),
      resourcePersistencePath: this.#directory,
    });
  }

  /** What is stored on disk: the content of each file, by its name. */
  stored() {
    const files = readdirSync(this.#directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return new Map(files.map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name))]));
  }

  /** The address for WebSocket clients. */
  async url() {
    return `${(await this.#miniflare.ready).href.replace(/^http/, 'ws')}ws`;
  }

  /**
   * A deploy: every process ends at once, and a new one replaces it with the same storage and
   * address, and perhaps with other vars.
   * @param {Record<string, string>} [vars]
   */
  async restart(vars = {}) {
    this.#vars = { ...this.#vars, ...vars };
    const { port } = await this.#miniflare.ready;
    await this.#miniflare.dispose();
    this.#miniflare = this.#run(Number(port));
    await this.#miniflare.ready;
  }

  /**
   * Evicts the hub from memory. Its sockets hibernate or are closed.
   * @param {'hibernate' | 'close'} webSockets
   */
  async evict(webSockets = 'hibernate') {
    await this.#miniflare.unsafeEvictDurableObject(NAME, 'Hub', { name: 'hub', webSockets });
  }

  /** @param {string} path @param {number} patienceMs */
  async get(path, patienceMs = 20_000) {
    return fetch(new URL(path, await this.#miniflare.ready), { signal: AbortSignal.timeout(patienceMs) });
  }

  /** @param {string} path @returns {Promise<any>} */
  async json(path) {
    return (await this.get(path)).json();
  }

  async connect() {
    const client = new Client(new WebSocket(await this.url()));
    await client.until('connected', (event) => event.event === 'connected');
    return client;
  }

  /**
   * A client of `hamster.v1` that acknowledges and, if it was connected before, resumes.
   * @param {string} symbols
   * @param {Reader} [before]
   */
  async read(symbols, before) {
    const reader = new Reader(new WebSocket(await this.url(), PROTOCOL), before);
    await eventually('connected', () => reader.socket.readyState === WebSocket.OPEN);
    reader.say({ action: 'subscribe', params: { symbols, resume: reader.stream.position } });
    const { snapshots } = reader;
    await eventually('a snapshot', () => reader.snapshots > snapshots);
    return reader;
  }

  async stop() {
    await this.#miniflare.dispose();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A client that keeps everything that it receives. */
export class Client {
  /** @type {Record<string, any>[]} */
  heard = [];
  /** @type {number | null} */
  closed = null;

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.socket = socket;
    // A pong is the only text that is not JSON.
    socket.addEventListener('message', ({ data }) => this.heard.push(data === 'pong' ? { event: 'pong' } : JSON.parse(data)));
    socket.addEventListener('close', ({ code }) => (this.closed = code));
  }

  /** @param {object} message */
  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  ping() {
    this.socket.send('ping');
  }

  /**
   * The first wanted event after position `from`.
   * @param {string} what
   * @param {(event: Record<string, any>) => boolean} wanted
   * @param {number} from
   */
  async until(what, wanted, from = 0) {
    await eventually(what, () => this.heard.slice(from).some(wanted));
    const found = this.heard.slice(from).find(wanted);
    if (!found) throw new Error(what);
    return found;
  }
}

/** A client of `hamster.v1`: the page's own code, without the page. */
export class Reader {
  /**
   * The newest price of each symbol.
   * @type {Map<string, import('../../../public/app/link/wire.js').Quote>}
   */
  quotes;
  snapshots = 0;
  /** @type {number | null} */
  closed = null;
  /** The first error in a frame. @type {unknown} */
  complaint = null;
  #acknowledged = -1;

  /** @param {WebSocket} socket @param {Reader} [before] */
  constructor(socket, before) {
    this.socket = socket;
    this.stream = before?.stream ?? new Stream();
    this.quotes = before?.quotes ?? new Map();
    this.stream.reconnected();
    // More often than required: while anything is unacknowledged, the hub watches for it and cannot
    // be evicted.
    const later = setInterval(() => this.#acknowledge(), 1_000);
    socket.addEventListener('message', ({ data }) => this.#hear(data));
    socket.addEventListener('close', ({ code }) => {
      this.closed = code;
      clearInterval(later);
    });
    // Node 22 sends no `close` for a refused connection.
    socket.addEventListener('error', () => clearInterval(later));
  }

  /** @param {object} message */
  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** Whether the hub need not look after this client. */
  get hasAcknowledged() {
    return this.stream.position?.seq === this.#acknowledged;
  }

  /** @param {string} data */
  #hear(data) {
    try {
      const frame = JSON.parse(data);
      for (const message of this.stream.read(frame, data.length)) {
        if (message.event === 'price_update') this.quotes.set(message.quote.symbol, message.quote);
      }
      if (frame.event === 'snapshot') this.snapshots += 1;
    } catch (error) {
      this.complaint ??= error;
    }
  }

  #acknowledge() {
    const { position } = this.stream;
    if (position === undefined || position.seq === this.#acknowledged || this.socket.readyState !== WebSocket.OPEN) return;
    this.#acknowledged = position.seq;
    this.say({ action: 'ack', stream: position.stream, seq: position.seq });
  }
}

/** @param {string} what @param {() => boolean | Promise<boolean>} condition @param {number} [patienceMs] */
export async function eventually(what, condition, patienceMs = 20_000) {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
