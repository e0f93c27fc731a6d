/** Taking a symbol elsewhere: a link to it, and a frame for another page. */
import { copyText } from '../../ui/copy.js';
import { element, uniqueId } from '../../ui/element.js';

/** @typedef {import('../../ui/voice.js').Voice} Voice */

/** The address that opens the terminal with this symbol. @param {string} origin @param {string} name */
export function linkTo(origin, name) {
  return `${origin}/?${new URLSearchParams({ s: name })}`;
}

/**
 * The markup of a frame with the price of this symbol.
 * @param {string} origin
 * @param {string} name
 */
export function embedMarkup(origin, name) {
  const address = `${origin}/embed?${new URLSearchParams({ symbol: name, theme: 'auto' })}`;
  return `<iframe src="${escaped(address)}" loading="lazy" width="240" height="96" title="${escaped(`Price of ${name}`)}"></iframe>`;
}

/**
 * The markup with a button that copies it. It is open only after the user asked for it.
 * @param {Voice} voice
 */
export function createEmbed(voice) {
  const id = uniqueId('embed');
  const markup = element('textarea', { id, readonly: '', rows: '3', spellcheck: 'false' });
  const copy = element('button', { type: 'button', class: 'solid' }, 'Copy the markup');
  copy.addEventListener('click', () => void copyText(markup.value, 'Markup copied', voice, markup));
  return {
    element: element('div', { class: 'embed', hidden: '' }, element('label', { for: id }, 'Paste this into a page to show the price there'), markup, copy),
    /** @param {string} text */
    write(text) {
      if (markup.value !== text) markup.value = text;
    },
    focus: () => markup.select(),
  };
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
