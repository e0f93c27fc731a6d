/** The list as it is printed: every row, with the words that truth demands. */
import { decimalsOf, formatBeside, formatDecimal, formatPercent, formatPriceAndUnit, formatVolume, signOf } from '../words/format.js';
import { quoted, short } from '../words/text.js';
import { rowsInView } from './lists.js';
import { truthOf } from './truth.js';

/**
 * @typedef {object} PrintedRow
 * @property {string} symbol
 * @property {string} venue
 * @property {string} last
 * @property {string} percent  with an arrow, since paper has no colours: `▲ +0.25%`
 * @property {string} change
 * @property {string} bid
 * @property {string} ask
 * @property {string} volume
 * @property {string} source  `SIM Stale 4 min`
 * @property {string} time    when the price was made, with the date
 */
/**
 * @typedef {object} Printed
 * @property {string} title
 * @property {string} printed    `Printed Nov 27, 2026, 14:32:15 UTC`
 * @property {string | null} simulated  the sentence on top; null: nothing is simulated
 * @property {string | null} trouble    why prices may be old; null: none known
 * @property {PrintedRow[]} rows
 */

const UNKNOWN = '—';
const GLYPHS = { up: '▲', down: '▼', flat: '■' };
const MOST_OF_VENUE = 40;
const MOST_OF_SYMBOL = 73;

/**
 * @param {import('./store.js').Store} store
 * @param {import('./desk.js').Desk} desk
 * @param {number} now   page's clock, ms
 * @param {string} zone  IANA name; of all times on the paper
 * @returns {Printed}
 */
export function printed(store, desk, now, zone) {
  const rows = rowsInView(desk, store);
  const simulated = rows.filter(({ quote }) => quote?.simulated).length;
  const name = desk.lists.find(({ id }) => id === desk.view.list)?.name ?? desk.view.list;
  const times = timesIn(zone);
  return {
    title: `${quoted(name.charAt(0).toUpperCase() + name.slice(1), MOST_OF_VENUE)}: ${rows.length} symbol${rows.length === 1 ? '' : 's'}`,
    printed: `Printed ${times.format(now)}. All times are ${zone}.`,
    simulated: simulated === 0 ? null : simulated === rows.length ? 'SIMULATED. No market is behind these prices.' : `${simulated} of ${rows.length} SIMULATED. No market is behind those prices; their source begins with SIM.`,
    trouble: store.link.state === 'connected' ? null : 'The page was cut off from the hub when this was printed.',
    rows: rows.map((row) => rowOf(row, truthOf(row, store.circumstances, now), (at) => times.format(at - store.offset))),
  };
}

/**
 * @param {import('./quotes.js').Row} row
 * @param {import('./truth.js').Truth} truth
 * @param {(at: number) => string} timeOf  of the hub's clock
 * @returns {PrintedRow}
 */
function rowOf({ name, quote }, { word, age }, timeOf) {
  const source = age === '' ? word : `${word} ${age}`;
  const symbol = short(name, MOST_OF_SYMBOL);
  if (quote === null) {
    return { symbol, venue: '', last: UNKNOWN, percent: UNKNOWN, change: UNKNOWN, bid: UNKNOWN, ask: UNKNOWN, volume: UNKNOWN, source, time: UNKNOWN };
  }
  const { percentChange, previousClose, bid, ask, dayVolume, timestamp } = quote;
  const difference = previousClose === null ? null : quote.price - previousClose;
  return {
    symbol,
    venue: short(quote.exchange ?? '', MOST_OF_VENUE),
    last: formatPriceAndUnit(quote),
    percent: percentChange === null ? UNKNOWN : `${GLYPHS[signOf(percentChange)]} ${formatPercent(percentChange)}`,
    change: difference === null ? UNKNOWN : `${difference > 0 ? '+' : ''}${formatDecimal(difference, decimalsOf(quote))}`,
    bid: bid === null ? UNKNOWN : formatBeside(quote, bid),
    ask: ask === null ? UNKNOWN : formatBeside(quote, ask),
    volume: dayVolume === null ? UNKNOWN : formatVolume(dayVolume),
    source,
    time: timestamp === null ? UNKNOWN : timeOf(timestamp),
  };
}

/** @param {string} zone */
function timesIn(zone) {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: zone, year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  });
}
