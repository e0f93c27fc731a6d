// Counts passed and failed tests in what the test runners print.

/** @typedef {{ passed: number, failed: number }} Totals */

/**
 * cargo test prints one "test result" line for each test binary.
 * @param {string} line
 * @param {Totals} totals
 */
export function addCargoTotals(line, totals) {
  const found = /^test result: \S+ (\d+) passed; (\d+) failed;/.exec(line);
  if (!found) return;
  totals.passed += Number(found[1]);
  totals.failed += Number(found[2]);
}

/**
 * node --test with the spec reporter ends with one "ℹ pass", "ℹ fail" and "ℹ cancelled" line.
 * @param {string} line
 * @param {Totals} totals
 */
export function addNodeTotals(line, totals) {
  const found = /^ℹ (pass|fail|cancelled) (\d+)$/.exec(line);
  if (!found) return;
  if (found[1] === "pass") totals.passed += Number(found[2]);
  else totals.failed += Number(found[2]);
}
