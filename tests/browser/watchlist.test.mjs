/** The watchlist in a real Chromium, used by keyboard and pointer as a person does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { eventually, isReady, launch, openOn, order, row } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

/** @typedef {import('playwright-core').Page} Page */

const options = { timeout: 60_000 };
/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser.close());

/**
 * @param {import('node:test').TestContext} t
 * @param {FakeHub} hub
 * @param {{ path?: string, desk?: object } & import('playwright-core').BrowserContextOptions} [how]  `desk`: what this browser kept
 */
async function open(t, hub, { path, desk, ...context } = {}) {
  const opened = await openOn(t, browser, hub, { path, kept: desk, context });
  await isReady(opened.page);
  return opened;
}

/** @param {Page} page */
const focused = (page) => page.evaluate(() => {
  const cell = document.activeElement;
  return `${cell?.closest('[data-symbol]')?.getAttribute('data-symbol') ?? cell?.closest('.row')?.className ?? cell?.tagName} ${cell?.closest('[data-column]')?.getAttribute('data-column') ?? ''}`.trim();
});
/** @param {Page} page @param {string} wanted */
const orderIs = (page, wanted) => eventually(async () => (await order(page)).join(' ') === wanted, `the order ${wanted}`).catch(async () => assert.equal((await order(page)).join(' '), wanted));
/** @param {Page} page @param {string} text */
const hears = (page, text) => eventually(() => page.evaluate((wanted) => [...document.querySelectorAll('body > .unseen')].some((region) => region.textContent?.includes(wanted)), text), `the words ${text}`);
/** @param {...string} symbols */
const listOf = (...symbols) => ({ lists: [{ id: 'default', name: 'Default', items: symbols.map((symbol) => ({ symbol })) }] });

/** Every new mark on the price of a symbol from now on. @param {Page} page @param {string} symbol */
async function watchMarks(page, symbol) {
  await page.evaluate((name) => {
    const marks = /** @type {string[]} */ ([]);
    Object.assign(window, { marks });
    const cell = document.querySelector(`[data-symbol="${name}"] .last`);
    if (!cell) throw new Error('no price cell');
    new MutationObserver((records) => {
      for (const { target, attributeName } of records) {
        const mark = target instanceof Element ? target.getAttribute(attributeName ?? '') : null;
        if (mark) marks.push(`${attributeName} ${mark} ${target.textContent}`);
      }
    }).observe(cell, { attributes: true, subtree: true, attributeFilter: ['data-flash', 'data-moved'] });
  }, symbol);
  return () => page.evaluate(() => /** @type {any} */ (window).marks);
}

test('a row says price, change, and where the price is from', options, async (t) => {
  const { page, complaints } = await open(t, new FakeHub());
  await row(page, 'BTC/USD').locator('.last', { hasText: '$95,500.00' }).waitFor();
  assert.match((await row(page, 'BTC/USD').locator('.change').textContent()) ?? '', /^\+0\.25%$/);
  await row(page, 'AAPL').locator('.source .word', { hasText: /^Live$/ }).waitFor();
  await row(page, 'AAPL').locator('.source .age', { hasText: /^\d+ s$/ }).waitFor();
  assert.match((await row(page, 'AAPL').getAttribute('title')) ?? '', /^Streaming from NASDAQ\. The price is of \d\d:\d\d:\d\d\.$/);
  assert.deepEqual(complaints, []);
});

test('only the digits that changed are marked, and for half a second', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await row(page, 'AAPL').locator('.last', { hasText: '$235.50' }).waitFor();
  const marks = await watchMarks(page, 'AAPL');
  hub.tick('AAPL', { price: 235.57 });
  await row(page, 'AAPL').locator('.last', { hasText: '$235.57' }).waitFor();
  assert.deepEqual(await marks(), ['data-flash up 7']);
  await eventually(async () => (await row(page, 'AAPL').locator('[data-flash]').count()) === 0, 'the mark to go', 5_000);
  hub.tick('AAPL', { price: 234.11 });
  await row(page, 'AAPL').locator('.last', { hasText: '$234.11' }).waitFor();
  assert.deepEqual((await marks()).slice(1), ['data-flash down 4.11']);
  hub.tick('AAPL', { price: 1_234.11 });
  await row(page, 'AAPL').locator('.last', { hasText: '$1,234.11' }).waitFor();
  assert.deepEqual((await marks()).slice(2), ['data-flash up $1,234.11'], 'all of it where the length changed');
});

