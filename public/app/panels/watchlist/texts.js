/** How the list writes numbers in little room. */
import { formatDecimal, formatVolume } from '../../words/format.js';

/** A minus as wide as a plus, so that signs line up. Exports keep the hyphen. @param {string} number */
export function onScreen(number) {
  return number.replace('-', '−');
}

/** With the sign of its direction. @param {number} value @param {number} decimals */
export function formatChange(value, decimals) {
  const text = formatDecimal(Math.abs(value), decimals);
  if (!/[1-9]/.test(text)) return text;
  return text.startsWith('≈') ? `≈${value < 0 ? '−' : '+'}${text.slice(1)}` : `${value < 0 ? '−' : '+'}${text}`;
}

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
