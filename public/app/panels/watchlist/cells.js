/**
 * The cells of a row beside its price. A cell paints itself from what is known of the symbol and
 * returns how many characters its number has, so that its column can have the room.
 */
import { nearestOf } from '../../model/alerts.js';
import { changeOf, lagOf, relativeVolume, spreadOf, within } from '../../model/sorting.js';
import { element } from '../../ui/element.js';
import { icon, setIcon } from '../../ui/icon.js';
import { setAttribute, setForeignText, setText } from '../../ui/paint.js';
import { decimalsOf, formatBeside, formatChange, formatClock, formatDistance, formatLag, formatPercent, formatVolume, isShortened, onScreen, signOf } from '../../words/format.js';
import { Sparkline } from './sparkline.js';
import { formatBound } from './texts.js';

/** @typedef {import('./row.js').Sight} Sight */
/** @typedef {import('../../link/wire.js').Quote} Quote */
/**
 * @typedef {object} Cell
 * @property {HTMLElement} element
 * @property {(sight: Sight) => number} paint
 */

/** The most characters of foreign text in a cell. The title has all of it. */
const MOST_OF_NAME = 60;
/** A longer number is written smaller. */
export const WIDE = 12;
const LONGEST_AGE = 6;
const UNKNOWN = '—';

/** @type {Record<string, () => Cell>} */
export const CELLS = {
  symbol: symbolCell,
  pct: percentCell,
  change: () => directedCell('chg', (quote) => {
    const change = changeOf(quote);
    return change === null ? null : { text: formatChange(change, decimalsOf(quote)), value: change };
  }),
  spark: sparkCell,
  bid: () => numberCell('bid', ({ bid }) => bid, (bid, quote) => formatBeside(quote, bid)),
  ask: () => numberCell('ask', ({ ask }) => ask, (ask, quote) => formatBeside(quote, ask)),
  range: () => rangeCell('range', ({ low, high }) => [low, high]),
  volume: () => numberCell('volume', ({ dayVolume }) => dayVolume, formatVolume),
  spread: () => numberCell('spread', (quote) => spreadOf(quote)?.absolute ?? null, (spread, quote) => formatBeside(quote, spread)),
  bp: () => numberCell('bp', (quote) => spreadOf(quote)?.basisPoints ?? null, (points) => (points < 10 ? points.toFixed(2) : formatVolume(Math.round(points)))),
  open: () => numberCell('open', ({ open }) => open, (open, quote) => formatBeside(quote, open)),
  previous: () => numberCell('previous', ({ previousClose }) => previousClose, (close, quote) => formatBeside(quote, close)),
  year: () => rangeCell('year', ({ yearLow, yearHigh }) => [yearLow, yearHigh]),
  average: () => numberCell('average', ({ averageVolume }) => averageVolume, formatVolume),
  relative: () => numberCell('relative', relativeVolume, (times) => `${times < 100 ? times.toFixed(2) : formatVolume(times)}×`),
  time: timeCell,
  lag: () => numberCell('lag', lagOf, formatLag),
  name: () => foreignCell('name-long', ({ name }) => name),
  currency: () => foreignCell('currency', ({ currency }) => currency),
  alerts: alertsCell,
  source: sourceCell,
};

/** @param {string} name @param {...Node} children */
function cell(name, ...children) {
  return element('div', { class: `cell ${name}`, role: 'gridcell', tabindex: '-1' }, ...children);
}

/** @returns {Cell} */
function symbolCell() {
  const name = element('bdi', { class: 'name' });
  const venue = element('bdi', { class: 'venue' });
  const root = cell('symbol', name, venue);
  root.setAttribute('role', 'rowheader');
  return {
    element: root,
    paint({ row }) {
      const { quote } = row;
      setForeignText(name, row.name, MOST_OF_NAME);
      setForeignText(venue, quote?.name || quote?.exchange || '', MOST_OF_NAME);
      return 0;
    },
  };
}

/** @returns {Cell} */
function percentCell() {
  const arrow = icon('flat');
  const text = element('span', { class: 'percent' });
  const root = cell('change pct end', arrow, text);
  return {
    element: root,
    paint({ row: { quote } }) {
      const percent = quote?.percentChange ?? null;
      const direction = percent === null ? null : signOf(percent);
      setAttribute(root, 'data-direction', direction);
      if (direction !== null) setIcon(arrow, direction);
      const written = percent === null ? UNKNOWN : onScreen(formatPercent(percent));
      setText(text, written);
      setAttribute(root, 'title', percent === null ? 'No change is told, because the previous close is not known' : null);
      // The arrow takes the room of two digits.
      return written.length + 2;
    },
  };
}

/** @param {string} name @param {(quote: Quote) => { text: string, value: number } | null} read @returns {Cell} */
function directedCell(name, read) {
  const text = element('span');
  const root = cell(`${name} end`, text);
  return {
    element: root,
    paint({ row: { quote } }) {
      const told = quote ? read(quote) : null;
      setAttribute(root, 'data-direction', told === null || quote === null ? null : signOf(quote.percentChange ?? told.value));
      return write(root, text, told?.text ?? UNKNOWN, told?.value ?? null);
    },
  };
}

