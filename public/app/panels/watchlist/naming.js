import { LONGEST_TITLE } from '../../model/lists.js';
import { element } from '../../ui/element.js';

/**
 * A field in the place of `instead` until a name is given: Enter and leaving it take the name, Escape
 * does not.
 * @param {{ label: string, value: string, instead: HTMLElement, done: (name: string) => void }} naming
 */
export function askName({ label, value, instead, done }) {
  const input = element('input', { class: 'naming', 'aria-label': label, maxlength: String(LONGEST_TITLE), autocomplete: 'off', spellcheck: 'false' });
  input.value = value;
  instead.hidden = true;
  instead.after(input);
  input.select();
  input.focus();
  let isOpen = true;
  /** @param {boolean} take */
  const close = (take) => {
    if (!isOpen) return;
    isOpen = false;
    const hadFocus = document.activeElement === input;
    input.remove();
    instead.hidden = false;
    if (hadFocus) instead.focus();
    if (take && input.value.trim() !== '') done(input.value);
  };
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' || event.key === 'Escape') {
      event.preventDefault();
      close(event.key === 'Enter');
    }
    event.stopPropagation();
  });
  input.addEventListener('blur', () => close(true));
}
