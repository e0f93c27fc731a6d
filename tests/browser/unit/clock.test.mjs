import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockOffset } from '../../../public/app/model/clock.js';
import { RollingMean } from '../../../public/app/model/lag.js';

const options = { timeout: 5_000 };

test('nothing is claimed before the first answer', options, () => {
  assert.equal(new ClockOffset().best, null);
});

test('the hub is as far ahead as it is from the middle of the way, give or take half the way', options, () => {
  const clock = new ClockOffset();
  clock.add(1_000, 6_050, 1_100);
  assert.deepEqual(clock.best, { offset: 5_000, uncertainty: 50 });
});

test('the answer with the shortest way counts', options, () => {
  const clock = new ClockOffset();
  clock.add(0, 400, 500); // 150 ms, the way back was slow
  clock.add(1_000, 1_015, 1_010); // 10 ms, ±5
  clock.add(2_000, 2_400, 2_300); // 250 ms
  assert.deepEqual(clock.best, { offset: 10, uncertainty: 5 });
});

test('the true offset lies within the uncertainty, whatever the two ways were', options, () => {
  for (let round = 0; round < 500; round += 1) {
    const clock = new ClockOffset();
    const truth = (Math.random() - 0.5) * 1e7;
    for (let sample = 0; sample < 5; sample += 1) {
      const sent = sample * 1_000;
      const there = Math.random() * 300;
      clock.add(sent, sent + there + truth, sent + there + Math.random() * 300);
    }
    const best = clock.best;
    assert.ok(best && Math.abs(best.offset - truth) <= best.uncertainty + 1e-6);
  }
});

test('what was measured long ago is forgotten, and a clock that was set back in between is not believed', options, () => {
  const clock = new ClockOffset({ maxAgeMs: 60_000 });
  clock.add(0, 1, 2);
  clock.add(100_000, 105_050, 100_100);
  assert.deepEqual(clock.best, { offset: 5_000, uncertainty: 50 });
  clock.add(100_200, 0, 100_100);
  assert.deepEqual(clock.best, { offset: 5_000, uncertainty: 50 });
});

test('the mean is of the last hundred measurements', options, () => {
  const mean = new RollingMean(100);
  assert.equal(mean.mean, null);
  mean.add(1_000_000);
  for (let value = 1; value <= 100; value += 1) mean.add(value);
  mean.add(NaN);
  assert.equal(mean.mean, 50.5);
  assert.equal(mean.count, 100);
});
