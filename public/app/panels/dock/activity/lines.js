import { KEPT_LINES } from '../../../model/activity.js';
import { element } from '../../../ui/element.js';
import { icon, setIcon } from '../../../ui/icon.js';
import { setAttribute, setText } from '../../../ui/paint.js';
import { formatClock } from '../../../words/format.js';

/** Lines in the document at first, and how many come with each step back. */
const WINDOW = 20;
/** The least height of a line, px. */
const LINE_HEIGHT = 20;
/** So near to the oldest line, px, older ones are added. */
const NEAR = 60;
/** So near to the end, px, the log follows what is new. */
const AT_END = 4;

/** @typedef {import('../../../model/activity.js').Line} Line */
/** @typedef {{ serial: number, element: HTMLElement, sign: SVGSVGElement, time: HTMLElement, words: HTMLElement }} Row */

/**
 * The newest lines as a scrolling list. The style sheet alone keeps it at its end: it is a reversed
 * flex box around its only child. Elements of lines that leave are used for those that come.
 */
export class LinesView {
  #list = element('ol');
  element = element('div', { class: 'lines', role: 'log', 'aria-live': 'off', 'aria-label': 'Activity', tabindex: '0' }, this.#list);
  /** In display order. @type {Row[]} */
  #rows = [];
  /** @type {Row[]} */
  #spare = [];
  /** How many lines fit, and how many are wanted because the user went back. */
  #fitting = WINDOW;
  #wanted = WINDOW;
  #isBack = false;
  #observer = new ResizeObserver(([entry]) => {
    const fitting = Math.max(WINDOW, Math.ceil((entry?.contentRect.height ?? 0) / LINE_HEIGHT) + 2);
    if (fitting === this.#fitting) return;
    this.#fitting = fitting;
    this.#events.wantsMore();
  });
  #events;

  /** @param {{ movedBack: (isBack: boolean) => void, wantsMore: () => void }} events */
  constructor(events) {
    this.#events = events;
    this.#observer.observe(this.element);
    this.element.addEventListener('scroll', () => this.#scrolled(), { passive: true });
  }

  /** @param {Line[]} lines  oldest first */
  paint(lines) {
    const shown = lines.slice(-Math.max(this.#fitting, this.#wanted));
    const oldest = shown[0]?.serial ?? Infinity;
    while (this.#rows[0] && this.#rows[0].serial < oldest) this.#drop();
    const first = this.#rows[0] ?? null;
    const newest = this.#rows.at(-1)?.serial ?? 0;
    const before = first === null ? [] : shown.filter(({ serial }) => serial < first.serial).map((line) => this.#write(line));
    const after = shown.filter(({ serial }) => serial > newest).map((line) => this.#write(line));
    this.#list.prepend(...before.map((row) => row.element));
    this.#list.append(...after.map((row) => row.element));
    this.#rows = [...before, ...this.#rows, ...after];
  }

  /** Other lines, or another form of them, follow. */
  clear() {
    while (this.#rows.length > 0) this.#drop();
  }

  /** Back to the newest line. */
  toEnd() {
    this.#wanted = WINDOW;
    this.#isBack = false;
    this.element.scrollTop = 0;
  }

  destroy() {
    this.#observer.disconnect();
  }

  #drop() {
    const row = this.#rows.shift();
    if (!row) return;
    row.element.remove();
    if (this.#spare.length < WINDOW) this.#spare.push(row);
  }

  /** @param {Line} line */
  #write(line) {
    const row = this.#spare.pop() ?? newRow();
    row.serial = line.serial;
    setAttribute(row.element, 'data-kind', line.kind);
    setIcon(row.sign, line.sign);
    setText(row.time, `[${formatClock(line.at)}] `);
    setText(row.words, line.words);
    return row;
  }

  /** The end is at 0; further up is negative. */
  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const isBack = scrollTop < -AT_END;
    if (isBack !== this.#isBack) {
      this.#isBack = isBack;
      if (!isBack) this.#wanted = WINDOW;
      this.#events.movedBack(isBack);
    }
    if (isBack && scrollHeight - clientHeight + scrollTop < NEAR && this.#rows.length < KEPT_LINES) {
      this.#wanted = Math.min(KEPT_LINES, this.#rows.length + WINDOW);
      this.#events.wantsMore();
    }
  }
}

/** @returns {Row} */
function newRow() {
  const sign = icon('flat');
  const time = element('span', { class: 'time' });
  const words = element('span', { class: 'words', dir: 'auto' });
  return { serial: 0, element: element('li', { class: 'line' }, sign, time, words), sign, time, words };
}
