import './panel.css';
import { element } from '../../ui/element.js';
import { setAttribute, setText } from '../../ui/paint.js';
import { formatSpan } from '../../words/format.js';

const SIGNS = { connected: '🟢', disconnected: '🔴', connecting: '⏳' };
const WORDS = { connected: 'Connected', disconnected: 'Disconnected', connecting: 'Connecting…' };

/**
 * The state of the page's connection. Only the word is announced to screen readers; the countdown
 * beside it would be read out without end.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, store) {
  const sign = element('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS.connecting);
  const word = element('span', { class: 'word', role: 'status' }, WORDS.connecting);
  const side = element('span', { class: 'detail' });
  const root = element('div', { class: 'connection-badge', 'data-state': 'connecting' }, sign, word, side);
  host.append(root);

  return {
    element: root,
    paint({ changes, now, second }) {
      if (!second && !changes.topics.has('link')) return;
      const { link } = store;
      setAttribute(root, 'data-state', link.state);
      setText(sign, SIGNS[link.state]);
      setText(word, WORDS[link.state]);
      setText(side, detail(link, now));
    },
    destroy: () => root.remove(),
  };
}

/**
 * @param {import('../../model/store.js').Link} link
 * @param {number} now
 */
function detail(link, now) {
  if (link.state === 'connected') return `for ${formatSpan(now - link.since)}`;
  if (link.state === 'connecting') return '';
  const wait = (link.retryAt ?? now) - now;
  return wait < 1_000 ? 'trying again…' : `next try in ${formatSpan(wait)}`;
}
