/**
 * axe on every view of the terminal: both themes, the four sets of colours for up and down, a small
 * phone, a tablet, a desktop, and 400 % zoom. One page per theme goes through all of them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { eventually, launch, openOn, row } from './support/browser.mjs';
import { FakeHub } from './support/fake-hub.mjs';

/** @typedef {import('./support/browser.mjs').Page} Page */

const DESKTOP = { width: 1440, height: 900 };
const TABLET = { width: 1024, height: 768 };
/** 360 px are also what 1440 are at 400 % zoom. */
const PHONE = { width: 360, height: 740 };
const UPDOWN = ['west', 'east', 'blind', 'blind-east'];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** @type {import('./support/browser.mjs').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A hub whose rows have every level of truth, up and down. */
function levels() {
  const hub = new FakeHub(undefined, { whole: true });
  const old = new Date(Date.now() - 840_000).toISOString();
  hub.quotes.set('ETH/USD', hub.quote('ETH/USD', { percent_change: -1.2, simulated: true, source: 'simulated' }));
  hub.quotes.set('AAPL', hub.quote('AAPL', { source: 'restored', percent_change: -1 }));
  hub.quotes.set('MSFT', hub.quote('MSFT', { source: 'rest', percent_change: 0 }));
  hub.quotes.set('NVDA', hub.quote('NVDA', { freshness: 'stale', stale_since: old, timestamp: old, percent_change: null }));
  hub.quotes.set('EUR/USD', hub.quote('EUR/USD', { session: 'closed', opens_at: new Date(Date.now() + 3_600_000).toISOString() }));
  hub.quotes.delete('SPY');
  hub.states['SPY'] = { state: 'unavailable', reason: 'this key’s plan does not include SPY', needs_plan: 'Grow' };
  hub.states['MSFT'] = { state: 'polled', reason: 'not streamed to this key' };
  return hub;
}

/**
 * The views: how to get there with the keyboard or the pointer, and what is seen then. Escape leads
 * back. `phone`: the button of the bottom bar that shows it where there is room for one part. `part`:
 * where it is; the rest of the page is audited with the list. A dialog is alone.
 * @type {{ name: string, phone: string, part: string, open: (page: Page) => Promise<void>, seen: string }[]}
 */
const VIEWS = [
  { name: 'list', phone: 'List', part: 'body', open: async () => {}, seen: '#list [data-symbol="AAPL"]' },
  { name: 'chart', phone: 'Chart', part: '#side', open: async () => {}, seen: '#side canvas' },
  {
    name: 'chart as a table', phone: 'Chart', part: '#side', seen: '.bars table',
    open: async (page) => {
      if (!(await page.locator('.bars table').isVisible())) await page.locator('#side').getByRole('button', { name: /table/i }).first().click();
    },
  },
  { name: 'activity', phone: 'More', part: '#dock', open: (page) => tab(page, /activity/i), seen: '#dock .line' },
  { name: 'alerts', phone: 'Alerts', part: '#dock', open: (page) => tab(page, /alerts/i), seen: '#dock [role="tab"][aria-selected="true"]' },
  { name: 'connection', phone: 'More', part: '#dock', open: (page) => tab(page, /connection/i), seen: '#dock [role="tab"][aria-selected="true"]' },
  { name: 'search', phone: 'List', part: 'dialog[open]', open: (page) => page.keyboard.press('/'), seen: 'dialog[open] [role="combobox"]' },
  { name: 'commands', phone: 'List', part: 'dialog[open]', open: (page) => page.keyboard.press('Control+k'), seen: 'dialog[open] [role="option"]' },
  { name: 'keys', phone: 'List', part: 'dialog[open]', open: (page) => page.keyboard.press('?'), seen: 'dialog[open]' },
  {
    name: 'settings', phone: 'List', part: 'dialog[open]', seen: 'dialog.settings[open]',
    open: async (page) => {
      await page.keyboard.press('Control+k');
      await page.locator('dialog[open] [role="combobox"]').fill('settings');
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'a new alert', phone: 'List', part: 'dialog[open]', seen: 'dialog[open]',
    open: async (page) => {
      await row(page, 'AAPL').locator('.last').click();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Alt+a');
    },
  },
  { name: 'the way to a key', phone: 'List', part: 'dialog[open]', open: (page) => page.getByRole('button', { name: 'Use a key' }).click(), seen: 'dialog.key-sheet[open]' },
];

/** @param {Page} page @param {RegExp} name */
const tab = (page, name) => page.locator('#dock').getByRole('tab', { name }).click();

/**
 * @param {Page} page
 * @param {string} where
 * @param {string} part
 * @param {string[] | null} rules  null: every one
 */
async function audit(page, where, part, rules = null) {
  // Without legacy mode each audit opens a tab of its own, for frames, of which the page has none.
  const axe = new AxeBuilder({ page }).setLegacyMode().include(part).options({ resultTypes: ['violations'], preload: false });
  const { violations } = await (rules ? axe.withRules(rules) : axe.withTags(TAGS)).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes.slice(0, 4).map((node) => node.html.slice(0, 160)).join(' ')}`), []);
}

/**
 * @param {import('node:test').TestContext} t
 * @param {'light' | 'dark'} colorScheme
 */
async function open(t, colorScheme) {
  const opened = await openOn(t, browser, levels(), { context: { colorScheme, reducedMotion: 'reduce' } });
  await opened.page.locator('.simulation').waitFor();
  return opened;
}

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  // What depends on the size is the same in both themes, so the dark one is only looked at for contrasts.
  test(`every view, at every size (${colorScheme})`, { timeout: 240_000 }, async (t) => {
    const { page, complaints } = await open(t, colorScheme);
    await page.locator('#side canvas').first().waitFor();
    for (const { name, phone, part, open: show, seen } of VIEWS) {
      await t.test(name, async () => {
        for (const size of name === 'list' && colorScheme === 'light' ? [DESKTOP, TABLET, PHONE] : [DESKTOP, PHONE]) {
          await page.setViewportSize(size);
          if (size === PHONE) await page.locator('#bottom').getByRole('button', { name: phone }).click();
          await show(page);
          await page.locator(seen).first().waitFor();
          const where = `${name} at ${size.width} x ${size.height}`;
          await audit(page, where, size === PHONE && part !== 'dialog[open]' ? 'body' : part, colorScheme === 'light' ? null : ['color-contrast']);
          const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(excess <= 0, `${where}: the page is ${excess} px too wide`);
          await page.keyboard.press('Escape');
          await eventually(async () => (await page.locator('dialog[open]').count()) === 0, 'Escape closes the dialog', 2_000);
        }
      });
    }
    assert.deepEqual(complaints, []);
  });

  test(`the colours of every set, in list and chart, and of every trouble (${colorScheme})`, { timeout: 120_000 }, async (t) => {
    const { hub, page } = await open(t, colorScheme);
    await row(page, 'AAPL').waitFor();
    for (const updown of UPDOWN) {
      await page.evaluate((set) => document.documentElement.setAttribute('data-updown', set), updown);
      await audit(page, updown, 'body', ['color-contrast']);
    }
    for (const [feed, kind] of /** @type {const} */ ([['stalled', 'mute'], ['refused', 'refused'], ['fallback', 'fallback']])) {
      hub.setFeed(feed, 'a reason');
      await page.locator(`.notice[data-kind="${kind}"]`).waitFor();
      await audit(page, feed, 'body', ['color-contrast', 'region']);
    }
  });

  test(`flashing digits are legible in every set (${colorScheme})`, { timeout: 60_000 }, async (t) => {
    const { page } = await openOn(t, browser, levels(), { context: { colorScheme } });
    await row(page, 'BTC/USD').waitFor();
    for (const updown of UPDOWN) {
      const ratios = await page.evaluate(contrasts, updown);
      assert.equal(ratios.length, 2);
      for (const { name, ratio } of ratios) assert.ok(ratio >= 4.5, `${updown}: ${name} on its flash has ${ratio.toFixed(2)}`);
    }
  });
}

/** The contrast of up and down on their flash. Runs in the page. @param {string} updown */
function contrasts(updown) {
  const html = document.documentElement;
  html.setAttribute('data-updown', updown);
  const probe = document.createElement('span');
  document.body.append(probe);
  const light = (/** @type {string} */ colour) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    if (!canvas) throw new Error('no canvas');
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = ['up', 'down'].map((name) => {
    probe.style.color = `var(--${name})`;
    probe.style.backgroundColor = `var(--${name}-flash)`;
    const { color, backgroundColor } = getComputedStyle(probe);
    const [lighter = 0, darker = 0] = [light(color), light(backgroundColor)].toSorted((one, other) => other - one);
    return { name, ratio: (lighter + 0.05) / (darker + 0.05) };
  });
  probe.remove();
  return found;
}
