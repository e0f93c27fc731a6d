import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ActivityLog, KINDS, asJson, asText, keptLines } from '../../../public/app/model/activity.js';
import { HopLags, Rate } from '../../../public/app/model/lag.js';

const options = { timeout: 5_000 };
const T = Date.UTC(2026, 0, 19, 14, 32, 15);
const clock = () => '14:32:15';

test('the last hundred of the chosen kinds, in the order in which they came', options, () => {
  const log = new ActivityLog();
  log.add(T, 'connection', '✅ Connected to Hamster Terminal');
  for (let tick = 0; tick < 300; tick += 1) log.add(T, 'price', `📊 AAPL: $${tick}`);
  log.add(T, 'error', '❌ wrong');
  const all = log.last(KINDS);
  assert.equal(all.length, 100);
  assert.deepEqual([all[0]?.text, all[98]?.text, all[99]?.text], ['📊 AAPL: $201', '📊 AAPL: $299', '❌ wrong']);
  assert.deepEqual(log.last(['error', 'connection']).map(({ text }) => text), ['✅ Connected to Hamster Terminal', '❌ wrong'], 'prices do not push others out');
});

test('each line has an icon for the screen and the original’s sign for a file', options, () => {
  const log = new ActivityLog();
  log.add(T, 'feed', '⚠️ Feed stalled: no ticks');
  log.add(T, 'alert', '🔔 AAPL at or above $240.00');
  log.add(T, 'error', 'no sign');
  assert.deepEqual(log.all.map(({ sign, words }) => [sign, words]), [['warning', 'Feed stalled: no ticks'], ['bell', 'AAPL at or above $240.00'], ['flat', 'no sign']]);
  assert.equal(asText(log.all.slice(0, 2), clock), '[14:32:15] ⚠️ Feed stalled: no ticks\n[14:32:15] 🔔 AAPL at or above $240.00\n');
  assert.deepEqual(JSON.parse(asJson(log.all))[1], { at: '2026-01-19T14:32:15.000Z', kind: 'alert', text: 'AAPL at or above $240.00', original: '🔔 AAPL at or above $240.00' });
});

test('words of a price that is never shown are never made', options, () => {
  const log = new ActivityLog();
  let made = 0;
  for (let tick = 0; tick < 150; tick += 1) log.add(T, 'price', () => `📊 ${(made += 1)}`);
  assert.equal(made, 0);
  assert.equal(log.all.at(-1)?.text, '📊 1');
  assert.equal(log.all.at(-1)?.text, '📊 1', 'made once');
});

test('the next page of the tab begins with the kept lines, without prices; anything else in storage is dropped', options, () => {
  const before = new ActivityLog();
  before.add(T, 'connection', '✅ Connected');
  before.add(T, 'price', '📊 AAPL');
  const kept = JSON.parse(JSON.stringify(keptLines(before)));
  const after = new ActivityLog();
  after.add(T + 1, 'feed', '🟢 Feed live');
  after.restore([...kept, null, 7, { at: 'x', kind: 'feed', text: '' }, { at: T, kind: 'other', text: '' }, { at: T, kind: 'error', text: `❌ \u202E${'x'.repeat(5_000)}` }]);
  assert.deepEqual(after.all.map(({ text }) => text.slice(0, 11)), ['✅ Connected', '❌ \\u{202E}x', '🟢 Feed liv']);
  assert.ok(after.all.every(({ text }) => text.length < 1_100));
  after.restore('nonsense');
  assert.equal(after.all.length, 3, 'what is there stays');
});

test('three hops, and the rate of the last ten seconds', options, () => {
  const hops = new HopLags();
  assert.deepEqual([hops.toHub, hops.toPage, hops.toScreen], [null, null, null]);
  // The hub's clock is 5 s ahead of the page's.
  hops.add({ madeAt: T + 5_000, receivedAt: T + 5_400, cameAt: T + 440, paintedAt: T + 450 }, 5_000);
  assert.deepEqual([hops.toHub, hops.toPage, hops.toScreen], [400, 40, 10]);
  const rate = new Rate();
  assert.equal(rate.perSecond, null);
  for (let second = 0; second <= 20; second += 1) rate.sample(second < 10 ? 0 : (second - 10) * 3, T + second * 1_000);
  assert.equal(rate.perSecond, 3);
});
