/** Icons: shapes of the sprite in index.html, in the colour of the text around them. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} name  id of a symbol of the sprite, without `icon-`
 * @param {string} [label]  for icons that stand alone; without one the icon is decoration
 * @returns {SVGSVGElement}
 */
export function icon(name, label) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('viewBox', '0 0 16 16');
  if (label === undefined) svg.setAttribute('aria-hidden', 'true');
  else {
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', label);
  }
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Changes the shape of an icon. @param {SVGSVGElement} svg @param {string} name */
export function setIcon(svg, name) {
  const use = svg.firstElementChild;
  const href = `#icon-${name}`;
  if (use && use.getAttribute('href') !== href) use.setAttribute('href', href);
}
