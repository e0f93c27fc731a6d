// `npm run bench:plot -- figures.json`: turns the rows that `npm run bench -- --json figures.json`
// wrote into plots (docs/benchmarks/*.svg) and tables (docs/benchmarks/readings.md), and keeps the
// rows beside them. Both axes are logarithmic: a load doubles from step to step, and the systems
// are orders of magnitude apart.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { chart } from "./lib/chart.mjs";
import { ROOT } from "./lib/project.mjs";
import { readings } from "./lib/readings.mjs";

/** @typedef {import("./lib/readings.mjs").Row} Row */

/** In the order of the legend. A system has the same colour in every chart. */
const SYSTEMS = ["ours", "ours-json", "raw", "nchan", "socketio", "flask", "null"];
const COLOURS = ["#d9480f", "#f59f00", "#1971c2", "#2f9e44", "#9c36b5", "#5c4033", "#868e96"];
const KNEE_MS = 250;

await main(async () => {
  const [file, ...more] = readArguments({ allowPositionals: true }, "FILE").positionals;
  if (!file || more.length > 0) throw new Failure("Name one JSON file: npm run bench:plot -- figures.json");
  if (!existsSync(file)) throw new Failure(`There is no file ${file}.`);
  /** @type {Row[]} */
  const rows = JSON.parse(readFileSync(file, "utf8"));
  const folder = join(ROOT, "docs", "benchmarks");
  mkdirSync(folder, { recursive: true });
  const beside = file.replace(/(\.json)?$/, ".machine.json");
  const machine = existsSync(beside) ? JSON.parse(readFileSync(beside, "utf8")) : undefined;
  const figures = `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`;
  for (const [name, content] of Object.entries({
    "freshness-by-load.svg": byLoad(rows),
    "latency-by-clients.svg": byClients(rows),
    "readings.md": readings(rows, machine),
    "figures.json": figures,
  })) {
    if (!content) continue;
    writeFileSync(join(folder, name), content);
    console.log(`docs/benchmarks/${name}`);
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
