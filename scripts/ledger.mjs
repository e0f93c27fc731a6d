// `npm run ledger`: how much of the upload each of our folders and each crate takes, and the CPU
// time of a start. docs/benchmarks.md keeps the table; `npm test` checks the total against
// UPLOAD_LIMIT.

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readArguments } from "./lib/arguments.mjs";
import { main } from "./lib/failure.mjs";
import { wranglersNode } from "./lib/node-packages.mjs";
import { ROOT } from "./lib/project.mjs";
import { run } from "./lib/run.mjs";
import { readModule } from "./lib/wasm-sizes.mjs";
import { RELEASE, UPLOAD_LIMIT, buildWorker, folderOf } from "./lib/worker.mjs";

/**
 * A function's bytes are counted in the first account whose pattern matches its name.
 * @type {[string, RegExp][]}
 */
const ACCOUNTS = [
  ["core: hub/upstream", /hamster_terminal::hub::upstream/],
  ["core: hub/book", /hamster_terminal::hub::book/],
  ["core: hub/delivery", /hamster_terminal::hub::delivery/],
  ["core: hub/persist", /hamster_terminal::hub::persist/],
  ["core: hub/report", /hamster_terminal::hub::report/],
  ["core: driver, and the rest of hub", /hamster_terminal::(hub|driver)/],
  ["access", /hamster_terminal::access/],
  ["market", /hamster_terminal::market/],
  ["provider", /hamster_terminal::provider/],
  ["dialects", /hamster_terminal::dialect/],
  ["api", /hamster_terminal::api/],
  ["simulator", /hamster_terminal::simulator/],
  ["edge, with what is inlined into its tasks", /hamster_terminal::edge|js_sys::futures|_(new|fetch|alarm|websocket\w*) externref shim/],
  ["serde, serde_json", /serde|zmij|itoa|ryu/],
  ["worker, wasm-bindgen, js-sys, web-sys", /worker::|wasm_bindgen|js_sys|web_sys|__wbg|externref/],
  ["jiff, fastrand and other crates", /jiff|fastrand|hashbrown|futures/],
  ["Rust's library", /core|alloc|std|__rust|dlmalloc|compiler_builtins|^(<|f64|u64|i64|str|char|T |.T)|mem(cpy|set|move|cmp)/],
];

await main(async () => {
  readArguments({});
  await buildWorker(RELEASE);
  const folder = folderOf(RELEASE);
  const { functions, data } = readModule(readFileSync(join(folder, "named.wasm")));
  const shares = new Map(ACCOUNTS.map(([account]) => [account, /** @type {Buffer[]} */ ([])]));
  shares.set("not named", []);
  for (const { name, body } of functions) {
    const account = ACCOUNTS.find(([, pattern]) => pattern.test(name))?.[0] ?? "not named";
    shares.get(account)?.push(body);
  }
  shares.set("constants", [data]);
  shares.set("JavaScript", [readFileSync(join(folder, "index.js"))]);
  const rows = [...shares].map(([account, parts]) => {
    const bytes = Buffer.concat(parts);
    return { account, raw: bytes.length, zipped: gzipSync(bytes, { level: 9 }).length };
  });
  const whole = gzipSync(readFileSync(join(folder, "index_bg.wasm")), { level: 9 }).length + gzipSync(readFileSync(join(folder, "index.js")), { level: 9 }).length;
  // A part compresses less well alone than within the whole, so the shares are scaled to add up.
  const scale = whole / rows.reduce((sum, { zipped }) => sum + zipped, 0);
  console.log("| part | bytes | gzipped |\n|---|--:|--:|");
  for (const { account, raw, zipped } of rows) console.log(`| ${account} | ${kilo(raw)} | ${kilo(zipped * scale)} |`);
  const raw = statSync(join(folder, "index_bg.wasm")).size + statSync(join(folder, "index.js")).size;
  console.log(`| whole, of at most ${UPLOAD_LIMIT / 1000} kB | ${kilo(raw)} | ${kilo(whole)} |`);
  await startUp();
});

/** @param {number} bytes */
function kilo(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** CPU time until the module is ready, measured in the local workerd. Cloudflare limits it. */
async function startUp() {
  const words = [join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js"), "check", "startup", "--outfile", join(ROOT, "build", "startup.cpuprofile")];
  const onLine = (/** @type {string} */ line) => {
    const active = /Active: ([\d.]+ ms)/.exec(line)?.[1];
    if (active) console.log(`Start-up: ${active} of CPU, of at most 60 ms.`);
  };
  await run("check startup", wranglersNode(), words, { onLine });
}
