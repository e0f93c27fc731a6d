/** The page before its script, without a network, installed, and older than a deployment. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, keptPrice, launch, openPage, saying, says, shows } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';
import { StaticServer } from './support/static-server.mjs';

const options = { timeout: 60_000 };

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * The terminal from a real server, on a fake hub.
 * @param {import('node:test').TestContext} t
 * @param {import('playwright-core').BrowserContextOptions} [how]
 */
async function open(t, how) {
  const server = await StaticServer.start();
  t.after(() => server.stop());
  const hub = new FakeHub();
  server.api = (url) => hub.answer(url);
  const opened = await openPage(browser, how);
  t.after(() => opened.context.close());
  await hub.serve(opened.page);
  return { ...opened, server, hub };
}

/**
 * The same, once the service worker keeps the page.
 * @param {import('node:test').TestContext} t
 */
async function openKept(t) {
  const opened = await open(t);
  await opened.page.goto(opened.server.url);
  await connected(opened.page);
  await opened.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  return opened;
}

/** @param {import('./support/browser.mjs').Page} page */
const connected = (page) => page.locator('.header .link[data-state="connected"]').waitFor();
/** @param {import('./support/browser.mjs').Page} page */
const notice = (page) => page.locator('.notice');
/** Makes the page look for a new version, as it does every hour. @param {import('./support/browser.mjs').Page} page */
const look = (page) => page.evaluate(async () => void (await (await navigator.serviceWorker.getRegistration())?.update()));

test('before the script runs there are header, tabs and eight rows, and nothing shifts when it has', options, async (t) => {
  const { page, server, complaints } = await open(t);
  let release = () => {};
  const held = new Promise((resolve) => void (release = () => resolve(undefined)));
  server.delay = (path) => (path.startsWith('/assets/main-') && path.endsWith('.js') ? /** @type {Promise<void>} */ (held) : undefined);
  await page.goto(server.url, { waitUntil: 'commit' });
  const rows = page.locator('#list .skeleton .row');
  await rows.last().waitFor();
  assert.equal(await rows.count(), 8);
  assert.equal(await page.locator('#header').innerText(), 'Hamster');
  const [rowHeight, tokens] = await Promise.all([
    rows.first().evaluate((row) => row.getBoundingClientRect().height),
    page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--row-height')),
  ]);
  assert.equal(`${rowHeight}px`, tokens);
  const before = await boxes(page);
  release();
  await connected(page);
  await eventually(async () => (await page.locator('.skeleton').count()) === 0, 'the shapes are gone');
  assert.deepEqual(await boxes(page), before);
  const shift = await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().reduce((sum, entry) => sum + /** @type {any} */ (entry).value, 0))).observe({ type: 'layout-shift', buffered: true });
    setTimeout(resolve, 300, 0);
  }));
  // What is written right-aligned begins further left: a twentieth of what is called good.
  assert.ok(Number(shift) < 0.005, String(shift));
  assert.deepEqual(complaints, []);
});

test('the first picture has the user’s theme, density and regions already', options, async (t) => {
  const { page, server } = await open(t, { colorScheme: 'light' });
  let release = () => {};
  const held = new Promise((resolve) => void (release = () => resolve(undefined)));
  server.delay = (path) => (path.startsWith('/assets/main-') && path.endsWith('.js') ? /** @type {Promise<void>} */ (held) : undefined);
  await page.addInitScript(() => localStorage.setItem('hamster.settings.v1', JSON.stringify({ version: 1, settings: { theme: 'dark', density: 'compact', dock: false } })));
  await page.goto(server.url, { waitUntil: 'commit' });
  const row = page.locator('#list .skeleton .row').first();
  await row.waitFor();
  assert.equal(await row.evaluate((one) => one.getBoundingClientRect().height), 28);
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), 'rgb(11, 13, 16)');
  assert.equal(await page.locator('#dock').isVisible(), false);
  release();
  await connected(page);
});

