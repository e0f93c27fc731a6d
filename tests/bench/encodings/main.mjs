// `npm run bench:encodings`: JSON arrays or binary for the deltas of hamster.v1? Measures bytes,
// reading in Node and in Chromium, and sending from a Durable Object in workerd. docs/benchmarks.md
// has the results.

import { loadavg } from "node:os";
import { readArguments } from "../../../scripts/lib/arguments.mjs";
import { chromiumPath } from "../../../scripts/lib/chromium.mjs";
import { main } from "../../../scripts/lib/failure.mjs";
import { Browser } from "./browser.mjs";
import { SCENES, measureDecoding, median, order } from "./decoding.mjs";
import { encodeBinary, encodeJson, marketDeltas } from "./deltas.mjs";
import { Sending, compareSends, lengthOnTheWire } from "./sending.mjs";

const CLIENTS = 1_000;
const ROUNDS = 10;
const TRIES = 8;
/** Frames to the page per try. */
const FRAMES = 200;

await main(async () => {
  readArguments({});
  const load = loadavg()[0].toFixed(1);
  const chromium = chromiumPath();
  const [object, crowd] = [new Sending(), new Sending()];
  const browser = chromium ? await Browser.open(chromium, await object.url) : undefined;
  try {
    await crowd.connect(CLIENTS);
    console.log("| | JSON | binary | binary / JSON |\n|---|--:|--:|--:|");
    const add = (/** @type {string} */ title, /** @type {number | null} */ json, /** @type {number | null} */ binary) => {
      const figure = (/** @type {number} */ value) => value.toPrecision(3);
      if (json !== null && binary !== null) console.log(`| ${title} | ${figure(json)} | ${figure(binary)} | ${figure(binary / json)} |`);
    };
    for (const scene of SCENES) {
      const deltas = marketDeltas(scene.symbols, scene.updates, 500);
      const frames = { json: deltas.map(encodeJson), binary: deltas.map(encodeBinary) };
      const mean = (/** @type {(string | Uint8Array)[]} */ list) => list.reduce((sum, frame) => sum + lengthOnTheWire(frame), 0) / list.length;
      add(`${scene.name}: bytes a frame, with its header`, mean(frames.json), mean(frames.binary));
      const inNode = measureDecoding(scene);
      add("reading in Node, µs a frame", inNode.json, inNode.binary);
      if (browser) {
        const inPage = await browser.decoding(scene);
        add("reading in Chromium, µs a frame", inPage.json, inPage.binary);
        const whole = await receiving(browser, object, scene.symbols, { json: frames.json[0], binary: frames.binary[0] });
        add("receiving and reading in Chromium, µs of the page's thread a frame", whole.json, whole.binary);
      }
      const sends = await compareSends(crowd, { json: frames.json[0], binary: frames.binary[0] }, ROUNDS, TRIES);
      add("sending, sends a second", 1e6 / sends.json.us, 1e6 / sends.binary.us);
      add("sending, µs of workerd's CPU a send", sends.json.cpu_us, sends.binary.cpu_us);
    }
    const programs = `Node ${process.version}, ${browser ? `Chromium ${browser.version()}` : "no Chromium"}`;
    console.log(`\n${CLIENTS} sockets, medians of ${TRIES} tries. ${programs}. Load average before: ${load}.`);
  } finally {
    await Promise.all([browser?.close(), object.stop(), crowd.stop()]);
  }
});

/**
 * @param {Browser} browser
 * @param {Sending} object
 * @param {number} symbols
 * @param {Record<"json" | "binary", string | Uint8Array>} frames
 */
async function receiving(browser, object, symbols, frames) {
  await browser.listen(symbols);
  /** @type {Record<"json" | "binary", number[]>} */
  const times = { json: [], binary: [] };
  for (let turn = 0; turn <= TRIES; turn++) {
    for (const encoding of order(turn)) {
      const time = await browser.receiving(FRAMES, () => object.send(frames[encoding], FRAMES));
      if (turn > 0) times[encoding].push(time);
    }
  }
  await browser.deafen();
  return { json: median(times.json), binary: median(times.binary) };
}
