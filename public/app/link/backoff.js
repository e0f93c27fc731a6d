/**
 * When to reconnect: full jitter, so that ten thousand pages that lost the same hub do not come
 * back in the same second. No wait is longer than ten seconds. With jitter some pages fail four
 * times while a hub restarts, and all should be back fifteen seconds after it. "Exponential Backoff
 * And Jitter" (AWS architecture blog) explains why the whole delay is random.
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

  /** Failures since the last reset. */
  get failures() {
    return this.#failures;
  }

  /** Counts a failure and returns the wait before the next attempt, in ms. */
  next() {
    // Past 2^30 the power is far above any ceiling. The cap keeps it finite.
    const ceiling = Math.min(this.#longestMs, this.#firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return this.#random() * ceiling;
  }

  /** The connection proved stable, so the next failure counts as the first. */
  reset() {
    this.#failures = 0;
  }
}