/** @param {string} name @param {(quote: Quote) => number | null} read @param {(value: number, quote: Quote) => string} format @returns {Cell} */
function numberCell(name, read, format) {
  const text = element('span');
  const root = cell(`${name} end minor`, text);
  return {
    element: root,
    paint({ row: { quote } }) {
      const value = quote ? read(quote) : null;
      return write(root, text, quote === null || value === null ? UNKNOWN : onScreen(format(value, quote)), value);
    },
  };
}

/** @param {string} name @param {(quote: Quote) => string | null} read @returns {Cell} */
function foreignCell(name, read) {
  const text = element('bdi');
  const root = cell(`${name} minor`, text);
  return {
    element: root,
    paint({ row: { quote } }) {
      setForeignText(text, (quote && read(quote)) || UNKNOWN, MOST_OF_NAME);
      return 0;
    },
  };
}

/** @returns {Cell} */
function timeCell() {
  const time = element('time');
  const root = cell('time end minor', time);
  return {
    element: root,
    paint({ row: { quote }, offset }) {
      const at = quote?.precision === 'second' ? quote.timestamp : null;
      setText(time, at === null ? UNKNOWN : formatClock(at - offset));
      setAttribute(time, 'datetime', at === null ? null : new Date(at).toISOString());
      setAttribute(root, 'title', at === null && quote ? 'The exchange did not tell the second of this price' : null);
      return 0;
    },
  };
}

/** How far the nearest armed alert is, and how many there are. @returns {Cell} */
function alertsCell() {
  const text = element('span');
  const root = cell('alerts end minor', icon('bell'), text);
  return {
    element: root,
    paint({ row: { quote }, alerts }) {
      const count = alerts.length;
      const nearest = nearestOf(alerts, quote);
      setAttribute(root, 'data-empty', count === 0 ? '' : null);
      setText(text, count === 0 ? '' : nearest === null ? String(count) : formatDistance(nearest));
      const about = nearest === null ? '' : `, the nearest ${formatDistance(nearest)} away`;
      setAttribute(root, 'title', count === 0 ? null : `${count} armed ${count === 1 ? 'alert' : 'alerts'}${about}`);
      return 0;
    },
  };
}

/**
 * A bar from low to high with a dot at the price; empty until both are known.
 * @param {string} name
 * @param {(quote: Quote) => [number | null, number | null]} read
 * @returns {Cell}
 */
function rangeCell(name, read) {
  const dot = element('span', { class: 'dot' });
  const scale = element('span', { class: 'scale', 'aria-hidden': 'true' }, dot);
  const lowest = element('span');
  const highest = element('span');
  const root = cell(`${name} bounds minor`, scale, lowest, highest);
  let painted = NaN;
  return {
    element: root,
    paint({ row: { quote } }) {
      const [low, high] = quote ? read(quote) : [null, null];
      const place = quote ? within(quote.price, low, high) : null;
      setAttribute(root, 'data-empty', place === null ? '' : null);
      const percent = place === null ? 0 : Math.round(place * 100);
      if (percent !== painted) dot.style.left = `${percent}%`;
      painted = percent;
      const decimals = quote ? decimalsOf(quote) : 0;
      setText(lowest, place === null || low === null ? '' : formatBound(low, decimals));
      setText(highest, place === null || high === null ? '' : formatBound(high, decimals));
      setAttribute(root, 'aria-label', place === null ? 'not known' : null);
      setAttribute(root, 'title', quote && low !== null && high !== null ? `${formatBeside(quote, low)} to ${formatBeside(quote, high)}` : null);
      return 0;
    },
  };
}

/** @returns {Cell} */
function sparkCell() {
  const sparkline = new Sparkline();
  const root = cell('spark', sparkline.element);
  root.title = 'Last hour, one point a minute, on its own scale. The thin line is the previous close; at the edge it is beyond the scale.';
  return {
    element: root,
    paint({ row, second }) {
      if (!second) return 0;
      sparkline.paint(row);
      setAttribute(root, 'aria-label', row.spark === null ? 'no closes of the last hour' : 'last hour');
      return 0;
    },
  };
}

/** Sign, word and age of the truth. @returns {Cell} */
function sourceCell() {
  const sign = icon('dots');
  const word = element('span', { class: 'word' });
  const age = element('time', { class: 'age' });
  const root = cell('source', sign, word, age);
  return {
    element: root,
    paint({ row: { quote }, truth }) {
      setIcon(sign, truth.sign);
      setAttribute(root, 'data-tone', truth.tone);
      setText(word, truth.word);
      setText(age, truth.age);
      const at = quote?.timestamp ?? null;
      setAttribute(age, 'datetime', at === null || truth.age === '' ? null : new Date(at).toISOString());
      if (truth.age === '' || truth.level === 'waiting') return truth.word.length;
      // The age has room for `59 min` from the start, so that the column does not grow with it.
      return truth.word.length + Math.max(LONGEST_AGE, truth.age.length) + 1;
    },
  };
}

/** @param {HTMLElement} root @param {HTMLElement} span @param {string} text @param {number | null} value @returns {number} */
function write(root, span, text, value) {
  setText(span, text);
  setAttribute(root, 'data-wide', text.length > WIDE ? '' : null);
  setAttribute(root, 'title', value !== null && isShortened(text) ? String(value) : null);
  return text.length;
}
