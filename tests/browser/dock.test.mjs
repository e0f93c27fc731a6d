/** The dock: its tabs, the activity log and the connection, in a real Chromium against a fake hub. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { becomes, eventually, holdFrames, launch, openOn } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };
const EMOJI = /\p{Extended_Pictographic}/u;

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * @param {import('node:test').TestContext} t
 * @param {object} [how]
 * @param {FakeHub} [how.hub]
 * @param {import('playwright-core').BrowserContextOptions} [how.context]
 * @param {Record<string, unknown>} [how.settings]  kept by this browser
 */
async function open(t, { hub = new FakeHub(), context, settings = {} } = {}) {
  const opened = await openOn(t, browser, hub, { context, kept: { version: 1, settings } });
  await becomes(opened.page, 'connected');
  return opened;
}

/** @param {import('./support/browser.mjs').Page} page */
const lines = (page) => page.locator('.dock .line').allTextContents();
/** @param {string[]} all */
const words = (all) => all.map((line) => line.replace(/^\[\d\d:\d\d:\d\d\] /, ''));
/**
 * @param {import('./support/browser.mjs').Page} page
 * @param {string} text
 */
const line = (page, text) => page.locator('.dock .line', { hasText: text });
/**
 * @param {import('./support/browser.mjs').Page} page
 * @param {'Activity' | 'Alerts' | 'Connection'} name
 */
const tab = (page, name) => page.locator('.dock').getByRole('tab', { name });

/** @param {FakeHub} hub @param {number} from @param {number} count */
function ticks(hub, from, count) {
  for (let tick = from; tick < from + count; tick += 1) {
    hub.tick('AAPL', { price: 200 + tick, timestamp: new Date(Date.now() + tick * 1_000).toISOString(), received_at: new Date(Date.now() + tick).toISOString() });
  }
}

test('three tabs, moved through by arrow keys; only the chosen one is shown', options, async (t) => {
  const { page, complaints } = await open(t);
  await page.locator('.dock [role="tab"][aria-selected="true"]', { hasText: 'Activity' }).waitFor();
  await tab(page, 'Activity').focus();
  for (const [key, name] of /** @type {const} */ ([['ArrowRight', 'Alerts'], ['ArrowRight', 'Connection'], ['ArrowRight', 'Activity'], ['ArrowLeft', 'Connection'], ['Home', 'Activity'], ['End', 'Connection']])) {
    await page.keyboard.press(key);
    await page.locator('.dock [role="tab"][aria-selected="true"]', { hasText: name }).waitFor();
    assert.equal(await tab(page, name).evaluate((element) => element === document.activeElement), true, `${key} moves the focus, too`);
    const panels = page.locator('.dock [role="tabpanel"]:visible');
    assert.equal(await panels.count(), 1);
    assert.equal(await panels.getAttribute('aria-labelledby'), await tab(page, name).getAttribute('id'));
  }
  assert.equal(await page.locator('.dock [role="tab"][tabindex="0"]').count(), 1, 'one tab stop');
  assert.deepEqual(complaints, []);
});

test('at no width do tools cover a tab, or leave the dock', options, async (t) => {
  const { page } = await open(t);
  for (const name of /** @type {const} */ (['Activity', 'Alerts', 'Connection'])) {
    await tab(page, name).click();
    for (let width = 320; width <= 1_920; width += 40) {
      await page.setViewportSize({ width, height: 900 });
      if (!(await page.locator('.dock').isVisible())) continue;
      const wrong = await page.locator('.dock').evaluate((dock) => {
        const [bar, ...parts] = [...dock.querySelectorAll('.bar, [role="tab"], .tools > *')].filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect());
        if (!bar) return 'there is no bar';
        const out = parts.filter((one) => one.right > bar.right + 1);
        const over = parts.flatMap((one, at) => parts.slice(at + 1).filter((other) => one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1));
        return out.length + over.length > 0 ? JSON.stringify({ bar, out, over }) : '';
      });
      assert.equal(wrong, '', `${name} at ${width} px`);
    }
  }
});

