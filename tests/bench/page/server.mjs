/**
 * Serves a page and its fake hub on a real port, with real WebSocket frames: what reaches the browser
 * through Playwright's routes costs the page's own thread time, and would be measured with it.
 */
import { createServer } from 'node:http';
import { brotliCompressSync, constants } from 'node:zlib';
import { typeOf } from '../../browser/support/deployed.mjs';
import { accept, framed } from '../../node/support/websocket.mjs';

/** @typedef {import('../../browser/support/fake-hub.mjs').FakeHub} FakeHub */

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
    response.writeHead(200, { ...headers, 'content-type': typeOf(path), 'content-encoding': 'br', 'content-length': body.length });
    response.end(body);
  });
  server.on('upgrade', (request, socket) => connect(hub, request, socket));
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
function connect(hub, request, socket) {
  /** @type {(text: string) => void} */
  let heard = () => {};
  let left = () => {};
  accept(request, socket, {
    onText: (text) => heard(text),
    onClose() {
      const tell = left;
      left = () => {};
      tell();
    },
  });
  hub.connect({
    send: (text) => void (socket.writable && socket.write(framed(text))),
    close: () => void socket.destroy(),
    onMessage: (handler) => (heard = handler),
    onClose: (handler) => (left = handler),
  });
}
