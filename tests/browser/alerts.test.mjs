/** Alerts as a person sets and meets them, in a real Chromium against a fake hub. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { becomes, eventually, holdFrames, launch, openOn, priceOf, saying } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** What the page asked of the browser: system notifications and tones. Runs in the page. @param {{ now: string, answer: string }} permission */
function record({ now, answer }) {
  /** @type {object[]} */
  const shown = [];
  const told = { shown, asked: 0, tones: 0, click: () => {} };
  class Recorded {
    static permission = now;
    static requestPermission() {
      told.asked += 1;
      Recorded.permission = answer;
      return Promise.resolve(answer);
    }
    onclick = () => {};
    /** @param {string} title @param {object} how */
    constructor(title, how) {
      shown.push({ title, ...how });
      told.click = () => this.onclick();
    }
    close() {}
  }
  const real = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function createOscillator() {
    told.tones += 1;
    return real.call(this);
  };
  Object.assign(window, { Notification: Recorded, told });
}

/**
 * @param {import('node:test').TestContext} t
 * @param {object} [how]
 * @param {FakeHub} [how.hub]
 * @param {{ now: string, answer: string }} [how.permission]
 * @param {Record<string, unknown>} [how.settings]
 * @param {object[]} [how.alerts]
 * @param {boolean} [how.clock]
 */
async function open(t, { hub = new FakeHub(), permission = { now: 'default', answer: 'granted' }, settings = {}, alerts = [], clock } = {}) {
  const prepare = (/** @type {import('./support/browser.mjs').Page} */ page) => page.context().addInitScript(record, permission);
  const opened = await openOn(t, browser, hub, { clock, kept: { version: 1, settings, alerts }, prepare });
  await showAlerts(opened.page);
  return opened;
}

/** @param {import('playwright-core').BrowserContext} context @param {FakeHub} hub */
async function anotherTab(context, hub) {
  const page = await context.newPage();
  await hub.serve(page);
  await page.goto(hub.origin);
  await showAlerts(page);
  return page;
}

/** @param {import('./support/browser.mjs').Page} page */
async function showAlerts(page) {
  await becomes(page, 'connected');
  await page.locator('.dock').getByRole('tab', { name: 'Alerts' }).click();
}

/** An armed alert as this browser keeps it. @param {Record<string, unknown>} [fields] */
const kept = (fields = {}) => ({
  id: 'one', kind: 'above', symbol: 'AAPL', level: 240, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null, fired: null,
  armedAt: Date.now() - 60_000, ...fields,
});
/** @param {import('./support/browser.mjs').Page} page @returns {Promise<{ shown: { title: string, body: string, tag: string }[], asked: number, tones: number }>} */
const told = (page) => page.evaluate('({ ...told })');
/** @param {import('./support/browser.mjs').Page} page */
const rows = (page) => page.locator('.dock .alert');
/** @param {import('./support/browser.mjs').Page} page */
const dialog = (page) => page.getByRole('dialog', { name: /alert/ });
/** @param {import('./support/browser.mjs').Page} page @param {string | RegExp} text */
const toast = (page, text) => page.locator('.toast', { hasText: text });

