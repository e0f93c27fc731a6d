/**
 * Serves a page and its fake hub on a real port, with real WebSocket frames: what reaches the browser
 * through Playwright's routes costs the page's own thread time, and would be measured with it.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { TYPES } from '../../browser/support/routes.mjs';

/** @typedef {import('../../browser/support/fake-hub.mjs').FakeHub} FakeHub */

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** The quality with which `wrangler dev` compresses. */
const QUALITY = 4;

/**
 * @param {FakeHub} hub
 * @param {Map<string, Uint8Array>} files  by path: `/index.html`, `/assets/main-….js`
 * @param {Record<string, string>} headers  of every file
 * @returns {Promise<{ origin: string, stop: () => Promise<void> }>}
 */
export async function serve(hub, files, headers) {
  const packed = new Map([...files].map(([path, body]) => [path, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } })]));
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://hub');
    if (url.pathname.startsWith('/api/')) {
      const answer = hub.answer(url);
      response.writeHead(answer?.status ?? (answer ? 200 : 503), { 'content-type': 'application/json' });
      response.end(answer ? (answer.body ?? JSON.stringify(answer.json)) : '{}');
      return;
    }
    const path = url.pathname === '/' ? '/index.html' : url.pathname;
    const body = packed.get(path);
    if (!body) return void response.writeHead(404).end();
    response.writeHead(200, { ...headers, 'content-type': TYPES[extname(path)] ?? 'text/plain', 'content-encoding': 'br', 'content-length': body.length });
    response.end(body);
  });
  server.on('upgrade', (request, socket) => accept(hub, request, socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    async stop() {
      await hub.drop({ code: 1001 });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * @param {FakeHub} hub
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:stream').Duplex} socket
 */
function accept(hub, request, socket) {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
  const protocol = request.headers['sec-websocket-protocol'];
  const chosen = protocol ? `sec-websocket-protocol: ${protocol}\r\n` : '';
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${key}\r\n${chosen}\r\n`);
  /** @type {(text: string) => void} */
  let heard = () => {};
  let left = () => {};
  const gone = () => {
    const tell = left;
    left = () => {};
    tell();
  };
  socket.on('close', gone).on('error', gone);
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let frame = unmask(pending); frame; frame = unmask(pending)) {
      pending = pending.subarray(frame.length);
      if (frame.opcode === 8) socket.end();
      if (frame.opcode === 1) heard(frame.text);
    }
  });
  hub.connect({
    send: (text) => void (socket.writable && socket.write(framed(text))),
    close: () => void socket.destroy(),
    onMessage: (handler) => (heard = handler),
    onClose: (handler) => (left = handler),
  });
}

/** A text frame of a server. @param {string} text */
function framed(text) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  if (body.length < 126) head[1] = body.length;
  else if (body.length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(body.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(body.length), 2);
  }
  return Buffer.concat([head, body]);
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
