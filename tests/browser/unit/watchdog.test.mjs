import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Watchdog } from '../../../public/app/link/watchdog.js';

const options = { timeout: 5_000 };

/**
 * Ticks once a second from `from` to `to` seconds, and returns all results other than `wait`.
 * @param {Watchdog} dog
 * @param {number} from
 * @param {number} to
 * @param {(second: number) => void} [between]
 */
function watch(dog, from, to, between = () => {}) {
  const said = [];
  for (let second = from; second <= to; second += 1) {
    const word = dog.tick(second * 1_000);
    if (word !== 'wait') said.push(`${second} ${word}`);
    between(second);
  }
  return said;
}

test('it asks after 15 s of silence and gives up 10 s after a question that nobody answers', options, () => {
  const dog = new Watchdog();
  dog.start(0);
  assert.deepEqual(watch(dog, 1, 25), ['15 ping', '25 dead']);
});

test('while frames come it asks nothing', options, () => {
  const dog = new Watchdog();
  dog.start(0);
  assert.deepEqual(watch(dog, 1, 60, (second) => second % 5 === 0 && dog.heard(second * 1_000)), []);
  assert.deepEqual(watch(dog, 61, 84), ['75 ping'], 'the last frame came at 60');
  assert.deepEqual(watch(dog, 85, 85), ['85 dead']);
});

test('any frame is an answer', options, () => {
  const dog = new Watchdog();
  dog.start(0);
  assert.deepEqual(watch(dog, 1, 60, (second) => second % 20 === 0 && dog.heard(second * 1_000)), ['15 ping', '35 ping', '55 ping']);
});

test('a probe asks at the next tick, and does not grant a question under way more time', options, () => {
  const dog = new Watchdog();
  dog.start(0);
  watch(dog, 1, 2);
  dog.probe();
  assert.deepEqual(watch(dog, 3, 8), ['3 ping']);
  dog.probe();
  assert.deepEqual(watch(dog, 9, 13), ['13 dead']);
});

test('a frame that was on its way does not answer a probe', options, () => {
  const dog = new Watchdog();
  dog.start(0);
  watch(dog, 1, 2);
  dog.probe();
  dog.heard(2_500);
  assert.deepEqual(watch(dog, 3, 13), ['3 ping', '13 dead']);
});

test('after a sleep it asks again: the answer may be in the queue', options, () => {
  const dog = new Watchdog();
  dog.start(0);
  assert.deepEqual(watch(dog, 1, 16), ['15 ping']);
  assert.equal(dog.tick(3_600_000), 'ping');
  assert.deepEqual(watch(dog, 3_601, 3_609), []);
  assert.equal(dog.tick(3_610_000), 'dead');
});
