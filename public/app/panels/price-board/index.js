import './panel.css';
import { MOST_SYMBOLS } from '../../model/symbols.js';
import { element, uniqueId } from '../../ui/element.js';
import { setAttribute, setForeignText, setText, show } from '../../ui/paint.js';
import { formatCount } from '../../words/format.js';
import { MOST_OF_REASON, PriceRow } from './row.js';

/** @type {[title: string, attributes: Record<string, string>][]} */
const COLUMNS = [
  ['Symbol', {}],
  ['Price', { class: 'number', 'data-cell': 'price' }],
  ['Change', { class: 'number' }],
  ['Bid', { class: 'number' }],
  ['Ask', { class: 'number' }],
  ['Volume', { class: 'number' }],
  ['Age', { class: 'number' }],
  ['Source', { class: 'state' }],
];
const LEGEND = 'Change is against the previous close, volume is the day’s. Age counts from the time that the exchange gave the price.';

/**
 * The prices, one row per symbol. Only changed cells are written.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, store) {
  const heading = element('h2', { id: uniqueId('prices') }, 'Prices');
  const notice = element('p', { class: 'notice', role: 'alert', dir: 'auto', hidden: '' });
  const leftOut = element('p', { class: 'left-out', role: 'status', hidden: '' });
  const titles = COLUMNS.map(([title, attributes]) => element('th', { role: 'columnheader', scope: 'col', ...attributes }, title));
  const waiting = element('td', { role: 'cell', colspan: String(COLUMNS.length) }, 'Waiting for the hub…');
  const body = element('tbody', { role: 'rowgroup' }, element('tr', { role: 'row', class: 'waiting' }, waiting));
  const root = element(
    'div', { class: 'panel price-board' },
    heading,
    notice,
    leftOut,
    // Explicit roles, because on a phone the style sheet takes the table's display from it.
    element('table', { role: 'table', 'aria-labelledby': heading.id }, element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...titles)), body),
    element('p', { class: 'legend' }, LEGEND),
  );
  host.append(root);

  /** @type {Map<string, PriceRow>} */
  let rows = new Map();

  function arrange() {
    setForeignText(notice, store.notice, MOST_OF_REASON);
    show(notice, store.notice !== '');
    const [shown, more] = [MOST_SYMBOLS, store.leftOut].map(formatCount);
    setText(leftOut, `The address of this page names ${formatCount(MOST_SYMBOLS + store.leftOut)} symbols. The hub takes ${shown} for one page: these are the first ${shown}, and ${more} are left out.`);
    show(leftOut, store.leftOut > 0);
    const keys = [...store.rows.keys()];
    if (keys.length === 0 || keys.join() === [...rows.keys()].join()) return;
    rows = new Map(keys.map((key) => [key, rows.get(key) ?? new PriceRow()]));
    body.replaceChildren(...[...rows.values()].map((row) => row.element));
  }

  return {
    element: root,
    paint({ changes, now, second }) {
      if (changes.topics.has('rows')) arrange();
      // A change of connection or clock affects every row's marks and age.
      const all = second || ['rows', 'link', 'clock'].some((topic) => changes.topics.has(/** @type {any} */ (topic)));
      for (const key of all ? store.rows.keys() : changes.rows) {
        const row = store.rows.get(key);
        if (row) rows.get(key)?.paint(row, store, now);
      }
      // As soon as one row has a unit, all rows reserve its space, so that the numbers stay
      // aligned.
      if (all || changes.rows.size > 0) {
        const units = [...rows.values()].some((row) => row.hasUnit);
        setAttribute(root, 'data-units', units ? '' : null);
      }
    },
    destroy: () => root.remove(),
  };
}
