/**
 * The parts of the simulator that only tests use are not uploaded: their texts would be in the
 * module's data.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const worker = readFileSync(new URL('../../build/release/index_bg.wasm', import.meta.url));

for (const [what, text, isThere] of /** @type {[string, string, boolean][]} */ ([
  ['a text of /quote', 'fifty_two_week', true],
  ['a text of the WebSocket', 'subscribe-status', true],
  ['candles', 'Supported intervals', true],
  ['the table of another format', 'Supported formats: JSON, CSV', false],
  ['a listing', 'currency_group', false],
  ['an event that only a fault sends', 'maintenance-notice', false],
  ['an answer that only a fault gives', 'Internal server error. Please try again later.', false],
  ['a form of a message that only a fault sends', 'PHYSICAL_CURRENCY', false],
])) {
  test(`${what} is ${isThere ? '' : 'not '}in the worker`, () => assert.equal(worker.includes(text), isThere, text));
}
