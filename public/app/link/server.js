/**
 * Which of a terminal's servers this page asks for. A terminal of one hub names none. Where there
 * are relays, only the one that the page was on knows its position and can resume it, so the page
 * asks for it again, unless it refuses.
 */

/** After this many refusals in a row any server will do. */
const MOST_REFUSALS = 2;

export class WantedServer {
  /** @type {string | null} */
  #name = null;
  #refusals = 0;

  /** The address for the next attempt. @param {string} url  the hub's `/ws`, without parameters */
  address(url) {
    return this.#name === null ? url : `${url}?${new URLSearchParams({ server: this.#name })}`;
  }

  /** The server of this connection. @param {string | null} name  null: it has none */
  told(name) {
    this.#name = name;
  }

  /** The socket opened. */
  opened() {
    this.#refusals = 0;
  }

  /** The attempt ended before the socket opened. */
  refused() {
    this.#refusals += 1;
    if (this.#refusals >= MOST_REFUSALS) this.#name = null;
  }
}
