/** Polls prices by REST while the socket is down. They are slower, and the page says so. */
import { MalformedFrame, parseQuotes, problemOf } from './wire.js';

const POLL_MS = 30_000;
const PATIENCE_MS = 10_000;
/** The hub's limit of symbols per request. */
const MOST_SYMBOLS = 64;

export class RestFallback {
  #store;
  #ask;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** Aborts the running request. @type {AbortController | null} */
  #running = null;

  /** @param {import('../model/store.js').Store} store @param {import('./access.js').Ask} ask */
  constructor(store, ask) {
    this.#store = store;
    this.#ask = ask;
  }

  /** Polls at once and then every 30 s. Does nothing when it is already running. */
  start() {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.#poll(), POLL_MS);
    void this.#poll();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#running?.abort();
    this.#running = null;
  }

  async #poll() {
    const names = [...this.#store.rows.values()].filter((row) => row.state !== 'rejected').map((row) => row.name);
    if (names.length === 0) return;
    const running = new AbortController();
    this.#running = running;
    const patience = setTimeout(() => running.abort(new Error('no answer within 10 s')), PATIENCE_MS);
    try {
      for (let first = 0; first < names.length; first += MOST_SYMBOLS) {
        await this.#askFor(names.slice(first, first + MOST_SYMBOLS), running);
      }
    } catch (error) {
      if (this.#running === running) this.#store.restFailed(reasonOf(error), Date.now());
    } finally {
      clearTimeout(patience);
    }
  }

  /**
   * One invalid name makes the hub reject the whole request, so a rejected request is repeated in
   * halves.
   * @param {string[]} names
   * @param {AbortController} running
   * @returns {Promise<void>}
   */
  async #askFor(names, running) {
    const query = new URLSearchParams({ symbols: names.join(',') });
    const response = await this.#ask(`/api/quotes?${query}`, { signal: running.signal });
    const body = /** @type {unknown} */ (await response.json().catch(() => null));
    if (this.#running !== running) return;
    // An invalid name, or one that the token does not cover.
    if ([400, 403].includes(response.status) && names.length > 1) {
      const middle = Math.ceil(names.length / 2);
      await this.#askFor(names.slice(0, middle), running);
      await this.#askFor(names.slice(middle), running);
      return;
    }
    if (!response.ok) throw new Error(problemOf(body, response.status));
    this.#store.receiveQuotes(parseQuotes(body), Date.now());
  }
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof MalformedFrame) return `the answer cannot be used: ${error.message}`;
  // fetch throws a TypeError when it cannot connect, and every browser words it differently.
  if (error instanceof TypeError) return 'the hub cannot be reached';
  return error instanceof Error ? error.message : String(error);
}
