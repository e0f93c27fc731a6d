// Builds the worker's bundles into build/ with cargo, tools/bindgen and esbuild, plus wasm-opt for
// the deployed one. A bundle is rebuilt only when one of its inputs has changed. `wrangler dev`
// runs the build command at every start, so it starts at once, and tests that start several of them
// neither compile nor disturb each other.

import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { BUILD, hashOf, withLock } from "./inputs.mjs";
import { packagesMatchLock, wranglersNode } from "./node-packages.mjs";
import { ROOT } from "./project.mjs";
import { run, step } from "./run.mjs";
import { buildBindgen } from "./rust-tools.mjs";
import { wasmEnv } from "./wasm-target.mjs";

/**
 * `profile` is a profile of Cargo.toml. `small` says whether wasm-opt optimises the module.
 * @typedef {{
 *   name: string, profile: string, features: string[], small: boolean, takes: string
 * }} Variant
 */

/** The variant that is deployed and tested. @type {Variant} */
export const RELEASE = { name: "release", profile: "release", features: [], small: true, takes: "about 2 min" };
/**
 * The variant of `npm start`, served again some seconds after an edit. It has its own folder, so it
 * is never uploaded.
 * @type {Variant}
 */
export const QUICK = { name: "quick", profile: "quick", features: [], small: false, takes: "about 1.5 min" };
/** RELEASE with routes that panic, for the tests of recovery. @type {Variant} */
export const FAULTS = { name: "faults", profile: "release", features: ["faults"], small: false, takes: "some seconds" };

/**
 * Bytes of the upload, gzipped. Cloudflare takes 3 MB on the free plan; the lower limit makes us
 * notice what a dependency adds.
 */
export const UPLOAD_LIMIT = 600_000;

const TARGET = "wasm32-unknown-unknown";
const CRATE = "hamster_terminal.wasm";
const ENTRY = join(ROOT, "src", "edge", "worker.js");
const BINARYEN = join(ROOT, "node_modules", "binaryen", "bin");
const WASM_OPT = join(BINARYEN, "wasm-opt");
const WASM_METADCE = join(BINARYEN, "wasm-metadce");
/**
 * The features that rustc and wasm-bindgen use. They are listed one by one so that wasm-opt emits
 * nothing that workerd does not support.
 */
const WASM_FEATURES = ["mutable-globals", "sign-ext", "nontrapping-float-to-int", "bulk-memory", "multivalue", "reference-types", "exception-handling"];
/** The lock files cover the tools' versions; this file covers how they are called. */
const INPUTS = ["src", "tools", "Cargo.toml", "Cargo.lock", "package-lock.json", "scripts/lib/worker.mjs", "scripts/lib/wasm-target.mjs"];

/** The folder of a variant's bundle: `index.js`, `index_bg.wasm`. @param {Variant} variant */
export const folderOf = ({ name }) => join(BUILD, name);

/** The variant that the build command builds. `npm start` sets its own. */
export function askedVariant() {
  return process.env.HAMSTER_BUILD === QUICK.name ? QUICK : RELEASE;
}

/**
 * Builds a variant of the worker unless its folder is up to date with the inputs.
 * @param {Variant} variant
 */
export async function buildWorker(variant) {
  const upToDate = `The worker in build/${variant.name} is up to date.`;
  if (isFresh(variant, inputsHash(variant))) return console.log(upToDate);
  if (!packagesMatchLock()) throw new Failure("The toolchain is not set up: run `npm run setup`.");
  await withLock("worker", async () => {
    // The previous owner of the lock may have built exactly this.
    const hash = inputsHash(variant);
    if (isFresh(variant, hash)) return console.log(upToDate);
    const first = existsSync(folderOf(variant)) ? "" : `; the first time ${variant.takes} on two cores`;
    await step(`the worker (build/${variant.name}${first})`, () => compile(variant, hash));
  });
}

/**
 * Builds into a second folder that replaces the current one when complete, so that a watching
 * wrangler never sees half a bundle.
 * @param {Variant} variant
 * @param {string} hash
 */
async function compile(variant, hash) {
  const next = join(BUILD, `.${variant.name}`);
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  const bindgen = await buildBindgen();
  const wasm = await compileCrate(variant);
  await run("bindgen", bindgen, [wasm, next]);
  await bundle(next);
  if (variant.small) await optimise(next);
  else renameSync(join(next, "bindings_bg.wasm"), join(next, "index_bg.wasm"));
  for (const file of readdirSync(next)) {
    if (!["index.js", "index_bg.wasm", "named.wasm"].includes(file)) rmSync(join(next, file), { recursive: true });
  }
  writeFileSync(join(next, "inputs.sha256"), hash);
  rmSync(folderOf(variant), { recursive: true, force: true });
  renameSync(next, folderOf(variant));
}

