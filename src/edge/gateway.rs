//! The Worker's front door: it answers what needs no state and passes the rest to the one hub.

use super::access::{self, From};
use super::hub::POKE_PATH;
use super::platform::now;
use super::query::{asked, header, is_https, method, socket_address};
use super::respond::respond;
use crate::access::{Access, Seen, Standing};
use crate::api::{self, Asked, Problem, Reply};
use crate::market::iso8601;
use std::rc::Rc;
use worker::{Date, Env, Request, Response, Result, Stub, console_error};

const ASSETS_BINDING: &str = "ASSETS";
/// The asset server's page for unknown addresses.
const NOT_FOUND_PAGE: &str = "https://assets/404";
const HUB_BINDING: &str = "HUB";
/// There is one hub: one feed, received once.
const HUB_NAME: &str = "hub";

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
    let response = match judged(&request, from.seen(), &settings).await {
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
        Ok((Asked::Polling(_) | Asked::Ticket, standing)) if method(&request) == "POST" => {
            tell_hub(access::stamped(request, &standing)?, &env).await
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
