import './panel.css';
import { KEPT_LINES } from '../../model/activity.js';
import { element, uniqueId } from '../../ui/element.js';
import { setAttribute, setText } from '../../ui/paint.js';
import { formatClock } from '../../words/format.js';

/**
 * The last hundred events, oldest first, pinned to its end by the style sheet alone.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, store) {
  const heading = element('h2', { id: uniqueId('activity') }, 'Activity');
  const prices = element('input', { type: 'checkbox', checked: '' });
  const list = element('ol');
  const root = element(
    'div', { class: 'panel activity-log' },
    element('div', { class: 'heading' }, heading, element('label', {}, prices, ' prices')),
    element('div', { class: 'lines', role: 'log', 'aria-live': 'off', 'aria-labelledby': heading.id, tabindex: '0' }, list),
  );
  host.append(root);

  /** Serial of the newest line that is shown. */
  let shown = 0;
  let filterChanged = false;
  prices.addEventListener('change', () => {
    filterChanged = true;
  });

  return {
    element: root,
    paint({ changes }) {
      if (!filterChanged && !changes.topics.has('log')) return;
      const lines = prices.checked ? store.log.all : store.log.withoutPrices;
      if (filterChanged) {
        filterChanged = false;
        shown = 0;
        list.replaceChildren();
      }
      for (const line of lines) {
        if (line.serial <= shown) continue;
        // The oldest line's element becomes the newest: a busy market makes no garbage here.
        const oldest = list.childElementCount >= KEPT_LINES ? list.firstElementChild : null;
        const item = oldest ?? element('li');
        setText(item, `[${formatClock(line.at)}] ${line.text}`);
        setAttribute(item, 'data-topic', line.topic);
        list.append(item);
        shown = line.serial;
      }
    },
    destroy: () => root.remove(),
  };
}