test('what is no live move is not marked: a snapshot, REST, a stale price, a closed market', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub);
  await row(page, 'AAPL').locator('.last', { hasText: '$235.50' }).waitFor();
  const marks = await watchMarks(page, 'AAPL');
  hub.quotes.set('AAPL', hub.quote('AAPL', { price: 236 }));
  await hub.drop({ code: 1012 });
  await row(page, 'AAPL').locator('.last', { hasText: '$236.00' }).waitFor();
  for (const [price, fields] of /** @type {const} */ ([[237, { source: 'rest' }], [238, { freshness: 'stale' }], [239, { session: 'closed' }], [240, { source: 'restored' }]])) {
    hub.tick('AAPL', { price, ...fields });
    await row(page, 'AAPL').locator('.last', { hasText: `$${price}.00` }).waitFor();
  }
  assert.deepEqual(await marks(), []);
});

test('flashing can be turned off', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { desk: { settings: { flash: false } } });
  await row(page, 'AAPL').locator('.last', { hasText: '$235.50' }).waitFor();
  const marks = await watchMarks(page, 'AAPL');
  hub.tick('AAPL', { price: 235.57 });
  await row(page, 'AAPL').locator('.last', { hasText: '$235.57' }).waitFor();
  assert.deepEqual(await marks(), []);
});

test('without motion an arrow stays for two seconds, and nothing flashes', options, async (t) => {
  const hub = new FakeHub();
  const { page } = await open(t, hub, { reducedMotion: 'reduce' });
  await row(page, 'AAPL').locator('.last', { hasText: '$235.50' }).waitFor();
  const marks = await watchMarks(page, 'AAPL');
  const begun = Date.now();
  hub.tick('AAPL', { price: 235.57 });
  await row(page, 'AAPL').locator('[data-moved="up"]').waitFor();
  assert.deepEqual(await marks(), ['data-moved up $235.57']);
  await eventually(async () => (await row(page, 'AAPL').locator('[data-moved]').count()) === 0, 'the arrow to go', 10_000);
  assert.ok(Date.now() - begun >= 1_900);
});

test('each truth has its word and its way of writing the price', options, async (t) => {
  const hub = new FakeHub();
  hub.quotes.set('AAPL', hub.quote('AAPL', { session: 'closed' }));
  hub.quotes.set('MSFT', hub.quote('MSFT', { freshness: 'stale', stale_since: new Date().toISOString() }));
  hub.quotes.set('NVDA', hub.quote('NVDA', { source: 'restored' }));
  hub.quotes.set('SPY', hub.quote('SPY', { source: 'rest' }));
  hub.quotes.set('EUR/USD', hub.quote('EUR/USD', { simulated: true, source: 'simulated' }));
  hub.quotes.delete('GBP/USD');
  hub.quotes.delete('ETH/USD');
  hub.states['GBP/USD'] = { state: 'unavailable', reason: 'upstream does not serve it' };
  const { page } = await open(t, hub);
  await row(page, 'BTC/USD').locator('.word', { hasText: /^Live$/ }).waitFor();
  // The last one that the hub sends.
  await row(page, 'EUR/USD').locator('.word', { hasText: /^SIM$/ }).waitFor();
  const words = { AAPL: 'Closed', MSFT: 'Stale', NVDA: 'Restored', SPY: 'REST', 'EUR/USD': 'SIM', 'GBP/USD': 'Unavailable', 'ETH/USD': 'Waiting' };
  for (const [symbol, word] of Object.entries(words)) assert.equal(await row(page, symbol).locator('.word').textContent(), word, symbol);
  assert.equal(await row(page, 'GBP/USD').locator('.last').textContent(), '—');
  assert.equal(await row(page, 'ETH/USD').locator('.last').textContent(), '…');
  assert.match((await row(page, 'GBP/USD').getAttribute('title')) ?? '', /^Upstream does not serve it\./);
  const style = (/** @type {string} */ symbol, /** @type {string} */ property) => row(page, symbol).locator('.digits').evaluate((digits, name) => getComputedStyle(digits).getPropertyValue(name), property);
  assert.match(await style('MSFT', 'text-decoration-line'), /underline/);
  assert.notEqual(await style('NVDA', 'color'), await style('BTC/USD', 'color'));
  assert.equal(await style('AAPL', 'font-weight'), '500');
  const signs = await page.locator('.source use').evaluateAll((uses) => uses.map((use) => use.getAttribute('href')));
  assert.equal(new Set(signs).size, 8, 'each has a shape of its own');
});

test('ages go on by themselves, once a second', options, async (t) => {
  const { page } = await open(t, new FakeHub());
  const age = row(page, 'AAPL').locator('.age');
  await age.filter({ hasText: /\d s/ }).waitFor();
  const first = parseInt((await age.textContent()) ?? '', 10);
  await eventually(async () => parseInt((await age.textContent()) ?? '', 10) >= first + 2, 'two seconds more');
});

