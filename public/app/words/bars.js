/** What is said of a bar, in the legend, in the table, to a screen reader, and in a file. */
import { PAGE } from '../model/candles.js';
import { formatDecimal, formatPercent, formatVolume, onScreen, signOf } from './format.js';
import { short } from './text.js';

/** @typedef {import('../model/candles.js').Candle} Candle */

const MOST_OF_SOURCE = 40;

/** @type {Record<string, { name: string, words: string, title: string }>} */
const SOURCES = {
  twelve_data: { name: 'Twelve Data', words: 'from Twelve Data', title: 'A bar of Twelve Data, final.' },
  simulator: { name: 'simulator', words: 'from the simulator', title: 'Made by the simulator. No market is behind it.' },
  hub: { name: 'hub', words: 'built by the hub from ticks', title: 'Built by the hub from ticks, at most one a second, so highs and lows may be missed.' },
  'hub (simulated)': { name: 'hub (simulated)', words: 'built by the hub from simulated ticks', title: 'Built by the hub from ticks of the simulator. No market is behind it.' },
  [PAGE]: { name: 'this page', words: 'built here from ticks', title: 'Built by this page from ticks, at most one a second, so highs and lows may be missed.' },
};

/** Who made a bar: a name for a table, words for a sentence. @param {string} from @returns {{ name: string, words: string, title: string }} */
export function sourceOf(from) {
  const name = short(from, MOST_OF_SOURCE);
  return SOURCES[from] ?? { name, words: `from ${name}`, title: '' };
}

/**
 * The numbers of a bar as text. `change` is that from open to close.
 * @param {Candle} bar
 * @param {number} decimals
 */
export function barWords(bar, decimals) {
  const price = (/** @type {number} */ value) => onScreen(formatDecimal(value, decimals));
  const percent = bar.open > 0 ? ((bar.close - bar.open) / bar.open) * 100 : null;
  return {
    open: price(bar.open),
    high: price(bar.high),
    low: price(bar.low),
    close: price(bar.close),
    volume: bar.volume === null ? null : formatVolume(bar.volume),
    change: percent === null ? '' : onScreen(formatPercent(percent)),
    direction: percent === null ? /** @type {const} */ ('flat') : signOf(percent),
  };
}

/**
 * The bars as a file: RFC 4180 with a byte order mark, times in ISO 8601, plain numbers.
 * @param {Candle[]} bars
 * @param {boolean} simulated
 * @param {number} seconds  length of a bar
 */
export function barsAsCsv(bars, simulated, seconds) {
  const lines = bars.map(({ time, open, high, low, close, volume, from }) => {
    const at = new Date(time * 1_000).toISOString();
    return [seconds >= 86_400 ? at.slice(0, 10) : at, open, high, low, close, volume ?? '', cell(from), simulated].join(',');
  });
  return `\uFEFF${['time,open,high,low,close,volume,from,simulated', ...lines].join('\r\n')}\r\n`;
}

/** A text cell that no spreadsheet takes for a formula. @param {string} text */
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
