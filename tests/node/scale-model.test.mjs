/**
 * Simple properties of the model of a hub and its relays (`npm run scale-model`). Its figures are
 * in docs/scale.md.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { acknowledgeEvery, relaysFor } from '../../scripts/lib/relays.mjs';
import { FACTS, barsAsked, barsAfterDeploy, freshness, freshnessOfOne, hubRestart, hubUtilisation, limits, memory, relayEvents, storm } from '../../scripts/lib/scale-model.mjs';

const AUDIENCES = [1, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000];
const FLEETS = [1, 8, 100, 125, 500];
const FEW = { samples: 5_000 };

test('more viewers a relay, or more relays, are never fresher', () => {
  for (const relays of FLEETS) {
    const ages = AUDIENCES.map((clients) => freshness({ relays, clients }, FEW));
    for (const [place, { p50, p99 }] of ages.entries()) {
      const before = ages[place - 1] ?? { p50: 0, p99: 0 };
      assert.ok(p50 >= before.p50 && p99 >= before.p99 && p99 >= p50, `${relays} relays of ${AUDIENCES[place]}`);
    }
  }
  for (const clients of AUDIENCES) {
    const ages = FLEETS.map((relays) => freshness({ relays, clients }, FEW).p99);
    assert.deepEqual(ages, ages.toSorted((one, other) => one - other), `${clients} viewers a relay`);
  }
});

test('no price arrives sooner than the hop takes, or later than all waits together', () => {
  const { p50, p99 } = freshness({ relays: 125, clients: 8_000 }, FEW);
  const [least, most] = FACTS.hopMs;
  const links = (125 * FACTS.linkFrameUs) / 1_000;
  const round = (8_000 * FACTS.sendUs) / 1_000;
  assert.ok(p50 > least);
  assert.ok(p99 < 100 + 2 * links + most + 2 * round);
});

test('the same seed gives the same figures, and another seed nearly the same', () => {
  const fleet = { relays: 8, clients: 4_000 };
  assert.deepEqual(freshness(fleet, { seed: 1 }), freshness(fleet, { seed: 1 }));
  const [one, other] = [freshness(fleet, { seed: 1 }), freshness(fleet, { seed: 2 })];
  assert.notEqual(one.p99, other.p99);
  assert.ok(Math.abs(one.p99 - other.p99) < one.p99 * 0.03, `${one.p99} and ${other.p99}`);
});

test('without relays the model is near the benchmarks: 43.5 to 68 ms for 1,000 clients, 503 to 688 ms for 9,950', () => {
  const [small, large] = [freshnessOfOne(1_000, 8).p99, freshnessOfOne(9_950, 8).p99];
  assert.ok(small >= 43.5 && small <= 68, `${small}`);
  assert.ok(large >= 503 && large <= 688, `${large}`);
});

test('the hub’s utilisation is linear in the relays', () => {
  const one = hubUtilisation(1);
  for (const relays of FLEETS) assert.ok(Math.abs(hubUtilisation(relays) - relays * one) < 1e-12);
  assert.equal(Math.round(hubUtilisation(125) * 10_000), 875);
});

test('the rate of a reconnect storm is the viewers of a relay over the jitter', () => {
  for (const clients of AUDIENCES) {
    for (const jitterS of [1, 10]) assert.equal(storm({ clients, jitterS }).rate, clients / jitterS);
  }
});

test('a storm ends with the jitter, or when the relay has taken everybody', () => {
  const slow = storm({ clients: 8_000, jitterS: 10 });
  assert.ok(slow.backS > 9.9 && slow.backS < 10.1, `${slow.backS}`);
  const quick = storm({ clients: 8_000, jitterS: 1 });
  assert.ok(quick.backS >= 8_000 / FACTS.joins && quick.backS < 8_000 / FACTS.joins + 0.1, `${quick.backS}`);
  assert.equal(quick.gaveUp, 0);
  assert.ok(storm({ clients: 32_000, jitterS: 1 }).gaveUp > 0);
});

test('a restart of the hub sends a snapshot to each relay', () => {
  assert.deepEqual(hubRestart(125), { bytes: 9_375_000, bytesASecond: 4_687_500, dials: 62.5 });
});

test('the memory of a relay grows with its viewers', () => {
  const [one, all] = [memory(1), memory(8_000)];
  assert.deepEqual(all, { least: 8_000 * one.least, most: 8_000 * one.most, sockets: 8_000 * one.sockets });
  assert.ok(one.least < one.most && one.most < one.sockets);
});

test('a server asks for at most 200 acknowledgements a second', () => {
  assert.deepEqual([0, 1_000, 1_001, 8_000, 8_001, 32_000].map(acknowledgeEvery), [5, 5, 10, 40, 80, 160]);
  for (const clients of AUDIENCES) assert.ok(clients / acknowledgeEvery(clients) <= 200);
});

test('the hub is asked for bars less often than pages ask their relays, and ever less often for each page', () => {
  for (const relays of FLEETS) {
    const shares = AUDIENCES.map((clients) => barsAsked({ relays, clients }) / (relays * clients / 1_800));
    assert.ok(shares.every((share) => share < 1), `${shares}`);
    assert.deepEqual(shares, shares.toSorted((one, other) => other - one));
  }
  assert.deepEqual(barsAfterDeploy(125), { questions: 1_000, waitS: 2 });
});

test('a small audience needs no relay', () => {
  assert.deepEqual([0, 1_000, 1_001, 8_000, 8_001, 100_000, 1_000_000].map((viewers) => relaysFor(viewers)), [0, 0, 1, 1, 2, 13, 125]);
});

test('the limit that is met first stands first', () => {
  const used = limits({ relays: 125, clients: 8_000 });
  assert.deepEqual(used.map((limit) => limit.used), used.map((limit) => limit.used).toSorted((one, other) => other - one));
  const messages = used.find(({ name }) => name === 'relay: messages and requests');
  assert.equal(messages?.used, relayEvents(8_000) / FACTS.events);
});

for (const [command, ...options] of [['scale-model'], ['costs', '--scale']]) {
  test(`docs/scale.md has the figures of npm run ${[command, ...options].join(' -- ')}`, () => {
    const script = fileURLToPath(new URL(`../../scripts/${command}.mjs`, import.meta.url));
    const lines = execFileSync(process.execPath, [script, ...options], { encoding: 'utf8' }).split('\n').filter((line) => line.startsWith('|'));
    const document = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8').split('\n');
    assert.ok(lines.length > 15);
    for (const line of lines) assert.ok(document.includes(line), line);
  });
}
