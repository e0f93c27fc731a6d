import { formatCount, formatLag } from '../format.js';
import { part, setText } from './paint.js';

/** The counters. Lag is what was measured, or a dash; it moves once a second so that it can be read. */
export class SessionStats extends HTMLElement {
  #updates = part(this, '[data-stat="updates"]');
  #symbols = part(this, '[data-stat="symbols"]');
  #exchangeLag = part(this, '[data-stat="exchange-lag"]');
  #hubLag = part(this, '[data-stat="hub-lag"]');
  #exchangeNote = part(this, '[data-note="exchange-lag"]');
  #hubNote = part(this, '[data-note="hub-lag"]');

  /** @param {import('../main.js').Frame} frame */
  paint({ store, changes, second }) {
    if (changes.topics.has('counters')) setText(this.#updates, formatCount(store.updates));
    if (changes.topics.has('rows') || changes.topics.has('counters')) setText(this.#symbols, formatCount(store.tracked));
    if (second) this.#paintLag(store);
  }

  /** @param {import('../store.js').Store} store */
  #paintLag(store) {
    const clock = store.clock.best;
    const { lagFromExchange, lagFromHub } = store;
    setText(this.#exchangeLag, lagFromExchange.mean === null ? '—' : formatLag(lagFromExchange.mean));
    setText(this.#hubLag, lagFromHub.mean === null ? '—' : formatLag(lagFromHub.mean));
    if (lagFromHub.count === 0 || clock === null) {
      const waiting = clock === null ? 'the clocks are not compared yet' : 'no update measured yet';
      setText(this.#exchangeNote, waiting);
      setText(this.#hubNote, waiting);
      return;
    }
    setText(this.#exchangeNote, lagFromExchange.count === 0 ? 'no exchange told the second yet' : `±1 s, exchanges stamp whole seconds; ${mean(lagFromExchange)}`);
    setText(this.#hubNote, `±${formatLag(Math.max(1, clock.uncertainty))}, clock corrected by ${Math.round(clock.offset)} ms; ${mean(lagFromHub)}`);
  }
}

/** @param {import('../lag.js').RollingMean} lag */
function mean({ count }) {
  return `mean of ${formatCount(count)} update${count === 1 ? '' : 's'}`;
}
