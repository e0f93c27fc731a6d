/**
 * Tells the user something once: to ears in a live region, to eyes in a toast, which may offer one
 * action and goes after ten seconds.
 */
import { element } from './element.js';
import { setText } from './paint.js';

const TOAST_MS = 10_000;

/** `keys`: what may be pressed instead, as printed on the keyboard. @typedef {{ label: string, keys?: string, run: () => void }} Action */

export class Voice {
  #polite = element('p', { class: 'unseen', role: 'status' });
  #urgent = element('p', { class: 'unseen', role: 'alert' });
  #toasts = element('div', { class: 'toasts' });

  /** @param {HTMLElement} host */
  constructor(host) {
    host.append(this.#polite, this.#urgent, this.#toasts);
  }

  /** Reads a sentence out. @param {string} sentence @param {{ urgent?: boolean }} [how] */
  say(sentence, { urgent = false } = {}) {
    const region = urgent ? this.#urgent : this.#polite;
    // The same sentence twice is read twice only if the region was empty in between.
    setText(region, '');
    queueMicrotask(() => setText(region, sentence));
  }

  /**
   * Shows a sentence for ten seconds, and reads it out.
   * @param {string} sentence
   * @param {Action} [action]
   */
  toast(sentence, action) {
    this.say(action ? `${sentence}. ${action.label}${action.keys ? `: ${action.keys}` : ''}` : sentence);
    const toast = element('div', { class: 'toast' }, element('span', {}, sentence));
    const close = () => {
      clearTimeout(timer);
      toast.remove();
    };
    if (action) {
      const button = element('button', { type: 'button' }, action.label);
      button.addEventListener('click', () => {
        close();
        action.run();
      });
      toast.append(button);
    }
    const dismiss = element('button', { type: 'button', class: 'dismiss', 'aria-label': 'Dismiss' }, '×');
    dismiss.addEventListener('click', close);
    toast.append(dismiss);
    const timer = setTimeout(close, TOAST_MS);
    this.#toasts.replaceChildren(toast);
  }
}
