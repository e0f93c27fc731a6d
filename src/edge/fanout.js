// The client sockets of one hub, and the groups of sockets that get the same frames. It is written
// in JavaScript so that a frame crosses from wasm once, becomes one JavaScript string, and is sent
// in one loop, however many clients there are.
//
// The attachment of a socket holds the client's number and the hub's record of it, so that both
// survive hibernation.
//
// A client over HTTP has no socket but something with the same methods: an EventStream or a
// PollingSession. Both know how much their client has not read, and tell it with `tell(client, what)`:
// BLOCKED, DRAINED, or the close code of a connection that has ended.

const BLOCKED = 1;
const DRAINED = 2;
const CLOSED = 1000;
const BROKEN = 1006;
// Characters that may wait for a client over HTTP until it counts as blocked.
const MOST_WAITING = 64 * 1024;
// The next round of prices waits for streams to be written, but only this many milliseconds for one
// more to end, and never for the last few.
const PROMPT = 100;
const MOST_LATE = 8;

// Engine.IO's packets that a transport sends by itself.
const NOOP = "6";
const CLOSE = "1";
const PROBE = "2probe";
const PROBED = "3probe";
const UPGRADE = "5";
const SEPARATOR = "\u001e";

// All clients over HTTP of this isolate. Those of an earlier Fanout belong to an object that is gone.
const overHttp = new Set();

export class Fanout {
  #sockets = new Map(); // client number -> WebSocket
  #clients = new WeakMap(); // WebSocket -> client number
  #groups = new Map(); // group number -> Set of WebSocket
  #probes = new WeakMap(); // WebSocket that may take over a session -> client number
  #probing = new Map(); // client number -> the one WebSocket that may take its session over
  #writes = new Writes();
  #tell;

  constructor(tell) {
    this.#tell = tell;
    for (const client of overHttp) client.abandon();
    overHttp.clear();
  }

  // Adds a new client. Its number is in the attachment from the start.
  add(client, socket) {
    this.#take(client, socket);
    socket.serializeAttachment({ client, record: "" });
  }

