/** Puts the page together: store, connection, panels, and the frame in which everything is painted. */
import { Connection } from './connection.js';
import { RestFallback } from './rest.js';
import { Store } from './store.js';
import { requestedSymbols } from './symbols.js';
import { ActivityPanel } from './panels/activity-log.js';
import { ConnectionBadge } from './panels/connection-badge.js';
import { FeedStatus } from './panels/feed-status.js';
import { LinkNotice } from './panels/link-notice.js';
import { PriceBoard } from './panels/price-board.js';
import { SessionStats } from './panels/session-stats.js';
import { SimulationBanner } from './panels/simulation-banner.js';

/**
 * What a panel is given when it may touch the page. `second` is true in the one frame of each second in which ages move on.
 * @typedef {{ store: Store, changes: import('./store.js').Changes, now: number, second: boolean }} Frame
 */
/** @typedef {HTMLElement & { paint(frame: Frame): void }} Panel */

/** @type {Record<string, CustomElementConstructor>} */
const PANELS = {
  'connection-badge': ConnectionBadge,
  'simulation-banner': SimulationBanner,
  'link-notice': LinkNotice,
  'price-board': PriceBoard,
  'session-stats': SessionStats,
  'feed-status': FeedStatus,
  'activity-log': ActivityPanel,
};

for (const [name, constructor] of Object.entries(PANELS)) customElements.define(name, constructor);
const panels = [.../** @type {NodeListOf<Panel>} */ (document.querySelectorAll(Object.keys(PANELS).join(',')))];

let frame = 0;
let secondDue = true;

const store = new Store(() => {
  // The title counts in tabs that nobody looks at, where no frame is ever painted.
  nameTheTab();
  requestPaint();
});

const requested = requestedSymbols(location.search);
store.leftOut = requested?.leftOut ?? 0;

const connection = new Connection({
  url: new URL('/ws', location.href).href.replace(/^http/, 'ws'),
  requested: requested?.names ?? null,
  store,
  fallback: new RestFallback(store),
});

function requestPaint() {
  if (frame === 0) frame = requestAnimationFrame(paint);
}

function paint() {
  frame = 0;
  const now = Date.now();
  const changes = store.takeChanges();
  for (const panel of panels) panel.paint({ store, changes, now, second: secondDue });
  secondDue = false;
  store.painted(Date.now());
}

let title = document.title;
function nameTheTab() {
  const disconnected = store.link.state === 'disconnected' ? '🔴 Disconnected · ' : '';
  const simulated = store.showsSimulation ? 'SIMULATED PRICES · ' : '';
  const next = `${disconnected}${simulated}Hamster Terminal`;
  if (next !== title) document.title = title = next;
}

setInterval(() => {
  secondDue = true;
  requestPaint();
}, 1_000);

addEventListener('online', () => connection.wake());
addEventListener('offline', () => connection.doubt());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') connection.wake();
  else store.notPainted();
});
// An open socket would keep the page out of the back/forward cache.
addEventListener('pagehide', () => connection.suspend());
addEventListener('pageshow', (event) => {
  if (event.persisted) connection.open();
});

requestPaint();
connection.open();
