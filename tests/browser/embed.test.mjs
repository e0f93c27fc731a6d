/** /embed: one price in a frame on another site. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { violations } from './support/axe.mjs';
import { eventually, launch, openPage } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';
import { StaticServer } from './support/static-server.mjs';

const options = { timeout: 60_000 };
const LEAST = { width: 240, height: 96 };
const MOST_SCRIPT = 12_300;
const LONG_NAME = 'ABCDEFGHIJKLMNOPQR:ABCDE';

/** @type {import('./support/browser.mjs').Browser} */
let browser;
/** @type {StaticServer} */
let server;
before(async () => {
  browser = await launch();
  server = await StaticServer.start();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/**
 * @param {import('node:test').TestContext} t
 * @param {string} query
 * @param {{ hub?: FakeHub, context?: import('playwright-core').BrowserContextOptions, clock?: boolean }} [how]
 */
async function open(t, query, { hub = new FakeHub(), context, clock = false } = {}) {
  const opened = await openPage(browser, { viewport: LEAST, ...context });
  t.after(() => opened.context.close());
  await hub.serve(opened.page);
  if (clock) await opened.page.clock.install();
  await opened.page.goto(`${server.url}/embed?${query}`);
  return { ...opened, hub };
}

/** A hub whose prices are simulated. */
function simulated() {
  const hub = new FakeHub([]);
  hub.simulated = true;
  for (const symbol of ['AAPL', 'BTC/USD']) hub.quotes.set(symbol, hub.quote(symbol));
  return hub;
}

/** What the card says, from top to bottom. @param {import('./support/browser.mjs').Page} page */
const said = async (page) => (await page.locator('.card').innerText()).replace(/\s+/g, ' ').trim();

test('it shows symbol, last, change, sign, word and age, and leads to the terminal', options, async (t) => {
  const { page, hub, complaints } = await open(t, 'symbol=aapl');
  await page.getByText('$235.50').waitFor();
  assert.match(await said(page), /^aapl NASDAQ \$235\.50 \+0\.59 \+0\.25% Live \d+ s Hamster$/);
  assert.equal(await page.locator('.truth use').getAttribute('href'), '#icon-disc');
  assert.equal(await page.locator('.percent use').getAttribute('href'), '#icon-up');
  hub.tick('AAPL', { price: 230.1, percent_change: -2.05 });
  await page.getByText('$230.10').waitFor();
  assert.match(await said(page), /−4\.81 −2\.05%/);
  const link = page.getByRole('link', { name: 'Hamster' });
  assert.equal(await link.getAttribute('href'), '/?s=aapl');
  assert.equal(await link.getAttribute('target'), '_blank');
  assert.deepEqual(complaints, []);
});

test('it asks for its symbol alone, once a second at most', options, async (t) => {
  const { page, hub } = await open(t, 'symbol=AAPL');
  await page.getByText('$235.50').waitFor();
  const subscribed = hub.received.filter((text) => text.includes('"subscribe"')).map((text) => JSON.parse(text).params);
  assert.deepEqual(subscribed, [{ symbols: ['AAPL'], interval_ms: 1_000 }]);
  assert.deepEqual(hub.restQuestions, []);
});

test('its words are those of the one judge of prices: mute, stale, last known', options, async (t) => {
  const { page, hub } = await open(t, 'symbol=AAPL');
  const word = page.locator('.word');
  await word.getByText('Live').waitFor();
  hub.say({ event: 'feed', state: 'stalled', since: new Date().toISOString(), reason: 'no ticks' });
  await word.getByText('Mute').waitFor();
  hub.tick('AAPL', { freshness: 'stale', stale_since: new Date().toISOString() });
  await word.getByText('Stale').waitFor();
  hub.tick('AAPL');
  await word.getByText('Mute').waitFor();
  hub.accepts = false;
  await hub.drop({ code: 1001 });
  await word.getByText('Last known').waitFor();
  assert.match(String(await page.locator('.truth').getAttribute('title')), /cut off from the hub/);
});

test('nobody can miss that the price is simulated', options, async (t) => {
  const { page } = await open(t, 'symbol=AAPL', { hub: simulated() });
  await page.locator('.tape').waitFor();
  assert.match(await page.locator('.tape').innerText(), /SIMULATED\s*no market is behind it/);
  assert.equal(await page.locator('.word').innerText(), 'SIM');
  const { page: real } = await open(t, 'symbol=AAPL');
  await real.getByText('$235.50').waitFor();
  assert.equal(await real.locator('.tape').isVisible(), false);
});

test('a wrong symbol, none, and a hub that is away are sentences inside it', options, async (t) => {
  const { page: wrong } = await open(t, 'symbol=$$$');
  await wrong.getByText('Not a symbol: use letters, digits and . / _ -').waitFor();
  const { page: none } = await open(t, '');
  await none.getByText('This address names no symbol. Add one: ?symbol=AAPL').waitFor();
  const { page: long, hub } = await open(t, `symbol=${'W'.repeat(500)}`);
  await long.getByText('not a symbol: it has 500 characters').waitFor();
  assert.equal(hub.attempts, 0, 'no socket for what cannot be asked');
  const away = new FakeHub();
  away.accepts = false;
  const { page: alone } = await open(t, 'symbol=AAPL', { hub: away });
  await alone.getByText('The hub cannot be reached; this tries again by itself.').waitFor();
  away.accepts = true;
  await alone.getByText('$235.50').waitFor();
});

test('hidden for a minute, it lets go of its socket; shown again, it goes on', options, async (t) => {
  const { page, hub } = await open(t, 'symbol=AAPL', { clock: true });
  await page.getByText('$235.50').waitFor();
  await show(page, false);
  await page.clock.fastForward(50_000);
  assert.equal(hub.sockets.length, 1);
  await page.clock.fastForward(11_000);
  await eventually(() => hub.sockets.length === 0, 'the socket is closed');
  await page.clock.fastForward(120_000);
  assert.equal(hub.attempts, 1, 'it stays away');
  hub.quotes.set('AAPL', hub.quote('AAPL', { price: 236 }));
  await show(page, true);
  await page.getByText('$236.00').waitFor();
});

/** @param {import('./support/browser.mjs').Page} page @param {boolean} visible */
function show(page, visible) {
  return page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visible ? 'visible' : 'hidden');
}

test('any site may frame it, and none may frame the terminal', options, async (t) => {
  const { page, complaints } = await open(t, 'symbol=AAPL');
  // Another site on this machine. Chromium asks the user before a public one may reach into it.
  const frames = `<!doctype html><iframe title="a" src="${server.url}/embed?symbol=AAPL" width="240" height="96"></iframe><iframe title="b" src="${server.url}/"></iframe>`;
  const blog = `${server.url.replace('127.0.0.1', 'localhost')}/blog`;
  server.files.set('/blog.html', Buffer.from(frames));
  server.rules.push({ pattern: /^\/blog$/, removes: ['content-security-policy'], sets: [['cross-origin-embedder-policy', 'require-corp']] });
  assert.deepEqual(complaints, []);
  await page.goto(blog);
  assert.equal(await page.evaluate(() => crossOriginIsolated), true, 'not even an isolated one is refused');
  const [own, terminal] = [page.frameLocator('iframe[title="a"]'), page.frameLocator('iframe[title="b"]')];
  await own.getByText('$235.50').waitFor();
  assert.equal(await terminal.locator('#header').count(), 0);
  const { headers } = await fetch(`${server.url}/embed`);
  assert.match(String(headers.get('content-security-policy')), /^default-src 'none'; script-src 'self';.* frame-ancestors \*; .*trusted-types 'none'$/);
});

test('it keeps nothing in the browser', options, async (t) => {
  const { page, context } = await open(t, 'symbol=AAPL&chart=1h');
  await page.getByText('$235.50').waitFor();
  const kept = await page.evaluate(async () => [
    localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length,
    (await navigator.serviceWorker.getRegistrations()).length,
  ]);
  assert.deepEqual(kept, [0, 0, 0, 0, 0]);
  assert.deepEqual(await context.cookies(), []);
});

test('a chart of the last day comes from the hub’s bars', options, async (t) => {
  const { page, hub } = await open(t, 'about=nothing');
  const now = Math.floor(Date.now() / 300_000) * 300;
  const bars = Array.from({ length: 50 }, (_, place) => [now - (50 - place) * 300, 0, 0, 0, 23_000 + place, null, 0]);
  /** @type {string[]} */
  const asked = [];
  await page.route(`${server.url}/api/history?*`, (route) => {
    asked.push(new URL(route.request().url()).search);
    return route.fulfill({ json: { ok: true, scale: 2, bars } });
  });
  await page.goto(`${server.url}/embed?symbol=AAPL&chart=1d`);
  await page.locator('.curve').waitFor();
  assert.deepEqual(asked, ['?symbol=AAPL&interval=5min&limit=288']);
  const drawn = await page.locator('.curve .line').getAttribute('d');
  assert.equal(drawn?.split('L').length, 51, 'the bars and the price');
  assert.equal(hub.attempts, 1);
});

test('theme and colours are those of the address', options, async (t) => {
  const { page } = await open(t, 'symbol=AAPL&theme=dark&updown=blind', { context: { colorScheme: 'light' } });
  await page.getByText('$235.50').waitFor();
  const colours = () => page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(/** @type {Element} */ (document.querySelector('.change'))).color]);
  assert.deepEqual(await colours(), ['rgb(17, 20, 26)', 'rgb(98, 176, 255)']);
  await page.goto(`${server.url}/embed?symbol=AAPL&theme=neon&updown=constructor`);
  await page.getByText('$235.50').waitFor();
  assert.deepEqual(await colours(), ['rgb(255, 255, 255)', 'rgb(0, 105, 92)']);
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`accessible and whole in every box, whatever the price (${colorScheme})`, options, async (t) => {
    const hub = simulated();
    const symbols = { AAPL: {}, [LONG_NAME]: { price: 1523456789.12, percent_change: 123456.78, previous_close: 1, exchange: 'W'.repeat(30) }, 'SHIB/USD': { price: 0.00000812, decimals: 8, name: 'Shiba Inu / US Dollar' } };
    for (const [symbol, fields] of Object.entries(symbols)) hub.quotes.set(symbol, hub.quote(symbol, fields));
    const { page, complaints } = await open(t, 'symbol=AAPL', { hub, context: { colorScheme } });
    for (const symbol of [...Object.keys(symbols), '$$$']) {
      await page.goto(`${server.url}/embed?${new URLSearchParams({ symbol })}`);
      await page.locator(symbol === '$$$' ? '.sentence' : '.tape').waitFor();
      for (const viewport of [LEAST, { width: 320, height: 180 }, { width: 800, height: 400 }]) {
        await page.setViewportSize(viewport);
        const cut = await page.locator('.card .price, .card .change, .card footer, .card .figures, .card').evaluateAll((all) => all
          .filter((one) => one.getClientRects().length > 0)
          .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 2 || one.getBoundingClientRect().right > innerWidth + 0.5)
          .map(({ className, scrollWidth, clientWidth, scrollHeight, clientHeight }) => `${className} ${scrollWidth}/${clientWidth} ${scrollHeight}/${clientHeight}`));
        assert.deepEqual(cut, [], `${symbol} at ${viewport.width}`);
        const overlaps = await page.evaluate(() => {
          const box = (/** @type {string} */ name) => document.querySelector(name)?.getBoundingClientRect();
          const [price, change] = [box('.price'), box('.change')];
          return price && change && change.width > 0 ? price.right > change.left : false;
        });
        assert.equal(overlaps, false, `${symbol} at ${viewport.width}`);
      }
      await page.setViewportSize(LEAST);
      assert.deepEqual(await violations(page), [], symbol);
    }
    assert.deepEqual(complaints, []);
  });
}

test('its script is smaller than 12.3 kB as it is sent', { timeout: 5_000 }, (t) => {
  const [path = '', script = Buffer.alloc(0)] = [...server.files].find(([name]) => /^\/assets\/embed-.*\.js$/.test(name)) ?? [];
  const size = brotliCompressSync(script).length;
  t.diagnostic(`${path}: ${script.length} bytes, ${size} compressed`);
  assert.ok(size > 1_000 && size < MOST_SCRIPT, `${size} bytes`);
  assert.doesNotMatch(String(script), /^import|import\(/m, 'one file');
});
