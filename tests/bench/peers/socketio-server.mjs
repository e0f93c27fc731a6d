// Node and Socket.IO in the set-up that its documentation recommends for many connections:
// WebSocket only, bufferutil installed, the first HTTP request of each connection released, no
// compression. It reads Twelve Data's WebSocket and broadcasts `price_update`.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const load = createRequire(join(process.env.PEERS || "", "package.json"));
const { Server } = load("socket.io");
const { WebSocket } = load("ws");

const http = createServer((_, response) => response.end("ok"));
const io = new Server(http, { transports: ["websocket"], serveClient: false });
/** @type {Map<string, object>} */
const cache = new Map();

io.engine.on("connection", (/** @type {{ request: unknown }} */ connection) => {
  connection.request = null;
});
io.on("connection", (/** @type {{ emit(name: string, update: object): void }} */ socket) => {
  for (const update of cache.values()) socket.emit("price_update", update);
});

const upstream = new WebSocket(process.env.UPSTREAM);
upstream.on("open", () => upstream.send(JSON.stringify({ action: "subscribe", params: { symbols: process.env.SYMBOLS } })));
upstream.on("message", (/** @type {Buffer} */ frame) => {
  const tick = JSON.parse(frame.toString());
  if (tick.event !== "price") return;
  const { symbol, price, day_volume } = tick;
  const update = { symbol, price, percent_change: 0, timestamp: new Date().toISOString(), day_volume };
  cache.set(symbol, update);
  io.emit("price_update", update);
});
upstream.on("close", () => process.exit(1));

http.listen(Number(process.env.PORT), "127.0.0.1");
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
