/**
 * How the page handles values that do not fit, text that overflows, and links that ask for too
 * much.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { cell, eventually, isReady, launch, logLines, logs, openOn, priceOf, saying, says, shows, titles, watchFlashes } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';
import { faults } from './support/faults.mjs';
import { REASON, hostile } from './support/hostile.mjs';

const options = { timeout: 120_000 };
/** So high that every row is in sight, and so in the page. */
const HEIGHT = 2_000;
const WIDTHS = [320, 360, 390, 412, 480, 639, 640, 768, 1023, 1024, 1280, 1440, 1680, 1920];

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`nothing covers digits or leaves its place, whatever the values, and it is legible (${colorScheme})`, options, async (t) => {
    const { hub, path } = hostile();
    const { page, complaints } = await openOn(t, browser, hub, { path, context: { colorScheme, reducedMotion: 'reduce', viewport: { width: 1440, height: HEIGHT } } });
    await saying(page, 'OLD', /^SIM Stale/);
    await saying(page, '$$$', /^Not a symbol/);
    hub.say({ event: 'subscribe-status', status: 'error', success: [], fails: [{ symbol: 'CL', reason: REASON }, { symbol: '?', reason: REASON }] });
    hub.say({ event: 'error', code: 'invalid-params', message: `\u202E${REASON}` });
    await saying(page, 'CL', /^Not a symbol/);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      assert.deepEqual(await page.evaluate(faults), [], `at ${width} px`);
      if (width === 360 || width === 1440) assert.deepEqual(await violations(page), []);
    }
    assert.deepEqual(complaints, []);
  });
}

test('values are written in a form that fits and is true, and the whole of it is at hand', options, async (t) => {
  const { hub, path } = hostile();
  const { page } = await openOn(t, browser, hub, { path, context: { viewport: { width: 1440, height: HEIGHT } } });
  await saying(page, '$$$', /^Not a symbol/);
  await saying(page, 'ABCDEFGHIJKLMNOPQRST:ABCDEFGHIJ', /^Extended/);
  await saying(page, 'BHP', /^Closed/);
  // The last one that the hub sends.
  await saying(page, 'OLD', /^SIM Stale/);
  const prices = /** @type {const} */ ([
    ['NINE/USD', '0.123456789'], ['BOTH/USD', '≈1,523,456,789.12'], ['HUGE', '1e308'], ['CL', '-37.63'], ['SPX', '5,123.4567'], ['BARC', '72.50'],
    ['BHP', '4.195'], ['USD/JPY', '155.100'], ['ETH/BTC', '0.03450'], ['ODD', '1,523,456,789.12'],
  ]);
  for (const [symbol, price] of prices) assert.equal(await priceOf(page, symbol), price, symbol);
  assert.ok((await titles(page, 'BOTH/USD')).some((title) => title.includes('1523456789.1234567')), 'the whole number');
  assert.match(String(await cell(page, 'CL', '.change').textContent()), /^[–—]?$/, 'no change is made up');
  const words = await Promise.all(['NOTIME', 'BOUND', 'MINUTE', 'TODAY'].map((symbol) => says(page, symbol)));
  assert.deepEqual(words.slice(0, 3), ['Live', 'Live', 'Live ≤ 2 min'], 'an age that is not known is not told');
  assert.match(String(words[3]), /^Live ≤ \d+ (min|h)$/);
  assert.ok((await titles(page, 'NONE')).some((title) => title.includes(REASON.trim().slice(1, 300))), 'the reason');
  assert.doesNotMatch(await page.locator('body').innerText(), /[\u202A-\u202E\u2066\u2067\u200B]/);
});

test('foreign text in the notice line has nothing invisible, and no towers', options, async (t) => {
  const { hub, path } = hostile();
  const { page } = await openOn(t, browser, hub, { path });
  await isReady(page);
  hub.setFeed('refused', hub.feed.reason);
  const sentence = page.locator('.notice[data-kind="refused"] .sentence');
  await sentence.waitFor();
  assert.match(String(await sentence.textContent()), /\\u\{202E\}Z\u0301{4}\(\+196 marks\)/);
  assert.deepEqual(await page.evaluate(faults), []);
});

