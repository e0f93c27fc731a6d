/**
 * The bar that the user looks at: under the pointer, or chosen by keys. Arrow keys go from bar to
 * bar, with Shift by ten; Home and End go to the first and last in memory; + and − change how
 * many bars are in sight; Esc leaves the bar.
 */

/** @typedef {import('../../model/candles.js').Candle} Candle */

/** What was chosen is read out when the keys have rested for this long. */
const REST_MS = 300;
const LEAP = 10;
const ZOOM = 1.25;

/**
 * @param {HTMLElement} host  of the canvas; it has the focus
 * @param {object} chart
 * @param {() => Candle[]} chart.bars
 * @param {(start: number) => number} chart.placeOf  of the bar with this start, or the one before it
 * @param {() => ReturnType<typeof import('./canvas.js').createCanvas> | null} chart.canvas
 * @param {() => void} chart.moved
 * @param {(bar: Candle | null) => void} chart.settled  the keys rest; null: after a zoom
 */
export function createCursor(host, { bars, placeOf, canvas, moved, settled }) {
  /** Start of the bar; older bars may come before it, so its place is no name. @type {number | null} */
  let time = null;
  let byKeys = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const cursor = {
    /** @returns {Candle | null} */
    get bar() {
      return time === null ? null : (bars()[placeOf(time)] ?? null);
    },
    clear() {
      time = null;
      byKeys = false;
      canvas()?.chart.clearCrosshairPosition();
    },
    /** Bars came before: the chosen one has another place. */
    repoint() {
      const { bar } = cursor;
      if (byKeys && bar !== null) canvas()?.pointAt(bar, placeOf(bar.time));
    },
    /** @param {import('lightweight-charts').IChartApiBase<any>} chart */
    follow(chart) {
      chart.subscribeCrosshairMove(({ logical, sourceEvent, point }) => {
        if (byKeys && !sourceEvent) return;
        byKeys = false;
        const next = point === undefined || logical === undefined ? null : (bars()[Math.max(0, Math.min(bars().length - 1, Math.round(logical)))]?.time ?? null);
        if (next === time) return;
        time = next;
        moved();
      });
    },
    destroy() {
      clearTimeout(timer);
      host.removeEventListener('keydown', press);
    },
  };
  host.addEventListener('keydown', press);
  return cursor;

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const last = bars().length - 1;
    const at = time === null ? last + 1 : placeOf(time);
    const step = event.shiftKey ? LEAP : 1;
    switch (event.key) {
      case 'ArrowLeft': go(Math.max(0, at - step)); break;
      case 'ArrowRight': go(Math.min(last, at + step)); break;
      case 'Home': go(0); break;
      case 'End': go(last); break;
      case '+': case '=': zoom(1 / ZOOM); break;
      case '-': case '_': zoom(ZOOM); break;
      case 'Escape':
        if (time === null) return;
        cursor.clear();
        moved();
        break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} place */
  function go(place) {
    const bar = bars()[place];
    if (!bar) return;
    time = bar.time;
    byKeys = true;
    canvas()?.pointAt(bar, place);
    moved();
    settle();
  }

  /** @param {number} factor */
  function zoom(factor) {
    canvas()?.zoom(factor);
    settle();
  }

  function settle() {
    clearTimeout(timer);
    timer = setTimeout(() => settled(cursor.bar), REST_MS);
  }
}
