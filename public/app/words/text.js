/**
 * Text that others wrote (names in a link, venues, reasons of the hub or of upstream), made fit to
 * be shown: as long as the page has room for, and with nothing in it that cannot be seen or that
 * moves what stands beside it.
 */

/** What a tooltip holds at most. */
export const MOST_IN_TITLE = 4_096;

/** White space that would break a line is a space here, as it is in HTML. */
const WHITE_SPACE = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
/** Controls, marks of direction, joiners, and all else without a shape; variation selectors stay. */
const UNSEEN = /\p{C}|(?![\uFE00-\uFE0F])\p{Default_Ignorable_Code_Point}/gu;
/** No writing puts more than four marks on one letter; more would cover the lines around it. */
const TOWER = /(\p{M}{4})(\p{M}+)/gu;
/** Letters that run from right to left: Hebrew, Arabic and their neighbours. */
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFE\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

/**
 * Nothing hides: U+202E, which would turn the rest of the line round, is written `\u{202E}`.
 * @param {string} text
 */
export function visible(text) {
  return text
    .replace(WHITE_SPACE, ' ')
    .replace(UNSEEN, (unseen) => `\\u{${(unseen.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`)
    .replace(TOWER, (_, /** @type {string} */ some, /** @type {string} */ more) => `${some}(+${[...more].length} marks)`);
}

/**
 * At most so many characters of it, and `…` when there are more.
 * @param {string} text
 * @param {number} most
 */
export function short(text, most) {
  if (text.length <= most) return visible(text);
  // A character takes two places at most.
  const characters = [...text.slice(0, 2 * (most + 1))];
  return characters.length <= most ? visible(text) : `${visible(characters.slice(0, most - 1).join(''))}…`;
}

/**
 * For the middle of a sentence of ours: letters that run from right to left are kept from taking
 * what follows along.
 * @param {string} text
 * @param {number} most
 */
export function quoted(text, most) {
  const shown = short(text, most);
  return RIGHT_TO_LEFT.test(shown) ? `\u2068${shown}\u2069` : shown;
}
