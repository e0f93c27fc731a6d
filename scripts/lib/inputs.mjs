// What the builds of the worker and of the page have in common: each is made again only when one of
// its inputs has changed, and never twice at a time.

import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT, TOOLS } from "./project.mjs";

/** Where everything that is built goes. */
export const BUILD = join(ROOT, "build");

/**
 * A hash of files, of all in the folders among them, and of their names.
 * @param {string[]} inputs  from the root of the project
 * @param {string} [setting]  what else decides on the result
 */
export function hashOf(inputs, setting = "") {
  const hash = createHash("sha256").update(setting);
  for (const file of inputs.flatMap((input) => filesIn(join(ROOT, input)))) {
    hash.update(`${relative(ROOT, file)}\n`).update(readFileSync(file)).update("\n");
  }
  return hash.digest("hex");
}

/** @param {string} path @returns {string[]} */
function filesIn(path) {
  try {
    return readdirSync(path).sort().flatMap((name) => filesIn(join(path, name)));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOTDIR") return [path];
    throw error;
  }
}

/**
 * Lets one build of a name run at a time; a lock whose owner has died counts for nothing.
 * @param {string} name  of what is built
 * @param {() => Promise<void>} work
 */
export async function withLock(name, work) {
  mkdirSync(TOOLS, { recursive: true });
  const lock = join(TOOLS, `${name}.lock`);
  let announced = false;
  while (!takeLock(lock)) {
    if (!announced) console.log(`Another build of the ${name} is running; waiting for it.`);
    announced = true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const release = () => rmSync(lock, { force: true });
  process.on("exit", release);
  try {
    await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

/** @param {string} lock @returns {boolean} */
function takeLock(lock) {
  try {
    const file = openSync(lock, "wx");
    writeFileSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch {
    if (ownerIsAlive(lock)) return false;
    rmSync(lock, { force: true });
    return takeLock(lock);
  }
}

/** @param {string} lock */
function ownerIsAlive(lock) {
  try {
    const owner = Number(readFileSync(lock, "utf8"));
    // Empty for the moment between creating the lock and signing it.
    return owner === 0 || process.kill(owner, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH";
  }
}
