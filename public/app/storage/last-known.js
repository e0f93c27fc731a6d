/**
 * The last known prices, so that a page that starts shows them, marked as restored, before the hub
 * answers, and where there is no hub. They are in this browser's IndexedDB, which may refuse.
 */
import { quoteOf } from '../model/last-known.js';

const DATABASE = 'hamster';
const STORE = 'quotes';
const EVERY_MS = 30_000;
/** A page that is left soon may not have the time to write; by then it has its first prices. */
const FIRST_MS = 3_000;
/** Older prices are of no use to anybody. */
const OLDEST_MS = 30 * 86_400_000;

/** @typedef {import('../link/wire.js').Quote} Quote */

export class LastKnown {
  #store;
  /** @type {Promise<IDBDatabase | null> | null} */
  #opening = null;
  /** What was read at the start, by symbol. @type {Quote[]} */
  #read = [];
  /** What was written last, by row. @type {WeakMap<import('../model/quotes.js').Row, Quote>} */
  #written = new WeakMap();

  /** @param {import('../model/store.js').Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** Reads the kept prices, shows them, and keeps the present ones from now on. */
  async start() {
    setTimeout(() => void this.keep(), FIRST_MS);
    setInterval(() => void this.keep(), EVERY_MS);
    addEventListener('pagehide', () => void this.keep());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') void this.keep();
    });
    const database = await this.#open();
    if (!database) return;
    try {
      const store = database.transaction(STORE, 'readwrite').objectStore(STORE);
      const kept = /** @type {unknown[]} */ (await answerTo(store.getAll()));
      const oldest = Date.now() - OLDEST_MS;
      this.#read = kept.map(quoteOf).filter((quote) => quote !== null).filter(({ receivedAt }) => receivedAt >= oldest);
      const wanted = new Set(this.#read.map(({ symbol }) => symbol));
      for (const key of await answerTo(store.getAllKeys())) if (!wanted.has(String(key))) store.delete(key);
      this.restore();
    } catch {
      // It is read at the next start, or never.
    }
  }

  /** Shows the kept prices of symbols that have none yet. */
  restore() {
    for (const quote of this.#read) this.#store.restore(quote);
  }

  /** Writes the prices that are new. */
  async keep() {
    const rows = [...this.#store.rows.values()].filter((row) => row.quote !== null && !row.kept && this.#written.get(row) !== row.quote);
    if (rows.length === 0) return;
    const database = await this.#open();
    if (!database) return;
    try {
      const transaction = database.transaction(STORE, 'readwrite');
      for (const row of rows) {
        transaction.objectStore(STORE).put(row.quote);
        if (row.quote) this.#written.set(row, row.quote);
      }
      // A page that is left does not live to see its requests answered, after which it would commit.
      transaction.commit();
    } catch {
      // The disk is full, or the user deleted the data of this page meanwhile.
      this.#opening = null;
    }
  }

  /** @returns {Promise<IDBDatabase | null>} null: refused */
  #open() {
    this.#opening ??= openDatabase().catch(() => null);
    return this.#opening;
  }
}

/** @returns {Promise<IDBDatabase>} */
async function openDatabase() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(STORE, { keyPath: 'symbol' });
  const database = await answerTo(request);
  // A newer version of the page wants another form, or the user deletes the data.
  database.onversionchange = () => database.close();
  return database;
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answerTo(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('refused'));
  });
}
