/**
 * The names of keys, and which command a key means. A name is `Mod+K`, `Alt+Shift+ArrowUp`, `?`:
 * modifiers in the order Mod, Ctrl, Alt, Shift, then the key as the keyboard's layout writes it.
 * `Mod` is Ctrl, on a Mac ⌘. Shift is not named where it only makes another character: `?`, not
 * `Shift+/`.
 */

/** @typedef {import('../commands.js').Command} Command */

/**
 * What of a KeyboardEvent matters.
 * @typedef {object} Stroke
 * @property {string} key
 * @property {string} code
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 * @property {boolean} altKey
 * @property {boolean} shiftKey
 * @property {boolean} altGraph  AltGr, with which some layouts write `[` or `@`
 */

/** Keys that only change others, and what an input method sends. */
const NO_KEYS = ['Control', 'Shift', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'Process', 'Dead', 'Unidentified', 'Fn', 'NumLock'];

/**
 * What browsers do with a key in a tab or window: closing it, opening another, printing, finding.
 * A page does not get all of them, and should take none.
 */
const BROWSERS_OWN = new Set([
  ...['A', 'C', 'D', 'F', 'G', 'H', 'J', 'L', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', '+', '-', '=', ',', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'].map((key) => `Mod+${key}`),
  ...['A', 'B', 'C', 'D', 'I', 'J', 'K', 'M', 'N', 'O', 'P', 'Q', 'R', 'T', 'W', 'Delete'].map((key) => `Mod+Shift+${key}`),
  ...['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'D', 'E', 'F', 'F4', 'ArrowLeft', 'ArrowRight', 'Home', ' ', 'Tab'].map((key) => `Alt+${key}`),
  'Tab', 'Shift+Tab', 'Mod+Tab', 'Mod+Shift+Tab', 'Mod+PageUp', 'Mod+PageDown', 'Mod+F4', 'F1', 'F3', 'Shift+F3', 'F5', 'Mod+F5', 'F7', 'F11', 'F12',
]);

/**
 * The name of a key stroke.
 * @param {Stroke} stroke
 * @param {boolean} mac
 * @returns {string | null}  null: it is no key by itself
 */
export function keyOf({ key, code, ctrlKey, metaKey, altKey, shiftKey, altGraph }, mac) {
  if (key === '' || NO_KEYS.includes(key)) return null;
  // Windows reports AltGr as Ctrl and Alt; the character is what was meant.
  const isWritten = altGraph && key.length === 1;
  const mod = !isWritten && (mac ? metaKey : ctrlKey);
  const other = !isWritten && (mac ? ctrlKey : metaKey);
  const alt = !isWritten && altKey;
  let name = key;
  if (key.length === 1) {
    // With a modifier, a layout without Latin letters, or Alt on a Mac, writes another character.
    const place = mod || other || alt ? /^(?:Key([A-Z])|Digit(\d))$/.exec(code) : null;
    name = place && !/^[\x21-\x7e]$/.test(key) ? String(place[1] ?? place[2]) : key.toUpperCase();
  }
  const isLetter = /^\p{L}$/u.test(name);
  const shift = shiftKey && (name.length > 1 || isLetter || name === ' ');
  return [mod && 'Mod', other && (mac ? 'Ctrl' : 'Meta'), alt && 'Alt', shift && 'Shift', name].filter(Boolean).join('+');
}

/** Whether the key is one character without Ctrl, Alt or ⌘ (WCAG 2.1.4). @param {string} key */
export function isSingle(key) {
  const bare = key.startsWith('Shift+') ? key.slice('Shift+'.length) : key;
  return [...bare].length === 1;
}

/** @param {string} key */
export function isBrowsersOwn(key) {
  return BROWSERS_OWN.has(key);
}

/**
 * The keys of a command: the user's own, else those that it came with.
 * @param {Pick<Command, 'id' | 'keys'>} command
 * @param {Record<string, string[]>} own  by command
 * @returns {string[]}
 */
export function keysOf({ id, keys }, own) {
  return (Object.hasOwn(own, id) ? own[id] : keys) ?? [];
}

/**
 * The command that a key means. One that works only where the focus is goes before one that works
 * everywhere.
 * @param {string} key
 * @param {Command[]} commands
 * @param {Record<string, string[]>} own
 * @param {(selector: string) => boolean} isWithin  whether the focus is inside
 * @returns {Command | null}
 */
export function commandFor(key, commands, own, isWithin) {
  /** @type {Command | null} */
  let everywhere = null;
  for (const command of commands) {
    if (!keysOf(command, own).includes(key)) continue;
    if (command.within === undefined) everywhere ??= command;
    else if (isWithin(command.within)) return command;
  }
  return everywhere;
}

/**
 * The command that has a key already where this one would have it.
 * @param {string} key
 * @param {Command} command
 * @param {Command[]} commands
 * @param {Record<string, string[]>} own
 * @returns {Command | null}
 */
export function conflictOf(key, command, commands, own) {
  return commands.find((other) => other.id !== command.id && other.within === command.within && keysOf(other, own).includes(key)) ?? null;
}

/** @type {Record<string, string>} */
const SHOWN = {
  ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Delete: 'Del', Escape: 'Esc', ' ': 'Space', PageUp: 'PgUp', PageDown: 'PgDn',
  ContextMenu: 'Menu', Enter: 'Enter',
};

/**
 * The parts of a key as they are printed on the keyboard: `['Ctrl', 'K']`, on a Mac `['⌘', 'K']`.
 * @param {string} key
 * @param {boolean} mac
 * @returns {string[]}
 */
export function shownKey(key, mac) {
  // The key itself may be a plus.
  const parts = key.endsWith('+') && key.length > 1 ? [...key.slice(0, -2).split('+'), '+'] : key === '+' ? ['+'] : key.split('+');
  return parts.map((part) => {
    if (part === 'Mod') return mac ? '⌘' : 'Ctrl';
    if (part === 'Alt') return mac ? '⌥' : 'Alt';
    return SHOWN[part] ?? part;
  });
}
