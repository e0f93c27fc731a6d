// `npm test`: sets up this checkout, then runs every check and every test. A failed step does not
// stop the others. At the end come what failed, a table of the steps and, for CI, the line
// "N passed, N failed" over all test runners. A step that failed without counting a test counts as
// one.
//
// Tests have deadlines, so they run alone. What precedes them runs in parallel: set-up waits for
// the network and the worker's build keeps one core busy while cargo compiles the tests and clippy.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromiumPath } from "./lib/chromium.mjs";
import { readArguments } from "./lib/arguments.mjs";
import { installClients } from "./lib/clients.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { WRANGLER, wranglerEnv, wranglersNode } from "./lib/node-packages.mjs";
import { buildPage } from "./lib/page.mjs";
import { ROOT } from "./lib/project.mjs";
import { promtoolPath } from "./lib/promtool.mjs";
import { duration, output, run } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";
import { cargoTotals, noTests, nodeTotals } from "./lib/totals.mjs";
import { FAULTS, RELEASE, UPLOAD_LIMIT, buildWorker } from "./lib/worker.mjs";

/**
 * A test that hangs must not hang CI. The slowest step compiles everything and takes five minutes
 * on two idle cores.
 */
const STEP_LIMIT_MS = 25 * 60_000;
/**
 * A test on a real workerd mostly waits, for deadlines and for the next minute, so two cores can
 * run more than two at once.
 */
const WORKERS_AT_ONCE = 6;
/** Each test file has a browser of its own, which waits half of the time. */
const BROWSERS_AT_ONCE = 3;
/** Files of tests of workerds that are killed, evicted or deployed, and waited for. */
const NODE_FILES_AT_ONCE = 2;
/** Files of tests whose clients mostly wait: for prices, pings and reconnects. */
const CLIENT_FILES_AT_ONCE = 3;

/**
 * `needs` names the steps without which this one cannot work.
 * @typedef {import("./lib/totals.mjs").Totals} Totals
 * @typedef {(text: string) => void} Print
 * @typedef {{
 *   name: string, needs: string[],
 *   work: (print: Print, totals: Totals) => Promise<string | void>
 * }} Step
 */

/**
 * A whole run compiles each crate once, and what incremental compilation keeps for later costs a
 * fifth of the time.
 */
const WHOLE = { CARGO_INCREMENTAL: "0" };

/** How the names of test files end. */
const TESTS = ".test.mjs";
const ATTACKS = "attacks.test.mjs";

/**
 * Stages run one after another. The lists of a stage run in parallel, and the steps of a list one
 * after another. Cargo locks its target folder, so only one list of a stage may compile natively.
 * @type {Step[][][]}
 */
const STAGES = [
  [
    [
      { name: "set-up", needs: [], work: () => setUp({ tests: true }) },
      { name: "page build", needs: ["set-up"], work: buildPage },
      { name: "worker build", needs: ["page build"], work: buildWorkers },
      { name: "upload size", needs: ["worker build"], work: uploadSize },
      { name: "page types", needs: ["set-up"], work: (print) => node(print, "page types", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]) },
      { name: "script types", needs: ["set-up"], work: (print) => node(print, "script types", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.node.json"]) },
      { name: "eslint", needs: ["set-up"], work: (print) => node(print, "eslint", ["node_modules/eslint/bin/eslint.js", "--max-warnings=0", "."]) },
    ],
    [
      { name: "cargo build", needs: [], work: compileTests },
      { name: "cargo clippy", needs: ["set-up"], work: (print) => show(print, "cargo clippy", "cargo", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]) },
      { name: "cargo fmt", needs: ["set-up"], work: (print) => show(print, "cargo fmt", "cargo", ["fmt", "--all", "--check"]) },
    ],
    [{ name: "clients", needs: ["set-up"], work: installClients }],
  ],
  [[{ name: "core tests", needs: [], work: coreTests }]],
  [[{ name: "worker tests", needs: ["worker build"], work: workerTests }]],
  // They assert how long others wait, so nothing else may take the processor.
  [[{ name: "attack tests", needs: ["worker build"], work: (print, totals) => nodeTest(print, "attack tests", testFiles("tests/node", ATTACKS), totals) }]],
  [[{ name: "node tests", needs: ["worker build"], work: (print, totals) => nodeTest(print, "node tests", otherNodeTests(), totals, NODE_FILES_AT_ONCE) }]],
  [[{ name: "client tests", needs: ["worker build", "clients"], work: (print, totals) => nodeTest(print, "client tests", testFiles("tests/clients", TESTS), totals, CLIENT_FILES_AT_ONCE) }]],
  [[{ name: "browser tests", needs: ["worker build"], work: (print, totals) => nodeTest(print, "browser tests", testFiles("tests/browser", TESTS), totals, BROWSERS_AT_ONCE) }]],
  [[{ name: "bench smoke", needs: ["worker build"], work: benchSmoke }]],
];

