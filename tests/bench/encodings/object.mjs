// A Durable Object that only sends: frames as strings or as buffers, to every socket, as often as
// requested.

/**
 * @typedef {{ send(frame: string | ArrayBuffer): void }} Socket
 * @typedef {{ acceptWebSocket(socket: unknown): void, getWebSockets(): Socket[] }} State
 */

export class Sender {
  /** @param {State} state */
  constructor(state) {
    this.state = state;
  }

  /** @param {Request} request */
  async fetch(request) {
    if (request.headers.get("Upgrade") === "websocket") {
      const { 0: client, 1: server } = new /** @type {any} */ (globalThis).WebSocketPair();
      this.state.acceptWebSocket(server);
      return new Response(null, /** @type {ResponseInit} */ ({ status: 101, webSocket: client }));
    }
    if (request.method === "GET") return new Response("<!doctype html><title>encodings</title>", { headers: { "Content-Type": "text/html" } });
    const rounds = Number(new URL(request.url).searchParams.get("rounds"));
    const isText = request.headers.get("Content-Type") === "text/plain";
    const frame = isText ? await request.text() : await request.arrayBuffer();
    const sockets = this.state.getWebSockets();
    for (let round = 0; round < rounds; round++) {
      for (const socket of sockets) socket.send(frame);
      // As the hub's pulse does: what was sent is written before more is sent.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return Response.json({ sockets: sockets.length });
  }
}

export default {
  /** @param {Request} request @param {{ SENDER: any }} env */
  fetch(request, env) {
    return env.SENDER.get(env.SENDER.idFromName("sender")).fetch(request);
  },
};