test('a move flashes only if it can be seen', options, async (t) => {
  const hub = new FakeHub(['AAPL', 'MSFT']);
  const { page } = await openOn(t, browser, hub, { path: '/?symbols=AAPL,MSFT' });
  await shows(page, 'AAPL', '235.50');
  const flashes = await watchFlashes(page);
  const ofApple = async () => (await flashes()).filter((flash) => flash.startsWith('AAPL'));
  hub.tick('AAPL', { price: 235.501 });
  hub.tick('MSFT', { price: 1 });
  await shows(page, 'MSFT', '1.00');
  assert.deepEqual([await priceOf(page, 'AAPL'), await ofApple()], ['235.50', []]);
  hub.tick('AAPL', { price: 235.501, decimals: 3 });
  await shows(page, 'AAPL', '235.501');
  assert.deepEqual(await ofApple(), [], 'more decimals are no move');
  hub.tick('AAPL', { price: 235.502, decimals: 3 });
  await eventually(async () => (await ofApple()).includes('AAPL up'), 'a move that is seen flashes');
});

test('nothing flashes where motion is not wanted', options, async (t) => {
  const hub = new FakeHub(['AAPL']);
  const { page } = await openOn(t, browser, hub, { path: '/?symbols=AAPL', context: { reducedMotion: 'reduce' } });
  await shows(page, 'AAPL', '235.50');
  const flashes = await watchFlashes(page);
  hub.tick('AAPL', { price: 236 });
  await shows(page, 'AAPL', '236.00');
  assert.deepEqual(await flashes(), []);
});

test('a hub that knows nothing of currencies and decimals: no sign is invented', options, async (t) => {
  const hub = new FakeHub(['AAPL', 'EUR/USD'], { old: true });
  const { page, complaints } = await openOn(t, browser, hub, { path: '/?symbols=AAPL,EUR/USD' });
  await shows(page, 'EUR/USD', '1.085');
  assert.equal((await cell(page, 'AAPL', '.last').textContent())?.trim(), '235.50');
  await saying(page, 'AAPL', /^Live \d+ s$/);
  assert.deepEqual(complaints, []);
});

test('a link with a name of 10,000 characters: it is not sent to the hub, and the prices stay in sight', options, async (t) => {
  const hub = new FakeHub(['AAPL']);
  hub.rest = () => hub.quotesAnswer();
  const long = 'W'.repeat(10_000);
  const { page } = await openOn(t, browser, hub, { path: `/?symbols=${long},AAPL`, context: { viewport: { width: 390, height: 844 } } });
  await shows(page, 'AAPL', '235.50');
  assert.deepEqual(await page.evaluate(faults), []);
  const [refused, good] = await page.locator('#list [data-symbol]').evaluateAll((rows) => rows.map((one) => ({ height: one.getBoundingClientRect().height, text: one.textContent ?? '' })));
  assert.equal(refused?.height, good?.height);
  assert.match(String(refused?.text), /Not a symbol/);
  assert.ok(Number(refused?.text.length) < 300);
  const told = await page.locator('#list [data-symbol]').first().evaluate((one) => [one, ...one.querySelectorAll('[title]')].map((part) => part.getAttribute('title')));
  assert.ok(told.some((title) => title?.includes('ot a symbol: it has 10,000 characters')), 'the reason');
  assert.ok(hub.received.every((message) => message.length < 1_000), 'the hub was sent no such name');
  hub.accepts = false;
  await hub.drop({ code: 1012 });
  await eventually(() => hub.restQuestions.length === 1, 'a question by REST');
  assert.deepEqual(hub.restQuestions, ['AAPL']);
});

