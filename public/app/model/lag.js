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
