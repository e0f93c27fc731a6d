/**
 * Prepares foreign text (names in a link, venues, reasons of the hub or of upstream) for display.
 * It is shortened to the available room and contains nothing invisible and nothing that moves its
 * surroundings.
 */

/** The most characters of a tooltip. */
export const MOST_IN_TITLE = 4_096;

/** White space that would break a line becomes a space, as in HTML. */
const WHITE_SPACE = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
/** Controls, direction marks, joiners and all else without a shape. Variation selectors stay. */
const UNSEEN = /\p{C}|(?![\uFE00-\uFE0F])\p{Default_Ignorable_Code_Point}/gu;
/**
 * No writing system puts more than four marks on a letter. More would cover the lines around it.
 */
const TOWER = /(\p{M}{4})(\p{M}+)/gu;
/** Right-to-left letters: Hebrew, Arabic and their neighbours. */
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFE\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

/**
 * Makes invisible characters visible: U+202E, which would reverse the rest of the line, becomes
 * `\u{202E}`.
 * @param {string} text
 */
export function visible(text) {
  return text
    .replace(WHITE_SPACE, ' ')
    .replace(UNSEEN, (unseen) => `\\u{${(unseen.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`)
    .replace(TOWER, (_, /** @type {string} */ some, /** @type {string} */ more) => `${some}(+${[...more].length} marks)`);
}

/**
 * At most `most` characters, ending in `…` if there were more.
 * @param {string} text
 * @param {number} most
 */
export function short(text, most) {
  if (text.length <= most) return visible(text);
  // A character takes at most two UTF-16 units.
  const characters = [...text.slice(0, 2 * (most + 1))];
  return characters.length <= most ? visible(text) : `${visible(characters.slice(0, most - 1).join(''))}…`;
}

/**
 * For use within our own sentences: right-to-left letters must not reorder the text that follows.
 * @param {string} text
 * @param {number} most
 */
export function quoted(text, most) {
  const shown = short(text, most);
  return RIGHT_TO_LEFT.test(shown) ? `\u2068${shown}\u2069` : shown;
}
