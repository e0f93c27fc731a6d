/**
 * What Cloudflare's asset server makes of the built page: where the files are, their content types,
 * and the headers of public/_headers.
 */
import { extname } from 'node:path';

export const PUBLIC = new URL('../../../build/public/', import.meta.url);
const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
});

/** The content type of a file, by the ending of its name. @param {string} path */
export function typeOf(path) {
  return TYPES[extname(path)] ?? 'text/plain';
}

/** @typedef {{ pattern: RegExp, removes: string[], sets: [string, string][] }} Rule */

/**
 * The rules of a `_headers` file.
 * @param {string} text
 * @returns {Rule[]}
 */
export function rulesOf(text) {
  /** @type {Rule[]} */
  const rules = [];
  for (const line of text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))) {
    const rule = rules.at(-1);
    const [, removed] = /^\s+!\s*(\S+)/.exec(line) ?? [];
    const [, name = '', value = ''] = /^\s+([\w-]+): (.+)$/.exec(line) ?? [];
    if (!/^\s/.test(line)) {
      const pattern = line.trim().replace(/[.?+^$()[\]{}|\\]/g, '\\$&').replaceAll('*', '.*');
      rules.push({ pattern: new RegExp(`^${pattern}$`), removes: [], sets: [] });
    } else if (removed) rule?.removes.push(removed.toLowerCase());
    else rule?.sets.push([name.toLowerCase(), value]);
  }
  return rules;
}

/**
 * The headers of a path. A rule removes those of earlier rules before it adds its own; where two
 * rules add the same, both values are sent.
 * @param {Rule[]} rules
 * @param {string} path
 */
export function headersOf(rules, path) {
  /** @type {Record<string, string>} */
  const headers = { 'cache-control': 'public, max-age=0, must-revalidate' };
  for (const { removes, sets } of rules.filter(({ pattern }) => pattern.test(path))) {
    for (const name of removes) delete headers[name];
    for (const [name, value] of sets) headers[name] = name === 'cache-control' || headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}
