/**
 * A popup menu, as the ARIA menu pattern describes it: arrows, Home and End, a letter, Enter, Escape.
 * It lies in the top layer, closes when the user goes elsewhere, and gives focus back.
 */
import './menu.css';
import { element } from './element.js';
import { icon } from './icon.js';

/**
 * `checked` makes a box of it. `stays` leaves the menu open. `move` is run by Alt+↑ and Alt+↓.
 * @typedef {object} Action
 * @property {string} label
 * @property {() => void} run
 * @property {string} [icon]
 * @property {string} [keys]  as shown: `Del`
 * @property {boolean} [checked]
 * @property {boolean} [disabled]
 * @property {boolean} [stays]
 * @property {(by: -1 | 1) => void} [move]
 */
/** A line between groups, a heading, or an action. @typedef {'line' | { heading: string } | Action} Item */

/**
 * @typedef {object} Menu
 * @property {string} label  for screen readers
 * @property {() => Item[]} items  read anew when an item that stays was used
 * @property {Element | { x: number, y: number }} at  below this element, or at this point
 * @property {() => void} [returnFocus]  where focus goes if it would be lost; else where it was
 */

const EDGE = 4;
/** @type {(() => void) | null} */
let closeOpen = null;

/** Opens a menu and closes the one that is open. @param {Menu} menu */
export function openMenu({ label, items, at, returnFocus }) {
  closeOpen?.();
  const before = document.activeElement;
  const root = element('div', { class: 'menu', role: 'menu', popover: 'auto', 'aria-label': label, tabindex: '-1' });
  /** @type {{ action: Action, node: HTMLElement }[]} */
  let choices = [];
  fill();
  document.body.append(root);
  root.showPopover();
  place(root, at);
  const close = () => root.hidePopover();
  closeOpen = close;
  (choices[0]?.node ?? root).focus();

  root.addEventListener('toggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== 'closed') return;
    const isLost = document.activeElement === document.body || root.contains(document.activeElement);
    root.remove();
    if (closeOpen === close) closeOpen = null;
    if (!isLost) return;
    if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus({ preventScroll: true });
    else returnFocus?.();
  });
  root.addEventListener('contextmenu', (event) => event.preventDefault());
  root.addEventListener('click', (event) => {
    const choice = choices.find(({ node }) => event.target instanceof Node && node.contains(event.target));
    if (choice) choose(choice.action);
  });
  root.addEventListener('keydown', (event) => {
    const index = choices.findIndex(({ node }) => node === document.activeElement);
    const last = choices.length - 1;
    const choice = choices[index];
    if (event.altKey && choice?.action.move && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      choice.action.move(event.key === 'ArrowUp' ? -1 : 1);
      refill(choice.action.label);
    } else if (event.altKey || event.ctrlKey || event.metaKey) return;
    else if (event.key === 'ArrowDown') choices[index >= last ? 0 : index + 1]?.node.focus();
    else if (event.key === 'ArrowUp') choices[index <= 0 ? last : index - 1]?.node.focus();
    else if (event.key === 'Home') choices[0]?.node.focus();
    else if (event.key === 'End') choices[last]?.node.focus();
    else if (event.key === 'Tab' || event.key === 'Escape') close();
    else if ((event.key === 'Enter' || event.key === ' ') && choice) choose(choice.action);
    else if (event.key.length === 1) {
      const ordered = [...choices.slice(index + 1), ...choices.slice(0, index + 1)];
      ordered.find(({ action }) => action.label.toLowerCase().startsWith(event.key.toLowerCase()))?.node.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /** @param {Action} action */
  function choose(action) {
    if (action.disabled) return;
    if (action.stays) {
      action.run();
      refill(action.label);
      return;
    }
    close();
    action.run();
  }

  function fill() {
    choices = [];
    root.replaceChildren(...items().map((item) => {
      if (item === 'line') return element('div', { class: 'line', role: 'separator' });
      if ('heading' in item) return element('div', { class: 'heading', role: 'presentation' }, item.heading);
      const isBox = item.checked !== undefined;
      const node = element('div', { class: 'item', role: isBox ? 'menuitemcheckbox' : 'menuitem', tabindex: '-1' });
      if (isBox) node.setAttribute('aria-checked', String(item.checked));
      if (item.disabled) node.setAttribute('aria-disabled', 'true');
      node.append(item.icon ? icon(item.icon) : element('span', { class: 'tick', 'aria-hidden': 'true' }), element('span', { class: 'label' }, item.label));
      if (item.keys) node.append(element('kbd', {}, item.keys));
      choices.push({ action: item, node });
      return node;
    }));
  }

  /** @param {string} label  of the item that has focus */
  function refill(label) {
    fill();
    choices.find(({ action }) => action.label === label)?.node.focus();
  }
}

/** @param {HTMLElement} root @param {Menu['at']} at */
function place(root, at) {
  const { width, height } = root.getBoundingClientRect();
  const box = at instanceof Element ? at.getBoundingClientRect() : new DOMRect(at.x, at.y, 0, 0);
  // Above, if there is no room below.
  const below = box.bottom + height + EDGE <= innerHeight || box.top < height + EDGE;
  const top = below ? box.bottom : box.top - height;
  const left = at instanceof Element && box.left + width + EDGE > innerWidth ? box.right - width : box.left;
  root.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  root.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
}
