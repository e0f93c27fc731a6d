/** The entry: connects store, desk, screen, panels and connection. */
import './ui/tokens.css';
import './ui/base.css';
import './ui/page.css';
import './ui/skeleton.css';
import { startAddressBar } from './address-bar.js';
import { followClicks } from './alerts/clicks.js';
import { Commands } from './commands.js';
import { createFrame } from './frame.js';
import { FIRST } from './layout.js';
import { Access } from './link/access.js';
import { Connection } from './link/connection.js';
import { RestFallback } from './link/rest.js';
import { SHARED, readAddress } from './model/address.js';
import { Desk } from './model/desk.js';
import { Store } from './model/store.js';
import { wantedSymbols } from './model/wanted.js';
import { startUpdates } from './pwa/updates.js';
import { BrowserStorage } from './storage/browser.js';
import { LastKnown } from './storage/last-known.js';
import { keepLog } from './storage/log.js';
import { startTitle } from './title.js';
import { element } from './ui/element.js';
import { placePanels } from './ui/place.js';
import { Screen, whenPricesAreShown } from './ui/screen.js';
import { Voice } from './ui/voice.js';
import { writeNumbersAndTimes } from './words/format.js';

/** How soon the rest of the page is asked for again where the network failed. */
const AGAIN_MS = 3_000;
/** Its styles, which may have come although it has not. @type {Promise<void> | null} */
let laterStyles = null;

const browser = new BrowserStorage();
const kept = browser.read();
const desk = new Desk(kept);
const { view, settings, symbols: requested } = readAddress(location.search, desk.lists);
browser.visit(settings, kept.settings);
if (requested) {
  const items = requested.names.map((symbol) => ({ symbol }));
  desk.change({ lists: [...desk.lists, { id: SHARED, name: 'Shared', items, temporary: true }] });
}
desk.change({ settings: { ...desk.settings, ...settings }, view: { ...desk.view, ...view } });
writeNumbersAndTimes(desk.settings);

const store = new Store(() => {
  title.request();
  screen.request();
});
const screen = new Screen(store, desk);
const commands = new Commands();
const voice = new Voice(document.body);
const wanted = () => {
  const { names, leftOut } = wantedSymbols(desk, store);
  store.leftOut = leftOut + (desk.view.list === SHARED ? (requested?.leftOut ?? 0) : 0);
  return names;
};
const access = new Access();
access.restore();
const connection = new Connection({
  url: new URL('/ws', location.href).href.replace(/^http/, 'ws'),
  wanted,
  store,
  fallback: new RestFallback(store, access.ask),
  access,
});
const title = startTitle(store, desk);
const updates = startUpdates(store);
const lastKnown = new LastKnown(store);
let wasKept = true;

desk.listen((parts) => {
  if (parts.has('settings') || parts.has('lists') || parts.has('alerts')) {
    const isKept = browser.keep(desk);
    if (wasKept && !isKept && browser.trouble !== null) voice.toast(browser.trouble);
    wasKept = isKept;
  }
  // Numbers and times that were written in another way are written anew.
  if (parts.has('settings') && writeNumbersAndTimes(desk.settings)) screen.paintAll();
  if (parts.has('lists') || parts.has('view') || parts.has('alerts')) {
    connection.resubscribe();
    lastKnown.restore();
  }
});
browser.follow(desk);
startAddressBar({ desk, store });
followClicks(desk);

commands.add(
  { id: 'connection.reconnect', title: 'Connect to the hub again', group: 'Help', run: () => void (commands.run('access.sign-in') || connection.reconnect()) },
  { id: 'app.reload', title: 'Load the page again', group: 'Help', run: () => updates.reload() },
);
const terminal = { store, desk, commands, connection, access, voice };
screen.add(createFrame(terminal));
placePanels(FIRST, document, terminal, screen);
keepLog(store.log);
whenPricesAreShown(store, screen, () => void loadLater());
// In the frame that paints the panels, and after them: the screen asked for it first.
requestAnimationFrame(() => {
  for (const shape of document.querySelectorAll('.skeleton')) shape.remove();
});

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

// Before the hub answers, with the last known prices.
store.track(wanted());
void lastKnown.start();
connection.open();

/** Everything that can wait: dock, details, search, settings, alerts. The hub may be away just now. */
async function loadLater() {
  try {
    const [{ placeLater }] = await Promise.all([import('./later.js'), (laterStyles ??= loadLaterStyles())]);
    placeLater(terminal, screen);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    setTimeout(() => void loadLater(), AGAIN_MS);
  }
}

/** Fails as an import does, with a TypeError. @returns {Promise<void>} */
function loadLaterStyles() {
  const href = document.querySelector('meta[name="later-styles"]')?.getAttribute('content') ?? '';
  const link = element('link', { rel: 'stylesheet', href });
  return new Promise((resolve, reject) => {
    link.addEventListener('load', () => resolve());
    link.addEventListener('error', () => {
      link.remove();
      laterStyles = null;
      reject(new TypeError(`${href} cannot be loaded`));
    });
    document.head.append(link);
  });
}
