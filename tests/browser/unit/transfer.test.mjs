/** What leaves in a file: prices as CSV, settings as JSON; and what an import makes of anything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIST, DEFAULT_SETTINGS } from '../../../public/app/model/desk.js';
import { newRow } from '../../../public/app/model/quotes.js';
import { csvOf, exportOf, importOf } from '../../../public/app/model/transfer.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const NOW = Date.UTC(2026, 0, 19, 14, 32, 17, 123);
/** @type {import('../../../public/app/model/truth.js').Circumstances} */
const CONNECTED = { link: { state: 'connected', since: 0, reason: '', retryAt: null, heardAt: NOW, signIn: null }, feed: { state: 'live', since: 0, reason: '' }, rest: 'none', offset: 0 };

/**
 * @param {string} name
 * @param {Partial<import('../../../public/app/link/wire.js').Quote> | null} [fields]
 * @returns {import('../../../public/app/model/quotes.js').Row}
 */
function row(name, fields = {}) {
  const quote = fields && {
    ...UNKNOWN, symbol: name, exchange: 'NASDAQ', price: 235.5, percentChange: 0.25, bid: null, ask: null, dayVolume: null, previousClose: 234.91,
    timestamp: NOW - 2_000, precision: /** @type {const} */ ('second'), receivedAt: NOW - 1_000, source: /** @type {const} */ ('live'), simulated: false,
    session: /** @type {const} */ ('open'), freshness: /** @type {const} */ ('fresh'), staleSince: null, ...fields,
  };
  return { ...newRow(name), quote, state: 'streaming' };
}

