// The ports that servers of this project listen on.

import { createServer } from "node:net";
import { Failure } from "./failure.mjs";

/**
 * Fails if a port cannot be listened on. `command` is how the user started us.
 * @param {number} port
 * @param {string} host
 * @param {string} command
 * @returns {Promise<void>}
 */
export function requireFree(port, host, command) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (/** @type {NodeJS.ErrnoException} */ { code }) => {
      const why = code === "EADDRINUSE" ? "is taken by another program" : `cannot be used (${code})`;
      reject(new Failure(`Port ${port} ${why}: end that program, or choose another port with \`${command} -- --port 9000\`.`));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}
