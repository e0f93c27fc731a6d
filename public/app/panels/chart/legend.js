/** One line on top of the chart about one bar. */
import { element } from '../../ui/element.js';
import { setAttribute, setText, show } from '../../ui/paint.js';
import { barWords, sourceOf } from '../../words/bars.js';
import { quoted } from '../../words/text.js';

const MOST_OF_REASON = 80;

/** @typedef {import('../../model/candles.js').Candle} Candle */
/** @typedef {import('../../model/candles.js').Gap} Gap */

export function createLegend() {
  const time = element('time');
  const prices = /** @type {const} */ (['open', 'high', 'low', 'close']).map((name) => {
    const value = element('b');
    return { name, value, pair: element('span', {}, element('abbr', { title: name.charAt(0).toUpperCase() + name.slice(1) }, name.charAt(0).toUpperCase()), value) };
  });
  const volume = element('b');
  const volumePair = element('span', {}, element('abbr', { title: 'Volume' }, 'Vol'), volume);
  const change = element('span', { class: 'change' });
  const source = element('span', { class: 'source' });
  const gap = element('span', { class: 'gap' });
  const root = element('p', { class: 'legend', hidden: '' }, time, ...prices.map(({ pair }) => pair), volumePair, change, source, gap);
  return {
    element: root,
    /**
     * @param {Candle | undefined} bar
     * @param {{ decimals: number, times: import('../../words/times.js').Times, days: boolean, gap: Gap | undefined }} how  `gap`: the one that the bar touches or follows
     */
    paint(bar, { decimals, times, days, gap: missing }) {
      show(root, bar !== undefined);
      if (bar === undefined) return;
      const words = barWords(bar, decimals);
      setText(time, days ? times.date(bar.time) : times.minute(bar.time));
      setAttribute(time, 'datetime', new Date(bar.time * 1_000).toISOString());
      for (const { name, value } of prices) setText(value, words[name]);
      show(volumePair, words.volume !== null);
      setText(volume, words.volume ?? '');
      setText(change, words.change);
      setAttribute(change, 'data-direction', words.direction);
      const { words: made, title } = sourceOf(bar.from);
      setText(source, made);
      setAttribute(source, 'title', title);
      show(gap, missing !== undefined);
      if (missing) {
        setText(gap, `gap ${times.minute(missing.from)} to ${times.minute(missing.to)}: ${quoted(missing.reason, MOST_OF_REASON)}`);
      }
    },
  };
}
