/** The whole layout twice in one page, with one store and one connection. Runs in the browser. */
import { Commands } from '../../../public/app/commands.js';
import { LATER } from '../../../public/app/later.js';
import { FIRST } from '../../../public/app/layout.js';
import { Access } from '../../../public/app/link/access.js';
import { Connection } from '../../../public/app/link/connection.js';
import { RestFallback } from '../../../public/app/link/rest.js';
import { Desk } from '../../../public/app/model/desk.js';
import { Store } from '../../../public/app/model/store.js';
import { wantedSymbols } from '../../../public/app/model/wanted.js';
import { placePanels } from '../../../public/app/ui/place.js';
import { Screen } from '../../../public/app/ui/screen.js';
import { Voice } from '../../../public/app/ui/voice.js';

const REGIONS = ['header', 'notice', 'list', 'side', 'dock', 'bottom'];

const desk = new Desk();
const store = new Store(() => screen.request());
const screen = new Screen(store, desk);
const access = new Access();
const connection = new Connection({
  url: new URL('/ws', location.href).href.replace(/^http/, 'ws'),
  wanted: () => wantedSymbols(desk, store).names,
  store,
  fallback: new RestFallback(store, access.ask),
  access,
});
const terminal = { store, desk, commands: new Commands(), connection, access, voice: new Voice(document.body) };

/** @param {string} name */
function page(name) {
  const root = document.createElement('section');
  root.className = name;
  for (const region of REGIONS) {
    const host = document.createElement('div');
    host.id = region;
    root.append(host);
  }
  document.body.append(root);
  const placed = placePanels([...FIRST, ...LATER], root, terminal, screen);
  // A page has a region once; these two differ by their section.
  for (const host of root.children) {
    host.className = host.id;
    host.removeAttribute('id');
  }
  return placed;
}

const first = page('first');
connection.open();

Object.assign(window, {
  /** Called later, when the first one is already painted. */
  addSecond: () => void page('second'),
  destroyFirst: () => first.destroy(),
});
