/** Ports for the servers of tests. */
import { createServer } from 'node:net';

let portsTried = 0;

/**
 * An unused port below the ephemeral ones (on Linux 32768 and up). The system could give one of
 * those to some connection before the worker listens, or while it is down for a restart.
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    const port = 20_000 + ((process.pid * 97 + portsTried++) % 12_000);
    if (await isFree(port)) return port;
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
