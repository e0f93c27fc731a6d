import { formatAge, formatPercent, formatPrice, formatVolume, signOf } from '../format.js';
import { marksOf } from '../marks.js';
import { ageOf } from '../quotes.js';
import { fromTemplate, part, setAttribute, setText, show } from './paint.js';

const GLYPHS = { up: '▲', down: '▼', flat: '■' };

/** The prices: one line per symbol, of which only the cells that changed are written. */
export class PriceBoard extends HTMLElement {
  #body = part(this, 'tbody');
  #notice = part(this, '.notice');
  /** @type {Map<string, PriceRow>} */
  #rows = new Map();

  /** @param {import('../main.js').Frame} frame */
  paint(frame) {
    const { store, changes, second } = frame;
    if (changes.topics.has('rows')) this.#arrange(store);
    // Connection and clock decide on every row's marks and age.
    const all = second || ['rows', 'link', 'clock'].some((topic) => changes.topics.has(/** @type {any} */ (topic)));
    for (const key of all ? store.rows.keys() : changes.rows) {
      const row = store.rows.get(key);
      if (row) this.#rows.get(key)?.paint(row, frame);
    }
  }

  /** @param {import('../store.js').Store} store */
  #arrange(store) {
    setText(this.#notice, store.notice);
    show(this.#notice, store.notice !== '');
    const keys = [...store.rows.keys()];
    if (keys.length === 0 || keys.join() === [...this.#rows.keys()].join()) return;
    const rows = new Map(keys.map((key) => [key, this.#rows.get(key) ?? new PriceRow()]));
    this.#rows = rows;
    this.#body.replaceChildren(...[...rows.values()].map((row) => row.element));
  }
}

/** The cells of one symbol. */
class PriceRow {
  element = fromTemplate('price-row');
  #name = part(this.element, '.name');
  #venue = part(this.element, '.venue');
  #price = part(this.element, '.price');
  #change = part(this.element, '.change');
  #glyph = part(this.element, '.glyph');
  #percent = part(this.element, '.percent');
  #bid = part(this.element, '.bid');
  #ask = part(this.element, '.ask');
  #volume = part(this.element, '.volume');
  #age = part(this.element, '.age time');
  #marks = part(this.element, '.marks');
  #reason = part(this.element, '.reason');
  #painted = '';

  /**
   * @param {import('../quotes.js').Row} row
   * @param {import('../main.js').Frame} frame
   */
  paint(row, { store, now }) {
    const { quote } = row;
    setAttribute(this.element, 'data-symbol', row.name);
    setText(this.#name, row.name);
    setText(this.#venue, quote?.exchange ?? '');
    setText(this.#reason, row.reason && row.state !== 'streaming' ? row.reason : '');
    this.#paintMarks(marksOf(row, store.link, now, store.offset));
    if (!quote) {
      setText(this.#price, 'no data yet');
      setAttribute(this.element, 'data-empty', '');
      return;
    }
    /** @param {number | null} price */
    const orDash = (price) => (price === null ? '–' : formatPrice(quote.symbol, quote.exchange, price));
    setAttribute(this.element, 'data-empty', null);
    setText(this.#price, formatPrice(quote.symbol, quote.exchange, quote.price));
    // Two names for one animation, in turn: a second move in the same direction flashes again.
    if (row.moved) setAttribute(this.#price, 'data-flash', `${row.moved}-${row.moves % 2}`);
    const direction = quote.percentChange === null ? null : signOf(quote.percentChange);
    setAttribute(this.#change, 'data-direction', direction);
    setText(this.#glyph, direction === null ? '' : GLYPHS[direction]);
    setText(this.#percent, quote.percentChange === null ? '–' : formatPercent(quote.percentChange));
    setText(this.#bid, orDash(quote.bid));
    setText(this.#ask, orDash(quote.ask));
    setText(this.#volume, quote.dayVolume === null ? '–' : formatVolume(quote.dayVolume));
    const details = /** @type {const} */ ([[this.#bid, quote.bid], [this.#ask, quote.ask], [this.#volume, quote.dayVolume]]);
    for (const [detail, value] of details) {
      if (detail.parentElement) setAttribute(detail.parentElement, 'data-unknown', value === null ? '' : null);
    }
    setText(this.#age, formatAge(ageOf(quote, now, store.offset)));
    setAttribute(this.#age, 'datetime', new Date(quote.timestamp).toISOString());
  }

  /** @param {import('../marks.js').Mark[]} marks */
  #paintMarks(marks) {
    const next = marks.map((mark) => `${mark.kind} ${mark.text}`).join('|');
    if (next === this.#painted) return;
    this.#painted = next;
    this.#marks.replaceChildren(
      ...marks.map(({ kind, text }) => {
        const item = document.createElement('li');
        item.className = 'mark';
        item.dataset['kind'] = kind;
        item.textContent = text;
        return item;
      }),
    );
    setAttribute(this.element, 'data-doubtful', marks.some((mark) => mark.kind === 'stale') ? 'stale' : null);
  }
}