test('of 500 rows only those in sight exist, and the row with focus', options, async (t) => {
  const symbols = Array.from({ length: 500 }, (_, index) => `S${String(index).padStart(3, '0')}`);
  const hub = new FakeHub(symbols);
  const { page, complaints } = await open(t, hub, { desk: listOf(...symbols) });
  await row(page, 'S000').locator('.last', { hasText: '$100.00' }).waitFor();
  const mounted = () => page.locator('.watchlist .rows > .row').count();
  const scroller = page.locator('.watchlist .scroller');
  const inSight = await scroller.evaluate((one) => Math.ceil((one.clientHeight - 28) / 36));
  assert.ok((await mounted()) <= inSight + 9, `${await mounted()} rows for ${inSight} in sight`);
  assert.equal(await page.locator('.watchlist [role="grid"]').getAttribute('aria-rowcount'), '501');
  await row(page, 'S003').locator('.symbol').click();
  await scroller.evaluate((one) => one.scrollTo(0, one.scrollHeight));
  await row(page, 'S499').waitFor();
  assert.equal(await row(page, 'S499').getAttribute('aria-rowindex'), '501');
  assert.ok((await mounted()) <= inSight + 10);
  assert.equal(await focused(page), 'S003 symbol', 'it keeps the focus');
  await eventually(async () => {
    const names = await page.locator('.watchlist .rows > .row').evaluateAll((rows) => rows.map((one) => Number(one.getAttribute('aria-rowindex'))));
    return names.every((index, place) => place === 0 || index > (names[place - 1] ?? 0));
  }, 'the rows in the order of the list, for readers');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'S004 symbol');
  assert.ok(await row(page, 'S004').isVisible());
  assert.ok(await scroller.evaluate((one) => one.scrollTop < 200), 'the keyboard brings its row into sight');
  assert.deepEqual(complaints, []);
});

test('symbols beyond the hub’s limit stay, and say what to do', options, async (t) => {
  const symbols = Array.from({ length: 237 }, (_, index) => `S${String(index).padStart(3, '0')}`);
  const { page } = await open(t, new FakeHub(symbols), { desk: listOf(...symbols) });
  await row(page, 'S000').locator('.word', { hasText: 'Live' }).waitFor();
  await page.locator('.watchlist .scroller').evaluate((one) => one.scrollTo(0, one.scrollHeight));
  await row(page, 'S236').locator('.word', { hasText: 'Unavailable' }).waitFor();
  assert.equal(await row(page, 'S236').getAttribute('title'), 'This hub serves 200 symbols to one page; 37 of this list are not subscribed. Remove some or open them in another list.');
});

test('the grid is one tab stop, and arrows reach every cell', options, async (t) => {
  const { page } = await open(t, new FakeHub());
  await row(page, 'GBP/USD').locator('.word', { hasText: 'Live' }).waitFor();
  assert.equal(await page.locator('.watchlist .grid [tabindex="0"]').count(), 1);
  await page.locator('.watchlist .grid [tabindex="0"]').focus();
  /** @type {[string, string][]} */
  const walk = [
    ['ArrowDown', 'ETH/USD symbol'], ['ArrowRight', 'ETH/USD last'], ['End', 'ETH/USD actions'], ['Home', 'ETH/USD symbol'], ['Control+End', 'GBP/USD actions'],
    ['Control+Home', 'BTC/USD symbol'], ['PageDown', 'GBP/USD symbol'], ['PageUp', 'BTC/USD symbol'], ['ArrowUp', 'row head symbol'], ['ArrowRight', 'row head last'],
    ['ArrowDown', 'BTC/USD last'], ['ArrowLeft', 'BTC/USD symbol'], ['ArrowLeft', 'BTC/USD symbol'],
  ];
  for (const [key, place] of walk) {
    await page.keyboard.press(key);
    assert.equal(await focused(page), place, key);
    assert.equal(await page.locator('.watchlist .grid [tabindex="0"]').count(), 1, key);
  }
  await page.keyboard.press('Tab');
  assert.match(await focused(page), /^INPUT/, 'one Tab leaves the grid');
  await page.keyboard.press('Shift+Tab');
  assert.equal(await focused(page), 'BTC/USD symbol');
  assert.match((await row(page, 'BTC/USD').getAttribute('aria-label')) ?? '', /^BTC\/USD, \$95,500\.00, up 0\.25 percent, Live \d+ s$/);
});

test('the first symbol is selected; selection follows focus, Enter opens the chart', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { desk: { settings: { side: false } } });
  const selected = () => page.locator('.watchlist [aria-selected="true"][data-symbol]').getAttribute('data-symbol');
  await eventually(async () => (await selected()) === 'BTC/USD', 'a selection');
  await page.locator('.watchlist .grid [tabindex="0"]').focus();
  for (let press = 0; press < 4; press += 1) await page.keyboard.press('ArrowDown');
  await eventually(async () => (await selected()) === 'NVDA', 'the selection to follow');
  assert.equal(await page.locator('#side').isVisible(), false);
  await page.keyboard.press('Enter');
  await page.locator('#side').waitFor({ state: 'visible' });
  assert.equal(await page.evaluate(() => document.body.dataset['sheet']), 'chart');
});

