/**
 * The chart, driven as a person drives it: what is drawn, what is said when nothing can be drawn,
 * what keys and pointer do, and what it costs. Bars are given by a fake hub.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { pageSizes } from '../../scripts/lib/page.mjs';
import { violations } from './support/axe.mjs';
import { eventually, holdFrames, launch, openOn } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };
const SECONDS = /** @type {Record<string, number>} */ ({ '1min': 60, '5min': 300, '15min': 900, '1h': 3_600, '4h': 14_400, '1day': 86_400 });

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
}, { timeout: 60_000 });
after(() => browser?.close());

/**
 * An answer of /api/history: bars up to now, all with the same shape.
 * @param {URL} url
 * @param {Record<string, unknown>} [fields]
 */
function history(url, fields = {}) {
  const interval = url.searchParams.get('interval') ?? '1min';
  const seconds = SECONDS[interval] ?? 60;
  const limit = Math.min(300, Number(url.searchParams.get('limit')));
  const before = url.searchParams.get('before');
  const end = before === null ? Math.floor(Date.now() / 1_000 / seconds) * seconds : Number(before) - seconds;
  const bars = Array.from({ length: limit }, (_, at) => {
    const wave = Math.round(100 * Math.sin(at / 9));
    return [end - (limit - 1 - at) * seconds, 23_500 + wave, 23_560 + wave, 23_440 + wave, 23_520 + wave, 1_000 + at, 0];
  });
  return {
    ok: true, symbol: 'AAPL', interval, simulated: false, scale: 2, currency: 'USD', timezone: 'America/New_York',
    columns: ['time', 'open', 'high', 'low', 'close', 'volume', 'from'], bars, sources: ['twelve_data', 'hub'], gaps: [],
    running: end, more: false, before: bars[0]?.[0] ?? null, reason: null, retry_at: null, as_of: new Date().toISOString(), ...fields,
  };
}

/**
 * A chart asks again when a bar begins, and bars begin by the clock: waits if one of five minutes
 * would during a test.
 */
async function noBarBegins() {
  const left = 300_000 - (Date.now() % 300_000);
  if (left < 20_000) await new Promise((resolve) => setTimeout(resolve, left + 100));
}

/**
 * The page with AAPL alone.
 * @param {import('node:test').TestContext} t
 * @param {{
 *   answer?: (url: URL) => { status?: number, json?: unknown } | null, hub?: FakeHub, path?: string, desk?: object,
 *   context?: import('playwright-core').BrowserContextOptions, prepare?: (page: import('./support/browser.mjs').Page) => Promise<unknown>
 * }} [how]
 */
async function open(t, { answer = (url) => ({ json: history(url) }), hub = new FakeHub(), path = '/?symbols=AAPL', desk, context, prepare } = {}) {
  await noBarBegins();
  /** @type {URL[]} */
  const asked = [];
  hub.api.set('/api/history', (url) => {
    asked.push(url);
    return answer(url);
  });
  const opened = await openOn(t, browser, hub, { path, kept: desk, context: { timezoneId: 'UTC', ...context }, prepare: (page) => Promise.all([page.addInitScript(record), prepare?.(page)]) });
  const chart = opened.page.locator('.chart');
  return { ...opened, asked, chart, stage: chart.locator('.stage'), canvas: chart.locator('.canvas'), legend: chart.locator('.legend') };
}

/** Records the texts that are drawn on canvases, and the frames in which a canvas is drawn. Runs in the page. */
function record() {
  Object.assign(window, { drawn: { texts: [], frames: new Set() } });
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    /** @type {any} */ (window).drawn.texts.push(text);
    return fillText.call(this, text, ...rest);
  };
  CanvasRenderingContext2D.prototype.clearRect = function (...rest) {
    /** @type {any} */ (window).drawn.frames.add(document.timeline.currentTime);
    return clearRect.call(this, ...rest);
  };
}

/** @param {import('playwright-core').Locator} stage */
const ready = (stage) => stage.and(stage.page().locator('[data-state="ready"]')).waitFor();
/** Texts that the canvases show since the last call. @param {import('./support/browser.mjs').Page} page */
const drawnTexts = (page) => page.evaluate(() => /** @type {any} */ (window).drawn.texts.splice(0)).then((texts) => /** @type {string[]} */ (texts));

