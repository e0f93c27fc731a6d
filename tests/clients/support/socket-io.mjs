/** A client of Socket.IO that keeps everything it hears, in order. */
import assert from 'node:assert/strict';
import { load } from './clients.mjs';
import { eventually } from './wait.mjs';

/** The versions of socket.io-client: the current one, and those of the original's two pages. */
export const VERSIONS = { '4.8.4': 'socket.io-client', '4.7.4': 'socket.io-client-4.7.4', '4.5.4': 'socket.io-client-4.5.4' };
/** @typedef {keyof typeof VERSIONS} Version */

/** Options that reconnect soon. @type {Record<string, unknown>} */
const SOON = { reconnectionDelay: 100, reconnectionDelayMax: 500, forceNew: true };

/** @typedef {{ name: string, values: any[], at: number }} Heard */

export class SocketIo {
  /** @type {any} */
  socket;
  /** @type {Heard[]} */
  heard = [];

  /**
   * @param {import('node:test').TestContext} context  whose end also ends the client
   * @param {string} url
   * @param {Record<string, unknown>} options
   * @param {Version} version
   */
  constructor(context, url, options = {}, version = '4.8.4') {
    assert.equal(load(`${VERSIONS[version]}/package.json`).version, version);
    const { io } = load(VERSIONS[version]);
    const socket = io(url, { ...SOON, ...options });
    this.socket = socket;
    const keep = (/** @type {string} */ name) => (/** @type {any[]} */ ...values) => void this.heard.push({ name, values, at: Date.now() });
    for (const name of ['connect', 'disconnect', 'connect_error']) socket.on(name, keep(name));
    socket.io.on('ping', keep('ping'));
    socket.onAny((/** @type {string} */ name, /** @type {any[]} */ ...values) => keep(name)(...values));
    context.after(() => socket.disconnect());
  }

  /** How the packets go: "polling" or "websocket". @returns {string} */
  get transport() {
    return this.socket.io.engine.transport.name;
  }

  /** The prices heard after position `from`. @returns {Record<string, any>[]} */
  prices(from = 0) {
    return this.heard.slice(from).filter(({ name }) => name === 'price_update').map(({ values }) => values[0]);
  }

  /** The newest price of each symbol. @returns {Map<string, number>} */
  get newest() {
    return new Map(this.prices().map(({ symbol, price }) => [symbol, price]));
  }

  /**
   * The first event of this name after position `from`.
   * @param {string} name
   * @param {number} from
   * @param {number} [patienceMs]
   */
  async until(name, from = 0, patienceMs) {
    await this.untilSo(name, () => this.heard.slice(from).some((one) => one.name === name), from, patienceMs);
    return /** @type {Heard} */ (this.heard.slice(from).find((one) => one.name === name));
  }

  /** A price of each symbol after position `from`. @param {string[]} symbols @param {number} from */
  async untilPrices(symbols, from = 0) {
    await this.untilSo(`a price of each of ${symbols}`, () => symbols.every((symbol) => this.prices(from).some((price) => price['symbol'] === symbol)), from);
  }

  /** @param {string} what @param {() => boolean} condition @param {number} from @param {number} [patienceMs] */
  async untilSo(what, condition, from = 0, patienceMs) {
    await eventually(() => `${what}; heard ${JSON.stringify(this.heard.slice(from)).slice(0, 2_000)}`, condition, patienceMs);
  }
}

/**
 * What the original's pages take for granted of a price: without both numbers they break.
 * @param {Record<string, any>[]} prices
 */
export function assertOriginal(prices) {
  for (const update of prices) {
    const text = JSON.stringify(update);
    assert.equal(typeof update['symbol'], 'string', text);
    assert.ok(Number.isFinite(update['price']) && update['price'] > 0, text);
    assert.ok(Number.isFinite(update['change']), text);
    assert.ok(!Number.isNaN(Date.parse(update['timestamp'])), text);
  }
}
