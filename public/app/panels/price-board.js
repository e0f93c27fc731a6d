import {
  denomination, formatAge, formatAgeAtMost, formatClock, formatBeside, formatCount, formatPercent, formatPrice, formatSince, formatVolume, isShortened, signOf,
} from '../format.js';
import { marksOf } from '../marks.js';
import { ageOf } from '../quotes.js';
import { MOST_SYMBOLS } from '../symbols.js';
import { fromTemplate, part, setAttribute, setForeignText, setText, show } from './paint.js';

const GLYPHS = { up: '▲', down: '▼', flat: '■' };
/** How much of others' text is on the board; the whole of it is in the title. */
const MOST_OF_NAME = 60;
const MOST_OF_REASON = 400;
/** A number with more characters is written smaller, and a row with one is laid out otherwise on a phone; so is one with a longer change. */
const WIDE = 12;
const WIDE_CHANGE = 8;
/** Columns that a symbol without a price leaves to its reason, from the change on. */
const COLUMNS_WITHOUT_PRICE = '6';

/** The prices: one line per symbol, of which only the cells that changed are written. */
export class PriceBoard extends HTMLElement {
  #body = part(this, 'tbody');
  #notice = part(this, '.notice');
  #leftOut = part(this, '.left-out');
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
    // Numbers stand below each other whether a unit follows them or not, once there is a unit at
    // all.
    if (all || changes.rows.size > 0) {
      const units = [...this.#rows.values()].some((row) => row.hasUnit);
      setAttribute(this, 'data-units', units ? '' : null);
    }
  }

  /** @param {import('../store.js').Store} store */
  #arrange(store) {
    setForeignText(this.#notice, store.notice, MOST_OF_REASON);
    show(this.#notice, store.notice !== '');
    const [shown, more] = [MOST_SYMBOLS, store.leftOut].map(formatCount);
    setText(this.#leftOut, `The address of this page names ${formatCount(MOST_SYMBOLS + store.leftOut)} symbols. The hub takes ${shown} for one page: these are the first ${shown}, and ${more} are left out.`);
    show(this.#leftOut, store.leftOut > 0);
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
  #unit = part(this.element, '.unit');
  #change = part(this.element, '.change');
  #glyph = part(this.element, '.glyph');
  #percent = part(this.element, '.percent');
  #bid = part(this.element, '.bid');
  #ask = part(this.element, '.ask');
  #volume = part(this.element, '.volume');
  #age = part(this.element, '.age time');
  #state = part(this.element, '.state');
  #marks = part(this.element, '.marks');
  #reason = part(this.element, '.reason');
  #painted = '';
  /** The price that is on the screen. @type {number | null} */
  #shown = null;
  #flashes = 0;

  get hasUnit() {
    return this.#unit.textContent !== '';
  }

  /**
   * @param {import('../quotes.js').Row} row
   * @param {import('../main.js').Frame} frame
   */
  paint(row, { store, now }) {
    const { quote } = row;
    setAttribute(this.element, 'data-symbol', row.name);
    setAttribute(this.element, 'data-state', row.state);
    setForeignText(this.#name, row.name, MOST_OF_NAME);
    setForeignText(this.#venue, quote?.exchange ?? '', MOST_OF_NAME);
    setForeignText(this.#reason, row.reason ?? '', MOST_OF_REASON);
    this.#paintMarks(marksOf(row, store.link, now, store.offset));
    setAttribute(this.element, 'data-empty', quote ? null : '');
    setAttribute(this.#state, 'colspan', quote ? null : COLUMNS_WITHOUT_PRICE);
    if (quote) this.#paintQuote(quote, now, store.offset);
    else setText(this.#price, row.state === 'rejected' ? '–' : 'no data yet');
  }

  /**
   * @param {import('../wire.js').Quote} quote
   * @param {number} now
   * @param {number} offset
   */
  #paintQuote(quote, now, offset) {
    this.#paintPrice(quote);
    const direction = quote.percentChange === null ? null : signOf(quote.percentChange);
    setAttribute(this.#change, 'data-direction', direction);
    setText(this.#glyph, direction === null ? '' : GLYPHS[direction]);
    setText(this.#percent, quote.percentChange === null ? '–' : formatPercent(quote.percentChange));
    this.#paintNumber(this.#bid, quote.bid, (bid) => formatBeside(quote, bid));
    this.#paintNumber(this.#ask, quote.ask, (ask) => formatBeside(quote, ask));
    this.#paintNumber(this.#volume, quote.dayVolume, formatVolume);
    const details = /** @type {const} */ ([[this.#bid, quote.bid], [this.#ask, quote.ask], [this.#volume, quote.dayVolume]]);
    for (const [detail, value] of details) {
      if (detail.parentElement) setAttribute(detail.parentElement, 'data-unknown', value === null ? '' : null);
    }
    this.#paintAge(quote, now, offset);
    const [price, unit, percent, bid, ask] = [this.#price, this.#unit, this.#percent, this.#bid, this.#ask].map((part) => part.textContent?.length ?? 0);
    const wide = Math.max(price + unit, bid, ask) > WIDE || percent > WIDE_CHANGE;
    setAttribute(this.element, 'data-wide', wide ? '' : null);
  }

  /** @param {import('../wire.js').Quote} quote */
  #paintPrice(quote) {
    const { unit, unitName } = denomination(quote);
    setText(this.#unit, unit);
    setAttribute(this.#unit, 'title', unitName === unit || unitName === '' ? null : unitName);
    const before = this.#price.textContent;
    this.#paintNumber(this.#price, quote.price, () => formatPrice(quote));
    const { textContent: after } = this.#price;
    // A move too small to be seen does not flash. Two names for one animation, in turn: a second
    // move in the same direction flashes again.
    if (this.#shown !== null && this.#shown !== quote.price && before !== after) {
      this.#flashes += 1;
      setAttribute(this.#price, 'data-flash', `${quote.price > this.#shown ? 'up' : 'down'}-${this.#flashes % 2}`);
    }
    this.#shown = quote.price;
  }

  /**
   * @param {HTMLElement} element
   * @param {number | null} value
   * @param {(value: number) => string} format
   */
  #paintNumber(element, value, format) {
    const text = value === null ? '–' : format(value);
    setText(element, text);
    setAttribute(element, 'data-wide', text.length > WIDE ? '' : null);
    setAttribute(element, 'title', value !== null && isShortened(text) ? String(value) : null);
  }

  /**
   * @param {import('../wire.js').Quote} quote
   * @param {number} now
   * @param {number} offset
   */
  #paintAge(quote, now, offset) {
    const age = ageOf(quote, now, offset);
    const known = quote.precision === 'second';
    setText(this.#age, age === null ? 'time unknown' : known ? formatAge(age) : formatAgeAtMost(age));
    const received = `It reached the hub at ${formatClock(quote.receivedAt - offset)}.`;
    const earliest = quote.timestamp === null ? '' : `, only that it is not older than ${formatSince(quote.timestamp - offset, now)}`;
    const title = known
      ? null
      : age === null
        ? `The exchange did not say when this price was made${earliest}. ${received}`
        : `The exchange gave the ${quote.precision} of this price and nothing more exact, so it may be younger. ${received}`;
    setAttribute(this.#age, 'title', title);
    setAttribute(this.#age, 'datetime', quote.timestamp === null || age === null ? null : new Date(quote.timestamp).toISOString());
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
