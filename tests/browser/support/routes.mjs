/** Serves the built page with its deployed headers, and a fake hub, inside a browser: no port is opened. */
import { readFile } from 'node:fs/promises';
import { buildPage } from '../../../scripts/lib/page.mjs';
import { PUBLIC, headersOf, rulesOf, typeOf } from './deployed.mjs';

/**
 * @param {import('playwright-core').Page} page
 * @param {import('./fake-hub.mjs').FakeHub} hub
 */
export async function serveThrough(page, hub) {
  await buildPage();
  await page.addInitScript(withoutWorker, new URL(hub.origin).host);
  const rules = rulesOf(await readFile(new URL('_headers', PUBLIC), 'utf8'));
  await page.route(`${hub.origin}/**`, async (route) => {
    const url = new URL(route.request().url());
    if (url.pathname.startsWith('/api/')) {
      const given = hub.answer(url, route.request().headers()['authorization']);
      return given ? route.fulfill(given) : route.abort('connectionrefused');
    }
    const path = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
    const body = await readFile(new URL(path, PUBLIC)).catch(() => null);
    const headers = headersOf(rules, url.pathname);
    if (body === null) return route.fulfill({ status: 404, headers, body: 'no such file', contentType: 'text/plain' });
    return route.fulfill({ headers: { ...headers, 'content-type': typeOf(path) }, body });
  });
  await page.routeWebSocket(/\/ws(?:\?|$)/, (socket) => hub.connect(socket));
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
