// What comes from npm: the packages of the lock file. Among them is the Node that wrangler needs
// (22 or newer), so a machine with Node 20 needs nothing else.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { NODE_BIN, ROOT, atLeast, firstExisting, onWindows, pathWith } from "./project.mjs";
import { output, run } from "./run.mjs";

const OLDEST_NODE = "20.0.0";
const WRANGLERS_NODE = "22.0.0";

export function requireNode() {
  const { node } = process.versions;
  if (!atLeast(node, OLDEST_NODE)) {
    throw new Failure(`Node ${node} is too old: install Node 20 or newer and run this again.`);
  }
}

/**
 * The command that runs npm and its first arguments: npm's own script when npm started us, else the
 * npm on PATH.
 */
export function npm() {
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.[cm]?js$/.test(script)) return { command: process.execPath, first: [script], shell: false };
  return { command: "npm", first: [], shell: onWindows };
}

export function requireNpm() {
  if (process.env.npm_execpath || output("npm", ["--version"]) || onWindows) return;
  throw new Failure("npm is missing: install it (it comes with Node) and run this again.");
}

/**
 * Whether node_modules matches package-lock.json. npm writes the list that is compared when an
 * install has succeeded. Optional packages of other platforms may be absent.
 */
export function packagesMatchLock() {
  try {
    const wanted = readLock("package-lock.json");
    const present = readLock("node_modules/.package-lock.json");
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === "") return true;
      const found = present[path];
      return found ? found.version === entry.version : entry.optional === true;
    });
  } catch {
    return false;
  }
}

/** @param {string} path @returns {Record<string, { version?: string, optional?: boolean }>} */
function readLock(path) {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")).packages;
}

export async function installPackages() {
  const { command, first, shell } = npm();
  // Explicit, because NODE_ENV=production or a user's `omit` setting would leave them out.
  const everything = ["--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  await run("npm packages", command, [...first, "ci", ...everything], { shell });
}

/**
 * The Node that runs wrangler and the tests: the locked package's, else the current one if it is
 * new enough.
 */
export function wranglersNode() {
  const file = onWindows ? "node.exe" : "node";
  const packages = [`node-${onWindows ? "win" : process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`];
  const locked = firstExisting(packages.map((name) => join(ROOT, "node_modules", name, "bin", file)));
  if (locked) return locked;
  if (atLeast(process.versions.node, WRANGLERS_NODE)) return process.execPath;
  throw new Failure(`Wrangler needs Node 22, and npm has no package of it for ${process.platform} ${process.arch}: install Node 22 or newer.`);
}

/**
 * The environment of wrangler and of everything that starts it. Node 22 and node_modules/.bin come
 * first on PATH. Everything that needs a network is off: telemetry, the lookup of request.cf, the
 * local trace collector (which also costs most of a local WebSocket's throughput), and the registry
 * of workers shared with other checkouts.
 */
export function wranglerEnv() {
  return {
    ...process.env,
    PATH: pathWith(NODE_BIN),
    WRANGLER_SEND_METRICS: "false",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    X_LOCAL_OBSERVABILITY: "false",
    CLOUDFLARE_DEV_REGISTRY_PATH: process.env.CLOUDFLARE_DEV_REGISTRY_PATH || join(ROOT, ".wrangler", "registry"),
  };
}

/** Wrangler's script. Run it with `wranglersNode()`. */
export const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
