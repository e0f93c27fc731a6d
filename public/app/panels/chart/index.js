import './panel.css';
import { shownRow } from '../../model/shown.js';
import { element, uniqueId } from '../../ui/element.js';
import { setText, show } from '../../ui/paint.js';
import { quoted } from '../../words/text.js';
import { addCommands } from './commands.js';
import { createHeading } from './heading.js';
import { createToolbar } from './toolbar.js';

/** The chart is loaded when the page is idle, but not later than this after the first price. */
const IDLE_MS = 2_000;
const MOST_OF_NAME = 40;
/** The notice of the pinned version: THIRD_PARTY_NOTICES. */
const NOTICE = { name: 'TradingView Lightweight Charts™', owner: 'Copyright (с) 2025 TradingView, Inc.', address: 'https://www.tradingview.com/' };

/**
 * The shown symbol: heading, buttons, chart. Everything but the drawing is here at once and has its
 * final size; the drawing is a chunk of its own that follows the first prices.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, terminal) {
  const { store, desk, commands } = terminal;
  const heading = createHeading(terminal);
  const toolbar = createToolbar(terminal);
  const sentence = element('p');
  const retry = element('button', { type: 'button', class: 'solid', hidden: '' }, 'Try now');
  const act = element('button', { type: 'button', class: 'solid', hidden: '' });
  const zone = element('span', { class: 'zone' });
  const message = element('div', { class: 'message' }, sentence, retry, act);
  const status = element('p', { class: 'status' });
  const stage = element('div', { class: 'stage', 'data-state': 'loading' }, message, status, zone);
  const attribution = element(
    'p', { class: 'attribution' }, `${NOTICE.name} `, element('span', {}, `${NOTICE.owner} `, element('a', { href: NOTICE.address, target: '_blank', rel: 'noopener' }, NOTICE.address)),
  );
  const id = uniqueId('chart-keys');
  const keys = element('p', { id, hidden: '' }, 'Arrow keys go from bar to bar, Home and End to the ends, plus and minus zoom.');
  const root = element('section', { class: 'chart', 'aria-label': 'Chart' }, heading.element, toolbar.element, stage, attribution, keys);
  host.append(root);

  /** @type {ReturnType<typeof import('./view.js').createView> | null} */
  let view = null;
  /** @type {'waits' | 'asks' | 'loads' | 'failed' | 'loaded'} */
  let phase = 'waits';
  let isSeen = false;
  let isDestroyed = false;
  const sight = new IntersectionObserver((changes) => {
    // A busy browser tells of several changes at once, the newest last.
    isSeen = changes.at(-1)?.isIntersecting === true;
    considerLoading();
  });
  sight.observe(stage);
  act.addEventListener('click', () => {
    if (phase === 'asks') void load();
    else commands.run('app.reload');
  });
  const retryLoad = () => {
    if (phase === 'failed') void load();
  };
  addEventListener('online', retryLoad);
  const forget = addCommands(terminal, {
    toggleTable: () => view?.toggleTable(),
    saveCsv: () => view?.saveCsv(),
    hasBars: () => view?.hasBars === true,
  });

  return {
    element: root,
    paint(frame) {
      const { changes: { rows, topics }, desk: parts, now, second } = frame;
      const row = shownRow(store, desk);
      const isConcerned = second || parts.size > 0 || topics.size > 0 || (row !== null && rows.has(row.key));
      if (isConcerned) heading.paint(row, now);
      if (parts.has('view')) paintToolbar();
      if (view) view.paint(frame, row);
      else if (isConcerned) {
        considerLoading();
        paintMessage(row);
      }
    },
    destroy() {
      isDestroyed = true;
      sight.disconnect();
      removeEventListener('online', retryLoad);
      forget();
      heading.destroy();
      view?.destroy();
      root.remove();
    },
  };

  function considerLoading() {
    if (phase !== 'waits' || !isSeen || ![...store.rows.values()].some(({ quote }) => quote !== null)) return;
    if (savesData()) {
      phase = 'asks';
      paintMessage(shownRow(store, desk));
      return;
    }
    phase = 'loads';
    // Safari has no idle callbacks.
    if ('requestIdleCallback' in window) requestIdleCallback(() => void load(), { timeout: IDLE_MS });
    else setTimeout(() => void load(), 200);
  }

  async function load() {
    phase = 'loads';
    paintMessage(shownRow(store, desk));
    show(act, false);
    try {
      // The library is by far the larger one, and changes seldom.
      const library = import('./canvas.js');
      library.catch(() => {});
      const { createView } = await import('./view.js');
      if (isDestroyed) return;
      view = createView({ stage, message, sentence, retry, status, zone, keys: id }, terminal, paintToolbar);
      view.paint({ changes: store.everything(), desk: new Set(['settings', 'lists', 'alerts', 'view']), now: Date.now(), second: true }, shownRow(store, desk));
      view.begin((await library).createCanvas);
      phase = 'loaded';
    } catch {
      view?.destroy();
      view = null;
      phase = 'failed';
      paintMessage(shownRow(store, desk));
    }
  }

  function paintToolbar() {
    toolbar.paint({ asTable: view?.asTable === true, bars: view?.hasBars === true });
  }

  /** @param {import('../../model/quotes.js').Row | null} row */
  function paintMessage(row) {
    const name = quoted(row?.name ?? 'the symbol', MOST_OF_NAME);
    if (phase === 'asks') setText(sentence, 'Your browser asks to save data, so the chart (55 kB) was not loaded.');
    else if (phase === 'failed' && !navigator.onLine) setText(sentence, 'Your device is offline. The chart comes when it is back.');
    else if (phase === 'failed') setText(sentence, 'A newer version of this page is there, so its old chart could not be loaded.');
    else setText(sentence, row === null ? 'Choose a symbol to see its chart.' : phase === 'waits' ? `Waiting for the first price of ${name}…` : `Loading the chart of ${name}…`);
    setText(act, phase === 'asks' ? 'Load the chart' : 'Reload');
    show(act, phase === 'asks' || (phase === 'failed' && navigator.onLine));
  }
}

/** Whether the user asked the browser to transfer little. */
function savesData() {
  const { connection } = /** @type {{ connection?: { saveData?: boolean } }} */ (navigator);
  return connection?.saveData === true;
}
