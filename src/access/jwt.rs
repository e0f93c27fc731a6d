//! JSON Web Tokens (RFC 7519) and the keys that sign them (`ACCESS_JWKS`, RFC 7517).
//!
//! The algorithm belongs to the key, never to the token: a token that names another one is refused,
//! so that a public key is not taken for a shared secret. Nobody may name a claim twice.

use super::pass::{Pass, Refusal};
use super::viewer::fingerprint;
use crate::market::{MINUTE, Millis, SECOND};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::fmt;

/// Longest token, in bytes.
pub(super) const LONGEST: usize = 4_096;
/// How far the clock of who made a token may be ahead of ours.
const LEEWAY: Millis = MINUTE;
/// Fewest bytes of a shared secret (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;
/// Most keys, of which each may have to be tried.
const MOST_KEYS: usize = 8;
/// The last second of the year 9999.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// A key that signs tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    id: Option<String>,
    algorithm: Algorithm,
    /// The key alone, as JSON for the platform to import.
    pub json: String,
    /// By this the passes of its tokens are recognised: see [`Pass::voucher`].
    pub voucher: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Hs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A token that has been read. Until its signature is verified, nothing that it says counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// What was signed.
    pub data: String,
    /// What the key made of it, in the form of its algorithm.
    pub signature: Vec<u8>,
    algorithm: String,
    key: Option<String>,
    claims: Value,
}

/// A JSON object that names nothing twice.
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Object;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.insert(name, members.next_value()?).is_some() {
                return Err(A::Error::custom("named twice"));
            }
        }
        Ok(Object(object))
    }
}

/// The keys of a JWK Set.
///
/// # Errors
/// Which key is wrong, and how. The text holds nothing of a key.
pub(super) fn parse_set(set: &str) -> Result<Vec<Jwk>, String> {
    let set: Value = serde_json::from_str(set).map_err(|_| "it is not JSON".to_owned())?;
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or_else(|| r#"it is not a JWK Set: {"keys":[…]}"#.to_owned())?;
    if keys.len() > MOST_KEYS {
        return Err(format!("it has {} keys, more than {MOST_KEYS}", keys.len()));
    }
    let keys = keys.iter().zip(1..);
    keys.map(|(key, place)| Jwk::parse(key).map_err(|why| format!("key {place}: {why}")))
        .collect()
}

impl Jwk {
    fn parse(key: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let bytes = |name: &str| text(name).and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        let has = |name: &str, length: usize| bytes(name).is_some_and(|bytes| bytes.len() == length);
        let (algorithm, alone) = match (text("kty"), text("crv")) {
            (Some("oct"), None) => {
                if bytes("k").is_none_or(|secret| secret.len() < SHORTEST_SECRET) {
                    return Err("k must be at least 32 bytes in base64url");
                }
                (Algorithm::Hs256, json!({"kty": "oct", "k": text("k")}))
            }
            (Some("EC"), Some("P-256")) if has("x", 32) && has("y", 32) => {
                let alone = json!({"kty": "EC", "crv": "P-256", "x": text("x"), "y": text("y")});
                (Algorithm::Es256, alone)
            }
            (Some("OKP"), Some("Ed25519")) if has("x", 32) => (
                Algorithm::EdDsa,
                json!({"kty": "OKP", "crv": "Ed25519", "x": text("x")}),
            ),
            (Some("EC" | "OKP"), _) => {
                return Err("its curve must be P-256 or Ed25519, with coordinates of 32 bytes in base64url");
            }
            _ => return Err("kty must be oct, EC or OKP"),
        };
        if text("alg").is_some_and(|named| named != algorithm.name()) {
            return Err("alg must be HS256 for oct, ES256 for EC, EdDSA for OKP");
        }
        let json = alone.to_string();
        Ok(Self {
            id: text("kid").map(ToOwned::to_owned),
            algorithm,
            voucher: fingerprint(json.as_bytes()),
            json,
        })
    }
}

impl Signed {
    /// Reads a token.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn read(token: &str) -> Result<Self, Refusal> {
        if token.len() > LONGEST {
            return Err(TOO_LONG);
        }
        let (data, signature) = token.rsplit_once('.').ok_or(NOT_A_TOKEN)?;
        let (head, claims) = data.split_once('.').ok_or(NOT_A_TOKEN)?;
        let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| NOT_A_TOKEN);
        let object = |part: &str, why: &'static str| {
            let text = String::from_utf8(decoded(part)?).map_err(|_| NOT_A_TOKEN)?;
            let object: Result<Object, _> = serde_json::from_str(&text);
            object
                .map(|object| Value::Object(object.0))
                .map_err(|_| Refusal::Malformed(why))
        };
        let head = object(head, "its header is not an object that names nothing twice")?;
        let text = |name: &str| head.get(name).and_then(Value::as_str);
        let known = [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa];
        let algorithm = text("alg").filter(|alg| known.iter().any(|one| one.name() == *alg));
        let algorithm = algorithm.ok_or(Refusal::Malformed("its alg must be HS256, ES256 or EdDSA"))?;
        if head.get("crit").is_some() {
            return Err(Refusal::Malformed(
                "its header has extensions (crit) that are not understood",
            ));
        }
        if head
            .get("typ")
            .is_some_and(|typ| !typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT")))
        {
            return Err(Refusal::Malformed("its typ must be JWT"));
        }
        Ok(Self {
            data: data.to_owned(),
            signature: decoded(signature)?,
            algorithm: algorithm.to_owned(),
            key: text("kid").map(ToOwned::to_owned),
            claims: object(claims, "its claims are not an object that names nothing twice")?,
        })
    }

    /// Whether this key may have signed it. If it did is for the platform to say.
    #[must_use]
    pub fn may_be_of(&self, key: &Jwk) -> bool {
        let is_named = match (&self.key, &key.id) {
            (Some(named), Some(id)) => named == id,
            _ => true,
        };
        is_named && key.algorithm.name() == self.algorithm
    }

    /// The pass of a token whose signature by this key was verified.
    ///
    /// # Errors
    /// What is wrong with its claims.
    pub(super) fn pass(&self, key: &Jwk, audience: Option<&str>, now: Millis) -> Result<Pass, Refusal> {
        let claims = &self.claims;
        let expires = time(claims.get("exp"))?;
        if now >= expires {
            return Err(Refusal::Expired(expires));
        }
        if let Some(from) = claims.get("nbf").map(|from| time(Some(from))).transpose()?
            && now + LEEWAY < from
        {
            return Err(Refusal::TooEarly(from));
        }
        let is_meant = match (audience, claims.get("aud")) {
            (None, None) => true,
            (Some(ours), Some(Value::Array(several))) => several.iter().any(|one| one == ours),
            (Some(ours), Some(one)) => one == ours,
            _ => false,
        };
        if !is_meant {
            return Err(Refusal::Audience);
        }
        let name = claims.get("sub").and_then(Value::as_str);
        let name = name.ok_or(Refusal::Malformed("it must have a sub"))?;
        Pass::of(name, key.voucher, Some(expires), claims).map_err(Refusal::Malformed)
    }
}

