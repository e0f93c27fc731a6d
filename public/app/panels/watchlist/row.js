import { element } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setAttribute } from '../../ui/paint.js';
import { quoted, short } from '../../words/text.js';
import { truthOf } from '../../model/truth.js';
import { CELLS } from './cells.js';
import { PriceCell } from './price.js';

/**
 * What a cell sees.
 * @typedef {object} Sight
 * @property {import('../../model/quotes.js').Row} row
 * @property {import('../../model/truth.js').Truth} truth
 * @property {number} now     page's clock, ms
 * @property {number} offset  hub's clock minus the page's, ms
 * @property {boolean} second what is written once a second is due
 * @property {boolean} quiet  nothing may flash
 * @property {import('../../model/alerts.js').Alert[]} alerts  the armed ones of the symbol
 */

/** The most characters of a name in a label and of a sentence in a title. */
const MOST_OF_NAME = 40;
const MOST_OF_SENTENCE = 600;

/**
 * One mounted row. It shows one symbol after the other while the list scrolls.
 */
export class SymbolRow {
  type = /** @type {const} */ ('symbol');
  key = '';
  /** Where it stands in the list, px. */
  top = NaN;
  #price;
  #grip = grip();
  #more = moreButton();
  #actions = element('div', { class: 'cell actions', role: 'gridcell', 'data-column': 'actions' }, this.#more);
  element = element('div', { class: 'row', role: 'row' });
  /** @type {Map<string, import('./cells.js').Cell>} */
  #cells = new Map();
  #word = '';

  /** @param {import('./lights.js').Lights} lights */
  constructor(lights) {
    this.#price = new PriceCell(lights);
  }

  /** @param {string[]} columns */
  setColumns(columns) {
    /** @type {Map<string, import('./cells.js').Cell>} */
    const cells = new Map();
    for (const id of columns) cells.set(id, id === 'last' ? this.#price : (this.#cells.get(id) ?? CELLS[id]()));
    this.#cells = cells;
    let place = 0;
    for (const [id, cell] of cells) {
      setAttribute(cell.element, 'data-column', id);
      setAttribute(cell.element, 'aria-colindex', String((place += 1)));
    }
    setAttribute(this.#actions, 'aria-colindex', String(place + 1));
    this.element.replaceChildren(this.#grip, ...[...cells.values()].map((cell) => cell.element), this.#actions);
  }

  /** @param {string} key */
  bind(key) {
    if (key === this.key) return;
    this.key = key;
    this.#price.forget();
    for (const attribute of ['aria-label', 'data-dragged']) setAttribute(this.element, attribute, null);
  }

  /**
   * @param {Omit<Sight, 'truth'>} sight
   * @param {import('../../model/truth.js').Circumstances} circumstances
   * @param {(column: string, characters: number) => void} measured
   */
  paint(sight, circumstances, measured) {
    const { row } = sight;
    const truth = truthOf(row, circumstances, sight.now);
    setAttribute(this.element, 'data-symbol', row.name);
    setAttribute(this.element, 'data-level', truth.level);
    setAttribute(this.element, 'data-simulated', truth.simulated ? '' : null);
    if (sight.second || truth.word !== this.#word) {
      this.#word = truth.word;
      setAttribute(this.element, 'title', short(truth.sentence, MOST_OF_SENTENCE));
      setAttribute(this.#more, 'aria-label', `Actions of ${quoted(row.name, MOST_OF_NAME)}`);
    }
    const whole = { ...sight, truth };
    for (const [id, cell] of this.#cells) {
      const characters = cell.paint(whole);
      if (characters > 0) measured(id, characters);
    }
  }

  get hasUnit() {
    return this.#price.hasUnit;
  }
}

/** A heading inside the list, foldable. */
export class SectionRow {
  type = /** @type {const} */ ('section');
  key = '';
  top = NaN;
  #grip = grip();
  #title = element('bdi', { class: 'title' });
  #count = element('span', { class: 'count' });
  #fold = element('button', { type: 'button', class: 'fold', tabindex: '-1', 'data-focus': '' }, icon('down'), this.#title, this.#count);
  #more = moreButton();
  #cell = element('div', { class: 'cell heading', role: 'gridcell', 'data-column': 'symbol', 'aria-colindex': '1' }, this.#fold);
  #actions = element('div', { class: 'cell actions', role: 'gridcell', 'data-column': 'actions' }, this.#more);
  element = element('div', { class: 'row section', role: 'row' }, this.#grip, this.#cell, this.#actions);

  /** @param {string[]} columns */
  setColumns(columns) {
    setAttribute(this.#cell, 'aria-colspan', String(columns.length));
    setAttribute(this.#actions, 'aria-colindex', String(columns.length + 1));
  }

  /** @param {import('../../model/lists.js').SectionEntry} entry */
  bind({ key, title, folded, count }) {
    this.key = key;
    const shown = short(title, MOST_OF_NAME);
    if (this.#title.textContent !== shown) this.#title.textContent = shown;
    this.#count.textContent = String(count);
    setAttribute(this.#fold, 'aria-expanded', String(!folded));
    setAttribute(this.#more, 'aria-label', `Actions of section ${quoted(title, MOST_OF_NAME)}`);
  }
}

/** What a row is dragged by. */
function grip() {
  return element('span', { class: 'grip', 'data-drag': '', 'aria-hidden': 'true', title: 'Drag to move' }, icon('grip'));
}

/** Opens the row's menu; on a phone the row is dragged by it too. */
function moreButton() {
  return element('button', { type: 'button', class: 'more', tabindex: '-1', 'data-drag': '', 'data-focus': '', 'aria-haspopup': 'menu' }, icon('more'));
}
