/** Search, commands and keys, as a person uses them: by keyboard alone, and by pointer alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { eventually, isReady, launch, openOn } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const BANK = {
  symbol: 'RY', subscribe: 'RY:TSX', name: 'Royal Bank of Canada', exchange: 'TSX', mic_code: 'XTSE', kind: 'stock', currency: 'CAD', country: 'Canada', serves: 'unknown', plan: 'Grow',
};
const LINER = { ...BANK, symbol: 'RCL', subscribe: 'RCL', name: 'Royal Caribbean', exchange: 'NYSE', mic_code: 'XNYS', currency: 'USD', serves: 'poll', plan: null };

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * `clock`: the page's time stands still; a test lets it run.
 * @param {import('node:test').TestContext} t
 * @param {{ path?: string, context?: import('playwright-core').BrowserContextOptions, hub?: FakeHub, clock?: boolean }} [how]
 */
async function open(t, { path, context, hub = new FakeHub(), clock = false } = {}) {
  const opened = await openOn(t, browser, hub, { path, context, clock: clock && 'still' });
  const { page } = opened;
  await isReady(page, { still: clock });
  const dialog = page.getByRole('dialog', { name: 'Search' });
  const field = dialog.getByRole('combobox');
  const active = dialog.locator('[role="option"][aria-selected="true"]');
  return { ...opened, dialog, field, active };
}

/** @param {import('playwright-core').Locator} dialog */
const groups = (dialog) => dialog.getByRole('group').evaluateAll((all) => all.map((group) => group.querySelector('.title')?.textContent));
/** @param {FakeHub} hub */
const subscribed = (hub) => hub.received.filter((text) => text.includes('"subscribe"')).map((text) => JSON.parse(text).params.symbols).flat();
/** @param {import('./support/browser.mjs').Page} page @returns {Promise<any>} */
const kept = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('hamster.settings.v1') ?? '{}'));

/** A hub whose search answers, and the questions it got. @param {object} [more] */
function searchable(more = {}) {
  const hub = new FakeHub();
  /** @type {string[]} */
  const asked = [];
  hub.api.set('/api/search', (url) => {
    asked.push(url.searchParams.get('q') ?? '');
    return { json: { ok: true, q: asked.at(-1), from: 'provider', reason: null, retry_at: null, results: [BANK, LINER], ...more } };
  });
  return { hub, asked };
}

test('/ opens the search with symbols first, Ctrl+K with commands first; Esc closes it and gives the focus back', options, async (t) => {
  const { page, dialog, field, complaints } = await open(t);
  const gear = page.getByRole('button', { name: 'Settings' });
  await gear.focus();
  await page.keyboard.press('/');
  assert.equal(await field.inputValue(), '', 'the key itself is not typed');
  assert.equal((await groups(dialog))[0], 'In your lists');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.ok(await gear.evaluate((button) => button === document.activeElement));
  await page.keyboard.press('Control+k');
  await dialog.waitFor();
  assert.equal((await groups(dialog))[0], 'Commands');
  await page.keyboard.press('Control+k');
  await dialog.waitFor({ state: 'hidden' });
  assert.deepEqual(complaints, []);
});

test('a letter opens the search with that letter, and typing goes on', options, async (t) => {
  const { page, field, active } = await open(t);
  await page.keyboard.press('n');
  await page.keyboard.type('vd');
  assert.equal(await field.inputValue(), 'nvd');
  assert.match(String(await active.textContent()), /^NVDA/);
});

test('it is a combobox: the active option is named, arrows move it round, Enter shows the symbol in the chart', options, async (t) => {
  const { page, dialog, field, active, complaints } = await open(t);
  await page.keyboard.press('/');
  const first = await active.getAttribute('id');
  assert.equal(await field.getAttribute('aria-activedescendant'), first);
  assert.equal(await field.getAttribute('aria-controls'), await dialog.getByRole('listbox').getAttribute('id'));
  await page.keyboard.press('ArrowDown');
  const second = await active.getAttribute('id');
  assert.notEqual(second, first);
  assert.equal(await field.getAttribute('aria-activedescendant'), second);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  assert.equal(await active.getAttribute('id'), await dialog.getByRole('option').last().getAttribute('id'));
  await page.keyboard.type('msft');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await eventually(async () => (await page.title()).includes('MSFT'), 'MSFT is the selected symbol');
  await eventually(() => new URL(page.url()).searchParams.get('s') === 'MSFT', 'and in the address');
  assert.deepEqual(complaints, []);
});

