// What a month of a hub and its relays costs on Cloudflare's paid plan. It is a plain calculation
// from the numbers of relays.mjs, because no simulation plays a million viewers. Prices are those
// of November 2026 (developers.cloudflare.com/durable-objects/platform/pricing and
// /workers/platform/pricing), as in examples/costs/bill.rs.

import { BARS_CALLS, BEAT_S, CLOCK_S, FIRST_MESSAGES, PING_S, RELAY_CLIENTS, TICKS, TO_HUB, TO_RELAY, VISIT_S, acknowledgeEvery, relaysFor } from "./relays.mjs";

/** Days of a month. */
const MONTH = 30;
const DAY_S = 86_400;
const HOURS = 24;
/** An object is billed as 128 MB, whatever it uses. */
const GIGABYTES = 0.128;
/** So many messages that an object receives are billed as one request; what it sends is free. */
const MESSAGES_PER_REQUEST = 20;
const PLAN_DOLLARS = 5;

/**
 * What is billed: requests of objects, requests of the Worker, gigabyte-seconds in memory, and rows
 * written.
 * @typedef {"requests" | "workerRequests" | "gigabyteSeconds" | "rows"} Resource
 * @typedef {Partial<Record<Resource, number>>} Use  in a month
 */

/**
 * Dollars for a million, and what the plan includes in a month.
 * @type {Record<Resource, { price: number, included: number }>}
 */
const PRICES = {
  requests: { price: 0.15, included: 1e6 },
  workerRequests: { price: 0.3, included: 10e6 },
  gigabyteSeconds: { price: 12.5, included: 400_000 },
  rows: { price: 1, included: 50e6 },
};
const RESOURCES = /** @type {Resource[]} */ (Object.keys(PRICES));

/** Seconds between two alarms of a relay. Each is a request, and setting it writes a row. */
const RELAY_ALARM_S = 60;
/** The hub's alarm comes each 30 s, and the cron trigger each minute. */
const HUB_ALARM_S = 30;
const CRON_S = 60;
/** The most rows that a hub writes in a day (docs/operations.md), its alarm's included. */
const HUB_ROWS = 10_000;

/**
 * @typedef {{ viewers: number, relays?: number, hours?: number }} Audience
 *   `relays` are those that are awake, of all regions; left out: relays of 8,000. `hours` is how
 *   long the viewers stay each day.
 */

/**
 * The bill of a month.
 * @param {Audience} audience
 */
export function relayBill({ viewers, relays = relaysFor(viewers), hours = HOURS }) {
  // Without viewers the hub sleeps, and the cron trigger alone is left.
  const awake = viewers === 0 ? 0 : hours / HOURS;
  const seconds = MONTH * DAY_S * awake;
  const servers = Math.max(1, relays);
  const clients = viewers / servers;
  const ackEvery = acknowledgeEvery(clients);
  const visits = (viewers * seconds) / Math.min(VISIT_S, hours * 3_600);
  /** @param {number} aSecond */
  const messages = (aSecond) => ({ requests: (aSecond * seconds) / MESSAGES_PER_REQUEST });

  /** @type {[string, Use][]} */
  const uses = [
    ["hub and relays in memory", { gigabyteSeconds: (relays + 1) * GIGABYTES * seconds }],
    ["links: frames, beats, reports, acknowledgements", messages(relays * (TO_HUB + TO_RELAY))],
    ["upstream, alarms, cron trigger, rows", {
      requests: (TICKS * seconds) / MESSAGES_PER_REQUEST + seconds / HUB_ALARM_S + (relays * seconds) / RELAY_ALARM_S + (MONTH * DAY_S) / CRON_S,
      workerRequests: (MONTH * DAY_S) / CRON_S,
      rows: HUB_ROWS * MONTH * awake + (relays * seconds) / RELAY_ALARM_S,
    }],
    ["acknowledgements", messages(viewers / ackEvery)],
    ["questions for the time", messages(viewers / CLOCK_S)],
    ["connections", { requests: visits * (1 + FIRST_MESSAGES / MESSAGES_PER_REQUEST), workerRequests: visits }],
    // At most once more: a relay asks its hub.
    ["bars for a chart", { requests: visits * BARS_CALLS * (relays === 0 ? 1 : 2), workerRequests: visits * BARS_CALLS }],
  ];
  const parts = uses.map(([name, use]) => ({ name, use, dollars: RESOURCES.reduce((sum, resource) => sum + listed(resource, use[resource] ?? 0), 0) }));
  const total = /** @type {Record<Resource, number>} */ (
    Object.fromEntries(RESOURCES.map((resource) => [resource, uses.reduce((sum, [, use]) => sum + (use[resource] ?? 0), 0)]))
  );
  const included = RESOURCES.reduce((sum, resource) => sum + listed(resource, Math.min(total[resource], PRICES[resource].included)), 0);
  const dollars = PLAN_DOLLARS + parts.reduce((sum, part) => sum + part.dollars, 0) - included;
  return { viewers, relays, clients, ackEvery, parts, total, included, dollars };
}

/** @typedef {ReturnType<typeof relayBill>} RelayBill */

/**
 * A table in Markdown with a column for each bill.
 * @param {RelayBill[]} bills
 */
export function billTable(bills) {
  const [first] = bills;
  /** @type {(name: string, value: (bill: RelayBill) => string) => string} */
  const row = (name, value) => `| ${[name, ...bills.map(value)].join(" | ")} |`;
  const parts = first === undefined ? [] : first.parts.map(({ name }, place) => row(`${name}, $`, ({ parts }) => money(parts[place]?.dollars ?? 0)));
  return [
    row("viewers", ({ viewers }) => whole(viewers)),
    `|---|${"--:|".repeat(bills.length)}`,
    row("relays", ({ relays }) => whole(relays)),
    row("viewers of each server", ({ clients }) => whole(clients)),
    row("seconds between acknowledgements", ({ ackEvery }) => whole(ackEvery)),
    row("object requests, millions", ({ total }) => millions(total.requests)),
    row("Worker requests, millions", ({ total }) => millions(total.workerRequests)),
    row("GB-s", ({ total }) => whole(total.gigabyteSeconds)),
    ...parts,
    row("included in the plan, $", ({ included }) => money(-included)),
    row("the plan, $", () => money(PLAN_DOLLARS)),
    row("**sum, $ a month**", ({ dollars }) => `**${money(dollars)}**`),
  ].join("\n");
}

/** What a reader of the table must know. */
export const BILL_NOTES = `
Viewers who stay all day come back each ${VISIT_S / 60} minutes, and each page has its chart open. A page asks
for the time each ${CLOCK_S} s; a relay beats each ${BEAT_S} s. Relays hold ${whole(RELAY_CLIENTS)} viewers unless --relays says otherwise.
More than one awake object does not fit the free plan. Not included: REST calls of scripts, /api/quotes while
pages are disconnected, upgrades that a full relay refuses, and pings, which a page sends only after ${PING_S} s
without a frame. Computed, not measured.`;

/** @param {Resource} resource @param {number} amount  in a month */
function listed(resource, amount) {
  return (amount / 1e6) * PRICES[resource].price;
}

/** @param {number} number */
function whole(number) {
  return Math.round(number).toLocaleString("en-US");
}

/** @param {number} number */
function millions(number) {
  return (number / 1e6).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** Cents as long as they matter. @param {number} dollars */
function money(dollars) {
  const digits = Math.abs(dollars) < 100 ? 2 : 0;
  return dollars.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