test('the log is in the original’s form, with an icon in place of its emoji, and is not read out', options, async (t) => {
  const { page, hub, complaints } = await open(t, { hub: new FakeHub(['AAPL']) });
  hub.tick('AAPL', { price: 234, percent_change: -0.64 });
  await line(page, 'AAPL: $234.00 (-0.64%)').waitFor();
  const all = await lines(page);
  assert.ok(all.every((one) => /^\[\d\d:\d\d:\d\d\] \S/.test(one)), all.join('\n'));
  assert.deepEqual(words(all), ['Connected to Hamster Terminal', 'Feed live: ticks are arriving', 'Monitoring 8 symbols', 'AAPL: $235.50 (+0.25%)', 'AAPL: $234.00 (-0.64%)']);
  assert.doesNotMatch(await page.locator('.dock').innerText(), EMOJI);
  assert.equal(await page.locator('.dock .line > svg[aria-hidden="true"]').count(), all.length);
  const log = page.getByRole('log', { name: 'Activity' });
  assert.equal(await log.getAttribute('aria-live'), 'off');
  assert.deepEqual(complaints, []);
});

test('kinds are filtered by toggle buttons; what is left out comes back; nothing left offers a way back', options, async (t) => {
  const { page, hub } = await open(t);
  await line(page, 'AAPL: ').waitFor();
  const toggle = (/** @type {string} */ name) => page.getByRole('group', { name: 'Kinds of events' }).getByRole('button', { name });
  await toggle('Prices').click();
  await eventually(async () => (await lines(page)).every((one) => !one.includes('AAPL: ')), 'no prices');
  assert.equal(await toggle('Prices').getAttribute('aria-pressed'), 'false');
  hub.say({ event: 'feed', state: 'stalled', since: new Date().toISOString(), reason: 'no ticks', simulated: false });
  await line(page, 'Feed stalled: no ticks').waitFor();
  ticks(hub, 0, 120);
  assert.ok(words(await lines(page)).includes('Connected to Hamster Terminal'), 'prices do not push the others out');
  for (const name of ['Connection', 'Feed', 'Alerts', 'Errors']) await toggle(name).click();
  await page.getByText('No event of these kinds yet.').waitFor();
  await page.getByRole('button', { name: 'Show all kinds' }).click();
  await line(page, 'AAPL: $319.00').waitFor();
});

test('a pause freezes the log and counts what is new', options, async (t) => {
  const { page, hub } = await open(t);
  await line(page, 'GBP/USD: ').waitFor();
  const held = await lines(page);
  await page.getByRole('button', { name: 'Pause' }).click();
  ticks(hub, 0, 37);
  await page.getByRole('button', { name: '+37 new' }).waitFor();
  assert.deepEqual(await lines(page), held);
  await page.getByRole('button', { name: 'Resume' }).click();
  await line(page, 'AAPL: $236.00').waitFor();
  assert.equal(await page.getByRole('button', { name: /new$/ }).isVisible(), false);
});

test('twenty lines are in the document; scrolling back brings all hundred and holds them still', options, async (t) => {
  const { page, hub } = await open(t);
  ticks(hub, 0, 130);
  await line(page, 'AAPL: $329.00').waitFor();
  await eventually(async () => (await page.locator('.dock .line').count()) === 20, 'twenty lines');
  const log = page.getByRole('log', { name: 'Activity' });
  await log.hover();
  await eventually(async () => {
    await page.mouse.wheel(0, -400);
    return (await page.locator('.dock .line').count()) === 100;
  }, 'a hundred lines');
  const [first] = words(await lines(page));
  assert.equal(first, 'AAPL: $230.00 (+0.25%)', 'the hundredth from the end');
  // The wheel does not wait until all is scrolled. At the oldest line it can scroll no further.
  await eventually(async () => {
    await page.mouse.wheel(0, -4_000);
    return log.evaluate((element) => element.scrollTop <= element.clientHeight - element.scrollHeight + 1);
  }, 'the oldest line');
  const top = await log.evaluate((element) => element.scrollTop);
  ticks(hub, 130, 5);
  await page.getByRole('button', { name: '+5 new' }).waitFor();
  assert.equal(await log.evaluate((element) => element.scrollTop), top, 'what is read does not move');
  await page.getByRole('button', { name: '+5 new' }).click();
  await line(page, 'AAPL: $334.00').waitFor();
  await eventually(async () => (await page.locator('.dock .line').count()) === 20, 'twenty again');
  assert.equal(await log.evaluate((element) => element.scrollTop), 0);
});

