/** The last hour of a symbol as one path, with the previous close as a hairline. */

const SVG = 'http://www.w3.org/2000/svg';
/** Units of the drawing, which is stretched over the cell. */
export const WIDTH = 120;
export const HEIGHT = 24;
const PADDING = 2;
/** Minutes in the width. */
const SPAN = 60;

/**
 * The closes, oldest first, with the newest at the right edge. Minutes without a trade are bridged.
 * @param {(number | null)[]} values
 * @param {number | null} previousClose
 * @returns {{ line: string, level: string }}  paths; '' for what is not known
 */
export function pathsOf(values, previousClose) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return { line: '', level: '' };
  const low = Math.min(...known);
  const high = Math.max(...known);
  const y = (/** @type {number} */ value) => (high === low ? HEIGHT / 2 : PADDING + ((high - value) / (high - low)) * (HEIGHT - 2 * PADDING));
  let line = '';
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const x = WIDTH - ((values.length - 1 - index) / (SPAN - 1)) * WIDTH;
    line += `${line === '' ? 'M' : 'L'}${x.toFixed(1)} ${y(value).toFixed(1)}`;
  }
  // A path of one point draws nothing, a line of no length a dot.
  if (known.length === 1) line += 'h0.01';
  return { line, level: previousClose === null ? '' : `M0 ${levelAt(previousClose, low, high, y).toFixed(1)}H${WIDTH}` };
}

/** Beyond the scale the level is at its edge. @type {(level: number, low: number, high: number, y: (value: number) => number) => number} */
function levelAt(level, low, high, y) {
  if (level > high) return 0.5;
  return level < low ? HEIGHT - 0.5 : y(level);
}

export class Sparkline {
  #line = path('line');
  #level = path('level');
  element = document.createElementNS(SVG, 'svg');
  /** @type {import('../../link/wire.js').Spark | null} */
  #spark = null;
  /** @type {number | null} */
  #previousClose = null;

  constructor() {
    this.element.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    this.element.setAttribute('preserveAspectRatio', 'none');
    this.element.setAttribute('aria-hidden', 'true');
    this.element.append(this.#level, this.#line);
  }

  /** Draws anew only if the closes are others. @param {import('../../model/quotes.js').Row} row */
  paint({ spark, quote }) {
    const previousClose = quote?.previousClose ?? null;
    if (spark === this.#spark && previousClose === this.#previousClose) return;
    this.#spark = spark;
    this.#previousClose = previousClose;
    const { line, level } = pathsOf(spark?.values ?? [], previousClose);
    this.#line.setAttribute('d', line);
    this.#level.setAttribute('d', level);
  }
}

/** @param {string} name */
function path(name) {
  const made = document.createElementNS(SVG, 'path');
  made.setAttribute('class', name);
  made.setAttribute('vector-effect', 'non-scaling-stroke');
  return made;
}
