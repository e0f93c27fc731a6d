/**
 * Tells a quiet socket from a dead one. A browser may keep a socket "open" for minutes after its
 * network has gone. Only a frame proves that the other side is there. When none has come for a while
 * the watchdog asks, and any frame counts as the answer. While prices come it asks nothing: each
 * question of each page is a message that somebody pays for.
 *
 * It has no timer: the caller calls `tick(now)` about once a second and follows the result.
 */
export class Watchdog {
  #quietMs;
  #patienceMs;
  #heardAt = 0;
  #askedAt = 0;
  /** When the unanswered question was sent; null if there is none. @type {number | null} */
  #openQuestion = null;
  #tickedAt = 0;
  /** Whether to ask at the next tick, whatever comes until then. */
  #isDoubted = false;

  /** @param {{ quietMs?: number, patienceMs?: number }} [settings] */
  constructor({ quietMs = 15_000, patienceMs = 10_000 } = {}) {
    this.#quietMs = quietMs;
    this.#patienceMs = patienceMs;
  }

  /**
   * A new socket opened.
   * @param {number} now  ms
   */
  start(now) {
    this.#heardAt = this.#askedAt = this.#tickedAt = now;
    this.#openQuestion = null;
    this.#isDoubted = false;
  }

  /**
   * Any frame arrived.
   * @param {number} now  ms
   */
  heard(now) {
    this.#heardAt = now;
    this.#openQuestion = null;
  }

  /** Ask at the next tick: the page woke up, or the network changed. */
  probe() {
    this.#isDoubted = this.#openQuestion === null;
  }

  /**
   * @param {number} now  ms
   * @returns {'ping' | 'dead' | 'wait'}
   */
  tick(now) {
    // The page slept (a closed lid, a frozen tab). The answer may be queued behind this timer.
    const slept = now - this.#tickedAt > this.#patienceMs / 2 || now < this.#tickedAt;
    this.#tickedAt = now;
    if (this.#openQuestion !== null && !slept) {
      return now - this.#openQuestion >= this.#patienceMs ? 'dead' : 'wait';
    }
    if (slept || this.#isDoubted || now - Math.max(this.#askedAt, this.#heardAt) >= this.#quietMs) {
      this.#askedAt = this.#openQuestion = now;
      this.#isDoubted = false;
      return 'ping';
    }
    return 'wait';
  }
}
