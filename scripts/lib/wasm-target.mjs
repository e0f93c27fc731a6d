// Rust's standard library for wasm32-unknown-unknown.
//
// Usually `rustup target add` installs it. Where rustup must not download (RUSTUP_AUTO_INSTALL=0)
// or cannot, Debian's `rustc-web` compiles it from `rust-web-src`. Both have the same version, so
// the std fits the compiler. The result goes into .tools/debian with a wrapper of Debian's `rustc`
// that uses our sysroot. The system stays as it is, and so does rustup's toolchain, which still
// compiles the native tests.

import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { aptInstall, mayInstall } from "./debian.mjs";
import { TOOLS, firstExisting, pathWith } from "./project.mjs";
import { output, run } from "./run.mjs";

const TARGET = "wasm32-unknown-unknown";
const DEBIAN = join(TOOLS, "debian");
const DEBIAN_BIN = join(DEBIAN, "bin");
const STAMP = join(DEBIAN, "built-for");
const RUSTC = "/usr/bin/rustc";
const CARGO = "/usr/bin/cargo";
const STD_SOURCE = "/usr/lib/rustlib/src/rust/library";

function defaultRustcHasTarget() {
  const folder = output("rustc", ["--target", TARGET, "--print", "target-libdir"]);
  return folder !== undefined && existsSync(folder);
}

/** The compiler that built our std and was built for it. If it changes, the std is useless. */
function debianCompiler() {
  return output(RUSTC, ["-vV"]);
}

function debianStdIsBuilt() {
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === debianCompiler();
}

export function hasWasmTarget() {
  return defaultRustcHasTarget() || debianStdIsBuilt();
}

/** The environment in which cargo compiles for WebAssembly. */
export function wasmEnv() {
  if (defaultRustcHasTarget()) return { ...process.env };
  if (!debianStdIsBuilt()) throw new Failure("The toolchain is not set up: run `npm run setup`.");
  return { ...process.env, PATH: pathWith(DEBIAN_BIN), RUSTC: join(DEBIAN_BIN, "rustc") };
}

export async function addWasmTarget() {
  if (process.env.RUSTUP_AUTO_INSTALL !== "0" && output("rustup", ["--version"]) !== undefined) {
    try {
      return await run("wasm target", "rustup", ["target", "add", TARGET]);
    } catch (failure) {
      if (!(failure instanceof Failure) || !mayInstall()) throw failure;
      console.log("  rustup could not add it; going on with Debian's compiler");
    }
  }
  await buildDebianStd();
}

async function buildDebianStd() {
  const linker = rustLld();
  const present = [RUSTC, CARGO, STD_SOURCE].every((path) => existsSync(path)) && linker;
  if (!present) {
    if (!mayInstall()) throw new Failure(`Rust's target ${TARGET} is missing: run \`rustup target add ${TARGET}\`, or as root on Debian \`apt-get install rustc-web cargo-web rust-web-src lld-22\`.`);
    await aptInstall("wasm target", ["rustc-web", "cargo-web", "rust-web-src", ...(linker ? [] : ["lld-22"])]);
  }

  rmSync(DEBIAN, { recursive: true, force: true });
  const library = join(DEBIAN, "library");
  const built = join(DEBIAN, "target");
  cpSync(STD_SOURCE, library, { recursive: true, dereference: true });
  await run("wasm target", CARGO, ["build", "-p", "std", "--release", "--target", TARGET, "--target-dir", built, "--manifest-path", join(library, "sysroot", "Cargo.toml")], {
    cwd: library,
    env: {
      ...process.env,
      RUSTC,
      RUSTC_BOOTSTRAP: "1", // std uses unstable features
      __CARGO_DEFAULT_LIB_METADATA: "stablestd",
      RUSTFLAGS: "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes", // the worker is built with lto, which needs bitcode
    },
  });
  assembleToolchain(join(built, TARGET, "release", "deps"));
  rmSync(library, { recursive: true });
  rmSync(built, { recursive: true });
  writeFileSync(STAMP, debianCompiler() || "");
}

/**
 * Assembles a sysroot from Debian's host libraries and our std, with the programs that use it.
 * @param {string} crates
 */
function assembleToolchain(crates) {
  const host = /^host: (.+)$/m.exec(debianCompiler() || "")?.[1] || "";
  const rustlib = join(DEBIAN, "sysroot", "lib", "rustlib");
  const lib = join(rustlib, TARGET, "lib");
  mkdirSync(lib, { recursive: true });
  for (const file of readdirSync(crates).filter((name) => name.endsWith(".rlib"))) cpSync(join(crates, file), join(lib, file));
  symlinkSync(join("/usr/lib/rustlib", host), join(rustlib, host));

  mkdirSync(DEBIAN_BIN);
  symlinkSync(CARGO, join(DEBIAN_BIN, "cargo"));
  symlinkSync(rustLld() || "", join(DEBIAN_BIN, "rust-lld"));
  const rustc = join(DEBIAN_BIN, "rustc");
  writeFileSync(rustc, `#!/bin/sh\nexec ${RUSTC} --sysroot "\${0%/*}/../sysroot" "$@"\n`);
  chmodSync(rustc, 0o755);
}

/** LLVM's linker under the name that rustc calls: rustup's, else Debian's. */
function rustLld() {
  const sysroot = output("rustc", ["--print", "sysroot"]) || "";
  const host = /^host: (.+)$/m.exec(output("rustc", ["-vV"]) || "")?.[1] || "";
  return firstExisting([join(sysroot, "lib", "rustlib", host, "bin", "rust-lld"), "/usr/bin/lld-22"]);
}