test('on a phone the strip SIMULATED has its room in the first picture of the next visit', options, async (t) => {
  const { page, server, hub } = await open(t, { viewport: { width: 390, height: 844 }, serviceWorkers: 'block' });
  hub.simulated = true;
  await page.goto(server.url);
  await page.locator('.simulation').waitFor();
  const top = () => page.locator('#list').evaluate((list) => list.getBoundingClientRect().top);
  const before = await top();
  let release = () => {};
  const held = new Promise((resolve) => void (release = () => resolve(undefined)));
  server.delay = (path) => (path.startsWith('/assets/main-') && path.endsWith('.js') ? /** @type {Promise<void>} */ (held) : undefined);
  await page.reload({ waitUntil: 'commit' });
  await page.locator('#list .skeleton .row').first().waitFor();
  assert.equal(await top(), before);
  hub.simulated = false;
  for (const symbol of hub.quotes.keys()) hub.quotes.set(symbol, hub.quote(symbol));
  release();
  await connected(page);
  await eventually(async () => (await top()) === before - 24, 'the room is given back');
});

/** Where the regions are. @param {import('./support/browser.mjs').Page} page */
function boxes(page) {
  return page.evaluate(() => ['header', 'list', 'side', 'dock'].map((id) => {
    const { x, y, width, height } = /** @type {Element} */ (document.getElementById(id)).getBoundingClientRect();
    return [id, x, y, width, height].join(' ');
  }));
}

test('without a network the terminal starts from what this browser keeps, and says that it is cut off', options, async (t) => {
  const { page, server, hub } = await openKept(t);
  await server.stop();
  hub.accepts = false;
  await page.goto(`${server.url}/?symbols=AAPL`);
  await page.locator('.header .link[data-state="disconnected"]').waitFor();
  await notice(page).getByText(/Connection lost/).waitFor();
  assert.equal(await page.locator('.skeleton').count(), 0, 'the script ran');
  hub.accepts = true;
  await connected(page);
});

test('without a network the prices that this browser kept are shown, and are never called live', options, async (t) => {
  const { page, context, server, hub } = await openKept(t);
  await eventually(async () => /^Live/.test(await says(page, 'AAPL')), 'a live price');
  await eventually(() => page.evaluate(keptPrice, 'AAPL'), 'the price is kept');
  await server.stop();
  hub.accepts = false;
  await context.setOffline(true);
  await page.goto(server.url);
  await shows(page, 'AAPL', '235.50');
  await saying(page, 'AAPL', /^Restored \d+ s$/);
  await notice(page).getByText(/^Your device is offline\. Prices from \d\d:\d\d:\d\d, kept by this browser\.$/).waitFor();
  await eventually(async () => /^Disconnected · .*\d/.test(await page.title()), 'the title says so');
  await page.locator('.detail').getByText('Kept by this browser').first().waitFor();

  hub.accepts = true;
  hub.tick('AAPL', { price: 240 });
  await context.setOffline(false);
  await shows(page, 'AAPL', '240.00');
  await saying(page, 'AAPL', /^Live/);
});

/**
 * The service worker of a page, and a click on a notification of its.
 * @param {import('playwright-core').BrowserContext} context
 */
function clicks(context) {
  const [worker] = context.serviceWorkers();
  assert.ok(worker);
  /** @param {string} data */
  const click = (data) => worker.evaluate((text) => {
    const event = new Event('notificationclick');
    Object.assign(event, { notification: { data: JSON.parse(text), close() {} }, waitUntil: (/** @type {Promise<void>} */ done) => void Object.assign(self, { done }) });
    self.dispatchEvent(event);
    return /** @type {any} */ (self).done.then(() => /** @type {any} */ (self).opened);
  }, data);
  return { worker, click };
}

test('a click on an alert’s notification brings the page to the symbol, or opens one that shows it', options, async (t) => {
  const { page, context } = await openKept(t);
  const { worker, click } = clicks(context);
  await click('{"symbol":"MSFT"}');
  await page.locator('.chart .symbol').getByText('MSFT', { exact: true }).waitFor();

  await worker.evaluate(() => {
    // A browser opens windows only for a real click.
    /** @type {any} */ (self).clients.openWindow = async (/** @type {string} */ address) => void Object.assign(self, { opened: address });
  });
  await page.goto('about:blank');
  // The worker knows a page for a moment after it was left.
  const isAlone = () => worker.evaluate(async () => (await (/** @type {any} */ (self)).clients.matchAll({ type: 'window' })).length === 0);
  await eventually(isAlone, 'the page is gone');
  assert.equal(await click('{"symbol":"BTC/USD"}'), '/?s=BTC%2FUSD');
});