test('a selection made elsewhere takes the cursor along, and focus that comes back selects nothing', options, async (t) => {
  const hub = new FakeHub(Array.from({ length: 60 }, (_, index) => `S${index}`));
  const { page } = await open(t, hub, { desk: listOf(...hub.quotes.keys()) });
  const selected = () => page.locator('.watchlist [aria-selected="true"][data-symbol]').getAttribute('data-symbol');
  await row(page, 'S0').locator('.symbol').click();
  await page.locator('.watchlist .grid [tabindex="0"]').focus();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search symbols and commands' }).fill('s57');
  await page.keyboard.press('Enter');
  await eventually(async () => (await focused(page)) === 'S57 symbol', 'the cursor on the chosen row');
  assert.equal(await selected(), 'S57');
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Escape');
  await eventually(async () => (await focused(page)) === 'S57 symbol', 'focus back');
  await page.keyboard.press('ArrowUp');
  await eventually(async () => (await selected()) === 'S56', 'the arrow goes on from there');
});

test('a head sorts: descending, ascending, own order; what is unknown is last', options, async (t) => {
  const hub = new FakeHub();
  for (const [symbol, percent] of /** @type {const} */ ([['AAPL', 3], ['MSFT', -2], ['NVDA', null], ['SPY', 1]])) hub.quotes.set(symbol, hub.quote(symbol, { percent_change: percent }));
  const { page } = await open(t, hub, { desk: listOf('AAPL', 'NVDA', 'MSFT', 'SPY') });
  await row(page, 'SPY').locator('.change', { hasText: '+1.00%' }).waitFor();
  const head = page.locator('.watchlist .head [data-column="pct"]');
  await head.click();
  await orderIs(page, 'AAPL SPY MSFT NVDA');
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  await head.focus();
  await page.keyboard.press('Enter');
  await orderIs(page, 'MSFT SPY AAPL NVDA');
  assert.equal(await head.getAttribute('aria-sort'), 'ascending');
  await page.keyboard.press('Enter');
  await orderIs(page, 'AAPL NVDA MSFT SPY');
  assert.equal(await head.getAttribute('aria-sort'), 'none');
});

test('a sorted list keeps still while somebody is inside, and offers to sort again', options, async (t) => {
  const hub = new FakeHub();
  for (const [symbol, percent] of /** @type {const} */ ([['AAPL', 1], ['MSFT', 2], ['SPY', 3]])) hub.quotes.set(symbol, hub.quote(symbol, { percent_change: percent }));
  const { page } = await open(t, hub, { desk: listOf('AAPL', 'MSFT', 'SPY') });
  await row(page, 'SPY').locator('.change', { hasText: '+3.00%' }).waitFor();
  await page.locator('.watchlist .head [data-column="pct"]').click();
  await orderIs(page, 'SPY MSFT AAPL');
  await row(page, 'MSFT').locator('.symbol').click();
  hub.tick('AAPL', { percent_change: 9 });
  const again = page.locator('.watchlist .rank');
  await again.waitFor();
  assert.match((await again.textContent()) ?? '', /^Order is \d+ s old, re-sort$/);
  assert.equal((await order(page)).join(' '), 'SPY MSFT AAPL');
  await again.click();
  await orderIs(page, 'AAPL SPY MSFT');
  hub.tick('MSFT', { percent_change: 10 });
  await page.mouse.move(5, 5);
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
  await orderIs(page, 'MSFT AAPL SPY');
});

test('rows move by keyboard, and the place is read out', options, async (t) => {
  const { page } = await open(t, new FakeHub());
  await row(page, 'MSFT').locator('.symbol').click();
  await page.keyboard.press('Alt+ArrowUp');
  await orderIs(page, 'BTC/USD ETH/USD MSFT AAPL NVDA SPY EUR/USD GBP/USD');
  await hears(page, 'MSFT, 3 of 8');
  assert.equal(await focused(page), 'MSFT symbol', 'the focus goes along');
  await page.keyboard.press('Alt+Shift+ArrowDown');
  await orderIs(page, 'BTC/USD ETH/USD AAPL NVDA SPY EUR/USD GBP/USD MSFT');
  await hears(page, 'MSFT, 8 of 8');
  await page.keyboard.press('Alt+Shift+ArrowUp');
  await hears(page, 'MSFT, 1 of 8');
  await page.reload();
  await orderIs(page, 'MSFT BTC/USD ETH/USD AAPL NVDA SPY EUR/USD GBP/USD');
});

