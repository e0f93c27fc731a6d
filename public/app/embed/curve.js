/** The small line of past prices. */

/** The height and the width of the box in which the line is drawn. */
export const BOX = 100;
const DAY_S = 86_400;
const BAR_S = 300;

/**
 * The line through these prices, oldest on the left, over the whole box. A minute without a price
 * interrupts it.
 * @param {(number | null)[]} values
 * @param {number | null} base  the previous close
 * @returns {{ d: string, base: number | null } | null}  `d` of an SVG path, and the height of the
 * base, null if it is outside the box; null: fewer than two prices
 */
export function curveOf(values, base) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const high = Math.max(...known);
  /** @param {number} value */
  const heightOf = (value) => (high === low ? BOX / 2 : round(BOX - ((value - low) / (high - low)) * BOX));
  let d = '';
  let interrupted = true;
  values.forEach((value, place) => {
    if (value !== null) d += `${interrupted ? 'M' : 'L'}${round((place / (values.length - 1)) * BOX)} ${heightOf(value)}`;
    interrupted = value === null;
  });
  return { d, base: base === null || base < low || base > high ? null : heightOf(base) };
}

/**
 * The closes of the 24 hours before the last bar, with null where bars are missing.
 * @param {unknown} answer  of `GET /api/history`, parsed, with bars of five minutes
 * @returns {(number | null)[]}
 */
export function closesOf(answer) {
  const { bars, scale } = /** @type {{ bars?: unknown, scale?: unknown }} */ (answer ?? {});
  if (!Array.isArray(bars)) return [];
  const unit = typeof scale === 'number' ? 10 ** scale : 1;
  /** @type {(number | null)[]} */
  const closes = [];
  const last = Number(bars.at(-1)?.[0]);
  let before = NaN;
  for (const bar of bars) {
    const [at, , , , close] = Array.isArray(bar) ? bar : [];
    if (typeof at !== 'number' || typeof close !== 'number' || at <= last - DAY_S) continue;
    if (at - before > BAR_S) closes.push(null);
    closes.push(close / unit);
    before = at;
  }
  return closes;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
