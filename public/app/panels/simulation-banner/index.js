import './panel.css';
import { element } from '../../ui/element.js';
import { show } from '../../ui/paint.js';

/**
 * Says that the numbers come from no real market, as long as any of them is simulated.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, store) {
  const root = element(
    'div', { class: 'simulation-banner', role: 'alert', hidden: '' },
    element(
      'p', {},
      element('strong', {}, 'SIMULATED PRICES: no market is behind these numbers.'),
      ' For real ones, set ', element('code', {}, 'TWELVE_DATA_API_KEY'), ' and restart the hub.',
    ),
  );
  host.append(root);

  return {
    element: root,
    paint({ changes }) {
      if (changes.topics.has('feed') || changes.topics.has('rows')) show(root, store.showsSimulation);
    },
    destroy: () => root.remove(),
  };
}
