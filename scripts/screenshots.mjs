// `npm run screenshots`: pictures of every state of the page, into build/screenshots/, to be looked
// at: three widths, two themes, against the fake hub with a market that is always the same.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readArguments, someOf } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { ROOT } from "./lib/project.mjs";
import { launch, openPage } from "../tests/browser/support/browser.mjs";
import { FakeHub } from "../tests/browser/support/fake-hub.mjs";
import { hostile } from "../tests/browser/support/hostile.mjs";

const FOLDER = join(ROOT, "build", "screenshots");
const SIZES = [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }];
const THEMES = /** @type {const} */ (["dark", "light"]);
const PHONE = 640;
const MINUTE = 60_000;
/** What a picture may wait for, ms: a chart, a dialog. */
const PATIENCE_MS = 4_000;

/** @typedef {import("playwright-core").Page} Page */
/**
 * A state of the page. `hub`: before the page opens; `act`: in the page, once it has prices.
 * @typedef {object} Scene
 * @property {() => FakeHub} hub
 * @property {(page: Page, hub: FakeHub, width: number) => Promise<void>} [act]
 * @property {string} [path]
 * @property {object} [kept]  what this browser keeps of the user's arrangement
 */

/** A hub that knows everything, at the close of a lively hour. @param {{ simulated?: boolean }} [how] */
function market({ simulated = false } = {}) {
  const hub = new FakeHub(undefined, { v1: true, whole: true, simulated });
  const percents = { "BTC/USD": -2.74, "ETH/USD": 0.04, AAPL: -0.53, MSFT: 0.51, NVDA: -0.92, SPY: -0.9, "EUR/USD": 0.01, "GBP/USD": 0.22 };
  for (const [symbol, percent] of Object.entries(percents)) {
    const quote = hub.quote(symbol);
    hub.quotes.set(symbol, { ...quote, percent_change: percent, previous_close: quote["price"] / (1 + percent / 100) });
  }
  return hub;
}

/** A row of every level that can stand in one list. */
function levels() {
  const hub = market();
  const ago = (/** @type {number} */ ms) => new Date(Date.now() - ms).toISOString();
  const change = (/** @type {string} */ symbol, /** @type {object} */ fields) => hub.quotes.set(symbol, { ...hub.quotes.get(symbol), ...fields });
  change("MSFT", { source: "rest", timestamp: ago(22_000) });
  change("NVDA", { freshness: "stale", stale_since: ago(14 * MINUTE), timestamp: ago(14 * MINUTE) });
  change("SPY", { session: "closed", timestamp: ago(120 * MINUTE), opens_at: new Date(Date.now() + 900 * MINUTE).toISOString() });
  change("EUR/USD", { source: "restored", timestamp: ago(30_000) });
  hub.quotes.delete("GBP/USD");
  hub.states["MSFT"] = { state: "polled", reason: "not streamed to this key" };
  hub.states["GBP/USD"] = { state: "unavailable", reason: "this key’s plan does not include GBP/USD", needs_plan: "Grow" };
  return hub;
}

/** A price alert for a picture. @param {string} id @param {string} symbol @param {object} fields */
const alert = (id, symbol, fields) => ({
  id, kind: "above", symbol, level: null, within: null, note: "", repeats: false, expires: null, state: "armed", until: null, fired: null, ...fields,
});
const ALERTS = [
  alert("a1", "BTC/USD", { level: 96_400, note: "take profit" }),
  alert("a2", "AAPL", { kind: "below", level: 230, repeats: true }),
  alert("a3", "NVDA", {
    kind: "day-move", level: 3, state: "fired",
    fired: { at: Date.now() - 5 * MINUTE, price: 149.6, sentence: "NVDA moved 3.0 % on the day", simulated: false },
  }),
  alert("a4", "EUR/USD", { kind: "crosses", level: 1.09, state: "snoozed", until: Date.now() + 15 * MINUTE }),
];

/** @type {Record<string, Scene>} */
const SCENES = {
  live: { hub: () => market() },
  levels: { hub: levels },
  simulated: { hub: () => market({ simulated: true }) },
  mute: { hub: () => market(), act: async (_, hub) => hub.mute(Date.now() - 4 * MINUTE) },
  "cut-off": { hub: () => market(), act: (_, hub) => cutOff(hub) },
  offline: {
    hub: () => market(),
    act: async (page, hub) => {
      await page.context().setOffline(true);
      await cutOff(hub);
    },
  },
  refused: {
    hub: () => market(),
    act: async (_, hub) => {
      hub.headline({ advice: [{ about: "feed", wrong: "the key is not accepted", todo: "Set another key: npx wrangler secret put TWELVE_DATA_API_KEY." }] });
      hub.setFeed("refused", "Twelve Data does not accept this API key", Date.now() - 2 * MINUTE);
    },
  },
  closed: { hub: closedMarket },
  empty: { hub: () => market(), kept: { lists: [{ id: "default", name: "Default", items: [] }] } },
  "chart-filled": { hub: () => market(), act: fillChart },
  search: { hub: () => market(), act: (page) => type(page, "/", "nv") },
  palette: { hub: () => market(), act: (page) => type(page, "Control+k", "") },
  keys: { hub: () => market(), act: (page) => page.keyboard.press("?") },
  alerts: { hub: () => market(), kept: { alerts: ALERTS }, act: (page, _, width) => part(page, width, "Alerts", /alerts/i) },
  connection: { hub: () => market(), act: (page, _, width) => part(page, width, "More", /connection/i) },
  hostile: { hub: () => hostile().hub, path: hostile().path },
};

