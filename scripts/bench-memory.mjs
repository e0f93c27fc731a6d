// `npm run bench:memory`: measures how much of the hub's memory one client takes. It compiles
// tests/bench/memory.rs for WebAssembly, links it with the library that the worker uses, and runs
// it in Node, where its only import is a function that prints.
// (`cargo bench --bench memory` runs it natively, where pointers are twice as long.)

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readArguments } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { ROOT } from "./lib/project.mjs";
import { run, step } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";
import { wasmEnv } from "./lib/wasm-target.mjs";

const TARGET = "wasm32-unknown-unknown";
const SOURCE = join(ROOT, "tests", "bench", "memory.rs");
const LIMIT_MS = 10 * 60_000;

await main(async () => {
  readArguments({});
  await setUp({ tests: false });
  const scratch = mkdtempSync(join(tmpdir(), "hamster-memory-"));
  try {
    const program = join(scratch, "memory.wasm");
    await step("tests/bench/memory.rs for WebAssembly", async () => compile(await libraries(), program));
    perform(program);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

/** Compiles the library as for the worker. Returns the file of each compiled crate by its name. */
async function libraries() {
  /** @type {Map<string, string>} */
  const found = new Map();
  // The same environment as the worker's build, so that cargo reuses what that build compiled.
  const env = { ...wasmEnv(), WASM_BINDGEN_USE_JS_SYS: "1" };
  await run("bench memory library", "cargo", ["build", "--lib", "--release", "--target", TARGET, "--message-format", "json"], {
    env,
    timeoutMs: LIMIT_MS,
    onLine: (line) => {
      if (!line.startsWith('{"reason":"compiler-artifact"')) return;
      /** @type {{ target: { name: string }, filenames: string[] }} */
      const { target, filenames } = JSON.parse(line);
      const file = filenames.find((file) => file.includes(TARGET) && file.endsWith(".rlib"));
      if (file) found.set(target.name, file);
    },
  });
  return found;
}

/** @param {Map<string, string>} libraries @param {string} program */
async function compile(libraries, program) {
  const crates = ["hamster_terminal", "serde_json"].flatMap((crate) => {
    const file = libraries.get(crate);
    if (!file) throw new Failure(`Cargo did not say where the crate ${crate} is.`);
    return ["--extern", `${crate}=${file}`];
  });
  const compiled = dirname(libraries.get("serde_json") || "");
  // Procedural macros are compiled for the host, so they are in the host's folder.
  const macros = join(compiled, "..", "..", "..", "release", "deps");
  const options = ["--edition", "2024", "--target", TARGET, "-C", "opt-level=s", "-C", "lto=fat", "-C", "codegen-units=1"];
  const env = wasmEnv();
  const places = ["-L", `dependency=${compiled}`, "-L", `dependency=${macros}`];
  await run("bench memory", env.RUSTC || "rustc", [...options, ...crates, ...places, "-o", program, SOURCE], { env, timeoutMs: LIMIT_MS });
}

/**
 * Runs the benchmark. The library imports JavaScript functions that this code path never calls;
 * each of them fails if it is called.
 * @param {string} program
 */
function perform(program) {
  const module = new WebAssembly.Module(readFileSync(program));
  /** @type {WebAssembly.Imports} */
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] = { ...imports[from], [name]: () => fail(name) };
  }
  const memory = () => /** @type {WebAssembly.Memory} */ (exports.memory);
  imports.host = { say: (/** @type {number} */ at, /** @type {number} */ length) => console.log(Buffer.from(memory().buffer, at, length).toString()) };
  const { exports } = new WebAssembly.Instance(module, imports);
  /** @type {Function} */ (exports.main)(0, 0);
}

/** @param {string} name @returns {never} */
function fail(name) {
  throw new Failure(`The benchmark called ${name}, which is JavaScript's.`);
}
