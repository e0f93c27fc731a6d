/** The menus of rows, heads and lists. Each item is a command, so it is in the palette too. */
import { symbolsOf } from '../../model/lists.js';
import { copyText } from '../../ui/copy.js';
import { keyText } from '../../ui/keys.js';
import { openMenu } from '../../ui/menu.js';
import { quoted } from '../../words/text.js';
import { ALWAYS, COLUMNS, chosenColumns, columnNamed, withColumnMoved } from './columns.js';
import { lowerFirst } from './commands.js';

/** @typedef {import('../../ui/menu.js').Item} Item */
/** @typedef {import('../../ui/menu.js').Menu['at']} At */
/** @typedef {import('../../model/lists.js').Entry} Entry */

const MOST_OF_NAME = 40;
/** Lists that a symbol can be copied to from its menu. */
const MOST_LISTS = 8;

/**
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {import('./actions.js').Actions} actions
 * @param {{ isMovable: () => boolean, focusRow: () => void }} grid
 */
export function createMenus({ desk, commands, store, voice }, actions, { isMovable, focusRow }) {
  /** @type {(id: string, label: string, argument: string | undefined, more?: Partial<import('../../ui/menu.js').Action>) => Item} */
  const item = (id, label, argument, more = {}) => ({
    label, run: () => void commands.run(id, argument), disabled: commands.get(id)?.isPossible?.(argument) === false,
    keys: keyText(id, { desk, commands }), ...more,
  });

  const copy = (/** @type {string} */ text) => void copyText(text, `Copied ${quoted(text, MOST_OF_NAME)}`, voice);

  /** @param {string} key @returns {Item[]} */
  const moves = (key) => {
    const disabled = !isMovable();
    return [
      item('list.up', 'Move up', key, { disabled }),
      item('list.down', 'Move down', key, { disabled }),
      item('list.first', 'Move to the top', key, { disabled }),
      item('list.last', 'Move to the end', key, { disabled }),
    ];
  };

  /** @param {Entry} entry @returns {Item[]} */
  function ofSymbol({ key, index }) {
    const name = store.rows.get(key)?.name ?? key;
    const others = desk.lists.filter((list) => list.id !== actions.current()?.id && !list.temporary).slice(0, MOST_LISTS);
    return [
      item('list.open', 'Open the chart', key, { icon: 'chart', keys: 'Enter' }),
      // Another panel's, which comes later.
      .../** @type {Item[]} */ (commands.get('alerts.new') ? [item('alerts.new', 'Set an alert', key, { icon: 'bell' })] : []),
      { label: 'Copy the symbol', icon: 'link', run: () => copy(name) },
      'line',
      ...moves(key),
      { label: 'Put a section before it', disabled: !isMovable(), run: () => actions.addSection(index) },
      .../** @type {Item[]} */ (others.length > 0 ? ['line', { heading: 'Add it to' }] : []),
      ...others.map((list) => ({ label: quoted(list.name, MOST_OF_NAME), icon: 'list', run: () => actions.copyTo(key, list) })),
      'line',
      item('list.remove', 'Remove from the list', key, { icon: 'close' }),
    ];
  }

  /** @param {Extract<Entry, { type: 'section' }>} entry @returns {Item[]} */
  const ofSection = (entry) => [
    { label: entry.folded ? 'Unfold' : 'Fold', keys: 'Enter', run: () => actions.fold(entry.index) },
    item('list.rename-section', 'Rename', entry.key),
    'line',
    ...moves(entry.key),
    'line',
    item('list.remove', 'Remove the heading', entry.key, { icon: 'close' }),
  ];

  /** @returns {Item[]} */
  const ofColumns = () => {
    const chosen = chosenColumns(desk.settings.columns);
    const order = [...chosen, ...COLUMNS.map(({ id }) => id).filter((id) => !chosen.includes(id))];
    return [
      { heading: 'Columns, first to last. Alt+↑ and Alt+↓ move them' },
      ...order.map((id) => /** @type {Item} */ ({
        label: columnNamed(id)?.name ?? id, checked: chosen.includes(id), disabled: ALWAYS.has(id), stays: true,
        run: () => void commands.run(`list.column-${id}`),
        move: (/** @type {-1 | 1} */ by) => void desk.set({ columns: withColumnMoved(chosenColumns(desk.settings.columns), id, by) }),
      })),
      'line',
      item('list.default-columns', 'Default columns', undefined, { stays: true }),
    ];
  };

  return {
    /** @param {Entry} entry @param {At} at */
    row(entry, at) {
      const label = entry.type === 'symbol' ? `Actions of ${quoted(entry.name, MOST_OF_NAME)}` : `Actions of section ${quoted(entry.title, MOST_OF_NAME)}`;
      openMenu({ label, items: () => (entry.type === 'symbol' ? ofSymbol(entry) : ofSection(entry)), at, returnFocus: focusRow });
    },

    /** @param {string} column @param {At} at */
    head(column, at) {
      const name = columnNamed(column)?.name ?? column;
      const sort = desk.view.sort?.column === column ? desk.view.sort : null;
      const order = chosenColumns(desk.settings.columns);
      openMenu({
        label: `Column ${lowerFirst(name)}`,
        at,
        items: () => [
          { label: 'Sort descending', icon: 'down', disabled: sort?.descending === true, run: () => desk.show({ sort: { column, descending: true } }) },
          { label: 'Sort ascending', icon: 'up', disabled: sort?.descending === false, run: () => desk.show({ sort: { column, descending: false } }) },
          item('list.own-order', 'Own order', undefined),
          'line',
          item(`list.column-${column}-left`, 'Move to the left', undefined, { disabled: withColumnMoved(order, column, -1) === order }),
          item(`list.column-${column}-right`, 'Move to the right', undefined, { disabled: withColumnMoved(order, column, 1) === order }),
          item(`list.column-${column}`, 'Hide the column', undefined, { disabled: ALWAYS.has(column) }),
          item('list.columns', 'Columns…', undefined, { icon: 'table' }),
        ],
      });
    },

    /** @param {At} at */
    columns(at) {
      openMenu({ label: 'Columns', items: ofColumns, at });
    },

    /** @param {At} at */
    list(at) {
      openMenu({
        label: `List ${quoted(actions.nameOfView(), MOST_OF_NAME)}`,
        at,
        items: () => [
          .../** @type {Item[]} */ (actions.current()?.temporary ? [item('list.keep', 'Keep this list', undefined), 'line'] : []),
          item('list.rename', 'Rename', undefined, { keys: 'F2' }),
          item('list.duplicate', 'Duplicate', undefined),
          item('list.delete', 'Delete', undefined, { icon: 'close' }),
          item('list.new', 'New list', undefined, { icon: 'plus' }),
          'line',
          item('list.add-section', 'Add a section', undefined),
          { label: 'Copy the symbols', icon: 'link', run: () => copy(symbolsOf(actions.items()).join(', ')) },
          'line',
          { heading: 'Sort by' },
          ...chosenColumns(desk.settings.columns).map((id) => ({
            label: columnNamed(id)?.name ?? id, run: () => actions.sortBy(id),
            ...(desk.view.sort?.column === id ? { icon: desk.view.sort.descending ? 'down' : 'up' } : {}),
          })),
          item('list.own-order', 'Own order', undefined, { icon: 'list' }),
        ],
      });
    },
  };
}

/** @typedef {ReturnType<typeof createMenus>} Menus */
