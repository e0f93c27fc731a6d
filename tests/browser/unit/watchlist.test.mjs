import assert from 'node:assert/strict';
import { test } from 'node:test';
import { described } from '../../../public/app/model/announcement.js';
import { newRow } from '../../../public/app/model/quotes.js';
import { ACTIONS_WIDTH, DEFAULT_COLUMNS, GRIP_WIDTH, chosenColumns, fit, withColumnMoved, withColumnToggled } from '../../../public/app/panels/watchlist/columns.js';
import { listCommands } from '../../../public/app/panels/watchlist/commands.js';
import { HEIGHT, WIDTH, pathsOf } from '../../../public/app/panels/watchlist/sparkline.js';
import { formatBound } from '../../../public/app/panels/watchlist/texts.js';
import { commonStart, formatChange } from '../../../public/app/words/format.js';
import { UNKNOWN } from '../support/quote.mjs';

const options = { timeout: 5_000 };
const none = () => 0;

test('the widths fill the list exactly, whatever fits', options, () => {
  for (let width = 460; width <= 2_560; width += 1) {
    const laid = fit(DEFAULT_COLUMNS, width, none);
    if (!laid) continue;
    const sum = laid.widths.reduce((total, one) => total + one, GRIP_WIDTH + ACTIONS_WIDTH);
    assert.ok(sum <= width && sum > width - laid.widths.length - 1, `${sum} of ${width}`);
    for (const [index, one] of laid.columns.entries()) assert.ok((laid.widths[index] ?? 0) >= one.width, one.id);
    for (const id of ['symbol', 'last', 'pct', 'source']) assert.ok(laid.columns.some((one) => one.id === id), id);
    assert.equal(laid.columns.some(({ id }) => id === 'bid'), laid.columns.some(({ id }) => id === 'ask'), 'bid and ask go together');
  }
  assert.equal(fit(DEFAULT_COLUMNS, 320, none), null, 'two lines');
});

test('long numbers take room from the columns that may go', options, () => {
  const ids = (/** @type {(id: string) => number} */ needed) => fit(DEFAULT_COLUMNS, 1_056, needed)?.columns.map(({ id }) => id) ?? [];
  assert.ok(ids(none).includes('volume'));
  const wide = ids((id) => (id === 'last' ? 300 : 0));
  assert.ok(!wide.includes('volume'));
  assert.ok(wide.includes('bid'));
});

test('chosen columns from storage may be anything', options, () => {
  assert.deepEqual(chosenColumns(null), DEFAULT_COLUMNS);
  assert.deepEqual(chosenColumns(/** @type {any} */ ('bid')), DEFAULT_COLUMNS);
  assert.deepEqual(chosenColumns(['nonsense', 'bid', 'bid', 'symbol']), ['symbol', 'bid', 'last', 'pct', 'source']);
});

test('a column appears beside its neighbour, moves, and is hidden again', options, () => {
  const more = withColumnToggled(DEFAULT_COLUMNS, 'spread');
  assert.deepEqual(more.slice(-3), ['volume', 'spread', 'source']);
  assert.deepEqual(withColumnMoved(more, 'spread', -1).slice(-3), ['spread', 'volume', 'source']);
  assert.equal(withColumnMoved(more, 'last', -1), more, 'the symbol stays the first');
  assert.equal(withColumnMoved(more, 'source', 1), more);
  assert.deepEqual(withColumnToggled(more, 'spread'), DEFAULT_COLUMNS);
  assert.equal(withColumnToggled(more, 'source'), more, 'the source stays');
});

test('the last hour is a line with its newest point at the right, and gaps bridged', options, () => {
  assert.deepEqual(pathsOf([], 5), { line: '', level: '' });
  assert.deepEqual(pathsOf([null], null), { line: '', level: '' });
  assert.equal(pathsOf([7], null).line, `M${WIDTH}.0 ${HEIGHT / 2}.0h0.01`);
  const { line } = pathsOf([1, null, 3], null);
  assert.match(line, /^M[\d.]+ 22\.0L120\.0 2\.0$/);
});

