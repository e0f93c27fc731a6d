/**
 * Who may use the hub: the access token, which every request carries once the user has signed in.
 *
 * The token is a secret of the user. It goes into the header `Authorization`, into the subprotocols
 * that a WebSocket offers (a browser can set no header there), and into this tab's session storage.
 * It is in no address, no text that is shown, and no log.
 */
import { isToken } from '../model/token.js';
import { askAccess, headersWith } from './admission.js';

/** @typedef {(url: string, how?: RequestInit) => Promise<Response>} Ask */

const KEY = 'hamster.token';

/** Nothing is asked of a hub that wants a token first. */
export class SignInNeeded extends Error {
  constructor() {
    super('this terminal needs a sign-in');
  }
}

export class Access {
  /** @type {string | null} */
  #token = null;
  /** Whether the hub refused this page, which has no other token yet. */
  #isRefused = false;

  /** Whether there is a token. */
  get isSignedIn() {
    return this.#token !== null;
  }

  /** Takes the token of this tab's earlier page. */
  restore() {
    try {
      const kept = sessionStorage.getItem(KEY);
      if (kept !== null && isToken(kept)) this.#token = kept;
    } catch {
      // Storage is refused.
    }
  }

  /** From now on requests carry this token; null: none is needed. @param {string | null} token */
  admit(token) {
    this.forget();
    this.#isRefused = false;
    this.#token = token;
    if (token === null) return;
    try {
      sessionStorage.setItem(KEY, token);
    } catch {
      // It lasts as long as the page.
    }
  }

  /** Nothing is asked of the hub until somebody is admitted. */
  refuse() {
    this.forget();
    this.#isRefused = true;
  }

  forget() {
    if (this.#token === null) return;
    this.#token = null;
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // It was never there.
    }
  }

  /** The subprotocols that a WebSocket offers. @param {string} dialect */
  protocols(dialect) {
    return this.#token === null ? [dialect] : [dialect, `hamster.bearer.${this.#token}`];
  }

  /**
   * Asks a route of the hub, as `fetch` does.
   * @type {Ask}
   */
  ask = async (url, how = {}) => {
    if (this.#isRefused) throw new SignInNeeded();
    return fetch(url, { ...how, headers: headersWith(this.#token) });
  };

  /**
   * What the hub says of the present token, or of another one.
   * @param {AbortSignal} signal
   * @param {string | null} [token]
   * @returns {Promise<import('./admission.js').Verdict>}
   */
  check(signal, token = this.#token) {
    return askAccess(signal, token);
  }
}
