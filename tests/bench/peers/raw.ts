// The runtime's ceiling: the least that a Durable Object can do with a tick. It keeps one upstream
// socket and forwards what arrives, unchanged, to every hibernatable socket. It parses only the
// symbol's name, caches only the newest frame of each symbol, and has no subscriptions and no
// repair.

interface Env {
  HUB: DurableObjectNamespace;
  UPSTREAM: string;
  SYMBOLS: string;
}

export default {
  fetch(request: Request, env: Env): Promise<Response> | Response {
    if (new URL(request.url).pathname !== "/ws") return new Response("a WebSocket is at /ws");
    return env.HUB.get(env.HUB.idFromName("hub")).fetch(request);
  },
};

export class Hub {
  #sockets = new Set<WebSocket>();
  #newest = new Map<string, string>();

  constructor(
    private ctx: DurableObjectState,
    private env: Env,
  ) {
    ctx.blockConcurrencyWhile(() => this.#subscribe());
  }

  fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#sockets.add(server);
    for (const frame of this.#newest.values()) server.send(frame);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(): void {}

  webSocketClose(socket: WebSocket): void {
    this.#sockets.delete(socket);
  }

  webSocketError(socket: WebSocket): void {
    this.#sockets.delete(socket);
  }

  async #subscribe(): Promise<void> {
    const url = this.env.UPSTREAM.replace("ws://", "http://");
    const { webSocket } = await fetch(url, { headers: { Upgrade: "websocket" } });
    if (!webSocket) throw new Error("the upstream does not upgrade");
    webSocket.accept();
    webSocket.addEventListener("message", ({ data }) => this.#publish(data as string));
    webSocket.send(JSON.stringify({ action: "subscribe", params: { symbols: this.env.SYMBOLS } }));
  }

  #publish(frame: string): void {
    const { event, symbol } = JSON.parse(frame);
    if (event !== "price") return;
    this.#newest.set(symbol, frame);
    for (const socket of this.#sockets) {
      try {
        socket.send(frame);
      } catch {
        // Its end is reported.
      }
    }
  }
}
