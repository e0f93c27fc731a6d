/** What pointer and keys do to the rows. */
import { strokeOf } from '../../ui/keys.js';
import { quoted } from '../../words/text.js';
import { HEAD } from './head.js';
import { askName } from './naming.js';

/** @typedef {import('../../model/lists.js').Entry} Entry */

const MOST_OF_NAME = 40;
const phone = matchMedia('(max-width: 639.9px)');

/**
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {import('./actions.js').Actions} actions
 * @param {import('./grid.js').Grid} grid
 * @param {import('./menus.js').Menus} menus
 */
export function createHands({ desk, commands, voice }, actions, grid, menus) {
  const { element: root, cursor } = grid;

  root.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const column = event.target.closest('.head [data-column]')?.getAttribute('data-column');
    if (column && column !== 'actions') return actions.sortBy(column);
    const entry = entryAt(event.target);
    if (!entry) return;
    const more = event.target.closest('.more');
    if (more) menus.row(entry, more);
    else if (entry.type === 'section') actions.fold(entry.index);
    else desk.show({ symbol: entry.key, ...(phone.matches ? { sheet: /** @type {const} */ ('chart') } : {}) });
  });
  root.addEventListener('dblclick', (event) => {
    const entry = event.target instanceof Element && !event.target.closest('.more, .grip') ? entryAt(event.target) : undefined;
    if (entry?.type === 'symbol') open(entry);
  });
  root.addEventListener('contextmenu', (event) => {
    if (!(event.target instanceof Element)) return;
    // From the keyboard it has no place, so the menu goes to the cell.
    const at = event.clientX === 0 && event.clientY === 0 ? event.target : { x: event.clientX, y: event.clientY };
    const column = event.target.closest('.head [data-column]')?.getAttribute('data-column');
    const entry = entryAt(event.target);
    if (column && column !== 'actions') menus.head(column, at);
    else if (entry) menus.row(entry, at);
    else return;
    event.preventDefault();
  });
  root.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || !(event.target instanceof HTMLElement) || event.target.closest('input')) return;
    if (press(event, event.target)) event.preventDefault();
  });
  root.addEventListener('paste', (event) => {
    if (event.target instanceof Element && event.target.closest('input')) return;
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text.trim() === '') return;
    event.preventDefault();
    actions.add(text);
  });

  const hands = {
    row: () => grid.entryOf(root.contains(document.activeElement) ? cursor.key : (desk.view.symbol ?? '')),
    /** @param {string} key */
    rowNamed: (key) => grid.entryOf(key),
    open,
    /** @param {Entry} entry */
    remove(entry) {
      if (entry.type === 'section') return actions.removeSection(entry.index);
      const place = grid.placeOf(entry.key);
      const next = [...grid.entries.slice(place + 1), ...grid.entries.slice(0, place).reverse()].find(({ type }) => type === 'symbol');
      actions.remove(entry.key, next?.key ?? null);
    },
    /** @param {Entry} entry */
    renameSection(entry) {
      const button = grid.elementOf(entry.key)?.querySelector('.fold');
      if (entry.type !== 'section' || !(button instanceof HTMLElement)) return;
      askName({ label: `Name of the section ${quoted(entry.title, MOST_OF_NAME)}`, value: entry.title, instead: button, done: (title) => actions.renameSection(entry.index, title) });
    },
    rowMenu() {
      const entry = hands.row();
      if (!entry) return;
      grid.reveal(entry.key);
      const row = grid.elementOf(entry.key);
      if (row) menus.row(entry, row.querySelector('.more') ?? row);
    },
    rank: () => grid.rankNow(),
    read() {
      const entry = hands.row();
      // The chart may show a symbol of no list.
      const key = entry?.type === 'symbol' ? entry.key : desk.view.symbol;
      if (key !== null) voice.say(grid.describe(key));
    },
    isMovable: () => grid.isMovable,
  };
  return hands;

  /** @param {Element} element @returns {Entry | undefined} */
  function entryAt(element) {
    return grid.entryOf(element.closest('[data-key]')?.getAttribute('data-key') ?? '');
  }

  /** @param {Entry} entry */
  function open(entry) {
    if (!desk.settings.side) desk.set({ side: true });
    desk.show({ symbol: entry.key, sheet: 'chart' });
  }

  /** Keys that are no command's. @param {KeyboardEvent} event @param {HTMLElement} target @returns {boolean} whether the key did something */
  function press(event, target) {
    const stroke = strokeOf(event);
    if (cursor.key === HEAD) {
      const isMenu = stroke === 'Shift+F10' || stroke === 'ContextMenu';
      if (cursor.column === 'actions' || (!isMenu && stroke !== 'Enter' && stroke !== ' ')) return false;
      if (isMenu) menus.head(cursor.column, target);
      else actions.sortBy(cursor.column);
      return true;
    }
    return stroke === 'Enter' && target.tagName !== 'BUTTON' && commands.run('list.open');
  }
}
