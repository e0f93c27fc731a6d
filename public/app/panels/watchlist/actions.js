/**
 * What can be done with lists. Every change is one step for undo; the user is told of it where it
 * cannot be seen, and offered the way back.
 */
import {
  COMPUTED, itemsOf, ownList, placeOf, standingOf, titleFrom, withDuplicate, withItems, withKept, withList, withListNamed, withMoved, withSection,
  withSectionChanged, withStep, withSymbols, withoutList, withoutSection, withoutSymbol,
} from '../../model/lists.js';
import { parsePasted } from '../../model/pasted.js';
import { rowKey } from '../../model/quotes.js';
import { offerUndo } from '../../ui/undo.js';
import { quoted } from '../../words/text.js';

/** @typedef {import('../../model/lists.js').List} List */
/** @typedef {import('../../model/lists.js').Item} Item */
/** @typedef {'up' | 'down' | 'first' | 'last'} Step */

const MOST_OF_NAME = 40;

/** @param {import('../../terminal.js').Terminal} terminal */
export function createActions(terminal) {
  const { store, desk, voice } = terminal;
  /** The list in view; null: a computed view, which cannot be changed. @returns {List | null} */
  const current = () => ownList(desk.view.list, desk.lists);
  const items = () => {
    const list = current();
    return list ? itemsOf(list, store.hubs) : [];
  };

  /** @param {Item[]} next @param {string} sentence @param {Partial<import('../../model/desk.js').View>} [view] */
  function change(next, sentence, view) {
    const list = current();
    if (!list) return;
    desk.change({ lists: withItems(desk.lists, list.id, next), ...(view ? { view: { ...desk.view, ...view } } : {}) }, sentence);
  }

  /** @param {Item[]} before @param {number} index @param {Item[]} next */
  function move(before, index, next) {
    const item = before[index];
    if (!item) return;
    if (next === before) {
      voice.say('It cannot go further');
      return;
    }
    const name = quoted('symbol' in item ? item.symbol : item.section, MOST_OF_NAME);
    change(next, `Moved ${name}`);
    if ('section' in item) voice.say(`Section ${name} moved`);
    else {
      const { place, of } = standingOf(next, rowKey(item.symbol));
      voice.say(`${name}, ${place} of ${of}`);
    }
  }

  const refuse = () => voice.toast(`${nameOfView()} is made of your lists. Change those`);
  const nameOfView = () => current()?.name ?? Object.entries(COMPUTED).find(([id]) => id === desk.view.list)?.[1] ?? '';

  return {
    current,
    items,
    nameOfView,

    /** Adds what is typed or pasted. @param {string} text @returns {boolean} whether nothing of it was refused */
    add(text) {
      const list = current();
      if (!list) {
        refuse();
        return false;
      }
      const { symbols, refused, leftOut } = parsePasted(text);
      const { items: next, added } = withSymbols(items(), symbols);
      const wrong = refused.length === 0 ? '' : `; ${named(refused)} ${refused.length === 1 ? 'is no symbol' : 'are no symbols'}`;
      const over = leftOut === 0 ? '' : `; ${leftOut} more were left out`;
      if (added.length > 0) {
        const done = `Added ${named(added)}`;
        change(next, done, { symbol: desk.view.symbol ?? rowKey(added[0] ?? '') });
        offerUndo(terminal, `${done}${wrong}${over}`);
      } else if (symbols.length > 0) voice.toast(`${named(symbols)} ${symbols.length === 1 ? 'is' : 'are'} in ${quoted(list.name, MOST_OF_NAME)} already${wrong}`);
      else if (refused.length > 0) voice.toast(`${named(refused)} ${refused.length === 1 ? 'is no symbol' : 'are no symbols'}: write for example AAPL or BTC/USD`);
      return refused.length === 0;
    },

    /** @param {string} key @param {string | null} next  the row to select then */
    remove(key, next) {
      const place = placeOf(items(), key);
      if (!current() || place < 0) {
        refuse();
        return;
      }
      const item = items()[place];
      const done = `Removed ${named([item && 'symbol' in item ? item.symbol : key])}`;
      change(withoutSymbol(items(), key), done, desk.view.symbol === key && next !== null ? { symbol: next } : undefined);
      offerUndo(terminal, done);
    },

    /** @param {number} index  among the items @param {Step} where */
    step(index, where) {
      const before = items();
      move(before, index, withStep(before, index, where));
    },

    /** @param {number} index @param {number} to  before the item that is there now */
    move(index, to) {
      const before = items();
      move(before, index, withMoved(before, index, to));
    },

    /** @param {number} index  of a heading */
    fold(index) {
      const list = current();
      const item = items()[index];
      // Looking is no change that one would take back.
      if (list && item && 'section' in item) desk.change({ lists: withItems(desk.lists, list.id, withSectionChanged(items(), index, { folded: !item.folded })) });
    },

    /** @param {number} index  the heading stands before this item */
    addSection(index) {
      change(withSection(items(), 'New section', index), 'Added a section');
    },

    /** @param {number} index @param {string} typed */
    renameSection(index, typed) {
      const title = titleFrom(typed);
      if (title !== '') change(withSectionChanged(items(), index, { section: title }), `Renamed a section to ${quoted(title, MOST_OF_NAME)}`);
    },

    /** @param {number} index */
    removeSection(index) {
      const item = items()[index];
      if (!item || !('section' in item)) return;
      const done = `Removed the section ${quoted(item.section, MOST_OF_NAME)}`;
      change(withoutSection(items(), index), done);
      offerUndo(terminal, `${done}, its symbols stay`);
    },

    /** @param {string} key @param {List} list  gets the symbol too */
    copyTo(key, list) {
      const name = store.rows.get(key)?.name ?? key;
      const { items: next, added } = withSymbols(itemsOf(list, store.hubs), [name]);
      const done = `Added ${named([name])} to ${quoted(list.name, MOST_OF_NAME)}`;
      if (added.length === 0) {
        voice.toast(`${named([name])} is in ${quoted(list.name, MOST_OF_NAME)} already`);
        return;
      }
      desk.change({ lists: withItems(desk.lists, list.id, next) }, done);
      offerUndo(terminal, done);
    },

    /** @param {string} typed */
    newList(typed) {
      const name = titleFrom(typed);
      if (name === '') return;
      const { lists, id } = withList(desk.lists, name);
      desk.change({ lists, view: { ...desk.view, list: id, sort: null } }, `Made the list ${quoted(name, MOST_OF_NAME)}`);
    },

    /** @param {string} id @param {string} typed */
    renameList(id, typed) {
      const name = titleFrom(typed);
      if (name === '' || desk.lists.find((list) => list.id === id)?.name === name) return;
      desk.change({ lists: withListNamed(desk.lists, id, name) }, `Renamed the list to ${quoted(name, MOST_OF_NAME)}`);
    },

    duplicateList() {
      const list = current();
      if (!list) return;
      const { lists, id } = withDuplicate(desk.lists, list.id, store.hubs);
      desk.change({ lists, view: { ...desk.view, list: id } }, `Duplicated ${quoted(list.name, MOST_OF_NAME)}`);
    },

    deleteList() {
      const list = current();
      if (!list || desk.lists.length < 2) return;
      const { lists, next } = withoutList(desk.lists, list.id);
      const done = `Deleted the list ${quoted(list.name, MOST_OF_NAME)}`;
      desk.change({ lists, view: { ...desk.view, list: next } }, done);
      offerUndo(terminal, done);
    },

    /** The list of a link becomes the user's own. */
    keepList() {
      const list = current();
      if (!list?.temporary) return;
      const { lists, id } = withKept(desk.lists, list.id);
      const done = `Kept the list ${quoted(list.name, MOST_OF_NAME)}`;
      desk.change({ lists, view: { ...desk.view, list: id } }, done);
      voice.toast(`${done} in this browser`);
    },

    /** @param {1 | -1} by */
    showNext(by) {
      const ids = [...desk.lists.map(({ id }) => id), ...Object.keys(COMPUTED)];
      const at = ids.indexOf(current()?.id ?? desk.view.list);
      desk.show({ list: ids[(at + by + ids.length) % ids.length] ?? desk.view.list });
      voice.say(nameOfView());
    },

    /** Descending, ascending, the user's own order. @param {string} column */
    sortBy(column) {
      const { sort } = desk.view;
      desk.show({ sort: sort?.column !== column ? { column, descending: true } : sort.descending ? { column, descending: false } : null });
    },
  };
}

/** @typedef {ReturnType<typeof createActions>} Actions */

/** `NVDA`, `AAPL and MSFT`, `AAPL and 12 more`. @param {string[]} names */
function named(names) {
  const [first = '', second] = names.map((name) => quoted(name, MOST_OF_NAME));
  if (second === undefined) return first;
  return names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} more`;
}
