// `npm run audit`: holds what the lock files name against deny.toml and against the databases of
// known vulnerabilities. It needs a network; `npm test` does the part that needs none. A database
// that cannot be reached is told at the end, and is a failure only with `--strict`.

import { spawnSync } from "node:child_process";
import { readArguments } from "./lib/arguments.mjs";
import { cargoDeny } from "./lib/cargo-deny.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { readCargoLocks, readNpmLocks } from "./lib/lock-files.mjs";
import { npm } from "./lib/node-packages.mjs";
import { offlineProblems } from "./lib/offline-audit.mjs";
import { ROOT } from "./lib/project.mjs";
import { requireRust } from "./lib/rust-tools.mjs";
import { denyVerdict, npmVerdict } from "./lib/verdicts.mjs";

/** A server that does not answer must not hold up CI. */
const LIMIT_MS = 5 * 60_000;

/** @type {string[]} */
const problems = [];
/** @type {Set<string>} */
const unreached = new Set();

await main(async () => {
  const { values } = readArguments({ options: { strict: { type: "boolean", default: false } } }, "[--strict]");
  requireRust();
  const deny = await cargoDeny().catch(notInstalled);
  for (const { file } of deny ? readCargoLocks() : []) auditCrates(String(deny), file);
  for (const { file, folder } of readNpmLocks()) auditPackages(file, folder);
  // After cargo-deny, which makes cargo download every crate.
  tell("lock files and deny.toml", { problems: offlineProblems() });
  for (const sentence of unreached) console.log(`Not checked: ${sentence}.`);
  const strictly = values.strict ? [...unreached] : [];
  const wrong = problems.length + strictly.length;
  if (wrong > 0) throw new Failure(`The audit found ${wrong === 1 ? "one problem" : `${wrong} problems`}, listed above.`);
});

/** Without cargo-deny the audit fails, but does what else it can. @param {unknown} error */
function notInstalled(error) {
  if (!(error instanceof Failure)) throw error;
  tell("cargo-deny", { problems: [error.message] });
}

/**
 * @param {string} what
 * @param {import("./lib/verdicts.mjs").Verdict} verdict
 * @param {string} [details]  printed if there are problems
 */
function tell(what, verdict, details = "") {
  const outcome = verdict.unreached ? "not checked" : verdict.problems.length > 0 ? "FAILED" : "ok";
  console.log(`${outcome.padEnd(11)}  ${what}`);
  if (verdict.problems.length > 0) console.log([...verdict.problems.map((sentence) => `  ${sentence}`), details].join("\n").trimEnd());
  problems.push(...verdict.problems);
}

/** @param {string} deny @param {string} lock */
function auditCrates(deny, lock) {
  const manifest = lock.replace(/lock$/, "toml");
  const words = ["--manifest-path", manifest, "--workspace", "--locked", "--color", "never", "--config", "deny.toml", "check", "--hide-inclusion-graph"];
  // A skip that only the other workspace needs is no news.
  const quiet = ["--allow", "unmatched-skip", "--allow", "unnecessary-skip", "--allow", "license-exception-not-encountered"];
  for (const checks of [["licenses", "bans", "sources"], ["advisories"]]) {
    const { status, stderr, error } = spawnSync(deny, [...words, ...quiet, ...checks], { cwd: ROOT, encoding: "utf8", timeout: LIMIT_MS, maxBuffer: 2 ** 28 });
    const verdict = denyVerdict(status, `${stderr ?? ""}${error ? error.message : ""}`);
    if (verdict.unreached) unreached.add(`known vulnerabilities of crates, because ${verdict.unreached}`);
    tell(`${lock}: ${checks.join(", ")}`, verdict, (stderr ?? "").includes("error[") ? stderr : "");
  }
}

/** @param {string} lock @param {string} folder */
function auditPackages(lock, folder) {
  const { command, first, shell } = npm();
  const words = [...first, "audit", "--json", "--package-lock-only", "--include=dev", "--include=optional"];
  const { stdout } = spawnSync(command, words, { cwd: folder, shell, encoding: "utf8", timeout: LIMIT_MS, maxBuffer: 2 ** 28 });
  const verdict = npmVerdict(stdout ?? "");
  if (verdict.unreached) unreached.add(`known vulnerabilities of npm packages, because ${verdict.unreached}`);
  tell(`${lock}: advisories`, verdict);
}
