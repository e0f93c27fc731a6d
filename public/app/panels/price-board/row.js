import { marksOf } from '../../model/marks.js';
import { ageOf } from '../../model/quotes.js';
import { element } from '../../ui/element.js';
import { setAttribute, setForeignText, setText } from '../../ui/paint.js';
import {
  denomination, formatAge, formatAgeAtMost, formatClock, formatBeside, formatPercent, formatPrice, formatSince, formatVolume, isShortened, signOf,
} from '../../words/format.js';

const GLYPHS = { up: '▲', down: '▼', flat: '■' };
/** The most characters of foreign text on the board. The title has all of it. */
const MOST_OF_NAME = 60;
export const MOST_OF_REASON = 400;
/**
 * A longer number is written smaller. On a phone, a row with a longer number or a longer change
 * also has another layout.
 */
const WIDE = 12;
const WIDE_CHANGE = 8;
/** Without a price, the reason spans this many columns, from the change on. */
const COLUMNS_WITHOUT_PRICE = '6';

/** The cells of one symbol. Only changed cells are written. */
export class PriceRow {
  #name = element('bdi', { class: 'name' });
  #venue = element('bdi', { class: 'venue' });
  #price = element('span', { class: 'price' });
  #unit = element('abbr', { class: 'unit' });
  #glyph = element('span', { class: 'glyph', 'aria-hidden': 'true' });
  #percent = element('span', { class: 'percent' });
  #change = cell({ class: 'number change' }, this.#glyph, this.#percent);
  #bid = element('span', { class: 'bid' });
  #ask = element('span', { class: 'ask' });
  #volume = element('span', { class: 'volume' });
  #age = element('time');
  #marks = element('ul', { class: 'marks', role: 'list' });
  #reason = element('bdi', { class: 'reason' });
  #state = cell({ class: 'state' }, this.#marks, this.#reason);
  element = element(
    'tr', { role: 'row' },
    element('th', { role: 'rowheader', scope: 'row' }, this.#name, ' ', this.#venue),
    cell({ class: 'number', 'data-cell': 'price' }, this.#price, this.#unit),
    this.#change,
    cell({ class: 'number minor', 'data-cell': 'bid' }, this.#bid),
    cell({ class: 'number minor', 'data-cell': 'ask' }, this.#ask),
    cell({ class: 'number minor', 'data-cell': 'vol' }, this.#volume),
    cell({ class: 'number minor age' }, this.#age),
    this.#state,
  );
  #painted = '';
  /** The price on the screen. @type {number | null} */
  #shown = null;
  #flashes = 0;

  get hasUnit() {
    return this.#unit.textContent !== '';
  }

  /**
   * @param {import('../../model/quotes.js').Row} row
   * @param {import('../../model/store.js').Store} store
   * @param {number} now  page's clock, ms
   */
  paint(row, store, now) {
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
   * @param {import('../../link/wire.js').Quote} quote
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

  /** @param {import('../../link/wire.js').Quote} quote */
  #paintPrice(quote) {
    const { unit, unitName } = denomination(quote);
    setText(this.#unit, unit);
    setAttribute(this.#unit, 'title', unitName === unit || unitName === '' ? null : unitName);
    const before = this.#price.textContent;
    this.#paintNumber(this.#price, quote.price, () => formatPrice(quote));
    const { textContent: after } = this.#price;
    // A move too small to be seen does not flash. Two names of the same animation alternate, so
    // that a second move in the same direction flashes again.
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
   * @param {import('../../link/wire.js').Quote} quote
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

  /** @param {import('../../model/marks.js').Mark[]} marks */
  #paintMarks(marks) {
    const next = marks.map((mark) => `${mark.kind} ${mark.text}`).join('|');
    if (next === this.#painted) return;
    this.#painted = next;
    this.#marks.replaceChildren(
      ...marks.map(({ kind, text }) => element('li', { class: 'mark', 'data-kind': kind }, text)),
    );
    setAttribute(this.element, 'data-doubtful', marks.some((mark) => mark.kind === 'stale') ? 'stale' : null);
  }
}

/**
 * @param {Record<string, string>} attributes
 * @param {...HTMLElement} children
 */
function cell(attributes, ...children) {
  return element('td', { role: 'cell', ...attributes }, ...children);
}
