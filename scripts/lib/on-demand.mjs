// What only some commands need is installed when they ask for it, each in a folder of its own below
// .tools.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./node-packages.mjs";
import { run } from "./run.mjs";

/**
 * Installs into a folder, unless the same is there. A folder of something else, or of an attempt
 * that failed, is emptied before.
 * @param {string} folder
 * @param {string} asked  what must be installed, such as a lock file; kept with the installation
 * @param {() => Promise<void>} install
 */
export async function installOnce(folder, asked, install) {
  const stamp = join(folder, "installed-for");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === asked) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await install();
  writeFileSync(stamp, asked);
}

/**
 * The npm packages of a lock file. None of them needs a script to be run after the installation.
 * @param {string} name  of the step
 * @param {string} source  the folder with package.json and package-lock.json
 * @param {string} folder  gets node_modules
 * @param {number} [timeoutMs]
 */
export async function installLocked(name, source, folder, timeoutMs) {
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(source, file), join(folder, file));
  const { command, first, shell } = npm();
  await run(name, command, [...first, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, shell, timeoutMs });
}
