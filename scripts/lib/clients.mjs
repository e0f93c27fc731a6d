// The clients that others wrote, which the client tests run against the hub: npm packages and a
// virtual environment of Python, in folders of their own below .tools/clients.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, mayInstall } from "./debian.mjs";
import { Failure } from "./failure.mjs";
import { installLocked, installOnce } from "./on-demand.mjs";
import { ROOT, TOOLS, onWindows } from "./project.mjs";
import { output, run, step } from "./run.mjs";

const SOURCE = join(ROOT, "tests", "clients");
const REQUIREMENTS = join(SOURCE, "requirements.txt");
/** The folder that gets node_modules. */
export const NODE_CLIENTS = join(TOOLS, "clients", "npm");
const PYTHON_CLIENTS = join(TOOLS, "clients", "python");
/** The programs that came with the Python packages, and their Python. */
export const PYTHON_PROGRAMS = join(PYTHON_CLIENTS, onWindows ? "Scripts" : "bin");
export const PYTHON = join(PYTHON_PROGRAMS, onWindows ? "python.exe" : "python");
const LIMIT_MS = 10 * 60_000;
/** The oldest Python for which the pinned pandas is published. */
const OLDEST_PYTHON = "3.11";
/** Fails where Python is too old, and where Debian has not installed its `venv`. */
const IS_FIT = `import sys, ensurepip, venv; sys.exit(sys.version_info < (${OLDEST_PYTHON.replace(".", ", ")}))`;

/** Installs what the client tests need, unless it is there. */
export async function installClients() {
  const lock = readFileSync(join(SOURCE, "package-lock.json"), "utf8");
  await installOnce(NODE_CLIENTS, lock, () => step("clients from npm", () => installLocked("clients npm", SOURCE, NODE_CLIENTS, LIMIT_MS)));
  const python = pythonPath() || (await installPython());
  const requirements = readFileSync(REQUIREMENTS, "utf8");
  const asked = `${python} ${output(python, ["--version"])}\n${requirements}`;
  await installOnce(PYTHON_CLIENTS, asked, () => step("clients from PyPI (about 200 MB)", () => installRequirements(python)));
}

/** A Python that is new enough and can make virtual environments, if there is one. */
function pythonPath() {
  const chosen = process.env.PYTHON_PATH;
  if (chosen) {
    if (isFit(chosen)) return chosen;
    throw new Failure(`PYTHON_PATH names ${chosen}, which is not a Python ${OLDEST_PYTHON} or newer with venv.`);
  }
  return [onWindows ? "python" : "python3", "/usr/bin/python3"].find(isFit);
}

/** @param {string} python */
const isFit = (python) => output(python, ["-c", IS_FIT]) !== undefined;

async function installPython() {
  const missing = `The client tests need Python ${OLDEST_PYTHON} or newer with venv: install it, or give its path in PYTHON_PATH.`;
  if (!mayInstall()) throw new Failure(missing);
  await step("Python from Debian's packages", () => aptInstall("python", ["python3", "python3-venv"]));
  const python = pythonPath();
  if (!python) throw new Failure(missing);
  return python;
}

/** @param {string} python */
async function installRequirements(python) {
  await run("clients venv", python, ["-m", "venv", PYTHON_CLIENTS]);
  // Wheels only: nothing is compiled, and no package runs code of its own while it is installed.
  const words = ["-m", "pip", "install", "--only-binary=:all:", "--no-deps", "--disable-pip-version-check", "--no-input", "-r", REQUIREMENTS];
  await run("clients PyPI", PYTHON, words, { timeoutMs: LIMIT_MS });
  await run("clients PyPI check", PYTHON, ["-m", "pip", "check"]);
}
