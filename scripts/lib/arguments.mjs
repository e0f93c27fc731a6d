// The words after a script's name: `--name value`.

import { Failure } from "./failure.mjs";

/** @param {string[]} args @param {string} name */
export function valueAfter(args, name) {
  const at = args.indexOf(name);
  if (at === -1) return undefined;
  const value = args[at + 1];
  if (value === undefined) throw new Failure(`${name} wants a value.`);
  return value;
}

/** @param {string[]} args @param {string} name @param {number} otherwise */
export function numberAfter(args, name, otherwise) {
  const value = valueAfter(args, name);
  if (value === undefined) return otherwise;
  if (!/^\d+$/.test(value)) throw new Failure(`${name} wants a whole number, not "${value}".`);
  return Number(value);
}
