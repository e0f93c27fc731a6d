// Ending on request: Ctrl-C, a signal, or the end of the npm that started us. npm starts scripts
// through a shell, and a signal sent to npm alone ends that shell without reaching this process.

const PARENT_CHECK_MS = 500;

/** @type {((signal: NodeJS.Signals) => void) | undefined} */
let reaction;

/**
 * Sets what to do when told to end. A later call replaces an earlier one.
 * @param {(signal: NodeJS.Signals) => void} callback
 */
export function whenToldToEnd(callback) {
  if (!reaction) listen();
  reaction = callback;
}

function listen() {
  const end = (/** @type {NodeJS.Signals} */ signal) => reaction && reaction(signal);
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, end);
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    end("SIGTERM");
  }, PARENT_CHECK_MS);
  check.unref();
}
