import { KEPT_LINES } from '../activity.js';
import { formatClock } from '../format.js';
import { part, setAttribute, setText } from './paint.js';

/** The last hundred events, oldest first, pinned to its end by the style sheet alone. */
export class ActivityPanel extends HTMLElement {
  #list = part(this, 'ol');
  #prices = /** @type {HTMLInputElement} */ (part(this, 'input'));
  /** Serial of the newest line that is shown. */
  #shown = 0;
  #filterChanged = false;

  connectedCallback() {
    this.#prices.addEventListener('change', () => {
      this.#filterChanged = true;
    });
  }

  /** @param {import('../main.js').Frame} frame */
  paint({ store, changes }) {
    if (!this.#filterChanged && !changes.topics.has('log')) return;
    const lines = this.#prices.checked ? store.log.all : store.log.withoutPrices;
    if (this.#filterChanged) {
      this.#filterChanged = false;
      this.#shown = 0;
      this.#list.replaceChildren();
    }
    for (const line of lines) {
      if (line.serial <= this.#shown) continue;
      // The oldest line's element becomes the newest: a busy market makes no garbage here.
      const oldest = this.#list.childElementCount >= KEPT_LINES ? this.#list.firstElementChild : null;
      const item = oldest ?? document.createElement('li');
      setText(item, `[${formatClock(line.at)}] ${line.text}`);
      setAttribute(item, 'data-topic', line.topic);
      this.#list.append(item);
      this.#shown = line.serial;
    }
  }
}
