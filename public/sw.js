/**
 * The service worker: the terminal starts without a network, and a tab that is older than a
 * deployment still finds its assets. app/pwa/shell.js has the rules.
 *
 * A new version is installed beside the running one and waits until the user asks for it.
 */
import { DOCUMENT, NETWORK_MS, addressOf, belongsTo, isTerminal, kindOf, outdated } from './app/pwa/shell.js';

/** @typedef {Event & { waitUntil(done: Promise<unknown>): void }} LifeEvent */
/**
 * @typedef {LifeEvent & {
 *   request: Request, preloadResponse: Promise<Response | undefined>, respondWith(answer: Promise<Response>): void
 * }} FetchEvent
 */
/** `data` is what ui/notify.js gave the notification. @typedef {{ data: unknown, close(): void }} Shown */
/** @typedef {{ url: string, focus(): Promise<unknown>, postMessage(message: unknown): void }} Page */
/**
 * The part of ServiceWorkerGlobalScope that is used. The types of the page's own scope exclude it.
 * @typedef {object} Scope
 * @property {{ version: string, assets: string[] }} SHELL  scripts/lib/page-extras.mjs puts it in
 * @property {{ navigationPreload?: { enable(): Promise<void> } }} registration
 * @property {{
 *   claim(): Promise<void>,
 *   matchAll(which: { type: 'window', includeUncontrolled: boolean }): Promise<Page[]>,
 *   openWindow(address: string): Promise<unknown>,
 * }} clients
 * @property {Location} location
 * @property {() => Promise<void>} skipWaiting
 * @property {(type: string, listener: (event: any) => void) => void} addEventListener
 */

const { version, assets } = /** @type {Scope} */ (/** @type {unknown} */ (self)).SHELL;
const scope = /** @type {Scope} */ (/** @type {unknown} */ (self));
const CACHE = `hamster-${version}`;

scope.addEventListener('install', (/** @type {LifeEvent} */ event) => event.waitUntil(keep()));
scope.addEventListener('activate', (/** @type {LifeEvent} */ event) => event.waitUntil(takeOver()));
scope.addEventListener('fetch', (/** @type {FetchEvent} */ event) => {
  const kind = kindOf(event.request, scope.location.origin);
  if (kind === 'document') event.respondWith(newestDocument(event));
  if (kind === 'asset') event.respondWith(kept(event.request).then((found) => found ?? fetch(event.request)));
});
scope.addEventListener('message', (/** @type {MessageEvent} */ { data, ports }) => {
  if (data === 'take-over') void scope.skipWaiting();
  // A page asks whether this is its own version.
  if (data === 'assets') ports[0]?.postMessage(assets);
});
scope.addEventListener('notificationclick', (/** @type {LifeEvent & { notification: Shown }} */ event) => event.waitUntil(goTo(event.notification)));

/** Keeps the whole version or, if anything is missing, nothing: then the browser tries later. */
async function keep() {
  const document = await fetch(DOCUMENT, { cache: 'no-cache' });
  const html = await document.clone().text();
  if (!document.ok || !belongsTo(html, assets)) throw new Error('the document is of another version');
  const cache = await caches.open(CACHE);
  await cache.addAll(assets);
  await cache.put(DOCUMENT, document);
}

async function takeOver() {
  const names = outdated(await caches.keys(), CACHE);
  await Promise.all(names.map((name) => caches.delete(name)));
  // The browser asks for a document while it starts this worker.
  await scope.registration.navigationPreload?.enable();
  await scope.clients.claim();
}

/**
 * The document from the network. If that is slow, fails, or answers with an error of the server,
 * the kept one.
 * @param {FetchEvent} event
 */
async function newestDocument({ request, preloadResponse }) {
  const network = preloadResponse.then((early) => early ?? fetch(request));
  const good = network.then((answer) => (answer.status >= 500 ? null : answer), () => null);
  const late = new Promise((/** @type {(nothing: null) => void} */ resolve) => void setTimeout(resolve, NETWORK_MS, null));
  return (await Promise.race([good, late])) ?? (await caches.match(DOCUMENT, { cacheName: CACHE, ignoreVary: true })) ?? network;
}

/**
 * An alert's notification was clicked: the page that was used last comes to the front and shows the
 * symbol. If none is open, a new one does.
 * @param {Shown} notification
 */
async function goTo(notification) {
  notification.close();
  const { symbol } = /** @type {{ symbol?: unknown }} */ (notification.data ?? {});
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find(({ url }) => isTerminal(url, scope.location.origin));
  if (!page) return void (await scope.clients.openWindow(addressOf(symbol)));
  page.postMessage({ type: 'notification-click', symbol });
  // A browser may refuse; the page shows the symbol all the same.
  await page.focus().catch(() => {});
}

/** @param {Request} request */
function kept(request) {
  return caches.match(request, { ignoreVary: true });
}
