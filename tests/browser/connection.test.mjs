/** How the page behaves when the connection, the hub or the network misbehaves, against a fake hub. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, eventually, isReady, launch, logs, openOn, saying, shows } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** @param {import('./support/browser.mjs').Page} page */
const state = (page) => page.locator('.link').getAttribute('data-state');
/** @param {import('./support/browser.mjs').Page} page */
const notice = (page) => page.locator('.notice .sentence').innerText();

/**
 * Fast-forwards a second at a time until `done`, and returns the seconds that it took.
 * @param {import('./support/browser.mjs').Page} page
 * @param {() => Promise<boolean> | boolean} done
 * @param {number} limit
 */
async function secondsUntil(page, done, limit) {
  for (let second = 0; second <= limit; second += 1) {
    if (await done()) return second;
    await pass(page, 1);
  }
  throw new Error(`not within ${limit} s`);
}

/** The page's clock, s. It goes on by itself, too. @param {import('./support/browser.mjs').Page} page */
const clock = (page) => page.evaluate(() => Date.now() / 1_000);

/**
 * Lets time pass slowly enough that answers of the hub arrive in between.
 * @param {import('./support/browser.mjs').Page} page
 * @param {number} seconds
 */
async function pass(page, seconds) {
  for (let second = 0; second < seconds; second += 1) {
    await page.clock.runFor(1_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a socket that falls silent is found out: asked after 15 s, given up 10 s later, opened again', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await openOn(t, browser, hub, { clock: 'still' });
  await isReady(page, { still: true });
  await pass(page, 2);
  hub.answers = false;
  // The page may reconnect in the same second in which it loses the socket.
  hub.onLeft = () => (hub.answers = true);
  const heard = hub.received.length;
  const seconds = await secondsUntil(page, () => hub.answers, 40);
  assert.ok(seconds >= 20 && seconds <= 27, `it took ${seconds} s`);
  assert.ok(hub.received.slice(heard).includes('ping'));
  await secondsUntil(page, async () => (await state(page)) === 'connected', 5);
  assert.equal(hub.attempts, 2);
  await logs(page, 'nothing was heard from the hub for 10 s');
});

test('a hub that answers pings but no questions is found out too', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await openOn(t, browser, hub, { clock: true });
  await becomes(page, 'connected');
  await pass(page, 3);
  hub.answers = false;
  const begun = await clock(page);
  await secondsUntil(page, async () => {
    hub.say('pong');
    return (await state(page)) === 'disconnected';
  }, 80);
  const seconds = (await clock(page)) - begun;
  assert.ok(seconds >= 60, `it took ${seconds} s`);
  assert.match(await notice(page), /the hub does not answer/);
});

test('a flood is not answered with a flood: after close code 4008 it waits 60 s, whatever the browser says', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await openOn(t, browser, hub, { clock: true });
  await becomes(page, 'connected');
  const begun = await clock(page);
  await hub.drop({ code: 4008, reason: 'flood' });
  await becomes(page, 'disconnected');
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await secondsUntil(page, () => hub.attempts > 1, 70);
  const seconds = (await clock(page)) - begun;
  assert.ok(seconds >= 60, `it came back after ${seconds} s`);
  await becomes(page, 'connected');
});

test('disconnected: REST at once and every 30 s, the last known price when that fails, and it tries again for ever', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await openOn(t, browser, hub, { clock: true });
  await saying(page, 'AAPL', /^Live/);
  hub.accepts = false;
  hub.rest = () => hub.quotesAnswer();
  hub.quotes.set('AAPL', hub.quote('AAPL', { price: 250, timestamp: new Date(Date.now() + 2_000).toISOString() }));
  await hub.drop({ code: 1012 });
  await shows(page, 'AAPL', '250.00');
  assert.equal(hub.restQuestions.length, 1);
  assert.deepEqual(String(hub.restQuestions[0]).split(',').toSorted(), 'BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD'.split(',').toSorted());
  await pass(page, 1);
  assert.match(await notice(page), /^Connection lost .*Prices by REST every 30 s/);
  assert.match(await page.title(), /^Disconnected · /);
  await saying(page, 'AAPL', /^REST/);

  hub.rest = null;
  await pass(page, 31);
  await eventually(() => hub.restQuestions.length === 2, 'a second question by REST');
  await pass(page, 1);
  await saying(page, 'AAPL', /^Last known/);
  assert.match(await notice(page), /Prices below are from \d\d:\d\d:\d\d/);

  await pass(page, 90);
  const tried = hub.attempts;
  assert.ok(tried >= 8, `${tried} attempts in two and a half minutes`);
  hub.accepts = true;
  await secondsUntil(page, async () => (await state(page)) === 'connected', 31);
  const asked = hub.restQuestions.length;
  await pass(page, 31);
  assert.equal(hub.restQuestions.length, asked, 'connected, it does not ask by REST');
  await saying(page, 'AAPL', /^Live/);
  assert.equal(await page.locator('.notice').isVisible(), false);
});

