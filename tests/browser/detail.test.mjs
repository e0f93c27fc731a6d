/** The details of a symbol: what is known, why the price is what it is, and what can be done. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { eventually, launch, openOn } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
}, { timeout: 60_000 });
after(() => browser?.close());

/**
 * @param {import('node:test').TestContext} t
 * @param {Record<string, unknown>} quote  of AAPL
 * @param {{ hub?: FakeHub, context?: import('playwright-core').BrowserContextOptions }} [how]
 */
async function open(t, quote, { hub = new FakeHub([]), context } = {}) {
  hub.quotes.set('AAPL', hub.quote('AAPL', quote));
  const opened = await openOn(t, browser, hub, { path: '/?symbols=AAPL', context: { timezoneId: 'UTC', ...context } });
  const detail = opened.page.locator('.detail');
  await detail.locator('[data-reason="Provenance"]').waitFor();
  /** @param {string} id */
  const fact = (id) => detail.locator(`[data-fact="${id}"] dd`);
  return { ...opened, detail, fact };
}

const HOUR = 3_600_000;
const iso = (/** @type {number} */ at) => new Date(at).toISOString();

test('everything that the hub knows of a symbol is shown', options, async (t) => {
  const made = Math.floor(Date.now() / 1_000) * 1_000;
  const { fact, detail } = await open(t, {
    price: 235.5, bid: 235.45, ask: 235.55, open: 234, previous_close: 233.5, low: 233, high: 238, year_low: 200, year_high: 300,
    day_volume: 12_345_678, average_volume: 24_691_356, currency: 'USD', type: 'Common Stock', kind: 'stock', exchange: 'NASDAQ', mic_code: 'XNGS',
    timezone: 'America/New_York', session: 'open', closes_at: iso(Date.now() + 3 * HOUR + 30_000), timestamp: iso(made), received_at: iso(made + 1_120),
  });
  const expected = {
    quotes: '235.45 × 235.55', spread: /^0\.10 \(4\.2 bp\)$/, open: '234.00', previous: '233.50', volume: '12.35M · 50 %', average: '24.69M',
    session: /^Open · closes \w{3} \d\d:\d\d, in 3 h 0 min$/, exchange: 'NASDAQ (XNGS)', kind: 'Stock', currency: 'USD',
    timezone: /^New York, \d\d:\d\d$/, made: /^\w{3} \d+, \d\d:\d\d:\d\d$/, lag: /^1\.12 s to hub/,
  };
  for (const [id, text] of Object.entries(expected)) {
    const shown = (await fact(id).textContent()) ?? '';
    if (typeof text === 'string') assert.equal(shown, text, id);
    else assert.match(shown, text, id);
  }
  const [day, year] = await detail.locator('.range').all();
  assert.equal(await day?.textContent(), 'Day range233.00238.00');
  assert.equal(await day?.getByRole('img').getAttribute('aria-label'), 'The price is at 50 % of the range');
  assert.equal(await year?.textContent(), '52 weeks200.00300.00');
});

test('what is not known is a dash whose title says why', options, async (t) => {
  const { fact, detail } = await open(t, { previous_close: null, percent_change: null, session: 'unknown', exchange: null, currency: null, type: null, kind: null });
  for (const id of ['quotes', 'spread', 'open', 'previous', 'volume', 'average', 'session', 'exchange', 'kind', 'currency', 'timezone']) {
    assert.equal(await fact(id).textContent(), '—', id);
    assert.match(String(await fact(id).getAttribute('title')), /^[A-Z].*\.$/, id);
  }
  assert.equal(await detail.locator('.range').first().getByRole('img').getAttribute('aria-label'), 'Place of the price: not known');
});

test('a closed market counts down to its opening', options, async (t) => {
  const { fact, detail } = await open(t, { session: 'closed', opens_at: iso(Date.now() + 26 * HOUR + 90_000) });
  assert.match((await fact('session').textContent()) ?? '', /^Closed · opens \w{3} \d\d:\d\d, in 1 d 2 h$/);
  await detail.locator('.truth').getByText('Closed').waitFor();
});

test('why the price is what it is: source, age, state, provenance', options, async (t) => {
  const { hub, detail } = await open(t, {});
  assert.match((await detail.locator('.truth').textContent()) ?? '', /^Live\d+ s$/);
  assert.match((await detail.locator('.sentence').textContent()) ?? '', /^Streaming from NASDAQ\. /);
  const reason = (/** @type {string} */ label) => detail.locator(`[data-reason="${label}"] dd`);
  assert.equal(await reason('State').textContent(), 'Streamed tick by tick');
  assert.equal(await reason('Provenance').textContent(), 'Provider’s stream');
  hub.tick('AAPL', { source: 'rest', price: 240 });
  await detail.locator('.truth').getByText('REST').waitFor();
  assert.equal(await reason('Provenance').textContent(), 'Provider’s REST API');
  hub.say({ event: 'feed', state: 'stalled', since: new Date().toISOString(), reason: 'no ticks', simulated: false });
  hub.tick('AAPL', { price: 241 });
  await detail.locator('.truth').getByText('Mute').waitFor();
});

