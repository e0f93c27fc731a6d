/** Lets the user save a text as a file. */

/**
 * @param {string} name
 * @param {string} type  `text/plain`
 * @param {string} text
 */
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then; the address would keep the text in memory.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** `2026-01-19-143215`, for the names of files. @param {number} at */
export function stamp(at) {
  return new Date(at).toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
}
