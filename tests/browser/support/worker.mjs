/**
 * The built worker in `wrangler dev`, in its own process group so that it can be killed as a whole.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/ports.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');
const READY_MS = 120_000;

export class Worker {
  #port;
  #directory = mkdtempSync(join(tmpdir(), 'hamster-browser-'));
  /** @type {import('node:child_process').ChildProcess | null} */
  #process = null;

  /** @param {number} port */
  constructor(port) {
    this.#port = port;
  }

  /** A worker that answers, on a free port, with empty storage and the built-in simulator. */
  static async start() {
    const worker = new Worker(await freePort());
    await worker.start();
    return worker;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it, always on the same port and with the same storage, and waits until it answers. */
  async start() {
    const log = join(this.#directory, 'log.txt');
    const output = openSync(log, 'a');
    const child = spawn(
      join(BIN, 'wrangler'),
      [
        'dev', '--ip', '127.0.0.1', '--port', String(this.#port), '--inspector-port', '0',
        '--persist-to', join(this.#directory, 'state'), '--show-interactive-dev-session=false',
      ],
      { cwd: ROOT, env: this.#environment(), stdio: ['ignore', output, output], detached: true },
    );
    closeSync(output);
    this.#process = child;
    const deadline = Date.now() + READY_MS;
    while (!(await answers(`${this.url}/health`))) {
      if (child.exitCode !== null || Date.now() > deadline) {
        const said = readFileSync(log, 'utf8').slice(-4_000);
        await this.kill();
        throw new Error(`the worker did not come up:\n${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Kills all its processes at once, without a clean shutdown. */
  async kill() {
    const child = this.#process;
    this.#process = null;
    if (child?.pid === undefined) return;
    const ended = child.exitCode !== null || child.signalCode !== null ? null : new Promise((resolve) => child.once('exit', resolve));
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
    }
    await ended;
  }

  /** Kills it and removes its storage. */
  async remove() {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** No telemetry, no network lookups, no registry shared with other instances, no key. */
  #environment() {
    return {
      ...process.env,
      TWELVE_DATA_API_KEY: undefined,
      PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}`,
      WRANGLER_SEND_METRICS: 'false',
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      X_LOCAL_OBSERVABILITY: 'false',
      CLOUDFLARE_DEV_REGISTRY_PATH: join(this.#directory, 'registry'),
    };
  }
}

/** @param {string} url */
async function answers(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
