/**
 * Several tabs may watch the same alerts. All show them on their screens, but one speaks: it alone
 * shows system notifications and sounds. A Web Lock elects it; the others tell it what fired.
 *
 * While alerts are armed each tab also holds a shared lock, because browsers that save energy
 * freeze hidden pages, but none that holds a lock.
 */

/** @typedef {import('../ui/notify.js').Notice & { notify: boolean, sound: boolean }} Spoken */

const AWAKE = 'hamster-alerts';
const SPEAKER = 'hamster-alerts-speaker';
/** The same alert from two tabs within this time is one. */
export const SAME_MS = 10_000;
/** What was told so shortly before this tab was elected is spoken: nobody was elected then. */
const ELECTION_MS = 2_000;

export class Speaker {
  #speak;
  /** Ends both locks; null: none is wanted. @type {AbortController | null} */
  #armed = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #leaving;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** When each alert was spoken last. @type {Map<string, number>} */
  #spoken = new Map();
  /** What others were told, for the case that there are none. @type {{ what: Spoken, at: number }[]} */
  #told = [];
  /** Whether this tab is the one that speaks. */
  elected = false;

  /** @param {(what: Spoken) => void} speak */
  constructor(speak) {
    this.#speak = speak;
  }

  /** @param {boolean} wanted  whether any alert is armed */
  hold(wanted) {
    clearTimeout(this.#leaving);
    this.#leaving = undefined;
    // The last alert that fired may still wait for the election.
    if (!wanted && this.#armed !== null) this.#leaving = setTimeout(() => this.stop(), ELECTION_MS);
    if (wanted && this.#armed === null) this.#start();
  }

  /** Lets go of everything: no alert is armed, or the page is put away. */
  stop() {
    clearTimeout(this.#leaving);
    this.#armed?.abort();
    this.#armed = null;
    this.#channel?.close();
    this.#channel = null;
    this.elected = false;
  }

  /** Speaks, or lets the elected tab do so. @param {Spoken} what @param {number} now */
  tell(what, now) {
    if (this.elected || !this.#channel) {
      this.#say(what, now);
      return;
    }
    this.#channel.postMessage(what);
    this.#told = [...this.#told, { what, at: now }].filter(({ at }) => now - at < ELECTION_MS);
  }

  #start() {
    const armed = new AbortController();
    this.#armed = armed;
    if (!('locks' in navigator) || !('BroadcastChannel' in globalThis)) {
      this.elected = true;
      return;
    }
    this.#channel = new BroadcastChannel(SPEAKER);
    this.#channel.onmessage = ({ data }) => {
      const { spoken } = /** @type {{ spoken?: string }} */ (data);
      // The elected tab answers, so that its successor does not say it again.
      if (spoken !== undefined) this.#told = this.#told.filter(({ what }) => what.id !== spoken);
      else if (this.elected) {
        this.#say(/** @type {Spoken} */ (data), Date.now());
        this.#channel?.postMessage({ spoken: data.id });
      }
    };
    hold(AWAKE, 'shared', armed.signal, () => {});
    hold(SPEAKER, 'exclusive', armed.signal, () => {
      this.elected = true;
      const now = Date.now();
      for (const { what, at } of this.#told) if (now - at < ELECTION_MS) this.#say(what, now);
      this.#told = [];
    });
  }

  /** @param {Spoken} what @param {number} now */
  #say(what, now) {
    const last = this.#spoken.get(what.id);
    if (last !== undefined && now - last < SAME_MS) return;
    this.#spoken.set(what.id, now);
    this.#speak(what);
  }
}

/**
 * Holds a lock from when it is free until the signal.
 * @param {string} name
 * @param {LockMode} mode
 * @param {AbortSignal} signal
 * @param {() => void} granted
 */
function hold(name, mode, signal, granted) {
  const held = navigator.locks.request(name, { mode, signal }, () => {
    if (signal.aborted) return undefined;
    granted();
    return new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  });
  // Giving up while waiting for the lock rejects.
  held.catch(() => {});
}