test('set by keyboard at the present price, moved by arrow keys, fires once: toast, log, state', options, async (t) => {
  const { page, hub, complaints } = await open(t);
  await page.getByText('Alerts work while this page is open. They are kept in this browser only.').waitFor();
  await page.getByRole('button', { name: 'Set an alert' }).focus();
  await page.keyboard.press('Enter');
  await dialog(page).getByLabel('Symbol').fill('aapl');
  await dialog(page).getByLabel('Symbol').press('Tab');
  const price = dialog(page).getByLabel('Price');
  assert.equal(await price.inputValue(), '235.50', 'the present price');
  await price.focus();
  await page.keyboard.press('ArrowUp');
  assert.equal(await price.inputValue(), '235.60');
  await page.keyboard.press('Shift+ArrowUp');
  assert.equal(await price.inputValue(), '236.60');
  await dialog(page).getByLabel('Note').fill('sell half');
  await page.keyboard.press('Enter');
  const row = rows(page).first();
  await row.getByText('crosses $236.60').waitFor();
  assert.match(await row.innerText(), /0\.47 % away/);
  assert.match(await row.innerText(), /sell half/);
  hub.tick('AAPL', { price: 236.4 });
  hub.tick('AAPL', { price: 236.7, received_at: new Date(Date.now() + 5).toISOString() });
  await toast(page, 'AAPL crosses $236.60: now $236.70').waitFor();
  await row.locator('.state', { hasText: 'Fired' }).waitFor();
  assert.equal(await page.locator('[role="status"]', { hasText: 'AAPL crosses $236.60: now $236.70' }).count(), 1, 'it is read out');
  await page.locator('.dock').getByRole('tab', { name: 'Activity' }).click();
  await page.locator('.dock .line[data-kind="alert"]', { hasText: 'AAPL crosses $236.60: now $236.70' }).waitFor();
  assert.deepEqual((await told(page)).shown, [], 'no notification that nobody asked for');
  await page.reload();
  await page.locator('.dock').getByRole('tab', { name: 'Alerts' }).click();
  await rows(page).first().getByText('Last fired').waitFor();
  assert.deepEqual(complaints, []);
});

test('what is wrong with an alert is said in words at its field, which gets the focus', options, async (t) => {
  const { page } = await open(t);
  await page.getByRole('button', { name: 'New alert' }).click();
  await dialog(page).getByLabel('Price').fill('a lot');
  await page.keyboard.press('Enter');
  await dialog(page).getByText('Write a number, such as 240.50.').waitFor();
  const price = dialog(page).getByLabel('Price');
  assert.equal(await price.evaluate((element) => element === document.activeElement), true);
  assert.equal(await price.getAttribute('aria-invalid'), 'true');
  await dialog(page).getByLabel('When').selectOption('quick-move');
  await dialog(page).getByLabel('Within').fill('90');
  await page.keyboard.press('Enter');
  await dialog(page).getByText('Choose 1 to 60 whole minutes.').waitFor();
  await dialog(page).getByLabel('Within').fill('5');
  await page.keyboard.press('Enter');
  await rows(page).getByText('moves 1 % within 5 min').waitFor();
  await page.getByRole('button', { name: 'New alert' }).click();
  await dialog(page).getByLabel('When').selectOption('above');
  await dialog(page).getByText('It is there already, so the alert fires at once.').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await rows(page).count(), 1, 'Esc sets none');
});

test('a first price beyond the level fires at once and says so', options, async (t) => {
  const { page } = await open(t, { alerts: [kept({ level: 230 })] });
  await rows(page).getByText('already there, at $235.50').waitFor();
  await rows(page).locator('.state', { hasText: 'Fired' }).waitFor();
});

test('on a mute feed it does not fire and says why; it fires when prices live again', options, async (t) => {
  const { page, hub } = await open(t, { alerts: [kept()] });
  await rows(page).locator('.state', { hasText: 'Armed' }).waitFor();
  hub.say({ event: 'feed', state: 'stalled', since: new Date().toISOString(), reason: 'no ticks', simulated: false });
  await rows(page).locator('.state', { hasText: 'Cannot fire now' }).waitFor();
  assert.match(await rows(page).innerText(), /The stream is open, but no ticks come although markets trade/);
  hub.tick('AAPL', { price: 250 });
  await eventually(async () => (await page.locator('.header [data-figure="updates"]').textContent()) !== '8 updates', 'the price came');
  assert.equal(await rows(page).getAttribute('data-state'), 'armed');
  hub.say({ event: 'feed', state: 'live', since: new Date().toISOString(), reason: 'ticks are arriving', simulated: false });
  hub.tick('AAPL', { price: 251, received_at: new Date(Date.now() + 5).toISOString() });
  await rows(page).locator('.state', { hasText: 'Fired' }).waitFor();
});

