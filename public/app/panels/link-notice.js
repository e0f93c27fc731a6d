import { formatSpan } from '../format.js';
import { quoted } from '../text.js';
import { part, setText, show } from './paint.js';

const MOST_OF_REASON = 600;

/** What to make of the prices while the page is cut off from the stream. */
export class LinkNotice extends HTMLElement {
  #what = part(this, '.what');
  #since = part(this, '.since');

  /** @param {import('../main.js').Frame} frame */
  paint({ store, changes, now, second }) {
    if (!second && !changes.topics.has('link')) return;
    const { link } = store;
    const disconnected = link.state === 'disconnected';
    show(this, disconnected);
    if (!disconnected) return;
    const prices =
      store.rest === 'ok'
        ? 'Disconnected: prices by REST every 30 s'
        : store.rest === 'failed'
          ? 'Disconnected: prices by REST every 30 s, but that fails too. These are the last known prices'
          : 'Disconnected: asking for prices by REST every 30 s';
    setText(this.#what, `${prices}. Reason: ${quoted(link.reason, MOST_OF_REASON)}.`);
    setText(this.#since, `It has been so for ${formatSpan(now - link.since)}.`);
  }
}
