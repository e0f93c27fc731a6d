// What may be depended on: the rules of deny.toml, held against the lock files and against what
// cargo says of the crates on this machine. Nothing here needs a network. cargo-deny, which
// `npm run audit` runs, knows more: advisories, and the licences of crates for other platforms.
//
// Each check returns sentences, one for each thing that is wrong.

import { chosenLicences } from "./spdx.mjs";

/** How Cargo names crates.io in lock files, wherever it downloads from. */
const CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index";

/**
 * `exceptions` are licences that are allowed for one crate alone. `skips` are versions that may be
 * there beside another one.
 * @typedef {{
 *   licences: string[], exceptions: Map<string, string[]>,
 *   bans: { crate: string, reason?: string }[],
 *   skips: { crate: string, reason?: string }[],
 * }} Policy
 * @typedef {{
 *   name: string, version: string, source?: string, checksum?: string, dependencies?: string[],
 * }} Locked
 */

/**
 * The rules of deny.toml, whose fields are those of cargo-deny.
 * @param {any} file  parsed
 * @returns {Policy}
 */
export function policyOf({ licenses, bans }) {
  return {
    licences: licenses.allow,
    exceptions: new Map((licenses.exceptions ?? []).map((/** @type {any} */ { crate, allow }) => [crate, allow])),
    bans: bans.deny ?? [],
    skips: bans.skip ?? [],
  };
}

/**
 * Crates that are not from crates.io, or whose content no checksum fixes.
 * @param {Locked[]} packages  of one lock file
 * @param {readonly string[]} ours  the names of this project's crates
 */
export function sourceProblems(packages, ours) {
  return packages.flatMap(({ name, version, source, checksum }) => {
    if (source === undefined) return ours.includes(name) ? [] : [`${name} ${version} is from a folder outside of this project.`];
    if (source !== CRATES_IO) return [`${name} ${version} is from ${source}, not from crates.io.`];
    return /^[0-9a-f]{64}$/.test(checksum ?? "") ? [] : [`${name} ${version} has no checksum.`];
  });
}

/**
 * Dependencies of our crates that a lock file does not know yet. tests/fuzz has a lock file of its
 * own, which nothing else in `npm test` reads.
 * @param {Locked[]} packages
 * @param {{ name: string, dependencies: string[] }[]} ours  this project's crates
 */
export function staleLockProblems(packages, ours) {
  return ours.flatMap(({ name, dependencies }) => {
    const locked = packages.find((one) => one.name === name && one.source === undefined);
    const known = new Set(locked?.dependencies?.map((dependency) => dependency.split(" ")[0]));
    return locked ? dependencies.filter((one) => !known.has(one)).map((one) => `it does not know ${one}, which ${name} needs: run \`cargo update --workspace\` with --manifest-path of the folder's Cargo.toml.`) : [];
  });
}

/** Crates that deny.toml bans. @param {Locked[]} packages @param {Policy} policy */
export function banProblems(packages, { bans }) {
  return bans.flatMap(({ crate, reason }) => {
    const found = packages.find(({ name }) => name === crate);
    return found ? [`${crate} ${found.version} is banned: ${reason ?? "deny.toml gives no reason"}.`] : [];
  });
}

/**
 * Crates of which a lock file has several versions, unless all but one are skipped.
 * @param {Locked[]} packages
 * @param {Policy} policy
 */
export function duplicateProblems(packages, { skips }) {
  const skipped = new Set(skips.filter(({ reason }) => reason).map(({ crate }) => crate));
  return duplicates(packages).flatMap(({ name, versions }) => {
    const left = versions.filter((version) => !skipped.has(`${name}@${version}`));
    return left.length > 1 ? [`${name} has the versions ${versions.join(" and ")}: use one, or add all but one to \`skip\` in deny.toml with a reason.`] : [];
  });
}

/**
 * Lines of deny.toml that nothing needs any more.
 * @param {Locked[][]} locks  the packages of each lock file
 * @param {Policy} policy
 */
export function staleSkips(locks, { skips }) {
  const twice = new Set(locks.flatMap(duplicates).flatMap(({ name, versions }) => versions.map((version) => `${name}@${version}`)));
  return skips.filter(({ crate }) => !twice.has(crate)).map(({ crate }) => `deny.toml skips ${crate}, which is not there twice: remove the line.`);
}

/**
 * Crates whose licence is not allowed.
 * @param {{ name: string, version: string, license?: string | null }[]} crates  without our own
 * @param {Policy} policy
 */
export function licenceProblems(crates, { licences, exceptions }) {
  return crates.flatMap(({ name, version, license }) => {
    if (!license) return [`${name} ${version} names no licence.`];
    const allowed = [...licences, ...(exceptions.get(name) ?? [])];
    return chosenLicences(license, allowed) ? [] : [`${name} ${version} is under "${license}", which deny.toml does not allow.`];
  });
}

/**
 * Packages of an npm lock file that are not from the registry, or whose content no hash fixes.
 * @param {Record<string, {
 *   version?: string, integrity?: string, resolved?: string, link?: boolean,
 * }>} packages  by their paths
 */
export function npmProblems(packages) {
  return Object.entries(packages).flatMap(([path, { version, integrity, resolved, link }]) => {
    if (path === "") return [];
    if (link) return [`${path} is a folder of this machine.`];
    // Our npm omits the registry's addresses, so that each mirror serves.
    if (resolved) return [`${path} is from ${resolved}: only packages of the registry are allowed, written with npm's omit-lockfile-registry-resolved.`];
    return version && integrity?.startsWith("sha512-") ? [] : [`${path} has no version with a SHA-512.`];
  });
}

/** @param {Locked[]} packages */
function duplicates(packages) {
  /** @type {Map<string, string[]>} */
  const versions = new Map();
  for (const { name, version } of packages) versions.set(name, [...(versions.get(name) ?? []), version]);
  return [...versions].filter(([, all]) => all.length > 1).map(([name, all]) => ({ name, versions: all }));
}
