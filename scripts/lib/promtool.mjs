// promtool, Prometheus' own parser, with which the tests check /metrics: an installed one, else the
// program from Debian's package. The package itself is not installed, because that would start a
// server.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { aptDownload, mayInstall } from "./debian.mjs";
import { Failure } from "./failure.mjs";
import { TOOLS, firstExisting } from "./project.mjs";
import { run } from "./run.mjs";

const OURS = join(TOOLS, "bin", "promtool");

/** The path of a promtool, if there is one. */
export function promtoolPath() {
  const chosen = process.env.PROMTOOL_PATH;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Failure(`PROMTOOL_PATH names ${chosen}, which does not exist.`);
  }
  const folders = (process.env.PATH || "").split(delimiter);
  return firstExisting([OURS, ...folders.flatMap((folder) => [join(folder, "promtool"), join(folder, "promtool.exe")])]);
}

export async function installPromtool() {
  if (!mayInstall()) throw new Failure("The tests of /metrics need promtool: install Prometheus, or give promtool's path in PROMTOOL_PATH.");
  const scratch = mkdtempSync(join(tmpdir(), "hamster-promtool-"));
  try {
    await aptDownload("promtool", "prometheus", scratch);
    const [archive] = readdirSync(scratch);
    await run("promtool unpack", "dpkg-deb", ["--extract", join(scratch, archive || ""), join(scratch, "unpacked")]);
    mkdirSync(join(TOOLS, "bin"), { recursive: true });
    copyFileSync(join(scratch, "unpacked", "usr", "bin", "promtool"), OURS);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