test('the chart’s code comes after the first price, and never before; nothing moves when it comes', options, async (t) => {
  const hub = new FakeHub([]);
  /** @type {string[]} */
  const scripts = [];
  const { page, stage, complaints } = await open(t, { hub });
  page.on('request', (request) => request.resourceType() === 'script' && scripts.push(request.url()));
  await stage.getByText('Waiting for the first price of AAPL…').waitFor();
  const first = await stage.boundingBox();
  await page.locator('.detail').waitFor();
  const before = await stage.boundingBox();
  assert.ok(Math.abs(Number(first?.height) - Number(before?.height)) < 12, 'the details have their room before they come');
  assert.equal(await page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/canvas-')).length), 0);
  hub.tick('AAPL');
  await ready(stage);
  assert.equal(scripts.filter((url) => url.includes('/canvas-')).length, 1);
  assert.deepEqual(await stage.boundingBox(), before);
  assert.deepEqual(complaints, []);
});

test('a chart that comes into sight while the browser is busy is loaded', options, async (t) => {
  const { stage } = await open(t, {
    prepare: (page) => page.addInitScript(() => {
      // Both changes, out of sight and into sight, are told at once.
      const Observer = window.IntersectionObserver;
      window.IntersectionObserver = class extends Observer {
        /** @param {IntersectionObserverCallback} told */
        constructor(told) {
          super((changes, observer) => told([.../** @type {any[]} */ ([{ isIntersecting: false }]), ...changes], observer));
        }
      };
    }),
  });
  await ready(stage);
});

test('where the side is closed, no chart is loaded', options, async (t) => {
  const { page, hub, asked } = await open(t, { desk: { settings: { side: false } } });
  await eventually(() => hub.received.some((text) => text.includes('subscribe')), 'a subscription');
  hub.tick('AAPL', { price: 236 });
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
  assert.equal(await page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/canvas-')).length), 0);
  assert.equal(asked.length, 0);
});

test('heading: symbol, name and venue, price, change, and what the price is worth', options, async (t) => {
  const { hub, chart } = await open(t);
  hub.tick('AAPL', { price: 235.5, previous_close: 235, percent_change: 0.2127, name: 'Apple Inc.' });
  const heading = chart.locator('.heading');
  await heading.getByText('+0.50 (+0.21%)').waitFor();
  assert.match((await heading.textContent()) ?? '', /^AAPLApple Inc\.NASDAQ\$235\.50\+0\.50 \(\+0\.21%\)Live\d+ s$/);
  hub.tick('AAPL', { price: 235.57, previous_close: 235, percent_change: 0.2426 });
  await heading.locator('.changed').getByText('7', { exact: true }).waitFor();
  assert.equal(await heading.locator('.price').textContent(), '$235.57');
});

test('the legend shows the newest bar, and the running bar follows the price', options, async (t) => {
  const { hub, stage, legend } = await open(t);
  await ready(stage);
  await legend.getByText('from Twelve Data').or(legend.getByText('built here from ticks')).waitFor();
  hub.tick('AAPL', { price: 239.99 });
  await legend.locator('b').getByText('239.99').first().waitFor();
  assert.match((await legend.textContent()) ?? '', /^\w+ \d+, \d\d:\d\dO[\d.]+H239\.99L[\d.]+C239\.99Vol[\d,]+\+[\d.]+%built here from ticks$/);
});

test('each interval is asked for, and the button says which one is shown', options, async (t) => {
  const { chart, stage, asked } = await open(t);
  await ready(stage);
  for (const [name, interval] of [['1m', '1min'], ['15m', '15min'], ['1h', '1h'], ['4h', '4h'], ['1D', '1day'], ['5m', '5min']]) {
    const button = chart.getByRole('button', { name, exact: true });
    await button.click();
    await eventually(async () => (await button.getAttribute('aria-pressed')) === 'true', `${name} is pressed`);
    await eventually(() => asked.at(-1)?.searchParams.get('interval') === interval, `bars of ${interval}`);
    await ready(stage);
  }
  assert.equal(await chart.locator('.intervals [aria-pressed="true"]').count(), 1);
});

test('candles, line and baseline; previous close and armed alerts are lines with labels', options, async (t) => {
  // Above the prices, or it would fire.
  const alert = { id: 'a', kind: 'above', symbol: 'AAPL', level: 236.4, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null, fired: null };
  const desk = { alerts: [alert, { ...alert, id: 'b', level: 235.2, state: 'fired' }, { ...alert, id: 'c', symbol: 'MSFT', level: 235.3 }] };
  const { page, hub, chart, stage, complaints } = await open(t, { desk });
  hub.tick('AAPL', { previous_close: 235.1 });
  await ready(stage);
  /** @type {string[]} */
  let texts = [];
  await eventually(async () => (texts = [...texts, ...(await drawnTexts(page))]).includes('Prev. close'), 'the label of the previous close');
  await eventually(async () => (texts = [...texts, ...(await drawnTexts(page))]).includes('Alert ≥'), 'the label of the alert');
  for (const name of ['Line', 'Baseline at the previous close', 'Candles']) {
    await chart.getByRole('button', { name, exact: true }).click();
    await drawnTexts(page);
    hub.tick('AAPL', { previous_close: 235.1, price: 235.6 + Math.random() / 2 });
    await eventually(async () => (await drawnTexts(page)).includes('Alert ≥'), `the alert on ${name}`);
  }
  assert.ok(!texts.includes('235.20') || texts.filter((text) => text === 'Alert ≥').length > 0);
  assert.deepEqual(complaints, []);
});

test('the line of an alert is dragged to another price, which can be undone', options, async (t) => {
  const alert = { id: 'a', kind: 'above', symbol: 'AAPL', level: 236, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null, fired: null };
  const { page, stage, canvas } = await open(t, { desk: { alerts: [alert] } });
  await ready(stage);
  await eventually(async () => (await drawnTexts(page)).includes('Alert ≥'), 'the alert');
  const box = await canvas.boundingBox();
  assert.ok(box);
  const x = box.x + 60;
  const cursorAt = async (/** @type {number} */ y) => {
    await page.mouse.move(x, y);
    return canvas.evaluate((host) => host.style.cursor);
  };
  let y = box.y + 40;
  while (y < box.y + box.height && (await cursorAt(y)) !== 'ns-resize') y += 4;
  assert.ok(y < box.y + box.height, 'the line is under the pointer');
  const level = () => page.evaluate(() => /** @type {number} */ (JSON.parse(String(localStorage.getItem('hamster.settings.v1'))).alerts[0].level));
  await page.mouse.down();
  await page.mouse.move(x + 4, y - 30, { steps: 5 });
  await page.mouse.up();
  await eventually(async () => (await level()) > 236, 'a higher level');
  assert.equal(await level(), Number((await level()).toFixed(2)), 'a price of the instrument');
  assert.notEqual(await cursorAt(y + 2), 'ns-resize', 'the line has moved');
});

test('who asks to save data is asked before the chart is loaded', options, async (t) => {
  const hub = new FakeHub([]);
  const { page, stage } = await open(t, { hub });
  await page.evaluate(() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } }));
  hub.tick('AAPL');
  const load = stage.getByRole('button', { name: 'Load the chart' });
  await load.waitFor();
  await load.click();
  await ready(stage);
});

