//! The Worker's front door: it answers what needs no state, and hands the rest to the one hub.

use super::hub::POKE_PATH;
use super::respond::respond;
use crate::api::{self, Problem, Reply, Route};
use crate::clock::iso8601;
use worker::{Date, Env, Method, Request, Response, Result, Stub, console_error};

const HUB_BINDING: &str = "HUB";
/// There is one hub: one feed, received once.
const HUB_NAME: &str = "hub";

/// Handles a request that the assets do not.
///
/// # Errors
/// The platform's own; every fault of the request is a problem document.
pub async fn handle(request: Request, env: Env) -> Result<Response> {
    #[cfg(feature = "faults")]
    super::panics::break_if_asked(&request.path(), "gateway");
    let is_head = request.method() == Method::Head;
    let response = match api::route(request.method().as_ref(), &request.path()) {
        #[cfg(feature = "faults")]
        Err(_) if request.path().starts_with("/api/faults/hub/") => ask_hub(request, &env).await,
        Err(problem) => respond(&problem.reply()),
        Ok(Route::Options) => respond(&Reply::options()),
        Ok(Route::Health) => respond(&api::health()),
        Ok(Route::Socket) if !is_upgrade(&request) => respond(&Problem::UpgradeRequired.reply()),
        Ok(_) => ask_hub(request, &env).await,
    }?;
    if is_head { without_body(&response) } else { Ok(response) }
}

/// An object that was reset or replaced under a request meets the next one as a new one, so it is asked a second time: no route
/// changes anything.
async fn ask_hub(request: Request, env: &Env) -> Result<Response> {
    let again = request.clone()?;
    let answered = match hub(env)?.fetch_with_request(request).await {
        Err(_) => hub(env)?.fetch_with_request(again).await,
        answered => answered,
    };
    match answered {
        Err(error) => respond(&Problem::Internal(error.to_string()).reply()),
        answered => answered,
    }
}

/// The cron trigger: has the hub look at its deadlines. An alarm that the platform gave up, or a hub that it took away with all its
/// timers, comes back within a minute; a hub that nobody wants goes on sleeping.
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
