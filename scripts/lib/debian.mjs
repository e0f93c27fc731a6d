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
  const prefix = asRoot() || [];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const [suffix, words] of /** @type {const} */ ([
    ["lists", ["update"]],
    ["install", ["install", "-y", "--no-install-recommends", ...packages]],
  ])) {
    const [command, ...args] = [...prefix, "apt-get", ...words];
    await run(`${name} apt ${suffix}`, command, args, { env });
  }
}
