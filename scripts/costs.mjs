// `npm run costs`: what a day costs on Cloudflare's plans. It runs the hub's own state machine and
// counts what it uses; examples/costs.rs documents the options. The first compilation takes about
// two minutes on two idle cores, a table half a minute.
//
// With --scale or --relays it prints what a month of a hub and its relays costs. That is a plain
// calculation (lib/relay-bill.mjs), which needs no compiler.

import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { BILL_NOTES, billTable, relayBill } from "./lib/relay-bill.mjs";
import { MOST_CLIENTS, RELAY_CLIENTS } from "./lib/relays.mjs";
import { run } from "./lib/run.mjs";
import { requireRust } from "./lib/rust-tools.mjs";

const PLANS = ["basic", "pro"];
const USAGE = "[--viewers N] [--hours H] [--scrape SECONDS] [--plan basic|pro], or --viewers N --relays R [--hours H], or --scale [--hours H]";
/** The audiences of the table that --scale prints. */
const AUDIENCES = [1_000, 10_000, 100_000, 1_000_000];

await main(async () => {
  const { values } = readArguments({
    options: {
      viewers: { type: "string" }, hours: { type: "string" }, scrape: { type: "string" }, plan: { type: "string" },
      relays: { type: "string" }, scale: { type: "boolean", default: false },
    },
  }, USAGE);
  const { plan, scale, ...numbers } = values;
  for (const [name, value] of Object.entries(numbers)) wholeNumber(`--${name}`, value, name === "hours" ? { most: 24 } : {});
  if (plan !== undefined && !PLANS.includes(plan)) throw new Failure(`--plan wants ${PLANS.join(" or ")}, not "${plan}".`);
  if (scale || values.relays !== undefined) return printMonth(values);
  requireRust();
  const words = Object.entries({ ...numbers, ...(plan === undefined ? {} : { plan }) }).flatMap(([name, value]) => [`--${name}`, value]);
  await run("costs", "cargo", ["run", "--quiet", "--release", "--example", "costs", "--", ...words], { show: true });
});

/**
 * Prints a month with relays.
 * @param {{ viewers?: string, hours?: string, scrape?: string, plan?: string, relays?: string, scale: boolean }} values
 */
function printMonth({ viewers, hours: hoursText, scrape, plan, relays: relaysText, scale }) {
  if (scrape !== undefined || plan !== undefined) throw new Failure("--scrape and --plan are for a day without relays.");
  if (scale && (viewers !== undefined || relaysText !== undefined)) throw new Failure("--scale chooses viewers and relays itself.");
  const hours = Number(hoursText ?? 24);
  if (hours === 0) throw new Failure("--hours wants at least 1 for a month with relays.");
  if (scale) {
    console.log(billTable(AUDIENCES.map((count) => relayBill({ viewers: count, hours }))));
  } else {
    if (viewers === undefined) throw new Failure(`--relays wants --viewers too. The arguments are: ${USAGE}`);
    const bill = relayBill({ viewers: Number(viewers), relays: Number(relaysText), hours });
    if (bill.clients > MOST_CLIENTS) throw new Failure(`That is ${Math.round(bill.clients)} viewers for each server, and one holds at most ${MOST_CLIENTS}.`);
    console.log(billTable([bill]));
    if (bill.clients > RELAY_CLIENTS) console.log(`\nMore than ${RELAY_CLIENTS} viewers for each server: RELAY_CLIENTS would have to be raised.`);
  }
  console.log(BILL_NOTES);
}
