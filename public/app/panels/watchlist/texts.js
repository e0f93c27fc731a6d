/** How the list writes numbers in little room. */
import { formatDecimal, formatVolume, onScreen } from '../../words/format.js';

/** The most characters of a number below a range. */
const MOST_OF_BOUND = 9;

/** A bound of a range in nine characters: with fewer decimals if need be, else `1.52B`. @param {number} value @param {number} decimals */
export function formatBound(value, decimals) {
  for (let fewer = decimals; fewer >= 0; fewer -= 1) {
    const text = formatDecimal(value, fewer);
    if (text.length <= MOST_OF_BOUND && !/[≈e]/.test(text)) return onScreen(text);
  }
  return onScreen(formatVolume(value));
}
