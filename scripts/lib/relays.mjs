// What is known of a hub and its relays: the numbers that the bill and the model are computed from,
// each with its source. The link's are those of `hamster.uplink.v1`. Files named `link/…` and
// `panels/…` are in public/app/. Nothing here was measured on Cloudflare.

/** The defaults of the vars `RELAY_CLIENTS` and `HUB_CLIENTS`. */
export const RELAY_CLIENTS = 8_000;
export const HUB_CLIENTS = 1_000;
/** The largest value of `MOST_CLIENTS`. The platform allows an object 32,768 sockets. */
export const MOST_CLIENTS = 32_000;

/** The frames that the hub sends on a link in a second: `interval_ms` is 100 there. */
export const LINK_FRAMES = 10;
/** Seconds between two heartbeats of a relay, each of which the hub answers. */
export const BEAT_S = 2;
/** Seconds between two reports of a relay: its clients, and how many watch each symbol. */
export const REPORT_S = 5;
/** Seconds between two acknowledgements of a relay. */
export const LINK_ACK_S = 1;
/** Messages a second that the hub receives on one link. */
export const TO_HUB = 1 / BEAT_S + 1 / REPORT_S + 1 / LINK_ACK_S;
/** Messages a second that a relay receives on its link: frames, and answers to heartbeats. */
export const TO_RELAY = LINK_FRAMES + 1 / BEAT_S;

/** Seconds of silence after which a page pings (`link/watchdog.js`). While prices come it does not. */
export const PING_S = 15;
/** Seconds between two questions for the time (`CLOCK_EVERY_MS` of `link/connection.js`). */
export const CLOCK_S = 60;
/** What a page sends when it has connected: a subscription, and four questions for the time. */
export const FIRST_MESSAGES = 5;
/** An assumption: a visit lasts half an hour, and then the page is opened anew. */
export const VISIT_S = 1_800;
/** Requests for bars of a page that was opened or has connected again: its chart's. */
export const BARS_CALLS = 1;
/** The bars of a chart that was opened (`FIRST_BARS` of `panels/chart/session.js`). */
export const FIRST_BARS = 500;
/** Seconds for which a relay gives the hub's bars to other pages (`SHARED` of src/driver/copies.rs). */
export const SHARED_S = 5;
/** An assumption: the pages of a relay show so many different charts. */
export const CHARTS = 8;

/** Prices a second of the eight default symbols, at the simulator's rate (docs/operations.md). */
export const TICKS = 7;

/** Acknowledgements a second that a server takes at most, and the least time between two of one. */
const MOST_ACKNOWLEDGEMENTS = 200;
const ACKNOWLEDGE_S = 5;

/**
 * The seconds between two acknowledgements of one client, by the audience of its server: 5 s for up
 * to 1,000, and twice as long for each doubling, so that at most 200 a second reach a server
 * (`acknowledge_within` of src/hub/delivery/flow_control.rs). Before there were relays the rule was
 * 5 s, and 10 s for more than 1,000 clients. A day that `npm run costs` plays needs no rule: its
 * viewers acknowledge when the hub in the simulation asks for it.
 * @param {number} clients  of one server
 */
export function acknowledgeEvery(clients) {
  let every = ACKNOWLEDGE_S;
  while (every * MOST_ACKNOWLEDGEMENTS < clients) every *= 2;
  return every;
}

/**
 * The relays that are awake. The hub serves a small audience by itself.
 * @param {number} viewers
 * @param {number} [clients]  of one relay
 */
export function relaysFor(viewers, clients = RELAY_CLIENTS) {
  return viewers <= HUB_CLIENTS ? 0 : Math.ceil(viewers / clients);
}
