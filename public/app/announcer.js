/**
 * Reads the moves of the selected symbol out, where the user asked for it: at most one line in ten
 * seconds, and none while nothing changed.
 */
import { announcementOf } from './model/announcement.js';

const EVERY_MS = 10_000;

/**
 * @param {import('./terminal.js').Terminal} terminal
 * @returns {import('./ui/screen.js').Panel}
 */
export function createAnnouncer({ store, desk, voice }) {
  let said = '';
  let at = 0;
  return {
    element: document.body,
    paint({ now, second }) {
      const { symbol } = desk.view;
      if (!second || !desk.settings.announce || symbol === null || now - at < EVERY_MS) return;
      const row = store.rows.get(symbol);
      const sentence = row ? announcementOf(row, store.circumstances, now) : null;
      if (sentence === null || sentence === said) return;
      said = sentence;
      at = now;
      voice.say(sentence);
    },
    destroy() {},
  };
}
