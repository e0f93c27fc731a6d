// Installs Debian packages on machines where a tool is missing and we may install it.

import { existsSync } from "node:fs";
import { run, output } from "./run.mjs";

/**
 * The words that run a command as root; undefined if this is not Debian or we may not become root.
 */
function asRoot() {
  if (!existsSync("/etc/debian_version") || output("apt-get", ["--version"]) === undefined) return undefined;
  if (process.getuid && process.getuid() === 0) return [];
  return output("sudo", ["-n", "true"]) === undefined ? undefined : ["sudo", "-n"];
}

export function mayInstall() {
  return asRoot() !== undefined;
}

/**
 * Installs packages. Call it only when `mayInstall()`.
 * @param {string} name of the step
 * @param {string[]} packages
 */
export async function aptInstall(name, packages) {
  await aptGet(`${name} apt lists`, ["update"]);
  await aptGet(`${name} apt install`, ["install", "-y", "--no-install-recommends", ...packages]);
}

/**
 * Downloads a package's archive into a folder and installs nothing. Call it only when
 * `mayInstall()`.
 * @param {string} name of the step
 * @param {string} wanted
 * @param {string} folder
 */
export async function aptDownload(name, wanted, folder) {
  await aptGet(`${name} apt lists`, ["update"]);
  // Downloading needs no root.
  await run(`${name} apt download`, "apt-get", ["download", wanted], { cwd: folder });
}

/** @param {string} name @param {string[]} words */
function aptGet(name, words) {
  const [command = "apt-get", ...args] = [...(asRoot() || []), "apt-get", ...words];
  return run(name, command, args, { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
}
