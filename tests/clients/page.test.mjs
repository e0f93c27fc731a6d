/**
 * Runs every code block of docs/clients.md, with the address of the test's server in it, until it
 * has printed what its heading promises.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { NODE_CLIENTS, PYTHON, PYTHON_PROGRAMS } from '../../scripts/lib/clients.mjs';
import { ROOT } from '../../scripts/lib/project.mjs';
import { Server, isReference } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

const PAGE = join(ROOT, 'docs', 'clients.md');
const PATH = [PYTHON_PROGRAMS, process.env['PATH']].join(delimiter);
/** Imports of a script are looked up from its folder. */
const SCRIPTS = join(NODE_CLIENTS, 'page');
/** The address that the page uses. */
const HOST = /127\.0\.0\.1:8787/g;

/** What each client prints, by the heading above it. @type {Record<string, RegExp>} */
const PROMISES = {
  'curl': /"symbol":"BTC\/USD","price":\d/,
  'pandas': /^mean +\d+\.\d+$/m,
  'EventSource': /^BTC\/USD \d+(\.\d+)?$/m,
  'curl as a stream': /^event: price_update$[^]*^data: .*"price":\d/m,
  'sseclient': /^\S+ \{.*"symbol": ?"BTC\/USD".*"price": ?\d/m,
  'socket.io-client': /^TSLA \d+(\.\d+)? -?\d/m,
  'python-socketio': /^TSLA \d+(\.\d+)? -?\d/m,
  'Python SDK': /^\d+\.\d+\n[^]*datetime[^]*^\d{4}-\d\d-\d\d \d\d:\d\d:00( +\d+\.\d+){4}/m,
  'Python SDK as a stream': /'event': 'price', 'symbol': 'AAPL'/,
  'Node SDK': /symbol: 'AAPL'[^]*^AAPL \d+(\.\d+)?$/m,
  'curl for Twelve Data\'s REST': /^\{"meta":\{"symbol":"AAPL".*"values":\[\{"datetime":"\d/,
  'websocat for Twelve Data\'s WebSocket': /^\{"event":"price","symbol":"AAPL",.*"price":\d/m,
  'websocat': /^\{"event":"price_update","symbol":"(BTC\/USD|AAPL)","price":\d/m,
  'websockets': /^BTC\/USD \d+(\.\d+)?$/m,
  'WebSocket in a browser or Node': /^BTC\/USD \d+(\.\d+)?$/m,
};
/** What the reference does not serve: the hub's own dialects. */
const HUB_ONLY = ['curl', 'pandas', 'websocat', 'websockets', 'WebSocket in a browser or Node'];

/** @typedef {{ heading: string, language: string, code: string }} Block */

/** @type {Block[]} */
const blocks = [];
let heading = '';
for (const [, its, language, code] of readFileSync(PAGE, 'utf8').matchAll(/^#+ (.*)$|^```(\w*)\n([^]*?)^```$/gm)) {
  heading = its ?? heading;
  if (code !== undefined) blocks.push({ heading, language: String(language), code });
}

/** @type {Server} */
let server;
before(async () => {
  server = await Server.start();
  mkdirSync(SCRIPTS, { recursive: true });
});
after(async () => {
  rmSync(SCRIPTS, { recursive: true, force: true });
  await server.stop();
});

/**
 * The command that runs a block.
 * @param {Block} block
 * @param {number} index
 * @returns {[string, string[]]}
 */
function commandOf({ heading, language, code }, index) {
  const here = code.replace(HOST, new URL(server.url).host);
  assert.notEqual(here, code, `${heading}: the address of the page`);
  switch (language) {
    case 'sh':
      return ['sh', ['-c', here]];
    case 'python':
      return [PYTHON, ['-u', '-c', here]];
    case 'js': {
      const file = join(SCRIPTS, `${index}.mjs`);
      writeFileSync(file, here);
      return [process.execPath, [file]];
    }
  }
  throw new Error(`a block in ${language} below "${heading}": nothing is known that runs it`);
}

/** The program that a shell's line needs and this machine does not have. @param {Block} block */
function missing({ language, code }) {
  const program = language === 'sh' && ['websocat', 'curl'].find((name) => code.includes(name));
  if (!program || spawnSync(program, ['--version'], { env: { ...process.env, PATH } }).status === 0) return false;
  return `there is no ${program} on this machine`;
}

test('every client of the page has lines to run, and every promise a client', () => {
  assert.deepEqual(blocks.map(({ heading }) => heading), Object.keys(PROMISES));
});

for (const [index, block] of blocks.entries()) {
  const skip = missing(block) || (isReference && HUB_ONLY.includes(block.heading) && 'only the hub serves this');
  test(`the page's lines for ${block.heading} run, and print a price`, { timeout: 60_000, skip }, async (context) => {
    const [command, args] = commandOf(block, index);
    const child = spawn(command, args, { detached: true, env: { ...process.env, PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => child.once('close', resolve));
    let [printed, complaints] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
    // Most clients run until they are ended, and a shell has children of its own.
    context.after(async () => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
      await ended;
    });
    const promise = PROMISES[block.heading] ?? /^/;
    let isOver = false;
    void ended.then(() => (isOver = true));
    await eventually(() => `${promise}; printed:\n${printed.slice(0, 2_000)}\n${complaints}`, () => isOver || promise.test(printed), 50_000);
    assert.match(printed, promise, complaints);
    if (isOver) assert.equal(child.exitCode, 0, complaints);
  });
}
