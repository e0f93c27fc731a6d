// The build command of wrangler.toml, and `npm run build`: the worker's bundle below build/, if it
// is not there already. It needs the tools that `npm run setup` installs.

import { readArguments } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { askedVariant, buildWorker } from "./lib/worker.mjs";

await main(() => {
  readArguments({});
  return buildWorker(askedVariant());
});