test('the hub is asked once, a moment after typing stops, and says where an instrument trades and who serves it', options, async (t) => {
  const { hub, asked } = searchable();
  const { page, dialog, complaints } = await open(t, { hub, clock: true });
  await page.keyboard.press('r');
  for (const letter of 'oyal') {
    await page.clock.runFor(20);
    await page.keyboard.press(letter);
  }
  assert.deepEqual(asked, [], 'not while somebody types');
  await page.clock.runFor(1_000);
  const bank = dialog.getByRole('option', { name: 'RY:TSX' });
  await bank.waitFor();
  assert.deepEqual(asked, ['royal']);
  assert.match(String(await bank.textContent()), /^RY:TSXRoyal Bank of CanadaTSXCADGrow plan$/);
  assert.match(String(await dialog.getByRole('option', { name: 'RCL' }).textContent()), /^RCLRoyal CaribbeanNYSEUSDPolled$/);
  await page.keyboard.press('Backspace');
  await page.keyboard.press('l');
  await page.clock.runFor(1_000);
  await bank.waitFor();
  assert.deepEqual(asked, ['royal'], 'what was asked before is remembered');
  assert.deepEqual(complaints, []);
});

test('one letter asks nobody, and neither does a command', options, async (t) => {
  const { hub, asked } = searchable();
  const { page, dialog } = await open(t, { hub, clock: true });
  await page.keyboard.press('r');
  await page.clock.runFor(1_000);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('theme');
  await page.clock.runFor(1_000);
  await dialog.getByRole('option', { name: /theme/i }).first().waitFor();
  assert.deepEqual(asked, []);
});

test('a symbol in no list is subscribed when it is shown, and stays in no list', options, async (t) => {
  const { hub } = searchable();
  const { page, dialog } = await open(t, { hub });
  hub.quotes.set('RY:TSX', hub.quote('RY:TSX', { price: 171.25 }));
  await page.keyboard.press('r');
  await page.keyboard.type('oyal');
  await dialog.getByRole('option', { name: 'RY:TSX' }).waitFor();
  await page.keyboard.press('Enter');
  await eventually(() => subscribed(hub).includes('RY:TSX'), 'it is subscribed');
  await eventually(async () => (await page.title()).includes('171.25'), 'its price is shown');
  assert.ok(!JSON.stringify((await kept(page)).lists ?? []).includes('RY:TSX'));
});

test('Ctrl+Enter adds to the list in view and stays; one Undo takes all of it back', options, async (t) => {
  const { hub } = searchable();
  const { page, dialog, active } = await open(t, { hub });
  await page.keyboard.press('r');
  await page.keyboard.type('oyal');
  await dialog.getByRole('option', { name: 'RY:TSX' }).waitFor();
  await page.keyboard.press('Control+Enter');
  await dialog.getByText('Added RY:TSX to Default').waitFor();
  await page.keyboard.press('Control+Enter');
  await dialog.getByText('RY:TSX is in Default already').waitFor();
  await page.keyboard.press('ArrowDown');
  assert.match(String(await active.textContent()), /^RCL/, 'the list of results stayed as it was');
  await page.keyboard.press('Control+Enter');
  await dialog.getByText('Added RCL to Default').waitFor();
  const symbols = async () => ((await kept(page)).lists[0].items ?? []).map((/** @type {{ symbol: string }} */ { symbol }) => symbol);
  assert.deepEqual((await symbols()).slice(-2), ['RY:TSX', 'RCL']);
  await page.keyboard.press('Escape');
  await page.locator('.toast', { hasText: 'Added 2 symbols' }).getByRole('button', { name: 'Undo' }).click();
  assert.equal((await kept(page)).lists[0].items, null, 'the hub’s own list again');
});

test('by pointer: the header’s button opens it, a press shows a symbol, the plus adds it, a press beside it closes it', options, async (t) => {
  const { hub } = searchable();
  const { page, dialog, field } = await open(t, { hub });
  await page.getByRole('button', { name: 'Search or command' }).click();
  await field.fill('royal');
  const liner = dialog.getByRole('option', { name: 'RCL' });
  await liner.locator('[data-add]').click();
  await dialog.getByText('Added RCL to Default').waitFor();
  assert.ok(await field.evaluate((input) => input === document.activeElement), 'the field keeps the focus');
  await page.mouse.click(5, 500);
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Search or command' }).click();
  await field.fill('spy');
  await dialog.getByRole('option', { name: 'SPY' }).click();
  await eventually(async () => (await page.title()).includes('SPY'), 'SPY is selected');
});

