/**
 * What this browser keeps: settings, lists and alerts, as one JSON text with the version of its
 * form. Storage may be refused (private mode) or hold anything; then the page works without.
 */

/** @typedef {import('../model/desk.js').State} State */

const KEY = 'hamster.settings.v1';

/** @returns {Partial<State>} */
export function readDesk() {
  try {
    const kept = /** @type {unknown} */ (JSON.parse(localStorage.getItem(KEY) ?? '{}'));
    if (typeof kept !== 'object' || kept === null) return {};
    const { settings, lists, alerts } = /** @type {Partial<State>} */ (kept);
    return { settings, lists, alerts };
  } catch {
    return {};
  }
}

/** @param {import('../model/desk.js').Desk} desk */
export function keepDesk(desk) {
  try {
    const lists = desk.lists.filter(({ temporary }) => !temporary);
    localStorage.setItem(KEY, JSON.stringify({ version: 1, settings: desk.settings, lists, alerts: desk.alerts }));
  } catch {
    // The choice lasts as long as the page.
  }
}