/**
 * Resolved when the step has ended, for the steps that need it.
 * @type {Map<string, { promise: Promise<void>, end: () => void }>}
 */
const endings = new Map(STAGES.flat(2).map(({ name }) => {
  let end = () => {};
  const promise = new Promise((/** @type {(value: void) => void} */ resolve) => void (end = resolve));
  return [name, { promise, end }];
}));

/** @type {{ name: string, outcome: "ok" | "FAILED" | "not run", ms: number, note: string }[]} */
const results = [];
const totals = noTests();
const begun = Date.now();
await main(async () => {
  readArguments({});
  for (const stage of STAGES) {
    const alone = stage.length === 1;
    await Promise.all(stage.map(async (steps) => {
      for (const step of steps) await perform(step, alone);
    }));
  }
  summarise();
});

/**
 * A step that runs alone prints at once. The output of a parallel step is printed when it has
 * ended, so that it stays in one piece.
 * @param {Step} step
 * @param {boolean} alone
 */
async function perform({ name, needs, work }, alone) {
  await Promise.all(needs.map((need) => endings.get(need)?.promise));
  const begun = Date.now();
  /** @type {string[]} */
  const said = [];
  const print = alone ? (/** @type {string} */ text) => void process.stdout.write(text) : (/** @type {string} */ text) => void said.push(text);
  if (alone) console.log(`\n=== ${name}`);
  const absent = needs.find((need) => results.some((result) => result.name === need && result.outcome !== "ok"));
  const counted = noTests();
  let passed = false;
  let note = "";
  try {
    if (absent) print(`Not run, because it needs the step "${absent}".\n`);
    else note = (await work(print, counted)) || "";
    passed = counted.failed === 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    print(`✗ ${error.message}\n`);
    counted.failures.push(error.message);
  }
  if (!alone) process.stdout.write(`\n=== ${name}\n${said.join("")}`);
  if (!absent && !passed && counted.failed === 0) counted.failed = 1;
  totals.passed += counted.passed;
  totals.failed += counted.failed;
  totals.failures.push(...counted.failures.map((failure) => `${name}: ${failure}`));
  if (counted.passed > 0) note = `${counted.passed} passed, ${counted.failed} failed`;
  results.push({ name, outcome: absent ? "not run" : passed ? "ok" : "FAILED", ms: Date.now() - begun, note });
  endings.get(name)?.end();
}