test('a previous close beyond the scale is drawn at its edge', options, () => {
  assert.equal(pathsOf([1, 3], 2).level, `M0 12.0H${WIDTH}`);
  assert.equal(pathsOf([1, 3], 9).level, `M0 0.5H${WIDTH}`);
  assert.equal(pathsOf([1, 3], 0).level, `M0 23.5H${WIDTH}`);
});

test('digits are compared from the start', options, () => {
  assert.equal(commonStart('88,074.29', '88,074.31'), 7);
  assert.equal(commonStart('99.99', '100.00'), 0);
  assert.equal(commonStart('1.5', '1.5'), 3);
});

test('changes have a sign as wide as the other, and none when they are nothing', options, () => {
  assert.equal(formatChange(1.5, 2), '+1.50');
  assert.equal(formatChange(-2480.12, 2), '−2,480.12');
  assert.equal(formatChange(-0.07000000000000739, 2), '−0.07');
  assert.equal(formatChange(0, 2), '0.00');
});

test('the bounds of a range fit in nine characters', options, () => {
  const cases = /** @type {[number, number, string][]} */ ([
    [271.02, 2, '271.02'], [90611.5, 2, '90,611.50'], [1234567.89, 2, '1,234,568'], [1523456789.12, 2, '1.52B'], [0.00000812, 8, '0.0000081'], [-37.63, 2, '−37.63'],
  ]);
  for (const [value, decimals, text] of cases) assert.equal(formatBound(value, decimals), text);
  for (const [value, decimals] of cases) assert.ok(formatBound(value, decimals).length <= 9);
});

test('a row for the ear names the symbol, the price, the move and the truth', options, () => {
  const truth = /** @type {import('../../../public/app/model/truth.js').Truth} */ ({ word: 'Waiting', age: '' });
  assert.equal(described(newRow('AAPL'), truth), 'AAPL, Waiting');
  const quote = { ...UNKNOWN, symbol: 'BARC', price: 172.5, decimals: 2, currency: 'GBp', type: 'Common Stock', kind: 'stock', percentChange: -0.25 };
  const row = { ...newRow('BARC'), quote: /** @type {import('../../../public/app/link/wire.js').Quote} */ (/** @type {unknown} */ (quote)) };
  assert.equal(described(row, { ...truth, word: 'Live', age: '2 s' }), 'BARC, 172.50 p, down 0.25 percent, Live 2 s');
});

test('a command of a row is possible or not by the row that it is given', options, () => {
  const entries = /** @type {Record<string, any>} */ ({ AAPL: { type: 'symbol', key: 'AAPL' }, 'section X 0': { type: 'section', key: 'section X 0' } });
  const hands = /** @type {any} */ ({ row: () => undefined, rowNamed: (/** @type {string} */ key) => entries[key] });
  const command = (/** @type {string} */ id) => listCommands(/** @type {any} */ ({}), /** @type {any} */ ({}), hands).find((one) => one.id === id);
  const isPossible = (/** @type {string} */ id, /** @type {string} */ key) => command(id)?.isPossible?.(key);
  assert.deepEqual(['AAPL', 'section X 0', 'GONE', undefined].map((key) => isPossible('list.open', /** @type {string} */ (key))), [true, false, false, false]);
  assert.equal(isPossible('list.rename-section', 'section X 0'), true);
});

test('each command has an id, a title and a group of its own, and no two share a key', options, () => {
  const nothing = /** @type {any} */ (new Proxy({}, { get: () => () => undefined }));
  const commands = listCommands(nothing, nothing, nothing);
  assert.equal(new Set(commands.map(({ id }) => id)).size, commands.length);
  assert.equal(new Set(commands.map(({ title }) => title)).size, commands.length);
  for (const { id, title, group } of commands) {
    assert.match(id, /^list\./);
    assert.match(title, /^[A-Z].*[^.]$/);
    assert.equal(group, 'List');
  }
  const keys = commands.flatMap((command) => command.keys ?? []);
  assert.equal(new Set(keys).size, keys.length);
  for (const id of ['add', 'remove', 'up', 'down', 'first', 'last', 'new', 'rename', 'duplicate', 'delete', 'keep', 'columns', 'sort-pct', 'column-bid', 'column-bid-left']) {
    assert.ok(commands.some((command) => command.id === `list.${id}`), id);
  }
});
