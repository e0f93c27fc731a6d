/**
 * Paints all panels in one animation frame, however many changes there were. A panel that was added
 * since the last frame gets everything, the others only what changed.
 */

/** @typedef {import('../model/store.js').Store} Store */

/**
 * What a panel gets when it may touch the page.
 * @typedef {object} Frame
 * @property {import('../model/store.js').Changes} changes
 * @property {number} now      page's clock, ms
 * @property {boolean} second  true in one frame of each second, in which ages advance
 */

/**
 * A part of the page that shows something of the store.
 * @typedef {object} Panel
 * @property {HTMLElement} element  the root element, for the layout to place
 * @property {(frame: Frame) => void} paint
 * @property {() => void} destroy  removes its elements and everything that would outlive them
 */

/**
 * Builds a panel's elements at the end of `host`. Each folder below panels/ exports one.
 * @template {object} [Settings=object]
 * @typedef {(host: HTMLElement, store: Store, settings?: Settings) => Panel} CreatePanel
 */

export class Screen {
  #store;
  /** @type {Set<Panel>} */
  #panels = new Set();
  /** Panels that were not painted yet. @type {Set<Panel>} */
  #added = new Set();
  #frame = 0;
  #secondDue = false;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
    setInterval(() => {
      this.#secondDue = true;
      this.request();
    }, 1_000);
  }

  /** @param {Panel} panel */
  add(panel) {
    this.#panels.add(panel);
    this.#added.add(panel);
    this.request();
  }

  /** @param {Panel} panel */
  remove(panel) {
    this.#panels.delete(panel);
    this.#added.delete(panel);
  }

  /** Schedules a paint for the next frame. */
  request() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.#frame = 0;
    const now = Date.now();
    const rest = { changes: this.#store.takeChanges(), now, second: this.#secondDue };
    const first = { changes: this.#store.everything(), now, second: true };
    for (const panel of this.#panels) panel.paint(this.#added.has(panel) ? first : rest);
    this.#added.clear();
    this.#secondDue = false;
    this.#store.painted(Date.now());
  }
}
