// `npm test`: sets this checkout up, then runs every check and every test, one after another. A step
// that fails does not keep the others from running. At the end come a table of the steps and, for CI, the
// line "N passed, N failed" over all test runners; a step that failed without counting a test counts as one.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromiumPath } from "./lib/chromium.mjs";
import { Failure } from "./lib/failure.mjs";
import { WRANGLER, wranglerEnv, wranglersNode } from "./lib/node-packages.mjs";
import { ROOT } from "./lib/project.mjs";
import { promtoolPath } from "./lib/promtool.mjs";
import { duration, run } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";
import { addCargoTotals, addNodeTotals } from "./lib/totals.mjs";
import { FAULTS, RELEASE, buildWorker } from "./lib/worker.mjs";

/** A test that hangs must not hang CI. The slowest step compiles everything and takes five minutes on two idle cores. */
const STEP_LIMIT_MS = 25 * 60_000;
/** Cloudflare's limit for a free plan is 3 MB. Ours keeps in sight what a dependency brings along. */
const UPLOAD_LIMIT_KIB = 300_000 / 1024;

/**
 * `needs` are names of steps without which this one cannot work.
 * @typedef {import("./lib/totals.mjs").Totals} Totals
 * @typedef {{ name: string, needs: string[], work: (totals: Totals) => Promise<string | void> }} Step
 */

/** @type {Step[]} */
const STEPS = [
  { name: "set-up", needs: [], work: () => setUp({ tests: true }) },
  { name: "worker build", needs: ["set-up"], work: buildWorkers },
  { name: "cargo fmt", needs: ["set-up"], work: () => show("cargo fmt", "cargo", ["fmt", "--all", "--check"]) },
  { name: "cargo clippy", needs: ["set-up"], work: () => show("cargo clippy", "cargo", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]) },
  { name: "page types", needs: ["set-up"], work: () => node("page types", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]) },
  { name: "script types", needs: ["set-up"], work: () => node("script types", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.node.json"]) },
  { name: "eslint", needs: ["set-up"], work: () => node("eslint", ["node_modules/eslint/bin/eslint.js", "--max-warnings=0", "."]) },
  { name: "cargo test", needs: ["worker build"], work: cargoTest },
  { name: "node tests", needs: ["worker build"], work: (totals) => nodeTest("node tests", "tests/node", totals) },
  { name: "browser tests", needs: ["worker build"], work: (totals) => nodeTest("browser tests", "tests/browser", totals) },
  { name: "bench smoke", needs: ["worker build"], work: benchSmoke },
  { name: "upload size", needs: ["worker build"], work: uploadSize },
];

/** @type {{ name: string, outcome: "ok" | "FAILED" | "not run", ms: number, note: string }[]} */
const results = [];
/** @type {Totals} */
const totals = { passed: 0, failed: 0 };
for (const step of STEPS) await perform(step);
summarise();

/** @param {Step} step */
async function perform({ name, needs, work }) {
  console.log(`\n=== ${name}`);
  const begun = Date.now();
  const absent = needs.find((need) => results.some((result) => result.name === need && result.outcome !== "ok"));
  if (absent) {
    console.log(`Not run, because it needs the step "${absent}".`);
    results.push({ name, outcome: "not run", ms: 0, note: "" });
    return;
  }
  /** @type {Totals} */
  const counted = { passed: 0, failed: 0 };
  let passed = false;
  let note = "";
  try {
    note = (await work(counted)) || "";
    passed = counted.failed === 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`✗ ${error.message}`);
  }
  if (!passed && counted.failed === 0) counted.failed = 1;
  totals.passed += counted.passed;
  totals.failed += counted.failed;
  if (counted.passed > 0) note = `${counted.passed} passed, ${counted.failed} failed`;
  results.push({ name, outcome: passed ? "ok" : "FAILED", ms: Date.now() - begun, note });
}

function summarise() {
  console.log("\n=== summary");
  for (const { name, outcome, ms, note } of results) {
    console.log(`${outcome.padEnd(7)}  ${name.padEnd(14)}  ${duration(ms).padStart(12)}  ${note}`.trimEnd());
  }
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

/** @param {string} name @param {string} command @param {string[]} args @param {(line: string) => void} [onLine] */
function show(name, command, args, onLine) {
  const colours = process.stdout.isTTY ? { CARGO_TERM_COLOR: "always", FORCE_COLOR: "1" } : {};
  const env = { ...wranglerEnv(), CHROMIUM_PATH: chromiumPath(), PROMTOOL_PATH: promtoolPath(), ...colours };
  return run(name, command, args, { env, show: true, onLine, timeoutMs: STEP_LIMIT_MS });
}

/** @param {string} name @param {string[]} args @param {(line: string) => void} [onLine] */
function node(name, args, onLine) {
  return show(name, wranglersNode(), args, onLine);
}

async function buildWorkers() {
  await buildWorker(RELEASE);
  await buildWorker(FAULTS);
}

/** @param {Totals} counted */
async function cargoTest(counted) {
  testFiles("tests", ".rs");
  await show("cargo test", "cargo", ["test", "--no-fail-fast"], (line) => addCargoTotals(line, counted));
  requireTests(counted);
}

/** @param {string} name @param {string} folder @param {Totals} counted */
async function nodeTest(name, folder, counted) {
  const args = ["--test", "--test-concurrency=1", "--test-reporter=spec", ...testFiles(folder, ".test.mjs")];
  await node(name, args, (line) => addNodeTotals(line, counted));
  requireTests(counted);
}

/** The test files in a folder and below it, of which there must be some. @param {string} folder @param {string} suffix */
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

/** That the benchmark runs and its counts add up; how fast anything is, no test says. Compiled as tests are, which it shares with them. */
async function benchSmoke() {
  await show("bench smoke", "cargo", ["bench", "--profile", "test", "--bench", "fanout", "--", "--quick", "--node", wranglersNode()]);
}

async function uploadSize() {
  let size = NaN;
  await node("upload size", [WRANGLER, "deploy", "--dry-run"], (line) => {
    const found = /gzip: ([\d.]+) KiB/.exec(line);
    if (found) size = Number(found[1]);
  });
  if (!(size <= UPLOAD_LIMIT_KIB)) throw new Failure(`The worker is ${size} KiB gzipped; at most ${UPLOAD_LIMIT_KIB.toFixed(1)} KiB, or 300 kB, are allowed.`);
  return `${size} KiB gzipped, of at most ${UPLOAD_LIMIT_KIB.toFixed(1)} KiB`;
}
