import './panel.css';
import { element } from '../../ui/element.js';
import { icon } from '../../ui/icon.js';
import { setAttribute, setText, show } from '../../ui/paint.js';
import { keepStrip } from '../../ui/strip.js';
import { formatCount, formatLag, formatSpan } from '../../words/format.js';
import { createKeySheet } from './key-sheet.js';

const WORDS = { connected: 'Connected', disconnected: 'Disconnected', connecting: 'Connecting…' };

/**
 * Name, the SIMULATED block, search, alerts, and the connection with its figures. Only the word of
 * the state is announced; the figures beside it would be read out without end.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, { store, desk, commands }) {
  const simulation = createSimulation();
  const search = element('button', { type: 'button', class: 'find', 'aria-keyshortcuts': '/' }, icon('search'), element('span', {}, 'Search or command'), element('kbd', {}, '/'));
  search.addEventListener('click', () => commands.runSoon('palette.search'));
  const count = element('span', { class: 'count' });
  const bell = element('button', { type: 'button', class: 'bell', 'aria-label': 'Alerts' }, icon('bell'), count);
  bell.addEventListener('click', () => commands.runSoon('dock.alerts'));
  const gear = element('button', { type: 'button', class: 'gear', 'aria-label': 'Settings' }, icon('settings'));
  gear.addEventListener('click', () => commands.runSoon('settings.open'));

  const word = element('span', { class: 'word', role: 'status' }, WORDS.connecting);
  const wait = element('span', { class: 'wait' });
  const lag = figure('lag', 'Average lag from the hub to this screen');
  const updates = figure('updates', 'Updates received');
  const tracked = figure('symbols', 'Symbols tracked');
  const viewers = figure('viewers', 'Browsers on this hub');
  const link = element('button', { type: 'button', class: 'link', 'data-state': 'connecting' }, icon('signal'), word, wait, lag, updates, tracked, viewers);
  link.addEventListener('click', () => commands.runSoon('dock.connection'));

  const root = element(
    'div', { class: 'header' },
    element('h1', { class: 'brand' }, 'Hamster'),
    simulation.element,
    search,
    element('div', { class: 'end' }, bell, gear, link),
  );
  host.append(root);

  return {
    element: root,
    paint({ changes: { topics, rows }, desk: parts, now, second }) {
      if (topics.has('feed') || topics.has('rows') || rows.size > 0) simulation.paint(store);
      if (parts.has('alerts')) {
        const armed = desk.alerts.filter(({ state }) => state === 'armed').length;
        setText(count, armed === 0 ? '' : String(armed));
        setAttribute(bell, 'aria-label', `Alerts: ${armed} armed`);
      }
      if (topics.has('link') || second) {
        const { state, retryAt, signIn } = store.link;
        setAttribute(link, 'data-state', state);
        setText(word, signIn === null ? WORDS[state] : 'Not signed in');
        setText(wait, state !== 'disconnected' || signIn !== null ? '' : (retryAt ?? now) - now < 1_000 ? 'trying again…' : `next try in ${formatSpan((retryAt ?? now) - now)}`);
      }
      if (second) {
        const connected = store.link.state === 'connected';
        setText(lag, connected && store.lagFromHub.mean !== null ? formatLag(store.lagFromHub.mean) : '');
        setText(updates, `${formatCount(store.updates)} update${store.updates === 1 ? '' : 's'}`);
        setText(tracked, `${formatCount(store.tracked)} symbol${store.tracked === 1 ? '' : 's'}`);
        const watching = store.hub?.viewers ?? null;
        setText(viewers, watching === null || !connected ? '' : `${formatCount(watching)} viewer${watching === 1 ? '' : 's'}`);
      }
    },
    destroy() {
      simulation.destroy();
      root.remove();
    },
  };
}

/** The block that nobody can miss or close. */
function createSimulation() {
  const word = element('strong', {}, 'SIMULATED');
  const sentence = element('span', { class: 'sentence' }, 'no market is behind these prices');
  const keys = createKeySheet();
  const use = element('button', { type: 'button' }, 'Use a key');
  use.addEventListener('click', () => keys.open());
  const root = element('div', { class: 'simulation', role: 'status', hidden: '' }, element('span', { class: 'tape', 'aria-hidden': 'true' }), icon('diamond'), word, sentence, use, element('span', { class: 'tape', 'aria-hidden': 'true' }));
  return {
    element: root,
    /** @param {import('../../model/store.js').Store} store */
    paint(store) {
      const { showsSimulation } = store;
      show(root, showsSimulation);
      // Before the first connection nobody knows.
      if (showsSimulation || store.simulated !== null) keepStrip(document.body, showsSimulation);
      const rows = [...store.rows.values()].filter(({ quote }) => quote !== null);
      const simulated = rows.filter(({ quote }) => quote?.simulated).length;
      const mixed = store.simulated !== true && simulated < rows.length;
      setText(word, mixed ? `${simulated} of ${rows.length} SIMULATED` : 'SIMULATED');
    },
    destroy: () => keys.destroy(),
  };
}

/** @param {string} name @param {string} title */
function figure(name, title) {
  return element('span', { class: 'figure', 'data-figure': name, title });
}
