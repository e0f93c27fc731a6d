// `npm run bench:plot -- figures.json`: draws what `npm run bench -- --json figures.json` wrote, into docs/benchmarks/*.svg.
// Both axes are logarithmic, since a load is doubled from step to step and the systems are orders of magnitude apart.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, main } from "./lib/failure.mjs";
import { chart } from "./lib/chart.mjs";
import { ROOT } from "./lib/project.mjs";

/**
 * @typedef {{ p50: number | null, p99: number | null, max: number | null }} Times
 * @typedef {{ system: string, scenario: string, clients: number, offered_updates_per_s: number, freshness_ms: Times }} Row
 */

/** In the order of the legend; the same colour in every chart. */
const SYSTEMS = ["ours", "ours-json", "raw", "nchan", "socketio", "flask", "null"];
const COLOURS = ["#d9480f", "#f59f00", "#1971c2", "#2f9e44", "#9c36b5", "#5c4033", "#868e96"];
const KNEE_MS = 250;

await main(async () => {
  const file = process.argv[2];
  if (!file) throw new Failure("Name the JSON file: npm run bench:plot -- figures.json");
  /** @type {Row[]} */
  const rows = JSON.parse(readFileSync(file, "utf8"));
  const folder = join(ROOT, "docs", "benchmarks");
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries({ "freshness-by-load": byLoad(rows), "latency-by-clients": byClients(rows) })) {
    if (!svg) continue;
    writeFileSync(join(folder, `${name}.svg`), svg);
    console.log(`docs/benchmarks/${name}.svg`);
  }
});

/** Scenario (b). @param {Row[]} rows */
function byLoad(rows) {
  const lines = linesOf(rows, "b", (row) => row.offered_updates_per_s);
  return lines.length === 0 ? undefined : chart({
    title: "Freshness by offered load: 1,000 clients, 100 symbols",
    x: "offered updates a second (ticks × clients)",
    y: "freshness p99, ms",
    lines,
    limit: { at: KNEE_MS, label: "250 ms: the knee" },
  });
}

/** Scenario (a). @param {Row[]} rows */
function byClients(rows) {
  const lines = linesOf(rows, "a", (row) => row.clients);
  return lines.length === 0 ? undefined : chart({
    title: "Latency by clients: 8 symbols, 8 ticks a second",
    x: "clients",
    y: "freshness p99, ms",
    lines,
  });
}

/** @param {Row[]} rows @param {string} scenario @param {(row: Row) => number} x */
function linesOf(rows, scenario, x) {
  return SYSTEMS.map((system, i) => {
    const its = rows.filter((row) => row.scenario === scenario && row.system === system);
    const points = its.flatMap((row) => (row.freshness_ms.p99 === null ? [] : [{ x: x(row), y: row.freshness_ms.p99 }]));
    points.sort((one, other) => one.x - other.x);
    return { name: system, colour: COLOURS[i], dashed: system === "null", points };
  }).filter(({ points }) => points.length > 0);
}
