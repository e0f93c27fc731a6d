/** What `npm test` reads in the output of the real test runners. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cargoTotals, noTests, nodeTotals } from '../../scripts/lib/totals.mjs';

const NODE_TESTS = `
import { test } from "node:test";
import assert from "node:assert/strict";
test("right", () => {});
test("outer", async (t) => { await t.test("inner", () => assert.equal(1, 2, "one is not two")); });
test("slow", { timeout: 20 }, () => new Promise((done) => setTimeout(done, 300)));
`;

const RUST_TESTS = `
#[test] fn right() {}
#[test] fn wrong() { assert_eq!(1, 2, "one is not two"); }
#[test] fn worse() { panic!("much worse"); }
`;

/**
 * Runs programs in a folder with one file and reads all they print.
 * @param {(totals: import('../../scripts/lib/totals.mjs').Totals) => (line: string) => void} reader
 * @param {string} file
 * @param {string} text
 * @param {string[][]} commands
 */
function totalsOf(reader, file, text, commands) {
  const folder = mkdtempSync(join(tmpdir(), 'totals-'));
  try {
    writeFileSync(join(folder, file), text);
    const totals = noTests();
    const read = reader(totals);
    // A test runner that runs inside another says its results in another form.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    for (const [command, ...words] of commands) {
      const { stdout, error } = spawnSync(command, words, { cwd: folder, env, encoding: 'utf8' });
      assert.equal(error, undefined);
      for (const line of stdout.split('\n')) read(line);
    }
    return totals;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('each failed test of Node is kept with its place and its error', () => {
  const { passed, failed, failures } = totalsOf(nodeTotals, 'a.test.mjs', NODE_TESTS, [[process.execPath, '--test', '--test-reporter=spec', 'a.test.mjs']]);
  assert.equal(passed, 1);
  assert.equal(failed, 3, 'the inner test, the outer and the slow one');
  assert.equal(failures.length, 2, failures.join('\n'));
  assert.match(failures[0], /^a\.test\.mjs:5:\d+\n.*✖ inner.*\n.*one is not two/);
  assert.match(failures[1], /^a\.test\.mjs:6:\d+\n.*✖ slow.*\n.*timed out after 20ms/);
});

test('each failed test of Rust is kept with its error', () => {
  const { passed, failed, failures } = totalsOf(cargoTotals, 'a.rs', RUST_TESTS, [['rustc', '--test', '-o', 'a', 'a.rs'], ['./a', '--test-threads=1']]);
  assert.deepEqual([passed, failed], [1, 2]);
  assert.equal(failures.length, 2, failures.join('\n'));
  const [worse, wrong] = failures.sort();
  assert.match(String(worse), /^worse\n[^]*much worse/);
  assert.match(String(wrong), /^wrong\n[^]*one is not two/);
  assert.doesNotMatch(failures.join(), /failures:/, 'the list that follows is no part of it');
});
