/** Writes to the page only what changed. An unchanged value costs a comparison and no layout. */
import { MOST_IN_TITLE, short } from '../words/text.js';

/**
 * @param {Element} element  holds text and nothing else
 * @param {string} text
 */
export function setText(element, text) {
  const node = element.firstChild;
  if (node instanceof Text) {
    if (node.data !== text) node.data = text;
  } else if (text !== '') element.textContent = text;
}

/** The original foreign text of each element. @type {WeakMap<Element, string>} */
const written = new WeakMap();

/**
 * Sets foreign text of any length and content. The title has all of it.
 * @param {Element} element  holds text and nothing else
 * @param {string} text
 * @param {number} most  characters
 */
export function setForeignText(element, text, most) {
  if (written.get(element) === text) return;
  written.set(element, text);
  setText(element, short(text, most));
  setAttribute(element, 'title', text === '' ? null : short(text, MOST_IN_TITLE));
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value  null removes it
 */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/**
 * @param {HTMLElement} element
 * @param {boolean} visible
 */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}
