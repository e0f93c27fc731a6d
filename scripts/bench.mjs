// `npm run bench`: sets this checkout up, builds the worker and measures it: its size, its start-up, and its fan-out
// under load (tests/bench). `-- --json FILE` also writes the figures as JSON; `-- --quick` only shows that it all works.
// docs/benchmarks.md says what the figures mean.

import { readFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { Failure, main } from "./lib/failure.mjs";
import { WRANGLER, wranglerEnv, wranglersNode } from "./lib/node-packages.mjs";
import { ROOT } from "./lib/project.mjs";
import { output, run } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";
import { buildWorker } from "./lib/worker.mjs";

/** A whole run takes less than two minutes; compiling for it, once, takes two more on two cores. */
const LIMIT_MS = 15 * 60_000;

await main(async () => {
  const { json, rest } = readArguments(process.argv.slice(2));
  await setUp({ tests: false });
  await buildWorker();
  const scratch = mkdtempSync(join(tmpdir(), "hamster-bench-"));
  try {
    const size = await measureSize(join(scratch, "upload"));
    const startup = await measureStartup(join(scratch, "startup.cpuprofile"));
    const load = await measureLoad(join(scratch, "load.json"), rest);
    const document = { versions: versions(), size, startup, ...load };
    if (json) writeFileSync(json, `${JSON.stringify(document, undefined, 2)}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

/** @param {string[]} args */
function readArguments(args) {
  const at = args.indexOf("--json");
  if (at === -1) return { json: undefined, rest: args };
  const [, file] = args.splice(at, 2);
  if (!file) throw new Failure("--json wants the name of a file.");
  return { json: resolve(file), rest: args };
}

/** The size of the WebAssembly module, and of all that an upload would hold. @param {string} folder */
async function measureSize(folder) {
  const wasm = join(ROOT, "build", "index_bg.wasm");
  const { size: bytes } = statSync(wasm);
  const size = {
    wasm_kib: kib(bytes),
    wasm_gzip_kib: kib(gzipSync(readFileSync(wasm)).length),
    upload_kib: NaN,
    upload_gzip_kib: NaN,
  };
  await wrangler("bench upload", ["deploy", "--dry-run", "--outdir", folder], (line) => {
    const found = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(line);
    if (found) [size.upload_kib, size.upload_gzip_kib] = [Number(found[1]), Number(found[2])];
  });
  console.log(`WebAssembly ${size.wasm_kib} KiB, ${size.wasm_gzip_kib} KiB gzipped; upload ${size.upload_kib} KiB, ${size.upload_gzip_kib} KiB gzipped`);
  return size;
}

/** CPU time of the start-up, as wrangler's profile of it on this machine says. @param {string} file */
async function measureStartup(file) {
  const startup = { active_ms: NaN, window_ms: NaN };
  await wrangler("bench start-up", ["check", "startup", "--outfile", file], (line) => {
    const found = /(Active|Profile window): ([\d.]+) ms/.exec(line);
    if (found) startup[found[1] === "Active" ? "active_ms" : "window_ms"] = Number(found[2]);
  });
  console.log(`Start-up CPU profile: ${startup.active_ms} ms active in a window of ${startup.window_ms} ms`);
  return startup;
}

/** @param {string} file @param {string[]} args */
async function measureLoad(file, args) {
  const words = ["bench", "--bench", "fanout", "--", "--node", wranglersNode(), "--json", file, ...args];
  await run("bench", "cargo", words, { env: wranglerEnv(), show: true, timeoutMs: LIMIT_MS });
  return JSON.parse(readFileSync(file, "utf8"));
}

/** @param {string} name @param {string[]} args @param {(line: string) => void} [onLine] */
function wrangler(name, args, onLine) {
  return run(name, wranglersNode(), [WRANGLER, ...args], { env: wranglerEnv(), onLine, timeoutMs: LIMIT_MS });
}

function versions() {
  const installed = (/** @type {string} */ name) =>
    JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")).version;
  return {
    commit: output("git", ["describe", "--always", "--dirty"]),
    rustc: output("rustc", ["--version"]),
    node: output(wranglersNode(), ["--version"]),
    workerd: installed("workerd"),
    miniflare: installed("miniflare"),
    wrangler: installed("wrangler"),
  };
}

/** @param {number} bytes */
function kib(bytes) {
  return Math.round((bytes / 1024) * 10) / 10;
}
