/**
 * As much of Twelve Data as an eviction needs: it accepts every upgrade and every symbol, counts
 * its connections, sends the ticks that a test asks for, and has no REST. The Rust tests have a far
 * better one; this one needs only Node.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The key of the hubs in these tests. No output may contain it. */
export const KEY = 'test-key-5d41402abc4b2a76';

export class Upstream {
  /** The symbols of each open connection. @type {Map<import('node:stream').Duplex, Set<string>>} */
  #sockets = new Map();
  #server = createServer((_, response) => response.writeHead(503).end('{}'));
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
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`);
    this.#sockets.set(socket, new Set());
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#sockets.size);
    const gone = () => this.#sockets.delete(socket);
    socket.on('close', gone).on('error', gone);
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let frame = unmask(pending); frame; frame = unmask(pending)) {
        pending = pending.subarray(frame.length);
        if (frame.opcode === 8) {
          gone();
          socket.end(Buffer.from([0x88, 0]));
        }
        if (frame.opcode === 1) this.#answer(socket, JSON.parse(frame.text));
      }
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

/** @param {import('node:stream').Duplex} socket @param {object} event */
function send(socket, event) {
  const text = Buffer.from(JSON.stringify(event));
  const head = text.length < 126 ? [0x81, text.length] : [0x81, 126, text.length >> 8, text.length & 255];
  socket.write(Buffer.concat([Buffer.from(head), text]));
}

/** The first frame of a client, if it is complete. @param {Buffer} bytes */
function unmask(bytes) {
  if (bytes.length < 6) return null;
  const short = bytes.readUInt8(1) & 127;
  if (short === 127) throw new Error('a frame of more than 64 KiB');
  const maskAt = short === 126 ? 4 : 2;
  const size = short === 126 ? bytes.readUInt16BE(2) : short;
  const length = maskAt + 4 + size;
  if (bytes.length < length) return null;
  const mask = bytes.subarray(maskAt, maskAt + 4);
  const text = Buffer.from(bytes.subarray(maskAt + 4, length)).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return { opcode: bytes.readUInt8(0) & 15, text: Buffer.from(text).toString(), length };
}
