/** The entry: connects store, desk, screen, panels and connection. */
import './ui/tokens.css';
import './ui/page.css';
import { startAlertWatch } from './alerts/watch.js';
import { Commands } from './commands.js';
import { createFrame } from './frame.js';
import { placePanels } from './layout.js';
import { Connection } from './link/connection.js';
import { RestFallback } from './link/rest.js';
import { Desk } from './model/desk.js';
import { Store } from './model/store.js';
import { requestedSymbols } from './model/symbols.js';
import { wantedSymbols } from './model/wanted.js';
import { keepDesk, readDesk } from './storage/browser.js';
import { keepLog } from './storage/log.js';
import { startTitle } from './title.js';
import { Screen } from './ui/screen.js';
import { Voice } from './ui/voice.js';

const desk = new Desk(readDesk());
const requested = requestedSymbols(location.search);
if (requested) {
  const items = requested.names.map((symbol) => ({ symbol }));
  desk.change({ lists: [...desk.lists, { id: 'shared', name: 'Shared', items, temporary: true }], view: { ...desk.view, list: 'shared' } });
}

const store = new Store(() => {
  title.request();
  screen.request();
});
const screen = new Screen(store, desk);
const commands = new Commands();
const voice = new Voice(document.body);
const connection = new Connection({
  url: new URL('/ws', location.href).href.replace(/^http/, 'ws'),
  wanted() {
    const { names, leftOut } = wantedSymbols(desk, store.hubs, store);
    store.leftOut = leftOut + (desk.view.list === 'shared' ? (requested?.leftOut ?? 0) : 0);
    return names;
  },
  store,
  fallback: new RestFallback(store),
});
const title = startTitle(store, desk);

desk.listen((parts) => {
  if (parts.has('settings') || parts.has('lists') || parts.has('alerts')) keepDesk(desk);
  if (parts.has('lists') || parts.has('view') || parts.has('alerts')) connection.resubscribe();
});

commands.add(
  { id: 'connection.reconnect', title: 'Connect to the hub again', group: 'Help', run: () => connection.reconnect() },
  { id: 'app.reload', title: 'Load the page again', group: 'Help', run: () => location.reload() },
);
const terminal = { store, desk, commands, connection, voice };
screen.add(createFrame(terminal));
placePanels(document, terminal, screen);
keepLog(store.log);
startAlertWatch(terminal);

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

connection.open();
