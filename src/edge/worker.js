// The Worker's module: the platform calls it, and it calls the Rust half.
//
// Why it recovers: a panic or a trap kills the instance of the wasm, with the Rust halves of all
// objects in it. The next call of any exported function makes a new instance (bindings.js, told so
// by the `worker` crate) and counts it. So each call here first asks for the number of the
// instance, and an object whose Rust half is of an older one makes a new half from the same state.

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as rust from "./bindings.js";

// The default, ten lines, ends before a Rust stack gets interesting.
Error.stackTraceLimit = 100;

/** The state of a WebSocket that was closed by neither side. */
const OPEN = 1;
/**
 * After this many dropped messages of closed sockets, the event loop gets a turn. Dropping one takes
 * some 10 µs.
 */
const DROPPED_AT_ONCE = 100;
/** How long the object then takes no event. */
const PAUSE_MS = 5;

/**
 * The number of the living instance.
 * @returns {number}
 */
function instance() {
  const { instanceId } = rust.__worker_init_state();
  if (instanceId !== living) {
    living = instanceId;
    for (const giveUp of waiting) giveUp(new Error("the instance that was to answer is gone"));
    waiting.clear();
  }
  return instanceId;
}
let living = 0;
/**
 * Rejects the calls that the living instance has not answered yet.
 * @type {Set<(error: Error) => void>}
 */
const waiting = new Set();

/**
 * The answer of the Rust half. If the instance dies first, the answer never comes, so this rejects.
 * @param {Promise<any>} answer
 */
function unlessItDies(answer) {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    answer.then(resolve, reject).finally(() => waiting.delete(reject));
  });
}

/**
 * A Durable Object around a Rust half.
 * @param {(ctx: any, env: any) => any} half makes it
 * @param {object} more what its environment has besides that of the Worker
 */
function hosted(half, more = {}) {
  return class extends DurableObject {
    #half;
    #instance = 0;
    /** Messages of closed sockets since the last pause. */
    #dropped = 0;

    /** @param {any} ctx @param {any} env */
    constructor(ctx, env) {
      super(ctx, env);
      this.#half = this.#rust();
    }

    #rust() {
      const living = instance();
      if (this.#instance !== living) {
        this.#half = half(this.ctx, { ...this.env, ...more });
        this.#instance = living;
      }
      return this.#half;
    }

    /** @param {any} request */
    fetch(request) {
      return unlessItDies(this.#rust().fetch(request));
    }

    alarm() {
      return this.#rust().alarm();
    }

    /**
     * workerd's event loop reads as long as some socket has a message, for seconds if need be, and
     * meanwhile handles no other input and no timer. So after some dropped messages the object takes
     * no event until a timer has fired: all read loops wait, and the event loop gets a turn.
     */
    #drop() {
      this.#dropped += 1;
      if (this.#dropped < DROPPED_AT_ONCE) return;
      this.#dropped = 0;
      void this.ctx.blockConcurrencyWhile(() => new Promise((resolve) => setTimeout(resolve, PAUSE_MS)));
    }

    /** @param {any} socket @param {any} message */
    webSocketMessage(socket, message) {
      // We closed this socket, but the client ignores the close and continues to send. The platform
      // offers no way to cut it off.
      if (socket.readyState !== OPEN) return this.#drop();
      return this.#rust().webSocketMessage(socket, message);
    }

    /** @param {any} socket @param {number} code @param {string} reason @param {boolean} wasClean */
    webSocketClose(socket, code, reason, wasClean) {
      return this.#rust().webSocketClose(socket, code, reason, wasClean);
    }

    /** @param {any} socket @param {any} error */
    webSocketError(socket, error) {
      return this.#rust().webSocketError(socket, error);
    }
  };
}

// Named one by one, so that the bundle leaves out the other classes that the bindings export.
const hub = (/** @type {any} */ ctx, /** @type {any} */ env) => new rust.Hub(ctx, env);
const simulator = (/** @type {any} */ ctx, /** @type {any} */ env) => new rust.Simulator(ctx, env);

export const Hub = hosted(hub);
export const Relay = hosted(hub, { OF_CLASS_RELAY: "yes" });
export const Simulator = hosted(simulator);

export default class extends WorkerEntrypoint {
  /** @param {any} request */
  fetch(request) {
    instance();
    return unlessItDies(rust.fetch(request, this.env, this.ctx));
  }

  /** @param {any} event */
  scheduled(event) {
    instance();
    return rust.scheduled(event, this.env, this.ctx);
  }
}