test('the next page of the tab shows the earlier lines, but no earlier prices', options, async (t) => {
  const { page, hub } = await open(t);
  hub.say({ event: 'error', code: 'odd', message: 'something of the first page' });
  hub.tick('AAPL', { price: 199.25 });
  await line(page, 'AAPL: $199.25').waitFor();
  await page.reload();
  await line(page, 'something of the first page').waitFor();
  await eventually(async () => words(await lines(page)).filter((one) => one === 'Connected to Hamster Terminal').length === 2, 'both connections');
  const all = words(await lines(page));
  assert.ok(all.indexOf('something of the first page (odd)') < all.lastIndexOf('Connected to Hamster Terminal'), 'in order');
  // A price that the browser had kept and the hub confirms is no news, so there may be none.
  const prices = all.filter((one) => one.startsWith('AAPL: '));
  assert.ok(prices.length <= 1 && prices.every((one) => one.includes('$199.25')), `of this page only: ${prices.join()}`);
});

test('the log is saved as text with the original’s signs, and as JSON', options, async (t) => {
  const { page } = await open(t);
  await line(page, 'GBP/USD: ').waitFor();
  /** @param {string} name */
  const save = async (name) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
  };
  const text = await save('Save the log as text');
  assert.match(text.name, /^hamster-log-\d{4}-\d\d-\d\d-\d{4}\.txt$/);
  assert.match(text.text, /^\[\d\d:\d\d:\d\d\] ✅ Connected to Hamster Terminal\n/);
  assert.match(text.text, /📊 AAPL: \$235\.50 \(\+0\.25%\)\n/);
  const json = /** @type {{ at: string, kind: string, text: string }[]} */ (JSON.parse((await save('Save the log as JSON')).text));
  assert.deepEqual([json[0]?.kind, json[0]?.text], ['connection', 'Connected to Hamster Terminal']);
  assert.match(String(json[0]?.at), /^\d{4}-\d\d-\d\dT/);
});

