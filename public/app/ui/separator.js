/**
 * A bar between two parts that changes the size of one of them: dragged, by arrow keys, reset by a
 * double click.
 */
import { element } from './element.js';
import { setAttribute } from './paint.js';

const STEP = 16;

/**
 * @typedef {object} Sizing
 * @property {string} label
 * @property {'vertical' | 'horizontal'} orientation  of the bar itself
 * @property {() => { size: number, least: number, most: number }} measure  in px, of the part behind the bar
 * @property {(size: number | null) => void} resize  null: the default size
 */

/** @param {Sizing} sizing @returns {HTMLElement} */
export function separator({ label, orientation, measure, resize }) {
  const bar = element('div', { class: 'separator', role: 'separator', tabindex: '0', 'aria-label': label, 'aria-orientation': orientation });
  const upright = orientation === 'vertical';
  const tell = () => {
    const { size, least, most } = measure();
    setAttribute(bar, 'aria-valuenow', String(Math.round(size)));
    setAttribute(bar, 'aria-valuemin', String(Math.round(least)));
    setAttribute(bar, 'aria-valuemax', String(Math.round(most)));
  };
  /** @param {number} size */
  const set = (size) => {
    const { least, most } = measure();
    resize(Math.round(Math.max(least, Math.min(most, size))));
    tell();
  };
  // Its value is told from the beginning, once there is a layout to measure.
  requestAnimationFrame(tell);
  bar.addEventListener('focus', tell);
  bar.addEventListener('dblclick', () => resize(null));
  bar.addEventListener('keydown', (event) => {
    const more = upright ? 'ArrowLeft' : 'ArrowUp';
    const less = upright ? 'ArrowRight' : 'ArrowDown';
    const { size, least, most } = measure();
    /** @type {Record<string, number>} */
    const sizes = { [more]: size + STEP, [less]: size - STEP, Home: least, End: most };
    const next = sizes[event.key];
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    set(next);
  });
  bar.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    bar.focus();
    bar.setPointerCapture(event.pointerId);
    const from = upright ? event.clientX : event.clientY;
    const { size } = measure();
    /** @param {PointerEvent} move */
    const drag = (move) => set(size + from - (upright ? move.clientX : move.clientY));
    const drop = () => {
      bar.removeEventListener('pointermove', drag);
      bar.removeEventListener('lostpointercapture', drop);
    };
    bar.addEventListener('pointermove', drag);
    bar.addEventListener('lostpointercapture', drop);
  });
  return bar;
}
