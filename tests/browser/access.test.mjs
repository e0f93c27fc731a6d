/** Access tokens on the page: signing in, what carries the token, and what happens when it ends. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { becomes, eventually, keptPrice, launch, logLines, openOn, saying, shows } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

/** @typedef {import('./support/browser.mjs').Page} Page */

const options = { timeout: 60_000 };
const TOKEN = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl-_~';
const OTHER = 'another-token-of-somebody';

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
}, { timeout: 60_000 });
after(() => browser?.close());

/** A hub that one token opens. @param {{ mode?: 'open' | 'required' }} [how] */
function guarded({ mode = 'required' } = {}) {
  const hub = new FakeHub(undefined, { v1: true, whole: true });
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  hub.access = { mode, tokens: new Map([[TOKEN, { principal: 'alice', expires }]]) };
  return hub;
}

/**
 * A page on a guarded hub, and the addresses that it asked for.
 * @param {import('node:test').TestContext} t
 * @param {FakeHub} hub
 * @param {Omit<NonNullable<Parameters<typeof openOn>[3]>, 'prepare'> & { signedIn?: boolean }} [how]
 */
async function open(t, hub, { signedIn = false, ...how } = {}) {
  /** @type {string[]} */
  const addresses = [];
  const opened = await openOn(t, browser, hub, {
    ...how,
    prepare: async (page) => {
      page.on('request', (request) => addresses.push(request.url()));
      if (signedIn) await page.addInitScript(keepToken, TOKEN);
    },
  });
  return { ...opened, addresses, dialog: opened.page.locator('dialog.sign-in[open]') };
}

/** Once in a tab: what the page does with it later stays. Runs in the page. @param {string} token */
function keepToken(token) {
  if (sessionStorage.getItem('prepared') !== null) return;
  sessionStorage.setItem('prepared', '');
  sessionStorage.setItem('hamster.token', token);
}

/** @param {Page} page @param {string} token */
async function signIn(page, token) {
  await page.getByLabel('Access token').fill(token);
  await page.keyboard.press('Enter');
}

/** @param {Page} page */
const kept = (page) => page.evaluate(() => ({ tab: sessionStorage.getItem('hamster.token'), ever: JSON.stringify({ ...localStorage }) }));
/** How often the hub was asked who may use it. @param {FakeHub} hub */
const checks = (hub) => hub.credentials.filter(([path]) => path === '/api/access').length;
/** @param {Page} page */
const pause = (page) => page.waitForTimeout(1_500);

test('a hub that is open to anyone is not asked about tokens', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true });
  const { page, addresses, dialog, complaints } = await open(t, hub, { path: '/?tab=connection' });
  await shows(page, 'AAPL', '235.50');
  await page.locator('.reports').getByText('Open to anyone who reaches this address.').waitFor();
  assert.deepEqual(hub.offers.map(({ protocols }) => protocols), [['hamster.v1']]);
  assert.equal(addresses.some((address) => address.includes('/api/access')), false);
  assert.equal(await dialog.count(), 0);
  assert.deepEqual(complaints, []);
});

test('an older hub says nothing of access, and the page neither', options, async (t) => {
  const hub = new FakeHub(undefined, { v1: true });
  hub.access = null;
  const { page } = await open(t, hub, { path: '/?tab=connection' });
  await shows(page, 'AAPL', '235.50');
  await page.locator('.reports').getByText('Nothing is wrong.').waitFor();
  assert.equal(await page.locator('.reports').getByText('Access', { exact: true }).isVisible(), false);
});

test('without a token it asks for one, and for nothing else of the hub', options, async (t) => {
  const hub = guarded();
  const { page, dialog, addresses } = await open(t, hub);
  await dialog.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('type')), 'password');
  await pause(page);
  assert.deepEqual([hub.attempts, checks(hub)], [1, 1], 'it does not try again');
  assert.deepEqual([...new Set(addresses.filter((address) => address.includes('/api/')))], [`${hub.origin}/api/access`]);
  assert.equal(await page.locator('.link .word').textContent(), 'Not signed in');
  await eventually(async () => /^Sign in · /.test(await page.title()), 'the title says so');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.locator('.notice[data-kind="sign-in"]').getByText('This terminal needs a sign-in.').waitFor();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await page.locator('.notice').getByRole('button', { name: 'Sign in' }).click();
  await dialog.waitFor();
  assert.equal(hub.attempts, 1);
});

