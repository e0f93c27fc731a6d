import { Digits, FLASH_MS } from '../../ui/digits.js';
import { element } from '../../ui/element.js';
import { setAttribute, setText } from '../../ui/paint.js';
import { denomination, formatPrice, isShortened, onScreen } from '../../words/format.js';

/** Without motion an arrow stays for this long. */
const ARROW_MS = 2_000;
/** A longer number is written smaller. */
export const WIDE_PRICE = 11;

const stillness = matchMedia('(prefers-reduced-motion: reduce)');

/**
 * What was known when the price on the screen was written.
 * @typedef {{ price: number, since: number, awaited: boolean, mayFlash: boolean }} Shown
 */

/** The last price. When it changes, the digits that changed are marked. */
export class PriceCell {
  #price = new Digits();
  #digits = element('span', { class: 'digits' }, ...this.#price.nodes);
  #unit = element('abbr', { class: 'unit' });
  element = element('div', { class: 'cell last end', role: 'gridcell', tabindex: '-1' }, this.#digits, this.#unit);
  #lights;
  /** @type {Shown | null} */
  #shown = null;

  /** @param {import('./lights.js').Lights} lights */
  constructor(lights) {
    this.#lights = lights;
  }

  /** Another symbol comes into this row: its price is no change of the one before. */
  forget() {
    this.#shown = null;
    this.#douse();
  }

  /**
   * @param {import('./row.js').Sight} sight
   * @returns {number} the length of its text
   */
  paint({ row, truth, now, quiet }) {
    const { quote } = row;
    const { unit, unitName } = quote ? denomination(quote) : { unit: '', unitName: '' };
    const text = quote ? onScreen(formatPrice(quote)) : truth.level === 'waiting' ? '…' : '—';
    const shown = this.#shown;
    this.#shown = quote ? { price: quote.price, since: row.since, awaited: row.awaitsSnapshot, mayFlash: truth.mayFlash } : null;
    if (text !== this.#price.text) {
      const isMove = quote !== null && shown !== null && shown.mayFlash && truth.mayFlash && shown.since === row.since && !shown.awaited;
      this.#write(text, isMove && !quiet && quote.price !== shown.price ? (quote.price > shown.price ? 'up' : 'down') : null, now);
      setAttribute(this.element, 'data-wide', text.length > WIDE_PRICE ? '' : null);
      setAttribute(this.element, 'title', quote && isShortened(text) ? String(quote.price) : null);
    }
    setText(this.#unit, unit);
    setAttribute(this.#unit, 'title', unitName === unit || unitName === '' ? null : unitName);
    return text.length;
  }

  get hasUnit() {
    return this.#unit.textContent !== '';
  }

  /** @param {string} text @param {'up' | 'down' | null} move @param {number} now */
  #write(text, move, now) {
    this.#price.write(text, move !== null);
    if (move === null) this.#douse();
    else if (stillness.matches) this.#lights.light(this.#digits, 'data-moved', move, ARROW_MS, now);
    else this.#lights.light(this.#price.changed, 'data-flash', move, FLASH_MS, now);
  }

  #douse() {
    this.#lights.douse(this.#price.changed);
    this.#lights.douse(this.#digits);
  }
}
