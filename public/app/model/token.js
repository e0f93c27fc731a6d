/** An access token as people paste it: with white space around it, or the word of its header before it. */
import { formatCount } from '../words/format.js';

const MOST = 4_096;
/** A WebSocket's offer, in which the token goes to the hub, has room for no others. */
const TOKEN = /^[\w.~-]+$/;

/** @param {string} text */
export function isToken(text) {
  return text.length <= MOST && TOKEN.test(text);
}

/**
 * The token in a text, or why there is none. The objection never repeats the text, which is a
 * secret.
 * @param {string} text
 * @returns {{ token: string, objection?: undefined } | { token?: undefined, objection: string }}
 */
export function readToken(text) {
  const token = text.trim().replace(/^bearer\s+/i, '');
  if (token === '' || /^bearer$/i.test(token)) return { objection: 'Paste your access token first.' };
  if (token.length > MOST) return { objection: `This is no access token: it has ${formatCount(token.length)} characters, and a token has at most ${formatCount(MOST)}.` };
  if (!isToken(token)) return { objection: 'This is no access token: a token has only letters, digits and - _ . ~ and no spaces.' };
  return { token };
}
