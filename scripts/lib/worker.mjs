// The worker's bundle in build/: made by worker-build, and only when one of its inputs has changed, so
// that `wrangler dev`, which runs the build command at every start, is up at once, and tests that
// start several of them neither compile nor disturb each other.

import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Failure } from "./failure.mjs";
import { wranglersNode } from "./node-packages.mjs";
import { NODE_BIN, ROOT, TOOLS, onWindows } from "./project.mjs";
import { run, step } from "./run.mjs";
import { hasBindgen, hasWorkerBuild, toolPath } from "./rust-tools.mjs";
import { wasmEnv } from "./wasm-target.mjs";

const BUILD = join(ROOT, "build");
const STAMP = join(BUILD, "inputs.sha256");
const LOCK = join(TOOLS, "build.lock");
const WASM = join(BUILD, "index_bg.wasm");
/** The same with the names of its functions, for profiles; a tenth of an upload that nobody there reads, so it stays here. */
const NAMED_WASM = join(BUILD, "named.wasm");
const OUTPUTS = [join(BUILD, "index.js"), WASM];
const WASM_OPT = join(ROOT, "node_modules", "binaryen", "bin", "wasm-opt");
/** What rustc and wasm-bindgen make use of; named one by one, so that nothing is emitted that workerd does not know. */
const WASM_FEATURES = ["mutable-globals", "sign-ext", "nontrapping-float-to-int", "bulk-memory", "multivalue", "reference-types", "exception-handling"];
/** The lock files stand for the tools; this file for the way they are called. */
const INPUTS = ["src", "Cargo.toml", "Cargo.lock", "package-lock.json", "scripts/lib/worker.mjs", "scripts/lib/wasm-target.mjs"];

/** Builds the worker unless build/ already holds what the inputs ask for. */
export async function buildWorker() {
  if (isFresh(inputsHash())) return console.log("The worker in build/ is up to date.");
  if (!hasWorkerBuild() || !hasBindgen() || !existsSync(NODE_BIN)) throw new Failure("The toolchain is not set up: run `npm run setup`.");
  await withLock(async () => {
    // Whoever held the lock before us may have built the very same thing.
    const hash = inputsHash();
    if (isFresh(hash)) return console.log("The worker in build/ is up to date.");
    await step(`the worker (worker-build${existsSync(BUILD) ? "" : "; the first time about 2 min on two cores"})`, compile);
    writeFileSync(STAMP, hash);
  });
}

async function compile() {
  rmSync(STAMP, { force: true });
  const env = wasmEnv();
  // Its own wasm-opt would keep the names and not aim at size.
  await run("worker", toolPath("worker-build"), ["--release", "--no-opt"], {
    env: {
      ...env,
      RUST_BACKTRACE: "0", // a compiler's error is said best by the compiler
      // Named, so that worker-build downloads nothing.
      WASM_BINDGEN_BIN: toolPath("wasm-bindgen"),
      ESBUILD_BIN: join(NODE_BIN, onWindows ? "esbuild.cmd" : "esbuild"),
    },
  });
  const features = WASM_FEATURES.map((feature) => `--enable-${feature}`);
  await run("wasm-opt", wranglersNode(), [WASM_OPT, WASM, ...features, "-Oz", "--debuginfo", "-o", NAMED_WASM]);
  // Without the names more functions turn out to be the same.
  await run("wasm-opt", wranglersNode(), [WASM_OPT, NAMED_WASM, ...features, "--strip-debug", "--strip-producers", "-Oz", "-o", WASM]);
}

function inputsHash() {
  const hash = createHash("sha256");
  for (const file of INPUTS.flatMap((input) => filesIn(join(ROOT, input)))) {
    hash.update(`${relative(ROOT, file)}\n`).update(readFileSync(file)).update("\n");
  }
  return hash.digest("hex");
}

/** @param {string} path @returns {string[]} */
function filesIn(path) {
  try {
    return readdirSync(path).sort().flatMap((name) => filesIn(join(path, name)));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOTDIR") return [path];
    throw error;
  }
}

/** @param {string} hash */
function isFresh(hash) {
  return [STAMP, ...OUTPUTS].every((path) => existsSync(path)) && readFileSync(STAMP, "utf8") === hash;
}

/** Lets one build run at a time; a lock whose owner has died counts for nothing. @param {() => Promise<void>} work */
async function withLock(work) {
  mkdirSync(TOOLS, { recursive: true });
  let announced = false;
  while (!takeLock()) {
    if (!announced) console.log("Another build of the worker is running; waiting for it.");
    announced = true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const release = () => rmSync(LOCK, { force: true });
  process.on("exit", release);
  try {
    await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

function takeLock() {
  try {
    const file = openSync(LOCK, "wx");
    writeFileSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch {
    if (ownerIsAlive()) return false;
    rmSync(LOCK, { force: true });
    return takeLock();
  }
}

function ownerIsAlive() {
  try {
    const owner = Number(readFileSync(LOCK, "utf8"));
    // Empty for the moment between creating the lock and signing it.
    return owner === 0 || process.kill(owner, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH";
  }
}
