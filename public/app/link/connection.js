/**
 * The page's socket to the hub, and its whole life: it is opened, subscribed, watched, given up
 * when it is mute, and opened again for ever. It owns no state that is shown; it tells the store.
 *
 * Two watchdogs look after it. `ping` is answered without waking a hub that sleeps, so it proves
 * the network; the `time` question is answered by the hub itself, so it proves the hub, and
 * measures the clock on the way.
 */
import { Backoff } from './backoff.js';
import { formatSpan } from '../words/format.js';
import { DEFAULT_SYMBOLS } from './rest.js';
import { MissedFrames, PROTOCOL, Stream } from './stream.js';
import { objection } from '../model/symbols.js';
import { Watchdog } from './watchdog.js';
import { MalformedFrame, parseFrame, parseJson } from './wire.js';

/** From opening the socket to the hub's `connected`. */
const HANDSHAKE_MS = 10_000;
/** So long must a connection last before a loss counts as a first one again. */
const STABLE_MS = 10_000;
/** The hub closed the connection because of a flood of messages, and wants to be left alone. */
const FLOOD_CODE = 4008;
const FLOOD_WAIT_MS = 60_000;
/** The hub closed the connection: no acknowledgement for 30 s, as of a tab that was frozen. */
const SLOW_CODE = 4009;
/** Clock questions right after connecting, one after the other; from then on one a minute. */
const FIRST_CLOCK_QUESTIONS = 4;
const CLOCK_PAUSE_MS = 300;
const CLOCK_EVERY_MS = 60_000;

export class Connection {
  #url;
  #requested;
  #store;
  #fallback;
  /** @type {WebSocket | null} */
  #socket = null;
  #backoff = new Backoff();
  /** What was read, over all connections: a new one goes on from there. */
  #stream = new Stream();
  #network = new Watchdog();
  #hub = new Watchdog({ everyMs: CLOCK_EVERY_MS });
  #connectedAt = 0;
  /** No earlier, whatever the browser says about the network; page's clock, ms. */
  #notBefore = 0;
  /** Set while it waits to try again. @type {ReturnType<typeof setTimeout> | undefined} */
  #retryTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #handshakeTimer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #clockTimer;
  #questions = 0;
  /** The clock question under way. @type {{ id: number, sentAt: number } | null} */
  #question = null;

  /**
   * @param {object} parts
   * @param {string} parts.url                 the hub's `/ws`
   * @param {string[] | null} parts.requested  the symbols to show; null: the terminal's own
   * @param {import('../model/store.js').Store} parts.store
   * @param {import('./rest.js').RestFallback} parts.fallback
   */
  constructor({ url, requested, store, fallback }) {
    this.#url = url;
    this.#requested = requested;
    this.#store = store;
    this.#fallback = fallback;
  }

  open() {
    this.#forgetSocket();
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#stream.reconnected();
    const socket = new WebSocket(this.#url, PROTOCOL);
    this.#socket = socket;
    socket.onopen = () => this.#network.start(Date.now());
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(event.code);
    this.#handshakeTimer = setTimeout(() => this.#lost('the hub did not answer within 10 s'), HANDSHAKE_MS);
  }

  /** The page goes away, perhaps to come back. */
  suspend() {
    this.#forgetSocket();
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#fallback.stop();
    const now = Date.now();
    this.#store.setLink({ state: 'disconnected', since: now, reason: 'the page was put away', retryAt: null });
  }

  /** Something may have broken the connection: find out now, and not when the next ping is due. */
  doubt() {
    this.#network.probe();
  }

  /** The tab was shown, or the network came back: do not wait for the next try. */
  wake() {
    if (this.#socket !== null) this.doubt();
    else if (Date.now() >= this.#notBefore) this.#retry();
  }

  #retry() {
    const attempt = this.#backoff.failures;
    this.#store.setLink({ retryAt: null }, `🔁 Reconnecting (attempt ${attempt})`, Date.now());
    this.open();
  }

  /** @param {unknown} frame */
  #receive(frame) {
    const now = Date.now();
    this.#network.heard(now);
    this.#store.heard(now);
    try {
      for (const message of this.#parse(frame)) {
        if (message.event === 'time') this.#clockAnswered(message, now);
        else if (message.event === 'connected') this.#connected(message, now);
        else this.#store.receive(message, now, document.visibilityState === 'visible');
      }
      this.#acknowledge();
    } catch (error) {
      if (error instanceof MissedFrames) return this.#lost(`something was missed: ${error.message}`);
      if (!(error instanceof MalformedFrame)) throw error;
      this.#store.problem(now, `The hub sent ${error.message}; it was ignored`);
    }
  }

  /**
   * The dialect is the hub's choice: one that did not confirm ours speaks plain JSON.
   * @param {unknown} frame
   */
  #parse(frame) {
    const isStream = this.#socket?.protocol === PROTOCOL && typeof frame === 'string' && frame !== 'pong';
    return isStream ? this.#stream.read(parseJson(frame), frame.length) : [parseFrame(frame)];
  }

