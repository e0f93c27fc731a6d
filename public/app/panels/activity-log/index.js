import './panel.css';
import { KEPT_LINES } from '../../model/activity.js';
import { element, uniqueId } from '../../ui/element.js';
import { setAttribute, setText } from '../../ui/paint.js';
import { formatClock } from '../../words/format.js';

/**
 * The last hundred events, oldest first. The style sheet alone keeps it scrolled to the end.
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

  /** Serial of the newest line on the screen. */
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
        // Reuse the oldest line's element for the newest line, so a busy market creates no garbage.
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
