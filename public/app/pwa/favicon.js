/** The tab's icon has an amber corner while any price on the page is simulated. */
import { setAttribute } from '../ui/paint.js';

/** @type {{ link: Element, real: string | null, simulated: string | null } | undefined} */
let icon;

/** @param {boolean} simulated */
export function showFavicon(simulated) {
  icon ??= find();
  if (icon) setAttribute(icon.link, 'href', simulated ? icon.simulated : icon.real);
}

function find() {
  const link = document.querySelector('link[rel="icon"]');
  return link ? { link, real: link.getAttribute('href'), simulated: link.getAttribute('data-simulated') } : undefined;
}
