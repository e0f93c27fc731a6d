// The client sockets of one hub, and the groups of sockets that get the same frames. It is written
// in JavaScript so that a frame crosses from wasm once, becomes one JavaScript string, and is sent
// in one loop, however many clients there are.
//
// The attachment of a socket holds the client's number and the hub's record of it, so that both
// survive hibernation.

export class Fanout {
  #sockets = new Map(); // client number -> WebSocket
  #clients = new WeakMap(); // WebSocket -> client number
  #groups = new Map(); // group number -> Set of WebSocket

  // Adds a new client. Its number is in the attachment from the start.
  add(client, socket) {
    this.#take(client, socket);
    socket.serializeAttachment({ client, record: "" });
  }

  // After hibernation: returns [client, record] from the attachment of a socket, if it has ours.
  restore(socket) {
    const attachment = socket.deserializeAttachment();
    if (typeof attachment?.client !== "number") return undefined;
    this.#take(attachment.client, socket);
    return [attachment.client, String(attachment.record)];
  }

  // The client number in a socket's attachment, also if the socket is closed; 0 if there is none.
  number(socket) {
    const client = socket.deserializeAttachment()?.client;
    return typeof client === "number" ? client : 0;
  }

  // The client number of a socket; undefined if the client has been removed.
  client(socket) {
    const client = this.#clients.get(socket) ?? socket.deserializeAttachment()?.client;
    return this.#sockets.has(client) ? client : undefined;
  }

  remember(client, record) {
    this.#sockets.get(client)?.serializeAttachment({ client, record });
  }

  enroll(client, group) {
    const socket = this.#sockets.get(client);
    if (!socket) return;
    const members = this.#groups.get(group);
    if (members) members.add(socket);
    else this.#groups.set(group, new Set([socket]));
  }

  dismiss(client, group) {
    const members = this.#groups.get(group);
    members?.delete(this.#sockets.get(client));
    if (members?.size === 0) this.#groups.delete(group);
  }

  // The hub has dismissed it from all groups before.
  remove(client) {
    this.#sockets.delete(client);
  }

  send(client, frame) {
    trySend(this.#sockets.get(client), frame);
  }

  broadcast(group, frame) {
    for (const socket of this.#groups.get(group) ?? []) trySend(socket, frame);
  }

  // The number stays in use until the platform reports the close: it counts the socket until then.
  close(client, code, reason) {
    try {
      this.#sockets.get(client)?.close(code, reason);
    } catch {
      // It is closed already.
    }
  }

  #take(client, socket) {
    this.#sockets.set(client, socket);
    this.#clients.set(socket, client);
  }
}

// Turns on or off that the platform answers "ping" itself, without waking the object.
export function autoRespond(state, isOn) {
  if (isOn) state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  else state.setWebSocketAutoResponse();
}

// A socket that cannot be written to must not stop the loop for the others.
function trySend(socket, frame) {
  try {
    socket?.send(frame);
  } catch {
    // The platform reports its close next.
  }
}
