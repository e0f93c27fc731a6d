// `npm run costs`: what a day costs on Cloudflare's plans, counted by the hub's own machine (examples/costs.rs, which says what the
// options are). Compiling for it, once, takes about two minutes on two idle cores; a table takes half a minute.

import { main } from "./lib/failure.mjs";
import { run } from "./lib/run.mjs";
import { requireRust } from "./lib/rust-tools.mjs";

await main(async () => {
  requireRust();
  const words = ["run", "--quiet", "--release", "--example", "costs", "--", ...process.argv.slice(2)];
  await run("costs", "cargo", words, { show: true });
});