function summarise() {
  if (totals.failures.length > 0) console.log(`\n=== what failed\n${totals.failures.join("\n\n")}`);
  console.log("\n=== summary");
  for (const { name, outcome, ms, note } of results) {
    console.log(`${outcome.padEnd(7)}  ${name.padEnd(14)}  ${duration(ms).padStart(12)}  ${note}`.trimEnd());
  }
  console.log(`         ${"all".padEnd(14)}  ${duration(Date.now() - begun).padStart(12)}`);
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

/**
 * @param {Print} print
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {{ onLine?: (line: string) => void, env?: NodeJS.ProcessEnv }} [options]
 */
function show(print, name, command, args, { onLine, env } = {}) {
  const colours = process.stdout.isTTY ? { CARGO_TERM_COLOR: "always", FORCE_COLOR: "1" } : {};
  const all = { ...WHOLE, ...wranglerEnv(), CHROMIUM_PATH: chromiumPath(), PROMTOOL_PATH: promtoolPath(), ...colours, ...env };
  return run(name, command, args, { env: all, show: print, onLine, timeoutMs: STEP_LIMIT_MS });
}

/**
 * @param {Print} print
 * @param {string} name
 * @param {string[]} args
 * @param {(line: string) => void} [onLine]
 */
function node(print, name, args, onLine) {
  return show(print, name, wranglersNode(), args, { onLine });
}

async function buildWorkers() {
  await buildWorker(RELEASE);
  await buildWorker(FAULTS);
}

/**
 * The arguments that select all tests except those on a real workerd, whatever their files are
 * called.
 */
function coreTargets() {
  const { packages } = JSON.parse(output("cargo", ["metadata", "--no-deps", "--format-version", "1"]) || "{}");
  /** @type {{ kind: string[], name: string }[]} */
  const targets = (packages || []).flatMap((/** @type {any} */ { targets }) => targets);
  const names = targets.filter(({ kind, name }) => kind.includes("test") && name !== "worker").map(({ name }) => name);
  return ["--lib", ...names.flatMap((name) => ["--test", name])];
}

/** @param {Print} print */
async function compileTests(print) {
  await show(print, "cargo build", "cargo", ["test", "--no-run", "--tests"]);
}

/**
 * The simulation takes every core, which would starve a real workerd beside it.
 * @param {Print} print
 * @param {Totals} counted
 */
async function coreTests(print, counted) {
  const words = ["test", "--no-fail-fast", ...coreTargets()];
  await show(print, "core tests", "cargo", words, { onLine: cargoTotals(counted) });
  requireTests(counted);
}

/** @param {Print} print @param {Totals} counted */
async function workerTests(print, counted) {
  const env = { RUST_TEST_THREADS: String(WORKERS_AT_ONCE) };
  await show(print, "worker tests", "cargo", ["test", "--test", "worker"], { env, onLine: cargoTotals(counted) });
  requireTests(counted);
}

/** @param {Print} print @param {string} name @param {string[]} files @param {Totals} counted @param {number} [atOnce]  files */
async function nodeTest(print, name, files, counted, atOnce = 1) {
  const args = ["--test", `--test-concurrency=${atOnce}`, "--test-reporter=spec", ...files];
  await node(print, name, args, nodeTotals(counted));
  requireTests(counted);
}

/** The test files of tests/node that need no quiet machine. */
function otherNodeTests() {
  return testFiles("tests/node", TESTS).filter((file) => !file.endsWith(ATTACKS));
}

/**
 * The test files in a folder and below it. There must be at least one.
 * @param {string} folder
 * @param {string} suffix
 */
function testFiles(folder, suffix) {
  const names = existsSync(join(ROOT, folder)) ? readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }) : [];
  const files = names.filter((name) => name.endsWith(suffix)).sort();
  if (files.length === 0) throw new Failure(`There are no tests ${folder}/**/*${suffix}.`);
  return files.map((name) => join(folder, name));
}

/** @param {Totals} counted */
function requireTests({ passed, failed }) {
  if (passed + failed === 0) throw new Failure("The test runner ran no tests.");
}

/**
 * Checks that the benchmark runs and its counts add up; no test checks speed. It is compiled with
 * the profile of the tests, so that they share their crates.
 */
async function benchSmoke(/** @type {Print} */ print) {
  await show(print, "bench smoke", "cargo", ["bench", "--profile", "test", "--bench", "fanout", "--", "--quick", "--node", wranglersNode()]);
}

async function uploadSize(/** @type {Print} */ print) {
  let size = NaN;
  await node(print, "upload size", [WRANGLER, "deploy", "--dry-run"], (line) => {
    const found = /gzip: ([\d.]+) KiB/.exec(line);
    if (found) size = Number(found[1]);
  });
  const said = `${((size * 1024) / 1000).toFixed(1)} kB gzipped, of at most ${UPLOAD_LIMIT / 1000} kB`;
  if (!(size * 1024 <= UPLOAD_LIMIT)) throw new Failure(`The worker is too large: ${said}. \`npm run ledger\` says what takes the room.`);
  return said;
}
