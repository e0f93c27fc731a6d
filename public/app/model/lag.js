/** The mean of the last hundred or so measurements. Without a measurement it is null, not zero. */
export class RollingMean {
  /** @type {number[]} */
  #values = [];
  #keep;

  /** @param {number} [keep] */
  constructor(keep = 100) {
    this.#keep = keep;
  }

  /** @param {number} value */
  add(value) {
    if (!Number.isFinite(value)) return;
    this.#values.push(value);
    if (this.#values.length > this.#keep) this.#values.shift();
  }

  get count() {
    return this.#values.length;
  }

  /** @returns {number | null} */
  get mean() {
    if (this.#values.length === 0) return null;
    return this.#values.reduce((sum, value) => sum + value, 0) / this.#values.length;
  }
}

/**
 * The way of a price in three hops: exchange to hub, hub to this page, this page to the screen.
 * Without a measurement a hop is null. Only prices that were painted count.
 */
export class HopLags {
  #toHub = new RollingMean();
  #toPage = new RollingMean();
  #toScreen = new RollingMean();

  /**
   * @param {object} times
   * @param {number | null} times.madeAt  by the exchange's clock, ms; it stamps whole seconds
   * @param {number} times.receivedAt  by the hub's clock
   * @param {number} times.cameAt  by the page's clock
   * @param {number} times.paintedAt  by the page's clock
   * @param {number} offset  hub's clock minus the page's
   */
  add({ madeAt, receivedAt, cameAt, paintedAt }, offset) {
    if (madeAt !== null) this.#toHub.add(receivedAt - madeAt);
    this.#toPage.add(cameAt + offset - receivedAt);
    this.#toScreen.add(paintedAt - cameAt);
  }

  get toHub() {
    return this.#toHub.mean;
  }

  /** As exact as the clocks' offset, which is an estimate. */
  get toPage() {
    return this.#toPage.mean;
  }

  get toScreen() {
    return this.#toScreen.mean;
  }
}

const RATE_MS = 10_000;

/** How much a counter rises in a second, over the last ten. */
export class Rate {
  /** @type {{ at: number, total: number }[]} */
  #samples = [];

  /** @param {number} total @param {number} at  ms */
  sample(total, at) {
    this.#samples.push({ at, total });
    // One sample that is older than ten seconds stays, so that the span is whole.
    while (this.#samples.length > 2 && at - Number(this.#samples[1]?.at) >= RATE_MS) this.#samples.shift();
  }

  /** @returns {number | null} null until there are two samples */
  get perSecond() {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.at <= first.at) return null;
    return ((last.total - first.total) * 1_000) / (last.at - first.at);
  }
}
