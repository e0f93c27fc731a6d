// `npm run build` and the build command of wrangler.toml: builds the page and the worker's bundle
// into build/, unless they are up to date. It needs the tools that `npm run setup` installs.

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
 * When the build command fails, `wrangler dev` answers nothing until the next edit. A mistake in
 * the page should not cost that much: report it and keep serving the previous page.
 * @param {unknown} error
 */
function servePageBefore(error) {
  if (!(error instanceof Failure) || process.env.WRANGLER_COMMAND !== "dev") throw error;
  console.error(`✗ ${error.message} Until it can be, the page from before is served.`);
}