test('prices ten times a second repaint the chart four times a second', options, async (t) => {
  const { page, hub, stage } = await open(t);
  await ready(stage);
  let ticks = 0;
  const timer = setInterval(() => hub.tick('AAPL', { price: 235 + (ticks++ % 50) / 10 }), 100);
  t.after(() => clearInterval(timer));
  const measure = (/** @type {number} */ ms) => page.evaluate(async (span) => {
    const { drawn } = /** @type {any} */ (window);
    drawn.frames.clear();
    await new Promise((resolve) => setTimeout(resolve, span));
    return /** @type {number} */ (drawn.frames.size);
  }, ms);
  const frames = await measure(2_000);
  assert.ok(frames >= 2 && frames <= 9, `${frames} repaints in 2 s`);
  // On a page without its side nothing is drawn.
  await page.evaluate(() => document.body.setAttribute('data-side', 'closed'));
  await page.locator('#side').waitFor({ state: 'hidden' });
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  assert.equal(await measure(1_000), 0);
});

test('keys go from bar to bar, and the bar is read out when they rest', options, async (t) => {
  const { page, hub, stage, canvas, legend } = await open(t);
  await ready(stage);
  await canvas.focus();
  assert.match((await canvas.getAttribute('aria-label')) ?? '', /^Chart of AAPL: \d+ bars of 5 minutes as candles, .* First [\d.]+, last [\d.]+, highest [\d.]+, lowest [\d.]+, change [+-]?[\d.]+%\.$/);
  assert.equal(await canvas.getAttribute('role'), 'img');
  const times = legend.locator('time');
  await page.keyboard.press('End');
  const newest = String(await times.getAttribute('datetime'));
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await eventually(async () => Date.parse(String(await times.getAttribute('datetime'))) === Date.parse(newest) - 600_000, 'the bar ten minutes before');
  const said = page.locator('[role="status"].unseen');
  await eventually(async () => /^AAPL, .*: open [\d.]+, high [\d.]+, low [\d.]+, close [\d.]+, volume [\d,]+, .*, from Twelve Data$/.test((await said.allTextContents()).join('')), 'the bar is read out');
  await page.keyboard.press('Home');
  await eventually(async () => Date.parse(String(await times.getAttribute('datetime'))) === Date.parse(newest) - 299 * 300_000, 'the first bar');
  const count = async () => Number(/: (\d+) bars/.exec(await label())?.[1]);
  const label = async () => {
    await canvas.blur();
    await canvas.focus();
    return String(await canvas.getAttribute('aria-label'));
  };
  const wide = await count();
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await eventually(async () => (await count()) < wide, 'plus shows fewer bars');
  await page.keyboard.press('Escape');
  hub.tick('AAPL', { price: 236.11 });
  await legend.locator('b').getByText('236.11').first().waitFor();
});