/** RFC 4180, read back. @param {string} csv @returns {Record<string, string>[]} */
function read(csv) {
  const cells = [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n"]*))(,|\r\n)/g)];
  /** @type {string[][]} */
  const lines = [[]];
  for (const [, quoted, bare, end] of cells) {
    lines.at(-1)?.push(quoted === undefined ? String(bare) : quoted.replaceAll('""', '"'));
    if (end === '\r\n') lines.push([]);
  }
  const [head = [], ...rest] = lines.filter((line) => line.length > 0);
  return rest.map((line) => Object.fromEntries(head.map((name, index) => [name, line[index] ?? ''])));
}

test('CSV has a byte order mark, CRLF, decimal points, ISO times, and where a price comes from', options, () => {
  const csv = csvOf([row('AAPL', { name: 'Apple Inc.', currency: 'USD' })], CONNECTED, NOW);
  assert.ok(csv.startsWith('\uFEFFsymbol,name,exchange,currency,last,'));
  assert.equal(csv.split('\r\n').length, 3);
  assert.equal(csv.replaceAll('\r\n', '').includes('\n'), false);
  const [line] = read(csv.slice(1));
  assert.equal(line?.['last'], '235.5');
  assert.equal(line?.['change'], '0.59');
  assert.equal(line?.['time'], '2026-01-19T14:32:15.123Z');
  assert.deepEqual([line?.['source'], line?.['simulated'], line?.['freshness'], line?.['age_ms'], line?.['truth']], ['live', 'false', 'fresh', '2000', 'live']);
});

test('the file says what the page says: simulated, stale, no price', options, () => {
  const csv = csvOf([
    row('SIM', { simulated: true, source: 'simulated' }), row('OLD', { freshness: 'stale', staleSince: NOW - 60_000 }), row('NONE', null),
  ], CONNECTED, NOW);
  const [simulated, stale, none] = read(csv.slice(1));
  assert.deepEqual([simulated?.['simulated'], simulated?.['source']], ['true', 'simulated']);
  assert.deepEqual([stale?.['freshness'], stale?.['truth']], ['stale', 'stale']);
  assert.deepEqual([none?.['last'], none?.['simulated'], none?.['age_ms'], none?.['truth']], ['', '', '', 'waiting']);
});

test('commas, quotes and line ends are quoted; what a spreadsheet would run gets a quote mark', options, () => {
  for (const name of ['Smith, "J" & Co', 'two\nlines', 'plain']) assert.equal(read(csvOf([row('A', { name })], CONNECTED, NOW).slice(1))[0]?.['name'], name);
  for (const name of ['=1+1', '+SUM(A1)', '-cmd|x', '@import', '\tx', '=HYPERLINK("http://x","y")']) {
    assert.equal(read(csvOf([row('A', { name })], CONNECTED, NOW).slice(1))[0]?.['name'], `'${name}`, name);
  }
  const [line] = read(csvOf([row('CL', { price: -37.63, previousClose: null })], CONNECTED, NOW).slice(1));
  assert.equal(line?.['last'], '-37.63', 'a negative number stays a number');
});

test('small numbers are written without an exponent', options, () => {
  const last = (/** @type {number} */ price) => read(csvOf([row('A', { price })], CONNECTED, NOW).slice(1))[0]?.['last'];
  assert.equal(last(0.00000812), '0.00000812');
  assert.equal(last(1.5e-10), '0.00000000015');
  assert.equal(last(1523456789.12), '1523456789.12');
  assert.equal(Number(last(5e-324)), 5e-324);
  assert.equal(Number(last(1e308)), 1e308);
});

const STATE = {
  settings: { ...DEFAULT_SETTINGS, theme: /** @type {const} */ ('dark') },
  lists: [DEFAULT_LIST, { id: 'l1', name: 'Banks', items: [{ symbol: 'RY:TSX' }, { section: 'US', folded: true }] }],
  alerts: [{
    id: 'a1', kind: /** @type {const} */ ('above'), symbol: 'AAPL', level: 240, within: null, note: 'sell', repeats: false, expires: null, state: /** @type {const} */ ('armed'), until: null, fired: null,
  }],
};
const FRESH = { settings: DEFAULT_SETTINGS, lists: [DEFAULT_LIST], alerts: [] };

test('an export comes back as it was, and says what it would change', options, () => {
  const result = importOf(exportOf(STATE, NOW), FRESH);
  assert.ok(typeof result !== 'string');
  assert.deepEqual(result.parts, STATE);
  assert.deepEqual(result.changes, ['Setting theme: system becomes dark', 'Adds the list Banks (2 entries)', 'Adds the alert AAPL above 240']);
  assert.deepEqual(result.remarks, []);
  const again = importOf(exportOf(STATE, NOW), STATE);
  assert.ok(typeof again !== 'string');
  assert.deepEqual(again.changes, [], 'nothing to do the second time');
});

test('an import takes nothing away, and replaces what has the same id', options, () => {
  const mine = { ...FRESH, lists: [DEFAULT_LIST, { id: 'l1', name: 'Old', items: [] }, { id: 'l9', name: 'Mine', items: [{ symbol: 'X' }] }] };
  const result = importOf(exportOf(STATE, NOW), mine);
  assert.ok(typeof result !== 'string');
  assert.deepEqual(result.parts.lists.map(({ name }) => name), ['Default', 'Banks', 'Mine']);
  assert.ok(result.changes.includes('Replaces the list Old (0 entries) by Banks (2 entries)'));
});

test('a list of a link is not exported', options, () => {
  const shared = { id: 'shared', name: 'Shared', items: [{ symbol: 'AAPL' }], temporary: true };
  assert.ok(!exportOf({ ...STATE, lists: [...STATE.lists, shared] }, NOW).includes('Shared'));
});

test('a newer version’s file is read as far as it is known, and its unknown fields are kept', options, () => {
  const file = JSON.parse(exportOf(STATE, NOW));
  file.version = 7;
  file.settings.hologram = { depth: 3 };
  file.lists[1].colour = 'mauve';
  const result = importOf(JSON.stringify(file), FRESH);
  assert.ok(typeof result !== 'string');
  assert.match(result.remarks.join(), /A newer version/);
  const again = JSON.parse(exportOf(result.parts, NOW));
  assert.deepEqual(again.settings.hologram, { depth: 3 });
  assert.equal(again.lists[1].colour, 'mauve');
});

test('a file that is something else is refused with a sentence', options, () => {
  for (const text of ['', '{', '[]', 'null', '{"a":1}', '"x"', '{"format":"other"}', `{"format":"hamster-terminal","x":"${'x'.repeat(200_000)}"}`]) {
    assert.match(String(importOf(text, FRESH)), /^This file is .*\.$/, text.slice(0, 40));
  }
});

test('entries that cannot be used are left out, and counted', options, () => {
  const file = {
    format: 'hamster-terminal', version: 1, settings: { theme: 'pink', density: 'compact', keys: 7, flash: 'yes' },
    lists: [7, { id: 'ok', name: 'Fine', items: [{ symbol: 'AAPL' }, { symbol: 7 }, { symbol: 'W'.repeat(500) }, null] }, { id: '', name: 'x', items: [] }],
    alerts: [{ id: 'x', kind: 'moon', symbol: 'AAPL' }, null],
  };
  const result = importOf(JSON.stringify(file), FRESH);
  assert.ok(typeof result !== 'string');
  assert.deepEqual(result.parts.settings, { ...DEFAULT_SETTINGS, density: 'compact' });
  assert.deepEqual(result.parts.lists.at(-1), { id: 'ok', name: 'Fine', items: [{ symbol: 'AAPL' }] });
  assert.deepEqual(result.parts.alerts, []);
  assert.match(result.remarks.join(), /^7 entries of the file cannot be used/);
});
