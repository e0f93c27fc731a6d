/**
 * The page's socket to the hub and its life cycle: open, subscribe, watch, drop when it falls
 * silent, and reopen, for ever. It holds no state that is shown; it reports to the store.
 *
 * Two watchdogs check it. The platform answers `ping` without waking a sleeping hub, so an answer
 * proves the network. The hub itself answers the `time` question, so an answer proves the hub and
 * also measures the clock offset.
 *
 * A hub that wants a token refuses the upgrade, which a page sees as any other failure. So it asks
 * GET /api/access after an attempt that failed before the socket opened. If a token is what is
 * missing, it stops until somebody signs in.
 *
 * Where a terminal has several servers, it comes back to the one that it was on (server.js).
 */
import { Backoff } from './backoff.js';
import { formatSpan } from '../words/format.js';
import { WantedServer } from './server.js';
import { MissedFrames, PROTOCOL, Stream } from './stream.js';
import { objection } from '../model/symbols.js';
import { rowKey } from '../model/quotes.js';
import { Watchdog } from './watchdog.js';
import { MalformedFrame, parseFrame, parseJson } from './wire.js';

/** The limit from opening the socket to the hub's `connected`. */
const HANDSHAKE_MS = 10_000;
/** A connection that lasted this long resets the backoff. */
const STABLE_MS = 10_000;
/** Close code: the client sent too many messages. The page waits a minute before it reconnects. */
const FLOOD_CODE = 4008;
const FLOOD_WAIT_MS = 60_000;
/** Close code: no acknowledgement for 30 s, for example from a frozen tab. */
const SLOW_CODE = 4009;
/** Close codes that end the token. The page does not come back with it. @type {Record<number, string>} */
const ENDED = { 4010: 'Your access token has expired.', 4011: 'Your access token is no longer valid: its key was revoked.' };
const NOT_NEEDED = 'the access token is no longer valid; this hub needs none';
/** Clock questions right after connecting, one after the other. Later there is one a minute. */
const FIRST_CLOCK_QUESTIONS = 4;
const CLOCK_PAUSE_MS = 300;
const CLOCK_EVERY_MS = 60_000;

/**
 * What the connection reports to: the terminal's store, or an embed's.
 * @typedef {Pick<import('../model/store.js').Store, 'asked' | 'clock' | 'clockMeasured' | 'heard' | 'link' | 'problem' | 'receive'
 *   | 'protocol' | 'rows' | 'setLink' | 'subscribed' | 'track'>} Reported
 */

/** @typedef {Pick<import('./access.js').Access, 'isSignedIn' | 'protocols' | 'check' | 'admit' | 'refuse' | 'forget'>} Credentials */

export class Connection {
  #url;
  #wanted;
  #intervalMs;
  #store;
  #fallback;
  #access;
  /** @type {WebSocket | null} */
  #socket = null;
  #backoff = new Backoff();
  /** Kept across connections, so that a new one can resume. */
  #stream = new Stream();
  #server = new WantedServer();
  #network = new Watchdog();
  #hub = new Watchdog({ quietMs: CLOCK_EVERY_MS });
  #connectedAt = 0;
  /** Whether the present socket was open. */
  #hasOpened = false;
  /** Whether the hub said that it needs no token. */
  #isFree = false;
  /** Aborts the question whether the hub wants a token. @type {AbortController | null} */
  #checking = null;
  /**
   * No reconnect before this time, whatever the browser says about the network. Page's clock, ms.
   */
  #notBefore = 0;
  /** Set while waiting to reconnect. @type {ReturnType<typeof setTimeout> | undefined} */
  #retryTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #handshakeTimer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #clockTimer;
  #questions = 0;
  /** What was subscribed on this socket, by key. @type {Map<string, string>} */
  #subscribed = new Map();
  /** The names that the store tracks, as one text. */
  #tracked = '';
  /** The clock question that awaits its answer. @type {{ id: number, sentAt: number } | null} */
  #question = null;

