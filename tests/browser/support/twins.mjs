/** The whole layout twice in one page, with one store and one connection. Runs in the browser. */
import { placePanels } from '../../../public/app/layout.js';
import { Connection } from '../../../public/app/link/connection.js';
import { RestFallback } from '../../../public/app/link/rest.js';
import { Store } from '../../../public/app/model/store.js';
import { Screen } from '../../../public/app/ui/screen.js';

const store = new Store(() => screen.request());
const screen = new Screen(store);

/** @param {string} id */
function page(id) {
  const root = document.createElement('section');
  root.id = id;
  for (const place of ['masthead', 'notices', 'terminal']) {
    const host = document.createElement('div');
    host.dataset['place'] = place;
    root.append(host);
  }
  document.body.append(root);
  return placePanels(root, store, screen);
}

const first = page('first');
new Connection({ url: new URL('/ws', location.href).href, requested: null, store, fallback: new RestFallback(store) }).open();

Object.assign(window, {
  /** Called later, when the first one is already painted. */
  addSecond: () => void page('second'),
  destroyFirst: () => first.destroy(),
});
