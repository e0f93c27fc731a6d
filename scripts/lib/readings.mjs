// The figures of a run as Markdown tables for people to compare, one table for each scenario.

/**
 * @typedef {{ p50: number | null, p99: number | null, max: number | null }} Times
 * @typedef {Record<string, any> & {
 *   system: string, scenario: string, clients: number, freshness_ms: Times
 * }} Row
 * @typedef {{
 *   title: string, scenario: string,
 *   columns: [string, (row: Row) => string | number][],
 *   rows?: (rows: Row[]) => Row[]
 * }} Table
 */

/** @type {[string, (row: Row) => string][]} */
const FRESHNESS = [
  ["p50 ms", (row) => number(row.freshness_ms.p50)],
  ["p99 ms", (row) => number(row.freshness_ms.p99)],
  ["max ms", (row) => number(row.freshness_ms.max)],
];
/** @type {[string, (row: Row) => string][]} */
const WAIT = [
  ["a newcomer waits, p50 ms", (row) => number(row.snapshot_ms?.p50)],
  ["p99 ms", (row) => number(row.snapshot_ms?.p99)],
];
/** @type {[string, (row: Row) => string][]} */
const COST = [
  ["CPU", (row) => percent(row.cpu_percent)],
  ["generator CPU", (row) => percent(row.generator_cpu_percent)],
  ["RSS MiB", (row) => number(row.rss_mb)],
  ["errors", (row) => number(row.errors)],
];
/** @type {[string, (row: Row) => string]} */
const CLIENTS = ["clients", (row) => number(row.clients)];
/** @type {[string, (row: Row) => string]} */
const BYTES = ["bytes/update", (row) => number(row.bytes_per_update)];
/** @type {[string, (row: Row) => string]} */
const FRAMES = ["frames/client/s", (row) => number(row.frames_per_client_per_s)];
/** @type {[string, (row: Row) => string]} */
const OFFERED = ["offered updates/s", (row) => number(row.offered_updates_per_s)];

/** @type {Table[]} */
const TABLES = [
  { title: "(a) Latency: 8 symbols, 8 ticks a second", scenario: "a", columns: [CLIENTS, ...FRESHNESS, FRAMES, BYTES, ...COST] },
  {
    title: "(b) The knee: 100 symbols, 1,000 clients; the greatest load that a system keeps up with, and the next",
    scenario: "b",
    columns: [OFFERED, ["", verdict], ...FRESHNESS, FRAMES, BYTES, ...COST],
    rows: (rows) => rows.filter((row) => row.knee || row.keeps_up === false),
  },
  { title: "(b) Every step", scenario: "b", columns: [OFFERED, ["", verdict], ...FRESHNESS, FRAMES, BYTES, ...COST] },
  {
    title: "(c) Many clients: 8 symbols, 1 tick a second each",
    scenario: "c",
    columns: [CLIENTS, ["all connected", (row) => `${row.assembled_s} s`], ...FRESHNESS, FRAMES, BYTES, ...COST],
  },
  {
    title: "(d) Connect storm: all at once",
    scenario: "d",
    columns: [CLIENTS, ["all hold every symbol", (row) => `${row.assembled_s} s`], ...WAIT, ...COST],
  },
  {
    title: "(e) Churn: 200 joins and leaves a second",
    scenario: "e",
    columns: [["joined", (row) => number(row.joined)], ...FRESHNESS, ...WAIT, ...COST],
  },
  {
    title: "(f) Slow readers: 1,000 clients; freshness is that of the others",
    scenario: "f",
    columns: [
      ["stop to read", (row) => row.slow],
      ["for", (row) => `${Math.round(row.seconds)} s`],
      OFFERED,
      ...FRESHNESS,
      ["RSS MiB over time", (row) => [0, 5, 10, 15, 19].map((at) => number(row.rss_over_time_mb?.[at])).join(", ")],
      ["sent away", (row) => row.slow_sent_away],
      ...COST,
    ],
  },
  {
    title: "(g) Ingest: 100 symbols, 1 client; ticks a second",
    scenario: "g",
    columns: [["ticks/s", (row) => number(row.ticks_per_s)], ["", verdict], ...FRESHNESS, FRAMES, BYTES, ...COST],
  },
];

/** @param {Row[]} rows @param {object | undefined} machine */
export function readings(rows, machine) {
  const tables = TABLES.map(({ title, scenario, columns, rows: choose = (all) => all }) => {
    const its = choose(rows.filter((row) => row.scenario === scenario));
    if (its.length === 0) return "";
    const lines = its.map((row) => `| ${row.system} | ${columns.map(([, cell]) => cell(row)).join(" | ")} |`);
    const head = `| system | ${columns.map(([name]) => name).join(" | ")} |\n|---|${columns.map(() => "--:|").join("")}`;
    return `## ${title}\n\n${head}\n${lines.join("\n")}\n`;
  });
  const told = machine ? `\`\`\`json\n${JSON.stringify(machine, undefined, 2)}\n\`\`\`\n` : "";
  return ["# Readings\n", "Written by `npm run bench:plot`; [../benchmarks.md](../benchmarks.md) says what is measured and how.\n", told, ...tables]
    .filter((part) => part !== "")
    .join("\n");
}

/** @param {Row} row */
function verdict(row) {
  if (row.knee) return "**knee**";
  return row.keeps_up ? "" : "too much";
}

/**
 * Three significant digits: a reading is no more precise than that.
 * @param {number | null | undefined} value
 */
function number(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

/** @param {number | null | undefined} value */
function percent(value) {
  return value === null || value === undefined ? "–" : `${Number(value.toPrecision(2))} %`;
}
