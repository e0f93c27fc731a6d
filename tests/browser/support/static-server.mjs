/**
 * The built page on a port of 127.0.0.1, with the headers that public/_headers gives it. A service
 * worker fetches for itself, so what it does can be tested only with a server. A hub may answer its
 * REST routes.
 */
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { buildPage } from '../../../scripts/lib/page.mjs';
import { PUBLIC, headersOf, rulesOf, typeOf } from './deployed.mjs';

/** As in wrangler.toml: the worker answers these, and there is none. */
const WORKERS = /^\/(?:ws$|api\/|health$|metrics$)/;

export class StaticServer {
  /** The files by path, as built; a test may change them. @type {Map<string, Buffer>} */
  files;
  /** Whether requests are answered at all. If not, they are kept open. */
  answers = true;
  /** Answers `/api/`; null, and where the page asks for more: there is no hub. @type {(url: URL) => { status?: number, json?: unknown } | null} */
  api = () => null;
  /** Called before a path is answered. @type {(path: string) => Promise<void> | void} */
  delay = () => {};
  /** The paths that were asked for, in order. @type {string[]} */
  asked = [];
  /** Those of public/_headers; a test may add some. @type {import('./deployed.mjs').Rule[]} */
  rules;
  /** @type {import('node:http').Server | null} */
  #server = null;
  #port = 0;

  /** @param {Map<string, Buffer>} files */
  constructor(files) {
    this.files = files;
    this.rules = rulesOf(String(files.get('/_headers')));
  }

  /** A server of the page as it is built from the sources. */
  static async start() {
    await buildPage();
    const names = await readdir(PUBLIC, { recursive: true, withFileTypes: true });
    /** @type {Map<string, Buffer>} */
    const files = new Map();
    for (const entry of names.filter((entry) => entry.isFile())) {
      const inAssets = entry.parentPath.replace(/\/$/, '').endsWith('/assets');
      const path = `/${inAssets ? 'assets/' : ''}${entry.name}`;
      files.set(path, await readFile(new URL(`.${path}`, PUBLIC)));
    }
    const server = new StaticServer(files);
    await server.start();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, after the first time on the same port. */
  async start() {
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => resolve(undefined));
    });
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
  }

  /** Connections are refused from now on, and open ones are cut. */
  async stop() {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /**
   * Deploys another version: the script has other contents and another name, and the one before is
   * gone.
   * @returns {string} the name of the script that is gone
   */
  deploy() {
    const [, old = ''] = /src="(\/assets\/main-[^"]+)"/.exec(String(this.files.get('/index.html'))) ?? [];
    const next = old.replace(/-[^-]+\.js$/, `-NEXT${String(this.files.size).padStart(4, '0')}.js`);
    const script = this.files.get(old) ?? Buffer.alloc(0);
    this.files.delete(old);
    this.files.set(next, Buffer.concat([script, Buffer.from('\n;document.documentElement.dataset.next="";')]));
    for (const path of ['/index.html', '/sw.js']) {
      this.files.set(path, Buffer.from(String(this.files.get(path)).replaceAll(old, next).replace(/version:"\w{4}/, 'version:"next')));
    }
    return old;
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    const url = new URL(request.url ?? '/', this.url);
    const { pathname } = url;
    this.asked.push(pathname);
    if (!this.answers) return;
    await this.delay(pathname);
    if (WORKERS.test(pathname)) {
      const answer = pathname.startsWith('/api/') ? this.api(url) : null;
      return void response.writeHead(answer ? (answer.status ?? 200) : 503, { 'content-type': 'application/json' }).end(answer ? JSON.stringify(answer.json) : '');
    }
    const path = pathname === '/' ? '/index.html' : this.files.has(`${pathname}.html`) ? `${pathname}.html` : pathname;
    const body = path === '/_headers' ? undefined : this.files.get(path);
    const served = body ? path : '/404.html';
    response.writeHead(body ? 200 : 404, { ...headersOf(this.rules, pathname), 'content-type': typeOf(served) }).end(this.files.get(served));
  }
}
