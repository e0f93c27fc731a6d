/**
 * Runs before the page is drawn for the first time, so that it never shows the wrong theme, and no
 * region changes its size when the terminal's script has come. It reads what storage/browser.js
 * keeps, and takes no more of it than a style sheet can bear.
 */
import { DEFAULT_SETTINGS } from './model/desk.js';
import { applyAppearance } from './ui/appearance.js';
import { reserveStrip } from './ui/strip.js';

const KEY = 'hamster.settings.v1';

try {
  const { settings } = JSON.parse(localStorage.getItem(KEY) ?? '{}');
  applyAppearance(document, { ...DEFAULT_SETTINGS, ...settings });
  reserveStrip(document.body);
} catch {
  // Storage is refused, or holds something else: the page begins with the defaults.
}
