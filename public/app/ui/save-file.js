import { element } from './element.js';

/** Saves a text as a file. @param {string} name @param {string} type  `text/plain` @param {string} text */
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  element('a', { href: url, download: name }).click();
  // The browser has read it by the time of the next task.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** `hamster-2026-01-19-1432.csv`, by this device's clock. @param {string} what @param {string} ending @param {number} now  ms */
export function fileName(what, ending, now) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const at = new Date(now);
  const plain = what.normalize('NFKD').replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '').toLowerCase() || 'list';
  return `hamster-${plain}-${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}.${ending}`;
}
