//! Sends requests to the upstream: Twelve Data, anything that speaks its protocol, or the simulator
//! in this Worker. The machine removes the key from answers after decoding them.

use crate::access::Pass;
use crate::provider::{self, Endpoint, Outgoing};
use worker::{AbortSignal, Env, Error, Fetch, Headers, Request, Response, Result};

const SIMULATOR_BINDING: &str = "SIMULATOR";
pub(super) const HUB_BINDING: &str = "HUB";
/// There is one hub: one feed, received once.
pub(super) const HUB_NAME: &str = "hub";

/// The upstream's endpoint and the way to reach it.
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

    /// The hub in this Worker, for its relays.
    pub(super) fn of_own_hub(env: &Env) -> Self {
        Self {
            endpoint: Endpoint::of_own_hub(),
            env: env.clone(),
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends the upgrade request. The status of the answer says whether it was accepted.
    pub(super) async fn upgrade(&self, signal: &AbortSignal) -> Result<Response> {
        self.send(self.endpoint.upgrade(), signal).await
    }

    /// Sends a REST request for a path with its query.
    pub(super) async fn get(&self, path_and_query: &str, signal: &AbortSignal) -> Result<Response> {
        self.send(self.endpoint.call(path_and_query), signal).await
    }

    /// A text of the platform or the upstream without the key and without addresses.
    pub(super) fn redact(&self, text: &str) -> String {
        self.endpoint.secret().clean(text)
    }

    async fn send(&self, outgoing: Outgoing, signal: &AbortSignal) -> Result<Response> {
        let headers = Headers::new();
        for (name, value) in &outgoing.headers {
            headers.set(name, value)?;
        }
        // `worker::RequestInit` would bring all of Cloudflare's image options.
        let init = web_sys::RequestInit::new();
        init.set_headers(headers.as_ref());
        // Do not follow redirects: the key belongs to this host.
        init.set_redirect(web_sys::RequestRedirect::Manual);
        let request = Request::from(web_sys::Request::new_with_str_and_init(&outgoing.url, &init)?);
        let inside = match self.endpoint.source {
            provider::Source::Simulator => Some((SIMULATOR_BINDING, "simulator")),
            provider::Source::OwnHub => Some((HUB_BINDING, HUB_NAME)),
            provider::Source::Provider | provider::Source::Hub => None,
        };
        let sent = match inside {
            Some((binding, name)) => {
                if self.endpoint.is_hub() {
                    // The front door, which takes this header from clients, is not on this way.
                    request.headers().set(Pass::HEADER, &Pass::of_relay().to_header())?;
                }
                let object = self.env.durable_object(binding)?.get_by_name(name)?;
                object.fetch_with_request(request).await
            }
            None => Fetch::Request(request).send_with_signal(signal).await,
        };
        sent.map_err(|error| Error::RustError(self.redact(&error.to_string())))
    }
}

/// A var or secret; blank counts as absent.
pub(super) fn text(env: &Env, name: &str) -> Option<String> {
    let value = raw(env, name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// A var or secret as it was set; one that is not a text, as JSON.
pub(super) fn raw(env: &Env, name: &str) -> Option<String> {
    let value = js_sys::Reflect::get(env.as_ref(), &name.into()).ok()?;
    if value.is_undefined() || value.is_null() {
        return None;
    }
    let json = || js_sys::JSON::stringify(&value).ok()?.as_string();
    value.as_string().or_else(json)
}
