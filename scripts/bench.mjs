// `npm run bench`: sets up this checkout, builds the worker, installs its peers, and measures the
// worker's size, its start-up time, and how fresh it and its peers keep browsers under load
// (tests/bench). docs/benchmarks.md explains the figures.
//
// Options, after `npm run bench --`:
//
// --json FILE         also writes the rows as JSON, and the versions and the machine to the
//                     neighbour file *.machine.json
// --scenario b,c      runs only these scenarios
// --systems ours,raw  runs only these systems
// --long              five minutes of slow readers instead of twenty seconds
// --quick             only checks that the benchmark runs and its counts add up, without peers

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { readArguments } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { WRANGLER, wranglerEnv, wranglersNode } from "./lib/node-packages.mjs";
import { PEERS, installPeers, peerVersions } from "./lib/peers.mjs";
import { ROOT } from "./lib/project.mjs";
import { output, run } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";
import { RELEASE, buildWorker, folderOf } from "./lib/worker.mjs";

/**
 * A whole run takes twenty minutes, with --long twice that. Compiling for it, once, takes a minute
 * or two on two cores.
 */
const LIMIT_MS = 60 * 60_000;

await main(async () => {
  const { json, systems, quick, rest } = asked();
  await setUp({ tests: false });
  await buildWorker(RELEASE);
  if (quick) return await measureLoad(["--quick", ...rest]);
  await installPeers(systems);
  const machine = { versions: versions(), ...hardware(), size: await measureSize(), startup: await measureStartup() };
  console.log(JSON.stringify(machine, undefined, 2));
  await measureLoad([...rest, ...(json ? ["--json", json] : [])]);
  if (json) writeFileSync(json.replace(/(\.json)?$/, ".machine.json"), `${JSON.stringify(machine, undefined, 2)}\n`);
});

/** `rest` is passed on to tests/bench/fanout.rs, which knows the scenarios and the systems. */
function asked() {
  const { values } = readArguments({
    options: {
      json: { type: "string" },
      scenario: { type: "string" },
      systems: { type: "string" },
      long: { type: "boolean" },
      quick: { type: "boolean", default: false },
    },
  }, "[--json FILE] [--scenario b,c] [--systems ours,raw] [--long] [--quick]");
  const { json, scenario, systems, long, quick } = values;
  return {
    json: json && resolve(json),
    systems: systems?.split(","),
    quick,
    rest: [...(scenario ? ["--scenario", scenario] : []), ...(systems ? ["--systems", systems] : []), ...(long ? ["--long"] : [])],
  };
}

/** The size of the WebAssembly module and of the whole upload. */
async function measureSize() {
  const wasm = join(folderOf(RELEASE), "index_bg.wasm");
  const size = {
    wasm_kib: kib(statSync(wasm).size),
    wasm_gzip_kib: kib(gzipSync(readFileSync(wasm)).length),
    upload_kib: NaN,
    upload_gzip_kib: NaN,
  };
  await inScratch((folder) =>
    wrangler("bench upload", ["deploy", "--dry-run", "--outdir", folder], (line) => {
      const found = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(line);
      if (found) [size.upload_kib, size.upload_gzip_kib] = [Number(found[1]), Number(found[2])];
    }));
  return size;
}

/** CPU time of the start-up on this machine, from wrangler's profile. */
async function measureStartup() {
  const startup = { active_ms: NaN, window_ms: NaN };
  await inScratch((folder) =>
    wrangler("bench start-up", ["check", "startup", "--outfile", join(folder, "startup.cpuprofile")], (line) => {
      const found = /(Active|Profile window): ([\d.]+) ms/.exec(line);
      if (found) startup[found[1] === "Active" ? "active_ms" : "window_ms"] = Number(found[2]);
    }));
  return startup;
}

/** @param {(folder: string) => Promise<void>} work */
async function inScratch(work) {
  const folder = mkdtempSync(join(tmpdir(), "hamster-bench-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string[]} args */
async function measureLoad(args) {
  const words = ["bench", "--bench", "fanout", "--", "--node", wranglersNode(), "--peers", PEERS, ...args];
  await run("bench", "cargo", words, { env: wranglerEnv(), show: true, timeoutMs: LIMIT_MS });
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
    ...peerVersions(),
  };
}

function hardware() {
  return { cores: cpus().length, processor: cpus()[0]?.model, memory_gib: Math.round(totalmem() / 2 ** 30), kernel: release() };
}

/** @param {number} bytes */
function kib(bytes) {
  return Math.round((bytes / 1024) * 10) / 10;
}
