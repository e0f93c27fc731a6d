/**
 * Everything that the user can do, by name. Panels register what they offer; palette, keys, menus
 * and buttons run it.
 */

/**
 * @typedef {object} Command
 * @property {string} id     `list.remove`
 * @property {string} title  in the imperative: `Remove the symbol from the list`
 * @property {string} group  `List`, `Chart`, `Alerts`, `View`, `Help`
 * @property {string[]} [keys]  as in the keyboard map: `/`, `Mod+K`, `Alt+ArrowUp`. `Mod` is Ctrl, or ⌘ on a Mac
 * @property {string} [within]  a selector: the keys work only while focus is inside
 * @property {(argument?: string) => boolean} [isPossible]
 * @property {(argument?: string) => void} run
 */

/** A click is forgotten if what it opens does not come within this time: nobody expects it then. */
const AWAITED_MS = 10_000;

export class Commands {
  /** @type {Map<string, Command>} */
  #commands = new Map();
  /** What was pressed before its command was there, and when. @type {{ id: string, at: number } | null} */
  #awaited = null;

  /** @param {...Command} commands @returns {() => void} removes them */
  add(...commands) {
    for (const command of commands) this.#commands.set(command.id, command);
    if (commands.some(({ id }) => id === this.#awaited?.id)) queueMicrotask(() => this.#runAwaited());
    return () => {
      for (const command of commands) if (this.#commands.get(command.id) === command) this.#commands.delete(command.id);
    };
  }

  /** @returns {Command[]} */
  get all() {
    return [...this.#commands.values()];
  }

  /** @param {string} id */
  get(id) {
    return this.#commands.get(id);
  }

  /**
   * Runs a command if it exists and is possible now.
   * @param {string} id
   * @param {string} [argument]
   * @returns {boolean} whether it ran
   */
  run(id, argument) {
    const command = this.#commands.get(id);
    if (!command || command.isPossible?.(argument) === false) return false;
    command.run(argument);
    return true;
  }

  /**
   * Runs a command now or, if the part of the page that has it still loads, when that is there. Of
   * several the last one is run.
   * @param {string} id
   */
  runSoon(id) {
    if (this.#commands.has(id)) this.run(id);
    else this.#awaited = { id, at: performance.now() };
  }

  #runAwaited() {
    const awaited = this.#awaited;
    this.#awaited = null;
    if (awaited && performance.now() - awaited.at < AWAITED_MS) this.run(awaited.id);
  }
}
