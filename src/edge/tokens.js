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

/** By the JSON of a key: how it verifies, and a promise of the key. There are as many as are set. */
const imported = new Map();

function importKey(json) {
  if (!imported.has(json)) {
    const jwk = JSON.parse(json);
    const [importing, verifying] = ALGORITHMS[jwk.kty];
    imported.set(json, [verifying, crypto.subtle.importKey("jwk", jwk, importing, false, ["verify"])]);
  }
  return imported.get(json);
}

const encoder = new TextEncoder();

// Whether the key signed the data.
export async function verify(json, data, signature) {
  const [verifying, key] = importKey(json);
  return crypto.subtle.verify(verifying, await key, signature, encoder.encode(data));
}

export async function sha256(text) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

// 32 random bytes in hexadecimal digits.
export function randomText() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
