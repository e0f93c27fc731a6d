import { formatSpan } from '../format.js';
import { part, setAttribute, setText } from './paint.js';

const SIGNS = { connected: '🟢', disconnected: '🔴', connecting: '⏳' };
const WORDS = { connected: 'Connected', disconnected: 'Disconnected', connecting: 'Connecting…' };

/** Whether this page hears the hub. Only the word is announced; the countdown beside it would never fall silent. */
export class ConnectionBadge extends HTMLElement {
  #sign = part(this, '.sign');
  #word = part(this, '.word');
  #detail = part(this, '.detail');

  /** @param {import('../main.js').Frame} frame */
  paint({ store, changes, now, second }) {
    if (!second && !changes.topics.has('link')) return;
    const { link } = store;
    setAttribute(this, 'data-state', link.state);
    setText(this.#sign, SIGNS[link.state]);
    setText(this.#word, WORDS[link.state]);
    setText(this.#detail, detail(link, now));
  }
}

/**
 * @param {import('../store.js').Link} link
 * @param {number} now
 */
function detail(link, now) {
  if (link.state === 'connected') return `for ${formatSpan(now - link.since)}`;
  if (link.state === 'connecting') return '';
  const wait = (link.retryAt ?? now) - now;
  return wait < 1_000 ? 'trying again…' : `next try in ${formatSpan(wait)}`;
}
