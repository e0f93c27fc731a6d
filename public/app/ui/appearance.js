/** Theme, density, colours and the sizes of the regions: attributes that the style sheets read. */
import { setAttribute } from './paint.js';

/**
 * @param {Pick<Document, 'body' | 'documentElement'>} page
 * @param {import('../model/desk.js').Settings} settings
 */
export function applyAppearance({ body, documentElement: html }, { theme, density, updown, side, dock, sideWidth, dockHeight }) {
  setAttribute(html, 'data-theme', theme === 'system' ? null : theme);
  setAttribute(html, 'data-density', density);
  setAttribute(html, 'data-updown', updown);
  setAttribute(body, 'data-side', side ? null : 'closed');
  setAttribute(body, 'data-dock', dock ? null : 'closed');
  size('--side-width', sideWidth);
  size('--dock-height', dockHeight);

  /** @param {string} property @param {number | null} px */
  function size(property, px) {
    if (px === null) html.style.removeProperty(property);
    else html.style.setProperty(property, `${px}px`);
  }
}
