/**
 * Paints all panels in one animation frame, however many changes there were. A panel that was added
 * since the last frame gets everything, the others only what changed. A hidden page paints nothing.
 */

/** @typedef {import('../terminal.js').Terminal} Terminal */
/** @typedef {import('../model/store.js').Store} Store */

/**
 * What a panel gets when it may touch the page.
 * @typedef {object} Frame
 * @property {import('../model/store.js').Changes} changes
 * @property {Set<import('../model/desk.js').Part>} desk  the user's parts that changed
 * @property {number} now      page's clock, ms
 * @property {boolean} second  true in one frame of each second, in which ages advance
 */

/**
 * A part of the page.
 * @typedef {object} Panel
 * @property {HTMLElement} element  the root element, for the layout to place
 * @property {(frame: Frame) => void} paint
 * @property {() => void} destroy  removes its elements and everything that would outlive them
 */

/**
 * Builds a panel's elements at the end of `host`. Each folder below panels/ exports one.
 * @typedef {(host: HTMLElement, terminal: Terminal) => Panel} CreatePanel
 */

/** @type {import('../model/desk.js').Part[]} */
const PARTS = ['settings', 'lists', 'alerts', 'view'];

export class Screen {
  #store;
  /** @type {Set<Panel>} */
  #panels = new Set();
  /** Panels that were not painted yet. @type {Set<Panel>} */
  #added = new Set();
  /** @type {Set<import('../model/desk.js').Part>} */
  #parts = new Set();
  #frame = 0;
  #secondDue = false;

  /**
   * @param {import('../model/store.js').Store} store
   * @param {import('../model/desk.js').Desk} desk
   */
  constructor(store, desk) {
    this.#store = store;
    desk.listen((parts) => {
      for (const part of parts) this.#parts.add(part);
      this.request();
    });
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

  /** All panels get everything in the next frame: numbers are written in another way. */
  paintAll() {
    for (const panel of this.#panels) this.#added.add(panel);
    this.request();
  }

  /** Schedules a paint for the next frame. */
  request() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.#frame = 0;
    const now = Date.now();
    const rest = { changes: this.#store.takeChanges(), desk: this.#parts, now, second: this.#secondDue };
    this.#parts = new Set();
    this.#secondDue = false;
    for (const panel of this.#panels) panel.paint(this.#added.has(panel) ? this.#everything(now) : rest);
    this.#added.clear();
    this.#store.painted(Date.now());
  }

  /** For a panel that has painted nothing yet. @param {number} now @returns {Frame} */
  #everything(now) {
    return { changes: this.#store.everything(), desk: new Set(PARTS), now, second: true };
  }
}

/** Without prices, what waits for them comes after this time. */
const PATIENCE_MS = 1_000;

/**
 * Runs something once, after the frame that paints the first price, or after a second without one.
 * Where a sign-in is needed first, no price is awaited.
 * @param {Store} store
 * @param {Screen} screen
 * @param {() => void} run
 */
export function whenPricesAreShown(store, screen, run) {
  const waiting = {
    element: document.body,
    paint() {
      if (store.link.signIn !== null) return start();
      for (const row of store.rows.values()) {
        if (row.quote !== null) return start();
      }
    },
    destroy() {},
  };
  const timer = setTimeout(start, PATIENCE_MS);
  screen.add(waiting);

  function start() {
    clearTimeout(timer);
    screen.remove(waiting);
    // Not in this frame, whose paint is what it waits for.
    setTimeout(run);
  }
}
