/**
 * The tab's title: the selected price, at most once a second, also in hidden tabs, where no frame
 * is ever painted. `SIM `, `Disconnected` and `Sign in` come first. The tab's icon is marked with it.
 */
import { shownRow } from './model/shown.js';
import { showFavicon } from './pwa/favicon.js';
import { formatPercent, formatPrice, signOf } from './words/format.js';

const GLYPHS = { up: '▲', down: '▼', flat: '■' };
const EVERY_MS = 1_000;

/**
 * @param {import('./model/store.js').Store} store
 * @param {import('./model/desk.js').Desk} desk
 */
export function startTitle(store, desk) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const write = () => {
    timer = undefined;
    const next = titleOf(store, desk);
    if (document.title !== next) document.title = next;
    showFavicon(store.showsSimulation);
  };
  return {
    /** Something changed. */
    request() {
      timer ??= setTimeout(write, EVERY_MS);
    },
  };
}

/**
 * `SIM 88,074.29 ▼2.74% BTC/USD · Hamster`
 * @param {import('./model/store.js').Store} store
 * @param {import('./model/desk.js').Desk} desk
 */
export function titleOf(store, desk) {
  const { state, signIn } = store.link;
  const disconnected = signIn !== null ? 'Sign in · ' : state === 'disconnected' ? 'Disconnected · ' : '';
  const simulated = store.showsSimulation ? 'SIM ' : '';
  const row = shownRow(store, desk);
  if (!row?.quote) return `${disconnected}${simulated}Hamster Terminal`;
  const { percentChange } = row.quote;
  const change = percentChange === null ? '' : ` ${GLYPHS[signOf(percentChange)]}${formatPercent(Math.abs(percentChange)).replace('+', '')}`;
  return `${disconnected}${simulated}${formatPrice(row.quote)}${change} ${row.name} · Hamster`;
}
