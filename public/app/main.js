/** The entry: connects store, screen, panels and connection. */
import './ui/tokens.css';
import './ui/page.css';
import { placePanels } from './layout.js';
import { Connection } from './link/connection.js';
import { RestFallback } from './link/rest.js';
import { Store } from './model/store.js';
import { requestedSymbols } from './model/symbols.js';
import { Screen } from './ui/screen.js';

const store = new Store(() => {
  // The title must also change in hidden tabs, where no frame is ever painted.
  nameTheTab();
  screen.request();
});
const screen = new Screen(store);

const requested = requestedSymbols(location.search);
store.leftOut = requested?.leftOut ?? 0;

placePanels(document, store, screen);

const connection = new Connection({
  url: new URL('/ws', location.href).href.replace(/^http/, 'ws'),
  requested: requested?.names ?? null,
  store,
  fallback: new RestFallback(store),
});

let title = document.title;
function nameTheTab() {
  const disconnected = store.link.state === 'disconnected' ? '🔴 Disconnected · ' : '';
  const simulated = store.showsSimulation ? 'SIMULATED PRICES · ' : '';
  const next = `${disconnected}${simulated}Hamster Terminal`;
  if (next !== title) document.title = title = next;
}

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
