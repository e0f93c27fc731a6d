/**
 * Asks the hub for instruments by symbol or name: `GET /api/search` of docs/protocol.md. A complete
 * answer is kept for a day. Of an answer that is not, the reason and the time of the next try come
 * along; the hub may still answer another text from its own memory, so each text is asked for.
 */
import { SignInNeeded } from './access.js';
import { number, oneOf, problemOf, text, time } from './wire.js';

/**
 * An instrument that a search found. `subscribe` is the symbol to watch; `serves` says how the hub
 * would get its prices; `plan` is the smallest one of the provider that includes it.
 * @typedef {object} Found
 * @property {string} symbol
 * @property {string} subscribe
 * @property {string} name
 * @property {string | null} exchange
 * @property {string | null} micCode
 * @property {string | null} currency
 * @property {'stream' | 'poll' | 'no' | 'unknown'} serves
 * @property {string | null} plan
 */

/**
 * `reason`: why the answer is not complete; null: it is. `retryAt`: hub's clock, ms.
 * @typedef {{ results: Found[], reason: string | null, retryAt: number | null }} SearchAnswer
 */

const KEPT_MS = 86_400_000;
const MOST_KEPT = 500;
const LIMIT = 20;
const PATIENCE_MS = 10_000;
/** The hub's limit. */
export const LONGEST_QUERY = 64;
const SERVES = ['stream', 'poll', 'no', 'unknown'];

export class Search {
  /** @type {Map<string, { answer: SearchAnswer, at: number }>} */
  #kept = new Map();
  /** @type {AbortController | null} */
  #running = null;
  #ask;

  /** @param {import('./access.js').Ask} ask */
  constructor(ask) {
    this.#ask = ask;
  }

  /** The answer that is kept; null: the hub must be asked. @param {string} text @param {number} now  page's clock, ms */
  kept(text, now) {
    const held = this.#kept.get(keyOf(text));
    return held && now - held.at < KEPT_MS ? held.answer : null;
  }

  /** Stops the request that is under way. */
  abort() {
    this.#running?.abort();
    this.#running = null;
  }

  /**
   * Asks the hub; a question before is given up.
   * @param {string} text
   * @param {number} now  page's clock, ms
   * @returns {Promise<SearchAnswer | null>}  null: another question came meanwhile
   */
  async ask(text, now) {
    this.abort();
    const held = this.kept(text, now);
    if (held) return held;
    const running = new AbortController();
    this.#running = running;
    const patience = setTimeout(() => running.abort(), PATIENCE_MS);
    try {
      const query = new URLSearchParams({ q: text.trim().slice(0, LONGEST_QUERY), limit: String(LIMIT) });
      const response = await this.#ask(`/api/search?${query}`, { signal: running.signal });
      const body = /** @type {unknown} */ (await response.json().catch(() => null));
      if (this.#running !== running) return null;
      if (!response.ok) return failed(problemOf(body, response.status));
      const answer = parseSearch(body);
      if (answer.reason === null) this.#keep(keyOf(text), answer, now);
      return answer;
    } catch (error) {
      if (this.#running !== running) return null;
      return failed(error instanceof SignInNeeded ? error.message : 'the hub cannot be reached');
    } finally {
      clearTimeout(patience);
      if (this.#running === running) this.#running = null;
    }
  }

  /** @param {string} key @param {SearchAnswer} answer @param {number} at */
  #keep(key, answer, at) {
    this.#kept.delete(key);
    this.#kept.set(key, { answer, at });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/**
 * @param {unknown} value  the parsed JSON of the answer
 * @returns {SearchAnswer}
 */
export function parseSearch(value) {
  const { results, reason, retry_at: retryAt } = /** @type {Record<string, unknown>} */ (value ?? {});
  if (!Array.isArray(results)) return failed('the answer of the hub cannot be used');
  return {
    results: results.map(found).filter((one) => one !== null).slice(0, 50),
    reason: text(reason),
    retryAt: number(retryAt) ?? time(retryAt),
  };
}

/** @param {unknown} value @returns {Found | null} */
function found(value) {
  const body = /** @type {Record<string, unknown>} */ (value ?? {});
  const symbol = text(body['symbol']);
  const subscribe = text(body['subscribe']) ?? symbol;
  if (!symbol || !subscribe) return null;
  return {
    symbol,
    subscribe,
    name: text(body['name']) ?? '',
    exchange: text(body['exchange']),
    micCode: text(body['mic_code']),
    currency: text(body['currency']),
    serves: /** @type {Found['serves']} */ (oneOf(SERVES, body['serves'], 'unknown')),
    plan: text(body['plan']),
  };
}

/** @param {string} reason @returns {SearchAnswer} */
function failed(reason) {
  return { results: [], reason, retryAt: null };
}

/** @param {string} text */
function keyOf(text) {
  return text.trim().toLowerCase();
}
