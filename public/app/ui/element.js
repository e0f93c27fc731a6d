/** How a panel builds its DOM: elements and text, never markup that is parsed. */

/**
 * A new element with attributes as HTML names them. Strings among the children become text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

let ids = 0;

/**
 * An id that no other element of the page has: a panel may be there twice.
 * @param {string} name
 */
export function uniqueId(name) {
  ids += 1;
  return `${name}-${ids}`;
}
