// Files with secrets: only their owner may read them. Windows has no such modes.

import { closeSync, fchmodSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Failure } from "./failure.mjs";
import { onWindows } from "./project.mjs";

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/**
 * The text of a secret file; undefined if there is none. One that others can use is refused.
 * @param {string} path
 */
export function readSecret(path) {
  /** @type {number} */
  let file;
  try {
    file = openSync(path, "r");
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOENT") return undefined;
    throw new Failure(`${path} cannot be read (${code}).`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Failure(`${path} is no file.`);
    if (!onWindows && (stat.mode & OTHERS) !== 0) throw new Failure(`Others can read or change ${path}: run \`chmod 600 ${path}\`.`);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** Writes a secret into a file that is not there yet. @param {string} path @param {string} text */
export function createSecret(path, text) {
  try {
    const file = openSync(path, "wx", OWNER_ONLY);
    fchmodSync(file, OWNER_ONLY);
    writeFileSync(file, text);
    closeSync(file);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Failure(code === "EEXIST" ? `${path} is there already: it is not overwritten.` : `${path} cannot be written (${code}).`);
  }
}

/**
 * Writes a secret file anew. Whoever reads it meanwhile gets the old text or the new one.
 * @param {string} path
 * @param {string} text
 */
export function replaceSecret(path, text) {
  const next = `${path}.${process.pid}.new`;
  createSecret(next, text);
  try {
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw new Failure(`${path} cannot be written (${/** @type {NodeJS.ErrnoException} */ (error).code}).`);
  }
}
