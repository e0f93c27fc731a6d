// Counts passed and failed tests in what the test runners print, and keeps what they say of those
// that failed: whoever sees only the end of a long log must see what to mend.

/**
 * `failures` has one text of a few lines for each failed test: where it is, then its error.
 * @typedef {{ passed: number, failed: number, failures: string[] }} Totals
 */

/** So much of each failure is kept: the error's message and the first lines of its stack. */
const LINES_OF_A_FAILURE = 16;

/** @returns {Totals} */
export const noTests = () => ({ passed: 0, failed: 0, failures: [] });

/**
 * Reads the output of cargo test line by line. It prints, for each test binary, a section
 * "---- name stdout ----" for each failed test, then one "test result" line.
 * @param {Totals} totals
 * @returns {(line: string) => void}
 */
export function cargoTotals(totals) {
  const keep = failures(totals, /^---- (.+) stdout ----$/, /^failures:$/);
  return (line) => {
    keep(line);
    const found = /^test result: \S+ (\d+) passed; (\d+) failed;/.exec(line);
    if (!found) return;
    totals.passed += Number(found[1]);
    totals.failed += Number(found[2]);
  };
}

/**
 * Reads the output of node --test with the spec reporter line by line. It ends with one "ℹ pass",
 * "ℹ fail" and "ℹ cancelled" line, and a section "test at file:line:column" for each failed test.
 * @param {Totals} totals
 * @returns {(line: string) => void}
 */
export function nodeTotals(totals) {
  const keep = failures(totals, /^test at (.+)$/);
  return (line) => {
    keep(line);
    const found = /^ℹ (pass|fail|cancelled) (\d+)$/.exec(line);
    if (!found) return;
    if (found[1] === "pass") totals.passed += Number(found[2]);
    else totals.failed += Number(found[2]);
  };
}

/**
 * @param {Totals} totals
 * @param {RegExp} heading  the first line of a failure; its group names the test
 * @param {RegExp} [end]  the first line that is no part of it
 * @returns {(line: string) => void}
 */
function failures({ failures }, heading, end) {
  let left = 0;
  return (line) => {
    const found = heading.exec(line);
    if (found) {
      failures.push(String(found[1]));
      left = LINES_OF_A_FAILURE;
    } else if (left > 0) {
      left = end?.test(line) ? 0 : left - 1;
      if (left > 0 && line.trim() !== "") failures[failures.length - 1] += `\n  ${line}`;
    }
  };
}
