// The access tokens of docs/deploy.md: static keys, of which the Worker knows only hashes, and
// JWTs, of which it knows only who may sign. Nothing here needs a network.

import { createHash, createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { Failure } from "./failure.mjs";

/** Bytes of randomness in a key and in a shared secret. */
const SECRET_BYTES = 32;
const KEY = /^hk_[A-Za-z0-9_-]{43}$/;

/** The ways to sign that the Worker accepts. */
export const ALGORITHMS = /** @type {const} */ (["ES256", "EdDSA", "HS256"]);

/**
 * How much its owner may use. What is absent is as for everybody.
 * @typedef {{ sockets?: number, symbols?: number, calls?: number }} Limits
 * @typedef {{
 *   name: string, sha256: string, expires?: string, symbols?: string[], limits?: Limits,
 * }} Entry
 * @typedef {import("node:crypto").JsonWebKey & {
 *   kty: string, kid: string, alg: string, use?: string,
 * }} Jwk
 */

/** A new static key. */
export function newKey() {
  return `hk_${randomBytes(SECRET_BYTES).toString("base64url")}`;
}

/** The SHA-256 of a static key's whole text, in hex. @param {string} key */
export function hashOfKey(key) {
  if (!KEY.test(key)) throw new Failure("A key is hk_ and 43 letters, digits, - or _: what came on standard input is none.");
  return createHash("sha256").update(key).digest("hex");
}

/**
 * A new pair of keys. For HS256, which has one secret for both sides, the two are the same.
 * @param {typeof ALGORITHMS[number]} alg
 * @param {string} kid
 * @returns {{ privateJwk: Jwk, publicJwk: Jwk }}
 */
export function newJwks(alg, kid) {
  const about = { alg, kid, use: "sig" };
  if (alg === "HS256") {
    const secret = { kty: "oct", ...about, k: randomBytes(SECRET_BYTES).toString("base64url") };
    return { privateJwk: secret, publicJwk: secret };
  }
  const pair = alg === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  const jwk = (/** @type {import("node:crypto").KeyObject} */ key) => /** @type {Jwk} */ ({ ...key.export({ format: "jwk" }), ...about });
  return { privateJwk: jwk(pair.privateKey), publicJwk: jwk(pair.publicKey) };
}

/**
 * A signed JWT.
 * @param {Record<string, unknown>} claims
 * @param {Jwk} jwk  private
 */
export function signJwt(claims, jwk) {
  const header = { alg: jwk.alg, typ: "JWT", kid: jwk.kid };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${signatureOf(Buffer.from(signed), jwk).toString("base64url")}`;
}

/** @param {Buffer} bytes @param {Jwk} jwk */
function signatureOf(bytes, jwk) {
  if (jwk.alg === "HS256") return createHmac("sha256", Buffer.from(String(jwk.k), "base64url")).update(bytes).digest();
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  // Not the ASN.1 form, which is OpenSSL's default.
  return jwk.alg === "ES256" ? sign("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }) : sign(null, bytes, key);
}

/**
 * A private JWK from a file's text.
 * @param {string} text
 * @param {string} file  for errors
 * @returns {Jwk}
 */
export function parsePrivateJwk(text, file) {
  const right = `${file} is no private JWK of \`npm run token -- jwk\``;
  /** @type {any} */
  let jwk;
  try {
    jwk = JSON.parse(text);
  } catch {
    throw new Failure(`${right}: it is no JSON.`);
  }
  if (Array.isArray(jwk?.keys)) throw new Failure(`${right}: it is the set for ACCESS_JWKS, and the private key is in private.jwk.json.`);
  if (!ALGORITHMS.includes(jwk?.alg)) throw new Failure(`${right}: its alg must be ${ALGORITHMS.join(", ")}.`);
  if (typeof jwk.kid !== "string") throw new Failure(`${right}: it has no kid.`);
  if (jwk.alg === "HS256") {
    const bytes = typeof jwk.k === "string" ? Buffer.from(jwk.k, "base64url").length : 0;
    if (jwk.kty !== "oct" || bytes < SECRET_BYTES) throw new Failure(`${right}: HS256 needs a secret of at least ${SECRET_BYTES} bytes, in k.`);
    return jwk;
  }
  const curve = jwk.alg === "ES256" ? "P-256" : "Ed25519";
  if (jwk.crv !== curve) throw new Failure(`${right}: ${jwk.alg} needs the curve ${curve}.`);
  if (typeof jwk.d !== "string") throw new Failure(`${right}: it is a public key.`);
  try {
    createPrivateKey({ key: jwk, format: "jwk" });
  } catch {
    throw new Failure(`${right}: its numbers are no key.`);
  }
  return jwk;
}
