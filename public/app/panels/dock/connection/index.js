import { diagnosisOf } from '../../../model/diagnosis.js';
import { Rate } from '../../../model/lag.js';
import { noticesOf } from '../../../model/notices.js';
import { element } from '../../../ui/element.js';
import { createFigures } from './figures.js';
import { createHops } from './hops.js';
import { createReports } from './reports.js';

/**
 * The way of a price from the exchange to this screen, what was counted, and all that is wrong.
 * @param {import('../../../terminal.js').Terminal} terminal
 * @returns {import('../index.js').Tab}
 */
export function createConnection(terminal) {
  const { store, commands, voice } = terminal;
  const rate = new Rate();
  const hops = createHops();
  const figures = createFigures();
  const reports = createReports(terminal);
  const root = element('div', { class: 'connection' }, element('div', { class: 'measured', role: 'group', 'aria-label': 'Measurements', tabindex: '0' }, hops.element, figures.element), reports.element);
  const again = element('button', { type: 'button' }, 'Reconnect now');
  const copy = element('button', { type: 'button' }, 'Copy diagnosis');
  const tools = element('div', { class: 'tools' }, element('div', { class: 'acts' }, again, copy));
  let shownSince = Date.now();
  const shown = () => {
    if (document.visibilityState === 'visible') shownSince = Date.now();
  };
  document.addEventListener('visibilitychange', shown);
  // The counter is sampled also while another tab is in view.
  const sampling = setInterval(() => rate.sample(store.updates, Date.now()), 1_000);
  again.addEventListener('click', () => {
    if (commands.run('connection.reconnect')) voice.say('Connecting to the hub again');
  });
  copy.addEventListener('click', () => commands.run('connection.copy'));
  const forget = commands.add({
    id: 'connection.copy', title: 'Copy a diagnosis of the connection', group: 'Help', run: () => void copyDiagnosis(),
  });

  return {
    element: root,
    tools,
    count: () => '',
    paint({ changes: { topics }, now, second }, appears) {
      if (!appears && !second && !topics.has('link') && !topics.has('feed')) return;
      hops.paint(store, shownSince, now);
      figures.paint(store, rate.perSecond);
      reports.paint(now);
    },
    destroy() {
      clearInterval(sampling);
      document.removeEventListener('visibilitychange', shown);
      forget();
      root.remove();
      tools.remove();
    },
  };

  async function copyDiagnosis() {
    const now = Date.now();
    const { onLine: online, userAgent: browser } = navigator;
    const diagnosis = diagnosisOf(store, {
      origin: location.origin, browser, online, visible: document.visibilityState === 'visible', updatesPerSecond: rate.perSecond,
      notices: noticesOf(store, { online, newVersion: store.newVersion }, now),
    }, now);
    try {
      await navigator.clipboard.writeText(JSON.stringify(diagnosis, null, 2));
      voice.toast('The diagnosis is in the clipboard. It has no key and no address but this site’s');
    } catch {
      voice.toast('This browser did not allow to copy');
    }
  }
}
