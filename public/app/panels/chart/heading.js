/** Above the chart: which instrument, its price, its change, and what the price is worth. */
import { truthOf } from '../../model/truth.js';
import { Digits, FLASH_MS } from '../../ui/digits.js';
import { element } from '../../ui/element.js';
import { icon, setIcon } from '../../ui/icon.js';
import { setAttribute, setForeignText, setText, show } from '../../ui/paint.js';
import { decimalsOf, denomination, formatChange, formatPercent, formatPrice, isShortened, onScreen, signOf } from '../../words/format.js';

const MOST_OF_NAME = 60;

/** @param {import('../../terminal.js').Terminal} terminal */
export function createHeading({ store, desk }) {
  const symbol = element('bdi', { class: 'symbol' });
  const name = element('bdi', { class: 'name' });
  const venue = element('bdi', { class: 'venue' });
  const digits = new Digits();
  const unit = element('abbr', { class: 'unit' });
  const price = element('span', { class: 'price' }, ...digits.nodes);
  const arrow = icon('flat');
  const change = element('span', { class: 'change' }, arrow);
  const amount = element('span');
  change.append(amount);
  const sign = icon('dots');
  const word = element('span', { class: 'word' });
  const age = element('span', { class: 'age' });
  const truth = element('span', { class: 'truth' }, sign, word, age);
  const root = element(
    'div', { class: 'heading' },
    element('h2', { class: 'title' }, symbol, name, venue),
    element('p', { class: 'figures' }, element('span', { class: 'amount' }, price, unit), change, truth),
  );
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  /** The price on the screen, and of which symbol. @type {{ key: string, value: number } | null} */
  let shown = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  return {
    element: root,
    /**
     * @param {import('../../model/quotes.js').Row | null} row
     * @param {number} now  page's clock, ms
     */
    paint(row, now) {
      setForeignText(symbol, row?.name ?? 'No symbol', MOST_OF_NAME);
      setForeignText(name, row?.quote?.name ?? '', MOST_OF_NAME);
      setForeignText(venue, row?.quote?.exchange ?? '', MOST_OF_NAME);
      show(truth, row !== null);
      if (row === null) return paintPrice(null, false);
      const told = truthOf(row, store.circumstances, now);
      setAttribute(root, 'data-level', told.level);
      setIcon(sign, told.sign);
      setAttribute(truth, 'data-tone', told.tone);
      setAttribute(truth, 'title', told.sentence);
      setText(word, told.word);
      setText(age, told.age);
      paintPrice(row, told.mayFlash);
    },
    destroy: () => clearTimeout(timer),
  };

  /** @param {import('../../model/quotes.js').Row | null} row @param {boolean} mayFlash */
  function paintPrice(row, mayFlash) {
    const quote = row?.quote ?? null;
    const text = quote === null ? (row?.state === 'pending' ? '…' : '—') : onScreen(formatPrice(quote));
    if (text !== digits.text) {
      const held = shown !== null && quote !== null && shown.key === row?.key ? shown.value : null;
      digits.write(text, held !== null);
      setAttribute(price, 'title', quote !== null && isShortened(text) ? String(quote.price) : null);
      if (held !== null && quote !== null && mayFlash && desk.settings.flash && !calm.matches) flash(quote.price > held ? 'up' : 'down');
      else flash(null);
    }
    shown = quote === null || row === null ? null : { key: row.key, value: quote.price };
    const denominated = quote === null ? { unit: '', unitName: '' } : denomination(quote);
    setText(unit, denominated.unit);
    setAttribute(unit, 'title', denominated.unitName === denominated.unit ? null : denominated.unitName);
    paintChange(quote);
  }

  /** @param {import('../../link/wire.js').Quote | null} quote */
  function paintChange(quote) {
    show(change, quote !== null);
    if (quote === null) return;
    const { price, percentChange, previousClose } = quote;
    const direction = percentChange === null ? null : signOf(percentChange);
    setAttribute(change, 'data-direction', direction);
    show(/** @type {any} */ (arrow), direction !== null);
    if (direction !== null) setIcon(arrow, direction);
    const percent = percentChange === null ? '' : onScreen(formatPercent(percentChange));
    const absolute = previousClose === null ? '' : formatChange(price - previousClose, decimalsOf(quote));
    setText(amount, percent === '' ? '—' : absolute === '' ? percent : `${absolute} (${percent})`);
    setAttribute(change, 'title', percent === '' ? 'The previous close is not known.' : 'Against the previous close');
  }

  /** @param {'up' | 'down' | null} direction */
  function flash(direction) {
    clearTimeout(timer);
    setAttribute(digits.changed, 'data-flash', direction);
    if (direction !== null) timer = setTimeout(() => setAttribute(digits.changed, 'data-flash', null), FLASH_MS);
  }
}
