/** The colours of the tokens as the chart's library can read them: `rgb(…)`. */
import { element } from '../../ui/element.js';

const NAMES = /** @type {const} */ (['panel', 'text', 'minor', 'edge', 'edge-faint', 'control', 'accent', 'up', 'down', 'doubt', 'sim-text', 'raised']);
/** @typedef {Record<typeof NAMES[number], string> & { font: string }} Colours */

/**
 * A custom property is `light-dark(…)` until it is used, so an element uses each.
 * @param {HTMLElement} host  within whose theme the colours are read
 * @returns {Colours}
 */
export function readColours(host) {
  const probe = element('span', { hidden: '' });
  host.append(probe);
  const style = getComputedStyle(probe);
  const colours = Object.fromEntries(NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, style.color];
  }));
  const font = style.fontFamily;
  probe.remove();
  return /** @type {Colours} */ ({ ...colours, font });
}