test('clicks are not lost while the page still loads: on a notification, and on buttons of what is not there yet', options, async (t) => {
  const { page, context, server } = await openKept(t);
  await page.evaluate(async () => {
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) if (request.url.includes('/assets/later-')) await cache.delete(request);
    }
  });
  let release = () => {};
  const held = new Promise((resolve) => void (release = () => resolve(undefined)));
  let isAsked = false;
  server.delay = (path) => {
    if (!/\/assets\/later-.*\.js$/.test(path)) return undefined;
    isAsked = true;
    return /** @type {Promise<void>} */ (held);
  };
  await page.goto(server.url);
  await eventually(() => isAsked, 'the rest of the page is asked for');
  await clicks(context).click('{"symbol":"MSFT"}');
  await page.locator('.header .bell').click();
  await page.locator('.header .gear').click();
  release();
  await page.locator('.chart .symbol').getByText('MSFT', { exact: true }).waitFor();
  await page.getByRole('dialog', { name: 'Settings' }).waitFor();
});

test('a document that does not come within two seconds is answered from what is kept', options, async (t) => {
  const { page, server } = await openKept(t);
  server.answers = false;
  const begun = Date.now();
  await page.goto(server.url);
  const waited = Date.now() - begun;
  assert.ok(waited >= 1_900, `${waited} ms`);
  await connected(page);
});

test('with a network the newest document is shown, and an unknown address is never answered with the terminal', options, async (t) => {
  const { page, server } = await openKept(t);
  server.files.set('/index.html', Buffer.from(String(server.files.get('/index.html')).replace('<title>', '<title>Newer ')));
  await page.goto(server.url);
  assert.match(await page.content(), /Newer/);
  const lost = await page.goto(`${server.url}/no/such/page`);
  assert.equal(lost?.status(), 404);
  assert.equal(await page.getByRole('heading').innerText(), 'Nothing is traded here');
});

test('what is kept is the document and its assets, never a price', options, async (t) => {
  const { page, server } = await openKept(t);
  await page.evaluate(() => fetch('/api/quotes').then(({ status }) => status));
  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => new URL(url).pathname);
  });
  assert.ok(kept.includes('/'));
  for (const path of kept.filter((path) => path !== '/')) assert.match(path, /^\/assets\/[\w-]+-[0-9A-Z]{8}\.(?:js|css|svg)$/);
  for (const path of kept) if (path !== '/') assert.ok(server.files.has(path), path);
  await server.stop();
  assert.equal(await page.evaluate(() => fetch('/api/quotes').then(() => 'answered', () => 'failed')), 'failed');
});

test('a new version waits: it is announced, and only the button loads it', options, async (t) => {
  const { page, server, context } = await openKept(t);
  const gone = server.deploy();
  await page.evaluate(() => Object.assign(window, { kept: true }));
  await look(page);
  await notice(page).getByText('A new version of the terminal is here.').waitFor();
  assert.equal(await page.evaluate('window.kept'), true, 'nothing was reloaded');
  assert.equal(await page.evaluate((path) => fetch(path).then(({ status }) => status), gone), 200, 'the older tab has its assets');

  await notice(page).getByRole('button', { name: 'Reload' }).click();
  await page.waitForFunction(() => document.documentElement.dataset['next'] === '');
  await connected(page);
  const script = await page.locator('script[type="module"]').getAttribute('src');
  assert.notEqual(script, gone);
  await eventually(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting === null), 'the new worker runs');
  assert.equal(await notice(page).isVisible(), false);
  assert.equal(context.serviceWorkers().length > 0, true);
});

test('another tab that is older is told when one tab took the new version, and keeps its assets', options, async (t) => {
  const { page, server, hub, context } = await openKept(t);
  const other = await context.newPage();
  await hub.serve(other);
  await other.goto(server.url);
  await connected(other);
  const gone = server.deploy();
  await look(page);
  await notice(page).getByRole('button', { name: 'Reload' }).click();
  await page.waitForFunction(() => document.documentElement.dataset['next'] === '');
  await notice(other).getByText('A new version of the terminal is here.').waitFor();
  assert.equal(await other.evaluate((path) => fetch(path).then(({ status }) => status), gone), 200);
});