  #acknowledge() {
    const acknowledgement = this.#stream.acknowledgement(performance.now());
    if (acknowledgement && this.#socket) this.#send(acknowledgement);
  }

  /**
   * @param {Extract<import('./wire.js').Message, { event: 'connected' }>} message
   * @param {number} now
   */
  #connected(message, now) {
    clearTimeout(this.#handshakeTimer);
    this.#connectedAt = now;
    this.#fallback.stop();
    this.#store.setLink({ state: 'connected', since: now, reason: '', retryAt: null }, '✅ Connected to Hamster Terminal', now);
    this.#store.receive(message, now);
    const names = this.#requested ?? message.symbols;
    this.#store.track(names);
    this.#store.subscribed(now);
    const symbols = names.filter((name) => objection(name) === null);
    // A hub that speaks plain JSON looks at the symbols only.
    if (symbols.length > 0) this.#send({ action: 'subscribe', params: { symbols, resume: this.#stream.position } });

    this.#store.clock.clear();
    this.#questions = 0;
    this.#hub.start(now);
    this.#askTheTime();
    this.#ticker = setInterval(() => this.#tick(), 1_000);
  }

  #tick() {
    this.#acknowledge();
    const now = Date.now();
    if (now - this.#connectedAt >= STABLE_MS) this.#backoff.reset();
    const network = this.#network.tick(now);
    if (network === 'dead') return this.#lost('nothing was heard from the hub for 10 s');
    if (network === 'ping') this.#socket?.send('ping');
    const hub = this.#hub.tick(now);
    if (hub === 'dead') return this.#lost('the connection is open, but the hub does not answer');
    if (hub === 'ping') this.#askTheTime();
  }

  #askTheTime() {
    this.#questions += 1;
    this.#question = { id: this.#questions, sentAt: Date.now() };
    this.#send({ action: 'time', id: this.#questions });
  }

  /**
   * @param {{ id: number, time: number }} answer
   * @param {number} now
   */
  #clockAnswered(answer, now) {
    if (this.#question?.id !== answer.id) return;
    this.#store.clockMeasured(this.#question.sentAt, answer.time, now);
    this.#question = null;
    this.#hub.heard(now);
    if (this.#questions < FIRST_CLOCK_QUESTIONS) {
      this.#clockTimer = setTimeout(() => this.#askTheTime(), CLOCK_PAUSE_MS);
    }
  }

  /** @param {number} code */
  #closed(code) {
    if (code === FLOOD_CODE) {
      this.#lost('the hub closed the connection: this page sent too many messages', FLOOD_WAIT_MS);
    } else if (code === SLOW_CODE) {
      this.#lost('the hub closed the connection: this page was not reading');
    } else if (this.#store.link.state === 'connected') {
      this.#lost(code === 1006 ? 'the connection broke off (1006)' : `the hub closed the connection (${code})`);
    } else this.#lost('the hub cannot be reached');
  }

  /**
   * @param {string} reason
   * @param {number} [waitMs]  instead of the backoff's
   */
  #lost(reason, waitMs) {
    const now = Date.now();
    this.#forgetSocket();
    const wait = waitMs ?? this.#backoff.next();
    this.#notBefore = waitMs === undefined ? 0 : now + waitMs;
    const why = navigator.onLine ? reason : `this device is offline; ${reason}`;
    const since = this.#store.link.state === 'disconnected' ? this.#store.link.since : now;
    const next = wait < 1_000 ? 'now' : `in ${formatSpan(wait)}`;
    this.#store.setLink({ state: 'disconnected', since, reason: why, retryAt: now + wait }, `🔴 Disconnected: ${why}; next try ${next}`, now);
    this.#retryTimer = setTimeout(() => this.#retry(), wait);
    if (this.#store.rows.size === 0) this.#store.track(this.#requested ?? DEFAULT_SYMBOLS);
    this.#fallback.start();
  }

  /** Lets go of the socket at once: on a dead network its close may take minutes. */
  #forgetSocket() {
    clearTimeout(this.#handshakeTimer);
    clearTimeout(this.#clockTimer);
    clearInterval(this.#ticker);
    this.#question = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {object} message */
  #send(message) {
    this.#socket?.send(JSON.stringify(message));
  }
}
