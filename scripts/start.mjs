// `npm start`: sets up this checkout, builds page and worker, and serves them at
// http://127.0.0.1:8787. `npm start -- --port 9000` uses another port. All other arguments go to
// `wrangler dev` unchanged.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { whenToldToEnd } from "./lib/ending.mjs";
import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { WRANGLER, wranglerEnv, wranglersNode } from "./lib/node-packages.mjs";
import { buildPage } from "./lib/page.mjs";
import { DEFAULT_PORT, LOOPBACK, requireFree } from "./lib/ports.mjs";
import { ROOT } from "./lib/project.mjs";
import { requirePrograms, setUp } from "./lib/setup.mjs";
import { QUICK, buildWorker, folderOf } from "./lib/worker.mjs";

await main(async () => {
  const { port, rest } = asked(process.argv.slice(2));
  requirePrograms();
  await requireFree(port, LOOPBACK, "npm start");
  await setUp({ tests: false });
  await buildPage();
  await buildWorker(QUICK);
  await serve(port, rest);
});

/** Our port, and the arguments for wrangler. @param {string[]} args */
function asked(args) {
  const { tokens } = readArguments({ args, options: { port: { type: "string" } }, strict: false, tokens: true });
  let port = DEFAULT_PORT;
  const ours = new Set();
  for (const token of tokens) {
    if (token.kind !== "option" || token.name !== "port") continue;
    port = token.value ?? "";
    ours.add(token.index);
    if (!token.inlineValue) ours.add(token.index + 1);
  }
  return { port: wholeNumber("--port", port, { least: 1, most: 65535 }), rest: args.filter((_, i) => !ours.has(i)) };
}

/**
 * Runs `wrangler dev` until it ends or we are told to.
 * @param {number} port
 * @param {string[]} rest
 * @returns {Promise<void>}
 */
function serve(port, rest) {
  console.log(`→ wrangler dev on http://${LOOPBACK}:${port} (Ctrl-C ends it)`);
  const where = rest.some((word) => word === "--ip" || word.startsWith("--ip=")) ? [] : ["--ip", LOOPBACK];
  const args = [WRANGLER, "dev", join(folderOf(QUICK), "index.js"), ...where, "--port", String(port), ...rest];
  // The child stays in our process group, so that wrangler can use the terminal and Ctrl-C reaches
  // it directly.
  const child = spawn(wranglersNode(), args, { cwd: ROOT, env: { ...wranglerEnv(), HAMSTER_BUILD: QUICK.name }, stdio: "inherit" });
  let toldToEnd = false;
  whenToldToEnd((signal) => {
    // The terminal has already sent SIGINT to wrangler, which would take a second one as
    // impatience.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    toldToEnd = true;
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Failure(`wrangler could not be started: ${error.message}.`)));
    child.on("close", (code) => {
      if (code === 0 || toldToEnd) resolve();
      else reject(new Failure(`The step "wrangler dev" ended with code ${code}; its own words are above.`));
    });
  });
}