test('rows are dragged by their grip; Escape leaves them where they are', options, async (t) => {
  const { page } = await open(t, new FakeHub());
  await row(page, 'GBP/USD').locator('.word', { hasText: 'Live' }).waitFor();
  const middle = async (/** @type {string} */ symbol) => {
    const box = await row(page, symbol).boundingBox();
    assert.ok(box);
    return box.y + box.height / 2;
  };
  await page.mouse.move(12, await middle('SPY'));
  await page.mouse.down();
  await page.mouse.move(12, (await middle('ETH/USD')) - 14, { steps: 5 });
  assert.ok(await page.locator('.watchlist .marker').isVisible());
  await page.mouse.up();
  await orderIs(page, 'BTC/USD SPY ETH/USD AAPL MSFT NVDA EUR/USD GBP/USD');
  await hears(page, 'SPY, 2 of 8');
  await page.mouse.move(12, await middle('SPY'));
  await page.mouse.down();
  await page.mouse.move(12, (await middle('GBP/USD')) + 10, { steps: 5 });
  await page.keyboard.press('Escape');
  await page.mouse.up();
  assert.equal((await order(page)).join(' '), 'BTC/USD SPY ETH/USD AAPL MSFT NVDA EUR/USD GBP/USD');
});

test('a finger drags a row by its button, which opens the menu when it is only touched', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await row(page, 'GBP/USD').locator('.word', { hasText: 'Live' }).waitFor();
  const more = row(page, 'AAPL').locator('.more');
  await more.tap();
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
  const [from, to] = [await more.boundingBox(), await row(page, 'BTC/USD').boundingBox()];
  assert.ok(from && to);
  assert.ok(from.width >= 48 && from.height >= 48, 'large enough for a finger');
  const client = await page.context().newCDPSession(page);
  const touch = (/** @type {'touchStart' | 'touchMove' | 'touchEnd'} */ type, /** @type {number} */ y) => client.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x: from.x + 20, y }] });
  await touch('touchStart', from.y + 20);
  for (const part of [0.25, 0.5, 0.75, 1]) await touch('touchMove', from.y + 20 + (to.y + 4 - from.y - 20) * part);
  await touch('touchEnd', to.y);
  await orderIs(page, 'AAPL BTC/USD ETH/USD MSFT NVDA SPY EUR/USD GBP/USD');
});

test('sections are added, named, folded, moved and removed', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { desk: listOf('AAPL', 'MSFT', 'SPY') });
  await row(page, 'MSFT').locator('.symbol').click();
  await page.keyboard.press('Shift+F10');
  await page.getByRole('menuitem', { name: 'Put a section before it' }).click();
  const fold = page.locator('.watchlist .fold');
  await fold.filter({ hasText: 'New section2' }).waitFor();
  await fold.focus();
  await page.keyboard.press('F2');
  await page.keyboard.type('Funds');
  await page.keyboard.press('Enter');
  await fold.filter({ hasText: 'Funds2' }).waitFor();
  await fold.focus();
  await page.keyboard.press('Enter');
  await orderIs(page, 'AAPL');
  assert.equal(await fold.getAttribute('aria-expanded'), 'false');
  await page.keyboard.press('Enter');
  await orderIs(page, 'AAPL MSFT SPY');
  await page.keyboard.press('Delete');
  await fold.waitFor({ state: 'detached' });
  await orderIs(page, 'AAPL MSFT SPY');
  await page.locator('.toast button', { hasText: 'Undo' }).click();
  await fold.filter({ hasText: 'Funds2' }).waitFor();
});

test('symbols are typed, pasted into the field, and pasted into the grid', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { desk: listOf('AAPL'), permissions: ['clipboard-read', 'clipboard-write'] });
  const field = page.getByPlaceholder('Add symbols');
  await field.fill('msft');
  await field.press('Enter');
  await orderIs(page, 'AAPL MSFT');
  assert.equal(await field.inputValue(), '');
  await page.evaluate(() => navigator.clipboard.writeText('NVDA, RY:TSX\nSPY'));
  await field.press('Control+V');
  await orderIs(page, 'AAPL MSFT NVDA RY:TSX SPY');
  await page.locator('.toast', { hasText: 'Added NVDA and 2 more' }).waitFor();
  await row(page, 'AAPL').locator('.symbol').click();
  await page.evaluate(() => navigator.clipboard.writeText('BTC/USD ETH/USD aapl'));
  await page.keyboard.press('Control+V');
  await orderIs(page, 'AAPL MSFT NVDA RY:TSX SPY BTC/USD ETH/USD');
  await page.locator('.toast button', { hasText: 'Undo' }).click();
  await orderIs(page, 'AAPL MSFT NVDA RY:TSX SPY');
  await field.fill('!?');
  await field.press('Enter');
  await page.locator('.toast', { hasText: '!? is no symbol' }).waitFor();
  assert.equal(await field.inputValue(), '!?', 'it stays, to be mended');
  await field.press('Escape');
  assert.equal(await field.inputValue(), '');
  await field.press('Escape');
  assert.equal(await focused(page), 'AAPL symbol', 'Escape leads back to the rows');
});

