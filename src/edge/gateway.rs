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
use crate::provider::{SHORTEST_SECRET, hub};
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
    let is_own_relay = is_own_relay(&request, &env);
    let judged = if is_own_relay {
        asked(&request).map(|asked| (asked, Standing::from(Pass::of_relay())))
    } else {
        judged(&request, from.seen(), &settings).await
    };
    let response = match judged {
        #[cfg(feature = "faults")]
        Err(_) if path.starts_with("/api/faults/hub/") => ask(vec![HUB.to_owned(); 2], false, request, &env).await,
        Err(_) if is_own_relay && path == hub::PATH => ask(vec![HUB.to_owned()], false, request, &env).await,
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
        Ok((asked, standing)) => {
            let servers = servers_for(&asked, &request, &env);
            ask(servers, asked.is_door(), access::stamped(request, &standing)?, &env).await
        }
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
#[inline(never)]
fn relays(env: &Env) -> u32 {
    Scale::from_vars(&|name: &str| raw(env, name)).map_or(0, |scale| scale.relays)
}

/// Whether a request comes from a relay of another deployment that knows our secret.
fn is_own_relay(request: &Request, env: &Env) -> bool {
    let secret = text(env, "RELAY_SECRET").filter(|secret| secret.len() >= SHORTEST_SECRET);
    let shown = header(request, hub::SECRET);
    secret
        .zip(shown)
        .is_some_and(|(secret, shown)| same(secret.as_bytes(), shown.as_bytes()))
}

/// The servers to ask, in order.
///
/// Only the hub can answer what takes calls to the provider, and only it knows the whole. A server that
/// alone can answer is asked twice: if the object was reset or replaced during the first request, the
/// second one reaches a new object. That is safe because no such route changes anything; what a client
/// posts is not said twice.
fn servers_for(asked: &Asked, request: &Request, env: &Env) -> Vec<String> {
    let relays = relays(env);
    let times = if method(request) == "POST" { 1 } else { 2 };
    let alone = |server: &str| {
        let is_relay = placement::is_relay(server, relays);
        vec![if is_relay { server } else { HUB }.to_owned(); times]
    };
    let chosen = |wanted: Option<String>| {
        let random = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
        let place = place_of(request);
        LOADS.with_borrow(|loads| loads.choose(&place, wanted.as_deref(), relays, random, now()))
    };
    match asked {
        // Who gave out the session or the ticket alone knows it.
        Asked::Polling(Some(session)) | Asked::Upgrade(session) => alone(placement::giver(session)),
        Asked::Socket(_) | Asked::Stream(_) | Asked::Polling(None) | Asked::Ticket => {
            match parameter(request, "ticket") {
                Some(ticket) => alone(placement::giver(&ticket)),
                None if relays > 0 => chosen(parameter(request, "server")),
                None => alone(HUB),
            }
        }
        Asked::Metrics => alone(&parameter(request, "server").unwrap_or_default()),
        // A page asks its own server, which asks the hub once for many pages. One of another region would
        // give its caller another share of calls.
        Asked::Hub(Question::History(_), _) => {
            let server = parameter(request, "server").unwrap_or_default();
            let is_near = placement::region_of(&server) == place_of(request).region();
            alone(if is_near { &server } else { HUB })
        }
        // So many ask that the hub would have nothing else to do.
        Asked::Hub(Question::Quotes(_), _) if relays > 0 => chosen(None),
        Asked::Hub(..) | Asked::Each(..) | Asked::Known(_) | Asked::Health | Asked::Access | Asked::Options(_) => {
            alone(HUB)
        }
    }
}

/// Asks the servers in turn, until one answers. One that is full does not count if the request
/// `takes_a_place` at it; other requests are answered with 503 for other reasons.
async fn ask(servers: Vec<String>, takes_a_place: bool, request: Request, env: &Env) -> Result<Response> {
    let relays = relays(env);
    let mut answered = Err("no server could be asked".into());
    for server in servers {
        answered = server_of(&server, env)?.fetch_with_request(request.clone()?).await;
        let Ok(response) = &answered else { continue };
        let is_full = takes_a_place && response.status_code() == 503;
        LOADS.with_borrow_mut(|loads| match load(response) {
            _ if is_full => loads.is_full(&server, relays, now()),
            Some(percent) => loads.taken(&server, percent, relays, now()),
            None => {}
        });
        if !is_full {
            break;
        }
    }
    answered.or_else(|error: worker::Error| respond(&Problem::Internal(error.to_string()).reply()))
}

/// How full the server is that answered, in percent.
fn load(response: &Response) -> Option<u32> {
    response.headers().get(LOAD).ok().flatten()?.parse().ok()
}

fn server_of(server: &str, env: &Env) -> Result<Stub> {
    if server == HUB {
        return hub(env);
    }
    let relays = env.durable_object(RELAY_BINDING)?;
    match placement::hint(server) {
        Some(hint) => relays.get_by_name_with_location_hint(server, hint),
        None => relays.get_by_name(server),
    }
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
