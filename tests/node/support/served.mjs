/**
 * `npm run serve` without npm: the Worker on workerd alone, in a process group of its own, so that
 * a signal to the group reaches workerd too, as one of systemd does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, eventually } from './hub.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** It sets up and builds first, and others start beside it. */
const READY_WITHIN_MS = 90_000;

/** Those that run. None outlives us. @type {Set<Served>} */
const running = new Set();
process.on('exit', () => {
  for (const served of running) served.signal('SIGKILL');
});

export class Served {
  output = '';
  /** @type {string} */
  url;

  /** @param {number} port @param {string[]} args */
  constructor(port, args) {
    this.url = `http://127.0.0.1:${port}`;
    this.process = spawn(process.execPath, ['scripts/serve.mjs', '--port', String(port), ...args], { cwd: ROOT, detached: true, env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } });
    running.add(this);
    this.process.on('exit', () => running.delete(this));
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (text) => (this.output += text));
  }

  /** Resolves when it answers. */
  async ready() {
    await eventually('an answer', async () => {
      if (this.hasEnded) throw new Error(`it ended: ${this.output}`);
      const answered = await fetch(`${this.url}/health`).catch(() => undefined);
      return answered?.status === 200;
    }, READY_WITHIN_MS);
    return this;
  }

  get hasEnded() {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** The exit code. @param {NodeJS.Signals} signal */
  async end(signal) {
    if (this.hasEnded) return this.process.exitCode;
    // workerd has its pipes too, and its port until it is gone.
    const ended = once(this.process, 'close');
    if (signal === 'SIGKILL') this.signal(signal);
    else this.process.kill(signal);
    await ended;
    return this.process.exitCode;
  }

  /** Signals the whole group. @param {NodeJS.Signals} signal */
  signal(signal) {
    process.kill(-Number(this.process.pid), signal);
  }

  /** @param {string} path @returns {Promise<any>} */
  async json(path) {
    return (await fetch(this.url + path)).json();
  }

  /** The address for WebSocket clients. */
  get socketUrl() {
    return `${this.url.replace('http', 'ws')}/ws`;
  }

  async connect() {
    const client = new Client(new WebSocket(this.socketUrl));
    await client.until('connected', ({ event }) => event === 'connected');
    return client;
  }
}

/** Writes vars as a file that `--settings` takes. @param {string} path @param {Record<string, string>} vars */
export function writeSettings(path, vars) {
  const lines = Object.entries(vars).map(([name, value]) => `${name}="${value}"`);
  writeFileSync(path, lines.join('\n'), { mode: 0o600 });
}
