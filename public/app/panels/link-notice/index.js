import './panel.css';
import { element } from '../../ui/element.js';
import { setText, show } from '../../ui/paint.js';
import { formatSpan } from '../../words/format.js';
import { quoted } from '../../words/text.js';

const MOST_OF_REASON = 600;

/** @type {Record<import('../../model/store.js').Store['rest'], string>} */
const PRICES = {
  none: 'Disconnected: asking for prices by REST every 30 s',
  ok: 'Disconnected: prices by REST every 30 s',
  failed: 'Disconnected: prices by REST every 30 s, but that fails too. These are the last known prices',
};

/**
 * Where the prices come from while the page is disconnected.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, store) {
  const what = element('span', { class: 'what', role: 'status' });
  const since = element('span', { class: 'since' });
  const root = element('div', { class: 'link-notice', hidden: '' }, element('p', {}, what, ' ', since));
  host.append(root);

  return {
    element: root,
    paint({ changes, now, second }) {
      if (!second && !changes.topics.has('link')) return;
      const { link, rest } = store;
      const disconnected = link.state === 'disconnected';
      show(root, disconnected);
      if (!disconnected) return;
      setText(what, `${PRICES[rest]}. Reason: ${quoted(link.reason, MOST_OF_REASON)}.`);
      setText(since, `It has been so for ${formatSpan(now - link.since)}.`);
    },
    destroy: () => root.remove(),
  };
}
