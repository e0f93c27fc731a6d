/**
 * Hatches the parts of a chart that nobody has bars of. The library's time scale has a place for
 * bars only, so a gap without bars is a narrow band between its neighbours.
 */

/** @typedef {import('../../model/candles.js').Candles} Candles */
/** @typedef {{ from: number, to: number }} Band  logical places of the time scale */

const LEAST_WIDTH = 8;
const HATCH = 6;

/**
 * The bars that a gap touches, as logical places: half a bar before the first, half after the last.
 * @param {Candles} candles
 * @param {number} seconds  length of a bar
 * @returns {Band[]}
 */
export function bandsOf(candles, seconds) {
  return candles.gaps.map(({ from, to }) => {
    const first = candles.indexOf(from - seconds) + 1;
    const last = candles.indexOf(to - 1);
    return last >= first ? { from: first - 0.5, to: last + 0.5 } : { from: first - 0.5, to: first - 0.5 };
  });
}

/**
 * @param {() => import('lightweight-charts').ITimeScaleApi<any>} timeScale
 * @returns {import('lightweight-charts').IPanePrimitive<any> & { show(bands: Band[], colour: string): void }}
 */
export function createGapBands(timeScale) {
  /** @type {Band[]} */
  let bands = [];
  let colour = '';
  let redraw = () => {};
  const renderer = {
    /** @param {import('fancy-canvas').CanvasRenderingTarget2D} target */
    draw(target) {
      target.useMediaCoordinateSpace(({ context, mediaSize: { height, width } }) => {
        for (const band of bands) {
          const [left, right] = [placeOf(band.from), placeOf(band.to)];
          if (left === null || right === null || right < 0 || left > width) continue;
          const spare = Math.max(0, LEAST_WIDTH - (right - left)) / 2;
          hatch(context, left - spare, right + spare, height, colour);
        }
      });
    },
  };
  const view = { zOrder: () => /** @type {const} */ ('bottom'), renderer: () => renderer };
  return {
    attached: ({ requestUpdate }) => void (redraw = requestUpdate),
    paneViews: () => [view],
    show(next, nextColour) {
      if (colour === nextColour && JSON.stringify(next) === JSON.stringify(bands)) return;
      bands = next;
      colour = nextColour;
      redraw();
    },
  };

  /** The library answers for whole places only. @param {number} logical */
  function placeOf(logical) {
    const scale = timeScale();
    const whole = Math.ceil(logical);
    const x = scale.logicalToCoordinate(/** @type {any} */ (whole));
    return x === null ? null : x - (whole - logical) * scale.options().barSpacing;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} left @param {number} right @param {number} height @param {string} colour
 */
function hatch(context, left, right, height, colour) {
  context.save();
  context.beginPath();
  context.rect(left, 0, right - left, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = left - height; x < right; x += HATCH) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
  context.restore();
}
