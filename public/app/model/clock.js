/**
 * The offset between this computer's clock and the hub's, measured as NTP does: of several
 * questions, the one with the shortest round trip is the most exact. Its error is at most half the
 * round trip.
 */

/**
 * `hub time = page time + offset`; both in ms.
 * @typedef {{ offset: number, uncertainty: number }} Offset
 */

export class ClockOffset {
  /** @type {{ offset: number, rtt: number, at: number }[]} */
  #samples = [];
  #keep;
  #maxAgeMs;

  /** @param {{ keep?: number, maxAgeMs?: number }} [settings] */
  constructor({ keep = 8, maxAgeMs = 600_000 } = {}) {
    this.#keep = keep;
    this.#maxAgeMs = maxAgeMs;
  }

  /**
   * @param {number} sentAt      page's clock when the question was sent, ms
   * @param {number} hubTime     the hub's clock when it answered, ms
   * @param {number} receivedAt  page's clock when the answer arrived, ms
   */
  add(sentAt, hubTime, receivedAt) {
    const rtt = receivedAt - sentAt;
    if (rtt < 0) return; // the page's clock was set back in between
    this.#samples.push({ offset: hubTime - (sentAt + receivedAt) / 2, rtt, at: receivedAt });
    // Clocks drift and are set, so old samples are dropped, however short their round trip was.
    this.#samples = this.#samples.filter((sample) => Math.abs(receivedAt - sample.at) <= this.#maxAgeMs).slice(-this.#keep);
  }

  /** Drops all samples: a new connection may reach another hub. */
  clear() {
    this.#samples = [];
  }

  /** @returns {Offset | null} null until the first answer */
  get best() {
    if (this.#samples.length === 0) return null;
    const best = this.#samples.reduce((least, sample) => (sample.rtt < least.rtt ? sample : least));
    return { offset: best.offset, uncertainty: best.rtt / 2 };
  }
}
