import './digits.css';
import { commonStart } from '../words/format.js';
import { element } from './element.js';
import { setText } from './paint.js';

/** How long digits that changed are marked, ms. */
export const FLASH_MS = 450;

/**
 * A price of which only the digits that changed are marked: the common beginning stays in one text
 * node, the rest is in a span. Its owner decides when the mark comes and goes.
 */
export class Digits {
  #common = document.createTextNode('');
  /** Bears the mark: `data-flash`, `up` or `down`. */
  changed = element('span', { class: 'changed' });
  nodes = [this.#common, this.changed];
  text = '';

  /** @param {string} text @param {boolean} isMove  of the price that is shown, so that digits changed */
  write(text, isMove) {
    const common = isMove ? commonStart(this.text, text) : text.length;
    this.text = text;
    if (this.#common.data !== text.slice(0, common)) this.#common.data = text.slice(0, common);
    setText(this.changed, text.slice(common));
  }
}
