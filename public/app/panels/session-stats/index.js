import './panel.css';
import { element } from '../../ui/element.js';
import { setText } from '../../ui/paint.js';
import { formatCount, formatLag } from '../../words/format.js';

const CLOCKS_UNKNOWN = 'the clocks are not compared yet';

/**
 * The counters. Lag is a measured value or a dash; it changes once a second so that it can be read.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, store) {
  const updates = element('dd', { 'data-stat': 'updates' }, '0');
  const symbols = element('dd', { 'data-stat': 'symbols' }, '0');
  const exchangeLag = element('dd', { 'data-stat': 'exchange-lag' }, '—');
  const hubLag = element('dd', { 'data-stat': 'hub-lag' }, '—');
  const exchangeNote = element('dd', { class: 'note', 'data-note': 'exchange-lag' }, CLOCKS_UNKNOWN);
  const hubNote = element('dd', { class: 'note', 'data-note': 'hub-lag' }, CLOCKS_UNKNOWN);
  const root = element(
    'div', { class: 'panel session-stats' },
    element('h2', {}, 'This session'),
    element(
      'dl', {},
      figure('Updates received', updates),
      figure('Symbols tracked', symbols),
      figure('Avg lag, exchange → screen', exchangeLag, exchangeNote),
      figure('Avg lag, hub → screen', hubLag, hubNote),
    ),
  );
  host.append(root);

  function paintLag() {
    const clock = store.clock.best;
    const { lagFromExchange, lagFromHub } = store;
    setText(exchangeLag, lagFromExchange.mean === null ? '—' : formatLag(lagFromExchange.mean));
    setText(hubLag, lagFromHub.mean === null ? '—' : formatLag(lagFromHub.mean));
    if (lagFromHub.count === 0 || clock === null) {
      const waiting = clock === null ? CLOCKS_UNKNOWN : 'no update measured yet';
      setText(exchangeNote, waiting);
      setText(hubNote, waiting);
      return;
    }
    setText(exchangeNote, lagFromExchange.count === 0 ? 'no exchange told the second yet' : `±1 s, exchanges stamp whole seconds; ${mean(lagFromExchange)}`);
    setText(hubNote, `±${formatLag(Math.max(1, clock.uncertainty))}, clock corrected by ${Math.round(clock.offset)} ms; ${mean(lagFromHub)}`);
  }

  return {
    element: root,
    paint({ changes: { topics }, second }) {
      if (topics.has('counters')) setText(updates, formatCount(store.updates));
      if (topics.has('rows') || topics.has('counters')) setText(symbols, formatCount(store.tracked));
      if (second) paintLag();
    },
    destroy: () => root.remove(),
  };
}

/**
 * @param {string} term
 * @param {...HTMLElement} values
 */
function figure(term, ...values) {
  return element('div', {}, element('dt', {}, term), ...values);
}

/** @param {import('../../model/lag.js').RollingMean} lag */
function mean({ count }) {
  return `mean of ${formatCount(count)} update${count === 1 ? '' : 's'}`;
}