test('what is no token is refused before it is sent, one that the hub does not know after', options, async (t) => {
  const hub = guarded();
  const { page, dialog } = await open(t, hub);
  await dialog.waitFor();
  const told = dialog.getByRole('status');
  for (const [text, objection] of /** @type {const} */ ([
    ['  ', /^Paste your access token first\.$/],
    ['Bearer two words', /no access token: a token has only letters/],
    ['päss', /no access token: a token has only letters/],
    ['x'.repeat(5_000), /has 5,000 characters, and a token has at most 4,096/],
  ])) {
    await signIn(page, text);
    assert.match(String(await told.textContent()), objection);
  }
  assert.equal(checks(hub), 1);
  await signIn(page, OTHER);
  await told.getByText('This token is not known here, or has expired.').waitFor();
  assert.equal(await page.getByLabel('Access token').getAttribute('aria-invalid'), 'true');
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('type')), 'password');
  assert.deepEqual(await kept(page), { tab: null, ever: (await kept(page)).ever });
  hub.api.set('/api/access', () => ({ status: 429, headers: { 'retry-after': '30' }, json: { ok: false, title: 'Too Many Requests', status: 429 } }));
  await signIn(page, OTHER);
  await told.getByText('The hub gets too many requests from here. Try again in 30 s.').waitFor();
  hub.api.set('/api/access', () => null);
  await signIn(page, OTHER);
  await told.getByText('The hub cannot be reached, so the token was not checked.').waitFor();
  assert.equal(hub.attempts, 1);
});

test('the check is shown while it lasts, and closing the dialog gives it up', options, async (t) => {
  const hub = guarded();
  const { page, dialog } = await open(t, hub);
  await dialog.waitFor();
  let answer = () => {};
  const answered = new Promise((resolve) => (answer = () => resolve(undefined)));
  await page.route('**/api/access', async (route) => {
    await answered;
    await route.fallback().catch(() => {});
  });
  await signIn(page, TOKEN);
  await dialog.getByText('Checking the token…').waitFor();
  await dialog.getByRole('button', { name: 'Not now' }).click();
  answer();
  await pause(page);
  assert.equal(hub.attempts, 1);
  assert.equal((await kept(page)).tab, null);
});

test('a token brings prices; it is kept in the tab alone, and in no address, log or text', options, async (t) => {
  const hub = guarded();
  const { page, dialog, addresses } = await open(t, hub, { path: '/?tab=connection' });
  await dialog.waitFor();
  await signIn(page, ` Bearer ${TOKEN}\n`);
  await shows(page, 'AAPL', '235.50');
  await saying(page, 'AAPL', /^Live/);
  assert.equal(await dialog.count(), 0);
  assert.deepEqual(hub.offers.at(-1)?.protocols, ['hamster.v1', `hamster.bearer.${TOKEN}`]);
  await page.locator('.reports').getByText(/^Signed in as alice, until .*\d\d:\d\d/).waitFor();

  // What else the page asks of the hub carries it too.
  await eventually(() => hub.credentials.some(([path]) => path === '/api/history'), 'the chart asks for bars');
  await page.keyboard.press('/');
  await page.keyboard.type('apple');
  await eventually(() => hub.credentials.some(([path]) => path === '/api/search'), 'the search asks');
  await page.keyboard.press('Escape');
  hub.accepts = false;
  hub.rest = () => hub.quotesAnswer();
  await hub.drop({ code: 1001 });
  await eventually(() => hub.credentials.some(([path]) => path === '/api/quotes'), 'prices by REST');
  assert.deepEqual(hub.credentials.slice(2).filter(([, header]) => header !== `Bearer ${TOKEN}`), []);
  hub.accepts = true;
  await becomes(page, 'connected');

  const before = await kept(page);
  assert.equal(before.tab, TOKEN);
  assert.equal(before.ever.includes(TOKEN), false);
  await page.reload();
  await saying(page, 'AAPL', /^Live/);
  assert.equal(await dialog.count(), 0);
  await page.locator('#dock').getByRole('tab', { name: 'Activity' }).click();
  assert.equal((await logLines(page)).some((line) => line.includes(TOKEN)), false);
  await page.evaluate(() => dispatchEvent(new Event('pagehide')));
  const texts = await page.evaluate(() => [document.documentElement.outerHTML, sessionStorage.getItem('hamster.log.v1')].join());
  assert.equal(texts.includes(TOKEN), false);
  const urls = [...addresses, ...hub.offers.map(({ url }) => url), page.url()];
  assert.ok(urls.length > 10);
  assert.deepEqual(urls.filter((url) => url.includes(TOKEN)), []);
});

