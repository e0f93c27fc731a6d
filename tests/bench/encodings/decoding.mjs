// How long V8 takes to read a delta in each encoding and to add it to the client's state. Runs in
// Node and, as a module of a page, in Chromium.

import { encodeBinary, encodeJson, marketDeltas, nothing, readBinary, readJson } from "./deltas.mjs";

/**
 * The scenes: one of a few symbols in a delta, as under a light load, and many of many, as under a
 * heavy one.
 */
export const SCENES = [
  { name: "1 of 8 symbols", symbols: 8, updates: 1 },
  { name: "10 of 100 symbols", symbols: 100, updates: 10 },
  { name: "100 of 100 symbols", symbols: 100, updates: 100 },
];

const ROUNDS = 30;
const ROUND_MS = 20;

/**
 * Microseconds per delta in the fastest of several rounds, in which the encodings take turns. Other
 * programs on this machine only make it slower.
 *
 * @param {{ symbols: number, updates: number }} scene
 */
export function measureDecoding({ symbols, updates }) {
  const deltas = marketDeltas(symbols, updates, 500);
  const texts = deltas.map(encodeJson);
  const buffers = deltas.map((delta) => encodeBinary(delta).buffer);
  const [byJson, byBinary] = [nothing(symbols), nothing(symbols)];
  const readAll = {
    json: () => texts.forEach((text) => readJson(text, byJson)),
    binary: () => buffers.forEach((buffer) => readBinary(buffer, byBinary)),
  };
  readAll.json();
  readAll.binary();
  if (JSON.stringify(byJson) !== JSON.stringify(byBinary)) throw new Error("the two encodings do not say the same");

  /** @type {{ json: number[], binary: number[] }} */
  const times = { json: [], binary: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const encoding of order(round)) {
      const begun = performance.now();
      let took = 0;
      let passes = 0;
      for (; took < ROUND_MS; took = performance.now() - begun) {
        readAll[encoding]();
        passes += 1;
      }
      times[encoding].push((took * 1_000) / (passes * deltas.length));
    }
  }
  return { json: Math.min(...times.json), binary: Math.min(...times.binary) };
}

/**
 * The encodings in the order of a turn. Each goes first equally often, because the first of a pair
 * runs on a cooler machine.
 * @param {number} turn
 */
export function order(turn) {
  return turn % 2 === 0 ? /** @type {const} */ (["json", "binary"]) : /** @type {const} */ (["binary", "json"]);
}

/** @param {number[]} values */
export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