/// It is longer than [`LONGEST`].
pub(super) const TOO_LONG: Refusal = Refusal::Malformed("it is longer than 4,096 bytes");
const NOT_A_TOKEN: Refusal = Refusal::Malformed("it is not three parts in base64url");

/// A NumericDate, which may have a fraction.
fn time(seconds: Option<&Value>) -> Result<Millis, Refusal> {
    let seconds = seconds
        .and_then(Value::as_f64)
        .filter(|seconds| (0.0..=LAST_SECOND).contains(seconds));
    let seconds = seconds.ok_or(Refusal::Malformed(
        "its times must be seconds since 1970, and it must have an exp",
    ))?;
    Ok((seconds * SECOND as f64) as Millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_768_833_137_000;

    fn part(json: &Value) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
    }

    fn token(head: &Value, claims: &Value) -> String {
        format!(
            "{}.{}.{}",
            part(head),
            part(claims),
            BASE64_URL_SAFE_NO_PAD.encode("signature")
        )
    }

    fn key() -> Jwk {
        let secret = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let set = json!({"keys": [{"kty": "oct", "k": secret, "kid": "one", "alg": "HS256"}]});
        parse_set(&set.to_string()).unwrap().remove(0)
    }

    fn judged(claims: &Value, audience: Option<&str>) -> Result<Pass, Refusal> {
        let signed = Signed::read(&token(&json!({"alg": "HS256"}), claims))?;
        signed.pass(&key(), audience, NOW)
    }

    #[test]
    fn claims_become_a_pass() {
        let claims = json!({"sub": "ann", "exp": 1_768_833_138.5, "nbf": 1_768_833_190, "symbols": ["aapl"], "limits": {"symbols": 3}, "other": 1});
        let pass = judged(&claims, None).unwrap();
        assert_eq!((pass.principal.as_str(), pass.expires), ("ann", Some(NOW + 1_500)));
        assert_eq!(
            (pass.symbols, pass.limits.symbols),
            (Some(vec!["AAPL".to_owned()]), Some(3))
        );
        assert_eq!(pass.voucher, key().voucher);
    }

    #[test]
    fn times_and_audience_are_checked() {
        let claims = |more: Value| {
            let mut claims = json!({"sub": "ann", "exp": 1_768_833_138});
            claims
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            claims
        };
        assert_eq!(
            judged(&claims(json!({"exp": 1_768_833_137})), None),
            Err(Refusal::Expired(NOW))
        );
        let late = NOW + 61 * SECOND;
        assert_eq!(
            judged(&claims(json!({"nbf": late / SECOND})), None),
            Err(Refusal::TooEarly(late))
        );
        for (aud, ours, is_right) in [
            (json!({}), None, true),
            (json!({"aud": "x"}), None, false),
            (json!({}), Some("x"), false),
            (json!({"aud": "x"}), Some("x"), true),
            (json!({"aud": ["y", "x"]}), Some("x"), true),
            (json!({"aud": ["y"]}), Some("x"), false),
            (json!({"aud": []}), None, false),
        ] {
            assert_eq!(judged(&claims(aud.clone()), ours).is_ok(), is_right, "{aud} {ours:?}");
        }
        for wrong in [
            json!({"exp": -1}),
            json!({"exp": 1e300}),
            json!({"exp": "soon"}),
            json!({"sub": ""}),
            json!({"sub": 7}),
        ] {
            assert!(
                matches!(judged(&claims(wrong.clone()), None), Err(Refusal::Malformed(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let claims = json!({"sub": "ann", "exp": 1_768_833_138});
        for head in [
            json!({"alg": "none"}),
            json!({"alg": "hs256"}),
            json!({"alg": "RS256"}),
            json!({}),
            json!({"alg": "HS256", "crit": ["exp"]}),
            json!({"alg": "HS256", "typ": "secevent+jwt"}),
            json!([]),
        ] {
            let read = Signed::read(&token(&head, &claims));
            assert!(matches!(read, Err(Refusal::Malformed(_))), "{head}: {read:?}");
        }
        let twice = BASE64_URL_SAFE_NO_PAD.encode(r#"{"sub":"ann","exp":1,"exp":99999999999}"#);
        let head = part(&json!({"alg": "HS256"}));
        for text in [
            String::new(),
            "a.b".to_owned(),
            "a.b.c.d".to_owned(),
            format!("{head}.{twice}.AAAA"),
            format!("{head}.{}.A=", part(&claims)),
            format!("{head}.{}.AAAA", "A".repeat(LONGEST)),
        ] {
            assert!(matches!(Signed::read(&text), Err(Refusal::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn a_token_is_tried_with_keys_of_its_algorithm_and_name() {
        let of = |head: Value| {
            Signed::read(&token(&head, &json!({"sub": "a", "exp": 1})))
                .unwrap()
                .may_be_of(&key())
        };
        assert!(of(json!({"alg": "HS256"})) && of(json!({"alg": "HS256", "kid": "one"})));
        assert!(!of(json!({"alg": "HS256", "kid": "two"})));
        assert!(!of(json!({"alg": "ES256", "kid": "one"})), "the key's algorithm counts");
    }

    #[test]
    fn keys_are_checked_when_they_are_read() {
        let x = BASE64_URL_SAFE_NO_PAD.encode([1; 32]);
        for (key, why) in [
            (
                json!({"kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode([1; 31])}),
                "32 bytes",
            ),
            (json!({"kty": "RSA"}), "kty must be"),
            (json!({"kty": "EC", "crv": "P-384", "x": x, "y": x}), "curve"),
            (json!({"kty": "EC", "crv": "P-256", "x": x}), "curve"),
            (
                json!({"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "HS256"}),
                "alg must be",
            ),
        ] {
            let error = parse_set(&json!({"keys": [key]}).to_string()).unwrap_err();
            assert!(error.starts_with("key 1: ") && error.contains(why), "{key}: {error}");
        }
        let private = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "d": "private"}]});
        let keys = parse_set(&private.to_string()).unwrap();
        assert!(!keys[0].json.contains("private"), "only what verifies is kept");
    }
}
