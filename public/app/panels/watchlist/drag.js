/**
 * Moving rows with a pointer: by the grip, or by the menu's button, which on a phone is both. The row
 * follows the pointer, a line shows where it would go, the list scrolls at its edges.
 */
import { setAttribute } from '../../ui/paint.js';

/** A shorter way is a tap. */
const SLOP = 6;
/** From the edge, px, and per frame, px. */
const EDGE = 40;
const SCROLL = 8;

/**
 * @param {import('./grid.js').Grid} grid
 * @param {(key: string, before: string | null) => void} drop  `before`: the row in its way; null: the end
 */
export function startDragging(grid, drop) {
  const { element } = grid;

  element.addEventListener('pointerdown', (event) => {
    const handle = event.target instanceof Element ? event.target.closest('[data-drag]') : null;
    const key = handle?.closest('[data-key]')?.getAttribute('data-key');
    if (event.button !== 0 || !event.isPrimary || !(handle instanceof HTMLElement) || !key || !grid.isMovable) return;
    if (handle.classList.contains('grip')) event.preventDefault();
    follow(handle, key, event);
  });

  /** @param {HTMLElement} handle @param {string} key @param {PointerEvent} start */
  function follow(handle, key, start) {
    let isMoving = false;
    let y = start.clientY;
    let frame = 0;
    const from = grid.placeOf(key);
    handle.setPointerCapture(start.pointerId);

    /** @param {PointerEvent} event */
    const move = (event) => {
      y = event.clientY;
      if (!isMoving && Math.abs(y - start.clientY) < SLOP) return;
      if (!isMoving) begin();
      show();
    };
    const begin = () => {
      isMoving = true;
      grid.dragged = key;
      const row = grid.elementOf(key);
      if (row) setAttribute(row, 'data-dragged', '');
      frame = requestAnimationFrame(scroll);
    };
    const show = () => {
      const row = grid.elementOf(key);
      const place = grid.placeAt(y);
      if (row) row.style.translate = `0 ${y - start.clientY + element.scrollTop - scrolledAtStart}px`;
      grid.mark(place === from || place === from + 1 ? null : place);
    };
    const scroll = () => {
      const { top, bottom } = element.getBoundingClientRect();
      const by = y < top + EDGE ? -SCROLL : y > bottom - EDGE ? SCROLL : 0;
      if (by !== 0) {
        element.scrollTop += by;
        show();
      }
      frame = requestAnimationFrame(scroll);
    };
    /** @param {boolean} take */
    const end = (take) => {
      cancelAnimationFrame(frame);
      handle.removeEventListener('pointermove', move);
      handle.removeEventListener('lostpointercapture', lost);
      handle.removeEventListener('pointerup', up);
      removeEventListener('keydown', escape, true);
      if (!isMoving) return;
      // The click that follows is the end of this drag and opens no menu.
      handle.addEventListener('click', swallow, { capture: true });
      setTimeout(() => handle.removeEventListener('click', swallow, { capture: true }), 0);
      const row = grid.elementOf(key);
      if (row) {
        setAttribute(row, 'data-dragged', null);
        row.style.translate = '';
      }
      grid.dragged = '';
      grid.mark(null);
      const place = grid.placeAt(y);
      if (take && place !== from && place !== from + 1) drop(key, grid.entries[place]?.key ?? null);
    };
    const up = () => end(true);
    const lost = () => end(false);
    /** @param {KeyboardEvent} event */
    const escape = (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      end(false);
    };
    const scrolledAtStart = element.scrollTop;
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', up);
    handle.addEventListener('lostpointercapture', lost);
    addEventListener('keydown', escape, true);
  }
}

/** @param {Event} event */
function swallow(event) {
  event.stopPropagation();
}
