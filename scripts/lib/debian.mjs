// Debian's packages, for machines where a tool is missing and may be installed by us.

import { existsSync } from "node:fs";
import { run, output } from "./run.mjs";

/** The words that make a command run as root, or undefined when this is not a Debian on which we may. */
function asRoot() {
  if (!existsSync("/etc/debian_version") || output("apt-get", ["--version"]) === undefined) return undefined;
  if (process.getuid && process.getuid() === 0) return [];
  return output("sudo", ["-n", "true"]) === undefined ? undefined : ["sudo", "-n"];
}

export function mayInstall() {
  return asRoot() !== undefined;
}

/** Installs packages; call it only when `mayInstall()`. @param {string} name of the step @param {string[]} packages */
export async function aptInstall(name, packages) {
  await aptGet(`${name} apt lists`, ["update"]);
  await aptGet(`${name} apt install`, ["install", "-y", "--no-install-recommends", ...packages]);
}

/** Puts a package's archive into a folder and installs nothing; call it only when `mayInstall()`. @param {string} name of the step @param {string} wanted @param {string} folder */
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
