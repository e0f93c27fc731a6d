// `npm run soak -- --seeds N [--from S]`: plays more seeds of the simulation than `npm test` has
// time for, and continues after failures. At the end it prints the shortest trace found for each
// broken promise, and every seed that broke it. Exit code 1 if any promise broke. docs/testing.md
// says more.

import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { requireRust } from "./lib/rust-tools.mjs";
import { run } from "./lib/run.mjs";

await main(async () => {
  const { values } = readArguments({
    options: { seeds: { type: "string", default: "10000" }, from: { type: "string", default: "1000" } },
  }, "[--seeds N] [--from S]");
  const env = {
    ...process.env,
    SIMULATION_SEEDS: String(wholeNumber("--seeds", values.seeds, { least: 1 })),
    SIMULATION_FROM: String(wholeNumber("--from", values.from)),
    RUST_BACKTRACE: "0",
  };
  requireRust();
  await run("soak", "cargo", ["test", "--test", "simulation", "every_seed"], { env, show: true });
});
