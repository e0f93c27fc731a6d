// `npm run token`: makes the access tokens that docs/deploy.md describes, and what the Worker's
// secrets must hold so that it knows them. It asks no network, and takes no secret as an argument:
// other users of a machine can read the arguments of its programs.

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments, wholeNumber } from "./lib/arguments.mjs";
import { Failure, main } from "./lib/failure.mjs";
import { createSecret, readSecret, replaceSecret } from "./lib/secret-files.mjs";
import { ALGORITHMS, hashOfKey, newJwks, newKey, parsePrivateJwk, signJwt } from "./lib/tokens.mjs";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const MOST_DAYS = 3650;
/** The Worker refuses more symbols and larger limits of one token: src/access/pass.rs. */
const MOST_SYMBOLS = 64;
const MOST_LIMIT = 2 ** 32 - 1;
/** As in src/market/instrument.rs. */
const SYMBOL = /^[\p{L}\p{N}^][\p{L}\p{N}./_\-&+'^=*#@$]{0,31}(:[\p{L}\p{N} ./_\-&+'()]{1,40})?$/u;

const RIGHTS_USAGE = "[--symbols AAPL,BTC/USD] [--sockets N] [--max-symbols N] [--calls N]";
const COMMANDS = {
  key: { work: makeKey, usage: `key NAME [--expires 2027-01-01 | --days N] ${RIGHTS_USAGE} [--keys FILE]` },
  hash: { work: hashKey, usage: "hash, with the key on standard input" },
  jwk: { work: makeJwk, usage: `jwk ${ALGORITHMS.join("|")} [--kid ID] [--out FOLDER]` },
  jwt: { work: makeJwt, usage: `jwt --key private.jwk.json --sub NAME [--aud AUDIENCE] [--days N | --minutes N] [--not-before 2027-01-01T08:00:00Z] ${RIGHTS_USAGE}` },
};

/** What a token allows. */
const RIGHTS = /** @type {const} */ ({
  symbols: { type: "string" },
  sockets: { type: "string" },
  "max-symbols": { type: "string" },
  calls: { type: "string" },
});

await main(async () => {
  const [command, ...args] = process.argv.slice(2);
  const found = Object.entries(COMMANDS).find(([name]) => name === command)?.[1];
  if (!found) throw new Failure(`The first argument must be one of ${Object.keys(COMMANDS).join(", ")}, such as in \`npm run token -- key NAME\`.`);
  found.work(args, found.usage);
});

/** @param {string[]} args @param {string} usage */
function makeKey(args, usage) {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: { expires: { type: "string" }, days: { type: "string" }, keys: { type: "string" }, ...RIGHTS },
  }, usage);
  const name = checkedName("NAME", theOnly(positionals, "key", usage));
  if (values.expires !== undefined && values.days !== undefined) throw new Failure("Give --expires or --days, not both.");
  const key = newKey();
  const expires = values.days === undefined ? values.expires && instant("--expires", values.expires) : later(Date.now(), "--days", values.days);
  /** @type {import("./lib/tokens.mjs").Entry} */
  const entry = { name, sha256: hashOfKey(key), ...(expires ? { expires: iso(future("--expires", expires)) } : {}), ...rights(values) };
  const count = values.keys === undefined ? undefined : append(values.keys, entry);
  console.log(`The key, to be given to ${name}. It is shown only now, and nothing keeps it:\n\n  ${key}\n`);
  if (count === undefined) console.log(`Its entry for the secret ACCESS_KEYS, a JSON array of such entries:\n\n  ${JSON.stringify(entry)}`);
  else console.log(`Its entry is in ${values.keys}, which has ${count} ${count === 1 ? "entry" : "entries"} now. To make them count:\n\n  npx wrangler secret put ACCESS_KEYS < ${values.keys}`);
}

/**
 * Adds an entry to a file for ACCESS_KEYS, and says how many it has.
 * @param {string} file
 * @param {import("./lib/tokens.mjs").Entry} entry
 */
