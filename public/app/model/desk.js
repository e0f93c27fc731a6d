/**
 * What the user arranged: settings, lists, alerts, and what is in view. It has no DOM and no clock;
 * storage/ keeps it, address.js writes the view into the page's address.
 *
 * The parts are replaced, never changed in place, so that a part that is the same object has not
 * changed. Undoing takes back one change and leaves what came after it without a sentence: an alert
 * that fired, another tab's change.
 */
import { withChange } from './change.js';

/** @typedef {import('./lists.js').List} List */
/** @typedef {import('./alerts.js').Alert} Alert */
/** @typedef {'1min' | '5min' | '15min' | '1h' | '4h' | '1day'} Interval */

/**
 * How the page looks and behaves; kept in this browser, the same for all lists.
 * @typedef {object} Settings
 * @property {'system' | 'dark' | 'light'} theme
 * @property {'comfortable' | 'normal' | 'compact'} density
 * @property {'west' | 'east' | 'blind' | 'blind-east'} updown  colours of rising and falling prices
 * @property {boolean} flash
 * @property {string} locale  of numbers; '': the browser's
 * @property {'device' | 'exchange' | 'UTC' | 'America/New_York' | 'Europe/London' | 'Asia/Tokyo'} zone
 * @property {string[] | null} columns  of the list, in order; null: the default ones
 * @property {boolean} announce  whether moves are read out
 * @property {boolean} singleKeys  whether keys without a modifier work
 * @property {Record<string, string[]>} keys  the user's own keys, by command
 * @property {boolean} notify  alerts by system notification
 * @property {boolean} sound  alerts by sound
 * @property {number | null} sideWidth  of the chart beside the list, px; null: the default
 * @property {number | null} dockHeight  px; null: the default
 * @property {boolean} side  whether the chart is shown beside the list
 * @property {boolean} dock  whether the dock is shown
 * @property {string[]} dismissed  hints that the user closed
 */

/**
 * What is on the screen; kept in the page's address.
 * @typedef {object} View
 * @property {string} list  id of a list, or of a computed view: `stocks`, `forex`, `crypto`
 * @property {string | null} symbol  key of the selected row
 * @property {Interval} interval  of the chart
 * @property {'candles' | 'line' | 'baseline'} chart
 * @property {{ column: string, descending: boolean } | null} sort  null: the user's own order
 * @property {'activity' | 'alerts' | 'connection'} tab  of the dock
 * @property {'list' | 'chart' | null} filled  the part that fills the screen
 * @property {'list' | 'chart' | 'alerts' | 'more'} sheet  the part that a phone shows
 */

/**
 * @typedef {object} State
 * @property {Settings} settings
 * @property {List[]} lists
 * @property {Alert[]} alerts
 * @property {View} view
 */
/** @typedef {keyof State} Part */

/** @type {Settings} */
export const DEFAULT_SETTINGS = {
  theme: 'system', density: 'normal', updown: 'west', flash: true, locale: '', zone: 'device', columns: null, announce: false,
  singleKeys: true, keys: {}, notify: false, sound: false, sideWidth: null, dockHeight: null, side: true, dock: true, dismissed: [],
};
/** @type {View} */
export const DEFAULT_VIEW = {
  list: 'default', symbol: null, interval: '5min', chart: 'candles', sort: null, tab: 'activity', filled: null, sheet: 'list',
};
/** The hub's own symbols until the user changes them. @type {List} */
export const DEFAULT_LIST = { id: 'default', name: 'Default', items: null };

const MOST_UNDO = 50;

export class Desk {
  /** @type {State} */
  #state;
  /** @type {{ sentence: string, before: Partial<State>, after: Partial<State> }[]} */
  #undo = [];
  /** @type {Set<(parts: Set<Part>) => void>} */
  #listeners = new Set();

  /** @param {Partial<State>} [kept]  from storage and address */
  constructor({ settings, lists, alerts, view } = {}) {
    this.#state = {
      settings: { ...DEFAULT_SETTINGS, ...settings },
      lists: lists?.length ? lists : [DEFAULT_LIST],
      alerts: alerts ?? [],
      view: { ...DEFAULT_VIEW, ...view },
    };
  }

  get settings() {
    return this.#state.settings;
  }

  get lists() {
    return this.#state.lists;
  }

  get alerts() {
    return this.#state.alerts;
  }

  get view() {
    return this.#state.view;
  }

  /**
   * Replaces parts. With a sentence the change can be undone: `Removed NVDA`.
   * @param {Partial<State>} parts
   * @param {string} [sentence]
   */
  change(parts, sentence) {
    const changed = /** @type {Part[]} */ (Object.keys(parts)).filter((part) => parts[part] !== this.#state[part]);
    if (changed.length === 0) return;
    if (sentence !== undefined) {
      const before = Object.fromEntries(changed.map((part) => [part, this.#state[part]]));
      this.#undo = [...this.#undo, { sentence, before, after: { ...parts } }].slice(-MOST_UNDO);
    }
    this.#state = { ...this.#state, ...parts };
    this.#tell(changed);
  }

  /** @param {Partial<Settings>} settings @param {string} [sentence] */
  set(settings, sentence) {
    this.change({ settings: { ...this.settings, ...settings } }, sentence);
  }

  /** @param {Partial<View>} view */
  show(view) {
    const same = /** @type {(keyof View)[]} */ (Object.keys(view)).every((name) => view[name] === this.view[name]);
    if (!same) this.change({ view: { ...this.view, ...view } });
  }

  /** What the next undo would undo; null: nothing. */
  get undoable() {
    return this.#undo.at(-1)?.sentence ?? null;
  }

  /** Takes the newest change back. @returns {string | null} its sentence */
  undo() {
    const last = this.#undo.pop();
    if (!last) return null;
    const parts = /** @type {Part[]} */ (Object.keys(last.before));
    const state = Object.fromEntries(parts.map((part) => [part, withChange(/** @type {unknown} */ (this.#state[part]), last.after[part], last.before[part])]));
    this.#state = { ...this.#state, ...state };
    this.#tell(parts);
    return last.sentence;
  }

  /** @param {(parts: Set<Part>) => void} listener @returns {() => void} stops it */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {Part[]} parts */
  #tell(parts) {
    const changed = new Set(parts);
    for (const listener of this.#listeners) listener(changed);
  }
}
