/**
 * The one server that the clients of a test file talk to: the built worker on a real workerd with
 * the simulator. With CLIENTS_AGAINST=reference it is the servers for which the clients were made,
 * so the tests can be tested: what fails against those is a fault of the test.
 */
import { Hub } from '../../node/support/hub.mjs';
import { freePort } from '../../support/ports.mjs';
import { Reference } from './reference.mjs';

export const isReference = process.env['CLIENTS_AGAINST'] === 'reference';

export class Server {
  #served;

  /** @param {Hub | Reference} served @param {string} url */
  constructor(served, url) {
    this.#served = served;
    /** Where it serves HTTP, without a slash at the end. It stays the same after a restart. */
    this.url = url;
  }

  static async start() {
    const served = isReference ? await Reference.start() : new Hub({ TWELVE_DATA_API_KEY: '', ALLOWED_ORIGINS: '*' }, 'release', await freePort());
    const server = new Server(served, new URL(await served.url()).origin.replace(/^ws/, 'http'));
    if (served instanceof Hub) await served.get('/api/quotes');
    return server;
  }

  /** Where Twelve Data's WebSocket is. */
  get stream() {
    return `${this.url.replace('http', 'ws')}/v1/quotes/price`;
  }

  /** Ends the server with all connections, and starts it again at the same address. */
  restart() {
    return this.#served.restart();
  }

  stop() {
    return this.#served.stop();
  }
}
