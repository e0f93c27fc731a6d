/**
 * What this browser keeps: settings, lists and alerts, as one JSON text with the version of its
 * form (model/kept.js). Storage may be refused (private mode), full, or hold anything; then the
 * page works without.
 */
import { isSame, withChange } from '../model/change.js';
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
    this.#text = textOf();
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
    this.#catchUp(desk);
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
   * Takes over what other tabs keep, so that none undoes another's change.
   * @param {Desk} desk
   * @returns {() => void} stops it
   */
  follow(desk) {
    /** @param {StorageEvent} event */
    const changed = ({ key }) => {
      if (key === KEY) this.#catchUp(desk);
    };
    addEventListener('storage', changed);
    return () => removeEventListener('storage', changed);
  }

  /**
   * If another tab kept something since, that is taken over, and what this page changed since is put
   * upon it. The event that tells of it may be older than what is kept by now.
   * @param {Desk} desk
   */
  #catchUp(desk) {
    const text = textOf();
    if (text === null || text === this.#text) return;
    const known = this.#whole(this.#parse());
    this.#text = text;
    const kept = this.#parse();
    if (!kept) return;
    this.visit(this.#visiting, kept.settings);
    const theirs = this.#whole(kept);
    const temporary = desk.lists.filter((list) => list.temporary);
    const own = desk.lists.filter((list) => !list.temporary);
    const lists = withChange(theirs.lists, known.lists, own);
    /** @type {Partial<State>} */
    const next = {
      settings: withChange(theirs.settings, known.settings, desk.settings),
      lists: [...(lists.length > 0 ? lists : [DEFAULT_LIST]), ...temporary],
      alerts: withChange(theirs.alerts, known.alerts, desk.alerts),
    };
    const changed = Object.entries(next).filter(([part, value]) => !isSame(value, desk[/** @type {keyof State} */ (part)]));
    this.#following = true;
    desk.change(Object.fromEntries(changed));
    this.#following = false;
  }

  /** What a page with this in its storage has. @param {Pick<import('../model/kept.js').Kept, 'settings' | 'lists' | 'alerts'> | null} kept @returns {Omit<State, 'view'>} */
  #whole(kept) {
    const { settings, lists = [], alerts = [] } = kept ?? {};
    return { settings: { ...DEFAULT_SETTINGS, ...settings, ...this.#visiting }, lists: lists.length > 0 ? lists : [DEFAULT_LIST], alerts };
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

/** The text in storage; null: there is none, or it is refused. */
function textOf() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