test('Delete removes the row and selects the next; Undo brings it back', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { desk: listOf('AAPL', 'NVDA', 'SPY') });
  await row(page, 'NVDA').locator('.symbol').click();
  await page.keyboard.press('Delete');
  await orderIs(page, 'AAPL SPY');
  await page.locator('.toast', { hasText: 'Removed NVDA' }).waitFor();
  await eventually(async () => (await focused(page)) === 'SPY symbol', 'the focus on the next row');
  assert.equal(await row(page, 'SPY').getAttribute('aria-selected'), 'true');
  await page.locator('.toast button', { hasText: 'Undo' }).click();
  await orderIs(page, 'AAPL NVDA SPY');
});

test('lists are made, named, duplicated and deleted, and kept', options, async (t) => {
  const { page } = await open(t, new FakeHub());
  const tabs = page.getByRole('tablist', { name: 'Lists' }).getByRole('tab');
  const names = async () => (await tabs.allTextContents()).join(' ');
  await eventually(async () => (await names()) === 'Default8 Stocks Forex Crypto', 'the tabs');
  await page.getByRole('button', { name: 'New list' }).click();
  await page.keyboard.type('Tech');
  await page.keyboard.press('Enter');
  await eventually(async () => (await names()) === 'Default8 Tech0 Stocks Forex Crypto', 'the new list');
  await page.locator('.watchlist .empty').getByRole('button', { name: 'AAPL' }).click();
  await orderIs(page, 'AAPL');
  await page.getByRole('tab', { name: 'Tech' }).press('F2');
  await page.keyboard.type('Chips');
  await page.keyboard.press('Enter');
  await eventually(async () => (await names()) === 'Default8 Chips1 Stocks Forex Crypto', 'the new name');
  await page.getByRole('button', { name: 'Actions of the list' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  await eventually(async () => (await names()) === 'Default8 Chips1 Chips copy1 Stocks Forex Crypto', 'the copy');
  await page.getByRole('tab', { name: 'Chips copy' }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await eventually(async () => (await names()) === 'Default8 Chips1 Stocks Forex Crypto', 'the copy gone');
  await page.locator('.toast button', { hasText: 'Undo' }).click();
  await eventually(async () => (await names()) === 'Default8 Chips1 Chips copy1 Stocks Forex Crypto', 'the copy back');
  await page.reload();
  await eventually(async () => (await names()) === 'Default8 Chips1 Chips copy1 Stocks Forex Crypto', 'the lists kept');
});

test('computed views are made of all lists', options, async (t) => {
  const { page } = await open(t, new FakeHub());
  await page.getByRole('tab', { name: 'Crypto' }).click();
  await orderIs(page, 'BTC/USD ETH/USD');
  await page.keyboard.press('ArrowLeft');
  await orderIs(page, 'EUR/USD GBP/USD');
  assert.equal(await page.getByRole('tab', { name: 'Forex' }).getAttribute('aria-selected'), 'true');
  assert.equal(await page.getByPlaceholder('Add symbols').isVisible(), false);
  await row(page, 'EUR/USD').locator('.symbol').click();
  await page.keyboard.press('Delete');
  await page.locator('.toast', { hasText: 'Forex is made of your lists' }).waitFor();
});

test('the list of a link is kept when the user says so', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { path: '/?symbols=AAPL,SPY' });
  await orderIs(page, 'AAPL SPY');
  await page.getByText('Keep this list?').waitFor();
  await page.getByRole('button', { name: 'Keep this list' }).click();
  await page.getByText('Keep this list?').waitFor({ state: 'hidden' });
  await page.goto('https://hamster.test/');
  await page.getByRole('tab', { name: 'Shared' }).click();
  await orderIs(page, 'AAPL SPY');
});

test('an empty list offers four symbols', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { desk: listOf() });
  const offers = page.locator('.watchlist .empty button');
  await offers.first().waitFor();
  assert.equal(await offers.count(), 4);
  await offers.filter({ hasText: 'BTC/USD' }).click();
  await orderIs(page, 'BTC/USD');
  assert.equal(await page.locator('.watchlist .empty').isVisible(), false);
});

