/**
 * `npm run mutants` takes too long for every day. This test checks that each of its faults still
 * applies to the source.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MUTANTS } from '../mutants/mutants.mjs';

const ROOT = new URL('../../', import.meta.url);

for (const { name, file, find, replace } of MUTANTS) {
  test(`the mutant "${name}" applies`, () => {
    const places = readFileSync(new URL(file, ROOT), 'utf8').split(find).length - 1;
    assert.equal(places, 1, `its text occurs ${places} times in ${file}: bring tests/mutants/mutants.mjs up to date`);
    assert.notEqual(find, replace);
  });
}
