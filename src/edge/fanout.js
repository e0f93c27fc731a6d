// The client sockets of one hub, and who watches what. It lives on this side of the border so that a tick crosses from wasm
// once, becomes one JavaScript string once, and is sent in one loop, however many clients there are.
//
// A client's number and symbols stand in its socket's attachment, so that hibernation loses neither.

export class Fanout {
  #sockets = new Map(); // client number -> WebSocket
  #watchers = new Map(); // symbol number -> Set of WebSocket

  get size() {
    return this.#sockets.size;
  }

  // A new client: its number is kept in the attachment from the first moment.
  add(client, socket) {
    this.#sockets.set(client, socket);
    socket.serializeAttachment({ client, symbols: [] });
  }

  // After hibernation: gives [client, symbols] of a socket that has an attachment of ours.
  restore(socket) {
    const attachment = socket.deserializeAttachment();
    if (typeof attachment?.client !== "number") return undefined;
    this.#sockets.set(attachment.client, socket);
    return [attachment.client, ...attachment.symbols];
  }

  // The client behind a socket; undefined for one that is gone already.
  client(socket) {
    const client = socket.deserializeAttachment()?.client;
    return this.#sockets.has(client) ? client : undefined;
  }

  remember(client, symbols) {
    this.#sockets.get(client)?.serializeAttachment({ client, symbols });
  }

  watch(client, symbol) {
    const socket = this.#sockets.get(client);
    if (!socket) return;
    const watchers = this.#watchers.get(symbol);
    if (watchers) watchers.add(socket);
    else this.#watchers.set(symbol, new Set([socket]));
  }

  unwatch(client, symbol) {
    const watchers = this.#watchers.get(symbol);
    watchers?.delete(this.#sockets.get(client));
    if (watchers?.size === 0) this.#watchers.delete(symbol);
  }

  remove(client) {
    const socket = this.#sockets.get(client);
    for (const watchers of this.#watchers.values()) watchers.delete(socket);
    this.#sockets.delete(client);
  }

  send(client, frame) {
    trySend(this.#sockets.get(client), frame);
  }

  publish(symbol, frame) {
    for (const socket of this.#watchers.get(symbol) ?? []) trySend(socket, frame);
  }

  publishAll(frame) {
    for (const socket of this.#sockets.values()) trySend(socket, frame);
  }

  close(client, code, reason) {
    // Its number stays taken until its end is reported: the platform counts it among our sockets until then.
    const socket = this.#sockets.get(client);
    for (const watchers of this.#watchers.values()) watchers.delete(socket);
    try {
      socket?.close(code, reason);
    } catch {
      // Closed already: the same end.
    }
  }
}

// A socket that cannot be written to is about to be reported closed; nobody else must suffer for it.
function trySend(socket, frame) {
  try {
    socket?.send(frame);
  } catch {
    // The close event follows.
  }
}
