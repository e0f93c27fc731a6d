import './panel.css';
import { element, uniqueId } from '../../ui/element.js';
import { setAttribute, setText, show } from '../../ui/paint.js';
import { createActivity } from './activity/index.js';
import { createAlerts } from './alerts/index.js';
import { createConnection } from './connection/index.js';

/**
 * A part of the dock. Only the part in view is painted.
 * @typedef {object} Tab
 * @property {HTMLElement} element  what the tab shows
 * @property {HTMLElement} tools  its buttons, in the line of the tabs
 * @property {() => string} count  a figure beside its name
 * @property {(frame: import('../../ui/screen.js').Frame, appears: boolean) => void} paint  `appears`: it was not in view before
 * @property {(frame: import('../../ui/screen.js').Frame) => void} [paintAnyway]  also while another tab is in view: a dialog
 * @property {() => void} destroy
 */
/** @typedef {import('../../model/desk.js').View['tab']} Name */

const TITLES = /** @type {const} */ ({ activity: 'Activity', alerts: 'Alerts', connection: 'Connection' });
const NAMES = /** @type {Name[]} */ (Object.keys(TITLES));

/**
 * Three parts below the list, of which one is in view. On a phone the dock is a screen of its own.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, terminal) {
  const { desk, commands } = terminal;
  /** @type {Record<Name, Tab>} */
  const tabs = { activity: createActivity(terminal), alerts: createAlerts(terminal), connection: createConnection(terminal) };
  const list = element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Dock' });
  const parts = NAMES.map((name) => {
    const tab = tabs[name];
    const count = element('span', { class: 'count' });
    const button = element('button', { type: 'button', role: 'tab', id: uniqueId('tab'), 'data-tab': name }, TITLES[name], count);
    setAttribute(tab.element, 'role', 'tabpanel');
    setAttribute(tab.element, 'aria-labelledby', button.id);
    tab.element.id = uniqueId('tabpanel');
    setAttribute(button, 'aria-controls', tab.element.id);
    button.addEventListener('click', () => choose(name));
    list.append(button);
    // Until the first frame says which is in view.
    for (const part of [tab.element, tab.tools]) show(part, false);
    return { name, tab, button, count };
  });
  list.addEventListener('keydown', (event) => {
    const at = NAMES.indexOf(desk.view.tab);
    /** @type {Record<string, number>} */
    const places = { ArrowLeft: at + NAMES.length - 1, ArrowRight: at + 1, Home: 0, End: NAMES.length - 1 };
    const place = places[event.key];
    if (place === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const next = /** @type {Name} */ (NAMES[place % NAMES.length]);
    choose(next);
    parts.find(({ name }) => name === next)?.button.focus();
  });
  const bar = element('div', { class: 'bar' }, list, ...parts.map(({ tab }) => tab.tools));
  const root = element('div', { class: 'dock' }, bar, ...parts.map(({ tab }) => tab.element));
  host.append(root);

  const forget = commands.add(...NAMES.map((name) => ({
    id: `dock.${name}`, title: `Show ${TITLES[name].toLowerCase()} in the dock`, group: 'View',
    run: () => {
      desk.set({ dock: true });
      desk.show({ tab: name, sheet: sheetOf(name) });
      parts.find((part) => part.name === name)?.button.focus();
    },
  })));
  /** @type {Name | null} */
  let shown = null;

  return {
    element: root,
    paint(frame) {
      const current = NAMES.includes(desk.view.tab) ? desk.view.tab : 'activity';
      const appears = shown !== current;
      if (appears) {
        shown = current;
        for (const { name, tab, button } of parts) {
          setAttribute(button, 'aria-selected', String(name === current));
          setAttribute(button, 'tabindex', name === current ? '0' : '-1');
          show(tab.element, name === current);
          show(tab.tools, name === current);
        }
      }
      if (frame.second || frame.desk.size > 0) for (const { tab, count } of parts) setText(count, tab.count());
      tabs[current].paint(frame, appears);
      for (const { tab } of parts) tab.paintAnyway?.(frame);
    },
    destroy() {
      forget();
      for (const { tab } of parts) tab.destroy();
      root.remove();
    },
  };

  /** @param {Name} tab */
  function choose(tab) {
    const { sheet } = desk.view;
    const isDock = sheet === 'alerts' || sheet === 'more';
    desk.show({ tab, ...(isDock ? { sheet: sheetOf(tab) } : {}) });
  }
}

/** A phone's bar knows alerts as a part of their own. @param {Name} tab */
function sheetOf(tab) {
  return tab === 'alerts' ? 'alerts' : 'more';
}
