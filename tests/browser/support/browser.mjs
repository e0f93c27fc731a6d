/** One Chromium for a test file, and pages in it that record everything that went wrong. */
import { chromium } from 'playwright-core';
import { chromiumPath } from '../../../scripts/lib/chromium.mjs';

/** @typedef {import('playwright-core').Browser} Browser */
/** @typedef {import('playwright-core').Page} Page */

/** How long a test waits for what must come; it comes at once, except on a machine that is busy with much else. */
export const PATIENCE_MS = 20_000;

/** The Chromium or Chrome that `npm test` would use. */
export async function launch() {
  const executablePath = chromiumPath();
  if (!executablePath) throw new Error('there is no Chromium: set CHROMIUM_PATH, or run npm run setup -- --tests');
  return chromium.launch({ executablePath });
}

/**
 * A page and the list of its complaints: console errors, exceptions, CSP violations.
 * @param {Browser} browser
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  // Listen for the event instead of matching console texts, so that no wording is missed.
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP violation: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return { context, page, complaints };
}

/**
 * A page on this hub, closed at the end of the test. With `clock` the page's time advances by
 * `page.clock` and, between its calls, by itself. `still`: by `page.clock` alone.
 * @template {import('./fake-hub.mjs').FakeHub} Hub
 * @param {import('node:test').TestContext} t
 * @param {Browser} browser
 * @param {Hub} hub
 * @param {object} [how]
 * @param {boolean | 'still'} [how.clock]
 * @param {string} [how.path]
 * @param {object} [how.kept]  what the browser keeps of the user's arrangement before the first visit
 * @param {(page: Page) => Promise<unknown>} [how.prepare]  before the page is asked for
 * @param {import('playwright-core').BrowserContextOptions} [how.context]
 */
export async function openOn(t, browser, hub, { clock = false, path = '/', kept, prepare, context } = {}) {
  const opened = await openPage(browser, context);
  t.after(() => opened.context.close());
  const { page } = opened;
  if (clock) await page.clock.install();
  if (clock === 'still') await page.clock.pauseAt(Date.now() + 1_000);
  if (kept) await page.addInitScript(keep, JSON.stringify(kept));
  await prepare?.(page);
  await hub.serve(page);
  await page.goto(hub.origin + path);
  return { ...opened, hub };
}

/** Runs in the page. What the page wrote itself stays as it is. @param {string} arrangement */
function keep(arrangement) {
  localStorage.setItem('hamster.settings.v1', localStorage.getItem('hamster.settings.v1') ?? arrangement);
}

/**
 * Waits until the page is in this state, and has search, settings and keys: they come after the first
 * prices.
 * @param {Page} page
 * @param {object} [how]
 * @param {'connected' | 'disconnected'} [how.state]
 * @param {boolean} [how.still]  the page's time stands still, and is moved while this waits
 */
export async function isReady(page, { state = 'connected', still = false } = {}) {
  const shown = page.locator(`.link[data-state="${state}"]`);
  await eventually(async () => {
    if (still) await page.clock.runFor(50);
    return (await shown.count()) > 0 && (await page.locator('dialog.palette').count()) > 0;
  }, `the page is ${state}`, 20_000);
}

/**
 * A part of a symbol's row in the watchlist: `.last`, `.change`, `.source`.
 * @param {Page} page
 * @param {string} symbol
 * @param {string} part  a selector within the row
 */
export function cell(page, symbol, part) {
  return row(page, symbol).locator(part);
}

/**
 * A symbol's row in the watchlist.
 * @param {Page} page
 * @param {string} symbol  as its key: in capitals
 */
export function row(page, symbol) {
  return page.locator(`#list [data-symbol="${symbol.replace(/["\\]/g, '\\$&')}"]`);
}

/** The symbols of the watchlist, from top to bottom. @param {Page} page */
export function order(page) {
  return page.locator('#list [data-symbol]').evaluateAll((rows) => rows
    .map((one) => ({ symbol: one.getAttribute('data-symbol') ?? '', top: one.getBoundingClientRect().top }))
    .toSorted((one, other) => one.top - other.top).map(({ symbol }) => symbol));
}

/**
 * What the row says of its price: `Live 2 s`, `SIM Stale 4 min`.
 * @param {Page} page
 * @param {string} symbol
 */
export function says(page, symbol) {
  return cell(page, symbol, '.source').evaluate((source) => {
    const texts = [];
    const walker = document.createTreeWalker(source, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode.nodeValue?.trim());
    return texts.filter(Boolean).join(' ');
  });
}

/**
 * Records every flash from now on; a flash may be over before a test can look.
 * @param {Page} page
 * @returns {Promise<() => Promise<string[]>>} the flashes so far: `AAPL up`
 */