test('the columns are chosen and put in order in a menu', options, async (t) => {
  const hub = new FakeHub(['AAPL']);
  hub.quotes.set('AAPL', hub.quote('AAPL', { bid: 235.4, ask: 235.6, day_volume: 3e6, average_volume: 2e6 }));
  const { page } = await open(t, hub, { desk: listOf('AAPL'), viewport: { width: 1920, height: 900 } });
  const heads = async () => (await page.locator('.watchlist .head .title').allTextContents()).join('|');
  await eventually(async () => (await heads()) === 'Symbol|Last|Chg %|Chg|1 h|Bid|Ask|Day range|Volume|Source', 'the default columns');
  await page.getByRole('button', { name: 'Columns' }).click();
  const box = (/** @type {string} */ name) => page.getByRole('menuitemcheckbox', { name, exact: true });
  assert.equal(await box('Source').getAttribute('aria-disabled'), 'true', 'a price without its source is not shown');
  for (const name of ['Day range', 'Ask', 'Spread', 'Volume against the average']) await box(name).click();
  await box('Volume against the average').press('Alt+ArrowUp');
  await page.keyboard.press('Escape');
  await eventually(async () => (await heads()) === 'Symbol|Last|Chg %|Chg|1 h|Bid|Rel. vol.|Volume|Spread|Source' || (await heads()) === 'Symbol|Last|Chg %|Chg|1 h|Bid|Volume|Rel. vol.|Spread|Source', await heads());
  assert.equal(await row(page, 'AAPL').locator('.spread').textContent(), '0.20');
  assert.equal(await row(page, 'AAPL').locator('.relative').textContent(), '1.50×');
  await page.reload();
  await eventually(async () => (await heads()).includes('Rel. vol.'), 'the columns kept');
});

test('a column says how far the nearest alert of a symbol is, and the list is sorted by it', options, async (t) => {
  const alert = (/** @type {string} */ symbol, /** @type {number} */ level) => ({
    id: `${symbol} ${level}`, kind: 'above', symbol, level, within: null, note: '', repeats: false, expires: null, state: 'armed', until: null, fired: null,
  });
  const alerts = [alert('SPY', 900), alert('AAPL', 258.01), alert('AAPL', 236.7)];
  const { page } = await open(t, new FakeHub(), { desk: { ...listOf('MSFT', 'SPY', 'AAPL'), alerts, settings: { columns: ['symbol', 'last', 'pct', 'alerts', 'source'] } } });
  const told = (/** @type {string} */ symbol) => row(page, symbol).locator('.cell.alerts');
  await told('AAPL').getByText('0.51 %').waitFor();
  assert.equal(await told('AAPL').getAttribute('title'), '2 armed alerts, the nearest 0.51 % away');
  assert.equal((await told('MSFT').textContent())?.trim(), '');
  await page.locator('.watchlist .head [data-column="alerts"]').click();
  await page.locator('.watchlist .head [data-column="alerts"]').click();
  await orderIs(page, 'AAPL SPY MSFT');
});

test('the row’s menu opens by button, right click and keyboard, and gives focus back', options, async (t) => {
  const { page } = await open(t, new FakeHub());
  const menu = page.getByRole('menu', { name: 'Actions of MSFT' });
  await row(page, 'MSFT').locator('.symbol').click({ button: 'right' });
  await menu.waitFor();
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  assert.equal(await focused(page), 'MSFT symbol');
  await page.keyboard.press('Shift+F10');
  await menu.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Open the chartEnter');
  await page.keyboard.press('End');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Remove from the listDel');
  await page.keyboard.press('m');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Move upAlt+↑');
  await page.keyboard.press('Enter');
  await hears(page, 'MSFT, 3 of 8');
  await row(page, 'MSFT').locator('.more').click();
  await menu.waitFor();
  await page.mouse.click(700, 700);
  await menu.waitFor({ state: 'detached' });
});


/** Numbers and texts of every length that a market may bring. */
function extremes() {
  const hub = new FakeHub([]);
  const wide = {
    'BTC/IDR': { price: 1523456789.12, bid: 1523456788.11, ask: 1523456790.13, day_volume: 5.9e20, percent_change: -12.34, previous_close: 1523466789.12, high: 1523499999.99, low: 1523400000.01, exchange: 'A venue of exactly thirty chars', currency: 'IDR' },
    'SHIB/USD': { price: 0.00000812, bid: 0.00000811, ask: 0.00000813, decimals: 8, percent_change: 0.01, previous_close: 0.00000811, high: 0.00000899, low: 0.000008 },
    'ABCDEFGHIJKLMNOPQRSTUVWX': { price: 1e308, bid: 1e308, ask: 1.1e308, day_volume: 5.9e20, percent_change: 123456.78 },
    BARC: { price: 172.5, bid: 172.48, ask: 172.52, currency: 'GBp', exchange: 'LSE', day_volume: 49_153, freshness: 'stale', stale_since: new Date(Date.now() - 840_000).toISOString(), simulated: true, source: 'simulated' },
    AAPL: { price: 235.5, bid: 235.4, ask: 235.6, high: 240.1, low: 231.2 },
  };
  for (const [symbol, fields] of Object.entries(wide)) hub.quotes.set(symbol, hub.quote(symbol, fields));
  return { hub, symbols: Object.keys(wide) };
}