test('an unavailable symbol names its reason, the plan that would serve it, and when it is asked again', options, async (t) => {
  const hub = new FakeHub([]);
  const { detail } = await open(t, {}, { hub });
  hub.say({
    event: 'subscribe-status', status: 'ok', fails: [],
    success: [{ symbol: 'AAPL', state: 'unavailable', reason: 'this plan does not include it', needs_plan: 'Grow or Venture', retry_at: iso(Date.now() + HOUR + 30_000), has_quote: true }],
  });
  await detail.locator('.truth').getByText('Not in plan').waitFor();
  assert.match((await detail.locator('.sentence').textContent()) ?? '', /^This plan does not include it\. Twelve Data serves it from the Grow or Venture plan\./);
  assert.equal(await detail.locator('[data-reason="Plan"] dd').textContent(), 'Served by the Grow or Venture plan');
  assert.match((await detail.locator('[data-reason="Asked again"] dd').textContent()) ?? '', /^At .*, in 1 h 0 min$/);
});

test('copy link copies an address that opens the terminal with the symbol', options, async (t) => {
  const { page, hub, detail, context } = await open(t, {});
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await detail.getByRole('button', { name: 'Copy link' }).click();
  await page.getByText('Link copied').first().waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${hub.origin}/?s=AAPL`);
});

test('embed shows markup of a lazy frame with a size and a title, and copies it', options, async (t) => {
  const { page, hub, detail, context, complaints } = await open(t, {});
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const button = detail.getByRole('button', { name: 'Embed' });
  assert.equal(await button.getAttribute('aria-expanded'), 'false');
  await button.press('Enter');
  assert.equal(await button.getAttribute('aria-expanded'), 'true');
  const markup = `<iframe src="${hub.origin}/embed?symbol=AAPL&amp;theme=auto" loading="lazy" width="240" height="96" title="Price of AAPL"></iframe>`;
  assert.equal(await detail.getByLabel('Paste this into a page to show the price there').inputValue(), markup);
  await detail.getByRole('button', { name: 'Copy the markup' }).click();
  await eventually(async () => (await page.evaluate(() => navigator.clipboard.readText())) === markup, 'the markup in the clipboard');
  await button.click();
  await detail.getByRole('textbox').waitFor({ state: 'hidden' });
  assert.deepEqual(complaints, []);
});

test('a browser that refuses to copy leaves the text selected, and says so', options, async (t) => {
  const { page, detail } = await open(t, {});
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await detail.getByRole('button', { name: 'Embed' }).click();
  await detail.getByRole('button', { name: 'Copy the markup' }).click();
  await page.locator('.toast').getByText('press Ctrl+C').waitFor();
  assert.match(await page.evaluate(() => String(document.getSelection())), /^<iframe /);
});

test('hostile reasons and names stay text, on their own lines', options, async (t) => {
  const hub = new FakeHub([]);
  const { page, detail, complaints } = await open(t, { exchange: `<img src=x onerror=alert(1)>\u202E${'W'.repeat(5_000)}`, currency: 'X'.repeat(5_000), timezone: 'No/Where' }, { hub });
  hub.say({
    event: 'subscribe-status', status: 'ok', fails: [],
    success: [{ symbol: 'AAPL', state: 'unavailable', reason: `\u202E<b>${'W'.repeat(4_000)}`, needs_plan: '<i>'.repeat(500), retry_at: null, has_quote: true }],
  });
  await detail.locator('[data-reason="Plan"]').waitFor();
  assert.equal(await detail.locator('img:not([role]), b, i').count(), 0);
  assert.match((await detail.locator('.sentence').textContent()) ?? '', /^\\u\{202E\}<b>W+…$/);
  assert.equal(await page.evaluate(() => (document.getElementById('side')?.scrollWidth ?? 0) <= (document.getElementById('side')?.clientWidth ?? 0)), true);
  assert.deepEqual(complaints, []);
});

for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
  test(`axe finds nothing in the details: ${colorScheme}`, options, async (t) => {
    const { page, detail } = await open(t, { bid: 235, ask: 236, low: 230, high: 240 }, { context: { colorScheme } });
    await detail.getByRole('button', { name: 'Embed' }).click();
    assert.deepEqual(await violations(page, '.detail'), []);
  });
}
