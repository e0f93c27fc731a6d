/** Serves the built page with its deployed headers, and a fake hub, inside a browser: no port is opened. */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { buildPage } from '../../../scripts/lib/page.mjs';

const PUBLIC = new URL('../../../build/public/', import.meta.url);
/** Content types by the ending of a file's name. */
export const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
});

/**
 * @param {import('playwright-core').Page} page
 * @param {import('./fake-hub.mjs').FakeHub} hub
 */
export async function serveThrough(page, hub) {
  await buildPage();
  await page.addInitScript(withoutWorker, new URL(hub.origin).host);
  const headers = await deployedHeaders();
  await page.route(`${hub.origin}/**`, async (route) => {
    const url = new URL(route.request().url());
    if (url.pathname.startsWith('/api/')) {
      const given = hub.answer(url);
      return given ? route.fulfill(given) : route.abort('connectionrefused');
    }
    const path = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
    const body = await readFile(new URL(path, PUBLIC)).catch(() => null);
    const contentType = TYPES[extname(path)] ?? 'text/plain';
    if (body === null) return route.fulfill({ status: 404, headers, body: 'no such file', contentType: 'text/plain' });
    return route.fulfill({ headers: { ...headers, 'content-type': contentType }, body });
  });
  await page.routeWebSocket(/\/ws$/, (socket) => hub.connect(socket));
  // After the route, which replaces the browser's WebSocket.
  if (!hub.v1) await page.addInitScript(withoutSubprotocol);
}

/**
 * A routed socket says that the first subprotocol offered was accepted. A hub that speaks plain JSON
 * accepts none. Runs in the page.
 */
function withoutSubprotocol() {
  window.WebSocket = class extends WebSocket {
    /** @param {string | URL} url */
    constructor(url) {
      super(url);
    }
  };
}

/**
 * No route answers for a service worker's own script, so the browser would complain. The page works
 * without one, as in a private window. Runs in the page.
 * @param {string} host  other hosts may have a server
 */
function withoutWorker(host) {
  if (location.host !== host || !('serviceWorker' in navigator)) return;
  ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException('No worker in this test', 'NotSupportedError'));
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