test('a stale price does not set it off, and a page cut off says why', options, async (t) => {
  const { page, hub } = await open(t, { alerts: [kept()] });
  hub.tick('AAPL', { price: 250, freshness: 'stale', stale_since: new Date().toISOString() });
  await rows(page).getByText('Not confirmed since').waitFor();
  assert.equal(await rows(page).getAttribute('data-state'), 'armed');
  hub.accepts = false;
  await hub.drop({ code: 1012 });
  await rows(page).getByText('This page is cut off from the hub.').waitFor();
});

test('permission is asked for in the click that turns notifications on, and never at load', options, async (t) => {
  const { page, hub } = await open(t, { alerts: [kept()] });
  assert.equal((await told(page)).asked, 0);
  await page.locator('#dock').getByLabel('System notifications').click();
  await eventually(() => page.locator('#dock').getByLabel('System notifications').isChecked(), 'notifications are on');
  assert.equal((await told(page)).asked, 1);
  await page.locator('#dock').getByLabel('Sound').check();
  await eventually(async () => (await told(page)).tones === 2, 'the sound is heard when it is turned on');
  hub.tick('AAPL', { price: 241 });
  const [shown] = await eventually(async () => {
    const all = (await told(page)).shown;
    return all.length > 0 && all;
  }, 'a notification');
  assert.equal(shown?.title, 'AAPL at or above $240.00: now $241.00');
  assert.match(String(shown?.body), /^Live 0? ?/);
  assert.equal(shown?.tag, 'one', 'a newer one of the same alert replaces it');
  await eventually(async () => (await told(page)).tones === 4, 'two tones');
  await page.locator('.dock').getByRole('tab', { name: 'Activity' }).click();
  await page.evaluate('told.click()');
  await page.locator('.dock [role="tab"][aria-selected="true"]', { hasText: 'Alerts' }).waitFor();
});

test('a denied permission is explained', options, async (t) => {
  const { page } = await open(t, { permission: { now: 'default', answer: 'denied' } });
  await page.locator('#dock').getByLabel('System notifications').click();
  await page.locator('.dock .advice', { hasText: 'Allow them in the site’s settings' }).waitFor();
  assert.equal(await page.locator('#dock').getByLabel('System notifications').isChecked(), false);
});

test('the test button fires both channels', options, async (t) => {
  const { page } = await open(t, { permission: { now: 'granted', answer: 'granted' } });
  await page.getByRole('button', { name: 'Test' }).click();
  await toast(page, 'A notification was shown').waitFor();
  const { shown, tones } = await told(page);
  assert.deepEqual([shown.length, tones], [1, 2]);
});

test('a simulated price sets it off, and title and body say SIM', options, async (t) => {
  const hub = new FakeHub();
  hub.simulated = true;
  for (const symbol of hub.quotes.keys()) hub.quotes.set(symbol, hub.quote(symbol));
  const { page } = await open(t, { hub, alerts: [kept({ level: 230 })], settings: { notify: true }, permission: { now: 'granted', answer: 'granted' } });
  const [shown] = await eventually(async () => {
    const all = (await told(page)).shown;
    return all.length > 0 && all;
  }, 'a notification');
  assert.match(String(shown?.title), /^SIM AAPL/);
  assert.match(String(shown?.body), /^SIM .*no market is behind it/);
});

test('a page that is not painted watches on', options, async (t) => {
  const { page, hub } = await open(t, { alerts: [kept()], settings: { notify: true }, permission: { now: 'granted', answer: 'granted' } });
  await rows(page).locator('.state', { hasText: 'Armed' }).waitFor();
  await holdFrames(page);
  hub.tick('AAPL', { price: 241 });
  await eventually(async () => (await told(page)).shown.length === 1, 'the notification of an unpainted page');
  assert.equal(await rows(page).getAttribute('data-state'), 'armed', 'the screen shows what it showed');
});

