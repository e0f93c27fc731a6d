/** Search: which symbols and commands a typed text means, and in which order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIST, DEFAULT_VIEW } from '../../../public/app/model/desk.js';
import { bestOf, find } from '../../../public/app/model/finder.js';
import { newRow } from '../../../public/app/model/quotes.js';
import { nearest, queryOf, rank } from '../../../public/app/model/ranking.js';

const options = { timeout: 10_000 };

/** @param {string} symbol @param {string} [name] @param {string | null} [exchange] @param {string | null} [micCode] */
const instrument = (symbol, name = '', exchange = null, micCode = null) => ({ symbol, name, exchange, micCode });
/** @param {string} text @param {ReturnType<typeof instrument>[]} all */
const ranked = (text, all) => rank(queryOf(text), all, 20).map(({ found }) => found.symbol);

test('exact symbol, symbol that begins with it, word of the name, substring: in this order', options, () => {
  const all = [
    instrument('SNAP', 'Snap Inc.'), instrument('PAPP', 'Papp'), instrument('MSFT', 'Microsoft'), instrument('AAPL', 'Apple Inc.'),
    instrument('APPN', 'Appian'), instrument('APP', 'AppLovin'), instrument('BTC/USD', 'Bitcoin / US Dollar'),
  ];
  assert.deepEqual(ranked('app', all), ['APP', 'APPN', 'AAPL', 'PAPP']);
  assert.deepEqual(ranked('AAPL', all), ['AAPL']);
  assert.deepEqual(ranked('dollar us', all), ['BTC/USD'], 'words in any order');
  assert.deepEqual(ranked('usd', all), ['BTC/USD'], 'the second half of a pair is a word');
  assert.deepEqual(ranked('icrosof', all), ['MSFT']);
  assert.deepEqual(ranked('zzz', all), []);
});

test('among symbols that begin with it the shorter goes first, and equals keep their order', options, () => {
  assert.deepEqual(ranked('f', [instrument('FORD'), instrument('F'), instrument('FB'), instrument('FA')]), ['F', 'FB', 'FA', 'FORD']);
  assert.deepEqual(ranked('', [instrument('B'), instrument('A')]), ['B', 'A']);
});

test('an exchange behind a colon is understood, by name, market code or pin', options, () => {
  const all = [instrument('RY', 'Royal Bank', 'NYSE', 'XNYS'), instrument('RY:TSX', 'Royal Bank', 'TSX', 'XTSE'), instrument('RYA', 'Ryanair', 'TSX', null)];
  assert.deepEqual(ranked('ry:tsx', all), ['RY:TSX', 'RYA']);
  assert.deepEqual(ranked('ry:xtse', all), ['RY:TSX']);
  assert.deepEqual(ranked('ry:', all), ['RY', 'RY:TSX', 'RYA']);
  assert.deepEqual(ranked('ry:lse', all), []);
});

test('text that is no symbol harms nothing', options, () => {
  const all = [instrument('AAPL', 'Apple Inc.')];
  for (const text of ['::', ':', '((', '\\', '.*', ' \t ', 'W'.repeat(10_000), '\u202E', '💥']) assert.ok(Array.isArray(ranked(text, all)), text);
});

test('the nearest of an unknown word: swapped, missing and wrong letters; nothing that is far', options, () => {
  const all = [instrument('AAPL', 'Apple Inc.'), instrument('NVDA', 'NVIDIA'), instrument('MSFT', 'Microsoft'), instrument('', 'Change the theme')];
  assert.deepEqual(nearest(queryOf('nvidea'), all).map(({ symbol }) => symbol), ['NVDA']);
  assert.deepEqual(nearest(queryOf('apl'), all).map(({ symbol }) => symbol), ['AAPL']);
  assert.deepEqual(nearest(queryOf('thmee'), [...all, instrument('', 'Connect to the hub')]).map(({ name }) => name), ['Change the theme'], 'a short word is not near a long one');
  assert.deepEqual(nearest(queryOf('xqzw'), all), []);
  assert.ok(nearest(queryOf('aaaa'), Array.from({ length: 50 }, (_, n) => instrument(`AAA${n % 10}`))).length <= 3);
});

test('five thousand names are ranked, and the nearest found, within a frame or two', options, () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const many = Array.from({ length: 5_000 }, (_, n) => {
    const symbol = [n, n >> 4, n >> 8, n >> 10].map((one) => letters[one % 26]).join('');
    return instrument(symbol, `${symbol.toLowerCase()} Holdings Incorporated ${n}`, 'NASDAQ', 'XNAS');
  });
  // Once before, so that it is compiled; the machine may be busy, so the best of five counts.
  const best = (/** @type {() => void} */ run) => Math.min(...Array.from({ length: 6 }, () => {
    const begun = performance.now();
    run();
    return performance.now() - begun;
  }));
  const ms = best(() => rank(queryOf('ba hol'), many, 20));
  assert.ok(ms < 32, `ranked in ${ms} ms`);
  const near = best(() => nearest(queryOf('hodlings'), many));
  assert.ok(near < 100, `nearest in ${near} ms`);
});

