/**
 * The panels of the page. A new panel is a folder below panels/ and a line here. `region` is an
 * element of index.html.
 */
import { createPanel as chart } from './panels/chart/index.js';
import { createPanel as detail } from './panels/detail/index.js';
import { createPanel as dock } from './panels/dock/index.js';
import { createPanel as header } from './panels/header/index.js';
import { createPanel as hints } from './panels/hints/index.js';
import { createPanel as keys } from './panels/keys/index.js';
import { createPanel as notice } from './panels/notice/index.js';
import { createPanel as palette } from './panels/palette/index.js';
import { createPanel as phoneBar } from './panels/phone-bar/index.js';
import { createPanel as settings } from './panels/settings/index.js';
import { createPanel as watchlist } from './panels/watchlist/index.js';

/**
 * In display order within each region. Dialogs have no region of their own.
 * @type {{ createPanel: import('./ui/screen.js').CreatePanel, region: string }[]}
 */
const LAYOUT = [
  { createPanel: header, region: 'header' },
  { createPanel: notice, region: 'notice' },
  { createPanel: watchlist, region: 'list' },
  { createPanel: chart, region: 'side' },
  { createPanel: detail, region: 'side' },
  { createPanel: dock, region: 'dock' },
  { createPanel: phoneBar, region: 'bottom' },
  { createPanel: palette, region: 'header' },
  { createPanel: settings, region: 'header' },
  { createPanel: keys, region: 'header' },
  { createPanel: hints, region: 'list' },
];

/**
 * Builds every panel of the layout.
 * @param {ParentNode} page  contains the regions
 * @param {import('./terminal.js').Terminal} terminal
 * @param {import('./ui/screen.js').Screen} screen  paints the panels from now on
 * @returns {{ destroy(): void }}
 */
export function placePanels(page, terminal, screen) {
  const panels = LAYOUT.map(({ createPanel, region }) => {
    const host = page.querySelector(`#${region}`);
    if (!(host instanceof HTMLElement)) throw new Error(`the page has no region ${region}`);
    const panel = createPanel(host, terminal);
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
