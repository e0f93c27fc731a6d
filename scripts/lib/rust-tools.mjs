// Checks that Rust is installed, and builds the one tool of this checkout: tools/bindgen, which
// writes the worker's JavaScript.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { ROOT, atLeast, oldestRust, onWindows } from "./project.mjs";
import { output, run } from "./run.mjs";

const TARGET = join(ROOT, "target");
const BINDGEN = join(TARGET, "tool", onWindows ? "bindgen.exe" : "bindgen");

export function requireRust() {
  if (output("cargo", ["--version"]) === undefined) {
    throw new Failure("Cargo is missing: install Rust with rustup (https://rustup.rs), open a new terminal and run this again.");
  }
  const version = /^rustc (\d+\.\d+\.\d+)/.exec(output("rustc", ["--version"]) || "")?.[1] || "0.0.0";
  if (!atLeast(version, oldestRust())) {
    throw new Failure(`Rust ${version} is too old: this needs ${oldestRust()} or newer, which \`rustup update\` brings.`);
  }
}

export function hasBindgen() {
  return existsSync(BINDGEN);
}

/**
 * Builds bindgen for the version in Cargo.lock; instant when it is up to date. Returns its path.
 */
export async function buildBindgen() {
  await run("bindgen", "cargo", ["build", "--locked", "-p", "bindgen", "--profile", "tool", "--target-dir", TARGET]);
  return BINDGEN;
}

/** Whether rustfmt and clippy, which the tests need, are installed. A minimal Rust lacks them. */
export function hasLinters() {
  return output("cargo", ["fmt", "--version"]) !== undefined && output("cargo", ["clippy", "--version"]) !== undefined;
}

export async function installLinters() {
  if (process.env.RUSTUP_AUTO_INSTALL === "0") throw new Failure("rustfmt or clippy is missing: add both to the Rust toolchain.");
  await run("linters", "rustup", ["component", "add", "rustfmt", "clippy"]);
}
