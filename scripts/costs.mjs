// `npm run costs`: what a day costs on Cloudflare's plans. It runs the hub's own state machine and
// counts what it uses; examples/costs.rs documents the options. The first compilation takes about
// two minutes on two idle cores, a table half a minute.

import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { run } from "./lib/run.mjs";
import { requireRust } from "./lib/rust-tools.mjs";

const PLANS = ["basic", "pro"];

await main(async () => {
  const { values } = readArguments({
    options: { viewers: { type: "string" }, hours: { type: "string" }, scrape: { type: "string" }, plan: { type: "string" } },
  }, "[--viewers N] [--hours H] [--scrape SECONDS] [--plan basic|pro]");
  const { plan, ...numbers } = values;
  for (const [name, value] of Object.entries(numbers)) wholeNumber(`--${name}`, value, name === "hours" ? { most: 24 } : {});
  if (plan !== undefined && !PLANS.includes(plan)) throw new Failure(`--plan wants ${PLANS.join(" or ")}, not "${plan}".`);
  requireRust();
  const words = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
  await run("costs", "cargo", ["run", "--quiet", "--release", "--example", "costs", "--", ...words], { show: true });
});
