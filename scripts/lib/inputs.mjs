// Shared by the builds of the worker and of the page: each is rebuilt only when one of its inputs
// has changed, and only one build of a name runs at a time.

import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT, TOOLS } from "./project.mjs";

/** The folder of all build results. */
export const BUILD = join(ROOT, "build");

/**
 * A hash of these files, of all files in these folders, and of their names.
 * @param {string[]} inputs  paths relative to the project's root
 * @param {string} [setting]  what else the result depends on
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
 * Lets one build of a name run at a time. A lock whose owner has died is ignored.
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
    // The lock file is empty for a moment between its creation and the write of the owner's id.
    return owner === 0 || process.kill(owner, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH";
  }
}