  // Adds a client that is sent events; returns the body of its response.
  addStream(client) {
    const stream = new EventStream(client, this.#tell, this.#writes);
    this.#addOverHttp(client, stream);
    return stream.body;
  }

  // Adds a Socket.IO client that polls.
  addPolling(client) {
    this.#addOverHttp(client, new PollingSession(client, this.#tell));
  }

  // What a polling client's GET is answered, once there is something; undefined if its last GET has
  // not been answered yet, or if it does not poll.
  poll(client) {
    const session = this.#sockets.get(client);
    return session instanceof PollingSession ? session.poll() : undefined;
  }

  // A socket may take over a polling client's session, in the place of an earlier one. False if the
  // client does not poll.
  probe(client, socket) {
    if (!(this.#sockets.get(client) instanceof PollingSession)) return false;
    this.#endProbe(client);
    this.#sockets.get(client).isProbed = false;
    this.#probes.set(socket, client);
    this.#probing.set(client, socket);
    return true;
  }

  #endProbe(client) {
    const socket = this.#probing.get(client);
    this.#probing.delete(client);
    endSocket(socket, "another connection or the end of the session came first");
  }

  // A message of a socket that may take over a session: -1 if the socket is not one; the client's
  // number if it has taken the session over with this message; 0 if not yet.
  probed(socket, message) {
    const client = this.#probes.get(socket);
    if (client === undefined) return -1;
    const session = this.#sockets.get(client);
    if (!(session instanceof PollingSession) || this.#probing.get(client) !== socket) {
      endSocket(socket, "the session is over");
      return 0;
    }
    if (message === PROBE && !session.isProbed) {
      session.isProbed = true;
      socket.send(PROBED);
      session.release();
      return 0;
    }
    if (message !== UPGRADE || !session.isProbed) {
      this.#endProbe(client);
      return 0;
    }
    this.#probes.delete(socket);
    this.#probing.delete(client);
    overHttp.delete(session);
    this.#take(client, socket);
    socket.serializeAttachment(session.attachment);
    for (const members of this.#groups.values()) {
      if (members.delete(session)) members.add(socket);
    }
    for (const frame of session.rest()) trySend(socket, frame);
    return client;
  }

  #addOverHttp(client, sink) {
    overHttp.add(sink);
    this.#take(client, sink);
    sink.serializeAttachment({ client, record: "" });
  }

  // After hibernation: returns [client, record] from the attachment of a socket, if it has ours. One
  // without was to take over a session, and that has ended.
  restore(socket) {
    const attachment = socket.deserializeAttachment();
    if (typeof attachment?.client !== "number") {
      endSocket(socket, "the session is over");
      return undefined;
    }
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
    overHttp.delete(this.#sockets.get(client));
    this.#sockets.delete(client);
    this.#endProbe(client);
  }

  send(client, frame) {
    trySend(this.#sockets.get(client), frame);
  }

  // Resolves when the next round of prices may be sent; undefined if that is now.
  settled() {
    return this.#writes.settled();
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

function endSocket(socket, reason) {
  try {
    socket?.close(CLOSED, reason);
  } catch {
    // It is closed already.
  }
}

// A socket that cannot be written to must not stop the loop for the others.
function trySend(socket, frame) {
  try {
    socket?.send(frame);
  } catch {
    // The platform reports its close next.
  }
}

// What a client over HTTP has in common with a socket.
class OverHttp {
  attachment = null;
  #client;
  #tell;
  #isBlocked = false;
  #isOver = false;

  constructor(client, tell) {
    this.#client = client;
    this.#tell = tell;
  }

  serializeAttachment(attachment) {
    this.attachment = attachment;
  }

  // The client does not read what waits for it.
  blocked() {
    if (this.#isOver || this.#isBlocked) return;
    this.#isBlocked = true;
    this.#tell(this.#client, BLOCKED);
  }

  // The client has read everything.
  hasRead() {
    if (this.#isOver || !this.#isBlocked) return;
    this.#isBlocked = false;
    this.#tell(this.#client, DRAINED);
  }

  ended(code) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tell(this.#client, code);
  }

  // The object is gone: nobody is told.
  forget() {
    this.#isOver = true;
  }
}

const encoder = new TextEncoder();

// The streams whose clients have read promptly so far and that are writing now. The platform writes
// a stream in several turns of its loop. Were more prices sent meanwhile, the writes would take the
// turns of upstream's frames, which would wait ever longer.
class Writes {
  #streams = new Set();
  #most = 0;
  #hasMoved = false;
  #settling = null; // the promise
  #settle = null; // resolves it

  begin(stream) {
    this.#streams.add(stream);
  }

  end(stream) {
    this.#hasMoved = this.#streams.delete(stream) || this.#hasMoved;
    if (this.#streams.size <= this.#most) this.#settle?.();
  }

  // Resolves when most of them have ended, so that a few slow clients hold up nobody. When none ends
  // for a while, all that are left count as blocked. Undefined if there is nothing to wait for.
  settled() {
    // The hub asks again while it waits, should that take a second.
    if (this.#settling) return this.#settling;
    this.#most = Math.max(MOST_LATE, this.#streams.size / 8);
    if (this.#streams.size <= this.#most) return undefined;
    this.#settling = new Promise((resolve) => {
      const timer = setInterval(() => {
        if (!this.#hasMoved) for (const stream of [...this.#streams]) stream.isLate();
        this.#hasMoved = false;
      }, PROMPT);
      this.#settle = () => {
        clearInterval(timer);
        this.#settle = this.#settling = null;
        resolve();
      };
    });
    return this.#settling;
  }
}

// A stream of server-sent events. The platform takes from it what the client reads. One write is
// under way at a time, and takes all that was sent before it.
class EventStream extends OverHttp {
  #writer;
  #writes;
  #waiting = ""; // what the next write takes
  #isWriting = false;
  #isPrompt = false;

  constructor(client, tell, writes) {
    super(client, tell);
    const { readable, writable } = new IdentityTransformStream();
    this.body = readable;
    this.#writes = writes;
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => this.ended(BROKEN));
  }

  send(frame) {
    this.#waiting += frame;
    if (this.#isWriting) {
      if (this.#waiting.length > MOST_WAITING) this.isLate();
      return;
    }
    this.#isWriting = true;
    if (this.#isPrompt) this.#writes.begin(this);
    // The frames that follow at once leave with the first.
    queueMicrotask(() => this.#write());
  }

  // The client counts as blocked until it has read everything.
  isLate() {
    this.#isPrompt = false;
    this.#writes.end(this);
    this.blocked();
  }

  ended(code) {
    this.#writes.end(this);
    super.ended(code);
  }

  close(code) {
    this.#end();
    this.ended(code);
  }

  abandon() {
    this.forget();
    this.#end();
  }

  #write() {
    const bytes = encoder.encode(this.#waiting);
    this.#waiting = "";
    this.#writer.write(bytes).then(
      () => {
        if (this.#waiting !== "") return this.#write();
        this.#isWriting = false;
        this.#isPrompt = true;
        this.#writes.end(this);
        this.hasRead();
      },
      () => this.ended(BROKEN),
    );
  }

  // What waits would never be read by a client that is blocked.
  #end() {
    const end = this.#isWriting ? this.#writer.abort() : this.#writer.close();
    end.catch(() => {});
  }
}

// A Socket.IO client that polls: frames wait here until its next GET.
class PollingSession extends OverHttp {
  // Whether a WebSocket has begun to take it over.
  isProbed = false;
  #frames = [];
  #waiting = 0; // characters
  #answer = null; // answers the GET that waits

  send(frame) {
    this.#frames.push(frame);
    this.#waiting += frame.length;
    if (this.#waiting > MOST_WAITING) this.blocked();
    // The frames that follow at once travel with the first.
    if (this.#answer && this.#frames.length === 1) queueMicrotask(() => this.#answerNow());
  }

  poll() {
    if (this.#answer) return undefined;
    // The client asks again, so it has read what it was sent.
    this.hasRead();
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (this.#frames.length > 0) this.#answerNow();
    });
  }

  // Ends the GET that waits: the client goes on over a socket.
  release() {
    this.#answer?.(NOOP);
    this.#answer = null;
  }

  // The frames that no GET has taken.
  rest() {
    this.forget();
    return this.#frames.splice(0);
  }

  close(code) {
    this.send(CLOSE);
    this.ended(code);
  }

  abandon() {
    this.forget();
    this.#answer?.(CLOSE);
  }

  #answerNow() {
    if (!this.#answer || this.#frames.length === 0) return;
    const answer = this.#answer;
    this.#answer = null;
    this.#waiting = 0;
    answer(this.#frames.splice(0).join(SEPARATOR));
  }
}
