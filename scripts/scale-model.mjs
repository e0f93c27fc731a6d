// `npm run scale-model`: a million viewers on paper. It prints the tables of docs/scale.md from the
// model of lib/scale-model.mjs, in some seconds; the same seed gives the same tables. `-- --seed N`
// draws other numbers, which shows how little depends on chance.

import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { RELAY_CLIENTS, acknowledgeEvery } from "./lib/relays.mjs";
import { FACTS, SEED, freshness, freshnessOfOne, hubEvents, hubRestart, hubUtilisation, limits, memory, relayEvents, storm } from "./lib/scale-model.mjs";

const RELAYS = [1, 8, 100, 125, 500];
const CLIENTS = [1_000, 2_000, 4_000, 8_000, 16_000];
/** Medians and worst cases of docs/benchmarks.md, of quiet runs with 8 ticks a second. */
const MEASURED = [
  { clients: 1_000, p50: "19.5", p99: "43.5 to 68" },
  { clients: 9_950, p50: "213 to 262", p99: "503 to 688" },
];
const BENCH_TICKS = 8;
/** The limits to show for each fleet. */
const SHOWN = 4;

await main(async () => {
  const { values } = readArguments({ options: { seed: { type: "string", default: String(SEED) } } }, "[--seed N]");
  const seed = wholeNumber("--seed", values.seed);

  console.log("### The model beside the benchmarks, one object without relays\n");
  table(["clients", "p50 ms, model", "measured", "p99 ms, model", "measured"], MEASURED.map(({ clients, p50, p99 }) => {
    const model = freshnessOfOne(clients, BENCH_TICKS, { seed });
    return [whole(clients), whole(model.p50), p50, whole(model.p99), p99];
  }));

  console.log("\n### Freshness at a viewer: p50, p99 ms\n");
  const shown = [1, 125, 500];
  table(["viewers of a relay", ...shown.map((relays) => `${relays} relay${relays === 1 ? "" : "s"}`)], CLIENTS.map((clients) => [
    whole(clients),
    ...shown.map((relays) => {
      const { p50, p99 } = freshness({ relays, clients }, { seed });
      return `${whole(p50)}, ${whole(p99)}`;
    }),
  ]));

  console.log(`\n### The hub, with relays of ${whole(RELAY_CLIENTS)}\n`);
  table(["relays", "viewers", "thread, link frames", "messages and requests a second", "dials a second after a restart", "MB after a restart"], RELAYS.map((relays) => {
    const restart = hubRestart(relays);
    const events = hubEvents({ relays, clients: RELAY_CLIENTS });
    return [whole(relays), whole(relays * RELAY_CLIENTS), percent(hubUtilisation(relays)), whole(events), whole(Math.ceil(restart.dials)), (restart.bytes / 1e6).toFixed(2)];
  }));

  console.log("\n### A relay\n");
  table(["viewers of a relay", "seconds between acknowledgements", "messages and requests a second", "MB in WebAssembly", "MB of workerd"], CLIENTS.map((clients) => {
    const { least, most, sockets } = memory(clients);
    return [whole(clients), whole(acknowledgeEvery(clients)), whole(relayEvents(clients)), `${(least / 1e6).toFixed(1)} to ${(most / 1e6).toFixed(1)}`, whole(sockets / 1e6)];
  }));

  console.log("\n### After a deploy, for each relay\n");
  const waits = [FACTS.firstWaitS, FACTS.longestWaitS];
  table(["viewers of a relay", ...waits.flatMap((wait) => [`waits up to ${wait} s: reconnects a second`, "s until all are back", "longest wait for an answer, s", "give up once"])], CLIENTS.map((clients) => [
    whole(clients),
    ...waits.flatMap((jitterS) => {
      const { rate, backS, longestWaitS, gaveUp } = storm({ clients, jitterS, seed });
      return [whole(rate), backS.toFixed(1), longestWaitS.toFixed(1), whole(gaveUp)];
    }),
  ]));

  console.log("\n### Which limit is met first: how much of it is used\n");
  const fleets = [...RELAYS.map((relays) => ({ relays, clients: RELAY_CLIENTS })), { relays: 500, clients: 2_000 }];
  table(["relays", "viewers of a relay", ...Array.from({ length: SHOWN }, (_, place) => `${place + 1}.`)], fleets.map((fleet) => [
    whole(fleet.relays),
    whole(fleet.clients),
    ...limits(fleet).slice(0, SHOWN).map(({ name, used }) => `${name}: ${percent(used)}`),
  ]));
  console.log("\nComputed from measurements of parts on workerd, on one machine with two cores. Nothing ran on Cloudflare.");
});

/**
 * Prints a table in Markdown.
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  console.log(`| ${head.join(" | ")} |\n|${"--:|".repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
}

/** @param {number} number */
function whole(number) {
  return Math.round(number).toLocaleString("en-US");
}

/** @param {number} part */
function percent(part) {
  const digits = part < 0.1 ? 2 : 0;
  return `${(part * 100).toLocaleString("en-US", { maximumFractionDigits: digits })} %`;
}
