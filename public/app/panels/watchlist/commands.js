/** The list's commands: what its menus and keys do, for the palette too. */
import { ALWAYS, COLUMNS, chosenColumns, withColumnMoved, withColumnToggled } from './columns.js';

/** Where the keys of rows work. */
const ROWS = '.watchlist .grid';

/**
 * What the rest of the panel does for the commands.
 * @typedef {object} Hands
 * @property {() => import('../../model/lists.js').Entry | undefined} row  with focus, else the selected one
 * @property {(argument: string) => import('../../model/lists.js').Entry | undefined} rowNamed
 * @property {(entry: import('../../model/lists.js').Entry) => void} open
 * @property {(entry: import('../../model/lists.js').Entry) => void} remove
 * @property {(entry: import('../../model/lists.js').Entry) => void} renameSection
 * @property {() => void} nameNew
 * @property {() => void} nameCurrent
 * @property {() => void} focusAdd
 * @property {() => void} columns  opens their menu
 * @property {() => void} rowMenu
 * @property {() => void} rank
 * @property {() => void} read  reads the selected row out
 * @property {() => boolean} isMovable
 */

/**
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {import('./actions.js').Actions} actions
 * @param {Hands} hands
 * @returns {import('../../commands.js').Command[]}
 */
export function listCommands({ desk, voice }, actions, hands) {
  /** @type {(id: string, title: string, run: (argument?: string) => void, more?: Partial<import('../../commands.js').Command>) => import('../../commands.js').Command} */
  const command = (id, title, run, more = {}) => ({ id: `list.${id}`, title, group: 'List', run, ...more });
  const isOwn = () => actions.current() !== null;
  const rowOf = (/** @type {string | undefined} */ key) => (key === undefined ? hands.row() : hands.rowNamed(key));
  const hasRow = (/** @type {string | undefined} */ key) => rowOf(key) !== undefined;
  const isSymbol = (/** @type {string | undefined} */ key) => rowOf(key)?.type === 'symbol';
  const isSection = (/** @type {string | undefined} */ key) => rowOf(key)?.type === 'section';
  /** @param {(entry: import('../../model/lists.js').Entry) => void} run @returns {(key?: string) => void} */
  const onRow = (run) => (key) => {
    const entry = rowOf(key);
    if (entry) run(entry);
  };
  /** @type {(where: import('./actions.js').Step) => (argument?: string) => void} */
  const step = (where) => onRow(({ index }) => {
    if (hands.isMovable()) actions.step(index, where);
    else voice.say(isOwn() ? 'The list is sorted by a column. Rows move in its own order' : 'The rows of this view cannot be moved');
  });
  const setColumns = (/** @type {string[]} */ columns) => desk.set({ columns });

  return [
    command('add', 'Add symbols to the list', (text) => (text === undefined ? hands.focusAdd() : void actions.add(text)), { isPossible: isOwn }),
    command('open', 'Show the symbol in the chart', onRow(hands.open), { isPossible: isSymbol }),
    command('row-menu', 'Show what can be done with the row', () => hands.rowMenu(), { keys: ['Shift+F10', 'ContextMenu'], within: ROWS, isPossible: hasRow }),
    command('remove', 'Remove the row from the list', onRow(hands.remove), { keys: ['Delete', 'Backspace'], within: ROWS, isPossible: hasRow }),
    command('up', 'Move the row up', step('up'), { keys: ['Alt+ArrowUp'], within: ROWS, isPossible: hasRow }),
    command('down', 'Move the row down', step('down'), { keys: ['Alt+ArrowDown'], within: ROWS, isPossible: hasRow }),
    command('first', 'Move the row to the top', step('first'), { keys: ['Alt+Shift+ArrowUp'], within: ROWS, isPossible: hasRow }),
    command('last', 'Move the row to the end', step('last'), { keys: ['Alt+Shift+ArrowDown'], within: ROWS, isPossible: hasRow }),
    command('read', 'Read the selected row out', () => hands.read(), { keys: ['Alt+R'] }),

    command('add-section', 'Put a section before the row', () => actions.addSection(hands.row()?.index ?? actions.items().length), { isPossible: isOwn }),
    command('rename-section', 'Rename the section', onRow((entry) => hands.renameSection(entry)), { keys: ['F2'], within: ROWS, isPossible: isSection }),
    command('fold', 'Fold or unfold the section', onRow(({ index }) => actions.fold(index)), { isPossible: isSection }),

    command('new', 'Make a new list', (name) => (name === undefined ? hands.nameNew() : actions.newList(name))),
    command('rename', 'Rename the list', () => hands.nameCurrent(), { isPossible: isOwn }),
    command('duplicate', 'Duplicate the list', () => actions.duplicateList(), { isPossible: isOwn }),
    command('delete', 'Delete the list', () => actions.deleteList(), { isPossible: () => isOwn() && desk.lists.length > 1 }),
    command('keep', 'Keep the list of the link', () => actions.keepList(), { isPossible: () => actions.current()?.temporary === true }),
    command('previous', 'Show the previous list', () => actions.showNext(-1), { keys: ['['] }),
    command('next', 'Show the next list', () => actions.showNext(1), { keys: [']'] }),

    command('own-order', 'Show the list in its own order', () => desk.show({ sort: null }), { isPossible: () => desk.view.sort !== null }),
    command('rank', 'Sort the list again now', () => hands.rank(), { isPossible: () => desk.view.sort !== null }),
    command('columns', 'Choose the columns', () => hands.columns()),
    command('default-columns', 'Show the default columns', () => desk.set({ columns: null }), { isPossible: () => desk.settings.columns !== null }),
    ...COLUMNS.map(({ id, name }) => command(`sort-${id}`, `Sort by ${lowerFirst(name)}`, () => actions.sortBy(id))),
    ...COLUMNS.filter(({ id }) => !ALWAYS.has(id)).map(({ id, name }) => command(
      `column-${id}`, `Show or hide the column ${lowerFirst(name)}`, () => setColumns(withColumnToggled(chosenColumns(desk.settings.columns), id)),
    )),
    ...COLUMNS.filter(({ id }) => id !== 'symbol').flatMap(({ id, name }) => /** @type {const} */ ([[-1, 'left'], [1, 'right']]).map(([by, side]) => command(
      `column-${id}-${side}`, `Move the column ${lowerFirst(name)} to the ${side}`, () => setColumns(withColumnMoved(chosenColumns(desk.settings.columns), id, by)),
      { isPossible: () => chosenColumns(desk.settings.columns).includes(id) },
    ))),
  ];
}

/** @param {string} text */
export function lowerFirst(text) {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
