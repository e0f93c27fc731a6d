// The peers of the benchmark. Only `npm run bench` installs them, into .tools/bench, and no service
// is installed or started. A peer that is unavailable on this machine is left out, with the reason.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { wranglersNode } from "./node-packages.mjs";
import { installLocked, installOnce } from "./on-demand.mjs";
import { ROOT, TOOLS } from "./project.mjs";
import { output, run, step } from "./run.mjs";

export const PEERS = join(TOOLS, "bench");
const SOURCES = join(ROOT, "tests", "bench", "peers");
const DEBIAN_PACKAGES = ["nginx", "libnginx-mod-nchan"];

/**
 * `asked` describes what must be installed; when it changes, the peer is installed again.
 * @typedef {{
 *   systems: string[], folder: string, asked: () => string,
 *   install: (folder: string) => Promise<void>,
 *   version: (folder: string) => string | undefined
 * }} Peer
 */

/** @type {Peer[]} */
const ALL = [
  {
    systems: ["flask"],
    folder: join(PEERS, "flask"),
    asked: () => readFileSync(join(SOURCES, "requirements.txt"), "utf8"),
    install: installFlask,
    version: flaskVersion,
  },
  {
    systems: ["socketio"],
    folder: join(PEERS, "npm"),
    asked: () => readFileSync(join(SOURCES, "package-lock.json"), "utf8"),
    install: installSocketIo,
    version: socketIoVersion,
  },
  {
    systems: ["nchan"],
    folder: join(PEERS, "nginx"),
    asked: () => DEBIAN_PACKAGES.join(" "),
    install: installNginx,
    version: nginxVersion,
  },
];

/**
 * Installs what these systems need and is missing. Without a list, installs all.
 * @param {string[] | undefined} systems
 */
export async function installPeers(systems) {
  for (const { systems: its, folder, asked, install } of ALL) {
    if (systems && !systems.some((name) => its.includes(name))) continue;
    try {
      await installOnce(folder, asked(), () => step(`${its.join(", ")} for the comparison`, () => install(folder)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      rmSync(folder, { recursive: true, force: true });
      console.log(`  ${its.join(", ")} will be skipped: ${error.message}`);
    }
  }
}

/** The version of each installed peer. @returns {Record<string, string>} */
export function peerVersions() {
  return Object.fromEntries(ALL.flatMap(({ systems, folder, version }) => {
    const found = existsSync(folder) ? version(folder) : undefined;
    return found ? [[systems.join(", "), found]] : [];
  }));
}

/** @param {string} folder */
async function installFlask(folder) {
  await run("bench flask venv", "python3", ["-m", "venv", folder]);
  const words = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", join(SOURCES, "requirements.txt")];
  await run("bench flask", join(folder, "bin", "python"), words);
}

/** @param {string} folder */
function flaskVersion(folder) {
  const names = ["Flask", "Flask-SocketIO", "gevent", "gunicorn"];
  const pinned = readFileSync(join(SOURCES, "requirements.txt"), "utf8").split("\n");
  const versions = names.map((name) => pinned.find((line) => line.startsWith(`${name}==`))?.replace("==", " "));
  return [output(join(folder, "bin", "python"), ["--version"]), ...versions].join(", ");
}

/** @param {string} folder */
async function installSocketIo(folder) {
  // bufferutil ships its compiled code, so no install script has to run.
  await installLocked("bench socketio", SOURCES, folder);
}

/** @param {string} folder */
function socketIoVersion(folder) {
  const { version } = JSON.parse(readFileSync(join(folder, "node_modules", "socket.io", "package.json"), "utf8"));
  return `socket.io ${version}, Node ${output(wranglersNode(), ["--version"])}`;
}

/**
 * Unpacks Debian's packages. Installing them would start a server on port 80.
 * @param {string} folder
 */
async function installNginx(folder) {
  if (output("dpkg", ["--version"]) === undefined) throw new Failure("nginx with nchan comes from Debian's packages, and this is no Debian.");
  await run("bench nginx", "apt-get", ["download", ...DEBIAN_PACKAGES], { cwd: folder });
  const packages = readdirSync(folder).filter((name) => name.endsWith(".deb"));
  // File names look like nginx_1.22.1-9_amd64.deb.
  const versions = packages.map((name) => decodeURIComponent(name).split("_").slice(0, 2).join(" "));
  writeFileSync(join(folder, "versions.txt"), versions.join(", "));
  for (const name of packages) {
    await run("bench nginx unpack", "dpkg", ["-x", join(folder, name), folder]);
    rmSync(join(folder, name));
  }
  try {
    // nginx with nchan creates its default folders, whatever its configuration says.
    mkdirSync("/var/lib/nginx", { recursive: true });
  } catch {
    throw new Failure("Debian's nginx with nchan wants a folder /var/lib/nginx, which only root can make.");
  }
  const nginx = join(folder, "usr", "sbin", "nginx");
  if (output(nginx, ["-v"]) === undefined) throw new Failure("Debian's nginx does not start here: a library that it needs is missing.");
}

/** @param {string} folder */
function nginxVersion(folder) {
  const versions = join(folder, "versions.txt");
  return existsSync(versions) ? readFileSync(versions, "utf8") : undefined;
}