test('never reached by socket: the prices come by REST all the same', options, async (t) => {
  const hub = new FakeHub();
  hub.accepts = false;
  hub.rest = () => hub.quotesAnswer();
  const { page, complaints } = await openOn(t, browser, hub);
  await shows(page, 'AAPL', '235.50');
  assert.notEqual(await state(page), 'connected');
  assert.deepEqual(complaints, []);
});

test('the button of the notice line connects at once', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await openOn(t, browser, hub, { clock: true });
  await becomes(page, 'connected');
  hub.accepts = false;
  await hub.drop({ code: 1001 });
  await pass(page, 60);
  // Not just before it tries by itself.
  await secondsUntil(page, async () => /next try in [5-9] s/.test(await notice(page)), 120);
  hub.accepts = true;
  const tried = hub.attempts;
  await page.locator('.notice').getByRole('button', { name: 'Try now' }).click();
  await becomes(page, 'connected');
  assert.equal(hub.attempts, tried + 1);
});

test('the network comes back: it does not wait for its turn', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await openOn(t, browser, hub, { clock: true });
  await becomes(page, 'connected');
  hub.accepts = false;
  await hub.drop({ code: 1001 });
  await pass(page, 120);
  hub.accepts = true;
  const tried = hub.attempts;
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await becomes(page, 'connected');
  assert.equal(hub.attempts, tried + 1);
});

test('lag is measured by clocks that are compared, four times at first and once a minute', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await openOn(t, browser, hub, { clock: true });
  await becomes(page, 'connected');
  const questions = () => hub.received.filter((text) => text.includes('"time"')).length;
  await secondsUntil(page, () => questions() === 4, 10);
  await pass(page, 30);
  assert.equal(questions(), 4);
  await pass(page, 31);
  await eventually(() => questions() === 5, 'a fifth question after a minute');
});

for (const [name, context, scheme] of /** @type {const} */ ([['desktop', {}, 'light'], ['phone', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }, 'dark']])) {
  test(`the three states of the connection, the counter, the symbols tracked and the lag keep their place (${name})`, options, async (t) => {
    const hub = new FakeHub();
    hub.answers = false;
    const { page } = await openOn(t, browser, hub, { context: { ...context, colorScheme: scheme } });
    const word = page.locator('.link .word');
    await word.getByText('Connecting…').waitFor();
    hub.answers = true;
    await hub.drop({ code: 1001 });
    await becomes(page, 'connected');
    await word.getByText('Connected', { exact: true }).waitFor();
    hub.tick('AAPL', { price: 240 });
    if (name === 'desktop') {
      await page.locator('[data-figure="symbols"]').getByText('8 symbols').waitFor();
      await page.locator('[data-figure="updates"]').getByText(/^\d+ updates$/).waitFor();
    }
    // Without a symbol in view that ticks there is no lag; the lag is of ticks after the snapshot.
    await eventually(async () => {
      hub.tick('AAPL', { price: 240 + Math.random() });
      return /^(<1|\d+) ms$|^\d+\.\d\d s$/.test(String(await page.locator('[data-figure="lag"]').textContent()));
    }, 'a lag');
    hub.accepts = false;
    await hub.drop({ code: 1001 });
    await word.getByText('Disconnected').waitFor();
  });
}

test('a hub that accepts no subprotocol is heard in plain JSON', options, async (t) => {
  const hub = new FakeHub();
  const { page, complaints } = await openOn(t, browser, hub, { path: '/?tab=connection' });
  await becomes(page, 'connected');
  hub.tick('AAPL', { price: 236.5 });
  await shows(page, 'AAPL', '236.50');
  await page.locator('#dock [data-value="protocol"]').getByText('plain JSON').waitFor();
  assert.deepEqual(hub.acks, []);
  assert.deepEqual(complaints, []);
});

test('hamster.v1: a snapshot and deltas, which are acknowledged; the hub’s headline is shown', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true, whole: true });
  hub.ackMs = 1_000;
  const { page, complaints } = await openOn(t, browser, hub);
  hub.headline({ viewers: 7 });
  await shows(page, 'AAPL', '235.50');
  hub.tick('AAPL', { price: 236.25 });
  await shows(page, 'AAPL', '236.25');
  await eventually(() => hub.acks.length > 0, 'an acknowledgement');
  const asked = hub.acks.length;
  hub.askForAcks();
  await eventually(() => hub.acks.length > asked, 'the answer to a request');
  hub.headline({ viewers: 7 });
  await page.locator('[data-figure="viewers"]').getByText('7 viewers').waitFor();
  assert.deepEqual(complaints, []);
});

