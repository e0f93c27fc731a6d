/** What the user arranged: parts are replaced, told once, and can be taken back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIST, DEFAULT_SETTINGS, DEFAULT_VIEW, Desk } from '../../../public/app/model/desk.js';

const options = { timeout: 5_000 };

/** @param {Desk} desk  @returns {string[][]} the parts of each call of a listener */
function told(desk) {
  /** @type {string[][]} */
  const calls = [];
  desk.listen((parts) => calls.push([...parts].toSorted()));
  return calls;
}

test('without anything kept it has the defaults, and what was kept is completed by them', options, () => {
  const fresh = new Desk();
  assert.deepEqual([fresh.settings, fresh.lists, fresh.alerts, fresh.view], [DEFAULT_SETTINGS, [DEFAULT_LIST], [], DEFAULT_VIEW]);
  const kept = new Desk({ settings: /** @type {any} */ ({ theme: 'dark' }), lists: [], view: undefined });
  assert.deepEqual([kept.settings.theme, kept.settings.density, kept.lists.length, kept.view.tab], ['dark', 'normal', 1, 'activity']);
});

test('parts are replaced and never changed in place', options, () => {
  const desk = new Desk();
  const { settings, view } = desk;
  desk.set({ theme: 'light' });
  desk.show({ tab: 'alerts' });
  assert.notEqual(desk.settings, settings);
  assert.deepEqual([settings.theme, view.tab, desk.settings.theme, desk.view.tab], ['system', 'activity', 'light', 'alerts']);
  assert.deepEqual([DEFAULT_SETTINGS.theme, DEFAULT_VIEW.tab], ['system', 'activity']);
});

test('a change is told once, with its parts, and none when nothing changed', options, () => {
  const desk = new Desk();
  const calls = told(desk);
  desk.change({ lists: [], view: { ...desk.view, list: 'x' } });
  desk.change({ lists: desk.lists });
  desk.show({ list: 'x' });
  assert.deepEqual(calls, [['lists', 'view']]);
});

test('a listener that was stopped is told no more', options, () => {
  const desk = new Desk();
  let calls = 0;
  const stop = desk.listen(() => (calls += 1));
  desk.set({ flash: false });
  stop();
  desk.set({ flash: true });
  assert.equal(calls, 1);
});

test('changes with a sentence are undone one after the other, newest first; others stay', options, () => {
  const desk = new Desk();
  const { lists } = desk;
  desk.change({ lists: [{ id: 'a', name: 'A', items: [] }] }, 'Removed NVDA');
  desk.set({ density: 'compact' });
  desk.change({ lists: [] }, 'Deleted the list A');
  const calls = told(desk);
  assert.equal(desk.undoable, 'Deleted the list A');
  assert.equal(desk.undo(), 'Deleted the list A');
  assert.equal(desk.lists[0]?.id, 'a');
  assert.equal(desk.undo(), 'Removed NVDA');
  assert.equal(desk.lists, lists, 'the very object of before');
  assert.equal(desk.settings.density, 'compact', 'what had no sentence is no part of it');
  assert.deepEqual([desk.undoable, desk.undo()], [null, null]);
  assert.deepEqual(calls, [['lists'], ['lists']]);
});

test('fifty changes can be undone, older ones are forgotten', options, () => {
  const desk = new Desk();
  for (let index = 1; index <= 60; index += 1) desk.change({ lists: [{ id: String(index), name: '', items: [] }] }, `change ${index}`);
  let undone = 0;
  while (desk.undo() !== null) undone += 1;
  assert.deepEqual([undone, desk.lists[0]?.id], [50, '10']);
});
