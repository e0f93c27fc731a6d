import './panel.css';
import { element } from '../../ui/element.js';

/** @type {import('../../ui/screen.js').CreatePanel} */
export function createPanel(host) {
  const root = element('div', { class: 'watchlist' });
  host.append(root);
  return { element: root, paint() {}, destroy: () => root.remove() };
}