function append(file, entry) {
  const text = readSecret(file);
  /** @type {any} */
  let entries;
  try {
    entries = JSON.parse(text ?? "[]");
  } catch {
    entries = undefined;
  }
  if (!Array.isArray(entries)) throw new Failure(`${file} holds no JSON array, as ACCESS_KEYS must be: [] is one without entries.`);
  const all = [...entries, entry];
  replaceSecret(file, `[\n${all.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]\n`);
  return all.length;
}

/** @param {string[]} args @param {string} usage */
function hashKey(args, usage) {
  readArguments({ args, options: {} }, usage);
  if (process.stdin.isTTY) console.error("Enter the key, then Ctrl-D:");
  console.log(hashOfKey(readFileSync(process.stdin.fd, "utf8").trim()));
}

/** @param {string[]} args @param {string} usage */
function makeJwk(args, usage) {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: { kid: { type: "string" }, out: { type: "string" } },
  }, usage);
  const asked = theOnly(positionals, "jwk", usage);
  const alg = ALGORITHMS.find((one) => one === asked);
  if (!alg) throw new Failure(`The algorithm must be ${ALGORITHMS.join(", ")}, not ${JSON.stringify(asked)}.`);
  const kid = values.kid ?? randomBytes(6).toString("base64url");
  if (!/^[\w.-]{1,64}$/.test(kid)) throw new Failure(`--kid wants 1 to 64 letters, digits or any of - _ ., not ${JSON.stringify(kid)}.`);
  const { privateJwk, publicJwk } = newJwks(alg, kid);
  const set = { keys: [publicJwk] };
  const shared = alg === "HS256" ? " HS256 has one secret for both sides: whoever reads it can make tokens." : "";
  if (values.out !== undefined) return saveJwks(values.out, privateJwk, set, shared);
  console.log(`The private JWK. Keep it where the tokens are made, in a file with mode 600:\n\n${JSON.stringify(privateJwk)}\n`);
  console.log(`The JWK Set for the secret ACCESS_JWKS, which may have several keys.${shared}\n\n${JSON.stringify(set)}`);
}

/** @param {string} folder @param {object} privateJwk @param {object} set @param {string} shared */
function saveJwks(folder, privateJwk, set, shared) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Failure(`The folder ${folder} cannot be made (${/** @type {NodeJS.ErrnoException} */ (error).code}).`);
  }
  const [ours, theirs] = [join(folder, "private.jwk.json"), join(folder, shared ? "secret.jwks.json" : "public.jwk.json")];
  createSecret(ours, `${JSON.stringify(privateJwk)}\n`);
  createSecret(theirs, `${JSON.stringify(set)}\n`);
  console.log(`${ours} has the private JWK: keep it where the tokens are made.`);
  console.log(`${theirs} has the JWK Set for the Worker.${shared} To make it count:\n\n  npx wrangler secret put ACCESS_JWKS < ${theirs}`);
}

/** @param {string[]} args @param {string} usage */
function makeJwt(args, usage) {
  const { values } = readArguments({
    args,
    options: {
      key: { type: "string" }, sub: { type: "string" }, aud: { type: "string" },
      days: { type: "string" }, minutes: { type: "string" }, "not-before": { type: "string" }, ...RIGHTS,
    },
  }, usage);
  const { key, days, minutes, aud } = values;
  if (key === undefined || values.sub === undefined) throw new Failure(`--key and --sub are needed. The arguments are: ${usage}`);
  if (days !== undefined && minutes !== undefined) throw new Failure("Give --days or --minutes, not both.");
  const sub = checkedName("--sub", values.sub);
  if (aud === "") throw new Failure("--aud wants an audience, such as ACCESS_AUDIENCE has.");
  const text = readSecret(key);
  if (text === undefined) throw new Failure(`There is no file ${key}: \`npm run token -- jwk ES256 --out FOLDER\` makes one.`);
  const jwk = parsePrivateJwk(text, key);
  const now = Date.now();
  const end = minutes === undefined ? later(now, "--days", days ?? "1") : later(now, "--minutes", minutes);
  const notBefore = values["not-before"] === undefined ? undefined : instant("--not-before", values["not-before"]);
  if (notBefore !== undefined && notBefore >= end) throw new Failure(`--not-before is at or after the token's end, ${iso(end)}: give more --days.`);
  const claims = {
    sub,
    ...(aud === undefined ? {} : { aud }),
    iat: seconds(now),
    ...(notBefore === undefined ? {} : { nbf: seconds(notBefore) }),
    exp: seconds(end),
    ...rights(values),
  };
  console.log(signJwt(claims, jwk));
}

