// The Rust programs besides the compiler: worker-build, which makes a Worker out of the crate, and
// wasm-bindgen, whose version must be exactly that of the library in Cargo.lock. Both are compiled by `cargo
// install` into .tools/bin; that takes minutes once, but works wherever crates can be fetched.

import { join } from "node:path";
import { aptInstall, mayInstall } from "./debian.mjs";
import { Failure } from "./failure.mjs";
import { TOOLS, atLeast, lockedVersion, oldestRust, onWindows } from "./project.mjs";
import { output, run } from "./run.mjs";

/** @param {string} name */
export function toolPath(name) {
  return join(TOOLS, "bin", onWindows ? `${name}.exe` : name);
}

export function requireRust() {
  if (output("cargo", ["--version"]) === undefined) {
    throw new Failure("Cargo is missing: install Rust with rustup (https://rustup.rs), open a new terminal and run this again.");
  }
  const version = /^rustc (\d+\.\d+\.\d+)/.exec(output("rustc", ["--version"]) || "")?.[1] || "0.0.0";
  if (!atLeast(version, oldestRust())) {
    throw new Failure(`Rust ${version} is too old: this needs ${oldestRust()} or newer, which \`rustup update\` brings.`);
  }
}

/** worker-build is released together with the `worker` crate, under the same number. */
const workerBuildVersion = () => lockedVersion("worker");
const bindgenVersion = () => lockedVersion("wasm-bindgen");

export function hasWorkerBuild() {
  return output(toolPath("worker-build"), ["--version"]) === workerBuildVersion();
}

export function hasBindgen() {
  return output(toolPath("wasm-bindgen"), ["--version"]) === `wasm-bindgen ${bindgenVersion()}`;
}

export async function installWorkerBuild() {
  await requireOpenSsl();
  await cargoInstall("worker-build", "worker-build", workerBuildVersion());
}

export async function installBindgen() {
  await cargoInstall("wasm-bindgen", "wasm-bindgen-cli", bindgenVersion());
}

/** @param {string} name @param {string} crate @param {string} version */
async function cargoInstall(name, crate, version) {
  const args = ["install", `${crate}@${version}`, "--root", TOOLS, "--force"];
  try {
    await run(name, "cargo", [...args, "--locked"]);
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    // A version in the crate's own lock file may have been withdrawn since, or not be mirrored here.
    console.log("  not with the crate's own lock file; once more with the newest fitting dependencies");
    await run(name, "cargo", args);
  }
}

/** On Linux worker-build links OpenSSL. */
async function requireOpenSsl() {
  if (process.platform !== "linux" || output("pkg-config", ["--exists", "openssl"]) !== undefined) return;
  if (!mayInstall()) throw new Failure("OpenSSL's headers are missing: install libssl-dev and pkg-config (Debian's names) and run this again.");
  await aptInstall("openssl", ["libssl-dev", "pkg-config"]);
}

/** rustfmt and clippy, for the tests; a minimal Rust comes without. */
export function hasLinters() {
  return output("cargo", ["fmt", "--version"]) !== undefined && output("cargo", ["clippy", "--version"]) !== undefined;
}

export async function installLinters() {
  if (process.env.RUSTUP_AUTO_INSTALL === "0") throw new Failure("rustfmt or clippy is missing: add both to the Rust toolchain.");
  await run("linters", "rustup", ["component", "add", "rustfmt", "clippy"]);
}
