// The lock files of this project, and what cargo says of their crates.

import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { Failure } from "./failure.mjs";
import { ROOT } from "./project.mjs";
import { output } from "./run.mjs";
import { policyOf } from "./supply-chain.mjs";

/** Folders with what was built or installed. */
const NOT_OURS = ["node_modules", "target", "build", "out", "data"];
export const WASM = "wasm32-unknown-unknown";

/**
 * All files of a name in this project, as paths relative to it.
 * @param {string} name
 * @param {string} [folder]
 * @returns {string[]}
 */
export function filesNamed(name, folder = "") {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.isFile()) return entry.name === name ? [path] : [];
    return entry.isDirectory() && !entry.name.startsWith(".") && !NOT_OURS.includes(entry.name) ? filesNamed(name, path) : [];
  });
}

/** The file deny.toml as rules. */
export function readPolicy() {
  return policyOf(readToml("deny.toml"));
}

/** Each Cargo.lock with its packages. */
export function readCargoLocks() {
  return filesNamed("Cargo.lock").map((file) => {
    const { package: packages } = /** @type {{ package: import("./supply-chain.mjs").Locked[] }} */ (readToml(file));
    return { file, packages };
  });
}

/** This project's own crates, with the names of what they need to run. */
export function ourCrates() {
  return filesNamed("Cargo.toml").map((file) => {
    const { package: { name }, dependencies } = /** @type {any} */ (readToml(file));
    return { name: String(name), dependencies: Object.entries(dependencies ?? {}).map(([key, value]) => String(value.package ?? key)) };
  });
}

/**
 * Each package-lock.json with its packages by their paths.
 * @returns {{ file: string, folder: string, packages: Record<string, any> }[]}
 */
export function readNpmLocks() {
  return filesNamed("package-lock.json").map((file) => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, file), "utf8"));
    return { file, folder: dirname(join(ROOT, file)), packages };
  });
}

/**
 * A crate as `cargo metadata` describes it.
 * @typedef {{
 *   name: string, version: string, license: string | null, source: string | null,
 *   repository: string | null, manifest_path: string,
 * }} Crate
 */

/**
 * The crates of the workspace that this machine and WebAssembly need. The builds have downloaded
 * them, so no network is needed.
 * @returns {Crate[]}
 */
export function crates() {
  const host = /^host: (.+)$/m.exec(output("rustc", ["-vV"]) ?? "")?.[1];
  const platforms = [WASM, ...(host ? [host] : [])].flatMap((platform) => ["--filter-platform", platform]);
  return JSON.parse(cargo(["metadata", "--format-version", "1", ...platforms])).packages;
}

/**
 * What a question to cargo gives, asked without a network.
 * @param {string[]} args
 */
export function cargo([command, ...args]) {
  // Metadata is about a megabyte, where Node's own limit is.
  const { status, stdout } = spawnSync("cargo", [String(command), "--locked", "--offline", ...args], { cwd: ROOT, encoding: "utf8", maxBuffer: 2 ** 28, windowsHide: true });
  if (status !== 0) throw new Failure("Cargo does not have all crates here, or Cargo.lock is out of date: run `cargo fetch --locked`.");
  return stdout;
}

/** @param {string} file  relative to the project */
function readToml(file) {
  return parse(readFileSync(join(ROOT, file), "utf8"));
}
