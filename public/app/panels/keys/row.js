import { conflictOf, isBrowsersOwn, keysOf, shownKey } from '../../model/keys.js';
import { element } from '../../ui/element.js';
import { MAC, keyWords, strokeOf } from '../../ui/keys.js';

/** @typedef {import('../../commands.js').Command} Command */

/** @param {string[]} keys @returns {Node[]} */
export function keyElements(keys) {
  return keys.flatMap((key, index) => [
    ...(index > 0 ? [element('span', { class: 'or' }, ' ')] : []),
    element('span', { class: 'key' }, ...shownKey(key, MAC).map((part) => element('kbd', {}, part))),
  ]);
}

/**
 * A command and its keys, which can be changed.
 * @param {Command} command
 * @param {import('../../terminal.js').Terminal} terminal
 * @param {{ editable: boolean, tell: (sentence: string) => void }} how
 * @returns {HTMLElement}
 */
export function commandRow(command, { desk, commands }, { editable, tell }) {
  const own = desk.settings.keys;
  const keys = keysOf(command, own);
  const isOwn = Object.hasOwn(own, command.id);
  const shown = element('span', { class: 'strokes' }, ...(keys.length > 0 ? keyElements(keys) : [element('span', { class: 'none' }, isOwn ? 'off' : '')]));
  const row = element('li', { 'data-command': command.id }, element('span', { class: 'what' }, command.title), shown);
  if (!editable) return row;

  const change = button('Change', `Change the key of: ${command.title}`, () => listen());
  const off = button('Off', `Switch off the key of: ${command.title}`, () => set([]));
  const reset = button('Reset', `Reset the key of: ${command.title}`, () => set(null));
  off.disabled = keys.length === 0;
  reset.disabled = !isOwn;
  row.append(element('span', { class: 'edit' }, change, off, reset));
  return row;

  /** @param {string[] | null} wanted  null: those that the command came with */
  function set(wanted) {
    const others = Object.fromEntries(Object.entries(desk.settings.keys).filter(([id]) => id !== command.id));
    desk.set({ keys: wanted === null ? others : { ...others, [command.id]: wanted } }, `Changed the key of: ${command.title}`);
  }

  /** The next key that is pressed is the command's. */
  function listen() {
    row.dataset['listens'] = '';
    tell('Press the new key. Esc leaves it as it is.');
    change.textContent = 'Press a key';
    /** @param {KeyboardEvent} event */
    const take = (event) => {
      const key = strokeOf(event);
      if (key === null) return;
      event.preventDefault();
      event.stopPropagation();
      if (key === 'Escape') return stop('Nothing changed.');
      if (isBrowsersOwn(key) || ['Enter', ' '].includes(key)) return tell(`${keyWords(key)} belongs to the browser. Press another key.`);
      const other = conflictOf(key, command, commands.all, desk.settings.keys);
      if (other) return tell(`${keyWords(key)} is the key of “${other.title}”. Press another key, or change that one first.`);
      stop('');
      set([key]);
      tell(`${keyWords(key)}: ${command.title}.`);
    };
    /** @param {string} sentence */
    const stop = (sentence) => {
      removeEventListener('keydown', take, true);
      change.removeEventListener('blur', leave);
      delete row.dataset['listens'];
      change.textContent = 'Change';
      tell(sentence);
    };
    const leave = () => stop('Nothing changed.');
    // Before the dialog, which would close on Escape.
    addEventListener('keydown', take, true);
    change.addEventListener('blur', leave);
  }
}

/** @param {string} label @param {string} name @param {() => void} run */
function button(label, name, run) {
  const made = element('button', { type: 'button', 'aria-label': name }, label);
  made.addEventListener('click', run);
  return made;
}
