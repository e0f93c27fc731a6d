/**
 * The clients that others wrote: npm packages by name, and Python scripts as children that print
 * JSON lines.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NODE_CLIENTS, PYTHON } from '../../../scripts/lib/clients.mjs';
import { eventually } from './wait.mjs';

/** @typedef {Record<string, any>} Event */

if (!existsSync(PYTHON)) throw new Error('the clients are not installed: run `npm run setup -- --tests`');

/** Loads a package of tests/clients/package.json. @type {(name: string) => any} */
export const load = createRequire(join(NODE_CLIENTS, 'package.json'));

/** A script of tests/clients/python. It prints JSON lines, and reads JSON lines as commands. */
export class Script {
  #child;
  #complaints = '';
  #ended;
  /** What it printed. @type {Event[]} */
  heard = [];

  /**
   * @param {import('node:test').TestContext} context  whose end also ends the script
   * @param {string} name
   * @param {string[]} args
   */
  constructor(context, name, ...args) {
    const path = fileURLToPath(new URL(`../python/${name}.py`, import.meta.url));
    this.#child = spawn(PYTHON, ['-B', path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.heard.push(JSON.parse(line)));
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#complaints += text));
    // A script that has failed reads no more; its traceback tells why.
    this.#child.stdin.on('error', () => {});
    context.after(async () => {
      this.#child.kill('SIGKILL');
      await this.#ended;
    });
  }

  /** @param {Event} command */
  say(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /**
   * The first wanted line after position `from`.
   * @param {string} what
   * @param {(event: Event) => boolean} wanted
   * @param {number} from
   * @returns {Promise<Event>}
   */
  async until(what, wanted, from = 0) {
    const find = () => this.heard.slice(from).find(wanted);
    await eventually(
      () => `${what}\nheard: ${JSON.stringify(this.heard.slice(from)).slice(0, 2_000)}\n${this.#complaints}`,
      () => find() !== undefined || (this.#child.exitCode !== null && this.#child.exitCode !== 0),
    );
    const found = find();
    if (!found) throw new Error(`the script ended before this came: ${what}\n${this.#complaints}`);
    return found;
  }

  /** Waits for its end, and returns what it printed. */
  async end() {
    const code = await this.#ended;
    if (code !== 0) throw new Error(`the script ended with code ${code}:\n${this.#complaints}`);
    return this.heard;
  }
}
