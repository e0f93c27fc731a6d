// The build command of wrangler.toml, and `npm run build`: the worker's bundle below build/, if it
// is not there already. It needs the tools that `npm run setup` installs.

import { main } from "./lib/failure.mjs";
import { askedVariant, buildWorker } from "./lib/worker.mjs";

await main(() => buildWorker(askedVariant()));
