/** Waiting, and what the tests look for in what clients heard. */

const PATIENCE_MS = 20_000;

/** @param {number} ms @returns {Promise<void>} */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @param {string | (() => string)} what
 * @param {() => boolean | Promise<boolean>} condition
 * @param {number} patienceMs
 */
export async function eventually(what, condition, patienceMs = PATIENCE_MS) {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${typeof what === 'string' ? what : what()}`);
    await pause(10);
  }
}

/**
 * Whether a part of this value is about the symbol and says in words why there is no price of it.
 * @param {any} value
 * @param {string} symbol
 * @returns {boolean}
 */
export function saysWhy(value, symbol) {
  if (value === null || typeof value !== 'object') return false;
  const { reason, message, detail } = value;
  const words = [reason, message, detail].some((text) => typeof text === 'string' && text.includes(' '));
  if (words && JSON.stringify(value).includes(symbol)) return true;
  return Object.values(value).some((part) => saysWhy(part, symbol));
}
