// Where files are in this checkout, and which versions its lock files ask for. Only Node built-ins
// are imported: these scripts run before `npm ci` has filled node_modules.

import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Tools for this checkout alone: cargo-installed binaries, std for WebAssembly, logs. */
export const TOOLS = join(ROOT, ".tools");
export const LOGS = join(TOOLS, "logs");
export const NODE_BIN = join(ROOT, "node_modules", ".bin");

export const onWindows = process.platform === "win32";

/** The oldest Rust that Cargo.toml accepts, for example "1.91". */
export function oldestRust() {
  const found = readFileSync(join(ROOT, "Cargo.toml"), "utf8").match(/^rust-version = "([^"]+)"/m);
  return found ? found[1] : "1.85";
}

/** Whether a dotted version is at least another. @param {string} version @param {string} least */
export function atLeast(version, least) {
  const have = version.split(".").map(Number);
  const want = least.split(".").map(Number);
  const differing = want.findIndex((part, i) => (have[i] || 0) !== part);
  return differing === -1 || (have[differing] || 0) > want[differing];
}

/** A PATH with these folders before the current entries. @param {string[]} folders */
export function pathWith(...folders) {
  return [...folders, process.env.PATH || ""].join(delimiter);
}

/** The first of these files that exists. @param {string[]} paths */
export function firstExisting(paths) {
  return paths.find((path) => existsSync(path));
}
