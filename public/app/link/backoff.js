/**
 * When to try again: full jitter, so that ten thousand pages that lost the same hub do not come
 * back in the same second. No wait is longer than ten seconds: jitter makes some pages fail four
 * times while a hub restarts, and all are to be back fifteen seconds after it. See "Exponential
 * Backoff And Jitter" (AWS architecture blog) for why all of the delay is random.
 */
export class Backoff {
  #failures = 0;
  #firstMs;
  #longestMs;
  #random;

  /** @param {{ firstMs?: number, longestMs?: number, random?: () => number }} [settings] */
  constructor({ firstMs = 1_000, longestMs = 10_000, random = Math.random } = {}) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#random = random;
  }

  /** How often it has failed since the last reset. */
  get failures() {
    return this.#failures;
  }

  /** Counts a failure and gives the wait before the next try, in ms. */
  next() {
    // Past 2^30 the power is far beyond any ceiling; holding it there keeps it finite for ever.
    const ceiling = Math.min(this.#longestMs, this.#firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return this.#random() * ceiling;
  }

  /** The connection proved stable: the next failure is a first one. */
  reset() {
    this.#failures = 0;
  }
}
