// Command-line arguments, parsed by Node's own parser. A wrong one is a Failure that lists the
// right ones.

import { parseArgs } from "node:util";
import { Failure } from "./failure.mjs";

/**
 * Parses the script's arguments. Without a `usage` the script takes none.
 * @template {import("node:util").ParseArgsConfig} T
 * @param {T} config
 * @param {string} [usage] the right arguments, such as `[--seeds N]`
 */
export function readArguments(config, usage) {
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!code?.startsWith("ERR_PARSE_ARGS")) throw error;
    // Keep the first sentence. The rest of Node's message explains arguments that begin with a
    // dash.
    const [what] = message.split(/\. |\n/);
    throw new Failure(`${what}. ${usage ? `The arguments are: ${usage}` : "There are no arguments."}`);
  }
}

/**
 * Parses the value of an option as a whole number.
 * @param {string} option
 * @param {string} value
 * @param {{ least?: number, most?: number }} [range]
 */
export function wholeNumber(option, value, { least = 0, most = Number.MAX_SAFE_INTEGER } = {}) {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (number >= least && number <= most) return number;
  const range = most < Number.MAX_SAFE_INTEGER ? ` from ${least} to ${most}` : least > 0 ? ` of at least ${least}` : "";
  throw new Failure(`${option} wants a whole number${range}, not "${value}".`);
}

/**
 * Parses the value of an option as names with commas between them; without a value: all of them.
 * @template {string} Name
 * @param {string} option
 * @param {string | undefined} value
 * @param {readonly Name[]} all
 * @returns {Name[]}
 */
export function someOf(option, value, all) {
  const names = value?.split(",") ?? all;
  const unknown = names.find((name) => !all.some((one) => one === name));
  if (unknown !== undefined) throw new Failure(`${option} wants some of ${all.join(", ")}, not "${unknown}".`);
  return all.filter((name) => names.includes(name));
}
