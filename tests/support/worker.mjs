// Serves the built worker as `wrangler dev` does: the workerd of the same Miniflare, with the
// options of wrangler.toml, storage on disk and the page. It omits wrangler itself and the proxy
// that wrangler puts in front, which take two thirds of the start-up time.
//
// `node tests/support/worker.mjs PORT FOLDER OPTIONS VARS`: storage in FOLDER, OPTIONS and VARS as
// JSON. The output of the worker and of workerd goes to standard output. Without arguments it
// prints the OPTIONS, because only wrangler can read wrangler.toml.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BUILD = join(ROOT, "build", "release");
const [port, folder, options, vars] = process.argv.slice(2);
if (port && folder && options && vars) await serve(Number(port), folder, JSON.parse(options), JSON.parse(vars));
else await print();

async function print() {
  const { unstable_getMiniflareWorkerOptions } = await import("wrangler");
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"));
  console.log(JSON.stringify(workerOptions));
}

/**
 * @param {number} port
 * @param {string} folder
 * @param {Record<string, any>} options
 * @param {Record<string, string>} vars
 */
async function serve(port, folder, options, vars) {
  const { Miniflare, convertV4MiniflareOptions } = await import("miniflare");
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      ...options,
      name: "hamster-terminal",
      host: "127.0.0.1",
      port,
      cf: false,
      logRequests: false,
      modulesRoot: BUILD,
      modules: [
        { type: "ESModule", path: join(BUILD, "index.js") },
        { type: "CompiledWasm", path: join(BUILD, "index_bg.wasm") },
      ],
      bindings: { ...options["bindings"], ...vars },
    }),
    resourcePersistencePath: folder,
    handleStructuredLogs: (/** @type {{ message: string }} */ { message }) => console.log(message),
  });
  await miniflare.ready;
}