test('hamster.v1: after a break it resumes, and is told what it missed; after a restart it begins anew', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true });
  const { page } = await openOn(t, browser, hub);
  await shows(page, 'AAPL', '235.50');
  hub.accepts = false;
  await hub.drop({ code: 1001 });
  for (const price of [236, 237, 238]) hub.tick('AAPL', { price });
  hub.accepts = true;
  await shows(page, 'AAPL', '238.00');
  await logs(page, 'Resumed: 3 updates missed, 1 symbol brought up to date');
  await hub.restart();
  await logs(page, 'Began anew');
  await saying(page, 'AAPL', /^Restored/);
  hub.tick('AAPL', { price: 239, timestamp: new Date(Date.now() + 1_000).toISOString() });
  await saying(page, 'AAPL', /^Live/);
});

test('hamster.v1: a server that knows an older price does not take back the newer one, until it has caught up', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true });
  const { page } = await openOn(t, browser, hub);
  await shows(page, 'AAPL', '235.50');
  hub.tick('AAPL', { price: 240 });
  await shows(page, 'AAPL', '240.00');
  const received = Date.now();
  const at = (/** @type {number} */ ms) => ({ timestamp: new Date(received + ms).toISOString(), received_at: new Date(received + ms).toISOString() });
  hub.quotes.set('AAPL', hub.quote('AAPL', { price: 236, ...at(-30_000), freshness: 'stale', stale_since: new Date(received - 10_000).toISOString() }));
  await hub.restart();
  await saying(page, 'AAPL', /^Stale/);
  await shows(page, 'AAPL', '240.00');
  hub.tick('AAPL', { price: 237, ...at(-20_000) });
  await saying(page, 'AAPL', /^Live/);
  await shows(page, 'AAPL', '240.00');
  hub.tick('AAPL', { price: 238, ...at(2_000) });
  await shows(page, 'AAPL', '238.00');
});

test('where there are several servers, the page asks for the one it was on, and says which that is', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true });
  hub.server = 'weur/0';
  const { page } = await openOn(t, browser, hub, { path: '/?tab=connection' });
  await becomes(page, 'connected');
  const server = page.locator('#dock [data-value="server"]');
  await server.getByText('weur/0', { exact: true }).waitFor();
  hub.headline({ server: 'weur/0', hop_ms: 12 });
  await server.getByText('weur/0, 12 ms from the hub', { exact: true }).waitFor();

  const asked = () => hub.offers.map(({ url }) => new URL(url).searchParams.get('server'));
  await hub.drop({ code: 1012 });
  await eventually(() => hub.offers.length === 2, 'it comes back');
  await becomes(page, 'connected');
  assert.deepEqual(asked(), [null, 'weur/0']);
  hub.accepts = false;
  await hub.drop({ code: 1012 });
  await eventually(() => hub.offers.length >= 5, 'it tries again', 40_000);
  assert.deepEqual(asked().slice(2, 5), ['weur/0', 'weur/0', null], 'who refuses twice is asked for no more');
});

test('where there is one hub, nothing is said or asked of servers', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true });
  const { page } = await openOn(t, browser, hub, { path: '/?tab=connection' });
  await becomes(page, 'connected');
  hub.headline({ viewers: 7 });
  await page.locator('#dock [data-value="viewers"]').getByText('7').waitFor();
  assert.equal(await page.locator('#dock [data-value="server"]').isVisible(), false);
  await hub.drop({ code: 1012 });
  await eventually(() => hub.offers.length === 2, 'it comes back');
  assert.deepEqual(hub.offers.map(({ url }) => new URL(url).search), ['', '']);
});

test('a hub of another version: the page offers to reload, and does not do it by itself', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true });
  const { page } = await openOn(t, browser, hub);
  await shows(page, 'AAPL', '235.50');
  await hub.restart({ version: '0.2.0' });
  const line = page.locator('.notice[data-kind="version"]');
  await line.waitFor();
  await becomes(page, 'connected');
  await page.evaluate(() => Object.assign(window, { same: true }));
  assert.equal(await page.evaluate('window.same'), true);
  await line.getByRole('button', { name: 'Reload' }).click();
  await eventually(async () => (await page.evaluate('window.same').catch(() => true)) === undefined, 'the page is loaded again');
});

test('a hub that lags is told by the lag, not hidden', options, async (t) => {
  const hub = new FakeHub();
  hub.lagMs = 400;
  const { page } = await openOn(t, browser, hub);
  await becomes(page, 'connected');
  await eventually(async () => {
    hub.tick('AAPL', { price: 240 + Math.random() });
    return /^([2-9]\d\d ms|\d\.\d\d s)$/.test(String(await page.locator('[data-figure="lag"]').textContent()));
  }, 'a lag of some hundred ms', 15_000);
});