test('re-arm, snooze by keyboard, delete with undo', options, async (t) => {
  const { page } = await open(t, { alerts: [kept({ level: 230 }), kept({ id: 'two', symbol: 'MSFT', level: 500 })] });
  const aapl = rows(page).filter({ hasText: 'AAPL' });
  const msft = rows(page).filter({ hasText: 'MSFT' });
  await aapl.locator('.state', { hasText: 'Fired' }).waitFor();
  await msft.getByRole('button', { name: 'Snooze' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: '15 minutes' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await msft.locator('.state', { hasText: 'Snoozed' }).waitFor();
  assert.match(await msft.innerText(), /Until \d\d:\d\d:\d\d|Until [A-Z]/);
  await msft.getByRole('button', { name: 'Re-arm' }).click();
  await msft.locator('.state', { hasText: 'Armed' }).waitFor();
  await msft.getByRole('button', { name: 'Delete' }).click();
  await eventually(async () => (await rows(page).count()) === 1, 'one is left');
  assert.equal(await aapl.getByRole('button', { name: 'Delete' }).evaluate((element) => element === document.activeElement), true, 'the focus goes to the neighbour');
  await page.getByRole('button', { name: 'Undo' }).click();
  await msft.waitFor();
  await msft.getByRole('button', { name: 'Edit' }).click();
  await dialog(page).getByLabel('Price').fill('430');
  await dialog(page).getByRole('button', { name: 'Save and arm' }).click();
  await msft.getByText('at or above $430.00').waitFor();
});

test('the nearest to its trigger is first', options, async (t) => {
  const { page } = await open(t, { alerts: [kept({ id: 'far', level: 400 }), kept({ id: 'near', symbol: 'MSFT', level: 426 }), kept({ id: 'feed', kind: 'mute', symbol: null, level: null })] });
  await eventually(async () => {
    const order = await rows(page).locator('.symbol').allTextContents();
    return order.join() === 'MSFT,AAPL,Feed';
  }, 'in order of distance');
});

test('a lock is held while any alert is armed, and no longer', options, async (t) => {
  const { page } = await open(t, { alerts: [kept()] });
  const held = () => page.evaluate(async () => ((await navigator.locks.query()).held ?? []).map(({ name }) => name));
  await eventually(async () => (await held()).includes('hamster-alerts'), 'the lock');
  await rows(page).getByRole('button', { name: 'Delete' }).click();
  await eventually(async () => (await held()).length === 0, 'no lock');
});

test('of two tabs one speaks, and the other when that one is closed', options, async (t) => {
  const alerts = [kept({ kind: 'crosses' }), kept({ id: 'two', kind: 'crosses', level: 245 })];
  const { page, hub, context } = await open(t, { alerts, settings: { notify: true }, permission: { now: 'granted', answer: 'granted' } });
  const other = await anotherTab(context, hub);
  // A crossing needs a price before it; a kept one is none.
  for (const one of [page, other]) await saying(one, 'AAPL', /^Live/);
  hub.tick('AAPL', { price: 241 });
  for (const one of [page, other]) await toast(one, 'AAPL crosses $240.00').waitFor();
  const count = async () => (await Promise.all([page, other].map(told))).map(({ shown }) => shown.length);
  await eventually(async () => (await count()).join() === '1,0', 'the first tab speaks');
  await page.close();
  const holders = () => other.evaluate(async () => ((await navigator.locks.query()).held ?? []).filter(({ name }) => name === 'hamster-alerts').length);
  await eventually(async () => (await holders()) === 1, 'the first has gone');
  hub.tick('AAPL', { price: 246, received_at: new Date(Date.now() + 5).toISOString() });
  await toast(other, 'AAPL crosses $245.00').waitFor();
  await eventually(async () => (await told(other)).shown.length === 1, 'now the other speaks');
});

test('what fired in one tab is shown in the other, also where the price comes later', options, async (t) => {
  const { page, hub, context } = await open(t, { alerts: [kept({ kind: 'crosses' })] });
  const slow = new FakeHub();
  const other = await anotherTab(context, slow);
  for (const one of [page, other]) await saying(one, 'AAPL', /^Live/);
  hub.tick('AAPL', { price: 241 });
  await toast(other, 'AAPL crosses $240.00').waitFor();
  slow.tick('AAPL', { price: 241 });
  await eventually(async () => (await priceOf(other, 'AAPL')) === '241.00', 'the price comes later');
  assert.equal(await toast(other, 'AAPL crosses $240.00').count(), 1, 'and nothing is said twice');
});

test('after a sleep the page says from when to when, and what may have been crossed', options, async (t) => {
  const hub = new FakeHub();
  hub.quotes.set('AAPL', hub.quote('AAPL', { high: 236, low: 234 }));
  const { page } = await open(t, { hub, alerts: [kept()], clock: true });
  await page.clock.runFor(2_000);
  await rows(page).locator('.state', { hasText: 'Armed' }).waitFor();
  await page.clock.fastForward('40:00');
  await page.clock.runFor(1_000);
  await toast(page, /This page slept from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d; alerts were not watched/).waitFor();
  const later = new Date(Date.now() + 2_405_000).toISOString();
  hub.tick('AAPL', { price: 235, high: 241, low: 234, timestamp: later, received_at: later });
  await eventually(async () => {
    await page.clock.runFor(1_000);
    return /May have been crossed while this page slept/.test(await rows(page).innerText());
  }, 'the doubt');
  assert.equal(await rows(page).getAttribute('data-state'), 'armed');
});

test('storage that holds nonsense leaves the good alerts', options, async (t) => {
  const { page, complaints } = await open(t, { alerts: [{ id: 7 }, /** @type {any} */ (null), kept({ note: `\u202E${'<b>'.repeat(40)}` })] });
  await rows(page).first().waitFor();
  assert.equal(await rows(page).count(), 1);
  assert.match(await rows(page).innerText(), /\\u\{202E\}<b>/);
  assert.deepEqual(complaints, []);
});

for (const [name, context] of /** @type {const} */ ([
  ['1440, dark', { colorScheme: 'dark' }],
  ['1024, light', { colorScheme: 'light', viewport: { width: 1024, height: 768 } }],
  ['360, dark', { colorScheme: 'dark', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
])) {
  test(`list and dialog are legible and nothing sticks out (${name})`, options, async (t) => {
    const hub = new FakeHub(['AAPL', 'BTC/IDR']);
    hub.quotes.set('BTC/IDR', hub.quote('BTC/IDR', { price: 1523456789.12 }));
    const alerts = [
      kept({ note: 'W'.repeat(120) }), kept({ id: 'b', symbol: 'BTC/IDR', level: 1623456789.12, repeats: true }), kept({ id: 'c', symbol: 'ABCDEFGHIJKLMNOPQRSTUVWX' }),
      kept({ id: 'd', kind: 'quick-move', level: 1.25, within: 15, state: 'snoozed', until: Date.now() + 900_000 }), kept({ id: 'e', kind: 'crosses', level: 0.00000812 }),
    ];
    const { page, complaints } = await openOn(t, browser, hub, { context, kept: { version: 1, alerts } });
    const bar = page.locator('#bottom button', { hasText: 'Alerts' });
    if (await bar.isVisible()) await bar.click();
    else await page.locator('.dock').getByRole('tab', { name: 'Alerts' }).click();
    await rows(page).getByText(/% away/).first().waitFor();
    const audit = async (/** @type {string} */ part) => {
      assert.deepEqual(await violations(page, part), [], part);
      const wide = await page.locator(part).evaluate((root) => [...root.querySelectorAll('*')].filter((one) => {
        const { left, right, width } = one.getBoundingClientRect();
        return width > 0 && (right > innerWidth + 1 || left < -1);
      }).map((one) => one.className));
      assert.deepEqual(wide, [], part);
    };
    await audit('.dock');
    const cut = await rows(page).locator('.condition').evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent));
    assert.deepEqual(cut, [], 'no price is cut off');
    await page.getByRole('button', { name: 'New alert' }).click();
    await audit('dialog[open]');
    assert.deepEqual(complaints, []);
  });
}