test('times are in the zone of the settings, which is named once', options, async (t) => {
  const { page } = await open(t, { settings: { zone: 'Asia/Tokyo' }, context: { timezoneId: 'America/New_York' } });
  await line(page, 'Connected').waitFor();
  assert.equal(await page.locator('.dock .zone').textContent(), 'UTC+9, Tokyo');
  const [, hour] = /^\[(\d\d)/.exec((await lines(page))[0] ?? '') ?? [];
  const tokyo = new Intl.DateTimeFormat('en-US', { hour: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Tokyo' });
  assert.ok([tokyo.format(Date.now()), tokyo.format(Date.now() - 60_000)].includes(String(hour)));
});

test('a page that is not painted shows no new lines, and all of them when it is', options, async (t) => {
  const { page, hub } = await open(t);
  await line(page, 'GBP/USD: ').waitFor();
  const paintAgain = await holdFrames(page);
  const before = await lines(page);
  ticks(hub, 0, 3);
  await page.waitForTimeout(1_500);
  assert.deepEqual(await lines(page), before);
  await paintAgain();
  await line(page, 'AAPL: $202.00').waitFor();
});

test('the connection: three hops with state, time and lag; figures; the feed’s last states; what is wrong', options, async (t) => {
  const { page, hub, complaints } = await open(t);
  await tab(page, 'Connection').click();
  const hop = (/** @type {string} */ name) => page.locator(`.dock [data-hop="${name}"]`);
  await eventually(async () => {
    hub.tick('AAPL', { price: 200 + Math.random() });
    return /ms/.test(String(await hop('screen').locator('.lag').textContent()));
  }, 'the way to the screen is measured');
  assert.match(String(await hop('exchange').textContent()), /Live.*± 1 s.*since \d\d:\d\d:\d\d /);
  assert.match(String(await hop('hub').textContent()), /estimated.*Connected.*ms± .*since \d\d:\d\d:\d\d /);
  assert.match(String(await hop('screen').textContent()), /next paint/);
  const value = (/** @type {string} */ name) => page.locator(`.dock [data-value="${name}"]`).textContent();
  assert.equal(await value('symbols'), '8');
  assert.ok(Number(await value('updates')) >= 9);
  assert.match(String(await value('lag')), /ms$/);
  const reports = page.getByRole('region', { name: 'Notices and history' });
  await reports.getByText('Nothing is wrong.').waitFor();
  hub.say({ event: 'feed', state: 'stalled', since: new Date().toISOString(), reason: 'no ticks for 60 s', simulated: false });
  await reports.getByText('REST refreshes prices').waitFor();
  await reports.getByText(/\d\d:\d\d:\d\d stalled: no ticks for 60 s/).waitFor();
  await reports.getByText(/live: ticks are arriving/).waitFor();
  assert.equal(await hop('exchange').locator('.state').textContent(), 'Mute');
  hub.accepts = false;
  hub.rest = () => hub.quotesAnswer();
  await hub.drop({ code: 1012 });
  await hop('hub').locator('.state', { hasText: 'Disconnected' }).waitFor();
  assert.equal(await hop('exchange').locator('.state').textContent(), 'Not seen');
  await reports.getByText(/^Connection lost/).waitFor();
  hub.accepts = true;
  const { attempts } = hub;
  await page.getByRole('button', { name: 'Reconnect now' }).click();
  await hop('hub').locator('.state', { hasText: 'Connected' }).waitFor();
  assert.ok(hub.attempts > attempts);
  assert.deepEqual(complaints, []);
});

test('what the hub tells of itself: viewers, credits, symbols, advice; what was missed and resumed', options, async (t) => {
  const { page, hub } = await open(t, { hub: new FakeHub(undefined, { v1: true }) });
  await tab(page, 'Connection').click();
  hub.headline({ symbols: { streaming: 3, polled: 5, pending: 0, unavailable: 1 }, advice: [{ about: 'key', wrong: 'the plan serves 8 symbols', todo: 'Ask for fewer.' }] });
  const value = (/** @type {string} */ name) => page.locator(`.dock [data-value="${name}"]`).textContent();
  await eventually(async () => (await value('viewers')) === '3', 'the hub’s figures');
  assert.deepEqual(await Promise.all(['minute', 'day', 'states', 'version', 'protocol'].map(value)), ['5', '612', '3 · 5 · 1', '0.1.0', 'hamster.v1']);
  await page.getByRole('region', { name: 'Notices and history' }).getByText('key: the plan serves 8 symbols. Ask for fewer.').waitFor();
  await hub.drop({ code: 1012 });
  for (const price of [236, 237, 238, 239]) hub.tick('AAPL', { price });
  await eventually(async () => (await value('missed')) === '4, 1', 'four deltas were missed, and brought by one resumption');
});

test('a diagnosis is copied: JSON, and of addresses only the origin', options, async (t) => {
  const { page, hub, context } = await open(t, { context: { permissions: ['clipboard-read', 'clipboard-write'] } });
  await context.addCookies([{ name: 'secret', value: 'cookie-value', url: hub.origin }]);
  await page.goto(`${hub.origin}/?symbols=AAPL&note=private`);
  await page.locator('.header .link[data-state="connected"]').waitFor();
  await tab(page, 'Connection').click();
  await page.getByRole('button', { name: 'Copy diagnosis' }).click();
  await page.getByText('The diagnosis is in the clipboard', { exact: false }).first().waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  const diagnosis = JSON.parse(text);
  assert.equal(diagnosis.origin, hub.origin);
  assert.equal(diagnosis.link.state, 'connected');
  assert.equal(diagnosis.symbols[0].symbol, 'AAPL');
  assert.doesNotMatch(text, /private|cookie-value|apikey/i);
});

for (const [name, context] of /** @type {const} */ ([
  ['1440, dark', { colorScheme: 'dark' }],
  ['1024, light', { colorScheme: 'light', viewport: { width: 1024, height: 768 } }],
  ['390, dark', { colorScheme: 'dark', viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
  ['360, light', { colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
])) {
  test(`activity and connection are legible and nothing sticks out (${name})`, options, async (t) => {
    const hub = new FakeHub();
    hub.feed = { state: 'fallback', since: new Date().toISOString(), reason: 'the upstream closed the connection '.repeat(8) };
    const { page, complaints } = await open(t, { hub, context });
    const phone = page.locator('#bottom button', { hasText: 'More' });
    if (await phone.isVisible()) await phone.click();
    hub.say({ event: 'error', code: 'odd', message: `W${'w'.repeat(500)}\u202E` });
    await line(page, 'Wwww').waitFor();
    for (const part of /** @type {const} */ (['Activity', 'Connection'])) {
      await tab(page, part).click();
      await page.locator(`.dock .${part.toLowerCase()}`).waitFor();
      assert.deepEqual(await violations(page, '.dock'), [], part);
      const wide = await page.locator('.dock').evaluate((dock) => [...dock.querySelectorAll('*')].filter((one) => {
        const { left, right, width } = one.getBoundingClientRect();
        return width > 0 && (right > innerWidth + 1 || left < -1) && !one.closest('.kinds');
      }).map((one) => one.className));
      assert.deepEqual(wide, [], part);
    }
    assert.deepEqual(complaints, []);
  });
}
