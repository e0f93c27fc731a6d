//! The Worker's front door: it answers what needs no state and passes the rest to the one hub.

use super::access::{self, From};
use super::hub::POKE_PATH;
use super::platform::now;
use super::query::{asked, header, is_https, method, parameter, socket_address};
use super::respond::respond;
use super::source::{HUB_BINDING, HUB_NAME, raw, text};
use crate::access::{Access, Pass, Seen, Standing, same};
use crate::api::{self, Asked, Problem, Reply};
use crate::driver::placement::{self, HUB, LOAD, Loads, Place};
use crate::hub::{Question, Scale};
use crate::market::iso8601;
use crate::provider::hub;
use std::cell::RefCell;
use std::rc::Rc;
use worker::{Date, Env, Request, Response, Result, Stub, console_error};

const ASSETS_BINDING: &str = "ASSETS";
/// The asset server's page for unknown addresses.
const NOT_FOUND_PAGE: &str = "https://assets/404";
const RELAY_BINDING: &str = "RELAY";

thread_local! {
    /// What this isolate has heard of the servers' loads.
    static LOADS: RefCell<Loads> = RefCell::default();
}

/// Handles a request that no static asset answers.
///
/// # Errors
/// The platform's own. Every fault of the request is answered with a problem document.
pub async fn handle(request: Request, env: Env) -> Result<Response> {
    #[cfg(feature = "faults")]
    super::panics::break_if_asked(&request.path(), "gateway");
    let path = request.path();
    if path == hub::PATH && is_own_relay(&request, &env) {
        return tell_hub(request, &env).await;
    }
    let is_head = method(&request) == "HEAD";
    let settings = access::settings(&env);
    let (is_https, from) = (is_https(&request), From::of(&request));
    let reply = |reply: Reply| {
        let reply = match &settings {
            Ok(access) => reply.seen_from(&access.origins, from.seen(), access.is_required),
            Err(_) => reply,
        };
        respond(&reply.over(is_https))
    };
    let judged = if is_own_relay(&request, &env) {
        asked(&request).map(|asked| (asked, Standing::from(Pass::of_relay())))
    } else {
        judged(&request, from.seen(), &settings).await
    };
    let response = match judged {
        #[cfg(feature = "faults")]
        Err(_) if path.starts_with("/api/faults/hub/") => ask_hub(request, &env).await,
        Err(Problem::NotFound(_)) if !api::is_ours(&path) => not_found_page(&env).await,
        Err(problem) if api::is_told_as_twelve_data(&path) => reply(problem.reply_to_twelve_datas_client()),
        Err(problem) => reply(problem.reply()),
        Ok((Asked::Options(methods), _)) => reply(Reply::options(methods)),
        Ok((Asked::Access, standing)) => {
            let is_required = settings.as_ref().is_ok_and(|access| access.is_required);
            reply(api::access(is_required, &standing))
        }
        Ok((Asked::Health, _)) => reply(api::health().unless_known(header(&request, "If-None-Match").as_deref())),
        Ok((Asked::Known(known), _)) => reply(known.unless_known(header(&request, "If-None-Match").as_deref())),
        Ok((Asked::Socket(_) | Asked::Upgrade(_), _)) if is_head || !is_upgrade(&request) => {
            reply(Problem::UpgradeRequired(socket_address(&request)).reply())
        }
        // Their answers do not end, or end only when there is something to say.
        Ok((Asked::Stream(_), _)) if is_head => reply(Reply::event_stream()),
        Ok((Asked::Polling(_), _)) if is_head => reply(Reply::polled(String::new())),
        Ok((asked @ (Asked::Polling(_) | Asked::Ticket), standing)) if method(&request) == "POST" => {
            let server = giver_of(&asked, &request, &env).unwrap_or_else(|| HUB.to_owned());
            or_problem(ask(&server, access::stamped(request, &standing)?, &env).await)
        }
        Ok((asked, standing)) if may_be_a_relays(&asked) && relays(&env) > 0 => {
            ask_a_server(&asked, access::stamped(request, &standing)?, &env).await
        }
        Ok((
            Asked::Socket(_)
            | Asked::Upgrade(_)
            | Asked::Stream(_)
            | Asked::Polling(_)
            | Asked::Ticket
            | Asked::Metrics
            | Asked::Hub(..)
            | Asked::Each(..),
            standing,
        )) => ask_hub(access::stamped(request, &standing)?, &env).await,
    }?;
    if is_head { without_body(&response) } else { Ok(response) }
}

