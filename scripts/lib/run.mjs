// Runs other programs. Their output goes to .tools/logs/<name>.log, long runs show signs of life,
// and a failure quotes the log's last lines. Each child leads its own process group, so that ending
// this script, by Ctrl-C or by a signal to it alone, also ends the compilers that cargo started.

import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { whenToldToEnd } from "./ending.mjs";
import { Failure } from "./failure.mjs";
import { LOGS, ROOT, onWindows } from "./project.mjs";

const TAIL_LINES = 20;
const SIGN_OF_LIFE_MS = 30_000;
const ANSI = /\x1b\[[0-9;?]*[A-Za-z]/g; // eslint-disable-line no-control-regex

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/** @param {import("node:child_process").ChildProcess} child @param {NodeJS.Signals} signal */
function killGroup(child, signal) {
  if (!child.pid) return;
  try {
    if (onWindows) spawnSync("taskkill", ["/pid", String(child.pid), "/t", "/f"]);
    else process.kill(-child.pid, signal);
  } catch {
    // It has already ended.
  }
}

function endWithChildren() {
  for (const child of running) killGroup(child, "SIGTERM");
  process.exit(130);
}

/** A duration for people to read. @param {number} ms */
export function duration(ms) {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/**
 * Announces a piece of work and reports how long it took.
 * @template T
 * @param {string} title
 * @param {() => T | Promise<T>} work
 */
export async function step(title, work) {
  console.log(`→ ${title}`);
  const begun = Date.now();
  const result = await work();
  console.log(`  ${title}: done in ${duration(Date.now() - begun)}`);
  return result;
}

/**
 * What a program prints; undefined if it is missing or fails.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function output(command, args, env = process.env) {
  const { status, stdout } = spawnSync(command, args, { cwd: ROOT, env, encoding: "utf8", windowsHide: true });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Runs a program to its end. If it fails, the Failure names the step, the command and the log.
 *
 * `show` passes the output on as it comes, to the terminal or to a function. `onLine` gets every
 * line without colours.
 *
 * @param {string} name of the step, and of its log
 * @param {string} command
 * @param {string[]} args
 * @param {{
 *   env?: NodeJS.ProcessEnv, cwd?: string, shell?: boolean,
 *   show?: boolean | ((text: string) => void),
 *   onLine?: (line: string) => void,
 *   timeoutMs?: number,
 * }} [options]
 * @returns {Promise<void>}
 */
export function run(name, command, args, options = {}) {
  const { env = process.env, cwd = ROOT, shell = false, show = false, onLine, timeoutMs } = options;
  whenToldToEnd(endWithChildren);
  mkdirSync(LOGS, { recursive: true });
  const log = join(LOGS, `${name.replaceAll(" ", "-")}.log`);
  const words = [command, ...args].map((word) => relativeToRoot(word)).join(" ");

  return new Promise((resolve, reject) => {
    const file = createWriteStream(log);
    file.write(`$ ${words}\n`);
    const child = spawn(command, args, { cwd, env, shell, detached: !onWindows, stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
    running.add(child);

    const begun = Date.now();
    /** @type {string[]} */
    const tail = [];
    const takeLine = (/** @type {string} */ raw) => {
      const line = raw.replace(ANSI, "").trimEnd();
      if (onLine) onLine(line);
      if (!line) return;
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
    };
    const flushers = [child.stdout, child.stderr].map((stream, i) => {
      let rest = "";
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        file.write(text);
        if (typeof show === "function") show(text);
        else if (show) (i === 0 ? process.stdout : process.stderr).write(text);
        const lines = (rest + text).split(/\r?\n/);
        rest = lines.pop() || "";
        lines.forEach(takeLine);
      });
      return () => takeLine(rest);
    });

    const alive = setInterval(() => {
      if (show !== true) console.log(`  … ${name}, ${duration(Date.now() - begun)}: ${(tail[tail.length - 1] || "no output yet").trim().slice(0, 80)}`);
    }, SIGN_OF_LIFE_MS);
    let timedOut = false;
    const limit = timeoutMs && setTimeout(() => {
      timedOut = true;
      killGroup(child, "SIGKILL");
    }, timeoutMs);

    const finish = (/** @type {string | undefined} */ problem) => {
      running.delete(child);
      clearInterval(alive);
      if (limit) clearTimeout(limit);
      flushers.forEach((flush) => flush());
      file.end();
      if (!problem) return resolve();
      const lastLines = show || tail.length === 0 ? "" : `\n  Its last lines:\n${tail.map((line) => `    ${line}`).join("\n")}`;
      reject(new Failure(`The step "${name}" failed: \`${words}\` ${problem}; the log is ${relativeToRoot(log)}.${lastLines}`));
    };
    child.on("error", (error) => finish(`could not be started (${/** @type {NodeJS.ErrnoException} */ (error).code})`));
    child.on("close", (code, signal) => {
      if (timedOut) finish(`was ended after ${duration(timeoutMs || 0)}`);
      else finish(code === 0 ? undefined : `ended with ${signal || `code ${code}`}`);
    });
  });
}

/** @param {string} path */
function relativeToRoot(path) {
  return path.startsWith(ROOT) ? relative(ROOT, path) || "." : path;
}
