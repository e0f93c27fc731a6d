// Set-up as a list of requirements. Each has a quick check and the work that satisfies it. When
// nothing is missing, a run takes well under a second.

import { chromiumPath, installChromium } from "./chromium.mjs";
import { installPackages, packagesMatchLock, requireNode, requireNpm } from "./node-packages.mjs";
import { installPromtool, promtoolPath } from "./promtool.mjs";
import { duration, step } from "./run.mjs";
import { buildBindgen, hasBindgen, hasLinters, installLinters, requireRust } from "./rust-tools.mjs";
import { addWasmTarget, hasWasmTarget } from "./wasm-target.mjs";

/**
 * `minutes` is how long the work takes on two cores, as measured.
 * @typedef {{
 *   title: string, minutes: number, there: () => boolean, work: () => Promise<void>
 * }} Requirement
 */

/** @type {Requirement[]} */
const TO_RUN = [
  { title: "npm packages (npm ci)", minutes: 0.2, there: packagesMatchLock, work: installPackages },
  { title: "Rust's standard library for WebAssembly", minutes: 0.7, there: hasWasmTarget, work: addWasmTarget },
  { title: "tools/bindgen (cargo build)", minutes: 0.4, there: hasBindgen, work: async () => void (await buildBindgen()) },
];

/** @type {Requirement[]} */
const TO_TEST = [
  { title: "rustfmt and clippy", minutes: 0.3, there: hasLinters, work: installLinters },
  { title: "Chromium", minutes: 0.5, there: () => chromiumPath() !== undefined, work: installChromium },
  { title: "promtool", minutes: 0.3, there: () => promtoolPath() !== undefined, work: installPromtool },
];

/** Checks for the programs that only the user can install. */
export function requirePrograms() {
  requireNode();
  requireNpm();
  requireRust();
}

/**
 * Makes this checkout ready to run, and with `tests` also ready to be tested.
 * @param {{ tests: boolean }} options
 */
export async function setUp({ tests }) {
  const begun = Date.now();
  requirePrograms();
  const missing = [...TO_RUN, ...(tests ? TO_TEST : [])].filter(({ there }) => !there());
  // These share no file, so they run in parallel. The tests' requirements come after them, one at a
  // time, because apt-get allows only one run.
  const together = missing.filter((one) => TO_RUN.includes(one));
  if (missing.length > 0) {
    const minutes = Math.ceil(missing.reduce((sum, requirement) => sum + requirement.minutes, 0));
    console.log(`Set-up, once: ${missing.length} ${missing.length === 1 ? "step" : "steps"}, about ${minutes} min on two cores. Logs are in .tools/logs.`);
  }
  const outcomes = await Promise.allSettled(together.map(({ title, work }) => step(title, work)));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
  for (const { title, work } of missing.filter((one) => !together.includes(one))) await step(title, work);
  console.log(`Set-up is complete (${duration(Date.now() - begun)}).`);
}
