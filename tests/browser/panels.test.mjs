/** A page may contain a panel twice, and neither affects the other. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { build } from 'esbuild';
import { launch, openPage } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

const options = { timeout: 60_000 };
const TWINS = fileURLToPath(new URL('support/twins.mjs', import.meta.url));
const HTML = '<!doctype html><html lang="en"><title>Twins</title><script type="module" src="/twins.js"></script>';

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * A page with every panel of the layout; a call of `addSecond` adds them all again.
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
  const [first, second] = [page.locator('.first'), page.locator('.second')];
  await connected(first).waitFor();
  await page.evaluate('addSecond()');
  await connected(second).waitFor();
  return { hub, page, first, second, complaints };
}

/** @param {import('playwright-core').Locator} half */
const connected = (half) => half.locator('.link[data-state="connected"]');

test('every panel of the layout is there twice, and no id is', options, async (t) => {
  const { page, first, second, complaints } = await open(t);
  for (const region of ['header', 'notice', 'list', 'side', 'dock', 'bottom']) {
    const [one, other] = await Promise.all([first, second].map((half) => half.locator(`> .${region}`).evaluate((host) => [...host.children].map(({ className, localName }) => className || localName))));
    assert.ok(Number(one?.length) > 0, region);
    assert.deepEqual(other, one, region);
  }
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
  assert.deepEqual(ids.filter((id, index) => ids.indexOf(id) !== index), []);
  for (const half of [first, second]) {
    await half.locator('[data-figure="symbols"]').getByText('8 symbols').waitFor();
    await half.locator('[data-symbol="AAPL"]').waitFor();
  }
  // The page of this test has no landmarks and no style sheet.
  const { violations } = await new AxeBuilder({ page }).withRules(['aria-valid-attr-value', 'duplicate-id-aria', 'label', 'list', 'td-headers-attr']).analyze();
  assert.deepEqual(violations.map(({ id }) => id), []);
  assert.deepEqual(complaints, []);
});

test('both are painted from one store by one connection', options, async (t) => {
  const { hub, first, second, complaints } = await open(t);
  assert.equal(hub.attempts, 1);
  hub.tick('AAPL', { price: 240 });
  for (const half of [first, second]) await half.locator('[data-symbol="AAPL"] .last').filter({ hasText: '240.00' }).waitFor();
  assert.deepEqual(complaints, []);
});

test('one that is destroyed leaves nothing behind, and the other lives on', options, async (t) => {
  const { hub, page, first, second, complaints } = await open(t);
  const dialogs = await page.locator('dialog, [popover]').count();
  await page.evaluate('destroyFirst()');
  assert.deepEqual(await first.locator('> *').evaluateAll((places) => places.map((place) => place.childElementCount)), [0, 0, 0, 0, 0, 0]);
  assert.equal(await page.locator('dialog, [popover]').count(), dialogs / 2, 'its dialogs are gone too');
  hub.setFeed('stalled', 'no tick');
  await second.locator('.notice[data-kind="mute"]').waitFor();
  assert.deepEqual(complaints, []);
});
