// The part of the audit that needs no network: `npm run audit` and `npm test` do it.

import { crates, ourCrates, readCargoLocks, readNpmLocks, readPolicy } from "./lock-files.mjs";
import { banProblems, duplicateProblems, licenceProblems, npmProblems, sourceProblems, staleLockProblems, staleSkips } from "./supply-chain.mjs";

/**
 * Everything that is wrong, as sentences. The licences are those of the crates that are here: not
 * of crates for other systems, nor of the few that only the fuzzer needs.
 */
export function offlineProblems() {
  const policy = readPolicy();
  const ours = ourCrates();
  const locks = readCargoLocks();
  const ofLocks = locks.flatMap(({ file, packages }) => {
    const names = ours.map(({ name }) => name);
    const problems = [...sourceProblems(packages, names), ...staleLockProblems(packages, ours), ...banProblems(packages, policy), ...duplicateProblems(packages, policy)];
    return problems.map((sentence) => `${file}: ${sentence}`);
  });
  const ofNpm = readNpmLocks().flatMap(({ file, packages }) => npmProblems(packages).map((sentence) => `${file}: ${sentence}`));
  const foreign = crates().filter(({ source }) => source !== null);
  return [...ofLocks, ...staleSkips(locks.map(({ packages }) => packages), policy), ...licenceProblems(foreign, policy), ...ofNpm];
}
