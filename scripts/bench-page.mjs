// `npm run bench:page`: what the page costs the browser while 500 rows get 2,000 ticks a second,
// with everything open, and beside it two naive pages with 100 ticks a second (tests/bench/page/).
// It wants the machine for itself: above a load average of 1.5 it prints the figures and judges
// nothing.

import { loadavg } from "node:os";
import { writeFileSync } from "node:fs";
import { readArguments, someOf, wholeNumber } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { FakeHub } from "../tests/browser/support/fake-hub.mjs";
import { launch } from "../tests/browser/support/browser.mjs";
import { universe } from "../tests/browser/support/market.mjs";
import { measure } from "../tests/bench/page/measure.mjs";
import { chartBytes, naive, terminal } from "../tests/bench/page/pages.mjs";
import { serve } from "../tests/bench/page/server.mjs";

const MOST_LOAD = 1.5;
/** Ticks a second that keep the naive pages busy all the time; at 2,000 they no longer answer. */
const MOST_NAIVE_TICKS = 100;
const VIEWPORT = { width: 1440, height: 900 };
const PAGES = /** @type {Record<string, (rows: number) => Promise<import("../tests/bench/page/pages.mjs").Built>>} */ ({
  terminal,
  original: () => naive("original"),
  table: () => naive("table"),
});

/** @typedef {import("../tests/bench/page/measure.mjs").Seen} Seen */

/** @type {[string, (seen: Seen & { chartBytes: number }) => string][]} */
const LINES = [
  ["ticks sent a second", ({ updates }) => updates.toFixed(0)],
  ["frames a second", ({ fps }) => fps.toFixed(1)],
  ["frame interval, p95, ms", ({ frameP95 }) => frameP95.toFixed(1)],
  ["intervals above 25 ms", ({ missed }) => percent(missed)],
  ["… of the idle page", ({ idleMissed }) => percent(idleMissed)],
  ["script, ms/s", ({ scriptPerS }) => scriptPerS.toFixed(0)],
  ["style, ms/s", ({ stylePerS }) => stylePerS.toFixed(0)],
  ["layout, ms/s", ({ layoutPerS }) => layoutPerS.toFixed(0)],
  ["main thread, ms/s", ({ mainPerS }) => mainPerS.toFixed(0)],
  ["tasks above 50 ms", ({ longTasks, longestTask }) => `${longTasks}${longTasks === 0 ? "" : ` (longest ${longestTask.toFixed(0)} ms)`}`],
  ["elements, before and after", ({ nodes }) => nodes.join(" → ")],
  ["heap growth in 10 min, MB", ({ heapGrowth }) => (heapGrowth === null ? "–" : heapGrowth.toFixed(2))],
  ["first price, ms", ({ firstPriceMs }) => firstPriceMs.toFixed(0)],
  ["bytes before the chart", ({ bytesBeforeChart }) => bytesBeforeChart.toLocaleString("en-US")],
  ["bytes of the chart’s library", ({ chart, chartBytes: bytes }) => (bytes === 0 ? "–" : `${bytes.toLocaleString("en-US")}${chart ? "" : " (not drawn)"}`)],
  ["load average", ({ load }) => load.map((value) => value.toFixed(2)).join(" → ")],
];

/** The goals of docs/terminal.md. @type {[string, (seen: Seen & { chartBytes: number }) => boolean][]} */
const GOALS = [
  ["script at most 100 ms/s", ({ scriptPerS }) => scriptPerS <= 100],
  ["main thread at most 400 ms/s", ({ mainPerS }) => mainPerS <= 400],
  ["at most 5 % of intervals above 25 ms", ({ missed }) => missed <= 0.05],
  ["no task above 50 ms", ({ longTasks }) => longTasks === 0],
  ["as many elements at the end", ({ nodes: [before, after] }) => Math.abs(after - before) <= before * 0.05],
  ["the heap grows by at most 5 MB in 10 minutes", ({ heapGrowth }) => heapGrowth === null || heapGrowth <= 5],
  ["the first price within a second", ({ firstPriceMs }) => firstPriceMs <= 1_000],
  ["at most 40 kB before the chart", ({ bytesBeforeChart }) => bytesBeforeChart <= 40_000],
  ["a chart’s library of at most 55 kB, and a chart drawn", ({ chart, chartBytes: bytes }) => chart && bytes <= 55_000],
];