test('where the hub cannot search, it says why and for how long, asks again by itself, and the exact symbol still goes in', options, async (t) => {
  const reason = 'upstream could not be asked yet: only the symbols that this hub tracks';
  const hub = new FakeHub();
  let answers = 0;
  hub.api.set('/api/search', () => {
    answers += 1;
    return { json: { ok: true, q: 'ro', from: 'hub', ...(answers === 1 ? { reason, retry_at: new Date(Date.now() + 4_000).toISOString(), results: [] } : { reason: null, retry_at: null, results: [BANK] }) } };
  });
  const { page, dialog } = await open(t, { hub });
  await page.keyboard.press('r');
  await page.keyboard.type('o');
  await dialog.getByText(/cannot be searched now \(upstream could not be asked yet.*\); next try in \d s\. Type the exact symbol to add it anyway\./).waitFor();
  assert.ok(await dialog.getByRole('option', { name: 'RO', exact: false }).first().isVisible());
  await dialog.getByRole('option', { name: 'RY:TSX' }).waitFor();
  assert.equal(answers, 2);
  assert.equal(await dialog.locator('.failure').isVisible(), false);
});

test('a hub that is down leaves the user’s own symbols, the typed one and the commands', options, async (t) => {
  const hub = new FakeHub();
  hub.api.set('/api/search', () => null);
  const { page, dialog } = await open(t, { hub });
  await page.keyboard.press('x');
  await page.keyboard.type('yzw');
  await dialog.getByText(/cannot be searched now \(the hub cannot be reached\)/).waitFor();
  await page.keyboard.press('Control+Enter');
  await dialog.getByText('Added XYZW to Default').waitFor();
  await eventually(() => subscribed(hub).includes('XYZW'), 'the hub decides whether it is one');
});

test('the number of results is told once typing has stopped', options, async (t) => {
  const { page, dialog } = await open(t, { clock: true });
  await page.keyboard.press('/');
  const told = dialog.getByRole('status');
  await page.keyboard.type('bt');
  assert.equal(await told.textContent(), '');
  // The hub's answer begins the pause anew.
  await eventually(async () => {
    await page.clock.runFor(100);
    return (await told.textContent()) === '1 symbol';
  }, 'the count');
});

test('an unknown word suggests what is near', options, async (t) => {
  const { page, dialog } = await open(t);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('densty rows');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('thmee');
  assert.equal((await groups(dialog))[0], 'Did you mean');
  await page.keyboard.press('Enter');
  await eventually(() => page.evaluate(() => document.documentElement.dataset['theme'] === 'dark'), 'the suggested command ran');
});

test('keys do nothing while one types, while a dialog is open, or while an input method composes', options, async (t) => {
  const { page, dialog, field } = await open(t);
  const density = () => page.evaluate(() => document.documentElement.dataset['density']);
  await page.keyboard.press('/');
  await page.keyboard.type('.?*/');
  assert.equal(await field.inputValue(), '.?*/');
  assert.equal(await density(), 'normal');
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', isComposing: true, bubbles: true })));
  assert.equal(await dialog.isVisible(), false);
  await page.keyboard.press('.');
  await eventually(async () => (await density()) === 'compact', 'elsewhere it works');
  await page.keyboard.press('Control+z');
});

test('single keys can be switched off; keys with Ctrl stay', options, async (t) => {
  const { page, dialog } = await open(t);
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('switch', { name: 'Single keys' }).press('Space');
  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  await page.keyboard.press('/');
  await page.keyboard.press('?');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.keyboard.press('Control+k');
  await dialog.waitFor();
});

test('? shows every command that has a key, from the commands themselves', options, async (t) => {
  const { page, complaints } = await open(t);
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  await sheet.waitFor();
  for (const [what, key] of [['Search symbols', '/'], ['Search commands', 'CtrlK'], ['Undo the last change', 'CtrlZ'], ['Go to the next part of the page', 'F6'], ['Show all keys', '?']]) {
    assert.equal(await sheet.getByRole('listitem').filter({ hasText: what }).locator('.strokes').textContent(), key, what);
  }
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  assert.deepEqual(complaints, []);
});