test('at no width from 320 px on do cells overlap or are digits cut', options, async (t) => {
  const { hub, symbols } = extremes();
  const { page } = await open(t, hub, { desk: { ...listOf(...symbols), settings: { side: false } } });
  await row(page, 'AAPL').locator('.last', { hasText: '$235.50' }).waitFor();
  for (const width of [320, 360, 390, 480, 600, 640, 700, 768, 860, 960, 1024, 1180, 1440, 1920]) {
    await page.setViewportSize({ width, height: 800 });
    await eventually(async () => (await page.locator('.watchlist .scroller').evaluate((one) => one.clientWidth)) <= width, 'the layout');
    const faults = await page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      /** @type {string[]} */
      const found = [];
      for (const one of document.querySelectorAll('.watchlist .row')) {
        const cells = [...one.querySelectorAll('.cell')].filter((cell) => cell.getClientRects().length > 0);
        for (const cell of cells) {
          const box = cell.getBoundingClientRect();
          if (box.right > innerWidth + 0.5) found.push(`${cell.className} leaves the screen`);
          const isNumber = cell.matches('.last, .pct, .chg, .bid, .ask, .volume, .bounds');
          if (isNumber && cell.scrollWidth > cell.clientWidth) found.push(`${one.getAttribute('data-symbol')} ${cell.className} is cut: ${cell.textContent}`);
          for (const other of cells) {
            const beside = other.getBoundingClientRect();
            if (other !== cell && box.left < beside.right - 1 && beside.left < box.right - 1 && box.top < beside.bottom - 1 && beside.top < box.bottom - 1) found.push(`${cell.className} lies on ${other.className}`);
          }
        }
      }
      return found;
    });
    assert.deepEqual(faults, [], `at ${width} px`);
  }
});

test('the narrower the list, the fewer columns, and symbol, price, change and source always', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { desk: { settings: { side: false } } });
  await row(page, 'AAPL').locator('.last', { hasText: '$235.50' }).waitFor();
  const heads = async () => (await page.locator('.watchlist .head .title').allTextContents()).join('|');
  for (const [width, wanted] of /** @type {const} */ ([
    [1440, 'Symbol|Last|Chg %|Chg|1 h|Bid|Ask|Day range|Volume|Source'], [900, 'Symbol|Last|Chg %|Chg|1 h|Bid|Ask|Source'],
    [760, 'Symbol|Last|Chg %|Chg|1 h|Source'],
  ])) {
    await page.setViewportSize({ width, height: 800 });
    await eventually(async () => (await heads()) === wanted, `at ${width} px ${wanted}`).catch(async () => assert.equal(await heads(), wanted, `${width} px`));
  }
  await page.setViewportSize({ width: 390, height: 800 });
  await page.locator('.watchlist [data-lines="2"]').waitFor();
  const box = await row(page, 'AAPL').boundingBox();
  assert.equal(box?.height, 52);
  for (const part of ['.symbol', '.last', '.change', '.source']) assert.ok(await row(page, 'AAPL').locator(part).isVisible(), part);
  await row(page, 'MSFT').locator('.symbol').click();
  await page.locator('#side').waitFor({ state: 'visible' });
});

test('at 1024 px the list beside the chart has symbol, price, change, last hour and source', options, async (t) => {
  const { page } = await open(t, new FakeHub(), { viewport: { width: 1024, height: 800 } });
  await row(page, 'BTC/USD').locator('.last', { hasText: '$95,500.00' }).waitFor();
  assert.equal((await page.locator('.watchlist .head .title').allTextContents()).join('|'), 'Symbol|Last|Chg %|1 h|Source');
});

test('axe finds nothing wrong, in both themes, on a desktop and on a phone', options, async (t) => {
  for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
    for (const width of [1440, 390]) {
      const hub = new FakeHub();
      hub.quotes.delete('SPY');
      hub.quotes.set('MSFT', hub.quote('MSFT', { freshness: 'stale', stale_since: new Date().toISOString() }));
      const { page } = await open(t, hub, { colorScheme, viewport: { width, height: 800 }, desk: { lists: [{ id: 'default', name: 'Default', items: [{ symbol: 'AAPL' }, { section: 'Tech', folded: false }, { symbol: 'MSFT' }, { symbol: 'SPY' }] }] } });
      await row(page, 'AAPL').locator('.word', { hasText: 'Live' }).waitFor();
      assert.deepEqual(await violations(page, '.watchlist'), [], `${colorScheme} ${width}`);
    }
  }
});