/** @param {Variant} variant */
async function compileCrate({ profile, features }) {
  const env = {
    ...wasmEnv(),
    RUST_BACKTRACE: "0", // a backtrace only buries the compiler's error
    WASM_BINDGEN_USE_JS_SYS: "1",
  };
  const words = ["build", "--locked", "--lib", "--target", TARGET, "--target-dir", join(ROOT, "target"), "--profile", profile];
  await run("worker", "cargo", [...words, "--features", features.join(",")], { env });
  return join(ROOT, "target", TARGET, profile, CRATE);
}

/**
 * Bundles all JavaScript into one module: the entry, the bindings and the snippets that the Rust
 * code names.
 * @param {string} folder
 */
async function bundle(folder) {
  // Imported here because the set-up may only just have installed it.
  const { build } = await import("esbuild");
  const bindings = join(folder, "bindings.js");
  // The platform compiles the module itself, and only this form of import gives a
  // WebAssembly.Module.
  const [before, after, ...more] = readFileSync(bindings, "utf8").split("import source wasmModule from");
  if (before === undefined || after === undefined || more.length > 0) throw new Failure("wasm-bindgen's JavaScript has changed: bindings.js does not import its wasm once.");
  // The `worker` crate exports classes that nobody here uses. esbuild leaves them out if it knows
  // that making a registry and extending an unused class have no effect.
  const pure = after.replace("./bindings_bg.wasm", "./index_bg.wasm").replaceAll("new FinalizationRegistry", "/* @__PURE__ */ new FinalizationRegistry");
  writeFileSync(bindings, `${before}import wasmModule from${pure}`);
  await build({
    stdin: { contents: readFileSync(ENTRY, "utf8"), resolveDir: folder, sourcefile: "worker.js" },
    outfile: join(folder, "index.js"),
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    external: ["./index_bg.wasm", "cloudflare:*"],
    define: { "Symbol.dispose": "undefined" },
    logLevel: "warning",
  });
}

/** @param {string} folder */
async function optimise(folder) {
  const [bound, used, named, small] = ["bindings_bg.wasm", "used.wasm", "named.wasm", "index_bg.wasm"].map((name) => join(folder, name));
  const features = WASM_FEATURES.map((feature) => `--enable-${feature}`);
  const graph = writeExports(folder);
  await run("wasm-metadce", wranglersNode(), [WASM_METADCE, String(bound), ...features, "--debuginfo", "--graph-file", graph, "-o", String(used)]);
  // Profilers need the function names, but they are a tenth of the upload and Cloudflare does not
  // use them, so they stay in this local file.
  await run("wasm-opt", wranglersNode(), [WASM_OPT, String(used), ...features, "-Oz", "--debuginfo", "-o", String(named)]);
  // Without names wasm-opt finds more functions to be identical, and merges them. Functions of
  // similar names resemble each other, so gzip makes them smaller side by side. The lowest
  // addresses are the far end of the stack: no access wraps around to them.
  const passes = ["--strip-debug", "--strip-producers", "-Oz", "--low-memory-unused", "--reorder-functions-by-name"];
  await run("wasm-opt", wranglersNode(), [WASM_OPT, String(named), ...features, ...passes, "-o", String(small)]);
}

/**
 * Writes which of the module's exports the bundle names. What only the others need is left out of
 * the module, such as the halves of the classes that are left out of the bundle.
 * @param {string} folder
 * @returns {string} the file, for wasm-metadce
 */
function writeExports(folder) {
  const graph = join(folder, "exports.json");
  const bundle = readFileSync(join(folder, "index.js"), "utf8");
  const names = readFileSync(join(folder, "exports.txt"), "utf8").split("\n");
  const used = names.filter((name) => bundle.includes(name));
  writeFileSync(graph, JSON.stringify([{ name: "bundle", root: true, reaches: used }, ...names.map((name) => ({ name, export: name }))]));
  return graph;
}

/** @param {Variant} variant */
function inputsHash(variant) {
  return hashOf(INPUTS, JSON.stringify(variant));
}

/** @param {Variant} variant @param {string} hash */
function isFresh(variant, hash) {
  const [stamp, ...outputs] = ["inputs.sha256", "index.js", "index_bg.wasm"].map((name) => join(folderOf(variant), name));
  return [stamp, ...outputs].every((path) => existsSync(String(path))) && readFileSync(String(stamp), "utf8") === hash;
}
