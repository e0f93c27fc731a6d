/** A range of prices as a bar, with a mark where the price is. */
import { element } from '../../ui/element.js';
import { setAttribute, setText } from '../../ui/paint.js';

/** @param {string} label */
export function createRange(label) {
  const low = element('span', { class: 'low' });
  const dot = element('span', { class: 'dot' });
  const bar = element('span', { class: 'bar', role: 'img' }, dot);
  const high = element('span', { class: 'high' });
  return {
    element: element('div', { class: 'fact range' }, element('dt', {}, label), element('dd', {}, low, bar, high)),
    /** @param {import('../../words/facts.js').Range} range */
    paint(range) {
      setText(low, range.low.text);
      setAttribute(low, 'title', range.low.title);
      setText(high, range.high.text);
      setAttribute(high, 'title', range.high.title);
      setAttribute(bar, 'data-known', range.at === null ? null : '');
      setAttribute(bar, 'aria-label', range.at === null ? 'Place of the price: not known' : `The price is at ${Math.round(range.at * 100)} % of the range`);
      // A tenth of a percent is less than a pixel of the bar.
      const left = range.at === null ? '' : `${Math.round(range.at * 1_000) / 10}%`;
      if (dot.style.left !== left) dot.style.left = left;
    },
  };
}
