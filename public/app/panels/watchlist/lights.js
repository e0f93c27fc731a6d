/**
 * Attributes that go by themselves: the marks of changed prices. There is one timer for all, since
 * hundreds of animations would cost ten times as much (docs/terminal.md has the measurement).
 */
export class Lights {
  /** When each element's mark goes. @type {Map<Element, { attribute: string, until: number }>} */
  #lit = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Element} element
   * @param {string} attribute
   * @param {string} value
   * @param {number} ms
   * @param {number} now
   */
  light(element, attribute, value, ms, now) {
    if (this.#lit.get(element)?.attribute !== attribute) this.douse(element);
    element.setAttribute(attribute, value);
    // Moved to the end, so that the first is always the next to go: all marks last equally long.
    this.#lit.delete(element);
    this.#lit.set(element, { attribute, until: now + ms });
    this.#timer ??= setTimeout(() => this.#expire(), ms);
  }

  /** @param {Element} element */
  douse(element) {
    const lit = this.#lit.get(element);
    if (!lit) return;
    element.removeAttribute(lit.attribute);
    this.#lit.delete(element);
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  #expire() {
    this.#timer = undefined;
    const now = Date.now();
    for (const [element, { until }] of this.#lit) {
      if (until <= now) this.douse(element);
      else {
        this.#timer = setTimeout(() => this.#expire(), until - now);
        return;
      }
    }
  }
}