/** @param {string[]} positionals @param {string} command @param {string} usage */
function theOnly(positionals, command, usage) {
  const [one, ...more] = positionals;
  if (one === undefined || more.length > 0) throw new Failure(`${command} wants one argument beside its options. The arguments are: ${usage}`);
  return one;
}

/** @param {string} option @param {string} name */
function checkedName(option, name) {
  if (/^[A-Za-z0-9 \-_.@]{1,64}$/.test(name)) return name;
  throw new Failure(`${option} wants 1 to 64 letters, digits, spaces or any of - _ . @, not ${JSON.stringify(name)}.`);
}

/**
 * @param {{ [name in keyof typeof RIGHTS]?: string }} values
 * @returns {{ symbols?: string[], limits?: import("./lib/tokens.mjs").Limits }}
 */
function rights({ symbols, sockets, "max-symbols": maxSymbols, calls }) {
  const limit = (/** @type {string} */ option, /** @type {string | undefined} */ value) => (value === undefined ? undefined : wholeNumber(option, value, { least: 1, most: MOST_LIMIT }));
  const all = { sockets: limit("--sockets", sockets), symbols: limit("--max-symbols", maxSymbols), calls: limit("--calls", calls) };
  const limits = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { ...(symbols === undefined ? {} : { symbols: symbolsOf(symbols) }), ...(Object.keys(limits).length > 0 ? { limits } : {}) };
}

/** @param {string} text */
function symbolsOf(text) {
  const symbols = text.split(",").map((symbol) => symbol.trim());
  const wrong = symbols.find((symbol) => !SYMBOL.test(symbol));
  if (wrong !== undefined) throw new Failure(`--symbols wants symbols with commas between them, such as AAPL,BTC/USD, and ${JSON.stringify(wrong)} is none.`);
  if (symbols.length > MOST_SYMBOLS) throw new Failure(`--symbols wants at most ${MOST_SYMBOLS} symbols, not ${symbols.length}.`);
  return [...new Set(symbols)];
}

/**
 * A day, which begins in UTC, or a moment, in milliseconds.
 * @param {string} option
 * @param {string} text
 */
function instant(option, text) {
  const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d))?$/;
  const at = form.test(text) ? Date.parse(text) : NaN;
  // JavaScript takes the 31st of February for the 3rd of March.
  const isDay = !Number.isNaN(at) && new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10));
  if (isDay) return at;
  throw new Failure(`${option} wants a day or a moment, such as 2027-01-01 or 2027-01-01T08:00:00Z, not ${JSON.stringify(text)}.`);
}

/** @param {string} option @param {number} at */
function future(option, at) {
  if (at > Date.now()) return at;
  throw new Failure(`${option} is in the past: ${iso(at)}.`);
}

/**
 * So many days or minutes after a time.
 * @param {number} now
 * @param {"--days" | "--minutes"} option
 * @param {string} value
 */
function later(now, option, value) {
  const unit = option === "--days" ? DAY_MS : MINUTE_MS;
  return now + wholeNumber(option, value, { least: 1, most: (MOST_DAYS * DAY_MS) / unit }) * unit;
}

/** @param {number} ms */
function seconds(ms) {
  return Math.floor(ms / SECOND_MS);
}

/** @param {number} ms */
function iso(ms) {
  return new Date(seconds(ms) * SECOND_MS).toISOString().replace(".000Z", "Z");
}
