//! A provider's endpoint: its addresses and the API key, from the vars.
//!
//! The key leaves here only in two request headers, for the addresses of the same endpoint.

use super::{Provider, Secret, hub, twelve_data};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The address of the built-in simulator; no request for it leaves the Worker.
const SIMULATOR_URL: &str = "https://simulator";

/// The address of the hub in the same Worker; no request for it leaves the Worker.
const OWN_HUB_URL: &str = "https://hub";
/// Fewer characters of a relay's secret could be guessed.
pub const SHORTEST_SECRET: usize = 16;

/// What is at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A provider, or what speaks its protocol.
    Provider,
    /// The simulator in this Worker.
    Simulator,
    /// The hub of another deployment.
    Hub,
    /// The hub in this Worker.
    OwnHub,
}

/// The addresses and the key of an upstream.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The provider at these addresses.
    pub provider: Provider,
    /// What is there.
    pub source: Source,
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
        if let Some(address) = var("RELAY_OF") {
            return match key {
                Some(_) => Err("RELAY_OF and TWELVE_DATA_API_KEY are both set: a relay has its prices from its hub, which alone needs the key; unset one of them".to_owned()),
                None => Self::of_hub(&address, var("RELAY_SECRET")),
            };
        }
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
            source: if key.is_some() {
                Source::Provider
            } else {
                Source::Simulator
            },
            secret: key.as_deref().map(Secret::new).unwrap_or_default(),
            key,
            stream_url: as_http(&stream_url.unwrap_or(default_stream)),
            call_url: call_url.unwrap_or(default_call).trim_end_matches('/').to_owned(),
        })
    }

    /// The hub of another deployment, at an address such as `https://terminal.example`.
    fn of_hub(address: &str, secret: Option<String>) -> Result<Self, String> {
        let address = address.trim_end_matches('/');
        let host = address
            .strip_prefix("https://")
            .or_else(|| address.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', '@'])) {
            return Err(format!(
                "RELAY_OF is {address:?}: set the address of the hub's deployment, such as https://terminal.example"
            ));
        }
        let Some(secret) = secret.filter(|secret| secret.len() >= SHORTEST_SECRET) else {
            return Err(format!(
                "RELAY_OF is set, so RELAY_SECRET must be too: the same text of {SHORTEST_SECRET} characters or more here and at the hub"
            ));
        };
        Ok(Self {
            provider: Provider::TwelveData,
            source: Source::Hub,
            secret: Secret::new(&secret),
            key: Some(secret),
            stream_url: format!("{address}{}", hub::PATH),
            call_url: address.to_owned(),
        })
    }

    /// The hub in this Worker.
    #[must_use]
    pub fn of_own_hub() -> Self {
        Self {
            provider: Provider::TwelveData,
            source: Source::OwnHub,
            secret: Secret::default(),
            key: None,
            stream_url: format!("{OWN_HUB_URL}{}", hub::PATH),
            call_url: OWN_HUB_URL.to_owned(),
        }
    }

    /// Whether the simulator provides the prices.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.source == Source::Simulator
    }

    /// Whether another hub provides the prices.
    #[must_use]
    pub fn is_hub(&self) -> bool {
        matches!(self.source, Source::Hub | Source::OwnHub)
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
        if self.is_hub() {
            headers.push(("Sec-WebSocket-Protocol", hub::NAME.to_owned()));
            headers.extend(self.key.clone().map(|secret| (hub::SECRET, secret)));
        } else {
            headers.extend(self.key.as_deref().map(twelve_data::upgrade_key));
        }
        Outgoing {
            url: self.stream_url.clone(),
            headers,
        }
    }

    /// A REST request for a path with its query.
    #[must_use]
    pub fn call(&self, path_and_query: &str) -> Outgoing {
        let mut headers = vec![("Accept", "application/json".to_owned())];
        if self.is_hub() {
            headers.extend(self.key.clone().map(|secret| (hub::SECRET, secret)));
        } else {
            headers.extend(self.key.as_deref().map(twelve_data::call_key));
        }
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
    fn a_relay_dials_its_hub_with_the_secret_in_a_header() {
        let secret = "0123456789abcdef";
        let relay = endpoint(&[("RELAY_OF", "https://hub.example/"), ("RELAY_SECRET", secret)]).unwrap();
        let upgrade = relay.upgrade();
        assert_eq!(
            (upgrade.url.as_str(), relay.is_simulated()),
            ("https://hub.example/uplink", false)
        );
        assert!(upgrade.headers.contains(&("X-Hamster-Relay", secret.to_owned())));
        assert!(
            upgrade
                .headers
                .contains(&("Sec-WebSocket-Protocol", "hamster.uplink.v1".to_owned()))
        );
        for (vars, says) in [
            (vec![("RELAY_OF", "https://hub.example")], "RELAY_SECRET"),
            (
                vec![("RELAY_OF", "https://hub.example"), ("RELAY_SECRET", "short")],
                "RELAY_SECRET",
            ),
            (vec![("RELAY_OF", "hub.example"), ("RELAY_SECRET", secret)], "https://"),
            (
                vec![("RELAY_OF", "https://hub.example/path"), ("RELAY_SECRET", secret)],
                "https://",
            ),
            (
                vec![("RELAY_OF", "https://hub.example"), ("TWELVE_DATA_API_KEY", "k")],
                "unset one",
            ),
        ] {
            let sentence = endpoint(&vars).unwrap_err();
            assert!(sentence.contains(says) && !sentence.contains(secret), "{sentence}");
        }
        assert!(Endpoint::of_own_hub().is_hub());
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
