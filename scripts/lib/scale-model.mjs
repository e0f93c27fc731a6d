// A model of a hub and its relays: how fresh a viewer is, how busy the hub is, what a deploy and a
// restart do, and which limit is met first. It is computed from measurements of parts; nobody has
// run a million viewers. It has no clock, and the same seed gives the same figures.
//
// How a price reaches a viewer. The hub sends a link at most one frame in 100 ms, so a tick of a
// busy market waits up to 100 ms. It then waits for its turn among the links. The hop takes its
// time. The relay may be in the middle of a round of sends; the frame waits for the end of it, and
// then for the viewer's place in the next round. So a relay that is always sending keeps its
// viewers within two rounds.

import {
  BARS_CALLS, CHARTS, CLOCK_S, FIRST_BARS, LINK_FRAMES, MOST_CLIENTS, SHARED_S, TICKS, TO_HUB, TO_RELAY, VISIT_S, acknowledgeEvery,
} from "./relays.mjs";

/**
 * The measurements and assumptions that the model starts from. "Spike" is the experiment with plain
 * JavaScript that came before the relays; "benchmarks" is docs/benchmarks.md. Both ran on workerd,
 * on one machine with two cores.
 */
export const FACTS = {
  /** Benchmarks (h): the hub's CPU time for a frame on a link, with what the link says: 60 to 79 µs. */
  linkFrameUs: 70,
  /** Spike: a relay's CPU time for a send, 31 to 36 µs. Benchmarks: 30 to 34 µs for the hub. */
  sendUs: 33,
  /** Assumption: one way between two datacentres, whose mean and spread are unknown. */
  hopMs: /** @type {[number, number]} */ ([50, 150]),
  /** The longest first wait of a page that lost its connection (`firstMs` of `link/backoff.js`). */
  firstWaitS: 1,
  /** The longest wait of a page whose attempts fail (`longestMs` of `link/backoff.js`). */
  longestWaitS: 10,
  /** The page gives up an attempt after this (`HANDSHAKE_MS` of `link/connection.js`). */
  handshakeS: 10,
  /** The longest wait of a relay before it dials again. */
  redialS: 2,
  /** Benchmarks, storm: 5,000 clients held every price 3.4 s after they had dialled at once. */
  joins: 1_470,
  /** Spike: a snapshot of eight symbols was 2.4 kB, so one of 250 symbols is 75 kB. */
  snapshotBytes: 75_000,
  /** The least and the most bytes of a client in WebAssembly: the design's, and the benchmarks'. */
  clientBytes: /** @type {[number, number]} */ ([260, 1_506]),
  /** Benchmarks, 9,950 clients: workerd's memory grew from 83 to 1,350 MiB. */
  socketBytes: 133_000,
  /** Benchmarks: at most 4.3 µs of a server for each bar of an answer, (29.4 − 8.0) ms / 5,000. */
  barUs: 4.3,
  /** The page waits so long for bars (`PATIENCE_MS` of `link/history.js`). */
  barsPatienceS: 15,
  /** Cloudflare's guidance for one object is 500 to 1,000 requests or messages a second. */
  events: 1_000,
  /** Cloudflare's limit for an isolate. */
  isolateBytes: 128e6,
  /** Benchmarks' aim for the 99th percentile of freshness with 10,000 clients. */
  freshnessMs: 1_000,
};
/** @typedef {typeof FACTS} Facts */
/** `clients` are the viewers of each relay. @typedef {{ relays: number, clients: number }} Fleet */

const SAMPLES = 100_000;
export const SEED = 2026;

/**
 * How old a price is when a viewer holds it, from its arrival at the hub. The viewer's own network
 * is not included. The same seed draws the same numbers for every fleet, so fleets can be compared.
 * @param {Fleet} fleet
 * @param {{ facts?: Facts, seed?: number, samples?: number }} [options]
 * @returns {{ p50: number, p99: number }}  ms
 */
export function freshness({ relays, clients }, { facts = FACTS, seed = SEED, samples = SAMPLES } = {}) {
  const random = seeded(seed);
  const interval = 1_000 / LINK_FRAMES;
  const [least, most] = facts.hopMs;
  return percentiles(samples, () => {
    const conflated = random() * interval;
    const link = roundWait(random, (relays * facts.linkFrameUs) / 1_000, LINK_FRAMES);
    const hop = least + random() * (most - least);
    return conflated + link + hop + roundWait(random, (clients * facts.sendUs) / 1_000, LINK_FRAMES);
  });
}

/**
 * The same for clients of one object without relays, to compare the model with a measurement.
 * @param {number} clients
 * @param {number} ticks  a second
 * @param {{ facts?: Facts, seed?: number, samples?: number }} [options]
 */
export function freshnessOfOne(clients, ticks, { facts = FACTS, seed = SEED, samples = SAMPLES } = {}) {
  const random = seeded(seed);
  return percentiles(samples, () => roundWait(random, (clients * facts.sendUs) / 1_000, ticks));
}

/**
 * The wait of a frame for its receiver's turn: the rest of the round that is under way, if there is
 * one, and the receiver's place in the next.
 * @param {() => number} random
 * @param {number} round   ms
 * @param {number} frames  a second
 */
function roundWait(random, round, frames) {
  const busy = Math.min(1, (frames * round) / 1_000);
  const [isBusy, rest, place] = [random() < busy, random(), random()];
  return (isBusy ? rest * round : 0) + place * round;
}

