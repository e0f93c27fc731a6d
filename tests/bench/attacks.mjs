// `npm run bench:attacks`: measures on a real workerd what hostile clients can do to others, and
// prints a table. Each kind of attack has its own hub.
//
// npm run bench:attacks                                all kinds, 50 sockets each, some 8 minutes
// npm run bench:attacks -- --only json --only ping     kinds whose name contains one of these
// npm run bench:attacks -- --seconds 20 --sockets 20 --vars '{"CLIENTS_PER_ADDRESS":"20"}'
// npm run bench:attacks -- --readers 600               instead, for 600 s: 40 plain-JSON
//                                                      clients that never read

import { loadavg } from "node:os";
import { readArguments, wholeNumber } from "../../scripts/lib/arguments.mjs";
import { Failure, main } from "../../scripts/lib/failure.mjs";
import { Siege } from "../node/support/siege.mjs";

/** @typedef {import("../node/support/siege.mjs").Attack} Attack */

/** How long the victim and the memory are observed after the attack. */
const AFTER_MS = 5_000;


const wait = (/** @type {number} */ time) => new Promise((resolve) => setTimeout(resolve, time));
const row = (/** @type {(string | number)[]} */ ...cells) => console.log(`| ${cells.join(" | ")} |`);
const counts = (/** @type {Record<string, number>} */ of) => Object.entries(of).map(([key, number]) => `${number} × ${key}`).join(", ") || "none";

await main(async () => {
  const { only, ms, sockets, vars, readers } = asked();
  if (readers) return plainReaders(readers, vars);
  row("attack", "longest gap, ms", "oldest price, ms", "5 s after it: gap, oldest", "RSS in MB: before, most, after", "messages sent", "answers", "closes", "TCP still open", "load");
  row(...Array(10).fill("---"));
  for (const [name, attack] of Object.entries(kinds(sockets, ms))) {
    if (only.some((part) => name.includes(part))) await measure(name, attack, vars);
  }
});

function asked() {
  const { values } = readArguments({
    options: {
      only: { type: "string", multiple: true, default: [""] },
      seconds: { type: "string", default: "10" },
      sockets: { type: "string", default: "50" },
      vars: { type: "string", default: "{}" },
      readers: { type: "string" },
    },
  }, "[--only WORDS]… [--seconds N] [--sockets N] [--vars JSON] [--readers SECONDS]");
  return {
    only: values.only,
    ms: wholeNumber("--seconds", values.seconds, { least: 1 }) * 1_000,
    sockets: wholeNumber("--sockets", values.sockets),
    vars: varsIn(values.vars),
    readers: values.readers === undefined ? undefined : wholeNumber("--readers", values.readers, { least: 1 }),
  };
}

/** @param {string} json @returns {Record<string, string>} */
function varsIn(json) {
  try {
    return JSON.parse(json);
  } catch {
    throw new Failure(`--vars wants the vars as JSON, such as {"CLIENTS_PER_ADDRESS":"20"}, not ${json}.`);
  }
}

/** @param {number} sockets @param {number} ms @returns {Record<string, Attack>} */
function kinds(sockets, ms) {
  const plain = { sockets, ms, addresses: /** @type {const} */ ("each") };
  return {
    "none": { ...plain, kind: "flood", sockets: 0 },
    "json 2,000/s": { ...plain, kind: "flood", rate: 2_000 },
    "json 2,000/s, one address": { ...plain, kind: "flood", rate: 2_000, addresses: "one" },
    "json, as fast as it goes": { ...plain, kind: "flood" },
    "json, as fast as it goes, one address": { ...plain, kind: "flood", addresses: "one" },
    "ping, reading": { ...plain, kind: "flood", message: "ping" },
    "ping, not reading": { ...plain, kind: "flood", message: "ping", reads: false },
    "ping, one address": { ...plain, kind: "flood", message: "ping", addresses: "one" },
    "lying acks": { ...plain, kind: "lie", protocol: "hamster.v1" },
    "hamster.v1, never reads": { ...plain, kind: "mute", protocol: "hamster.v1", reads: false, ms: Math.max(ms, 45_000) },
    "plain, never reads": { ...plain, kind: "mute", reads: false },
    "reconnect storm, refused address": { ...plain, kind: "storm", addresses: "one" },
    "unfinished 30 MB, 8 sockets": { ...plain, kind: "unfinished", sockets: 8 },
    "protocol pings": { ...plain, kind: "protocol-ping" },
  };
}

/** @param {string} name @param {Attack} attack @param {Record<string, string>} vars */
async function measure(name, attack, vars) {
  const siege = await Siege.begin(vars);
  try {
    await wait(2_000);
    const { got, seen, memory } = await siege.attack(attack);
    siege.forget();
    await wait(AFTER_MS);
    const after = await siege.seen();
    row(name, seen.longestGap, seen.oldest, `${after.longestGap}, ${after.oldest}`, `${memory.before}, ${memory.most}, ${siege.memory()}`,
      got.sent, counts(got.statuses), counts(got.closes), got.open, loadavg()[0]?.toFixed(1) ?? "");
  } catch (error) {
    row(name, String(error));
  } finally {
    await siege.end();
  }
}

/**
 * Two symbols, some 80 ticks a second each, all updates to everybody: each client is sent some 55
 * kB a second.
 * @param {number} seconds
 * @param {Record<string, string>} vars
 */
async function plainReaders(seconds, vars) {
  const siege = await Siege.begin({ PLAIN_INTERVAL_MS: "0", ...vars }, { tickMs: 12 });
  row("after, s", "RSS, MB", "closed with 4009", "viewers", "victim: longest gap, ms", "oldest price, ms");
  row(...Array(6).fill("---"));
  const begun = Date.now();
  const report = async () => {
    const seen = await siege.seen();
    siege.forget();
    const metrics = await (await fetch(new URL("/metrics", (await siege.hub.url()).replace(/^ws/, "http")))).text();
    const metric = (/** @type {string} */ line) => metrics.split("\n").find((found) => found.startsWith(line))?.split(" ")[1] ?? "?";
    row(Math.round((Date.now() - begun) / 1_000), siege.memory(), metric('hamster_clients_expelled_total{reason="slow"}'),
      metric('hamster_viewers{dialect="plain"}'), seen.longestGap, seen.oldest);
  };
  await wait(2_000);
  await report();
  const timer = setInterval(() => void report(), 30_000);
  const { got } = await siege.attack({ kind: "mute", sockets: 40, ms: seconds * 1_000, reads: false, addresses: "each", symbols: "AAPL,MSFT" });
  await wait(30_000);
  clearInterval(timer);
  await report();
  console.log(`Their TCP connections that were still open at the end: ${got.open}`);
  await siege.end();
}