test('a link with 3,000 names: as many as the hub takes, and a sentence about the others', options, async (t) => {
  const hub = new FakeHub(['AAPL']);
  const names = ['AAPL', ...Array.from({ length: 2_999 }, (_, index) => `$${index}`)];
  const { page, complaints } = await openOn(t, browser, hub, { path: `/?symbols=${names.join(',')}` });
  await page.locator('.notice[data-kind="left-out"]').waitFor();
  const asked = hub.received.filter((message) => message.includes('"subscribe"')).map((message) => JSON.parse(message).params.symbols.length);
  assert.deepEqual(asked, [200]);
  assert.match(await page.locator('.notice .sentence').innerText(), /^This hub serves 200 symbols to one page; 2,?800 of this list are not subscribed\./);
  await saying(page, '$5', /^Not a symbol/);
  assert.deepEqual(await page.evaluate(faults), []);
  assert.ok((await page.locator('#list [data-symbol]').count()) < 100, 'only the rows in sight are in the page');
  assert.deepEqual(complaints, []);
});

for (const width of [390, 1_024, 1_440]) {
  test(`in no frame while the page loads does a button stick out of its region at ${width} px`, options, async (t) => {
    const { page } = await openOn(t, browser, new FakeHub(['AAPL']), {
      context: { viewport: { width, height: 800 } },
      async prepare(opened) {
        const inspector = await opened.context().newCDPSession(opened);
        await inspector.send('Emulation.setCPUThrottlingRate', { rate: 6 });
        await opened.addInitScript(watchFrames);
      },
    });
    await page.locator('.dock .tabs').waitFor({ state: 'attached' });
    await eventually(async () => (await page.evaluate(() => /** @type {any} */ (window).seen.frames)) > 30, 'frames');
    const { stuck, buttons } = await page.evaluate(() => /** @type {any} */ (window).seen);
    assert.ok(buttons > 20, `${buttons} buttons were looked at`);
    assert.deepEqual(stuck, []);
  });
}

/** Looks at the buttons of every frame. Runs in the page. */
function watchFrames() {
  const seen = { frames: 0, buttons: 0, stuck: /** @type {string[]} */ ([]) };
  Object.assign(window, { seen });
  const look = () => {
    seen.frames += 1;
    for (const region of document.querySelectorAll('#header, #side, #dock')) {
      const edge = region.getBoundingClientRect();
      for (const button of region.querySelectorAll('button')) {
        const { left, right, width } = button.getBoundingClientRect();
        if (width === 0) continue;
        seen.buttons += 1;
        if (right > edge.right + 0.5 || left < edge.left - 0.5) seen.stuck.push(`frame ${seen.frames}, ${region.id}: ${button.textContent}`);
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

test('a symbol that the hub takes away later stays where it is, with the reason, and nothing is said to be missed', options, async (t) => {
  const hub = new FakeHub(['AAPL', 'MSFT', 'NVDA'], { v1: true });
  const { page, complaints } = await openOn(t, browser, hub, { path: '/?symbols=AAPL,MSFT,NVDA' });
  await saying(page, 'NVDA', /^Live/);
  const symbols = () => page.locator('#list [data-symbol]').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-symbol')));
  hub.refuse('MSFT', 'given to another viewer');
  hub.tick('NVDA', { price: 501 });
  await shows(page, 'NVDA', '501.00');
  assert.deepEqual(await symbols(), ['AAPL', 'MSFT', 'NVDA']);
  await saying(page, 'MSFT', /^Not a symbol$/);
  assert.ok((await titles(page, 'MSFT')).some((title) => /given to another viewer/i.test(title)));
  await page.locator('[data-figure="symbols"]').getByText('2 symbols').waitFor();
  await logs(page, 'MSFT not accepted: given to another viewer');
  const log = await logLines(page);
  assert.ok(log.every((line) => !/Began anew|missed/.test(line)), String(log));
  hub.refuse('AAPL', 'upstream does not know it');
  await saying(page, 'AAPL', /^Not a symbol$/);
  assert.deepEqual(await symbols(), ['AAPL', 'MSFT', 'NVDA']);
  assert.deepEqual(complaints, []);
});
