/**
 * The bill of a hub and its relays (`npm run costs -- --scale`), against sums that were done by
 * hand. Its prices must be those of the bill for a day.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { billTable, relayBill } from '../../scripts/lib/relay-bill.mjs';

/** @param {ReturnType<typeof relayBill>} bill @param {string} start  of the part's name */
function dollarsOf(bill, start) {
  const part = bill.parts.find(({ name }) => name.startsWith(start));
  assert.ok(part, start);
  return part.dollars;
}

/** @param {number} is @param {number} expected */
function near(is, expected) {
  assert.ok(Math.abs(is - expected) <= Math.abs(expected) * 1e-9, `${is}, expected ${expected}`);
}

const MONTH_S = 30 * 86_400;

test('a million viewers have 125 relays of 8,000', () => {
  const bill = relayBill({ viewers: 1_000_000 });
  assert.deepEqual([bill.relays, bill.clients, bill.ackEvery], [125, 8_000, 40]);
  near(bill.total.gigabyteSeconds, 126 * 331_776);
  near(dollarsOf(bill, 'hub and relays'), 126 * 4.1472);
  near(dollarsOf(bill, 'acknowledgements'), ((125 * 200 * MONTH_S) / 20 / 1e6) * 0.15);
  near(dollarsOf(bill, 'bars'), 1_440 * (2 * 0.15 + 0.3));
  near(dollarsOf(bill, 'connections'), 1_440 * (1.25 * 0.15 + 0.3));
});

test('a link costs 12.2 messages a second', () => {
  const [none, one] = [relayBill({ viewers: 8_000, relays: 0 }), relayBill({ viewers: 8_000, relays: 1 })];
  assert.equal(dollarsOf(none, 'links'), 0);
  near(dollarsOf(one, 'links'), ((12.2 * MONTH_S) / 20 / 1e6) * 0.15);
});

test('an audience of 1,000 is served by the hub, and pays for one object', () => {
  const bill = relayBill({ viewers: 1_000 });
  assert.deepEqual([bill.relays, bill.clients, bill.ackEvery], [0, 1_000, 5]);
  near(bill.total.gigabyteSeconds, 331_776);
});

test('nobody pays for the plan alone', () => {
  near(relayBill({ viewers: 0 }).dollars, 5);
});

test('a part of the day costs that part, the cron trigger apart', () => {
  const [whole, third] = [relayBill({ viewers: 100_000 }), relayBill({ viewers: 100_000, hours: 8 })];
  for (const start of ['hub and relays', 'links', 'acknowledgements', 'connections', 'bars']) near(dollarsOf(third, start), dollarsOf(whole, start) / 3);
  assert.ok(dollarsOf(third, 'upstream') > dollarsOf(whole, 'upstream') / 3);
});

test('the sum is the parts and the plan, less what the plan includes', () => {
  for (const viewers of [0, 1, 1_000, 10_000, 1_000_000]) {
    const { parts, included, dollars } = relayBill({ viewers });
    near(dollars, 5 + parts.reduce((sum, part) => sum + part.dollars, 0) - included);
    assert.ok(dollars >= 5);
  }
});

test('smaller relays cost more, for the same audience', () => {
  const sums = [13, 25, 50, 100].map((relays) => relayBill({ viewers: 100_000, relays }).dollars);
  assert.deepEqual(sums, sums.toSorted((one, other) => one - other));
});

test('the table has a column for each bill', () => {
  const lines = billTable([relayBill({ viewers: 1_000 }), relayBill({ viewers: 10_000 })]).split('\n');
  assert.equal(lines[0], '| viewers | 1,000 | 10,000 |');
  for (const line of lines) assert.equal(line.split('|').length, 5, line);
});

test('both bills have the same prices', () => {
  const day = readFileSync(new URL('../../examples/costs/bill.rs', import.meta.url), 'utf8');
  const month = readFileSync(new URL('../../scripts/lib/relay-bill.mjs', import.meta.url), 'utf8');
  for (const [inRust, inScript] of [
    ['self.hub_requests(), 1e6, 0.15', 'requests: { price: 0.15, included: 1e6 }'],
    ['self.worker_requests(), 10e6, 0.30', 'workerRequests: { price: 0.3, included: 10e6 }'],
    ['self.all_rows(), 50e6, 1.0', 'rows: { price: 1, included: 50e6 }'],
    ['self.duration(), 400_000.0, 12.5', 'gigabyteSeconds: { price: 12.5, included: 400_000 }'],
  ]) assert.ok(day.includes(String(inRust)) && month.includes(String(inScript)), `${inRust} and ${inScript}`);
});
