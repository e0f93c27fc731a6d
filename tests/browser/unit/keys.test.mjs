/** The keyboard map: names of keys, and which command a key means. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandFor, conflictOf, isBrowsersOwn, isSingle, keyOf, keysOf, shownKey } from '../../../public/app/model/keys.js';

const options = { timeout: 5_000 };
/** @param {string} key @param {Partial<import('../../../public/app/model/keys.js').Stroke>} [how] */
const stroke = (key, how = {}) => ({ key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, altGraph: false, ...how });

test('a key has one name on every keyboard', options, () => {
  const cases = /** @type {[ReturnType<typeof stroke>, boolean, string | null][]} */ ([
    [stroke('/'), false, '/'],
    [stroke('?', { shiftKey: true }), false, '?'],
    [stroke('/', { shiftKey: true }), false, '/'],
    [stroke('a'), false, 'A'],
    [stroke('A', { shiftKey: true }), false, 'Shift+A'],
    [stroke('k', { ctrlKey: true }), false, 'Mod+K'],
    [stroke('k', { metaKey: true }), true, 'Mod+K'],
    [stroke('k', { ctrlKey: true }), true, 'Ctrl+K'],
    [stroke('л', { ctrlKey: true, code: 'KeyK' }), false, 'Mod+K'],
    [stroke('å', { altKey: true, code: 'KeyA' }), true, 'Alt+A'],
    [stroke('[', { ctrlKey: true, altKey: true, altGraph: true, code: 'Digit8' }), false, '['],
    [stroke('ArrowUp', { altKey: true, shiftKey: true }), false, 'Alt+Shift+ArrowUp'],
    [stroke('F6', { shiftKey: true }), false, 'Shift+F6'],
    [stroke('*', { shiftKey: true }), false, '*'],
    [stroke('Delete'), false, 'Delete'],
    [stroke('Shift', { shiftKey: true }), false, null],
    [stroke('Dead'), false, null],
    [stroke('Process'), false, null],
  ]);
  for (const [one, mac, name] of cases) assert.equal(keyOf(one, mac), name, JSON.stringify(one));
});

test('single keys are characters without Ctrl, Alt or ⌘', options, () => {
  for (const key of ['/', 'A', 'Shift+A', '5', '[', '.', '*', '?']) assert.ok(isSingle(key), key);
  for (const key of ['Mod+K', 'Alt+A', 'F6', 'Delete', 'ArrowUp', 'Escape']) assert.ok(!isSingle(key), key);
});

test('no combination of the browser is taken, and none of the keyboard map is one', options, () => {
  for (const key of ['Mod+T', 'Mod+W', 'Mod+F', 'Mod+Shift+N', 'Alt+1', 'Alt+ArrowLeft', 'F5', 'F11', 'F12', 'Mod+9', 'Tab']) assert.ok(isBrowsersOwn(key), key);
  for (const key of ['/', '?', 'Mod+K', 'Mod+Z', 'Alt+A', 'Alt+P', 'Alt+R', 'Alt+ArrowUp', 'Alt+Shift+ArrowDown', 'F6', 'Shift+F6', 'Shift+F10', '[', ']', '.', '*', 'Delete', 'Escape']) assert.ok(!isBrowsersOwn(key), key);
});

const remove = { id: 'list.remove', title: 'Remove', group: 'List', keys: ['Delete'], within: '.grid', run() {} };
const fill = { id: 'view.fill', title: 'Fill', group: 'View', keys: ['*'], run() {} };
const clear = { id: 'log.clear', title: 'Clear', group: 'Log', keys: ['Delete', 'Alt+X'], run() {} };

test('a command that works where the focus is goes before one that works everywhere', options, () => {
  const all = [clear, remove, fill];
  assert.equal(commandFor('Delete', all, {}, (selector) => selector === '.grid'), remove);
  assert.equal(commandFor('Delete', all, {}, () => false), clear);
  assert.equal(commandFor('x', all, {}, () => true), null);
});

test('the user’s keys replace the command’s, and no key switches it off', options, () => {
  const own = { 'view.fill': ['Alt+F'], 'log.clear': [] };
  assert.deepEqual([keysOf(fill, own), keysOf(clear, own), keysOf(remove, own)], [['Alt+F'], [], ['Delete']]);
  assert.equal(commandFor('Alt+F', [fill], own, () => false), fill);
  assert.equal(commandFor('*', [fill], own, () => false), null);
  assert.equal(commandFor('Alt+X', [clear], own, () => false), null);
  assert.deepEqual(keysOf({ id: 'constructor', keys: ['x'] }, {}), ['x']);
});

test('two commands conflict only where both would work', options, () => {
  const all = [clear, remove, fill];
  assert.equal(conflictOf('*', clear, all, {}), fill);
  assert.equal(conflictOf('*', fill, all, {}), null);
  assert.equal(conflictOf('Delete', remove, all, {}), null);
});

test('keys are shown as they are printed', options, () => {
  assert.deepEqual(shownKey('Mod+K', false), ['Ctrl', 'K']);
  assert.deepEqual(shownKey('Mod+K', true), ['⌘', 'K']);
  assert.deepEqual(shownKey('Alt+Shift+ArrowUp', false), ['Alt', 'Shift', '↑']);
  assert.deepEqual(shownKey('+', false), ['+']);
  assert.deepEqual(shownKey('Alt++', false), ['Alt', '+']);
});
