// Where servers of this project listen.

import { createServer } from "node:net";
import { Failure } from "./failure.mjs";

/** Only programs of this machine reach it. */
export const LOOPBACK = "127.0.0.1";
export const DEFAULT_PORT = "8787";

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
