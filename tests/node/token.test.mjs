/**
 * `npm run token` as its user runs it. What it makes is judged by node:crypto alone, not by the
 * script's own code.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/token.mjs', import.meta.url));
const KEY = /^ {2}(hk_[A-Za-z0-9_-]{43})$/m;
const modes = process.platform !== 'win32';

/** @param {string[]} args @param {string} [input] */
function run(args, input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { input, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** What it prints when all is well. @param {string[]} args @param {string} [input] */
function says(args, input) {
  const { status, stdout, stderr } = run(args, input);
  assert.deepEqual([status, stderr], [0, ''], args.join(' '));
  return stdout;
}

/** @param {import('node:test').TestContext} context */
function folder(context) {
  const path = mkdtempSync(join(tmpdir(), 'token-'));
  context.after(() => rmSync(path, { recursive: true }));
  return path;
}

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
/** @param {string} path */
const mode = (path) => statSync(path).mode & 0o777;
/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
/** @param {string | undefined} part */
const decoded = (part) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

/** The key that was printed, and the one line of JSON. @param {string} text */
function keyAndEntry(text) {
  const entry = text.split('\n').find((line) => line.trim().startsWith('{'));
  return { key: KEY.exec(text)?.[1] ?? '', entry: entry ? JSON.parse(entry) : undefined };
}

test('a key is random, and its entry has its hash and nothing else', () => {
  const [one, other] = [keyAndEntry(says(['key', 'desk'])), keyAndEntry(says(['key', 'desk']))];
  assert.deepEqual(one.entry, { name: 'desk', sha256: sha256(one.key) });
  assert.notEqual(one.key, other.key);
});

test('an entry has what was asked for', () => {
  const asked = ['--expires', '2099-01-01', '--symbols', 'AAPL, BTC/USD,VOD:LSE,AAPL', '--sockets', '5', '--max-symbols', '10', '--calls', '60'];
  const { key, entry } = keyAndEntry(says(['key', 'Desk 1 a_b-c.d@e', ...asked]));
  assert.deepEqual(entry, {
    name: 'Desk 1 a_b-c.d@e',
    sha256: sha256(key),
    expires: '2099-01-01T00:00:00Z',
    symbols: ['AAPL', 'BTC/USD', 'VOD:LSE'],
    limits: { sockets: 5, symbols: 10, calls: 60 },
  });
  const { entry: other } = keyAndEntry(says(['key', 'x', '--expires', '2099-01-01T08:30:00+02:00', '--sockets', '1']));
  assert.deepEqual([other.expires, other.limits, 'symbols' in other], ['2099-01-01T06:30:00Z', { sockets: 1 }, false]);
});

test('--days counts from now', () => {
  const { entry } = keyAndEntry(says(['key', 'x', '--days', '90']));
  const off = Date.parse(entry.expires) - Date.now() - 90 * 86_400_000;
  assert.ok(Math.abs(off) < 10_000, entry.expires);
});

test('a file of keys is made and added to, and only its owner can read it', (t) => {
  const file = join(folder(t), 'keys.json');
  const first = says(['key', 'one', '--keys', file]);
  if (modes) assert.equal(mode(file), 0o600);
  const second = says(['key', 'two', '--keys', file, '--sockets', '2']);
  if (modes) assert.equal(mode(file), 0o600);
  const [one, two] = [first, second].map((text) => keyAndEntry(text));
  assert.deepEqual(json(file), [
    { name: 'one', sha256: sha256(one?.key ?? '') },
    { name: 'two', sha256: sha256(two?.key ?? ''), limits: { sockets: 2 } },
  ]);
  assert.match(second, /which has 2 entries now[^]*wrangler secret put ACCESS_KEYS < /);
  assert.ok(!readFileSync(file, 'utf8').includes('hk_'));
});

test('a file of keys that others can read, or that is no array, stays as it is', (t) => {
  const file = join(folder(t), 'keys.json');
  const refused = (/** @type {string} */ text, /** @type {number} */ bits, /** @type {RegExp} */ why) => {
    writeFileSync(file, text);
    chmodSync(file, bits);
    const { status, stdout, stderr } = run(['key', 'one', '--keys', file]);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, why);
    assert.equal(readFileSync(file, 'utf8'), text);
  };
  if (modes) for (const bits of [0o640, 0o604, 0o620, 0o601]) refused('[]', bits, /Others can read or change .*chmod 600/);
  refused('{}', 0o600, /holds no JSON array/);
  refused('nonsense', 0o600, /holds no JSON array/);
});

test('a key is hashed from standard input', () => {
  const { key } = keyAndEntry(says(['key', 'x']));
  assert.equal(says(['hash'], `${key}\n`), `${sha256(key)}\n`);
  assert.equal(says(['hash'], key), `${sha256(key)}\n`);
  for (const wrong of ['', 'secret', key.slice(0, -1), `${key}x`, `${key} x`]) {
    const { status, stdout, stderr } = run(['hash'], wrong);
    assert.deepEqual([status, stdout], [1, ''], wrong);
    assert.match(stderr, /A key is hk_ and 43/);
    if (wrong) assert.ok(!stderr.includes(wrong), 'what may be a secret is not repeated');
  }
});

for (const [alg, members] of /** @type {[string, Record<string, string>][]} */ ([
  ['ES256', { kty: 'EC', crv: 'P-256' }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519' }],
])) {
  test(`${alg}: the public key of the set verifies what the private one signed`, (t) => {
    const path = join(folder(t), 'jwk');
    says(['jwk', alg, '--kid', 'k-1', '--out', path]);
    const [own, set] = ['private.jwk.json', 'public.jwk.json'].map((name) => join(path, name));
    if (modes) assert.deepEqual([mode(path), mode(String(own)), mode(String(set))], [0o700, 0o600, 0o600]);
    const { keys: [key, ...more] } = json(String(set));
    assert.deepEqual(more, []);
    assert.equal('d' in key, false);
    assert.equal(typeof json(String(own)).d, 'string');
    assert.deepEqual({ ...key, ...members, alg, kid: 'k-1', use: 'sig' }, key);

    const asked = ['--sub', 'desk', '--aud', 'hamster', '--days', '2', '--not-before', '2026-01-01', '--symbols', 'AAPL,BTC/USD', '--sockets', '3', '--max-symbols', '7'];
    const token = says(['jwt', '--key', String(own), ...asked]);
    assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const [header, claims, signature] = token.trim().split('.');
    assert.deepEqual(decoded(header), { alg, typ: 'JWT', kid: 'k-1' });
    const { iat, exp, ...rest } = decoded(claims);
    assert.ok(Math.abs(iat - Date.now() / 1000) < 10);
    assert.equal(exp - iat, 2 * 86_400);
    assert.deepEqual(rest, { sub: 'desk', aud: 'hamster', nbf: 1_767_225_600, symbols: ['AAPL', 'BTC/USD'], limits: { sockets: 3, symbols: 7 } });

    const bytes = Buffer.from(String(signature), 'base64url');
    assert.equal(bytes.length, 64, 'two numbers, and no ASN.1');
    const publicKey = createPublicKey({ key, format: 'jwk' });
    const isGood = (/** @type {string} */ text) => verify(alg === 'ES256' ? 'sha256' : null, Buffer.from(text), { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
    assert.equal(isGood(`${header}.${claims}`), true);
    assert.equal(isGood(`${header}.${claims}x`), false);
  });
}

test('HS256: the secret of 32 bytes signs, and no file that holds it is called public', (t) => {
  const path = folder(t);
  assert.match(says(['jwk', 'HS256', '--out', path]), /HS256 has one secret for both sides/);
  const [own, set] = ['private.jwk.json', 'secret.jwks.json'].map((name) => join(path, name));
  const jwk = json(String(own));
  assert.deepEqual(json(String(set)), { keys: [jwk] });
  if (modes) assert.deepEqual([mode(String(own)), mode(String(set))], [0o600, 0o600]);
  const secret = Buffer.from(jwk.k, 'base64url');
  assert.deepEqual([jwk.kty, jwk.alg, jwk.use, secret.length], ['oct', 'HS256', 'sig', 32]);

  const [header, claims, signature] = says(['jwt', '--key', String(own), '--sub', 'desk', '--minutes', '5']).trim().split('.');
  assert.deepEqual(decoded(header), { alg: 'HS256', typ: 'JWT', kid: jwk.kid });
  const { iat, exp, ...rest } = decoded(claims);
  assert.equal(exp - iat, 300);
  assert.deepEqual(rest, { sub: 'desk' });
  assert.equal(signature, createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url'));
});

test('a pair that is printed is labelled, and a token lasts a day unless told', (t) => {
  const text = says(['jwk', 'ES256']);
  const [own, set] = text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  assert.match(text, /^The private JWK\.[^]*\nThe JWK Set for the secret ACCESS_JWKS/);
  assert.equal(own.kid, set.keys[0].kid);
  assert.deepEqual({ ...own, d: undefined }, { ...set.keys[0], d: undefined });
  const file = join(folder(t), 'key.json');
  writeFileSync(file, JSON.stringify(own), { mode: 0o600 });
  const { iat, exp } = decoded(says(['jwt', '--key', file, '--sub', 'x']).split('.')[1]);
  assert.equal(exp - iat, 86_400);
});

test('a key file that cannot be used is refused, and says why', (t) => {
  const path = folder(t);
  says(['jwk', 'ES256', '--out', path]);
  const own = join(path, 'private.jwk.json');
  const good = json(own);
  const file = join(path, 'other.json');
  const refused = (/** @type {string} */ text, /** @type {RegExp} */ why) => {
    writeFileSync(file, text, { mode: 0o600 });
    const { status, stdout, stderr } = run(['jwt', '--key', file, '--sub', 'x']);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, why);
  };
  refused('nonsense', /it is no JSON/);
  refused('null', /its alg must be ES256, EdDSA, HS256/);
  refused(JSON.stringify({ ...good, alg: 'none' }), /its alg must be/);
  refused(JSON.stringify({ ...good, kid: undefined }), /it has no kid/);
  refused(JSON.stringify({ ...good, d: undefined }), /it is a public key/);
  refused(JSON.stringify({ ...good, x: 'AAAA' }), /its numbers are no key/);
  refused(JSON.stringify({ ...good, alg: 'EdDSA' }), /EdDSA needs the curve Ed25519/);
  refused(JSON.stringify({ kty: 'oct', alg: 'HS256', kid: 'x', k: Buffer.alloc(31).toString('base64url') }), /at least 32 bytes/);
  refused(readFileSync(join(path, 'public.jwk.json'), 'utf8'), /the private key is in private\.jwk\.json/);
  if (modes) {
    chmodSync(own, 0o644);
    assert.match(run(['jwt', '--key', own, '--sub', 'x']).stderr, /Others can read or change/);
  }
  assert.match(run(['jwk', 'ES256', '--out', path]).stderr, /private\.jwk\.json is there already: it is not overwritten/);
  assert.deepEqual({ ...json(own) }, good);
});

const LONG = 'x'.repeat(65);
for (const [args, why] of /** @type {[string[], RegExp][]} */ ([
  [[], /The first argument must be one of key, hash, jwk, jwt/],
  [['make'], /must be one of key, hash, jwk, jwt/],
  [['key'], /key wants one argument beside its options/],
  [['key', 'a', 'b'], /key wants one argument/],
  [['key', ''], /NAME wants 1 to 64 letters/],
  [['key', LONG], /NAME wants 1 to 64 letters/],
  [['key', 'a\nb'], /NAME wants 1 to 64 letters/],
  [['key', 'ä'], /NAME wants 1 to 64 letters/],
  [['key', 'x', '--secret', 'y'], /Unknown option '--secret'\. The arguments are: key NAME/],
  [['key', 'x', '--days', '0'], /--days wants a whole number from 1 to 3650, not "0"/],
  [['key', 'x', '--days', '1.5'], /--days wants a whole number/],
  [['key', 'x', '--days', '1', '--expires', '2099-01-01'], /--expires or --days, not both/],
  [['key', 'x', '--expires', '2020-01-01'], /--expires is in the past: 2020-01-01T00:00:00Z/],
  [['key', 'x', '--expires', 'soon'], /--expires wants a day or a moment/],
  [['key', 'x', '--expires', '2099-02-31'], /--expires wants a day or a moment/],
  [['key', 'x', '--expires', '2099-01-01T08:00'], /--expires wants a day or a moment/],
  [['key', 'x', '--symbols', ''], /--symbols wants symbols with commas/],
  [['key', 'x', '--symbols', 'AAPL,,MSFT'], /--symbols wants symbols with commas/],
  [['key', 'x', '--symbols', 'A B'], /and "A B" is none/],
  [['key', 'x', '--symbols', Array.from({ length: 65 }, (_, i) => `S${i}`).join(',')], /at most 64 symbols, not 65/],
  [['key', 'x', '--sockets', '0'], /--sockets wants a whole number/],
  [['key', 'x', '--max-symbols', 'many'], /--max-symbols wants a whole number/],
  [['key', 'x', '--calls', '-1'], /ambiguous/],
  [['hash', 'hk_secret'], /Unexpected argument 'hk_secret'/],
  [['jwk'], /jwk wants one argument/],
  [['jwk', 'RS256'], /The algorithm must be ES256, EdDSA, HS256, not "RS256"/],
  [['jwk', 'ES256', '--kid', 'a b'], /--kid wants 1 to 64/],
  [['jwt', '--sub', 'x'], /--key and --sub are needed/],
  [['jwt', '--key', 'x'], /--key and --sub are needed/],
  [['jwt', '--key', '/nowhere/x.json', '--sub', 'x'], /There is no file \/nowhere\/x\.json/],
  [['jwt', '--key', 'x', '--sub', 'a/b'], /--sub wants 1 to 64/],
  [['jwt', '--key', 'x', '--sub', 'x', '--aud', ''], /--aud wants an audience/],
  [['jwt', '--key', 'x', '--sub', 'x', '--days', '1', '--minutes', '1'], /--days or --minutes, not both/],
])) {
  test(`refused with one sentence: ${args.map((arg) => (arg.length > 20 ? '…' : JSON.stringify(arg))).join(' ') || 'no argument'}`, () => {
    const { status, stdout, stderr } = run(args);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, why);
    assert.match(stderr, /^\n✗ [^\n]+\n$/, 'one line, and no stack');
  });
}

test('a token that would end before it counts is refused', (t) => {
  const path = folder(t);
  says(['jwk', 'EdDSA', '--out', path]);
  const { status, stderr } = run(['jwt', '--key', join(path, 'private.jwk.json'), '--sub', 'x', '--not-before', '2099-01-01']);
  assert.equal(status, 1);
  assert.match(stderr, /--not-before is at or after the token's end/);
});
