// The build command of wrangler.toml, and `npm run build`: the page and the worker's bundle below
// build/, unless they are there already. It needs the tools that `npm run setup` installs.

import { readArguments } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { buildPage } from "./lib/page.mjs";
import { askedVariant, buildWorker } from "./lib/worker.mjs";

await main(async () => {
  readArguments({});
  await buildPage().catch(servePageBefore);
  await buildWorker(askedVariant());
});

/**
 * When its build command fails, `wrangler dev` answers nothing until the next edit. For a slip in
 * the page that is too much: it says so, and goes on to serve the page as it was.
 * @param {unknown} error
 */
function servePageBefore(error) {
  if (!(error instanceof Failure) || process.env.WRANGLER_COMMAND !== "dev") throw error;
  console.error(`✗ ${error.message} Until it can be, the page from before is served.`);
}
