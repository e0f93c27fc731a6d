/**
 * A time scale whose days, months and years begin in the chosen time zone. The library's own scale
 * begins them in UTC, so that New York's midnight would be no place for a date.
 */
import { defaultHorzScaleBehavior } from 'lightweight-charts';

/** The library's weights of tick marks: the heavier, the sooner a mark is written. */
const WEIGHTS = { year: 70, month: 60, day: 50 };
/** Seconds and the weight of a mark where a new span of this length begins. */
const SPANS = /** @type {const} */ ([[43_200, 33], [21_600, 32], [10_800, 31], [3_600, 30], [1_800, 22], [300, 21], [60, 20], [1, 10]]);

const Scale = defaultHorzScaleBehavior();

export class ZonedScale extends Scale {
  /** Seconds of the zone's clock. @type {(second: number) => number} */
  local = (second) => second;

  /**
   * @override
   * @param {Parameters<InstanceType<typeof Scale>['fillWeightsForPoints']>[0]} points
   * @param {number} first  the points before have their weights
   */
  fillWeightsForPoints(points, first) {
    for (let at = first; at < points.length; at += 1) {
      const point = points[at];
      if (!point) continue;
      const here = this.local(Number(point.originalTime));
      const before = at === 0 ? here - guessStep(points) : this.local(Number(points[at - 1]?.originalTime));
      /** @type {{ timeWeight: number }} */ (/** @type {unknown} */ (point)).timeWeight = weightBetween(before, here);
    }
  }
}

/** @param {readonly { originalTime: unknown }[]} points */
function guessStep(points) {
  return points.length < 2 ? 60 : Number(points[1]?.originalTime) - Number(points[0]?.originalTime);
}

/** @param {number} before @param {number} here  s of the zone's clock */
function weightBetween(before, here) {
  const [one, other] = [new Date(before * 1_000), new Date(here * 1_000)];
  if (one.getUTCFullYear() !== other.getUTCFullYear()) return WEIGHTS.year;
  if (one.getUTCMonth() !== other.getUTCMonth()) return WEIGHTS.month;
  if (one.getUTCDate() !== other.getUTCDate()) return WEIGHTS.day;
  return SPANS.find(([span]) => Math.floor(before / span) !== Math.floor(here / span))?.[1] ?? 0;
}
