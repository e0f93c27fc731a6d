/**
 * Keys of the whole page. What a key does is a command's business; here it is only found out which.
 * A widget that handles a key itself prevents its default, and then it is none of ours.
 */
import { commandFor, isBrowsersOwn, isSingle, keyOf, keysOf, shownKey } from '../model/keys.js';

/** Whether this computer's keyboard has ⌘ where others have Ctrl. */
export const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** In these, letters choose an entry or write. */
const FIELDS = 'input:not([type="checkbox"], [type="radio"], [type="button"], [type="range"], [type="file"]), textarea, select, [contenteditable=""], [contenteditable="true"]';
const TYPE_AHEAD = '[role="menu"], [role="listbox"], [role="tree"], [role="combobox"]';

/**
 * @param {Pick<import('../terminal.js').Terminal, 'desk' | 'commands'>} terminal
 * @returns {() => void} stops it
 */
export function startKeys({ desk, commands }) {
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    // 229: an input method composes a character with this key.
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    if (document.querySelector('dialog:modal')) return;
    const key = strokeOf(event);
    if (key === null || isBrowsersOwn(key)) return;
    // A field of a dialog that was just closed has the focus until the next frame.
    const target = event.target instanceof Element && !event.target.closest('dialog:not([open])') ? event.target : document.body;
    const single = isSingle(key);
    if (target.closest(FIELDS) && !worksInFields(key)) return;
    if (single && (!desk.settings.singleKeys || target.closest(TYPE_AHEAD))) return;
    const command = commandFor(key, commands.all, desk.settings.keys, (selector) => target.closest(selector) !== null);
    const ran = command ? commands.run(command.id) : single && !event.repeat && orSearch(event.key);
    if (ran) event.preventDefault();
  };
  addEventListener('keydown', press);
  return () => removeEventListener('keydown', press);

  /** A letter begins a symbol, a digit the interval of the chart. @param {string} character */
  function orSearch(character) {
    if (/^[0-9]$/.test(character)) return commands.run('palette.open', character);
    return /^\p{L}$/u.test(character) && commands.run('palette.search', character);
  }
}

/** @param {KeyboardEvent} event @returns {string | null} as in model/keys.js */
export function strokeOf(event) {
  return keyOf({ ...stroke(event), altGraph: event.getModifierState('AltGraph') }, MAC);
}

/** @param {KeyboardEvent} event */
function stroke({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  return { key, code, ctrlKey, metaKey, altKey, shiftKey };
}

/** A key as printed on this computer's keyboard: `Ctrl+Z`, `⌘Z`. @param {string} key */
export function keyWords(key) {
  return shownKey(key, MAC).join(MAC ? '' : '+');
}

/**
 * The key of a command; '': it has none.
 * @param {string} id
 * @param {Pick<import('../terminal.js').Terminal, 'desk' | 'commands'>} terminal
 */
export function keyText(id, { desk, commands }) {
  const command = commands.get(id);
  const [key] = command ? keysOf(command, desk.settings.keys) : [];
  return key === undefined ? '' : keyWords(key);
}

/** Neither writes nor edits. @param {string} key */
function worksInFields(key) {
  return key === 'Mod+K' || /^(?:Shift\+)?F\d+$/.test(key);
}
