/** Measures one page in a real Chromium while its feed runs. */
import { loadavg } from 'node:os';
import { eventually } from '../../browser/support/browser.mjs';

/** @typedef {import('playwright-core').Page} Page */

/**
 * What was seen. `…PerS` are ms of the page's main thread a second. Shares are of frame intervals
 * above 25 ms, 0.01 for 1 %.
 * @typedef {object} Seen
 * @property {number} firstPriceMs  from navigation to the first price on the screen
 * @property {number} bytesBeforeChart  on the wire
 * @property {boolean} chart  whether a chart was drawn
 * @property {number} idleMissed
 * @property {number} missed
 * @property {number} fps
 * @property {number} frameP95
 * @property {number} scriptPerS
 * @property {number} stylePerS
 * @property {number} layoutPerS
 * @property {number} mainPerS
 * @property {number} longTasks  above 50 ms
 * @property {number} longestTask  ms
 * @property {number} updates  what the page was sent in a second
 * @property {[number, number]} nodes  DOM nodes at the beginning and at the end
 * @property {number | null} heapGrowth  MB in ten minutes, after collections; null: not asked for
 * @property {[number, number]} load  load average before and after
 */

const SETTLE_MS = 3_000;
const CHART_MS = 15_000;
const LONG_MS = 600_000;

/**
 * @param {Page} page
 * @param {object} how
 * @param {string} how.url
 * @param {string} how.price  selects an element that shows a price
 * @param {Set<string>} how.chart  paths that only the chart needs
 * @param {() => Promise<void>} how.ready  brings the page into the state that is measured
 * @param {() => () => void} how.run  starts the feed; returns what stops it
 * @param {number} how.seconds
 * @param {boolean} how.long
 * @param {() => number} how.sent  ticks that the feed has sent so far
 * @returns {Promise<Seen>}
 */
export async function measure(page, { url, price, chart, ready, run, seconds, long, sent }) {
  const before = loadavg()[0] ?? 0;
  await page.addInitScript(record, price);
  await page.goto(url);
  // The page's policy forbids the eval with which `waitForFunction` polls.
  await eventually(() => page.evaluate('bench.firstPriceMs > 0'), 'a first price', 30_000);
  await ready();
  const hasChart = chart.size > 0 && (await page.locator('#side canvas').first().waitFor({ timeout: CHART_MS }).then(() => true, () => false));
  await sleep(SETTLE_MS);
  const idle = await frames(page, Math.min(15, seconds) * 1_000);

  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const stop = run();
  await sleep(SETTLE_MS);
  await page.evaluate('bench.longTasks.length = 0');
  const nodes = /** @type {[number, number]} */ ([await count(page), 0]);
  const [sentBefore, metricsBefore, startedAt] = [sent(), await metrics(devtools), performance.now()];
  const busy = await frames(page, seconds * 1_000);
  const took = (performance.now() - startedAt) / 1_000;
  const metricsAfter = await metrics(devtools);
  const perS = (/** @type {string} */ name) => (((metricsAfter.get(name) ?? 0) - (metricsBefore.get(name) ?? 0)) * 1_000) / took;
  const updates = (sent() - sentBefore) / took;
  nodes[1] = await count(page);
  const { firstPriceMs, longTasks, bytes } = await page.evaluate(told, [...chart]);
  const heapGrowth = long ? await growth(page, devtools) : null;
  stop();
  await devtools.detach();
  return {
    firstPriceMs, bytesBeforeChart: bytes, chart: hasChart, idleMissed: missed(idle), missed: missed(busy), fps: busy.length / took, frameP95: percentile(busy, 0.95),
    scriptPerS: perS('ScriptDuration'), stylePerS: perS('RecalcStyleDuration'), layoutPerS: perS('LayoutDuration'), mainPerS: perS('TaskDuration'),
    longTasks: longTasks.length, longestTask: Math.max(0, ...longTasks), updates, nodes, heapGrowth, load: [before, loadavg()[0] ?? 0],
  };
}

/** Runs in the page, before anything else. @param {string} price */
function record(price) {
  const bench = { firstPriceMs: 0, longTasks: /** @type {number[]} */ ([]), intervals: /** @type {number[]} */ ([]), recording: false };
  Object.assign(window, { bench });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) bench.longTasks.push(duration);
  }).observe({ type: 'longtask', buffered: true });
  let last = 0;
  const frame = (/** @type {number} */ now) => {
    if (bench.firstPriceMs === 0 && /\d/.test(document.querySelector(price)?.textContent ?? '')) bench.firstPriceMs = performance.now();
    if (bench.recording && last > 0) bench.intervals.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** Runs in the page. @param {string[]} chart */
function told(chart) {
  const { firstPriceMs, longTasks } = /** @type {any} */ (window).bench;
  const entries = /** @type {PerformanceResourceTiming[]} */ ([...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]);
  const page = entries.filter(({ name }) => !chart.includes(new URL(name).pathname) && !name.includes('/api/'));
  const bytes = page.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  return { firstPriceMs: /** @type {number} */ (firstPriceMs), longTasks: /** @type {number[]} */ (longTasks), bytes };
}

/** The intervals between frames, ms. @param {Page} page @param {number} ms @returns {Promise<number[]>} */
async function frames(page, ms) {
  await page.evaluate('bench.intervals.length = 0; bench.recording = true');
  await sleep(ms);
  return /** @type {number[]} */ (await page.evaluate('bench.recording = false; bench.intervals'));
}

/**
 * Growth of the heap over ten minutes, MB, each time after a collection.
 * @param {Page} page
 * @param {import('playwright-core').CDPSession} devtools
 */
async function growth(page, devtools) {
  const heap = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    await page.evaluate('bench.intervals.length = 0; bench.longTasks.length = 0');
    return (await metrics(devtools)).get('JSHeapUsedSize') ?? 0;
  };
  const before = await heap();
  await sleep(LONG_MS);
  return ((await heap()) - before) / 1e6;
}

/** @param {import('playwright-core').CDPSession} devtools @returns {Promise<Map<string, number>>} */
async function metrics(devtools) {
  const told = await devtools.send('Performance.getMetrics');
  return new Map(told.metrics.map(({ name, value }) => [name, value]));
}

/** @param {Page} page @returns {Promise<number>} */
const count = (page) => page.evaluate(() => document.querySelectorAll('*').length);
/** @param {number[]} intervals */
const missed = (intervals) => (intervals.length === 0 ? 1 : intervals.filter((interval) => interval > 25).length / intervals.length);
/** @param {number[]} values @param {number} share */
const percentile = (values, share) => values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? NaN;
/** @param {number} ms @returns {Promise<void>} */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