test('a token of this tab is used from the first connection on', options, async (t) => {
  const hub = guarded();
  const { page } = await open(t, hub, { signedIn: true });
  await saying(page, 'AAPL', /^Live/);
  assert.deepEqual([hub.attempts, checks(hub)], [1, 0]);
});

test('what storage holds is no token only because it is there', options, async (t) => {
  const hub = guarded();
  const { page } = await openOn(t, browser, hub, { prepare: (page) => page.addInitScript(() => sessionStorage.setItem('hamster.token', 'no, a "sentence"')) });
  await page.locator('dialog.sign-in[open]').waitFor();
  assert.deepEqual(hub.offers.map(({ protocols }) => protocols), [['hamster.v1']]);
});

test('signing out forgets the token, and the prices stay as the last known', options, async (t) => {
  const hub = guarded();
  const { page, dialog } = await open(t, hub, { signedIn: true, path: '/?tab=connection' });
  await saying(page, 'AAPL', /^Live/);
  await page.locator('.reports').getByRole('button', { name: 'Sign out' }).click();
  await dialog.waitFor();
  assert.equal((await kept(page)).tab, null);
  await saying(page, 'AAPL', /^Last known/);
  await eventually(() => hub.sockets.length === 0, 'the socket is closed');
  await pause(page);
  assert.deepEqual([hub.attempts, checks(hub)], [1, 0]);
  await page.reload();
  await dialog.waitFor();
});

test('signing out is a command, where there is somebody to sign out', options, async (t) => {
  const hub = guarded({ mode: 'open' });
  const { page, dialog } = await open(t, hub, { signedIn: true });
  await saying(page, 'AAPL', /^Live/);
  const palette = page.locator('dialog.palette');
  await eventually(() => palette.count(), 'the palette is loaded');
  const find = async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('sign out');
    return palette.getByRole('option', { name: /^Sign out/ });
  };
  await (await find()).waitFor();
  await page.keyboard.press('Enter');
  await eventually(() => hub.offers.length === 2, 'it connects anew');
  assert.deepEqual(hub.offers[1]?.protocols, ['hamster.v1']);
  await becomes(page, 'connected');
  assert.equal(await dialog.count(), 0, 'a hub that is open needs none');
  assert.equal(await (await find()).count(), 0);
});

for (const [code, reason] of /** @type {const} */ ([[4010, 'Your access token has expired.'], [4011, 'Your access token is no longer valid: its key was revoked.']])) {
  test(`close code ${code}: the sign-in comes back with the reason, and nothing reconnects`, options, async (t) => {
    const hub = guarded();
    const { page, dialog } = await open(t, hub, { signedIn: true });
    await saying(page, 'AAPL', /^Live/);
    await page.getByRole('row', { name: /AAPL/ }).first().click();
    await hub.drop({ code });
    await dialog.getByRole('status').getByText(reason).waitFor();
    await saying(page, 'AAPL', /^Last known/);
    assert.equal((await kept(page)).tab, null);
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await pause(page);
    assert.deepEqual([hub.attempts, checks(hub)], [1, 0]);
    hub.access?.tokens.set(OTHER, { principal: 'alice', expires: null });
    await signIn(page, OTHER);
    await saying(page, 'AAPL', /^Live/);
    assert.equal(await page.evaluate(() => document.querySelector('#list')?.contains(document.activeElement)), true, 'focus is where it was');
  });
}

test('a token that ends is no reason to stop where everybody may read', options, async (t) => {
  const hub = guarded({ mode: 'open' });
  const { page, dialog } = await open(t, hub, { signedIn: true });
  await saying(page, 'AAPL', /^Live/);
  hub.access?.tokens.clear();
  await hub.drop({ code: 4010 });
  await eventually(() => hub.offers.length === 2, 'it connects anew');
  await becomes(page, 'connected');
  assert.deepEqual(hub.offers[1]?.protocols, ['hamster.v1']);
  assert.equal(await dialog.count(), 0);
  assert.equal((await kept(page)).tab, null);
});