export async function watchFlashes(page) {
  await page.evaluate(() => {
    /** @type {string[]} */
    const flashes = [];
    Object.assign(window, { flashes });
    new MutationObserver((records) => {
      for (const { target } of records) {
        const value = target instanceof Element ? target.getAttribute('data-flash') : null;
        if (target instanceof Element && value !== null) flashes.push(`${target.closest('[data-symbol]')?.getAttribute('data-symbol')} ${value}`);
      }
    }).observe(document.body, { subtree: true, attributeFilter: ['data-flash'] });
  });
  return () => page.evaluate(() => /** @type {any} */ (window).flashes);
}

/**
 * Waits until the row says this of its price.
 * @param {Page} page
 * @param {string} symbol
 * @param {RegExp} what
 * @param {number} [patienceMs]
 */
export function saying(page, symbol, what, patienceMs) {
  return eventually(async () => what.test(await says(page, symbol)), `${symbol} says ${what}`, patienceMs);
}

/**
 * Every title of a row and its parts.
 * @param {Page} page
 * @param {string} symbol
 */
export function titles(page, symbol) {
  return row(page, symbol).evaluate((one) => [one, ...one.querySelectorAll('[title]')].map((part) => part.getAttribute('title') ?? ''));
}

/**
 * Waits until the row's price has these digits. A currency's sign or unit may stand beside them.
 * @param {Page} page
 * @param {string} symbol
 * @param {string} digits  `95,500.00`
 */
export async function shows(page, symbol, digits) {
  await cell(page, symbol, '.last').filter({ hasText: digits }).first().waitFor();
}

/**
 * The digits of the row's price, without a currency's sign or unit: `95,500.00`, `≈1.5e9`; else ''.
 * @param {Page} page
 * @param {string} symbol
 */
export async function priceOf(page, symbol) {
  return ((await cell(page, symbol, '.last').textContent()) ?? '').replace(/[^0-9.,≈e−-]/g, '').replace('−', '-');
}

/**
 * Waits until the connection is in this state.
 * @param {Page} page
 * @param {'connecting' | 'connected' | 'disconnected'} state
 */
export async function becomes(page, state) {
  await page.locator(`.link[data-state="${state}"]`).waitFor();
}

/**
 * The lines of the log, newest first or last as the dock shows them, without their clock.
 * @param {Page} page
 */
export async function logLines(page) {
  const lines = await page.locator('#dock .line').allTextContents();
  return lines.map((line) => line.replace(/^\s*\[\d\d:\d\d:\d\d\]\s*/, '').trim());
}

/**
 * Waits until the log has all of these, wherever they stand in a line.
 * @param {Page} page
 * @param {...string} wanted
 */
export function logs(page, ...wanted) {
  return eventually(async () => {
    const lines = await logLines(page);
    return wanted.every((text) => lines.some((line) => line.includes(text)));
  }, `the log has ${wanted.join(', ')}`);
}

/**
 * Waits until `look` returns something truthy, and returns that.
 * @template T
 * @param {() => Promise<T> | T} look
 * @param {string} what  for the error
 * @param {number} [patienceMs]
 * @returns {Promise<Exclude<T, false | null | undefined>>}
 */
export async function eventually(look, what, patienceMs = PATIENCE_MS) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const seen = await look();
    if (seen) return /** @type {Exclude<T, false | null | undefined>} */ (seen);
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A number as the page writes it, for example `$95,500.00`. @param {string | null} text */
export function numberIn(text) {
  return Number((text ?? '').replace(/[^0-9.-]/g, ''));
}

/** What IndexedDB has of a symbol. Runs in the page. @param {string} symbol @returns {Promise<unknown>} */
export function keptPrice(symbol) {
  return new Promise((resolve) => {
    const opening = indexedDB.open('hamster');
    opening.onsuccess = () => {
      const { result: database } = opening;
      const reading = database.transaction('quotes').objectStore('quotes').get(symbol);
      reading.onsuccess = () => {
        database.close();
        resolve(reading.result?.price);
      };
    };
  });
}

/**
 * Nothing is painted any more, as on a hidden page.
 * @param {Page} page
 * @returns {Promise<() => Promise<void>>} paints again, also what was asked for meanwhile
 */
export async function holdFrames(page) {
  await page.evaluate(() => new Promise((resolve) => {
    const real = window.requestAnimationFrame.bind(window);
    /** @type {FrameRequestCallback[]} */
    const held = [];
    window.requestAnimationFrame = (callback) => held.push(callback);
    Object.assign(window, { paintAgain: () => {
      window.requestAnimationFrame = real;
      for (const callback of held) real(callback);
    } });
    // A frame that was asked for before is painted still.
    real(resolve);
  }));
  return () => page.evaluate('paintAgain()');
}
