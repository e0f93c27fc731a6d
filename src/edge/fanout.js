// The client sockets of one hub, and the groups that are sent the same frames. It lives on this side of the border so that a frame
// crosses from wasm once, becomes one JavaScript string once, and is sent in one loop, however many clients there are.
//
// A client's number stands in its socket's attachment, with what the hub wants remembered, so that hibernation loses neither.

export class Fanout {
  #sockets = new Map(); // client number -> WebSocket
  #clients = new WeakMap(); // WebSocket -> client number
  #groups = new Map(); // group number -> Set of WebSocket

  // A new client: its number is kept in the attachment from the first moment.
  add(client, socket) {
    this.#take(client, socket);
    socket.serializeAttachment({ client, record: "" });
  }

  // After hibernation: gives [client, record] of a socket that has an attachment of ours.
  restore(socket) {
    const attachment = socket.deserializeAttachment();
    if (typeof attachment?.client !== "number") return undefined;
    this.#take(attachment.client, socket);
    return [attachment.client, String(attachment.record)];
  }

  // The number in a socket's attachment, whatever became of the socket; 0 without one.
  number(socket) {
    const client = socket.deserializeAttachment()?.client;
    return typeof client === "number" ? client : 0;
  }

  // The client behind a socket; undefined for one that is gone already.
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

  // It is a member of no group any more.
  remove(client) {
    this.#sockets.delete(client);
  }

  send(client, frame) {
    trySend(this.#sockets.get(client), frame);
  }

  broadcast(group, frame) {
    for (const socket of this.#groups.get(group) ?? []) trySend(socket, frame);
  }

  // Its number stays taken until its end is reported: the platform counts it among our sockets until then.
  close(client, code, reason) {
    try {
      this.#sockets.get(client)?.close(code, reason);
    } catch {
      // Closed already: the same end.
    }
  }

  #take(client, socket) {
    this.#sockets.set(client, socket);
    this.#clients.set(socket, client);
  }
}

// Has the platform answer a page's ping, which then wakes nobody; or no longer.
export function autoRespond(state, isOn) {
  if (isOn) state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  else state.setWebSocketAutoResponse();
}

// A socket that cannot be written to is about to be reported closed; nobody else must suffer for it.
function trySend(socket, frame) {
  try {
    socket?.send(frame);
  } catch {
    // The close event follows.
  }
}
