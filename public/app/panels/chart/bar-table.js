/** The bars in sight as a table: for screen readers, and for whoever wants the numbers. */
import { element } from '../../ui/element.js';
import { setText } from '../../ui/paint.js';
import { barWords, sourceOf } from '../../words/bars.js';

/** @typedef {import('../../model/candles.js').Candle} Candle */

const HEADS = ['Time', 'Open', 'High', 'Low', 'Close', 'Volume', 'Source'];

export function createBarTable() {
  const caption = element('caption');
  const body = element('tbody');
  const root = element(
    'div', { class: 'bars', role: 'region', tabindex: '0', 'aria-label': 'Bars as a table', hidden: '' },
    element('table', {}, caption, element('thead', {}, element('tr', {}, ...HEADS.map((head) => element('th', { scope: 'col' }, head)))), body),
  );
  let painted = '';
  return {
    element: root,
    /**
     * The newest bar comes first. While the same bars are in sight only changed cells are written.
     * @param {Candle[]} bars  in order of time
     * @param {{ title: string, decimals: number, minute: (second: number) => string }} how
     */
    paint(bars, { title, decimals, minute }) {
      setText(caption, `${title}, ${bars.length} bars, newest first`);
      const next = `${title} ${bars[0]?.time} ${bars.length}`;
      const rows = [...bars].reverse().map((bar) => {
        const words = barWords(bar, decimals);
        return [minute(bar.time), words.open, words.high, words.low, words.close, words.volume ?? '—', sourceOf(bar.from).name];
      });
      if (next !== painted) {
        painted = next;
        body.replaceChildren(...rows.map(([time = '', ...cells]) => element(
          'tr', {}, element('th', { scope: 'row' }, time), ...cells.map((cell) => element('td', {}, cell)),
        )));
        return;
      }
      rows.forEach((cells, at) => cells.forEach((cell, column) => {
        const held = body.children[at]?.children[column];
        if (held) setText(held, cell);
      }));
    },
  };
}