/// What a request asks for, and where whoever sent it stands.
async fn judged(
    request: &Request,
    seen: Seen<'_>,
    settings: &std::result::Result<Rc<Access>, Problem>,
) -> std::result::Result<(Asked, Standing), Problem> {
    let asked = asked(request)?;
    if matches!(asked, Asked::Options(_) | Asked::Health) {
        return Ok((asked, Standing::Anybody));
    }
    let access = settings.as_ref().map_err(Clone::clone)?;
    let standing = access::judge(access, request, (&asked, seen), now()).await?;
    Ok((asked, standing))
}

/// The page for an unknown address.
async fn not_found_page(env: &Env) -> Result<Response> {
    let page = env.assets(ASSETS_BINDING)?.fetch(NOT_FOUND_PAGE, None).await?;
    Ok(page.with_status(404))
}

/// Asks the hub, and retries once: if the object was reset or replaced during the first request,
/// the second one reaches a new object. That is safe because no route changes anything.
async fn ask_hub(request: Request, env: &Env) -> Result<Response> {
    let again = request.clone()?;
    let answered = match hub(env)?.fetch_with_request(request).await {
        Err(_) => hub(env)?.fetch_with_request(again).await,
        answered => answered,
    };
    or_problem(answered)
}

/// Tells the hub something, which is not repeated: the hub may have heard it.
async fn tell_hub(request: Request, env: &Env) -> Result<Response> {
    or_problem(hub(env)?.fetch_with_request(request).await)
}

fn or_problem(answered: Result<Response>) -> Result<Response> {
    match answered {
        Err(error) => respond(&Problem::Internal(error.to_string()).reply()),
        answered => answered,
    }
}

/// The cron trigger: makes the hub check its deadlines. It recovers within a minute from an alarm
/// that the platform gave up or an object evicted with all its timers. A hub that nobody watches
/// continues to sleep.
pub async fn poke(env: Env) {
    let asked = async { hub(&env)?.fetch_with_str(&format!("https://hub{POKE_PATH}")).await };
    if let Err(error) = asked.await {
        let time = iso8601(Date::now().as_millis());
        let line = serde_json::json!({"time": time, "level": "error", "event": "poke", "message": format!("the hub did not answer: {error}")});
        console_error!("{line}");
    }
}

fn hub(env: &Env) -> Result<Stub> {
    env.durable_object(HUB_BINDING)?.get_by_name(HUB_NAME)
}

/// Relays of each region; the hub says what is wrong with the var.
fn relays(env: &Env) -> u32 {
    Scale::from_vars(|name| raw(env, name)).map_or(0, |scale| scale.relays)
}

/// Whether a request comes from a relay of another deployment that knows our secret.
fn is_own_relay(request: &Request, env: &Env) -> bool {
    let secret = text(env, "RELAY_SECRET");
    let shown = header(request, hub::SECRET);
    secret
        .zip(shown)
        .is_some_and(|(secret, shown)| same(secret.as_bytes(), shown.as_bytes()))
}

/// Whether a relay may answer it. What takes calls to the provider only the hub can answer, and what
/// is said of the whole only the hub knows.
fn may_be_a_relays(asked: &Asked) -> bool {
    match asked {
        Asked::Socket(_) | Asked::Upgrade(_) | Asked::Stream(_) | Asked::Polling(_) | Asked::Metrics => true,
        Asked::Hub(question, _) => matches!(question, Question::Quotes(_)),
        Asked::Ticket | Asked::Each(..) | Asked::Known(_) | Asked::Health | Asked::Access | Asked::Options(_) => false,
    }
}

