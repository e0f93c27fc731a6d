// Verifies signatures by the platform's WebCrypto, and makes random texts.

// By the kind of a JWK: for importing the key, and for verifying with it.
const ALGORITHMS = {
  oct: [{ name: "HMAC", hash: "SHA-256" }, "HMAC"],
  EC: [
    { name: "ECDSA", namedCurve: "P-256" },
    { name: "ECDSA", hash: "SHA-256" },
  ],
  OKP: [{ name: "Ed25519" }, "Ed25519"],
};

/** Imported keys by their JSON. There are as many as the operator has set. */
const imported = new Map();

function importKey(json) {
  let key = imported.get(json);
  if (!key) {
    const jwk = JSON.parse(json);
    key = crypto.subtle.importKey("jwk", jwk, ALGORITHMS[jwk.kty][0], false, ["verify"]);
    imported.set(json, key);
  }
  return key;
}

// Whether the key signed the data.
export async function verify(json, data, signature) {
  const key = await importKey(json);
  return crypto.subtle.verify(ALGORITHMS[JSON.parse(json).kty][1], key, signature, new TextEncoder().encode(data));
}

export async function sha256(text) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

// 32 random bytes in hexadecimal digits.
export function randomText() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