  /**
   * @param {object} parts
   * @param {string} parts.url                 the hub's `/ws`
   * @param {() => string[]} parts.wanted  the symbols to watch now
   * @param {number} [parts.intervalMs]  least time between two updates; left out: as they come
   * @param {Reported} parts.store
   * @param {Pick<import('./rest.js').RestFallback, 'start' | 'stop'>} parts.fallback
   * @param {Credentials} parts.access
   */
  constructor({ url, wanted, intervalMs, store, fallback, access }) {
    this.#url = url;
    this.#wanted = wanted;
    this.#intervalMs = intervalMs;
    this.#store = store;
    this.#fallback = fallback;
    this.#access = access;
  }

  /** Does nothing while a sign-in is needed. */
  open() {
    if (this.#store.link.signIn !== null) return;
    this.#stop();
    this.#hasOpened = false;
    this.#stream.reconnected();
    // The first attempt has begun.
    if (this.#store.link.since === 0) this.#store.setLink({ since: Date.now() });
    const socket = new WebSocket(this.#server.address(this.#url), this.#access.protocols(PROTOCOL));
    this.#socket = socket;
    socket.onopen = () => {
      this.#hasOpened = true;
      this.#server.opened();
      this.#network.start(Date.now());
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(event.code);
    this.#handshakeTimer = setTimeout(() => this.#unanswered(), HANDSHAKE_MS);
  }

  /** The browser leaves the page and may restore it later. */
  suspend() {
    this.#stop();
    this.#fallback.stop();
    if (this.#store.link.signIn !== null) return;
    const now = Date.now();
    this.#store.setLink({ state: 'disconnected', since: now, reason: 'the page was put away', retryAt: null });
  }

  /** The connection may be broken: check now instead of when the next ping is due. */
  doubt() {
    this.#network.probe();
  }

  /** The tab was shown or the network is back: do not wait for the scheduled attempt. */
  wake() {
    if (this.#socket !== null) this.doubt();
    else if (this.#checking === null && Date.now() >= this.#notBefore) this.#retry();
  }

  /** From now on with this token; null: the hub wants none. @param {string | null} token */
  signIn(token) {
    this.#access.admit(token);
    this.#backoff.reset();
    this.#notBefore = 0;
    this.#store.setLink({ signIn: null, reason: '' });
    this.open();
  }

  /** Forgets the token, and goes on without it where the hub needs none. */
  signOut() {
    this.#access.forget();
    if (this.#isFree) this.#retry();
    else this.#needSignIn('');
  }

  #retry() {
    if (this.#store.link.signIn !== null) return;
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
   * The hub chooses the dialect. If it did not confirm ours, it speaks plain JSON.
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
    this.#isFree = message.access?.mode === 'open';
    this.#server.told(message.server ?? null);
    this.#fallback.stop();
    this.#store.protocol = this.#socket?.protocol || 'json';
    this.#store.setLink({ state: 'connected', since: now, reason: '', retryAt: null }, '✅ Connected to Hamster Terminal', now);
    this.#store.receive(message, now);
    const names = this.#wanted();
    this.#track(names);
    this.#store.subscribed(now);
    this.#subscribed = new Map(names.filter((name) => objection(name) === null).map((name) => [rowKey(name), name]));
    const symbols = [...this.#subscribed.values()];
    // A hub that speaks plain JSON ignores `resume`.
    if (symbols.length > 0) this.#send({ action: 'subscribe', params: { symbols, interval_ms: this.#intervalMs, resume: this.#stream.position } });

    this.#store.clock.clear();
    this.#questions = 0;
    this.#hub.start(now);
    this.#askTheTime();
    this.#ticker = setInterval(() => this.#tick(), 1_000);
  }

  /** The wanted symbols may have changed: watches the new ones and leaves the others. */
  resubscribe() {
    const names = this.#wanted();
    if (names.join() === this.#tracked) return;
    this.#track(names);
    if (this.#store.link.state !== 'connected') return;
    const wanted = new Map(names.filter((name) => objection(name) === null).map((name) => [rowKey(name), name]));
    const added = [...wanted].filter(([key]) => !this.#subscribed.has(key)).map(([, name]) => name);
    const left = [...this.#subscribed].filter(([key]) => !wanted.has(key)).map(([, name]) => name);
    this.#subscribed = wanted;
    // First what is left, so that the hub's limit per client has room for what is new.
    if (left.length > 0) this.#send({ action: 'unsubscribe', params: { symbols: left } });
    if (added.length > 0) {
      this.#store.asked(added, Date.now());
      this.#send({ action: 'subscribe', params: { symbols: added } });
    }
  }

  /** @param {string[]} names */
  #track(names) {
    this.#tracked = names.join();
    this.#store.track(names);
  }

  /** Opens a new connection now, because the user asked for it. */
  reconnect() {
    if (Date.now() < this.#notBefore) return;
    this.#retry();
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

  #unanswered() {
    this.#noteRefusal();
    this.#lost('the hub did not answer within 10 s');
  }

  /** An attempt that failed before the socket opened. On a device that is offline it says nothing of the server. */
  #noteRefusal() {
    if (!this.#hasOpened && navigator.onLine) this.#server.refused();
  }

  /** @param {number} code */
  #closed(code) {
    this.#noteRefusal();
    const ended = ENDED[code];
    if (ended !== undefined) {
      this.#tokenEnded(ended);
    } else if (code === FLOOD_CODE) {
      this.#lost('the hub closed the connection: this page sent too many messages', FLOOD_WAIT_MS);
    } else if (code === SLOW_CODE) {
      this.#lost('the hub closed the connection: this page was not reading');
    } else if (this.#store.link.state === 'connected') {
      this.#lost(code === 1006 ? 'the connection broke off (1006)' : `the hub closed the connection (${code})`);
    } else if (!this.#hasOpened && navigator.onLine) {
      void this.#check();
    } else this.#lost('the hub cannot be reached');
  }

  /** @param {string} reason  a sentence */
  #tokenEnded(reason) {
    this.#access.forget();
    if (this.#isFree) this.#lost(NOT_NEEDED);
    else this.#needSignIn(reason);
  }

  /** The attempt failed before the socket opened: is a token what is missing? */
  async #check() {
    this.#stop();
    const checking = new AbortController();
    this.#checking = checking;
    const first = await this.#access.check(checking.signal);
    if (this.#checking !== checking) return;
    // A token that is not valid is refused also where nobody needs one.
    const isToken = first.kind === 'refused' && this.#access.isSignedIn;
    if (isToken) this.#access.forget();
    const verdict = isToken ? await this.#access.check(checking.signal) : first;
    if (this.#checking !== checking) return;
    this.#checking = null;
    if (verdict.kind === 'busy') this.#lost('the hub gets too many requests from here', verdict.retryAfter * 1_000);
    else if (first.kind === 'refused' && verdict.kind !== 'admitted') this.#needSignIn(first.reason);
    else this.#lost(isToken ? NOT_NEEDED : 'the hub cannot be reached');
  }

  /** No further attempt before {@link signIn}. @param {string} reason  why a token was refused; '': there was none */
  #needSignIn(reason) {
    const now = Date.now();
    this.#stop();
    this.#fallback.stop();
    this.#access.refuse();
    const since = this.#store.link.state === 'disconnected' ? this.#store.link.since : now;
    const line = `🔴 Disconnected: ${reason === '' ? '' : `${reason} `}This terminal needs a sign-in`;
    this.#store.setLink({ state: 'disconnected', since, reason: 'a sign-in is needed', retryAt: null, signIn: { reason } }, line, now);
    if (this.#store.rows.size === 0) this.#store.track(this.#wanted());
  }

  /** @param {string} reason @param {number} [waitMs]  overrides the backoff */
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
    if (this.#store.rows.size === 0) this.#store.track(this.#wanted());
    this.#fallback.start();
  }

  /** Ends the attempt or the connection, and what waits for the next one. */
  #stop() {
    this.#forgetSocket();
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#checking?.abort();
    this.#checking = null;
  }

  /**
   * Drops the socket without waiting for its close event, which may take minutes on a dead network.
   */
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
