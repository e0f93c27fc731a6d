// What the outside tools of `npm run audit` found: nothing, something, or that they could not ask.

/**
 * `problems` are sentences. `unreached` says why nothing was asked.
 * @typedef {{ problems: string[], unreached?: string }} Verdict
 */

/** A vulnerability that is at least this bad fails the audit. */
const BAD = ["high", "critical"];

/**
 * @param {string} json  of `npm audit --json`
 * @returns {Verdict}
 */
export function npmVerdict(json) {
  /** @type {any} */
  let report;
  try {
    report = JSON.parse(json);
  } catch {
    return { problems: [], unreached: "npm gave no report" };
  }
  if (!report.vulnerabilities) {
    // npm's own sentence names the registry's address.
    const answer = report.statusCode ? /^[^-]+/.exec(report.message ?? "")?.[0].trim() : undefined;
    return { problems: [], unreached: answer ? `the registry answered "${answer}"` : "the registry could not be reached" };
  }
  const found = Object.entries(report.vulnerabilities).filter(([, { severity }]) => BAD.includes(severity));
  return { problems: found.map(([name, { severity, range }]) => `${name} ${range} has a known vulnerability, ${severity}.`) };
}

/**
 * @param {number | null} status  with which `cargo deny check` ended
 * @param {string} said  by it
 * @returns {Verdict}
 */
export function denyVerdict(status, said) {
  if (status === 0) return { problems: [] };
  // A finding is a diagnostic; whatever else ends the program kept it from looking.
  const found = [...said.matchAll(/^error\[[\w-]+\]: .+$/gm)].map(([line]) => `${line}.`);
  if (found.length > 0) return { problems: found };
  if (/cannot update the lock file/.test(said)) return { problems: ["The lock file is out of date: run `cargo update --workspace` with --manifest-path of the folder's Cargo.toml."] };
  if (/advisory database/.test(said)) return { problems: [], unreached: "RustSec's database could not be fetched" };
  return { problems: [`cargo-deny ended with ${status ?? "a signal"}: ${said.trim().split("\n").at(-1) ?? ""}`] };
}
