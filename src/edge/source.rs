//! Where the feed comes from: Twelve Data, anything that speaks its protocol, or the simulator in this Worker.
//!
//! The key lives here and goes nowhere but into two request headers, and to no other address:
//! redirects are not followed. Texts that come back are searched for it, by the machine after they
//! were decoded.

use crate::provider::Secret;
use std::hash::{DefaultHasher, Hash, Hasher};
use worker::{AbortSignal, Env, Error, Fetch, Headers, Request, Response, Result};

const WS_URL: &str = "wss://ws.twelvedata.com/v1/quotes/price";
const REST_URL: &str = "https://api.twelvedata.com";
/// The simulator's own name for itself; no request for it leaves the Worker.
const SIMULATOR_WS_URL: &str = "https://simulator/v1/quotes/price";
const SIMULATOR_REST_URL: &str = "https://simulator";
const SIMULATOR_BINDING: &str = "SIMULATOR";

/// The upstream as the vars describe it.
pub(super) struct Source {
    key: Option<String>,
    secret: Secret,
    ws_url: String,
    rest_url: String,
    env: Env,
}

impl Source {
    /// Reads key and addresses.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn from_env(env: &Env) -> std::result::Result<Self, String> {
        let key = text(env, "TWELVE_DATA_API_KEY");
        let ws_url = text(env, "TWELVE_DATA_WS_URL");
        let rest_url = text(env, "TWELVE_DATA_REST_URL");
        if key.is_none() && (ws_url.is_some() || rest_url.is_some()) {
            return Err("TWELVE_DATA_WS_URL or TWELVE_DATA_REST_URL is set, but no TWELVE_DATA_API_KEY: set the key, or none of them for simulated prices".to_owned());
        }
        let (default_ws, default_rest) = if key.is_some() {
            (WS_URL, REST_URL)
        } else {
            (SIMULATOR_WS_URL, SIMULATOR_REST_URL)
        };
        Ok(Self {
            secret: key.as_deref().map(Secret::new).unwrap_or_default(),
            key,
            ws_url: as_http(ws_url.as_deref().unwrap_or(default_ws)),
            rest_url: rest_url
                .unwrap_or_else(|| default_rest.to_owned())
                .trim_end_matches('/')
                .to_owned(),
            env: env.clone(),
        })
    }

    /// Whether no key is set, so that the simulator plays the market.
    pub(super) fn is_simulated(&self) -> bool {
        self.key.is_none()
    }

    /// Differs where address or key differ. 32 bits of a hash tell nobody the key.
    pub(super) fn fingerprint(&self) -> u32 {
        let mut hasher = DefaultHasher::new();
        (&self.key, &self.ws_url).hash(&mut hasher);
        hasher.finish() as u32
    }

    /// The upgrade request. The answer's status says whether it was taken.
    pub(super) async fn upgrade(&self, signal: &AbortSignal) -> Result<Response> {
        let headers = Headers::new();
        headers.set("Upgrade", "websocket")?;
        if let Some(key) = &self.key {
            headers.set("X-TD-APIKEY", key)?;
        }
        self.send(&self.ws_url, headers, signal).await
    }

    /// A REST call of a path with its query.
    pub(super) async fn get(&self, path_and_query: &str, signal: &AbortSignal) -> Result<Response> {
        let headers = Headers::new();
        headers.set("Accept", "application/json")?;
        if let Some(key) = &self.key {
            headers.set("Authorization", &format!("apikey {key}"))?;
        }
        self.send(&format!("{}{path_and_query}", self.rest_url), headers, signal)
            .await
    }

    /// What takes the key out of texts.
    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// A text of the platform or of upstream without the key and without addresses.
    pub(super) fn redact(&self, text: &str) -> String {
        self.secret.clean(text)
    }

    async fn send(&self, url: &str, headers: Headers, signal: &AbortSignal) -> Result<Response> {
        // Not `worker::RequestInit`, which would bring all that Cloudflare can do with pictures.
        let init = web_sys::RequestInit::new();
        init.set_headers(headers.as_ref());
        // Whoever answers with another address is refused: the key belongs to this host.
        init.set_redirect(web_sys::RequestRedirect::Manual);
        let request = Request::from(web_sys::Request::new_with_str_and_init(url, &init)?);
        let sent = if self.is_simulated() {
            let simulator = self.env.durable_object(SIMULATOR_BINDING)?.get_by_name("simulator")?;
            simulator.fetch_with_request(request).await
        } else {
            Fetch::Request(request).send_with_signal(signal).await
        };
        sent.map_err(|error| Error::RustError(self.redact(&error.to_string())))
    }
}

/// fetch() opens WebSockets at http addresses: `wss://…` → `https://…`.
fn as_http(url: &str) -> String {
    url.strip_prefix("ws")
        .map_or_else(|| url.to_owned(), |rest| format!("http{rest}"))
}

/// A var or secret; blank is absent.
pub(super) fn text(env: &Env, name: &str) -> Option<String> {
    let value = env.var(name).ok()?.to_string();
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}
