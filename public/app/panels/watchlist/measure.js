import { element } from '../../ui/element.js';
import { WIDE } from './cells.js';
import { WIDE_PRICE } from './price.js';

/** Around the text of a cell, and for the signs that are wider than a digit, px. */
const PADDING = 16;
const SLACK = 2;
/** The sign of a truth and the space behind it, px. */
const SIGN = 22;
/** For a unit behind the price, px. */
const UNIT = 28;

/**
 * How wide the longest number of each column is. A column only grows while the same list is shown,
 * so that nothing jumps to and fro.
 */
export class Measure {
  #probes = new Map(['big', 'text', 'small', 'tiny'].map((size) => [size, element('span', { 'data-size': size }, '0000000000')]));
  element = element('div', { class: 'probe', 'aria-hidden': 'true' }, ...this.#probes.values());
  /** @type {Record<string, number>} */
  #digit = {};
  /** @type {Map<string, number>} */
  #longest = new Map();
  #hasUnit = false;

  /** The font may have changed. */
  read() {
    for (const [size, probe] of this.#probes) this.#digit[size] = probe.getBoundingClientRect().width / 10;
  }

  /** Another list: forget the widths of the former. */
  forget() {
    this.#longest.clear();
    this.#hasUnit = false;
  }

  /** @param {string} column @param {number} characters @returns {boolean} whether the column grows */
  grow(column, characters) {
    if (characters <= (this.#longest.get(column) ?? 0)) return false;
    this.#longest.set(column, characters);
    return true;
  }

  /** Some price has a unit behind it, so all make room, and their digits stay in line. */
  growUnit() {
    if (this.#hasUnit) return false;
    this.#hasUnit = true;
    return true;
  }

  get hasUnit() {
    return this.#hasUnit;
  }

  /** @param {string} column @returns {number} px */
  needed(column) {
    const characters = this.#longest.get(column) ?? 0;
    if (characters === 0) return 0;
    if (column === 'source') return characters * (this.#digit['small'] ?? 0) + SIGN + PADDING;
    const [most, normal, small] = column === 'last' ? [WIDE_PRICE, 'big', 'text'] : [WIDE, 'text', 'tiny'];
    const { [normal]: large = 0, [small]: little = 0 } = this.#digit;
    // The longest that is not written smaller may need more than a longer one that is.
    const width = Math.max(Math.min(characters, most) * large, characters > most ? characters * little : 0);
    return width + PADDING + SLACK + (column === 'last' && this.#hasUnit ? UNIT : 0);
  }
}
