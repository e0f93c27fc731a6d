import { quoted } from '../words/text.js';
import { keyWords } from './keys.js';

const MOST_SHOWN = 200;

/**
 * Copies, and tells so, or what to do where the browser refuses.
 * @param {string} text
 * @param {string} done  what is said then
 * @param {import('./voice.js').Voice} voice
 * @param {HTMLTextAreaElement} [shown]  holds the text; it is selected where the browser refuses to copy
 */
export async function copyText(text, done, voice, shown) {
  try {
    await navigator.clipboard.writeText(text);
    voice.toast(done);
  } catch {
    shown?.select();
    voice.toast(shown ? `The browser refused to copy. The text is selected: press ${keyWords('Mod+C')}` : `The browser refused to copy: ${quoted(text, MOST_SHOWN)}`);
  }
}
