/**
 * The page on paper: the list in view as a real table with all its rows, of which the screen builds
 * only those in sight. It exists only while the browser prints. ui/print.css hides all else.
 */
import { printed } from '../model/print.js';
import { element } from '../ui/element.js';

const COLUMNS = ['Symbol', 'Venue', 'Last', 'Chg %', 'Chg', 'Bid', 'Ask', 'Volume', 'Source', 'Made at'];

/**
 * @param {import('../model/store.js').Store} store
 * @param {import('../model/desk.js').Desk} desk
 */
export function startPrint(store, desk) {
  /** @type {HTMLElement | null} */
  let paper = null;
  const clear = () => {
    paper?.remove();
    paper = null;
  };
  addEventListener('beforeprint', () => {
    clear();
    paper = paperOf(printed(store, desk, Date.now(), zoneOf(desk.settings.zone)));
    document.body.append(paper);
  });
  addEventListener('afterprint', clear);
}

/** One zone for the whole paper; exchanges have several. @param {import('../model/desk.js').Settings['zone']} zone */
function zoneOf(zone) {
  return zone === 'device' || zone === 'exchange' ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
}

/** @param {import('../model/print.js').Printed} list */
function paperOf({ title, printed, simulated, trouble, rows }) {
  const head = element('thead', {}, element('tr', {}, ...COLUMNS.map((column) => element('th', { scope: 'col' }, column))));
  const body = element('tbody');
  for (const { symbol, venue, last, percent, change, bid, ask, volume, source, time } of rows) {
    const cells = [venue, last, percent, change, bid, ask, volume, source, time];
    body.append(element('tr', {}, element('th', { scope: 'row' }, symbol), ...cells.map((cell) => element('td', {}, cell))));
  }
  return element(
    'section', { class: 'paper' },
    ...(simulated === null ? [] : [element('p', { class: 'simulated' }, simulated)]),
    element('h1', {}, title),
    element('p', {}, printed),
    ...(trouble === null ? [] : [element('p', {}, trouble)]),
    element('table', {}, head, body),
    element('p', {}, `Hamster Terminal, ${location.host}`),
  );
}
