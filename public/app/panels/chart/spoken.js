/** The chart in sentences, for ears. */
import { barWords, sourceOf } from '../../words/bars.js';
import { formatDecimal, formatPercent } from '../../words/format.js';

/** @typedef {import('../../model/candles.js').Candle} Candle */
/** @typedef {import('./canvas.js').Look} Look */

/**
 * What the chart shows: range, first, last, highest, lowest, change.
 * @param {Candle[]} bars  in sight
 * @param {Look} look
 * @param {{ name: string, words: string, simulated: boolean }} what
 */
export function chartLabel(bars, { decimals, times, days, type }, { name, words, simulated }) {
  const [first] = bars;
  const last = bars.at(-1);
  if (!first || !last) return `Chart of ${name}: no bars`;
  const at = days ? times.date : times.minute;
  const price = (/** @type {number} */ value) => formatDecimal(value, decimals);
  const change = first.open > 0 ? `, change ${formatPercent(((last.close - first.open) / first.open) * 100)}` : '';
  return `Chart of ${name}${simulated ? ', simulated' : ''}: ${bars.length} bars of ${words} as ${type}, ${at(first.time)} to ${at(last.time)}. `
    + `First ${price(first.open)}, last ${price(last.close)}, highest ${price(Math.max(...bars.map(({ high }) => high)))}, `
    + `lowest ${price(Math.min(...bars.map(({ low }) => low)))}${change}.`;
}

/** @param {Candle} bar @param {Look | null} look @param {string} name */
export function barSentence(bar, look, name) {
  if (look === null) return '';
  const words = barWords(bar, look.decimals);
  const volume = words.volume === null ? '' : `, volume ${words.volume}`;
  return `${name}, ${look.days ? look.times.date(bar.time) : look.times.minute(bar.time)}: open ${words.open}, high ${words.high}, low ${words.low}, `
    + `close ${words.close}${volume}, ${words.change}, ${sourceOf(bar.from).words}`;
}
