import './panel.css';
import './rows.css';
import { element, uniqueId } from '../../ui/element.js';
import { setAttribute, show } from '../../ui/paint.js';
import { quoted } from '../../words/text.js';
import { createActions } from './actions.js';
import { createEmpty, createFoot } from './add.js';
import { listCommands } from './commands.js';
import { startDragging } from './drag.js';
import { Grid } from './grid.js';
import { createHands } from './hands.js';
import { createMenus } from './menus.js';
import { createTabs } from './tabs.js';

const MOST_OF_NAME = 40;

/**
 * The watchlist: tabs of lists, the grid of prices, and the field that adds symbols.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, terminal) {
  const { commands } = terminal;
  const actions = createActions(terminal);
  const grid = new Grid(terminal);
  const menus = createMenus(terminal, actions, { isMovable: () => grid.isMovable, focusRow: () => grid.cursor.focus() });
  const hands = createHands(terminal, actions, grid, menus);
  const board = element('div', { class: 'board', id: uniqueId('board'), role: 'tabpanel' });
  const tabs = createTabs(terminal, actions, { grid: board.id, openList: menus.list, openColumns: menus.columns });
  const question = createQuestion(terminal, actions);
  const empty = createEmpty(terminal, actions);
  const foot = createFoot(terminal, actions, () => grid.cursor.focus());
  board.append(question.element, grid.element, empty.element, foot.element);
  const root = element('div', { class: 'watchlist' }, tabs.element, board);
  const forget = commands.add(...listCommands(terminal, actions, {
    ...hands, nameNew: tabs.nameNew, nameCurrent: tabs.nameCurrent, focusAdd: foot.focus, columns: () => menus.columns(tabs.columnsButton),
  }));
  startDragging(grid, (key, before) => {
    const entry = grid.entryOf(key);
    const to = before === null ? undefined : grid.entryOf(before);
    if (entry) actions.move(entry.index, to?.index ?? actions.items().length);
  });
  host.append(root);

  return {
    element: root,
    paint(frame) {
      const { changes: { topics }, desk: parts, now } = frame;
      if (parts.has('lists') || parts.has('view') || topics.has('feed')) {
        tabs.paint();
        question.paint();
        setAttribute(board, 'aria-label', quoted(actions.nameOfView(), MOST_OF_NAME));
      }
      grid.paint(frame);
      empty.paint(grid.entries.length === 0);
      show(grid.element, grid.entries.length > 0);
      foot.paint(grid.oldOrder(now));
    },
    destroy() {
      forget();
      grid.destroy();
      root.remove();
    },
  };
}

/**
 * Above the list of a link, which is not kept unless the user wants it.
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {import('./actions.js').Actions} actions
 */
function createQuestion({ commands }, actions) {
  const sentence = element('p', {}, 'This list came with a link. Keep this list?');
  const keep = element('button', { type: 'button', class: 'solid' }, 'Keep this list');
  const root = element('div', { class: 'question', hidden: '' }, sentence, keep);
  keep.addEventListener('click', () => commands.run('list.keep'));
  return {
    element: root,
    paint: () => show(root, actions.current()?.temporary === true),
  };
}
