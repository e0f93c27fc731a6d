// `npm run serve`: hosts the terminal on this machine, without Cloudflare. It runs the Worker
// that would be deployed on workerd alone: no development proxy, no inspector, no explorer. Storage
// is in a folder, and the cron trigger comes from here. docs/deploy.md says what to put in front.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { whenToldToEnd } from "./lib/ending.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { buildPage } from "./lib/page.mjs";
import { DEFAULT_PORT, LOOPBACK, requireFree } from "./lib/ports.mjs";
import { ROOT } from "./lib/project.mjs";
import { setUp } from "./lib/setup.mjs";
import { RELEASE, buildWorker, folderOf } from "./lib/worker.mjs";
import { workerdConfig } from "./lib/workerd-config.mjs";

const USAGE = "[--host ADDRESS] [--port N] [--data FOLDER] [--settings FILE]";
const KEY = "TWELVE_DATA_API_KEY";
/** The file of settings that `wrangler dev` reads, too. */
const DEFAULT_SETTINGS = ".dev.vars";
/** The socket in the storage's folder over which we trigger the cron trigger. */
const CLOCK_SOCKET = "clock.sock";
const CRON_MS = 60_000;
/** How long requests under way may take when told to end. */
const GRACE_MS = 5_000;

await main(async () => {
  const { values } = readArguments({ options: { host: { type: "string" }, port: { type: "string" }, data: { type: "string" }, settings: { type: "string" } } }, USAGE);
  const host = values.host ?? LOOPBACK;
  const port = wholeNumber("--port", values.port ?? DEFAULT_PORT, { least: 1, most: 65535 });
  const data = resolve(values.data ?? join(ROOT, "data"));
  const settings = read(values.settings);
  await requireFree(port, host, "npm run serve");
  await setUp({ tests: false });
  await buildPage();
  await buildWorker(RELEASE);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  await requireUnused(join(data, CLOCK_SOCKET));
  await serve({ host, port, data, settings });
});

/**
 * The operator's settings: those of the file, and the key from the environment if it is there.
 * @param {string | undefined} file
 */
function read(file) {
  const path = resolve(file ?? join(ROOT, DEFAULT_SETTINGS));
  /** @type {Record<string, string>} */
  let settings = {};
  if (existsSync(path)) {
    // Windows has no such modes.
    const others = process.platform === "win32" ? 0 : statSync(path).mode & 0o077;
    if (others) throw new Failure(`Others than you may read ${path}, which holds the key: run \`chmod 600 ${path}\`.`);
    settings = /** @type {Record<string, string>} */ (parseEnv(readFileSync(path, "utf8")));
  } else if (file) {
    throw new Failure(`There is no file ${path}.`);
  }
  return process.env[KEY] ? { ...settings, [KEY]: process.env[KEY] } : settings;
}

/**
 * Fails if another terminal uses the folder of this socket. One that was killed leaves the socket.
 * @param {string} path
 * @returns {Promise<void>}
 */
function requireUnused(path) {
  return new Promise((resolve, reject) => {
    const probe = connect(path, () => {
      probe.destroy();
      reject(new Failure(`Another terminal uses ${dirname(path)}: end it, or choose another folder with \`npm run serve -- --data FOLDER\`.`));
    });
    probe.on("error", () => {
      rmSync(path, { force: true });
      resolve();
    });
  });
}

/**
 * Runs workerd until it ends or we are told to.
 * @param {{ host: string, port: number, data: string, settings: Record<string, string> }} options
 * @returns {Promise<void>}
 */
async function serve({ host, port, data, settings }) {
  const config = await workerdConfig({ build: folderOf(RELEASE), data, settings: Object.keys(settings) });
  // The package exports the path of its program.
  const { default: workerd } = createRequire(import.meta.url)("workerd");
  const at = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const clock = join(data, CLOCK_SOCKET);
  const words = ["serve", "--binary", "--experimental", `--socket-addr=http=${at}`, `--socket-addr=clock=unix:${clock}`, "-"];
  // Of our environment only the settings reach it.
  const child = spawn(workerd, words, { env: settings, stdio: ["pipe", "inherit", "inherit"] });
  child.stdin?.end(config);
  console.log(`→ the terminal is at http://${at}, its storage in ${data} (Ctrl-C ends it)`);
  const cron = setInterval(() => poke(clock), CRON_MS);
  let toldToEnd = false;
  whenToldToEnd(() => {
    toldToEnd = true;
    child.kill("SIGTERM");
    // Clients' WebSockets do not end by themselves.
    setTimeout(() => child.kill("SIGKILL"), GRACE_MS).unref();
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Failure(`workerd could not be started: ${error.message}.`)));
    child.on("close", (code, signal) => {
      clearInterval(cron);
      if (toldToEnd) resolve();
      else reject(new Failure(`workerd ended by itself (${signal ?? `code ${code}`}); its own words are above.`));
    });
  });
}

/** Triggers the cron trigger. @param {string} socketPath */
function poke(socketPath) {
  const complain = (/** @type {unknown} */ why) => console.error(`The cron trigger failed: ${why}.`);
  const asked = request({ socketPath, path: "/", timeout: CRON_MS / 2 }, (response) => {
    if (response.statusCode !== 200) complain(`HTTP ${response.statusCode}`);
    response.resume();
  });
  asked.on("timeout", () => asked.destroy(new Error("no answer")));
  asked.on("error", ({ message }) => complain(message));
  asked.end();
}
