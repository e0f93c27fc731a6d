/** A small menu below a button: opened by a click, moved in by arrow keys, closed by Esc or a click elsewhere. */
import { element } from '../../../ui/element.js';
import { setAttribute } from '../../../ui/paint.js';

/** @typedef {{ label: string, run: () => void }} Item */

/**
 * @param {string} label
 * @param {HTMLElement} host  where the menu is kept
 */
export function createMenu(label, host) {
  const menu = element('div', { class: 'menu', popover: 'auto', role: 'menu', 'aria-label': label });
  /** @type {HTMLElement | null} */
  let opener = null;
  host.append(menu);
  menu.addEventListener('toggle', (event) => {
    const isOpen = /** @type {ToggleEvent} */ (event).newState === 'open';
    if (opener) setAttribute(opener, 'aria-expanded', String(isOpen));
    if (!isOpen && menu.contains(document.activeElement)) opener?.focus();
  });
  menu.addEventListener('keydown', (event) => {
    const items = /** @type {HTMLElement[]} */ ([...menu.children]);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const places = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 };
    const place = places[event.key];
    if (event.key === 'Tab') menu.hidePopover();
    if (place === undefined) return;
    event.preventDefault();
    items[place % items.length]?.focus();
  });

  return {
    /** @param {HTMLElement} button @param {Item[]} items */
    open(button, items) {
      opener = button;
      menu.replaceChildren(...items.map(({ label: name, run }) => {
        const item = element('button', { type: 'button', role: 'menuitem', tabindex: '-1' }, name);
        item.addEventListener('click', () => {
          opener?.focus();
          menu.hidePopover();
          run();
        });
        return item;
      }));
      menu.showPopover();
      const { left, bottom, top } = button.getBoundingClientRect();
      const { offsetWidth, offsetHeight } = menu;
      const below = bottom + offsetHeight <= innerHeight;
      menu.style.left = `${Math.max(4, Math.min(left, innerWidth - offsetWidth - 4))}px`;
      menu.style.top = `${below ? bottom : Math.max(4, top - offsetHeight)}px`;
      /** @type {HTMLElement | null} */ (menu.firstElementChild)?.focus();
    },
    destroy: () => menu.remove(),
  };
}
