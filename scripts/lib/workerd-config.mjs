// The configuration of workerd for `npm run serve`: the deployed Worker, its Durable Objects on
// disk, and the page. The names of classes, bindings and paths come from wrangler.toml, and the
// services of the page's files from Miniflare, so that they answer as Cloudflare's do.

import { cpSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ROOT } from "./project.mjs";

const NAME = "hamster-terminal";
/** Miniflare's name for the Worker behind the page's files. */
const WORKER = `core:user:${NAME}`;

/** The folder of the page in that of the storage, which is emptied first. */
const PAGE = "hamster-page";

/** Asks the Worker for its cron trigger, as Cloudflare does each minute. */
const CLOCK = `export default {
  async fetch(request, env) {
    const { outcome } = await env.WORKER.scheduled({ scheduledTime: new Date(), cron: "* * * * *" });
    return new Response(outcome, { status: outcome === "ok" ? 200 : 500 });
  },
};`;

/**
 * The serialized configuration. `build` is the folder of the Worker's bundle, `data` that of its
 * storage, into which the page is copied: workerd reads its files whenever they are asked for, and
 * a later build replaces them. `settings` are names of vars and secrets: workerd reads their values
 * from its environment.
 * @param {{ build: string, data: string, settings: string[] }} options
 * @returns {Promise<Buffer>}
 */
export async function workerdConfig({ build, data, settings }) {
  // One after the other: imported at the same time, wrangler's function was missing now and then.
  const { ASSETS_PLUGIN, Log, LogLevel, convertV4MiniflareOptions, serializeConfig } = await import("miniflare");
  const { unstable_getMiniflareWorkerOptions } = await import("wrangler");
  /** @type {Record<string, any>} */
  const options = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml")).workerOptions;
  const page = join(data, PAGE);
  rmSync(page, { recursive: true, force: true });
  cpSync(options["assets"].directory, page, { recursive: true });
  options["assets"].directory = page;
  const [script, wasm] = [join(build, "index.js"), join(build, "index_bg.wasm")];
  const modules = [{ type: "ESModule", path: script }, { type: "CompiledWasm", path: wasm }];
  /** @type {any} */
  const converted = convertV4MiniflareOptions(/** @type {any} */ ({ ...options, name: NAME, modulesRoot: build, modules }));
  const files = /** @type {any} */ (ASSETS_PLUGIN);
  const asked = { options: converted.workers[0], log: new Log(LogLevel.WARN) };
  /** @type {any[]} */
  const pages = await files.getServices(asked);
  const classes = Object.entries(/** @type {Record<string, { className: string }>} */ (options["durableObjects"]));
  /** @type {Record<string, string>} */
  const defaults = options["bindings"];
  const worker = {
    compatibilityDate: options["compatibilityDate"],
    modules: [
      { name: "index.js", esModule: readFileSync(script, "utf8") },
      { name: "index_bg.wasm", wasm: readFileSync(wasm) },
    ],
    bindings: [
      ...Object.entries(defaults).filter(([name]) => !settings.includes(name)).map(([name, text]) => ({ name, text })),
      ...settings.map((name) => ({ name, fromEnvironment: name })),
      ...classes.map(([name, { className }]) => ({ name, durableObjectNamespace: { className } })),
      ...(await files.getBindings(asked.options)),
    ],
    durableObjectNamespaces: classes.map(([, { className }]) => ({ className, uniqueKey: `${NAME}-${className}`, enableSql: true })),
    durableObjectStorage: { localDisk: "storage" },
    globalOutbound: { name: "outside" },
  };
  const clock = {
    compatibilityDate: options["compatibilityDate"],
    compatibilityFlags: ["service_binding_extra_handlers"],
    modules: [{ name: "clock.js", esModule: CLOCK }],
    bindings: [{ name: "WORKER", service: { name: WORKER } }],
  };
  // What Miniflare's own services import.
  const shared = join(dirname(createRequire(import.meta.url).resolve("miniflare")), "workers", "shared", "index.worker.js");
  return serializeConfig(/** @type {any} */ ({
    extensions: [{ modules: [{ name: "miniflare:shared", esModule: readFileSync(shared, "utf8") }] }],
    services: [
      ...pages.map((service) => (service.disk ? { ...service, disk: { ...service.disk, writable: false } } : service)),
      { name: WORKER, worker },
      { name: "clock", worker: clock },
      { name: "storage", disk: { path: data, writable: true } },
      // The provider, which may be in a private network.
      { name: "outside", network: { allow: ["public", "private"], tlsOptions: { trustBrowserCas: true } } },
    ],
    sockets: [
      { name: "http", http: { forwardedProtoHeader: "X-Forwarded-Proto" }, service: { name: pages.at(-1).name } },
      { name: "clock", http: {}, service: { name: "clock" } },
    ],
  }));
}
