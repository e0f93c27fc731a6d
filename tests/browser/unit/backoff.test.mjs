import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../../public/app/link/backoff.js';

const options = { timeout: 5_000 };

test('the wait may be anything up to a ceiling that doubles from 1 s to 10 s', options, () => {
  const longest = new Backoff({ random: () => 1 });
  assert.deepEqual(Array.from({ length: 6 }, () => longest.next()), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  const shortest = new Backoff({ random: () => 0 });
  assert.deepEqual([shortest.next(), shortest.next()], [0, 0]);
});

test('it goes on for ever without leaving its bounds', options, () => {
  const backoff = new Backoff();
  for (let attempt = 0; attempt < 5_000; attempt += 1) {
    const wait = backoff.next();
    assert.ok(wait >= 0 && wait <= 10_000, `attempt ${attempt} waits ${wait} ms`);
  }
  assert.equal(backoff.failures, 5_000);
});

test('after a stable connection it starts over', options, () => {
  const backoff = new Backoff({ random: () => 1 });
  for (let failure = 0; failure < 4; failure += 1) backoff.next();
  backoff.reset();
  assert.equal(backoff.next(), 1_000);
});
