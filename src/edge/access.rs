//! Finds out what a request's credential allows. The front door does it, so that a stranger's
//! request does not reach the hub, and tells the hub in a header that it alone can set.

use super::query::{ADDRESS, header, own_origin, parameter};
use super::source::raw;
use crate::access::{Access, Credential, Door, Hash, Jwk, Pass, Presented, Refusal, Seen, Signed, Standing};
use crate::api::{self, Asked, Problem};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Env, Request};

#[wasm_bindgen(module = "/src/edge/tokens.js")]
extern "C" {
    /// A promise of a bool.
    fn verify(key: &str, data: &str, signature: &[u8]) -> js_sys::Promise;

    /// A promise of an `Uint8Array`.
    fn sha256(text: &str) -> js_sys::Promise;

    #[wasm_bindgen(js_name = randomText)]
    pub(super) fn random_text() -> String;
}

thread_local! {
    /// The settings of this isolate, which do not change.
    static ACCESS: RefCell<Option<Rc<Access>>> = const { RefCell::new(None) };
    /// The wrong credentials that each address has shown to this isolate.
    static WRONG: RefCell<Door> = RefCell::new(Door::new((js_sys::Math::random() * 9e15) as u64));
}

/// The operator's settings about access.
///
/// # Errors
/// [`Problem::Misconfigured`] if they cannot be used.
pub(super) fn settings(env: &Env) -> Result<Rc<Access>, Problem> {
    if let Some(access) = ACCESS.with_borrow(Clone::clone) {
        return Ok(access);
    }
    let access = Access::from_vars(&|name| raw(env, name));
    let access = Rc::new(access.map_err(|error| Problem::Misconfigured(error.to_string()))?);
    ACCESS.set(Some(Rc::clone(&access)));
    Ok(access)
}

/// Where a request went, and from which page it came.
pub(super) struct From {
    own: String,
    origin: Option<String>,
}

impl From {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            own: own_origin(request),
            origin: header(request, "Origin"),
        }
    }

    pub(super) fn seen(&self) -> Seen<'_> {
        Seen {
            own: &self.own,
            origin: self.origin.as_deref(),
        }
    }
}

/// Where whoever sent a request stands.
///
/// # Errors
/// 401 for a credential that is missing or does not count, 403 for a page that may not connect.
pub(super) async fn judge(
    access: &Access,
    request: &Request,
    (asked, seen): (&Asked, Seen<'_>),
    now: u64,
) -> Result<Standing, Problem> {
    if asked.is_door() && !access.origins.may_connect(seen) {
        let origin = seen.origin.unwrap_or_default().chars().take(100).collect();
        return Err(Problem::ForeignOrigin(origin));
    }
    if !access.is_required {
        return Ok(Standing::Anybody);
    }
    let outcome = match credential(request) {
        Ok(Some(Credential::Token(token))) => pass_of(access, &token, now).await.map(Standing::from),
        // The hub knows the tickets.
        Ok(Some(Credential::Ticket(_))) if asked.is_door() => return Ok(Standing::Unproven),
        Ok(Some(Credential::Ticket(_)) | None) if asked.may_prove_later() => return Ok(Standing::Unproven),
        Ok(_) if asked.is_for_anybody() => return Ok(Standing::Anybody),
        Ok(_) => Err(Refusal::Missing),
        Err(refusal) => Err(refusal),
    };
    if let (Err(_), Some(address)) = (&outcome, header(request, ADDRESS)) {
        let wait = WRONG.with_borrow_mut(|door| {
            let viewer = door.viewer(&address);
            door.guessed(viewer, now)
        });
        if let Some(seconds) = wait {
            return Err(Problem::TooManyGuesses(seconds));
        }
    }
    outcome.map_err(Problem::Unauthorized)
}

/// The credential that a request carries.
///
/// # Errors
/// Several that differ.
pub(super) fn credential(request: &Request) -> Result<Option<Credential>, Refusal> {
    let theirs = api::twelve_datas_key(&request.path());
    let authorization = header(request, "Authorization");
    let api_key = header(request, "X-API-Key");
    let api_key = api_key.or_else(|| header(request, theirs?.header));
    Presented {
        authorization: authorization.as_deref(),
        scheme: theirs.map(|key| key.scheme),
        api_key: api_key.as_deref(),
        offer: header(request, "Sec-WebSocket-Protocol").as_deref(),
        ticket: parameter(request, "ticket").as_deref(),
        parameter: theirs.and_then(|key| parameter(request, key.parameter)).as_deref(),
    }
    .credential()
}

/// What a token allows.
///
/// # Errors
/// Why it does not count.
pub(super) async fn pass_of(access: &Access, token: &str, now: u64) -> Result<Pass, Refusal> {
    let known = access.pass_of_key(&hash_of(token).await, now);
    // A static key may have any form, so it is looked up first.
    if known != Err(Refusal::Unknown) || access.signers.is_empty() {
        return known;
    }
    let signed = Signed::read(token)?;
    for signer in access.signers.iter().filter(|signer| signed.may_be_of(signer)) {
        if is_signed_by(&signed, signer).await {
            return access.pass_of_token(&signed, signer, now);
        }
    }
    Err(Refusal::Signature)
}

/// The SHA-256 of a text.
async fn hash_of(text: &str) -> Hash {
    let mut hash = [0; 32];
    // It cannot fail.
    if let Ok(digest) = JsFuture::from(sha256(text)).await {
        let digest = js_sys::Uint8Array::from(digest);
        if digest.length() == 32 {
            digest.copy_to(&mut hash);
        }
    }
    hash
}

/// A key that the platform does not take signs nothing.
async fn is_signed_by(signed: &Signed, signer: &Jwk) -> bool {
    let verified = JsFuture::from(verify(&signer.json, &signed.data, &signed.signature)).await;
    verified.ok().and_then(|verified| verified.as_bool()).unwrap_or(false)
}

/// The request as the hub may trust it: with the pass that the front door found, and no other.
///
/// # Errors
/// The platform's own.
pub(super) fn stamped(request: Request, standing: &Standing) -> worker::Result<Request> {
    if standing.pass().is_none() && header(&request, Pass::HEADER).is_none() {
        return Ok(request);
    }
    let request = request.clone_mut()?;
    match standing.pass() {
        Some(pass) => request.headers().set(Pass::HEADER, &pass.to_header())?,
        None => request.headers().delete(Pass::HEADER)?,
    }
    Ok(request)
}

/// The pass that the front door found.
pub(super) fn stamp(request: &Request) -> Option<Pass> {
    header(request, Pass::HEADER).and_then(|pass| Pass::from_header(&pass))
}
