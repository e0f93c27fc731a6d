//! A provider's endpoint: its addresses and the API key, from the vars.
//!
//! The key leaves here only in two request headers, for the addresses of the same endpoint.

use super::{Provider, Secret, twelve_data};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The address of the built-in simulator; no request for it leaves the Worker.
const SIMULATOR_URL: &str = "https://simulator";

/// The addresses and the key of an upstream.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The provider at these addresses.
    pub provider: Provider,
    key: Option<String>,
    secret: Secret,
    stream_url: String,
    call_url: String,
}

/// A request to send, with its headers. Do not follow redirects: the key belongs to this host.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The full URL.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
}

impl Endpoint {
    /// Reads key and addresses through `var`; absent or blank means the default. Without a key the
    /// built-in simulator provides the prices.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let [key, stream_url, call_url] = twelve_data::VARS.map(&var);
        let [key_var, stream_var, call_var] = twelve_data::VARS;
        if key.is_none() && (stream_url.is_some() || call_url.is_some()) {
            return Err(format!(
                "{stream_var} or {call_var} is set, but no {key_var}: set the key, or none of them for simulated prices"
            ));
        }
        let simulated = || {
            (
                format!("{SIMULATOR_URL}{}", twelve_data::STREAM_PATH),
                SIMULATOR_URL.to_owned(),
            )
        };
        let real = || (twelve_data::STREAM_URL.to_owned(), twelve_data::CALL_URL.to_owned());
        let (default_stream, default_call) = if key.is_some() { real() } else { simulated() };
        Ok(Self {
            provider: Provider::TwelveData,
            secret: key.as_deref().map(Secret::new).unwrap_or_default(),
            key,
            stream_url: as_http(&stream_url.unwrap_or(default_stream)),
            call_url: call_url.unwrap_or(default_call).trim_end_matches('/').to_owned(),
        })
    }

    /// Whether no key is set, so that the simulator provides the prices.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.key.is_none()
    }

    /// Differs if address or key differ. 32 bits of a hash do not reveal the key.
    #[must_use]
    pub fn fingerprint(&self) -> u32 {
        let mut hasher = DefaultHasher::new();
        (&self.key, &self.stream_url).hash(&mut hasher);
        hasher.finish() as u32
    }

    /// Removes the key from texts.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The upgrade request. The status of the answer says whether it was accepted.
    #[must_use]
    pub fn upgrade(&self) -> Outgoing {
        let mut headers = vec![("Upgrade", "websocket".to_owned())];
        headers.extend(self.key.as_deref().map(twelve_data::upgrade_key));
        Outgoing {
            url: self.stream_url.clone(),
            headers,
        }
    }

    /// A REST request for a path with its query.
    #[must_use]
    pub fn call(&self, path_and_query: &str) -> Outgoing {
        let mut headers = vec![("Accept", "application/json".to_owned())];
        headers.extend(self.key.as_deref().map(twelve_data::call_key));
        Outgoing {
            url: format!("{}{path_and_query}", self.call_url),
            headers,
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint(hidden)")
    }
}

/// `fetch()` opens WebSockets at http addresses: `wss://…` becomes `https://…`.
fn as_http(url: &str) -> String {
    url.strip_prefix("ws")
        .map_or_else(|| url.to_owned(), |rest| format!("http{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(vars: &[(&str, &str)]) -> Result<Endpoint, String> {
        Endpoint::from_vars(|name| {
            let var = vars.iter().find(|(var, _)| *var == name);
            var.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_a_key_the_simulator_plays() {
        let simulator = endpoint(&[]).unwrap();
        assert!(simulator.is_simulated());
        assert_eq!(simulator.upgrade().url, "https://simulator/v1/quotes/price");
        assert_eq!(
            simulator.call("/x").headers,
            [("Accept", "application/json".to_owned())]
        );
        let sentence = endpoint(&[("TWELVE_DATA_WS_URL", "ws://127.0.0.1:1")]).unwrap_err();
        assert!(sentence.contains("TWELVE_DATA_API_KEY"), "{sentence}");
    }

    #[test]
    fn the_key_is_in_one_header_of_each_request_and_in_no_text() {
        let key = "0123456789abcdef";
        let real = endpoint(&[("TWELVE_DATA_API_KEY", key)]).unwrap();
        let (upgrade, call) = (real.upgrade(), real.call("/quote?symbol=A"));
        assert!(
            upgrade.url.starts_with("https://ws.twelvedata.com/")
                && call.url.starts_with("https://api.twelvedata.com/quote")
        );
        for request in [upgrade, call] {
            assert!(!request.url.contains(key));
            assert_eq!(
                request.headers.iter().filter(|(_, value)| value.contains(key)).count(),
                1
            );
        }
        assert!(!format!("{real:?}").contains(key));
        let other = endpoint(&[("TWELVE_DATA_API_KEY", "another")]).unwrap();
        assert_ne!(real.fingerprint(), other.fingerprint());
    }
}
