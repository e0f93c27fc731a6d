/**
 * What the service worker decides. It keeps the terminal's document and assets of one version, so
 * that the terminal starts without a network. Prices are never kept: `/api` and `/ws` pass it by.
 */

/** A document that has not come by then is answered from what is kept. */
export const NETWORK_MS = 2_000;
/** The key under which the document is kept, whatever its address asks for. */
export const DOCUMENT = '/';

/**
 * `document`: the network first, then what is kept. `asset`: what is kept first, since its name has
 * a hash of its content. null: not the worker's business.
 * @param {{ method: string, mode: string, url: string }} request
 * @param {string} origin
 * @returns {'document' | 'asset' | null}
 */
export function kindOf({ method, mode, url }, origin) {
  const address = new URL(url);
  if (method !== 'GET' || address.origin !== origin) return null;
  if (mode === 'navigate') return address.pathname === DOCUMENT ? 'document' : null;
  return address.pathname.startsWith('/assets/') ? 'asset' : null;
}

/** Whether an address of this origin is the terminal's, and not that of an embedded price. @param {string} url @param {string} origin */
export function isTerminal(url, origin) {
  const address = new URL(url);
  return address.origin === origin && address.pathname === DOCUMENT;
}

/** The terminal's address that shows a symbol. @param {unknown} symbol  what is no text shows none */
export function addressOf(symbol) {
  return typeof symbol === 'string' && symbol !== '' ? `${DOCUMENT}?${new URLSearchParams({ s: symbol })}` : DOCUMENT;
}

/**
 * Whether a document belongs to these assets. While a deployment spreads, the worker of one version
 * may get the document of another.
 * @param {string} html
 * @param {string[]} assets  addresses
 */
export function belongsTo(html, assets) {
  const scripts = [...html.matchAll(/"(\/assets\/[^"]+\.(?:js|css))"/g)].map(([, address]) => String(address));
  return scripts.length > 0 && scripts.every((address) => assets.includes(address));
}

/**
 * The caches to delete. The version before stays for tabs that still show it.
 * @param {string[]} names  of all caches, oldest first
 * @param {string} current
 */
export function outdated(names, current) {
  return names.filter((name) => name !== current).slice(0, -1);
}
