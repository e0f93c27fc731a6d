// The same measurements in Chromium: decoding alone, and whole frames through a WebSocket, where a
// string or a buffer must be created. The object serves the page itself, because a browser lets no
// other page open sockets to this machine without asking the user.

import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

export class Browser {
  /** @type {import("playwright-core").Browser} */
  #browser;
  /** @type {import("playwright-core").Page} */
  #page;
  /** @type {import("playwright-core").CDPSession} */
  #session;

  /**
   * @param {import("playwright-core").Browser} browser
   * @param {import("playwright-core").Page} page
   * @param {import("playwright-core").CDPSession} session
   */
  constructor(browser, page, session) {
    this.#browser = browser;
    this.#page = page;
    this.#session = session;
  }

  /** @param {string} executablePath @param {URL} url of the object */
  static async open(executablePath, url) {
    const browser = await chromium.launch({ executablePath });
    const page = await browser.newPage();
    await page.route("**/*.mjs", async (route) => {
      const { pathname } = new URL(route.request().url());
      const body = await readFile(new URL(`.${pathname}`, import.meta.url));
      return route.fulfill({ body, contentType: "text/javascript" });
    });
    await page.goto(url.href);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    return new Browser(browser, page, session);
  }

  version() {
    return this.#browser.version();
  }

  /**
   * @param {{ symbols: number, updates: number }} scene
   * @returns {Promise<{ json: number, binary: number }>}
   */
  decoding(scene) {
    return this.#page.evaluate(async (scene) => (await import("./decoding.mjs")).measureDecoding(scene), scene);
  }

  /** Opens a socket and reads every frame as the page would. @param {number} symbols */
  async listen(symbols) {
    await this.#page.evaluate(async (symbols) => {
      const { nothing, readBinary, readJson } = await import("./deltas.mjs");
      const held = nothing(symbols);
      const window = /** @type {any} */ (globalThis);
      const socket = (window.socket = new WebSocket(location.href.replace("http", "ws")));
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") readJson(data, held);
        else readBinary(data, held);
        window.read += 1;
        if (window.read === window.wanted) window.done();
      };
      await new Promise((resolve) => (socket.onopen = resolve));
    }, symbols);
  }

  /** Closes the socket. */
  async deafen() {
    await this.#page.evaluate(() => /** @type {any} */ (globalThis).socket.close());
  }

  /**
   * Microseconds of the page's thread per frame, while `send` sends this many frames.
   * @param {number} frames
   * @param {() => Promise<unknown>} send
   */
  async receiving(frames, send) {
    await this.#page.evaluate((frames) => {
      const window = /** @type {any} */ (globalThis);
      window.read = 0;
      window.wanted = frames;
      window.all = new Promise((resolve) => (window.done = resolve));
    }, frames);
    const before = await this.#threadSeconds();
    await send();
    await this.#page.evaluate(() => /** @type {any} */ (globalThis).all);
    return (((await this.#threadSeconds()) - before) * 1e6) / frames;
  }

  /** The time that the page's thread has spent in tasks, as reported by the browser. */
  async #threadSeconds() {
    const { metrics } = await this.#session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
  }

  close() {
    return this.#browser.close();
  }
}