/** @param {Partial<import('../../../public/app/model/finder.js').Sources>} [sources] @returns {import('../../../public/app/model/finder.js').Sources} */
function sources(sources = {}) {
  const rows = new Map([['AAPL', { ...newRow('AAPL'), state: /** @type {const} */ ('streaming') }]]);
  const command = (/** @type {string} */ id, /** @type {string} */ title, isPossible = true) => ({ id, title, group: 'View', run() {}, isPossible: () => isPossible });
  return {
    desk: { lists: [DEFAULT_LIST, { id: 'l1', name: 'Banks', items: [{ symbol: 'RY:TSX' }] }], view: DEFAULT_VIEW },
    store: { rows, hubs: ['BTC/USD', 'AAPL'] },
    commands: [command('view.theme', 'Change the theme'), command('chart.5min', 'Show bars of 5 minutes'), command('chart.1min', 'Show bars of 1 minute'), command('view.undo', 'Undo', false), command('palette.open', 'Search')],
    known: new Map(), answer: [], recent: [], ...sources,
  };
}
/** @param {string} text @param {'symbols' | 'commands'} [first] @param {Partial<import('../../../public/app/model/finder.js').Sources>} [more] */
const found = (text, first = 'symbols', more = {}) => find(text, first, sources(more)).map(({ title, options }) => [title, options.map(({ id }) => id)]);
/** @type {import('../../../public/app/link/search.js').Found} */
const APLE = { symbol: 'APLE', subscribe: 'APLE', name: 'Apple Hospitality', exchange: 'NYSE', micCode: 'XNYS', currency: 'USD', serves: 'no', plan: 'Grow' };

test('groups: in your lists, symbols, commands; commands first by the other entrance; none is empty', options, () => {
  assert.deepEqual(found('a', 'symbols', { answer: [APLE] }), [['In your lists', ['symbol AAPL']], ['Symbols', ['symbol APLE', 'typed A']]]);
  assert.deepEqual(found('theme', 'commands').map(([title]) => title), ['Commands', 'Symbols']);
  assert.deepEqual(found('ry', 'symbols')[0], ['In your lists', ['symbol RY:TSX']]);
  const all = found('').find(([title]) => title === 'Commands')?.[1];
  assert.deepEqual(all, ['view.theme', 'chart.5min', 'chart.1min'], 'neither itself nor what is not possible now');
});

test('what the hub finds by other means than the text is shown behind the rest, and each symbol once', options, () => {
  const hsbc = { ...APLE, symbol: 'HSBA', subscribe: 'HSBA:LSE', name: 'HSBC Holdings' };
  assert.deepEqual(found('midland', 'symbols', { answer: [hsbc] })[0], ['Symbols', ['symbol HSBA:LSE', 'typed MIDLAND']]);
  const twice = found('aapl', 'symbols', { answer: [{ ...APLE, symbol: 'AAPL', subscribe: 'AAPL' }] });
  assert.deepEqual(twice, [['In your lists', ['symbol AAPL']]]);
});

test('a text that may be a symbol can be used as it is, unless it was found', options, () => {
  assert.deepEqual(found('xyzw:lse'), [['Symbols', ['typed XYZW:LSE']]]);
  assert.deepEqual(found('two words here'), []);
  assert.deepEqual(found(`x${'x'.repeat(40)}`), []);
});

test('digits are intervals, and an unknown word suggests the nearest', options, () => {
  for (const text of ['5', '5m', '5min']) assert.equal(found(text, 'commands')[0]?.[1]?.[0], 'chart.5min', text);
  assert.deepEqual(found('thmee')[0], ['Did you mean', ['view.theme']]);
});

test('Enter takes the exact symbol even where another group stands before it', options, () => {
  const groups = find('aple', 'symbols', sources({ answer: [APLE], desk: { lists: [{ id: 'default', name: 'Mine', items: [{ symbol: 'APLEX' }] }], view: DEFAULT_VIEW } }));
  assert.deepEqual(groups.map(({ options }) => options.map(({ id }) => id)), [['symbol APLEX'], ['symbol APLE']]);
  assert.equal(bestOf(groups), 1);
});

test('a word too long for a ticker means the command that has it; a short one the symbol', options, () => {
  const best = (/** @type {string} */ text) => {
    const groups = find(text, 'symbols', sources());
    return groups.flatMap((group) => group.options)[bestOf(groups)]?.id;
  };
  assert.deepEqual([best('minutes'), best('theme'), best('xyzwvu')], ['chart.5min', 'typed THEME', 'typed XYZWVU']);
});
