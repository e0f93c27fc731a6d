/**
 * Streams of server-sent events, without a hub: which frames one write takes, and what a round of
 * prices waits for. Node's TransformStream stands for workerd's IdentityTransformStream: a write
 * ends when its bytes are read.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

Object.assign(globalThis, { IdentityTransformStream: TransformStream });
// By its address, because the Worker's JavaScript has no types for tsc to check.
/** @type {any} */
const { Fanout } = await import(new URL('../../src/edge/fanout.js', import.meta.url).href);

const BLOCKED = 1;
const DRAINED = 2;
const TIMEOUT = { timeout: 10_000 };
const soon = () => new Promise((resolve) => setImmediate(resolve));

/** A fanout with so many streams in group 1, each of which has read its first frame. */
async function stage(/** @type {number} */ count) {
  /** @type {[number, number][]} */
  const told = [];
  const fanout = new Fanout((/** @type {number} */ client, /** @type {number} */ what) => told.push([client, what]));
  /** @type {Map<number, ReadableStreamDefaultReader<Uint8Array>>} */
  const readers = new Map();
  for (let client = 1; client <= count; client += 1) {
    readers.set(client, fanout.addStream(client).getReader());
    fanout.enroll(client, 1);
    fanout.send(client, 'first');
  }
  /** What a client reads next. @param {number} client */
  const read = async (client) => new TextDecoder().decode((await readers.get(client)?.read())?.value);
  for (const client of readers.keys()) assert.equal(await read(client), 'first');
  await soon();
  return { fanout, told, read };
}

test('what is sent at once leaves in one write, and what is sent meanwhile in the next', TIMEOUT, async () => {
  const { fanout, read } = await stage(1);
  for (const frame of ['a', 'b', 'c']) fanout.broadcast(1, frame);
  await soon();
  for (const frame of ['d', 'e']) fanout.send(1, frame);
  assert.equal(await read(1), 'abc');
  assert.equal(await read(1), 'de');
});

test('a round waits until most streams are written, and a few slow ones hold up nobody', TIMEOUT, async () => {
  const { fanout, told, read } = await stage(24);
  assert.equal(fanout.settled(), undefined, 'nothing is being written');
  fanout.broadcast(1, 'price');
  await soon();
  let isSettled = false;
  const settled = fanout.settled();
  assert.equal(fanout.settled(), settled, 'whoever asks meanwhile waits for the same');
  void settled.then(() => (isSettled = true));
  for (let client = 1; client <= 15; client += 1) await read(client);
  await soon();
  assert.equal(isSettled, false, 'nine are left');
  await read(16);
  await settled;
  assert.deepEqual(told, [], 'the eight that are left may still be quick');
  fanout.broadcast(1, 'price');
  await soon();
  assert.notEqual(fanout.settled(), undefined);
});

test('streams that nobody reads are blocked, and are not waited for until they have been read', TIMEOUT, async () => {
  const { fanout, told, read } = await stage(12);
  fanout.broadcast(1, 'price');
  await soon();
  await fanout.settled();
  assert.deepEqual(told.map(([, what]) => what), Array(12).fill(BLOCKED));
  fanout.broadcast(1, 'more');
  await soon();
  assert.equal(fanout.settled(), undefined);
  assert.equal(await read(1), 'price');
  assert.equal(await read(1), 'more');
  await soon();
  assert.deepEqual(told.at(-1), [1, DRAINED]);
});

test('a stream that ends is not waited for', TIMEOUT, async () => {
  const { fanout, told } = await stage(9);
  fanout.broadcast(1, 'price');
  await soon();
  const settled = fanout.settled();
  fanout.close(9, 4009, 'slow');
  await settled;
  assert.deepEqual(told, [[9, 4009]]);
});
