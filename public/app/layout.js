/**
 * The panels of the page. A new panel is a folder below panels/ and a line here. `place` is an
 * element of index.html, `span` its part of the grid, `settings` the argument of its factory.
 */
import { createPanel as activityLog } from './panels/activity-log/index.js';
import { createPanel as connectionBadge } from './panels/connection-badge/index.js';
import { createPanel as feedStatus } from './panels/feed-status/index.js';
import { createPanel as linkNotice } from './panels/link-notice/index.js';
import { createPanel as priceBoard } from './panels/price-board/index.js';
import { createPanel as sessionStats } from './panels/session-stats/index.js';
import { createPanel as simulationBanner } from './panels/simulation-banner/index.js';

/**
 * `main` takes the page's full width, and on a wide screen a column of its own beside all others.
 * `wide` takes the full width where there are two equal columns.
 * @typedef {object} Entry
 * @property {import('./ui/screen.js').CreatePanel<any>} createPanel
 * @property {'masthead' | 'notices' | 'terminal'} place
 * @property {'main' | 'wide'} [span]
 * @property {object} [settings]
 */

/** In display order within each place. @type {Entry[]} */
const LAYOUT = [
  { createPanel: connectionBadge, place: 'masthead' },
  { createPanel: simulationBanner, place: 'notices' },
  { createPanel: linkNotice, place: 'notices' },
  { createPanel: priceBoard, place: 'terminal', span: 'main' },
  { createPanel: sessionStats, place: 'terminal' },
  { createPanel: feedStatus, place: 'terminal' },
  { createPanel: activityLog, place: 'terminal', span: 'wide' },
];

/**
 * Builds every panel of the layout.
 * @param {ParentNode} page  contains the places
 * @param {import('./model/store.js').Store} store
 * @param {import('./ui/screen.js').Screen} screen  paints the panels from now on
 * @returns {{ destroy(): void }}
 */
export function placePanels(page, store, screen) {
  const panels = LAYOUT.map(({ createPanel, place, span, settings }) => {
    const host = page.querySelector(`[data-place="${place}"]`);
    if (!(host instanceof HTMLElement)) throw new Error(`the page has no place ${place}`);
    const panel = createPanel(host, store, settings);
    if (span) panel.element.dataset['span'] = span;
    screen.add(panel);
    return panel;
  });
  return {
    destroy() {
      for (const panel of panels) {
        screen.remove(panel);
        panel.destroy();
      }
    },
  };
}