await main(async () => {
  const { values } = readArguments({
    options: { only: { type: "string" }, width: { type: "string" }, theme: { type: "string" } },
  }, "[--only live,mute] [--width 390] [--theme dark]");
  const names = someOf("--only", values.only, Object.keys(SCENES));
  const widths = someOf("--width", values.width, SIZES.map(({ width }) => String(width)));
  const sizes = SIZES.filter(({ width }) => widths.includes(String(width)));
  const themes = someOf("--theme", values.theme, THEMES);
  if (!values.only) rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const browser = await launch();
  let complained = 0;
  try {
    for (const name of names) for (const theme of themes) for (const size of sizes) complained += await picture(browser, name, theme, size);
  } finally {
    await browser.close();
  }
  console.log(`${names.length * themes.length * sizes.length} pictures are in build/screenshots/.`);
  if (complained > 0) throw new Failure(`${complained} pages complained to the console.`);
});

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} name
 * @param {"dark" | "light"} colorScheme
 * @param {{ width: number, height: number }} viewport
 * @returns {Promise<number>} 1 if the page complained
 */
async function picture(browser, name, colorScheme, viewport) {
  const scene = SCENES[name];
  const phone = viewport.width < PHONE;
  const { page, context, complaints } = await openPage(browser, {
    viewport, colorScheme, reducedMotion: "reduce", timezoneId: "America/New_York", deviceScaleFactor: 2, isMobile: phone, hasTouch: phone,
  });
  try {
    const hub = scene.hub();
    if (scene.kept) {
      const kept = JSON.stringify({ version: 1, settings: { dismissed: ["keys", "east"] }, ...scene.kept });
      await page.addInitScript((text) => localStorage.setItem("hamster.settings.v1", text), kept);
    }
    await hub.serve(page);
    await page.goto(hub.origin + (scene.path ?? "/"));
    await page.locator('.link[data-state="connected"]').waitFor();
    hub.headline();
    await settle(page, "#side canvas");
    if (!phone) for (const symbol of ["BTC/USD", "AAPL"]) if (!scene.path) moveOnce(hub, symbol);
    await scene.act?.(page, hub, viewport.width);
    // Words and figures that change by the second.
    await page.waitForTimeout(1_100);
    await page.screenshot({ path: join(FOLDER, `${name}-${viewport.width}-${colorScheme}.png`) });
  } finally {
    await context.close();
  }
  // A page that is cut off on purpose says so in the console.
  const unexpected = complaints.filter((text) => !/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket/.test(text));
  for (const text of unexpected) console.error(`${name}, ${viewport.width}, ${colorScheme}: ${text}`);
  return unexpected.length > 0 ? 1 : 0;
}

/** A tick that is news and moves the price a little. @param {FakeHub} hub @param {string} symbol */
function moveOnce(hub, symbol) {
  const quote = hub.quotes.get(symbol);
  if (!quote || quote["freshness"] === "stale" || quote["session"] === "closed") return;
  hub.tick(symbol, { ...quote, price: Math.round(quote["price"] * 1.0003 * 100) / 100, received_at: new Date().toISOString(), timestamp: new Date().toISOString() });
}

function closedMarket() {
  const hub = market();
  for (const [symbol, quote] of hub.quotes) {
    if (symbol.includes("/")) continue;
    const opens = new Date(Date.now() + 900 * MINUTE).toISOString();
    hub.quotes.set(symbol, { ...quote, session: "closed", timestamp: new Date(Date.now() - 125 * MINUTE).toISOString(), opens_at: opens, closes_at: null });
  }
  return hub;
}

/** @param {FakeHub} hub */
async function cutOff(hub) {
  hub.accepts = false;
  await hub.drop({ code: 1001 });
}

/** @param {Page} page @param {FakeHub} _ @param {number} width */
async function fillChart(page, _, width) {
  if (width < PHONE) return void (await page.locator("#bottom").getByRole("button", { name: "Chart" }).click());
  await page.locator("#side").getByRole("button", { name: "Fill the screen" }).click({ timeout: PATIENCE_MS }).catch(() => page.keyboard.press("*"));
  await settle(page, 'body[data-filled="chart"]');
}

/** Opens a dialog by its key and types. @param {Page} page @param {string} key @param {string} text */
async function type(page, key, text) {
  await page.keyboard.press(key);
  await settle(page, 'dialog[open] [role="combobox"]');
  await page.keyboard.type(text);
}

/** Shows a tab of the dock. @param {Page} page @param {number} width @param {string} phone @param {RegExp} tab */
async function part(page, width, phone, tab) {
  if (width < PHONE) await page.locator("#bottom").getByRole("button", { name: phone }).click();
  const wanted = page.locator("#dock").getByRole("tab", { name: tab });
  await wanted.click({ timeout: PATIENCE_MS }).catch(() => {});
}

/** Waits for it, and takes the picture without it if it does not come. @param {Page} page @param {string} selector */
async function settle(page, selector) {
  await page.locator(selector).first().waitFor({ timeout: PATIENCE_MS }).catch(() => {});
}
