/** A page may contain a panel twice, and neither affects the other. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { build } from 'esbuild';
import { eventually, launch, openPage } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 30_000 };
const TWINS = fileURLToPath(new URL('support/twins.mjs', import.meta.url));
const PANELS = new URL('../../public/app/panels/', import.meta.url);
const HTML = '<!doctype html><html lang="en"><title>Twins</title><script type="module" src="/twins.js"></script>';

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * A page with every panel of the layout; a call of `second` adds them all again.
 * @param {import('node:test').TestContext} t
 */
async function open(t) {
  const hub = new FakeHub();
  const { page, context, complaints } = await openPage(browser);
  t.after(() => context.close());
  await hub.serve(page);
  const bundle = await build({ entryPoints: [TWINS], outdir: '/', bundle: true, format: 'esm', write: false });
  const script = bundle.outputFiles.find(({ path }) => path.endsWith('.js'))?.text;
  await page.route(`${hub.origin}/twins`, (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
  await page.route(`${hub.origin}/twins.js`, (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
  await page.goto(`${hub.origin}/twins`);
  const [first, second] = [page.locator('#first'), page.locator('#second')];
  await price(first).getByText('$235.50').waitFor();
  await page.evaluate('addSecond()');
  await price(second).getByText('$235.50').waitFor();
  return { hub, page, first, second, complaints };
}

/** @param {import('playwright-core').Locator} board */
const price = (board) => board.locator('tr[data-symbol="AAPL"] .price');
/** @param {import('playwright-core').Locator} board */
const lines = (board) => board.locator('.activity-log li').allTextContents();

test('every panel of the layout is there twice, and no id is', options, async (t) => {
  const { page, first, second, complaints } = await open(t);
  for (const name of await readdir(PANELS)) {
    for (const board of [first, second]) assert.equal(await board.locator(`.${name}`).count(), 1, name);
  }
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
  assert.equal(new Set(ids).size, ids.length, String(ids));
  for (const board of [first, second]) {
    await board.getByRole('table', { name: 'Prices' }).waitFor();
    await board.getByRole('log', { name: 'Activity' }).waitFor();
    await board.locator('.feed-status[data-state="live"]').waitFor();
    assert.equal(await board.locator('[data-stat="symbols"]').textContent(), '8', 'one that comes later is painted as a whole');
  }
  assert.deepEqual(await lines(first), await lines(second));
  // The page of this test has no landmarks and no style sheet.
  const { violations } = await new AxeBuilder({ page }).withRules(['aria-valid-attr-value', 'duplicate-id-aria', 'label', 'list', 'td-headers-attr']).analyze();
  assert.deepEqual(violations.map(({ id }) => id), []);
  assert.deepEqual(complaints, []);
});

test('both are painted from one store by one connection, and each keeps what is its own', options, async (t) => {
  const { hub, first, second, complaints } = await open(t);
  assert.equal(hub.attempts, 1);
  await first.getByRole('checkbox', { name: 'prices' }).uncheck();
  await eventually(async () => (await lines(first)).every((line) => !line.includes('📊')), 'no prices in the first log');
  hub.tick('AAPL', { price: 240 });
  for (const board of [first, second]) await price(board).getByText('$240.00').waitFor();
  assert.ok((await lines(second)).some((line) => line.includes('AAPL: $240.00')), 'the second log has its prices');
  assert.ok((await lines(first)).every((line) => !line.includes('📊')));
  assert.deepEqual(complaints, []);
});

test('one that is destroyed leaves nothing behind, and the other lives on', options, async (t) => {
  const { hub, page, first, second, complaints } = await open(t);
  await page.evaluate('destroyFirst()');
  assert.deepEqual(await first.locator('[data-place]').evaluateAll((places) => places.map((place) => place.childElementCount)), [0, 0, 0]);
  hub.tick('AAPL', { price: 241 });
  await price(second).getByText('$241.00').waitFor();
  assert.deepEqual(complaints, []);
});
