// A worker under load: served by workerd through Miniflare, without wrangler's proxy and trace
// collector, which would dominate the measurement.
//
// `node tests/bench/worker.mjs ours VARS` serves build/release with the options of wrangler.toml;
// `raw` instead of `ours` serves peers/raw.ts in the same way. VARS are the worker's vars as JSON;
// the port is in PORT. It runs until its standard input ends, so it cannot outlive the program that
// started it. Error logs of the worker go to standard error.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { transformSync } from "esbuild";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BUILD = join(ROOT, "build", "release");
const [which, vars] = parseArgs({ allowPositionals: true }).positionals;

/** @type {Record<string, any>} */
const options = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml")).workerOptions;
const bindings = { ...options.bindings, ...JSON.parse(vars || "{}") };

/** @type {any} */
const served = {
  ...(which === "raw" ? raw() : ours()),
  host: "127.0.0.1",
  port: Number(process.env.PORT),
  cf: false,
  logRequests: false,
};
const miniflare = new Miniflare({
  ...convertV4MiniflareOptions(served),
  handleStructuredLogs: (/** @type {{ level: string, message: string }} */ { level, message }) => {
    if (level === "error" || level === "warn") console.error(`worker ${level}: ${message}`);
  },
});
await miniflare.ready;

process.stdin.resume();
process.stdin.on("end", async () => {
  await miniflare.dispose();
  process.exit(0);
});

function ours() {
  const modules = [
    { type: "ESModule", path: join(BUILD, "index.js") },
    { type: "CompiledWasm", path: join(BUILD, "index_bg.wasm") },
  ];
  // No page is requested, and the asset router would be one more worker in every socket's way.
  return { ...options, assets: undefined, name: "hamster-terminal", modulesRoot: BUILD, modules, bindings };
}

function raw() {
  const source = readFileSync(new URL("./peers/raw.ts", import.meta.url), "utf8");
  const { code } = transformSync(source, { loader: "ts", format: "esm" });
  return {
    name: "raw",
    compatibilityDate: options.compatibilityDate,
    modules: [{ type: "ESModule", path: "raw.js", contents: code }],
    durableObjects: { HUB: { className: "Hub", useSQLite: true } },
    bindings,
  };
}
