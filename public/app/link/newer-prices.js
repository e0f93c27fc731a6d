/**
 * The prices of earlier epochs that the present server has not reached yet. A restarted hub may know
 * older prices than this client, because its cache is stored every 30 s, and so may another relay.
 * A price never goes back: the newer one is shown until the server has caught up with it.
 *
 * One clock stamps `received`, whichever server tells it: the hub's. A price that was received earlier
 * is older, and so is one that was received later but certainly made earlier, such as a quote of REST
 * that a restarted hub has just asked for.
 */
import { asStale, withFactsOf } from '../model/quotes.js';

/** @typedef {import('./wire.js').Quote} Quote */

export class NewerPrices {
  /** By symbol. @type {Map<string, Quote>} */
  #held = new Map();

  /** A server of another epoch begins. @param {Quote[]} shown  what is shown of the epoch before */
  begin(shown) {
    this.#held = new Map(shown.map((quote) => [quote.symbol, quote]));
  }

  /**
   * What is shown of a symbol.
   * @param {string} symbol
   * @param {Quote | null} told  the server's present line; null: it has no price
   * @returns {Quote | null}
   */
  shown(symbol, told) {
    const held = this.#held.get(symbol);
    if (!held) return told;
    // Nobody confirms a price of which the server knows nothing.
    if (told === null) return asStale(held);
    // A simulated and a real market share no time.
    if (isBefore(told, held) && told.simulated === held.simulated) return withFactsOf(told, held);
    this.#held.delete(symbol);
    return told;
  }
}

/** The longest time after its timestamp at which a price can have been made, in ms. */
const WITHIN = { second: 0, minute: 60_000, day: 86_400_000 };

/** @param {Quote} told @param {Quote} held */
function isBefore(told, held) {
  if (told.receivedAt < held.receivedAt) return true;
  if (told.timestamp === null || told.precision === null || held.timestamp === null) return false;
  return told.timestamp + WITHIN[told.precision] < held.timestamp;
}
