// `npm run lighthouse`: Lighthouse's opinion of the terminal, on a phone with a slow network and on
// a desktop. Without --url it judges the built page on the real worker with the simulator. It fails
// when a category has less than 95 of 100. Run it alone on the machine: performance is measured.

import { loadavg } from "node:os";
import { Worker } from "../tests/browser/support/worker.mjs";
import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { CATEGORIES, installLighthouse, judge } from "./lib/lighthouse-tool.mjs";
import { buildPage } from "./lib/page.mjs";
import { step } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";
import { RELEASE, buildWorker } from "./lib/worker.mjs";

const LEAST = 95;
const DEVICES = /** @type {const} */ (["mobile", "desktop"]);

/** @typedef {keyof typeof CATEGORIES} Category */
/** @typedef {import("./lib/lighthouse-tool.mjs").Report} Report */

await main(async () => {
  const { values } = readArguments({
    options: { url: { type: "string" }, runs: { type: "string", default: "3" } },
  }, "[--url ADDRESS] [--runs N]");
  const runs = wholeNumber("--runs", values.runs, { least: 1, most: 25 });
  if (values.url === undefined) {
    await setUp({ tests: true });
    await buildPage();
    await buildWorker(RELEASE);
  }
  await installLighthouse();
  const worker = values.url === undefined ? await Worker.start() : null;
  try {
    await judgeAll(worker ? `${worker.url}/` : String(values.url), runs);
  } finally {
    await worker?.remove();
  }
});

/** @param {string} url @param {number} runs */
async function judgeAll(url, runs) {
  /** @type {string[]} */
  const failed = [];
  for (const device of DEVICES) {
    /** @type {Report[]} */
    const reports = [];
    await step(`Lighthouse, ${device}, ${runs} ${runs === 1 ? "run" : "runs"}`, async () => {
      for (let run = 0; run < runs; run += 1) reports.push(await judge(url, device));
    });
    console.log(tableOf(reports));
    for (const [category, name] of Object.entries(CATEGORIES)) {
      if (median(reports.map((report) => scoreOf(report, /** @type {Category} */ (category)))) < LEAST) failed.push(`${name} on ${device}`);
    }
  }
  console.log(`The load average was ${loadavg().map((load) => load.toFixed(1)).join(", ")}.`);
  if (failed.length > 0) throw new Failure(`Less than ${LEAST} of 100: ${failed.join("; ")}.`);
}

/**
 * The medians, all scores, and what cost points in the last run.
 * @param {Report[]} reports
 */
function tableOf(reports) {
  const lines = Object.entries(CATEGORIES).map(([category, name]) => {
    const scores = reports.map((report) => scoreOf(report, /** @type {Category} */ (category)));
    return `  ${name.padEnd(15)} ${String(median(scores)).padStart(4)}   ${scores.length > 1 ? `of ${scores.join(", ")}` : ""}`.trimEnd();
  });
  const [last] = reports.slice(-1);
  const costly = Object.values(last?.categories ?? {}).flatMap(({ auditRefs }) => auditRefs)
    .filter(({ id, weight }) => weight > 0 && (last?.audits[id]?.score ?? 1) < 0.9)
    .map(({ id }) => last?.audits[id])
    .map((audit) => `  - ${audit?.title}${audit?.displayValue ? `: ${audit.displayValue}` : ""}`);
  return [...lines, ...(costly.length > 0 ? ["  What cost points in the last run:", ...costly] : [])].join("\n");
}

/** Of 100. @param {Report} report @param {Category} category */
function scoreOf({ categories }, category) {
  return Math.round((categories[category]?.score ?? 0) * 100);
}

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}
