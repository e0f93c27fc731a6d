// `npm run mutants`: proves that the simulation can fail. It puts each deliberate fault of
// tests/mutants into a copy of the source below target/ and expects the simulation to break a
// promise. `-- --only WORDS,WORDS` tries the mutants whose name contains some of the words; `-- --seeds N` plays
// more seeds than usual. Exit code 1 if a mutant survives.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MUTANTS } from "../tests/mutants/mutants.mjs";
import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { requireRust } from "./lib/rust-tools.mjs";
import { ROOT } from "./lib/project.mjs";
import { duration, run } from "./lib/run.mjs";

const SEEDS = 500;
/**
 * Building takes seconds once the crates are built. A mutant that makes the simulation this slow
 * counts as caught.
 */
const LIMIT_MS = 25 * 60_000;
/** The tests of the simulation: one hub, a day of few troubles, a hub with its relays. */
const PARTS = ["every_seed", "day::", "relays::"];
const COPY = join(ROOT, "target", "mutants");
/**
 * Not the folder of other builds: cargo names what it builds by paths within the workspace, so it would
 * take a mutant's artifacts for those of the source.
 */
const TARGET = join(ROOT, "target", "mutants-build");

await main(async () => {
  const { values } = readArguments({
    options: { only: { type: "string", default: "" }, seeds: { type: "string", default: String(SEEDS) } },
  }, "[--only WORDS,WORDS] [--seeds N]");
  const seeds = wholeNumber("--seeds", values.seeds, { least: 1 });
  const wanted = values.only.split(",").map((words) => words.trim());
  const mutants = MUTANTS.filter(({ name }) => wanted.some((words) => name.includes(words)));
  if (mutants.length === 0) throw new Failure(`No mutant's name holds "${values.only}".`);
  requireRust();
  mutants.forEach(faulty);
  copySource();
  console.log("The source without a fault:");
  const broken = await simulate(seeds, { parts: PARTS.filter((part) => mutants.some(({ parts = PARTS }) => parts.includes(part))) });
  if (broken) throw new Failure(`Without a fault the simulation fails: ${broken}. First make npm test pass.`);

  /** @type {string[]} */
  const survivors = [];
  for (const mutant of mutants) {
    const begun = Date.now();
    const broken = await withFault(mutant, () => simulate(seeds, mutant));
    console.log(`${broken ? "caught  " : "SURVIVED"}  ${mutant.name}${broken ? `: ${broken}` : ""} (${duration(Date.now() - begun)})`);
    if (!broken) survivors.push(mutant.name);
  }
  console.log(`\n${mutants.length} mutants, ${mutants.length - survivors.length} caught`);
  if (survivors.length > 0) throw new Failure(`Not noticed: ${survivors.join("; ")}.`);
});

/**
 * Copies all that cargo needs to build the simulation. The files are new, or cargo would mistake an
 * earlier run's faulty build for theirs.
 */
function copySource() {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  for (const name of ["Cargo.toml", "Cargo.lock", "src", "tests", "tools"]) {
    cpSync(join(ROOT, name), join(COPY, name), { recursive: true });
  }
}

/**
 * The file with the fault applied.
 * @param {import("../tests/mutants/mutants.mjs").Mutant} mutant
 */
function faulty({ name, file, find, replace }) {
  const parts = readFileSync(join(ROOT, file), "utf8").split(find);
  if (parts.length !== 2) {
    throw new Failure(`The mutant "${name}" no longer applies: its text occurs ${parts.length - 1} times in ${file}. Bring tests/mutants up to date.`);
  }
  return parts.join(replace);
}

/**
 * Runs `work` while the fault is in the copy.
 * @template T
 * @param {import("../tests/mutants/mutants.mjs").Mutant} mutant
 * @param {() => Promise<T>} work
 */
async function withFault(mutant, work) {
  const path = join(COPY, mutant.file);
  const source = readFileSync(path, "utf8");
  writeFileSync(path, faulty(mutant));
  try {
    return await work();
  } finally {
    writeFileSync(path, source);
  }
}

/**
 * Builds and runs the copy's simulation, as `npm test` does. Returns the broken promise, if there is
 * one.
 * @param {number} seeds
 * @param {{ from?: number, parts?: string[] }} [options]  the first seed, and the tests to run
 */
async function simulate(seeds, { from = 0, parts = PARTS } = {}) {
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: TARGET,
    SIMULATION_FROM: String(from),
    SIMULATION_SEEDS: String(seeds),
    // It is enough to know that one promise is broken.
    SIMULATION_STOPS_AT_A_FAILURE: "1",
    SIMULATION_DOES_NOT_SHRINK: "1",
    RUST_BACKTRACE: "0",
  };
  const words = ["test", "--test", "simulation"];
  await run("mutant build", "cargo", [...words, "--no-run"], { cwd: COPY, env, timeoutMs: LIMIT_MS });
  let promise = "";
  const onLine = (/** @type {string} */ line) => {
    const found = /breaks the promise "([^"]+)"/.exec(line) || /^test (\S+) \.\.\. FAILED/.exec(line);
    if (found && (!promise || line.includes("breaks"))) promise = found[1];
  };
  try {
    for (const tests of parts) {
      await run("mutant", "cargo", [...words, tests], { cwd: COPY, env, onLine, timeoutMs: LIMIT_MS });
    }
  } catch (error) {
    const tooLong = error instanceof Failure && error.message.includes("was ended after");
    if (!(error instanceof Failure) || (!promise && !tooLong)) throw error;
    return promise || "it came to no end";
  }
  return undefined;
}
