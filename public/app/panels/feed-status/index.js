import './panel.css';
import { element } from '../../ui/element.js';
import { setAttribute, setForeignText, setText } from '../../ui/paint.js';
import { formatSince, formatSpan } from '../../words/format.js';

const MOST_OF_REASON = 600;
const NOT_SAID = 'the hub has not said yet';

/** @type {Record<import('../../link/wire.js').FeedState, string>} */
const WORDS = {
  idle: 'Idle',
  connecting: 'Connecting',
  live: 'Live',
  stalled: 'Stalled',
  fallback: 'REST fallback',
  refused: 'Refused',
};

/**
 * The state of the hub's upstream, which this page cannot observe itself.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, store) {
  const word = element('span', { class: 'word', role: 'status' }, 'Unknown');
  const since = element('span', { class: 'since' });
  const reason = element('p', { class: 'reason', dir: 'auto' }, NOT_SAID);
  const dot = element('span', { class: 'dot', 'aria-hidden': 'true' });
  const root = element(
    'div', { class: 'panel feed-status', 'data-state': 'unknown' },
    element('h2', {}, 'Upstream feed'),
    element('p', { class: 'state' }, dot, word, ' ', since),
    reason,
  );
  host.append(root);

  return {
    element: root,
    paint({ changes, now, second }) {
      if (!second && !changes.topics.has('feed') && !changes.topics.has('link')) return;
      const { feed, link } = store;
      // If the socket is down and REST does not answer either, the feed's current state is unknown.
      const known = feed !== null && (link.state === 'connected' || store.rest === 'ok');
      setAttribute(root, 'data-state', known ? feed.state : 'unknown');
      setText(word, known ? `${WORDS[feed.state]}${store.simulated ? ' (simulator)' : ''}` : 'Unknown');
      setForeignText(reason, known ? feed.reason : NOT_SAID, MOST_OF_REASON);
      const start = known && feed.since !== null ? feed.since - store.offset : null;
      setText(since, start === null ? '' : `since ${formatSince(start, now)} (${formatSpan(now - start)})`);
    },
    destroy: () => root.remove(),
  };
}
