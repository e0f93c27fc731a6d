/**
 * A hub under attack: the built worker, a market that ticks ten times a second, a victim that
 * watches it, and hostile clients.
 */
import { fork } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Hub, eventually } from './hub.mjs';
import { Upstream } from './upstream.mjs';

/**
 * @typedef {Omit<import('./strangers.mjs').Attack, 'port'>} Attack
 * @typedef {import('./strangers.mjs').Got} Got
 * @typedef {import('./victim.mjs').Seen} Seen
 */

const VICTIM = fileURLToPath(new URL('victim.mjs', import.meta.url));
const STRANGERS = fileURLToPath(new URL('strangers.mjs', import.meta.url));
const TICK_MS = 100;

export class Siege {
  /** @type {Hub} */
  hub;
  #upstream;
  #began = Date.now();
  /** @type {NodeJS.Timeout | undefined} */
  #market;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #victim;

  /** @param {Upstream} upstream @param {Record<string, string>} vars */
  constructor(upstream, vars) {
    this.#upstream = upstream;
    this.hub = new Hub({
      ...upstream.vars,
      SYMBOLS: 'AAPL,MSFT',
      SYMBOL_LIMIT: '100',
      FALLBACK_MS: '600000',
      ...vars,
    });
  }

  /**
   * @param {Record<string, string>} vars
   * @param {{ symbols?: string[], tickMs?: number, key?: string }} [market]  with the victim's key, if it needs one
   */
  static async begin(vars = {}, { symbols = ['AAPL', 'MSFT'], tickMs = TICK_MS, key } = {}) {
    const siege = new Siege(await Upstream.start(), vars);
    siege.#market = setInterval(() => {
      for (const symbol of symbols) siege.#upstream.tick(symbol, Date.now() - siege.#began);
    }, tickMs);
    let url = await siege.hub.url();
    if (key !== undefined) {
      const issued = await fetch(new URL('/api/ticket', url.replace(/^ws/, 'http')), { method: 'POST', headers: { 'X-API-Key': key } });
      url += `?ticket=${(await issued.json()).ticket}`;
    }
    siege.#victim = fork(VICTIM, [url, String(siege.#began)]);
    await next(siege.#victim, 'hears');
    return siege;
  }

  async end() {
    clearInterval(this.#market);
    this.#victim?.disconnect();
    await this.hub.stop();
    await this.#upstream.stop();
  }

  /** Resets the victim's counts. */
  forget() {
    this.#victim?.send('forget');
  }

  /** What the victim has seen since the reset. @returns {Promise<Seen>} */
  async seen() {
    if (!this.#victim) throw new Error('no victim');
    const answer = next(this.#victim, 'longestGap');
    this.#victim.send('seen');
    return answer;
  }

  /** The runtime's resident memory in megabytes; NaN without /proc. */
  memory() {
    return Math.round(resident(process.pid) / 1024);
  }

  /**
   * Runs hostile clients until their time is up. `during` is called while they are still connected.
   * @param {Attack} attack
   * @param {() => Promise<void>} [during]
   * @returns {Promise<{ got: Got, seen: Seen, memory: { before: number, most: number } }>}
   */
  async attack(attack, during) {
    const { port } = new URL(await this.hub.url());
    const memory = { before: this.memory(), most: 0 };
    this.forget();
    const strangers = fork(STRANGERS, [JSON.stringify({ ...attack, port: Number(port) })]);
    const watch = setInterval(() => (memory.most = Math.max(memory.most, this.memory())), 250);
    try {
      await next(strangers, 'over', attack.ms + 60_000);
      const seen = await this.seen();
      await during?.();
      const answer = next(strangers, 'statuses');
      strangers.send('end');
      return { got: await answer, seen, memory };
    } finally {
      clearInterval(watch);
      strangers.kill('SIGKILL');
    }
  }
}

export { eventually };

/**
 * The next message of a process that has this field.
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} field
 * @returns {Promise<any>}
 */
function next(child, field, ms = 60_000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => over(() => reject(new Error(`waited in vain for ${field}`))), ms);
    const hear = (/** @type {any} */ message) => {
      if (field in message) over(() => resolve(message));
    };
    const gone = () => over(() => reject(new Error(`a process ended before it said ${field}`)));
    /** @param {() => void} then */
    function over(then) {
      clearTimeout(timer);
      child.off('message', hear).off('exit', gone);
      then();
    }
    child.on('message', hear).on('exit', gone);
  });
}

/**
 * The resident kilobytes of the workerds below a process.
 * @param {number} parent
 * @returns {number}
 */
function resident(parent) {
  let sum = 0;
  try {
    for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const status = attempt(() => readFileSync(`/proc/${entry}/status`, 'utf8')) ?? '';
      const field = (/** @type {string} */ name) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
      if (Number(field('PPid')) !== parent) continue;
      if (field('Name').startsWith('workerd')) sum += Number(field('VmRSS'));
    }
  } catch {
    return NaN;
  }
  return sum;
}

/** A process may end while it is inspected. @template T @param {() => T} work */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}
