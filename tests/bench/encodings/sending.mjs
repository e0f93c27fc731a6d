// What it costs workerd to send a frame to many hibernatable sockets, as one JavaScript string or
// as one buffer: the time until every client has all of it, and workerd's CPU. The clients are bare
// TCP connections that count bytes, so that they cost little.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { median, order } from "./decoding.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PATIENCE_MS = 20_000;
/** `/proc/PID/stat` counts hundredths of a second on every Linux that this runs on. */
const CLOCK_TICK_US = 10_000;

/**
 * The cost of one send, and the number of sends in a round.
 * @typedef {{ sends: number, us: number, cpu_us: number | null }} Cost
 */

export class Sending {
  #miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      name: "sender",
      host: "127.0.0.1",
      port: 0,
      cf: false,
      logRequests: false,
      compatibilityDate: "2026-10-01",
      modulesRoot: HERE,
      modules: [{ type: "ESModule", path: `${HERE}object.mjs` }],
      durableObjects: { SENDER: { className: "Sender", useSQLite: true } },
    }),
  });
  /** @type {Client[]} */
  #clients = [];

  /** The object's address. */
  get url() {
    return this.#miniflare.ready;
  }

  /** @param {number} count */
  async connect(count) {
    const { port } = await this.url;
    // In groups, because the system's queue of new connections is short.
    while (this.#clients.length < count) {
      const some = Array.from({ length: Math.min(50, count - this.#clients.length) }, () => new Client(Number(port)));
      this.#clients.push(...some);
      await Promise.all(some.map((client) => client.opened));
    }
  }

  /**
   * Sends a frame to every client, `rounds` times.
   * @param {string | Uint8Array} frame
   * @param {number} rounds
   * @returns {Promise<Cost>}
   */
  async cost(frame, rounds) {
    const sends = rounds * this.#clients.length;
    const bytes = rounds * lengthOnTheWire(frame);
    const received = Promise.all(this.#clients.map((client) => client.receive(bytes)));
    const cpu = workerdCpu();
    const begun = performance.now();
    await Promise.all([this.send(frame, rounds), within(PATIENCE_MS, received)]);
    const took = performance.now() - begun;
    const used = workerdCpu();
    return { sends, us: (took * 1_000) / sends, cpu_us: cpu === null || used === null ? null : (used - cpu) / sends };
  }

  /** Asks the object to send. @param {string | Uint8Array} frame @param {number} rounds */
  async send(frame, rounds) {
    const type = typeof frame === "string" ? "text/plain" : "application/octet-stream";
    const request = { method: "POST", body: /** @type {BodyInit} */ (frame), headers: { "Content-Type": type } };
    const response = await fetch(new URL(`?rounds=${rounds}`, await this.url), { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error(`the object answered ${response.status}`);
  }

  async stop() {
    for (const client of this.#clients) client.end();
    await this.#miniflare.dispose();
  }
}

/** A WebSocket client that only counts bytes. */
class Client {
  #expected = 0;
  #received = 0;
  #isOpen = false;
  #done = () => {};

  /** @param {number} port */
  constructor(port) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setNoDelay();
    this.socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    this.opened = within(PATIENCE_MS, new Promise((resolve, reject) => {
      this.socket.on("error", reject);
      this.socket.on("data", (data) => {
        if (this.#isOpen) return this.#count(data.length);
        // Nothing is sent before all are connected, so this is only the head of the answer.
        this.#isOpen = data.toString("latin1").startsWith("HTTP/1.1 101");
        if (this.#isOpen) resolve(undefined);
        else reject(new Error(`no upgrade: ${data.toString("latin1").slice(0, 80)}`));
      });
    }));
  }

  /** Resolves when this many bytes have arrived. @param {number} bytes @returns {Promise<void>} */
  receive(bytes) {
    this.#expected = bytes;
    this.#received = 0;
    return new Promise((resolve) => (this.#done = resolve));
  }

  /** @param {number} bytes */
  #count(bytes) {
    this.#received += bytes;
    if (this.#received === this.#expected) this.#done();
  }

  end() {
    this.socket.destroy();
  }
}

/**
 * The costs of two frames, which take turns. Each is the median of several tries.
 * @param {Sending} sending
 * @param {Record<"json" | "binary", string | Uint8Array>} frames
 * @param {number} rounds
 * @param {number} tries
 */
export async function compareSends(sending, frames, rounds, tries) {
  /** @type {Record<"json" | "binary", Cost[]>} */
  const costs = { json: [], binary: [] };
  for (let turn = 0; turn <= tries; turn++) {
    for (const encoding of order(turn)) {
      const cost = await sending.cost(frames[encoding], rounds);
      // The first turn only warms up.
      if (turn > 0) costs[encoding].push(cost);
    }
  }
  const middle = (/** @type {Cost[]} */ list) => ({
    us: median(list.map(({ us }) => us)),
    cpu_us: list.some(({ cpu_us }) => cpu_us === null) ? null : median(list.map(({ cpu_us }) => cpu_us ?? 0)),
  });
  return { json: middle(costs.json), binary: middle(costs.binary) };
}

/**
 * The length of a frame's payload and its header. A server's frame is not masked.
 * @param {string | Uint8Array} frame
 */
export function lengthOnTheWire(frame) {
  const length = typeof frame === "string" ? Buffer.byteLength(frame) : frame.length;
  return length + (length < 126 ? 2 : length < 65_536 ? 4 : 10);
}

/**
 * CPU time of all workerds that this process started, in microseconds; null if the kernel does not
 * report it.
 */
function workerdCpu() {
  let ticks = 0;
  for (const id of existsSync("/proc/self/stat") ? readdirSync("/proc") : []) {
    const [, program, rest] = /\((.*)\) (.*)/.exec(readStat(id)) ?? [];
    const fields = (rest ?? "").split(" ");
    if (program === "workerd" && Number(fields[1]) === process.pid) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks === 0 ? null : ticks * CLOCK_TICK_US;
}

/** @param {string} id */
function readStat(id) {
  try {
    return readFileSync(`/proc/${id}/stat`, "utf8");
  } catch {
    // No such process, or it has just ended.
    return "";
  }
}

/** @template T @param {number} ms @param {Promise<T>} work @returns {Promise<T>} */
function within(ms, work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`nothing for ${ms} ms`)), ms)));
  return Promise.race([work, /** @type {Promise<never>} */ (late)]).finally(() => clearTimeout(timer));
}
