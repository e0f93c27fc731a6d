import '../../ui/sheet.css';
import './panel.css';
import { keysOf } from '../../model/keys.js';
import { element, uniqueId } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setText } from '../../ui/paint.js';
import { FIXED } from './fixed.js';
import { commandRow, keyElements } from './row.js';

const NOTE = 'These keys work wherever no text is being typed.';
/** Groups in this order, others behind them. */
const ORDER = ['Anywhere', 'Search', 'Help', 'View', 'List', 'In the list', 'Chart', 'In the chart', 'Alerts'];

/**
 * The sheet of keys. It is made from the commands each time it opens, so it says what is true; each
 * key can be changed or switched off in it.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, terminal) {
  const { desk, commands } = terminal;
  const heading = element('h2', { id: uniqueId('keys') }, 'Keys');
  const editing = element('input', { type: 'checkbox', id: uniqueId('editing') });
  const close = element('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, icon('close'));
  const groups = element('div', { class: 'body groups', tabindex: '0', role: 'region', 'aria-labelledby': heading.id });
  const told = element('p', { class: 'told', role: 'status' });
  const resetAll = element('button', { type: 'button' }, 'Reset all keys');
  const root = element(
    'dialog', { class: 'keys sheet', 'aria-labelledby': heading.id },
    element('div', { class: 'head' }, heading, element('label', { for: editing.id }, editing, 'Change keys'), close),
    groups,
    element('div', { class: 'foot' }, told, resetAll),
  );
  host.append(root);
  editing.addEventListener('change', () => {
    tell('');
    render();
  });
  close.addEventListener('click', () => root.close());
  resetAll.addEventListener('click', () => {
    desk.set({ keys: {} }, 'Reset all keys');
    tell('All keys are as by default.');
  });
  root.addEventListener('click', (event) => {
    if (event.target === root) root.close();
  });

  const forget = commands.add(
    {
      id: 'keys.open', title: 'Show all keys', group: 'Help', keys: ['?'],
      run(what) {
        editing.checked = what === 'change';
        tell('');
        render();
        if (!root.open) root.showModal();
        groups.scrollTop = 0;
      },
    },
    {
      id: 'view.back', title: 'Show all parts again, or go back to the list', group: 'View', keys: ['Escape'],
      run() {
        if (desk.view.filled !== null) return desk.show({ filled: null });
        const first = document.querySelector('#list [role="grid"] [tabindex="0"], #list [tabindex="0"]');
        if (first instanceof HTMLElement) first.focus();
      },
    },
  );

  return {
    element: root,
    paint({ desk: parts }) {
      if (parts.has('settings') && root.open) render();
    },
    destroy() {
      forget();
      root.remove();
    },
  };

  /** @param {string} sentence */
  function tell(sentence) {
    setText(told, sentence || (editing.checked ? 'Press “Change”, then the new key.' : NOTE));
  }

  function render() {
    const editable = editing.checked;
    // A change draws all rows anew; the focus stays on the same button.
    const focused = document.activeElement?.closest('[data-command]')?.getAttribute('data-command');
    const label = document.activeElement?.getAttribute('aria-label');
    root.toggleAttribute('data-editing', editable);
    resetAll.hidden = !editable || Object.keys(desk.settings.keys).length === 0;
    /** @type {Map<string, HTMLElement[]>} */
    const rows = new Map();
    const put = (/** @type {string} */ group, /** @type {HTMLElement} */ row) => rows.set(group, [...(rows.get(group) ?? []), row]);
    for (const { group, keys, title } of editable ? [] : FIXED) {
      const isOff = group === 'Anywhere' && keys[0] !== 'Tab' && !desk.settings.singleKeys;
      if (!isOff) put(group, element('li', {}, element('span', { class: 'what' }, title), element('span', { class: 'strokes' }, ...keyElements(keys))));
    }
    const hasKey = (/** @type {import('../../commands.js').Command} */ command) => keysOf(command, desk.settings.keys).length > 0;
    const offered = editable ? [...commands.all.filter(({ keys }) => keys !== undefined), ...commands.all.filter(({ keys }) => keys === undefined)] : commands.all.filter(hasKey);
    for (const command of offered) put(command.group, commandRow(command, terminal, { editable, tell }));
    const place = (/** @type {string} */ group) => (ORDER.includes(group) ? ORDER.indexOf(group) : ORDER.length);
    const sections = [...rows].toSorted(([one], [other]) => place(one) - place(other)).map(([group, lines]) => {
      const title = element('h3', { id: uniqueId('group') }, group);
      return element('section', { 'aria-labelledby': title.id }, title, element('ul', {}, ...lines));
    });
    groups.replaceChildren(element('div', { class: 'columns' }, ...sections));
    if (!focused) return;
    const row = groups.querySelector(`[data-command="${CSS.escape(focused)}"]`);
    const button = [...(row?.querySelectorAll('button') ?? [])].find((one) => one.getAttribute('aria-label') === label && !one.disabled);
    (button ?? row?.querySelector('button'))?.focus();
  }
}