/**
 * The share of the hub's thread that sending to the links takes.
 * @param {number} relays
 */
export function hubUtilisation(relays, facts = FACTS) {
  return (relays * LINK_FRAMES * facts.linkFrameUs) / 1e6;
}

/**
 * After a deploy all viewers of a relay come back. Each waits a random part of `jitterS`; the relay
 * takes them one after another. Played client by client.
 * @param {{ clients: number, jitterS: number, facts?: Facts, seed?: number }} storm
 * @returns {{ rate: number, backS: number, longestWaitS: number, gaveUp: number }}
 *   attempts a second; seconds until the last one is back; the longest wait for an answer; how many
 *   waited longer than the page does, and would come a second time
 */
export function storm({ clients, jitterS, facts = FACTS, seed = SEED }) {
  const random = seeded(seed);
  const arrivals = Array.from({ length: clients }, () => random() * jitterS).sort((one, other) => one - other);
  let [backS, longestWaitS, gaveUp] = [0, 0, 0];
  for (const arrival of arrivals) {
    backS = Math.max(backS, arrival) + 1 / facts.joins;
    longestWaitS = Math.max(longestWaitS, backS - arrival);
    if (backS - arrival > facts.handshakeS) gaveUp += 1;
  }
  return { rate: clients / jitterS, backS, longestWaitS, gaveUp };
}

/**
 * What the hub sends when it has restarted: a whole snapshot to each relay.
 * @param {number} relays
 * @returns {{ bytes: number, bytesASecond: number, dials: number }}  `dials` are a second's
 */
export function hubRestart(relays, facts = FACTS) {
  const bytes = relays * facts.snapshotBytes;
  return { bytes, bytesASecond: bytes / facts.redialS, dials: relays / facts.redialS };
}

/**
 * The memory that the viewers of one relay take.
 * @param {number} clients
 * @returns {{ least: number, most: number, sockets: number }}
 *   bytes: in WebAssembly, and in workerd itself
 */
export function memory(clients, facts = FACTS) {
  const [least, most] = facts.clientBytes;
  return { least: clients * least, most: clients * most, sockets: clients * facts.socketBytes };
}

/**
 * Requests and messages a second that one relay takes.
 * @param {number} clients
 */
export function relayEvents(clients) {
  return TO_RELAY + clients / acknowledgeEvery(clients) + clients / CLOCK_S + (clients * (1 + BARS_CALLS)) / VISIT_S;
}

/**
 * Requests for bars a second that reach the hub. A relay answers others who ask the same within
 * some seconds.
 * @param {Fleet} fleet
 */
export function barsAsked({ relays, clients }) {
  const ofOne = (clients * BARS_CALLS) / VISIT_S / CHARTS;
  return (relays * CHARTS * ofOne) / (1 + ofOne * SHARED_S);
}

/**
 * Requests and messages a second that the hub takes: of the links, of upstream, and for bars.
 * @param {Fleet} fleet
 */
export function hubEvents(fleet) {
  return fleet.relays * TO_HUB + TICKS + barsAsked(fleet);
}

/**
 * After a deploy each page asks for the bars that its chart missed. A relay has one question of each
 * kind under way, and those who come meanwhile wait for the next.
 * @param {number} relays
 * @returns {{ questions: number, waitS: number }}  for the hub, and until a page has its bars
 */
export function barsAfterDeploy(relays, facts = FACTS) {
  const questions = relays * CHARTS;
  return { questions, waitS: (2 * questions) / facts.events };
}

/**
 * The limits of a fleet, the one that is met first at the front. `used` is the part of the limit
 * that is in use; above 1 it is exceeded.
 * @param {Fleet} fleet
 * @returns {{ name: string, used: number }[]}
 */
export function limits(fleet, facts = FACTS) {
  const { relays, clients } = fleet;
  return [
    { name: "hub: bars after a deploy", used: barsAfterDeploy(relays, facts).waitS / facts.barsPatienceS },
    { name: "hub: thread, bars of pages that open", used: barsAsked(fleet) * FIRST_BARS * facts.barUs * 1e-6 },
    { name: "hub: thread, link frames", used: hubUtilisation(relays, facts) },
    { name: "hub: messages and requests", used: hubEvents(fleet) / facts.events },
    { name: "relay: messages and requests", used: relayEvents(clients) / facts.events },
    { name: "relay: freshness, p99", used: freshness(fleet, { facts, samples: SAMPLES / 10 }).p99 / facts.freshnessMs },
    { name: "relay: reconnects after a deploy", used: storm({ clients, jitterS: facts.firstWaitS, facts }).longestWaitS / facts.handshakeS },
    { name: "relay: sockets", used: clients / MOST_CLIENTS },
    { name: "relay: memory in WebAssembly", used: memory(clients, facts).most / facts.isolateBytes },
  ].sort((one, other) => other.used - one.used);
}

/**
 * @param {number} count
 * @param {() => number} sample
 */
function percentiles(count, sample) {
  const values = Float64Array.from({ length: count }, sample).sort();
  /** @param {number} part */
  const at = (part) => values[Math.min(count - 1, Math.floor(count * part))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Numbers from 0 to 1 that repeat for the same seed (mulberry32). @param {number} seed */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
