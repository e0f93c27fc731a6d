/** The lists, as tabs above the grid. */
import { COMPUTED, itemsOf, symbolsOf } from '../../model/lists.js';
import { element } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setAttribute, setText } from '../../ui/paint.js';
import { quoted, short } from '../../words/text.js';
import { askName } from './naming.js';

const MOST_OF_NAME = 40;

/**
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {import('./actions.js').Actions} actions
 * @param {{ grid: string, openList: (at: Element | { x: number, y: number }) => void, openColumns: (at: Element) => void }} how  `grid`: the id of the panel that the tabs show
 */
export function createTabs({ desk, store, commands }, actions, { grid, openList, openColumns }) {
  /** The tab that was scrolled to. @type {Element | undefined} */
  let inSight;
  const tabs = element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Lists' });
  const add = button('new', 'plus', 'New list', 'New list');
  const list = button('more-of-list', 'more', 'Actions of the list');
  const columns = button('columns', 'table', 'Columns');
  const fill = button('fill', 'fill', 'Fill the screen with the list, or show all parts');
  const root = element('div', { class: 'bar' }, element('div', { class: 'strip' }, tabs, add), element('div', { class: 'tools' }, list, columns, fill));
  for (const menu of [list, columns]) menu.setAttribute('aria-haspopup', 'menu');
  add.addEventListener('click', () => commands.run('list.new'));
  list.addEventListener('click', () => openList(list));
  columns.addEventListener('click', () => openColumns(columns));
  fill.addEventListener('click', () => commands.run('view.fill', 'list'));

  tabs.addEventListener('click', (event) => {
    const id = idOf(event);
    if (id !== null) desk.show({ list: id });
  });
  tabs.addEventListener('dblclick', () => commands.run('list.rename'));
  tabs.addEventListener('contextmenu', (event) => {
    const id = idOf(event);
    if (id === null) return;
    event.preventDefault();
    desk.show({ list: id });
    openList(event.clientX === 0 && event.clientY === 0 && event.target instanceof Element ? event.target : { x: event.clientX, y: event.clientY });
  });
  tabs.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...tabs.children];
    const at = all.findIndex((tab) => tab === document.activeElement);
    /** @type {Record<string, number>} */
    const places = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 };
    const place = places[event.key];
    if (at >= 0 && place !== undefined) {
      const id = all[(place + all.length) % all.length]?.getAttribute('data-list');
      if (id) desk.show({ list: id });
      paint();
      const tab = tabs.querySelector('[aria-selected="true"]');
      if (tab instanceof HTMLElement) tab.focus();
    } else if (at >= 0 && event.key === 'F2') commands.run('list.rename');
    else if (at >= 0 && event.key === 'Delete') commands.run('list.delete');
    else return;
    event.preventDefault();
  });

  return {
    element: root,
    paint,
    get columnsButton() {
      return columns;
    },
    nameNew() {
      askName({ label: 'Name of the new list', value: '', instead: add, done: (name) => actions.newList(name) });
    },
    nameCurrent() {
      const current = actions.current();
      const tab = [...tabs.children].find((one) => one.getAttribute('data-list') === current?.id);
      if (!current || !(tab instanceof HTMLElement)) return;
      askName({ label: `Name of the list ${quoted(current.name, MOST_OF_NAME)}`, value: current.name, instead: tab, done: (name) => actions.renameList(current.id, name) });
    },
  };

  /** Writes the tabs anew where they differ; a tab that stays keeps its focus. */
  function paint() {
    const shown = actions.current()?.id ?? desk.view.list;
    const wanted = [
      ...desk.lists.map((one) => ({ id: one.id, name: short(one.name, MOST_OF_NAME), count: String(symbolsOf(itemsOf(one, store.hubs)).length), temporary: one.temporary === true })),
      ...Object.entries(COMPUTED).map(([id, name]) => ({ id, name, count: '', temporary: false })),
    ];
    const held = new Map([...tabs.querySelectorAll('[role="tab"]')].map((tab) => [tab.getAttribute('data-list'), tab]));
    const next = wanted.map(({ id, name, count, temporary }) => {
      const tab = held.get(id) ?? element('button', { type: 'button', role: 'tab', 'data-list': id, 'aria-controls': grid }, element('bdi'), element('span', { class: 'count' }));
      held.delete(id);
      const [title, number] = [...tab.children];
      if (title) setText(title, name);
      if (number) setText(number, count);
      setAttribute(tab, 'aria-selected', String(id === shown));
      setAttribute(tab, 'tabindex', id === shown ? '0' : '-1');
      setAttribute(tab, 'data-temporary', temporary ? '' : null);
      return tab;
    });
    for (const tab of held.values()) tab.remove();
    for (const [index, tab] of next.entries()) if (tabs.children[index] !== tab) tabs.insertBefore(tab, tabs.children[index] ?? null);
    const selected = next.find((tab) => tab.getAttribute('aria-selected') === 'true');
    if (selected instanceof HTMLElement && selected !== inSight) selected.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    inSight = selected;
    setAttribute(fill, 'aria-pressed', String(desk.view.filled === 'list'));
  }
}

/** @param {Event} event @returns {string | null} */
function idOf({ target }) {
  return target instanceof Element ? (target.closest('[role="tab"]')?.getAttribute('data-list') ?? null) : null;
}

/** @param {string} name @param {string} sign @param {string} label @param {string} [text] */
function button(name, sign, label, text) {
  const made = element('button', { type: 'button', class: name, 'aria-label': label, title: label }, icon(sign));
  if (text) made.append(element('span', {}, text));
  return made;
}
