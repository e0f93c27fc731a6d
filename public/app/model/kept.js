/**
 * The form in which settings, lists and alerts are kept in the browser and in an exported file. It
 * may hold anything: another version wrote it, or somebody edited it. Each field is judged by
 * itself, a bad one is replaced by its default, and a field that this version does not know stays
 * where it is, so that a newer version finds it again.
 */
import { ALERT_KINDS, ALERT_STATES, MOST_ALERTS } from './alerts.js';
import { DEFAULT_SETTINGS } from './desk.js';
import { rowKey } from './quotes.js';
import { LONGEST_NAME } from './symbols.js';

/** @typedef {import('./desk.js').Settings} Settings */
/** @typedef {import('./lists.js').List} List */
/** @typedef {import('./lists.js').Item} Item */
/** @typedef {import('./alerts.js').Alert} Alert */

/** The version of the form that this page writes. */
export const VERSION = 1;
/** The most characters that are kept or imported. */
export const MOST_KEPT = 100_000;

const MOST_LISTS = 100;
const MOST_ITEMS = 2_000;
const MOST_TEXT = 200;

/** Choices of settings with a fixed set. @type {{ [name in 'theme' | 'density' | 'updown' | 'zone']: Settings[name][] }} */
export const CHOICES = {
  theme: ['system', 'dark', 'light'],
  density: ['comfortable', 'normal', 'compact'],
  updown: ['west', 'east', 'blind', 'blind-east'],
  zone: ['device', 'exchange', 'UTC', 'America/New_York', 'Europe/London', 'Asia/Tokyo'],
};

/**
 * The choice behind the present one, from the last the first.
 * @template {keyof typeof CHOICES} Name
 * @param {Name} name
 * @param {Settings} settings
 * @returns {Settings[Name]}
 */
export function nextChoice(name, settings) {
  const choices = CHOICES[name];
  return choices[choices.indexOf(settings[name]) + 1] ?? /** @type {Settings[Name]} */ (choices[0]);
}

/**
 * `rest`: the fields beside the three parts, unknown ones included.
 * @typedef {{ settings: Partial<Settings>, lists: List[], alerts: Alert[], version: number, rest: Record<string, unknown> }} Kept
 */

/**
 * @param {unknown} value  parsed JSON
 * @returns {Kept | null}  null: it is no object at all
 */
export function readKept(value) {
  if (!isRecord(value)) return null;
  const { settings, lists, alerts, version, ...rest } = value;
  return {
    settings: readSettings(settings),
    lists: readLists(lists),
    alerts: readAlerts(alerts),
    version: typeof version === 'number' && Number.isSafeInteger(version) && version > 0 ? version : VERSION,
    rest,
  };
}

/**
 * @param {Pick<import('./desk.js').State, 'lists' | 'alerts'> & { settings: Partial<Settings> }} state
 * @param {{ version?: number, rest?: Record<string, unknown> }} [read]  of what was read before
 */
export function writeKept({ settings, lists, alerts }, { version = VERSION, rest = {} } = {}) {
  return {
    ...rest,
    // A newer version's text stays one of that version: its fields are still there.
    version: Math.max(version, VERSION),
    settings,
    lists: lists.filter(({ temporary }) => !temporary),
    alerts,
  };
}

/**
 * The valid settings, and the unknown ones as they are.
 * @param {unknown} value
 * @returns {Partial<Settings>}
 */
function readSettings(value) {
  if (!isRecord(value)) return {};
  return /** @type {Partial<Settings>} */ (Object.fromEntries(Object.entries(value).filter(([name, setting]) => isSetting(name, setting))));
}

