/**
 * On a phone SIMULATED is a strip of its own below the header. A hub that was simulated at the last
 * visit most likely is so again, so the strip has its room from the first picture on, and the list
 * does not move when the hub says so.
 */
import { setAttribute } from './paint.js';

const KEY = 'hamster.simulated';

/** Before the page is drawn for the first time. @param {HTMLElement} body */
export function reserveStrip(body) {
  setAttribute(body, 'data-simulated', localStorage.getItem(KEY) === null ? null : '');
}

/** @param {HTMLElement} body @param {boolean} simulated  what the hub says now */
export function keepStrip(body, simulated) {
  if (body.hasAttribute('data-simulated') === simulated) return;
  setAttribute(body, 'data-simulated', simulated ? '' : null);
  try {
    if (simulated) localStorage.setItem(KEY, '');
    else localStorage.removeItem(KEY);
  } catch {
    // Storage is refused: the list moves by the strip at each visit.
  }
}