test('a page that was reloaded by hand is new and says nothing, though the worker still waits', options, async (t) => {
  const { page, server } = await openKept(t);
  server.deploy();
  await look(page);
  await notice(page).getByText('A new version of the terminal is here.').waitFor();
  await page.reload();
  await connected(page);
  await page.waitForFunction(() => document.documentElement.dataset['next'] === '');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  // Two of the seconds in which the notice is painted.
  await page.locator('.header [data-figure="updates"]').filter({ hasText: /\d/ }).waitFor();
  await page.evaluate(() => new Promise((resolve) => void setTimeout(resolve, 2_000)));
  assert.equal(await notice(page).isVisible(), false);
});

test('a part that is gone after a deployment brings the notice, also without a service worker', options, async (t) => {
  const { page, server, context } = await open(t);
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined }));
  await page.goto(server.url);
  await connected(page);
  assert.equal(await notice(page).isVisible(), false);
  const failed = await page.evaluate(() => import(/** @type {any} */ ('/assets/chart-GONE0000.js')).then(() => '', (error) => String(error)));
  assert.match(failed, /TypeError/);
  await notice(page).getByText('A new version of the terminal is here.').waitFor();
  await page.evaluate(() => Object.assign(window, { kept: true }));
  await notice(page).getByRole('button', { name: 'Reload' }).click();
  await page.waitForFunction('window.kept !== true');
  await connected(page);
  assert.equal(await notice(page).isVisible(), false);
});

test('a hub of another version brings the notice', options, async (t) => {
  const { page, hub, server } = await open(t);
  await page.goto(server.url);
  await connected(page);
  hub.answers = false;
  await hub.drop({ code: 1012 });
  await eventually(() => hub.sockets.length === 1, 'the page tries again');
  hub.say({ event: 'connected', version: '0.2.0', simulated: false, time: new Date().toISOString(), feed: hub.feed, symbols: [] });
  await notice(page).getByText('A new version of the terminal is here.').waitFor();
});

test('the one Trusted Types policy passes the service worker and nothing else', options, async (t) => {
  const { page } = await openKept(t);
  /** @param {string} script */
  const thrown = (script) => page.evaluate(`Promise.resolve().then(() => ${script}).then(() => '', String)`);
  assert.match(await thrown(`trustedTypes.createPolicy('hamster', {})`), /TypeError/);
  assert.match(await thrown(`trustedTypes.createPolicy('other', {})`), /TypeError/);
  assert.match(await thrown(`navigator.serviceWorker.register('/sw.js')`), /TrustedScriptURL/);
});

test('Chromium finds nothing wrong with the manifest, and its icons have their sizes', options, async (t) => {
  const { page, server, context, complaints } = await openKept(t);
  const session = await context.newCDPSession(page);
  const { data, errors } = await session.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  const { icons, shortcuts } = JSON.parse(String(data));
  for (const { src, sizes, type } of icons) {
    const icon = await page.evaluate(async (src) => {
      const image = new Image();
      image.src = src;
      await image.decode();
      return { size: `${image.naturalWidth}x${image.naturalHeight}`, type: (await fetch(src)).headers.get('content-type') };
    }, src);
    assert.equal(icon.type, type, src);
    if (sizes !== 'any') assert.equal(icon.size, sizes, src);
  }
  for (const { url } of shortcuts) assert.equal((await fetch(new URL(url, server.url))).status, 200, url);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'), []);
  assert.deepEqual(complaints, []);
});

test('the tab’s icon has an amber corner while prices are simulated', options, async (t) => {
  const { page, hub, server } = await open(t);
  await page.goto(server.url);
  await connected(page);
  const icon = page.locator('link[rel="icon"]');
  const real = await icon.getAttribute('href');
  assert.match(String(real), /^\/assets\/favicon-[^s]/);
  hub.simulated = true;
  hub.tick('AAPL', { price: 240 });
  await eventually(async () => /favicon-simulated-/.test(String(await icon.getAttribute('href'))), 'the marked icon');
  hub.simulated = false;
  hub.tick('AAPL', { price: 241 });
  await eventually(async () => (await icon.getAttribute('href')) === real, 'the real icon again');
});