test('a token that the hub no longer knows when the page reconnects', options, async (t) => {
  const hub = guarded();
  const { page, dialog } = await open(t, hub, { signedIn: true });
  await saying(page, 'AAPL', /^Live/);
  hub.access?.tokens.clear();
  await hub.drop({ code: 1012 });
  await dialog.getByText('This token is not known here, or has expired.').waitFor();
  await pause(page);
  assert.deepEqual([hub.attempts, checks(hub)], [2, 2], 'with the token, and whether it goes without');
  assert.equal((await kept(page)).tab, null);
});

test('a hub that is away is no hub that wants a token: it tries again for ever', options, async (t) => {
  const hub = guarded();
  const { page, dialog } = await open(t, hub, { signedIn: true });
  await saying(page, 'AAPL', /^Live/);
  hub.accepts = false;
  hub.api.set('/api/access', () => null);
  await hub.drop({ code: 1001 });
  await eventually(() => hub.attempts >= 4, 'it tries again');
  assert.ok(checks(hub) < hub.attempts, 'once for each attempt at most');
  assert.equal(await dialog.count(), 0);
  assert.equal((await kept(page)).tab, TOKEN);
  hub.accepts = true;
  await becomes(page, 'connected');
});

test('prices of the last visit stay behind the sign-in, marked as restored', options, async (t) => {
  const hub = guarded();
  const { page, dialog } = await open(t, hub, { signedIn: true });
  await saying(page, 'AAPL', /^Live/);
  await page.evaluate(() => {
    sessionStorage.removeItem('hamster.token');
    dispatchEvent(new Event('pagehide'));
  });
  await eventually(() => page.evaluate(keptPrice, 'AAPL'), 'the price is kept');
  await page.reload();
  await dialog.waitFor();
  await saying(page, 'AAPL', /^Restored/);
  await page.keyboard.press('Escape');
  await page.locator('.notice').getByText(/needs a sign-in\. Prices from \d\d:\d\d:\d\d, kept by this browser\./).waitFor();
  // The chart is loaded for them, and asks for nothing that would be refused.
  await page.locator('.chart .message').getByText(/this terminal needs a sign-in/).waitFor();
  assert.equal(hub.credentials.some(([path, header]) => path === '/api/history' && header === null), false);
});

test('an embed says that a sign-in is needed, and leads to the terminal', options, async (t) => {
  const hub = guarded();
  const { page } = await openOn(t, browser, hub, { path: '/embed.html?symbol=AAPL', context: { viewport: { width: 240, height: 96 } } });
  await page.getByText('This terminal needs a sign-in, so its prices are not shown here.').waitFor();
  const link = page.getByRole('link', { name: 'Open the terminal' });
  assert.deepEqual([await link.getAttribute('href'), await link.getAttribute('target')], ['/?s=AAPL', '_blank']);
  assert.equal(await page.locator('.truth').isVisible(), false);
  await pause(page);
  assert.deepEqual([hub.attempts, checks(hub)], [1, 1]);
  assert.deepEqual(await violations(page), []);
  const cut = await page.locator('.card, .card .sentence, .card footer').evaluateAll((all) => all.filter((one) => one.scrollHeight > one.clientHeight + 2 || one.scrollWidth > one.clientWidth + 1).map(({ className }) => className));
  assert.deepEqual(cut, []);
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`the sign-in is accessible, on a desktop and on a phone (${colorScheme})`, options, async (t) => {
    const hub = guarded();
    const { page, dialog } = await open(t, hub, { context: { colorScheme, reducedMotion: 'reduce' } });
    await dialog.waitFor();
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      await page.setViewportSize(viewport);
      assert.deepEqual(await violations(page), [], `${viewport.width} px`);
    }
    await signIn(page, 'two words');
    assert.deepEqual(await violations(page), [], 'with a reason');
    const focused = new Set();
    for (let step = 0; step < 8; step += 1) {
      await page.keyboard.press('Tab');
      focused.add(await page.evaluate(() => (document.activeElement === document.body ? 'dialog' : document.activeElement?.closest('dialog') ? 'dialog' : 'behind')));
    }
    assert.deepEqual([...focused], ['dialog'], 'focus stays inside');
  });
}