test('a key is changed by pressing another, refused where it is taken or the browser’s, switched off, reset, and kept', options, async (t) => {
  const { page } = await open(t);
  const density = () => page.evaluate(() => document.documentElement.dataset['density']);
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  await sheet.getByRole('checkbox', { name: 'Change keys' }).press('Space');
  const row = sheet.locator('[data-command="view.density"]');
  const told = sheet.getByRole('status');
  const change = row.getByRole('button', { name: 'Change the key of' });
  await change.press('Enter');
  await page.keyboard.press('Control+t');
  assert.match(String(await told.textContent()), /Ctrl\+T belongs to the browser/);
  await page.keyboard.press('/');
  assert.match(String(await told.textContent()), /\/ is the key of “Search symbols”/);
  await page.keyboard.press('Alt+x');
  const has = (/** @type {string} */ text) => eventually(async () => (await row.locator('.strokes').textContent()) === text, `its key is ${text}`);
  await has('AltX');
  await change.press('Enter');
  await page.keyboard.press('Escape');
  assert.ok(await sheet.isVisible(), 'Escape ends the change, not the dialog');
  await page.keyboard.press('Escape');
  await page.keyboard.press('.');
  assert.equal(await density(), 'normal');
  await page.keyboard.press('Alt+x');
  await eventually(async () => (await density()) === 'compact', 'the new key works');
  await page.reload();
  await page.locator('dialog.palette').waitFor({ state: 'attached' });
  await page.locator('.header .link[data-state="connected"]').waitFor();
  await page.keyboard.press('Alt+x');
  await eventually(async () => (await density()) === 'comfortable', 'and after a reload');

  await page.keyboard.press('?');
  await sheet.getByRole('checkbox', { name: 'Change keys' }).check();
  await row.getByRole('button', { name: 'Switch off' }).click();
  await has('off');
  await row.getByRole('button', { name: 'Reset the key' }).click();
  await has('.');
});

test('Back goes to the symbol that was looked at before, not to those that were passed', options, async (t) => {
  const { page } = await open(t, { clock: true });
  const go = async (/** @type {string} */ symbol) => {
    await page.keyboard.press('/');
    await page.keyboard.type(symbol);
    await page.keyboard.press('Enter');
  };
  const shown = () => new URL(page.url()).searchParams.get('s');
  await go('AAPL');
  await page.clock.runFor(5_000);
  await go('MSFT');
  await go('NVDA');
  await page.clock.runFor(5_000);
  assert.equal(shown(), 'NVDA');
  await page.goBack();
  assert.equal(shown(), 'AAPL');
  await page.clock.runFor(2_000);
  assert.match(await page.title(), /AAPL/);
});

test('what a search finds cannot harm the page', options, async (t) => {
  const tower = `Z${'\u0301'.repeat(200)}`;
  const { hub } = searchable({ results: [
    { ...BANK, symbol: '<img src=x>', subscribe: '<img src=x onerror=alert(1)>', name: '<script>', exchange: tower, currency: 'W'.repeat(500), plan: '\u202Eevil' },
    { ...BANK, symbol: 'ABCDEFGHIJKLMNOPQRSTUVWX', subscribe: 'ABCDEFGHIJKLMNOPQRSTUVWX', name: 'W'.repeat(500), exchange: 'A venue of thirty characters.!' }, null, 7,
  ] });
  const { page, dialog, complaints } = await open(t, { hub });
  await page.keyboard.press('z');
  await page.keyboard.type('zz');
  const long = dialog.getByRole('option', { name: 'ABCDEFGHIJKLMNOPQRSTUVWX' });
  await long.waitFor();
  assert.equal(await dialog.locator('img, script').count(), 0);
  for (const option of await dialog.getByRole('option').all()) {
    const box = await option.boundingBox();
    assert.ok(box && box.height <= 40, 'an option is one line high');
  }
  assert.deepEqual(complaints, []);
});

for (const [name, context] of /** @type {const} */ ([
  ['1440, dark', { colorScheme: 'dark' }], ['1440, light', { colorScheme: 'light' }], ['390, dark', { ...PHONE, colorScheme: 'dark' }], ['390, light', { ...PHONE, colorScheme: 'light' }],
])) {
  test(`axe finds nothing in search and sheet (${name})`, { timeout: 180_000 }, async (t) => {
    const { hub } = searchable();
    const { page, dialog, field, complaints } = await open(t, { context, hub });
    await page.getByRole('button', { name: 'Search or command' }).click();
    await field.fill('royal');
    await dialog.getByRole('option', { name: 'RCL' }).waitFor();
    const check = async (/** @type {string} */ selector) => {
      assert.deepEqual(await violations(page, selector), []);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
      const hidden = await page.locator(`${selector} .body`).evaluateAll((bodies) => bodies.filter((body) => body.scrollWidth > body.clientWidth).length);
      assert.equal(hidden, 0, 'nothing lies beside what scrolls down');
    };
    await check('.palette');
    await field.fill('');
    await check('.palette');
    await field.fill('show all keys');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await check('.keys');
    await page.getByRole('checkbox', { name: 'Change keys' }).check();
    await check('.keys');
    assert.deepEqual(complaints, []);
  });
}
