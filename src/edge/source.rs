//! Sends requests to upstream: Twelve Data, anything that speaks its protocol, or the simulator in
//! this Worker. Texts that come back are searched for the key, by the machine after they were
//! decoded.

use crate::provider::{Endpoint, Outgoing};
use worker::{AbortSignal, Env, Error, Fetch, Headers, Request, Response, Result};

const SIMULATOR_BINDING: &str = "SIMULATOR";

/// The way to upstream.
pub(super) struct Source {
    endpoint: Endpoint,
    env: Env,
}

impl Source {
    /// Reads key and addresses.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn from_env(env: &Env) -> std::result::Result<Self, String> {
        Ok(Self {
            endpoint: Endpoint::from_vars(|name| text(env, name))?,
            env: env.clone(),
        })
    }

    /// Where upstream is.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The upgrade request. The answer's status says whether it was taken.
    pub(super) async fn upgrade(&self, signal: &AbortSignal) -> Result<Response> {
        self.send(self.endpoint.upgrade(), signal).await
    }

    /// A call of a path with its query.
    pub(super) async fn get(&self, path_and_query: &str, signal: &AbortSignal) -> Result<Response> {
        self.send(self.endpoint.call(path_and_query), signal).await
    }

    /// A text of the platform or of upstream without the key and without addresses.
    pub(super) fn redact(&self, text: &str) -> String {
        self.endpoint.secret().clean(text)
    }

    async fn send(&self, outgoing: Outgoing, signal: &AbortSignal) -> Result<Response> {
        let headers = Headers::new();
        for (name, value) in &outgoing.headers {
            headers.set(name, value)?;
        }
        // Not `worker::RequestInit`, which would bring all that Cloudflare can do with pictures.
        let init = web_sys::RequestInit::new();
        init.set_headers(headers.as_ref());
        // A redirect is answered as it is: the key belongs to this host.
        init.set_redirect(web_sys::RequestRedirect::Manual);
        let request = Request::from(web_sys::Request::new_with_str_and_init(&outgoing.url, &init)?);
        let sent = if self.endpoint.is_simulated() {
            let simulator = self.env.durable_object(SIMULATOR_BINDING)?.get_by_name("simulator")?;
            simulator.fetch_with_request(request).await
        } else {
            Fetch::Request(request).send_with_signal(signal).await
        };
        sent.map_err(|error| Error::RustError(self.redact(&error.to_string())))
    }
}

/// A var or secret; blank is absent.
pub(super) fn text(env: &Env, name: &str) -> Option<String> {
    let value = env.var(name).ok()?.to_string();
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}
