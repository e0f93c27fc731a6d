/**
 * What the page loads when the first prices are on the screen: panels that nobody needs before, and
 * what runs beside the panels.
 */
import './ui/print.css';
import { startAlertWatch } from './alerts/watch.js';
import { createAnnouncer } from './announcer.js';
import { createPanel as chart } from './panels/chart/index.js';
import { createPanel as detail } from './panels/detail/index.js';
import { createPanel as dock } from './panels/dock/index.js';
import { createPanel as hints } from './panels/hints/index.js';
import { createPanel as keys } from './panels/keys/index.js';
import { createPanel as palette } from './panels/palette/index.js';
import { createPanel as settings } from './panels/settings/index.js';
import { createPanel as signIn } from './panels/sign-in/index.js';
import { startPrint } from './print/index.js';
import { placePanels } from './ui/place.js';
import { startKeys } from './ui/keys.js';

/** @type {import('./ui/place.js').Layout} */
export const LATER = [
  { createPanel: chart, region: 'side' },
  { createPanel: detail, region: 'side' },
  { createPanel: dock, region: 'dock' },
  { createPanel: palette, region: 'header' },
  { createPanel: settings, region: 'header' },
  { createPanel: keys, region: 'header' },
  { createPanel: signIn, region: 'header' },
  { createPanel: hints, region: 'list' },
];

/**
 * @param {import('./terminal.js').Terminal} terminal
 * @param {import('./ui/screen.js').Screen} screen
 */
export function placeLater(terminal, screen) {
  placePanels(LATER, document, terminal, screen);
  screen.add(createAnnouncer(terminal));
  startPrint(terminal.store, terminal.desk);
  startKeys(terminal);
  startAlertWatch(terminal);
}