await main(async () => {
  const { values } = readArguments({
    options: {
      seconds: { type: "string", default: "60" },
      rows: { type: "string", default: "500" },
      ticks: { type: "string", default: "2000" },
      pages: { type: "string" },
      long: { type: "boolean", default: false },
      json: { type: "string" },
    },
  }, "[--seconds N] [--rows N] [--ticks N] [--pages terminal,original,table] [--long] [--json FILE]");
  const seconds = wholeNumber("--seconds", values.seconds, { least: 1 });
  const rows = wholeNumber("--rows", values.rows, { least: 1, most: 2_000 });
  const ticks = wholeNumber("--ticks", values.ticks, { least: 1, most: 10_000 });
  const names = someOf("--pages", values.pages, Object.keys(PAGES));

  const load = loadavg()[0] ?? 0;
  console.log(`${rows} rows, ${ticks} ticks a second, ${seconds} s for each page. Load average before: ${load.toFixed(2)}.`);
  const browser = await launch();
  /** @type {Record<string, Seen & { chartBytes: number }>} */
  const seen = {};
  try {
    for (const name of names) seen[name] = await one(browser, name, { seconds, rows, ticks, long: values.long && name === "terminal" });
  } finally {
    await browser.close();
  }
  print(seen);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(seen, null, 2)}\n`);
  if (seen.terminal) judge(seen.terminal, load);
});

/**
 * @param {import("../tests/browser/support/browser.mjs").Browser} browser
 * @param {string} name
 * @param {{ seconds: number, rows: number, ticks: number, long: boolean }} how
 */
async function one(browser, name, { seconds, rows, ticks, long }) {
  const built = await PAGES[name](rows);
  const symbols = universe(rows);
  const hub = new FakeHub(symbols, { v1: true, whole: true });
  hub.ackMs = 5_000;
  let sent = 0;
  const { origin, stop } = await serve(hub, built.files, built.headers);
  const context = await browser.newContext({ viewport: VIEWPORT, locale: "en-US", colorScheme: "dark" });
  try {
    const page = await context.newPage();
    await page.addInitScript((items) => {
      sessionStorage.setItem("symbols", JSON.stringify(items));
      const lists = [{ id: "default", name: "All", items: items.map((symbol) => ({ symbol })) }];
      localStorage.setItem("hamster.settings.v1", JSON.stringify({ version: 1, settings: { side: true, dock: true }, lists, alerts: [] }));
    }, symbols);
    const figures = await measure(page, {
      url: origin, price: built.price, chart: built.chart, seconds, long,
      ready: async () => {
        if (name === "terminal") await page.locator("#list [data-symbol]").first().click();
      },
      run: () => hub.run({ ticksPerS: name === "terminal" ? ticks : Math.min(ticks, MOST_NAIVE_TICKS), onTicks: (count) => (sent += count) }),
      sent: () => sent,
    });
    return { ...figures, chartBytes: chartBytes(built) };
  } finally {
    await context.close();
    await stop();
  }
}

/** @param {Record<string, Seen & { chartBytes: number }>} seen */
function print(seen) {
  const names = Object.keys(seen);
  const width = Math.max(...LINES.map(([label]) => label.length));
  const cells = LINES.map(([, write]) => names.map((name) => (seen[name] ? write(seen[name]) : "")));
  const columns = names.map((name, index) => Math.max(name.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const line = (/** @type {string} */ label, /** @type {string[]} */ row) =>
    `${label.padEnd(width)}  ${row.map((text, index) => text.padStart(columns[index] ?? 0)).join("  ")}`;
  console.log(`\n${line("", names)}`);
  for (const [index, [label]] of LINES.entries()) console.log(line(label, cells[index] ?? []));
}

/** @param {Seen & { chartBytes: number }} seen @param {number} load */
function judge(seen, load) {
  if (load > MOST_LOAD) {
    console.log(`\nNot judged: the load average was ${load.toFixed(2)} before the start, above ${MOST_LOAD}. Other work shares these figures.`);
    return;
  }
  console.log("");
  const failed = GOALS.filter(([, holds]) => !holds(seen));
  for (const goal of GOALS) console.log(`${failed.includes(goal) ? "✗" : "✓"} ${goal[0]}`);
  if (failed.length > 0) process.exitCode = 1;
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
