/**
 * Dragging the line of an alert to another price. The same is done by keys in the alert's dialog.
 * The library listens to mouse and touch events, so a drag that begins on a line is kept from it.
 */

/** How far from a line a pointer still means it, px. */
const REACH = 5;
const REACH_OF_FINGER = 14;

/** @typedef {{ id: string, price: number }} Handle */

/**
 * @param {HTMLElement} host  of the canvas
 * @param {object} chart
 * @param {() => Handle[]} chart.handles
 * @param {(price: number) => number | null} chart.yOf  px below the top of the host
 * @param {(y: number) => number | null} chart.priceAt
 * @param {(id: string, price: number) => void} chart.move  while the pointer is down
 * @param {(id: string, price: number | null) => void} chart.drop  null: the drag was given up
 */
export function createAlertDrag(host, { handles, yOf, priceAt, move, drop }) {
  /** @type {Handle | null} */
  let held = null;
  let pointer = -1;

  const listeners = /** @type {const} */ ({ pointerdown: press, pointermove: drag, pointerup: release, pointercancel: release });
  for (const [type, listener] of Object.entries(listeners)) host.addEventListener(type, /** @type {any} */ (listener), true);
  host.addEventListener('touchstart', keepTouch, { capture: true, passive: false });
  return {
    destroy() {
      for (const [type, listener] of Object.entries(listeners)) host.removeEventListener(type, /** @type {any} */ (listener), true);
      host.removeEventListener('touchstart', keepTouch, true);
    },
  };

  /** @param {PointerEvent} event */
  function press(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    const near = nearest(event);
    if (near === null) return;
    held = { ...near };
    pointer = event.pointerId;
    host.setPointerCapture(pointer);
    // Without this a mouse would also scroll the chart.
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {PointerEvent} event */
  function drag(event) {
    if (held === null) {
      host.style.cursor = event.pointerType === 'mouse' && nearest(event) !== null ? 'ns-resize' : '';
      return;
    }
    event.stopPropagation();
    const price = priceAt(placeOf(event));
    if (event.pointerId !== pointer || price === null) return;
    held.price = price;
    move(held.id, price);
  }

  /** @param {PointerEvent} event */
  function release(event) {
    if (held === null || event.pointerId !== pointer) return;
    const { id, price } = held;
    held = null;
    drop(id, event.type === 'pointerup' ? price : null);
  }

  /** @param {TouchEvent} event */
  function keepTouch(event) {
    if (held === null) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {PointerEvent} event @returns {Handle | null} */
  function nearest(event) {
    const y = placeOf(event);
    const reach = event.pointerType === 'touch' ? REACH_OF_FINGER : REACH;
    return handles().find(({ price }) => Math.abs((yOf(price) ?? Infinity) - y) <= reach) ?? null;
  }

  /** @param {PointerEvent} event */
  function placeOf(event) {
    return event.clientY - host.getBoundingClientRect().top;
  }
}
