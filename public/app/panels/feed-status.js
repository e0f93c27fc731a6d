import { formatSince, formatSpan } from '../format.js';
import { part, setAttribute, setForeignText, setText } from './paint.js';

const MOST_OF_REASON = 600;

/** @type {Record<import('../wire.js').FeedState, string>} */
const WORDS = {
  idle: 'Idle',
  connecting: 'Connecting',
  live: 'Live',
  stalled: 'Stalled',
  fallback: 'REST fallback',
  refused: 'Refused',
};

/** What the hub's upstream is doing: the other half of the way, which this page cannot see by itself. */
export class FeedStatus extends HTMLElement {
  #word = part(this, '.word');
  #since = part(this, '.since');
  #reason = part(this, '.reason');

  /** @param {import('../main.js').Frame} frame */
  paint({ store, changes, now, second }) {
    if (!second && !changes.topics.has('feed') && !changes.topics.has('link')) return;
    const { feed, link } = store;
    // Cut off, and REST does not answer either: what the feed does now is not known.
    const known = feed !== null && (link.state === 'connected' || store.rest === 'ok');
    setAttribute(this, 'data-state', known ? feed.state : 'unknown');
    const word = feed && known ? `${WORDS[feed.state]}${store.simulated ? ' (simulator)' : ''}` : 'Unknown';
    setText(this.#word, word);
    setForeignText(this.#reason, feed && known ? feed.reason : 'the hub has not said yet', MOST_OF_REASON);
    const since = known && feed.since !== null ? feed.since - store.offset : null;
    setText(this.#since, since === null ? '' : `since ${formatSince(since, now)} (${formatSpan(now - since)})`);
  }
}