/** @param {string} name @param {unknown} value */
function isSetting(name, value) {
  // An unknown setting is a newer version's.
  if (!Object.hasOwn(DEFAULT_SETTINGS, name)) return true;
  if (Object.hasOwn(CHOICES, name)) return /** @type {unknown[]} */ (CHOICES[/** @type {keyof typeof CHOICES} */ (name)]).includes(value);
  switch (name) {
    case 'locale':
      return value === '' || isLocale(value);
    case 'columns':
      return value === null || areTexts(value, 40);
    case 'dismissed':
      return areTexts(value, 100);
    case 'keys':
      return isRecord(value) && Object.values(value).every((keys) => areTexts(keys, 8));
    case 'sideWidth':
    case 'dockHeight':
      return value === null || (isNumber(value) && value > 0 && value < 10_000);
    default:
      return typeof value === typeof DEFAULT_SETTINGS[/** @type {keyof Settings} */ (name)];
  }
}

/** @param {unknown} value @returns {List[]} */
function readLists(value) {
  /** @type {Map<string, List>} */
  const lists = new Map();
  for (const one of Array.isArray(value) ? value : []) {
    if (!isRecord(one) || !isText(one['id']) || !isText(one['name']) || one['temporary'] === true) continue;
    const items = one['items'] === null ? null : readItems(one['items']);
    if (lists.size < MOST_LISTS && !lists.has(one['id'])) lists.set(one['id'], { ...one, id: one['id'], name: one['name'], items });
  }
  return [...lists.values()];
}

/** @param {unknown} value @returns {Item[]} */
function readItems(value) {
  /** @type {Item[]} */
  const items = [];
  const seen = new Set();
  for (const one of Array.isArray(value) ? value : []) {
    if (!isRecord(one) || items.length >= MOST_ITEMS) continue;
    if (isText(one['section'])) items.push({ ...one, section: one['section'], folded: one['folded'] === true });
    else if (isText(one['symbol']) && one['symbol'].length <= LONGEST_NAME && !seen.has(rowKey(one['symbol']))) {
      seen.add(rowKey(one['symbol']));
      items.push({ ...one, symbol: one['symbol'] });
    }
  }
  return items;
}

/** @param {unknown} value @returns {Alert[]} */
function readAlerts(value) {
  /** @type {Map<string, Alert>} */
  const alerts = new Map();
  for (const one of Array.isArray(value) ? value : []) {
    if (!isRecord(one) || !isText(one['id']) || alerts.size >= MOST_ALERTS) continue;
    const { id, kind, symbol, level, within, note, repeats, expires, state, until, fired } = one;
    if (!ALERT_KINDS.includes(/** @type {Alert['kind']} */ (kind)) || !(symbol === null || (isText(symbol) && symbol.length <= LONGEST_NAME))) continue;
    alerts.set(id, {
      ...one,
      id,
      kind: /** @type {Alert['kind']} */ (kind),
      symbol,
      level: numberOrNull(level),
      within: numberOrNull(within),
      note: typeof note === 'string' ? note.slice(0, MOST_TEXT) : '',
      repeats: repeats === true,
      expires: numberOrNull(expires),
      state: ALERT_STATES.includes(/** @type {Alert['state']} */ (state)) ? /** @type {Alert['state']} */ (state) : 'off',
      until: numberOrNull(until),
      fired: readFired(fired),
    });
  }
  return [...alerts.values()];
}

/** @param {unknown} value @returns {import('./alerts.js').Fired | null} */
function readFired(value) {
  if (!isRecord(value) || !isNumber(value['at']) || typeof value['sentence'] !== 'string') return null;
  return { ...value, at: value['at'], price: numberOrNull(value['price']), sentence: value['sentence'], simulated: value['simulated'] === true };
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
export function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @returns {value is string} */
function isText(value) {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MOST_TEXT;
}

/** @param {unknown} value @returns {value is number} */
function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

/** @param {unknown} value */
function numberOrNull(value) {
  return isNumber(value) ? value : null;
}

/** @param {unknown} value @param {number} most */
function areTexts(value, most) {
  return Array.isArray(value) && value.length <= most && value.every((one) => typeof one === 'string' && one.length <= MOST_TEXT);
}

/** Whether Intl can format for it. @param {unknown} value */
function isLocale(value) {
  try {
    return typeof value === 'string' && Intl.NumberFormat.supportedLocalesOf(value).length === 1;
  } catch {
    return false;
  }
}