/// The server that must answer, because it gave out the session or the ticket, or was asked for.
fn giver_of(asked: &Asked, request: &Request, env: &Env) -> Option<String> {
    let given = match asked {
        Asked::Polling(Some(session)) | Asked::Upgrade(session) => Some(session.clone()),
        Asked::Metrics => return Some(named(request, env).unwrap_or_else(|| HUB.to_owned())),
        Asked::Socket(_) | Asked::Stream(_) => parameter(request, "ticket"),
        Asked::Polling(None)
        | Asked::Ticket
        | Asked::Hub(..)
        | Asked::Each(..)
        | Asked::Known(_)
        | Asked::Health
        | Asked::Access
        | Asked::Options(_) => None,
    };
    let giver = given?;
    let giver = placement::giver(&giver);
    let relay = placement::is_relay(giver, relays(env)).then(|| giver.to_owned());
    Some(relay.unwrap_or_else(|| HUB.to_owned()))
}

/// The relay that a request names.
fn named(request: &Request, env: &Env) -> Option<String> {
    parameter(request, "server").filter(|server| placement::is_relay(server, relays(env)))
}

/// Asks the servers that come into question, until one is neither full nor broken.
async fn ask_a_server(asked: &Asked, request: Request, env: &Env) -> Result<Response> {
    if let Some(server) = giver_of(asked, &request, env) {
        return or_problem(ask(&server, request, env).await);
    }
    let relays = relays(env);
    let random = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    let (place, wanted) = (place_of(&request), named(&request, env));
    let servers = LOADS.with_borrow(|loads| loads.choose(&place, wanted.as_deref(), relays, random, now()));
    let mut last = None;
    for server in servers {
        let answered = ask(&server, request.clone()?, env).await;
        let full = answered.as_ref().map_or(true, |response| response.status_code() == 503);
        if full {
            LOADS.with_borrow_mut(|loads| loads.is_full(&server, relays, now()));
            last = Some(answered);
            continue;
        }
        if let Some(percent) = answered.as_ref().ok().and_then(load) {
            LOADS.with_borrow_mut(|loads| loads.taken(&server, percent, relays, now()));
        }
        return or_problem(answered);
    }
    or_problem(last.unwrap_or_else(|| Err("no server could be asked".into())))
}

/// How full the server is that answered, in percent.
fn load(response: &Response) -> Option<u32> {
    response.headers().get(LOAD).ok().flatten()?.parse().ok()
}

async fn ask(server: &str, request: Request, env: &Env) -> Result<Response> {
    if server == HUB {
        return hub(env)?.fetch_with_request(request).await;
    }
    let relays = env.durable_object(RELAY_BINDING)?;
    let relay = match placement::hint(server) {
        Some(hint) => relays.get_by_name_with_location_hint(server, hint),
        None => relays.get_by_name(server),
    };
    relay?.fetch_with_request(request).await
}

/// Where a request comes from, as the platform tells.
fn place_of(request: &Request) -> Place {
    let cf = js_sys::Reflect::get(request.inner().as_ref(), &"cf".into()).unwrap_or_default();
    let field = |name: &str| js_sys::Reflect::get(&cf, &name.into()).ok()?.as_string();
    Place {
        continent: field("continent"),
        country: field("country"),
        longitude: field("longitude").and_then(|degrees| degrees.parse().ok()),
    }
}

fn is_upgrade(request: &Request) -> bool {
    let upgrade = request.headers().get("Upgrade").ok().flatten();
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

fn without_body(response: &Response) -> Result<Response> {
    let headers = worker::Headers::from_iter(response.headers().entries());
    Ok(Response::empty()?
        .with_status(response.status_code())
        .with_headers(headers))
}
