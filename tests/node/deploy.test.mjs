/**
 * A deploy with 500 connected pages: all lose their socket at the same moment. They reconnect by
 * the page's own rules (public/app/link/backoff.js and stream.js), all within fifteen seconds and
 * spread out, and upstream never sees two connections.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../public/app/link/backoff.js';
import { PROTOCOL } from '../../public/app/link/stream.js';
import { freePort } from '../support/ports.mjs';
import { Hub, Reader, eventually } from './support/hub.mjs';
import { Upstream } from './support/upstream.mjs';

const PAGES = 500;
const BACK_WITHIN_MS = 15_000;
/**
 * With full jitter over a second, a tenth of the pages try within 100 ms. Without it, all of them
 * would.
 */
const WINDOW_MS = 100;
const MOST_IN_WINDOW = 0.25;

/** The connection logic of a page; see public/app/link/connection.js. */
class Page {
  #url;
  #backoff = new Backoff();
  /** @type {Reader | undefined} */
  reader;
  /** When it tried to reconnect. @type {number[]} */
  attempts = [];
  /** When it first meant to reconnect. On a busy machine timers fire late, and many at once. */
  due = Infinity;
  connections = 0;
  isOver = false;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
    this.#open();
  }

  #open() {
    const socket = new WebSocket(this.#url, PROTOCOL);
    const reader = new Reader(socket, this.reader);
    this.reader = reader;
    socket.addEventListener('message', ({ data }) => {
      if (!data.startsWith('{"event":"connected"')) return;
      this.connections += 1;
      reader.say({ action: 'subscribe', params: { symbols: 'AAPL', resume: reader.stream.position } });
    });
    let isLost = false;
    const lost = () => {
      if (this.isOver || isLost) return;
      isLost = true;
      const wait = this.#backoff.next();
      if (this.attempts.length === 0) this.due = performance.now() + wait;
      setTimeout(() => {
        if (this.isOver) return;
        this.attempts.push(performance.now());
        this.#open();
      }, wait);
    };
    // Node 22 reports a refused connection by `error` alone; browsers send `close` after it.
    socket.addEventListener('error', lost);
    socket.addEventListener('close', lost);
  }

  get price() {
    return this.reader?.quotes.get('AAPL')?.price;
  }
}

test('500 pages come back after a deploy within 15 s, spread out', { timeout: 120_000 }, async (context) => {
  const upstream = await Upstream.start();
  const hub = new Hub({
    ...upstream.vars,
    RECONNECT_MS: '300',
    CHECKPOINT_MS: '500',
    // The connections from before the restart may still be counted.
    CLIENTS_PER_ADDRESS: String(2 * PAGES),
  }, 'release', await freePort());
  /** @type {Page[]} */
  const pages = [];
  let price = 100;
  const market = setInterval(() => upstream.tick('AAPL', (price += 0.25)), 100);
  context.after(async () => {
    clearInterval(market);
    for (const page of pages) {
      page.isOver = true;
      page.reader?.socket.close();
    }
    await hub.stop();
    await upstream.stop();
  });
  const url = await hub.url();
  for (let started = 0; started < PAGES; started += 1) {
    pages.push(new Page(url));
    if (started % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const allHear = async (/** @type {string} */ what) => {
    const newest = price;
    await eventually(what, () => pages.every((page) => (page.price ?? 0) > newest));
  };
  await allHear('prices for all pages');
  assert.ok(pages.every((page) => page.connections === 1));

  const begun = performance.now();
  await hub.restart();
  const up = performance.now();
  await eventually('all pages are back', () => pages.every((page) => page.connections >= 2));
  const back = performance.now();
  await allHear('new prices for all pages');
  const attempts = pages.flatMap((page) => page.attempts).sort((one, other) => one - other);
  const most = crowd(pages.map((page) => page.due).sort((one, other) => one - other));
  context.diagnostic(
    `down for ${Math.round(up - begun)} ms; all back ${Math.round(back - up)} ms later; ${attempts.length} attempts over ` +
      `${Math.round((attempts.at(-1) ?? 0) - (attempts[0] ?? 0))} ms, at most ${crowd(attempts)} of them within ${WINDOW_MS} ms; of the first ones ${most} were due within as much`,
  );
  assert.ok(back - up < BACK_WITHIN_MS, `the last page was back after ${back - up} ms`);
  assert.ok(most <= PAGES * MOST_IN_WINDOW, `${most} of ${PAGES} pages meant to come back within ${WINDOW_MS} ms`);
  assert.equal(upstream.mostAtOnce, 1);
  assert.deepEqual(pages.map((page) => page.reader?.complaint).filter(Boolean), []);
});

/** The most of these sorted times within one window. @param {number[]} times */
function crowd(times) {
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to += 1) {
    while ((times[to] ?? 0) - (times[from] ?? 0) > WINDOW_MS) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
