/**
 * What this browser keeps: settings, lists and alerts, as one JSON text with the version of its
 * form (model/kept.js). Storage may be refused (private mode), full, or hold anything; then the
 * page works without.
 */
import { DEFAULT_LIST, DEFAULT_SETTINGS } from '../model/desk.js';
import { MOST_KEPT, readKept, writeKept } from '../model/kept.js';

/** @typedef {import('../model/desk.js').Desk} Desk */
/** @typedef {import('../model/desk.js').State} State */
/** @typedef {import('../model/desk.js').Settings} Settings */

const KEY = 'hamster.settings.v1';

export class BrowserStorage {
  /** Of the text that was read: its version, and fields that this page does not know. @type {{ version?: number, rest?: Record<string, unknown> }} */
  #read = {};
  /** The text that is in storage, as far as this page knows. @type {string | null} */
  #text = null;
  /** Settings that hold for this visit, because the address asks for them. @type {Partial<Settings>} */
  #visiting = {};
  /** What this browser keeps of those settings. @type {Partial<Settings>} */
  #own = {};
  /** Whether what another tab kept is being taken over. */
  #following = false;
  /** Why nothing can be kept; null: it can. @type {string | null} */
  trouble = null;

  /** What is kept; nothing where storage is refused or broken. The desk fills in what is not. @returns {Partial<State>} */
  read() {
    try {
      this.#text = localStorage.getItem(KEY);
    } catch {
      this.#text = null;
    }
    return /** @type {Partial<State>} */ (this.#parse() ?? {});
  }

  /**
   * The address asks for these settings. They are not kept until the user changes them: a link
   * dresses the page for a visit.
   * @param {Partial<Settings>} asked
   * @param {Partial<Settings>} [kept]
   */
  visit(asked, kept = {}) {
    this.#visiting = { ...asked };
    this.#own = Object.fromEntries(Object.keys(asked).map((name) => [name, kept[/** @type {keyof Settings} */ (name)] ?? DEFAULT_SETTINGS[/** @type {keyof Settings} */ (name)]]));
  }

  /** Keeps the desk. @param {Desk} desk @returns {boolean} whether it is kept */
  keep(desk) {
    if (this.#following) return true;
    const settings = /** @type {Record<string, unknown>} */ ({ ...desk.settings });
    for (const name of Object.keys(this.#visiting)) {
      if (settings[name] === this.#visiting[/** @type {keyof Settings} */ (name)]) settings[name] = this.#own[/** @type {keyof Settings} */ (name)];
      else delete this.#visiting[/** @type {keyof Settings} */ (name)];
    }
    const text = JSON.stringify(writeKept({ settings, lists: desk.lists, alerts: desk.alerts }, this.#read));
    if (text === this.#text) return true;
    if (text.length > MOST_KEPT) {
      this.trouble = 'Lists and alerts are larger than the 100 kB that this browser keeps. The last changes are lost with this page.';
      return false;
    }
    try {
      localStorage.setItem(KEY, text);
      this.#text = text;
      this.trouble = null;
      return true;
    } catch {
      this.trouble = 'This browser keeps nothing for this page. What you change lasts as long as the page.';
      return false;
    }
  }

  /**
   * Another tab changed what is kept: takes it over, so that neither undoes the other's change.
   * @param {Desk} desk
   * @returns {() => void} stops it
   */
  follow(desk) {
    /** @param {StorageEvent} event */
    const changed = ({ key, newValue }) => {
      if (key !== KEY || newValue === null || newValue === this.#text) return;
      this.#text = newValue;
      const kept = this.#parse();
      if (!kept) return;
      const temporary = desk.lists.filter((list) => list.temporary);
      const lists = [...(kept.lists.length > 0 ? kept.lists : [DEFAULT_LIST]), ...temporary];
      this.visit(this.#visiting, kept.settings);
      this.#following = true;
      desk.change({ settings: { ...DEFAULT_SETTINGS, ...kept.settings, ...this.#visiting }, lists, alerts: kept.alerts });
      this.#following = false;
    };
    addEventListener('storage', changed);
    return () => removeEventListener('storage', changed);
  }

  #parse() {
    try {
      const kept = readKept(JSON.parse(this.#text ?? 'null'));
      if (!kept) return null;
      this.#read = { version: kept.version, rest: kept.rest };
      return { settings: kept.settings, lists: kept.lists, alerts: kept.alerts };
    } catch {
      return null;
    }
  }
}
