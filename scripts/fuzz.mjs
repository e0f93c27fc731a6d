// `npm run fuzz -- [TARGET…] [--seconds N]`: runs the fuzz targets one after another under
// libFuzzer, by default all of them for 60 s each. It needs Rust's nightly compiler and installs
// cargo-fuzz into .tools. tests/fuzz/README.md says more.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { ROOT, TOOLS, onWindows, pathWith } from "./lib/project.mjs";
import { output, run, step } from "./lib/run.mjs";

const CARGO_FUZZ = "0.13.2";
const FUZZ = join(ROOT, "tests", "fuzz");
const BIN = join(TOOLS, "fuzz", "bin");
/** Added to the fuzzing time, for compiling and for a slow last input. */
const MARGIN_MS = 20 * 60_000;
/**
 * Less than the limit of a client's message (64 KiB, docs/protocol.md), because longer inputs only
 * make each run slower.
 */
const LONGEST_INPUT = 4096;

await main(async () => {
  const { targets, seconds } = asked();
  if (output("cargo", ["+nightly", "--version"]) === undefined) {
    throw new Failure("Fuzzing needs Rust's nightly compiler: `rustup toolchain install nightly` and run this again.");
  }
  if (!existsSync(join(BIN, onWindows ? "cargo-fuzz.exe" : "cargo-fuzz"))) {
    const args = ["install", `cargo-fuzz@${CARGO_FUZZ}`, "--locked", "--root", join(TOOLS, "fuzz")];
    await step("cargo-fuzz (once)", () => run("cargo-fuzz", "cargo", args));
  }
  for (const target of targets) await fuzz(target, seconds);
});

/** @param {string} target @param {number} seconds */
async function fuzz(target, seconds) {
  console.log(`\n=== ${target}, ${seconds} s`);
  const [corpus, seeds] = [join("tests/fuzz/corpus", target), join("tests/fuzz/seeds", target)];
  mkdirSync(join(ROOT, corpus), { recursive: true });
  const libFuzzer = [`-max_total_time=${seconds}`, `-max_len=${LONGEST_INPUT}`, "-timeout=20", "-dict=tests/fuzz/json.dict", "-print_final_stats=1"];
  const args = ["+nightly", "fuzz", "run", "--fuzz-dir", FUZZ, target, corpus, seeds, "--", ...libFuzzer];
  /** @type {string[]} */
  const last = [];
  const onLine = (/** @type {string} */ line) => {
    if (/ DONE |^Done |^stat::number_of_executed/.test(line)) last.push(line.trim());
  };
  const env = { ...process.env, PATH: pathWith(BIN) };
  await run(`fuzz ${target}`, "cargo", args, { env, onLine, timeoutMs: seconds * 1000 + MARGIN_MS });
  console.log(last.join("\n"));
}

function asked() {
  const all = [...readFileSync(join(FUZZ, "Cargo.toml"), "utf8").matchAll(/^\[\[bin\]\]\nname = "(\w+)"/gm)].map(([, name]) => name ?? "");
  const { values, positionals } = readArguments({
    options: { seconds: { type: "string", default: "60" } },
    allowPositionals: true,
  }, "[TARGET…] [--seconds N]");
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown) throw new Failure(`There is no fuzz target ${unknown}; there are ${all.join(", ")}.`);
  return { targets: positionals.length > 0 ? positionals : all, seconds: wholeNumber("--seconds", values.seconds, { least: 1 }) };
}
