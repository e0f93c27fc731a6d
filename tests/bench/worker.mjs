// The worker under load: build/ served by workerd through Miniflare, with the options of wrangler.toml and without
// wrangler's proxy and trace collector, which would be most of what is measured.
//
// `node tests/bench/worker.mjs VARS` takes vars as JSON and prints one line of JSON once the worker listens: its address,
// how long the imports took and how long workerd took. It runs until its standard input ends, so it cannot outlive the
// program that started it. Error logs of the worker go to standard error.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BUILD = join(ROOT, "build");

const imported = performance.now();
/** @type {Record<string, any>} */
const options = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml")).workerOptions;
const miniflare = new Miniflare({
  ...convertV4MiniflareOptions({
    ...options,
    name: "hamster-terminal",
    host: "127.0.0.1",
    port: 0,
    cf: false,
    logRequests: false,
    modulesRoot: BUILD,
    modules: [
      { type: "ESModule", path: join(BUILD, "index.js") },
      { type: "CompiledWasm", path: join(BUILD, "index_bg.wasm") },
    ],
    bindings: { ...options.bindings, ...JSON.parse(process.argv[2] || "{}") },
  }),
  handleStructuredLogs: (/** @type {{ level: string, message: string }} */ { level, message }) => {
    if (level === "error" || level === "warn") console.error(`worker ${level}: ${message}`);
  },
});
const url = await miniflare.ready;
const ready = performance.now();
console.log(JSON.stringify({ url: url.href, imports_ms: Math.round(imported), workerd_ms: Math.round(ready - imported) }));

process.stdin.resume();
process.stdin.on("end", async () => {
  await miniflare.dispose();
  process.exit(0);
});
