/** What an embed's address asks for. Anybody can write one, so it may name anything. */
import { objection } from '../model/symbols.js';

/** `1h`: the stream's last hour. `1d`: the last 24 hours of bars, asked for by REST. */
/** @typedef {'none' | '1h' | '1d'} Chart */

/**
 * @typedef {object} Wish
 * @property {string} symbol     '': the address names none
 * @property {string | null} objection  why the symbol is not asked for
 * @property {'auto' | 'dark' | 'light'} theme
 * @property {'west' | 'east' | 'blind' | 'blind-east'} updown
 * @property {Chart} chart
 */

/**
 * `?symbol=AAPL&theme=auto&chart=1d&updown=blind`. What is not known is as if it were left out.
 * @param {string} search  of the address
 * @returns {Wish}
 */
export function wishOf(search) {
  const asked = new URLSearchParams(search);
  const symbol = (asked.get('symbol') ?? '').trim();
  return {
    symbol,
    objection: symbol === '' ? 'This address names no symbol. Add one: ?symbol=AAPL' : objection(symbol),
    theme: oneOf(['auto', 'dark', 'light'], asked.get('theme')),
    updown: oneOf(['west', 'east', 'blind', 'blind-east'], asked.get('updown')),
    chart: oneOf(['none', '1h', '1d'], asked.get('chart')),
  };
}

/** @template {string} T @param {[T, ...T[]]} known @param {string | null} value @returns {T} the first if it is not known */
function oneOf(known, value) {
  return known.find((one) => one === value) ?? known[0];
}
