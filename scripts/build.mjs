// The build command of wrangler.toml, and `npm run build`: the page and the worker's bundle below
// build/, unless they are there already. It needs the tools that `npm run setup` installs.

import { main } from "./lib/failure.mjs";
import { buildPage } from "./lib/page.mjs";
import { askedVariant, buildWorker } from "./lib/worker.mjs";

await main(async () => {
  await buildPage();
  await buildWorker(askedVariant());
});