test('the pointer chooses a bar, and leaving returns to the newest', options, async (t) => {
  const { page, stage, canvas, legend } = await open(t);
  await ready(stage);
  const newest = await legend.locator('time').getAttribute('datetime');
  const box = await canvas.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
  await eventually(async () => (await legend.locator('time').getAttribute('datetime')) !== newest, 'another bar');
  await page.mouse.move(box.x - 200, box.y);
  await eventually(async () => (await legend.locator('time').getAttribute('datetime')) === newest, 'the newest bar');
});

test('the bars in sight as a table, and all bars as a file', options, async (t) => {
  const hub = new FakeHub([]);
  hub.simulated = true;
  hub.quotes.set('AAPL', hub.quote('AAPL'));
  const { page, chart, stage, complaints } = await open(t, { hub, answer: (url) => ({ json: history(url, { simulated: true, sources: ['simulator', 'hub (simulated)'] }) }) });
  await ready(stage);
  await chart.getByRole('button', { name: 'As a table' }).click();
  const table = chart.locator('.bars').getByRole('table');
  await table.waitFor();
  assert.match((await table.locator('caption').textContent()) ?? '', /^AAPL, 5 minutes, SIMULATED, \d+ bars, newest first$/);
  const rows = await table.locator('tbody tr').count();
  assert.ok(rows > 20 && rows < 300, `${rows} rows`);
  assert.deepEqual(await table.locator('thead th').allTextContents(), ['Time', 'Open', 'High', 'Low', 'Close', 'Volume', 'Source']);
  const [first, second] = await table.locator('tbody th').allTextContents();
  assert.ok(Date.parse(`2026 ${first}`) > Date.parse(`2026 ${second}`) || String(first).includes('00:0'), 'newest first');
  assert.deepEqual(await violations(page, '.chart'), []);
  const [download] = await Promise.all([page.waitForEvent('download'), chart.getByRole('button', { name: 'Download the bars as CSV' }).click()]);
  assert.equal(download.suggestedFilename(), 'AAPL-5min.csv');
  const lines = (await readFile(await download.path(), 'utf8')).split('\r\n');
  assert.equal(lines[0], '\uFEFFtime,open,high,low,close,volume,from,simulated');
  assert.match(String(lines[1]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z,235,235\.6,234\.4,235\.2,1000,simulator,true$/);
  assert.equal(lines.length, 302);
  await chart.getByRole('button', { name: 'As a table' }).click();
  await table.waitFor({ state: 'hidden' });
  assert.deepEqual(complaints, []);
});

test('a simulated market has SIMULATED across the chart', options, async (t) => {
  const hub = new FakeHub([]);
  hub.simulated = true;
  hub.quotes.set('AAPL', hub.quote('AAPL'));
  const { page, stage, canvas } = await open(t, { hub, answer: (url) => ({ json: history(url, { simulated: true }) }) });
  await ready(stage);
  await eventually(async () => (await drawnTexts(page)).includes('SIMULATED'), 'the watermark');
  assert.match(String(await canvas.getAttribute('aria-label')), /^Chart of AAPL, simulated: /);
});

test('without bars a sentence says why: refused, none yet, no credit, no answer', options, async (t) => {
  /** @type {(url: URL) => { status?: number, json?: unknown } | null} */
  let answer = () => ({ status: 404, json: { ok: false, status: 404, detail: 'AAPL is not served by this plan' } });
  const hub = new FakeHub([]);
  // The last price of a closed market begins no candle.
  hub.quotes.set('AAPL', hub.quote('AAPL', { session: 'closed' }));
  const { chart, stage } = await open(t, { hub, answer: (url) => answer(url) });
  const message = stage.locator('.message');
  await message.getByText('There is no chart of AAPL: AAPL is not served by this plan.').waitFor();
  answer = (url) => ({ json: history(url, { bars: [], reason: 'older bars are asked for when API credits allow it', retry_at: new Date(Date.now() + 40_000).toISOString() }) });
  await chart.getByRole('button', { name: '1h' }).click();
  await message.getByText(/^There are no bars of AAPL yet: older bars are asked for when API credits allow it\. Asked again in \d+ s\.$/).waitFor();
  answer = () => null;
  await chart.getByRole('button', { name: '4h' }).click();
  await message.getByText(/^The bars of AAPL did not come: the hub cannot be reached\. Asked again in \d+ s\.$/).waitFor();
  answer = (url) => ({ json: history(url) });
  await message.getByRole('button', { name: 'Try now' }).click();
  await ready(stage);
});

test('what is missing of a chart that is there is said below it; gaps are named', options, async (t) => {
  const { page, chart, stage, legend, canvas } = await open(t, {
    answer(url) {
      const given = history(url, { sources: ['hub'], reason: 'older bars are asked for when API credits allow it', retry_at: new Date(Date.now() + 40_000).toISOString() });
      const bars = /** @type {number[][]} */ (given.bars).filter((_, at) => at < 280 || at >= 290);
      const gap = [Number(bars[279]?.[0]) + 300, Number(bars[280]?.[0]), 'the hub was not running'];
      return { json: { ...given, bars, gaps: [gap] } };
    },
  });
  await ready(stage);
  await chart.locator('.status').getByText(/^Older bars are asked for when API credits allow it\. Asked again in \d+ s\. Candles begin at .*, when this hub first saw a tick\.$/).waitFor();
  await canvas.focus();
  await page.keyboard.press('End');
  for (let presses = 0; presses < 9; presses += 1) await page.keyboard.press('ArrowLeft');
  await legend.getByText(/^gap .*: the hub was not running$/).waitFor();
});

test('older bars come when the left end is near, and the view does not jump', options, async (t) => {
  const { page, stage, canvas, asked, legend } = await open(t, { answer: (url) => ({ json: history(url, { more: true }) }) });
  await ready(stage);
  assert.equal(asked.length, 1);
  await canvas.focus();
  await page.keyboard.press('Home');
  await eventually(() => asked.length > 1, 'older bars');
  const first = Math.floor(Date.now() / 300_000) * 300 - 299 * 300;
  assert.ok(Math.abs(Number(asked[1]?.searchParams.get('before')) - first) <= 300);
  const shown = async () => Date.parse(String(await legend.locator('time').getAttribute('datetime'))) / 1_000;
  const former = Number(asked[1]?.searchParams.get('before'));
  await eventually(async () => (await shown()) === former, 'the chosen bar stays');
  // They may not be there yet.
  await eventually(async () => {
    await page.keyboard.press('ArrowLeft');
    return (await shown()) < former;
  }, 'a bar before the former first');
});

test('after a lost connection the gap is asked for', options, async (t) => {
  const { hub, stage, asked } = await open(t);
  await ready(stage);
  await hub.drop({ code: 1001 });
  await eventually(() => asked.length === 2, 'the missed bars');
  assert.ok(Number(asked[1]?.searchParams.get('limit')) <= 25, 'only what was missed');
});

test('after a loss and a return of which nothing was painted the gap is asked for, too', options, async (t) => {
  const { page, hub, stage, asked } = await open(t);
  await ready(stage);
  const paintAgain = await holdFrames(page);
  const subscriptions = () => hub.received.filter((text) => text.includes('subscribe')).length;
  const before = subscriptions();
  await hub.drop({ code: 1001 });
  await eventually(() => subscriptions() > before, 'it is connected again');
  await paintAgain();
  await eventually(() => asked.length === 2, 'the missed bars');
});

test('bars that the hub comes to know later are asked for, once', options, async (t) => {
  let isWhole = false;
  let end = 0;
  const hub = new FakeHub(undefined, { v1: true });
  const { page, stage, legend, canvas, asked } = await open(t, {
    hub,
    answer(url) {
      const given = history(url);
      const bars = /** @type {number[][]} */ (given.bars);
      end = Number(bars.at(-1)?.[0]);
      return { json: isWhole ? given : { ...given, bars: bars.filter((_, at) => at < bars.length - 8 || at > bars.length - 6) } };
    },
  });
  await ready(stage);
  // Otherwise it would wait for half a minute at most.
  await page.evaluate(() => void (Math.random = () => 0));
  hub.tellSpark('AAPL', { step: 60, end, values: [23_500, 1, 1] });
  hub.tick('AAPL');
  await page.waitForTimeout(2_500);
  assert.equal(asked.length, 1, 'the chart has these minutes');
  isWhole = true;
  for (let times = 0; times < 2; times += 1) hub.tellSpark('AAPL', { step: 60, end: end - 29 * 60, values: Array.from({ length: 10 }, (_, at) => 23_500 * Number(at === 0)) });
  await eventually(() => asked.length === 2, 'the bars that were missing');
  assert.equal(asked[1]?.searchParams.get('limit'), '25', 'no more than from the first that is missing');
  await canvas.focus();
  await page.keyboard.press('End');
  const shown = async () => Date.parse(String(await legend.locator('time').getAttribute('datetime'))) / 1_000;
  for (let presses = 0; presses < 6; presses += 1) await page.keyboard.press('ArrowLeft');
  await eventually(async () => (await shown()) === end - 6 * 300, 'a bar that was missing');
  hub.tellSpark('AAPL', { step: 60, end: end - 29 * 60, values: [23_500] });
  await page.waitForTimeout(2_500);
  assert.equal(asked.length, 2);
});

test('the colours are those of the theme, also after it changes', options, async (t) => {
  const { page, chart, stage, canvas } = await open(t, { context: { colorScheme: 'dark' } });
  await ready(stage);
  /** The background of the drawing. */
  const corner = () => canvas.evaluate((host) => {
    const drawing = host.querySelector('canvas');
    return [...(drawing?.getContext('2d')?.getImageData(2, 2, 1, 1).data ?? [])].slice(0, 3).join();
  });
  const panel = () => chart.evaluate((element) => (getComputedStyle(document.getElementById('side') ?? element).backgroundColor.match(/\d+/g) ?? []).join());
  await eventually(async () => (await corner()) === (await panel()), 'the dark panel');
  const dark = await corner();
  await page.emulateMedia({ colorScheme: 'light' });
  await eventually(async () => (await corner()) === (await panel()), 'the light panel');
  assert.notEqual(await corner(), dark);
});

test('times are in the chosen zone, and the zone is named', options, async (t) => {
  const { chart, stage, legend } = await open(t, { desk: { settings: { zone: 'Asia/Tokyo' } } });
  await ready(stage);
  await chart.locator('.zone').getByText('GMT+9').waitFor();
  assert.equal(await chart.locator('.zone').getAttribute('title'), 'Times: Tokyo time');
  const time = legend.locator('time');
  const at = new Date(String(await time.getAttribute('datetime')));
  const expected = new Intl.DateTimeFormat('en-US', { timeZone: 'Asia/Tokyo', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  assert.equal(await time.textContent(), expected.format(at));
});

test('TradingView’s notice with its link is under the chart', options, async (t) => {
  const { chart, stage, complaints } = await open(t);
  const [, notice] = /show[^\n]*chart:\n\n([^\n]+\n[^\n]+)\n/.exec(await readFile(new URL('../../THIRD_PARTY_NOTICES', import.meta.url), 'utf8')) ?? [];
  assert.equal(await chart.locator('.attribution').textContent(), notice?.replace('\n', ' '));
  assert.equal(await chart.getByRole('link').getAttribute('href'), 'https://www.tradingview.com/');
  await ready(stage);
  assert.deepEqual(complaints, []);
});

test('when the chart’s code is gone because the page is old, it says so and offers to reload', options, async (t) => {
  const hub = new FakeHub([]);
  const { page, stage } = await open(t, { hub });
  await page.route(/\/canvas-[^/]*\.js$/, (route) => route.fulfill({ status: 404, body: '' }));
  hub.tick('AAPL');
  await stage.getByText('A newer version of this page is there, so its old chart could not be loaded.').waitFor();
  await page.unroute(/\/canvas-[^/]*\.js$/);
  hub.quotes.set('AAPL', hub.quote('AAPL'));
  await stage.getByRole('button', { name: 'Reload' }).click();
  await ready(stage);
});

for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
  test(`axe finds nothing in the chart: ${colorScheme}`, options, async (t) => {
    const { page, stage } = await open(t, { context: { colorScheme } });
    await ready(stage);
    assert.deepEqual(await violations(page, '.chart'), []);
  });
}

for (const width of [320, 390, 1_024, 1_440]) {
  test(`extreme numbers and names fit at ${width} px`, options, async (t) => {
    const hub = new FakeHub([]);
    const symbol = 'ABCDEFGHIJKLMNOPQRST:XYZ';
    hub.quotes.set(symbol, hub.quote(symbol, {
      price: 1523456789.12, previous_close: 1423456789.12, percent_change: 7.03, exchange: 'An Exchange With Thirty Letters', day_volume: 5.9e20, average_volume: 5.9e20,
      bid: 1523456789.11, ask: 1523456789.13, low: 1423456789.12, high: 1623456789.12, year_low: 0.00000812, year_high: 1623456789.12, name: 'A Company With A Very Long Name Indeed',
    }));
    const scale = (/** @type {number[]} */ bar) => [bar[0], ...bar.slice(1, 5).map((price) => price * 6_482_794), 5.9e20, 0];
    const { page, stage } = await open(t, {
      hub, path: `/?symbols=${symbol}`, context: { viewport: { width, height: 800 } },
      answer: (url) => {
        const given = history(url);
        return { json: { ...given, bars: /** @type {number[][]} */ (given.bars).map(scale) } };
      },
    });
    if (width < 640) await page.getByRole('button', { name: 'Chart', exact: true }).click();
    await ready(stage);
    await page.locator('.chart .legend:not([hidden])').waitFor();
    const cut = await page.evaluate(() => {
      const side = document.getElementById('side');
      const edge = side?.getBoundingClientRect().right ?? 0;
      const within = [...(side?.querySelectorAll('.chart .price, .chart .change, .chart .truth, .chart .legend span, .toolbar button, .detail dd, .detail .range span, .detail button') ?? [])];
      return within.filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width > 0 && (box.right > edge + 0.5 || (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible'));
      }).map((one) => `${one.className} ${one.textContent}`);
    });
    assert.deepEqual(cut, []);
    assert.equal(await page.evaluate(() => (document.getElementById('side')?.scrollWidth ?? 0) <= (document.getElementById('side')?.clientWidth ?? 0)), true, 'nothing to scroll sideways');
  });
}

// The aim is 40 kB, and is missed: docs/benchmarks.md says by what. This keeps it from growing.
test('the page before the chart is at most 62 kB', options, () => {
  const { first } = pageSizes();
  assert.ok(first <= 62_000, `${first} bytes before the chart`);
});

test('the chart is at most 55 kB', options, () => {
  const { lazy } = pageSizes();
  assert.ok(Number(lazy.get('canvas')) <= 55_000, `${lazy.get('canvas')} bytes of the library`);
  assert.ok(Number(lazy.get('view')) <= 10_000, `${lazy.get('view')} bytes around it`);
});
