import './panel.css';
import { element } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setAttribute } from '../../ui/paint.js';

const PARTS = /** @type {const} */ ([
  ['list', 'List', 'list'], ['chart', 'Chart', 'chart'], ['alerts', 'Alerts', 'bell'], ['more', 'More', 'more'],
]);

/**
 * The bar of a phone: one part of the terminal at a time.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, { desk }) {
  const buttons = new Map(PARTS.map(([sheet, label, sign]) => {
    const button = element('button', { type: 'button' }, icon(sign), element('span', {}, label));
    button.addEventListener('click', () => {
      const tab = sheet === 'alerts' ? 'alerts' : sheet === 'more' && desk.view.tab === 'alerts' ? 'activity' : desk.view.tab;
      desk.show({ sheet, tab });
    });
    return [sheet, button];
  }));
  const root = element('div', { class: 'phone-bar' }, ...buttons.values());
  host.append(root);
  return {
    element: root,
    paint({ desk: parts }) {
      if (!parts.has('view')) return;
      for (const [sheet, button] of buttons) setAttribute(button, 'aria-current', sheet === desk.view.sheet ? 'page' : null);
    },
    destroy: () => root.remove(),
  };
}
