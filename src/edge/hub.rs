//! The Hub: the Durable Object that keeps the feed. Requests, frames and alarms become events for
//! its driver.
//!
//! Why a restart loses nothing that matters: the constructor reads the last checkpoint and the
//! budget row, takes back the sockets that survived, with the symbols in their attachments, and the
//! alarm that is still set triggers the rest.

use super::fanout::{Fanout, auto_respond};
use super::platform::{Object, now};
use super::query::{asked, header, is_https, socket_address};
use super::respond::respond;
use super::source::{Source, text};
use super::storage;
use super::zones::utc_offset;
use crate::api::{self, Asked, Problem, Reply};
use crate::dialect::Dialect;
use crate::driver::{Driver, Event, Socket, TurnedAway};
use crate::hub::Refused;
use crate::hub::{ClientId, Config, Input};
use crate::market::iso8601;
use std::rc::Rc;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    console_error, durable_object,
};

/// The path of the cron trigger. The gateway has no such route, so nobody else can reach it.
pub(super) const POKE_PATH: &str = "/poke";
/// Close code of a connection that broke.
const ABNORMAL_CLOSURE: usize = 1006;
const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";
/// The header with the client's address. On Cloudflare the platform sets it, whatever the client
/// sent; locally it is what the client sends, if anything.
const ADDRESS: &str = "CF-Connecting-IP";

/// The Durable Object; see the module.
#[durable_object]
pub struct Hub {
    /// An error is the sentence that tells the operator what is misconfigured.
    object: std::result::Result<Rc<Object>, String>,
}

impl DurableObject for Hub {
    fn new(state: State, env: Env) -> Self {
        super::install_hook();
        let object = start(state, &env);
        match &object {
            Ok(object) => object.happen(Event::Began(sockets(object))),
            Err(sentence) => {
                let time = iso8601(now());
                let line =
                    serde_json::json!({"time": time, "level": "error", "event": "misconfigured", "message": sentence});
                console_error!("{line}");
            }
        }
        Self { object }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let object = match &self.object {
            Ok(object) => object,
            Err(sentence) => return respond(&Problem::Misconfigured(sentence.clone()).reply()),
        };
        let path = request.path();
        #[cfg(feature = "faults")]
        super::panics::break_if_asked(&path, "hub");
        if path == POKE_PATH {
            object.poked().await;
            return Response::empty();
        }
        let reply = match asked(&request) {
            Err(problem) => problem.reply(),
            Ok(Asked::Options) => Reply::options(),
            Ok(Asked::Socket) => match connect_client(object, &request)? {
                Ok(response) => return Ok(response),
                Err(problem) => problem.reply(),
            },
            Ok(Asked::Metrics) => {
                object.with_driver(|driver| api::metrics(driver.machine(), driver.counts(), now()))?
            }
            Ok(Asked::Health) => api::health(),
            Ok(Asked::Known(reply)) => reply,
            Ok(Asked::Each(questions, show)) => show.reply(&object.ask_each(questions).await?, &utc_offset),
            Ok(Asked::Hub(question, show)) => show.reply(&object.ask(question).await?),
        };
        let reply = reply.unless_known(header(&request, "If-None-Match").as_deref());
        respond(&reply.over(is_https(&request)))
    }

    async fn alarm(&self) -> Result<Response> {
        if let Ok(object) = &self.object {
            object.happen(Event::AlarmFired);
        }
        Response::empty()
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        if let Some((object, client)) = self.whose(&socket) {
            object.happen(match message {
                WebSocketIncomingMessage::String(text) => Input::Said(client, text),
                WebSocketIncomingMessage::Binary(bytes) => Input::SaidBinary(client, bytes.len()),
            });
        }
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, _reason: String, _was_clean: bool) -> Result<()> {
        self.client_left(&socket, code);
        // workerd does not answer the close of a hibernatable socket by itself (observed with
        // 2026-10). Without this the client waits for its own timeout and sees 1006. Fails only for
        // a socket that is gone already.
        let _ = socket.close::<&str>(Some(1000), None);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.client_left(&socket, ABNORMAL_CLOSURE);
        Ok(())
    }
}

fn start(state: State, env: &Env) -> std::result::Result<Rc<Object>, String> {
    let source = Source::from_env(env)?;
    let endpoint = source.endpoint();
    let mut config =
        Config::from_vars(endpoint.is_simulated(), |name| text(env, name)).map_err(|error| error.to_string())?;
    config.upstream = endpoint.fingerprint();
    config.secret = endpoint.secret().clone();
    let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
    let load = |may_create| storage::load(&state, may_create);
    let driver = Driver::new(config, storage::breaker(), load, seed, now());
    // An earlier instance that was asleep may have turned it on.
    auto_respond(state.as_raw(), false)
        .map_err(|_| "the platform does not take back its automatic response".to_owned())?;
    Ok(Object::new(state, source, driver))
}

/// After hibernation or a reset the clients' sockets exist already.
fn sockets(object: &Object) -> Vec<Socket> {
    let sockets = object.state.get_websockets();
    let sockets = sockets.iter().filter_map(|socket| found(&object.fanout, socket));
    sockets.collect()
}

fn found(fanout: &Fanout, socket: &WebSocket) -> Option<Socket> {
    if socket.as_ref().ready_state() != web_sys::WebSocket::OPEN {
        let client = ClientId(fanout.number(socket.as_ref()).ok()?);
        return Some(Socket { client, record: None });
    }
    let parts = fanout.restore(socket.as_ref()).ok().flatten()?;
    Some(Socket {
        client: ClientId(parts.get(0).as_f64()? as u32),
        record: Some(parts.get(1).as_string().unwrap_or_default()),
    })
}

fn connect_client(object: &Rc<Object>, request: &Request) -> Result<std::result::Result<Response, Problem>> {
    let offer = request.headers().get(SUBPROTOCOL)?;
    let dialect = match Dialect::negotiate(offer.as_deref()) {
        Ok(dialect) => dialect,
        Err(offer) => return Ok(Err(Problem::UnknownDialect(offer))),
    };
    let upgrade = header(request, "Upgrade").unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Ok(Err(Problem::UpgradeRequired(socket_address(request))));
    }
    let address = header(request, ADDRESS);
    let client = match object.with_driver(|driver| driver.admit(address.as_deref(), now()))? {
        Ok(client) => client,
        Err(turned_away) => return Ok(Err(problem_of(turned_away))),
    };
    let response = accept(object, client, dialect);
    if response.is_err() {
        object.happen(Event::Left(client, ABNORMAL_CLOSURE));
        object.fanout.remove(client.0);
    }
    response.map(Ok)
}

fn problem_of(turned_away: TurnedAway) -> Problem {
    match turned_away {
        TurnedAway::HubFull => Problem::HubFull,
        TurnedAway::Refused(Refused::TooMany(most)) => Problem::TooManySockets(most),
        TurnedAway::Refused(Refused::Expelled(seconds)) => Problem::Expelled(seconds),
        TurnedAway::Refused(Refused::TooOften(seconds)) => Problem::TooOften(seconds),
    }
}

/// Accepts the upgrade and reports the new client to the driver.
fn accept(object: &Rc<Object>, client: ClientId, dialect: Dialect) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    object.state.accept_web_socket(&pair.server);
    object.fanout.add(client.0, pair.server.as_ref())?;
    object.happen(Event::Joined(client, dialect));
    let mut response = Response::from_websocket(pair.client)?;
    if let Some(name) = dialect.subprotocol() {
        response.headers_mut().set(SUBPROTOCOL, name)?;
    }
    Ok(response)
}

impl Hub {
    fn client_left(&self, socket: &WebSocket, code: usize) {
        if let Some((object, client)) = self.whose(socket) {
            object.happen(Event::Left(client, code));
            object.fanout.remove(client.0);
        }
    }

    fn whose(&self, socket: &WebSocket) -> Option<(&Rc<Object>, ClientId)> {
        let object = self.object.as_ref().ok()?;
        let client = object.fanout.client(socket.as_ref()).ok().flatten()?;
        Some((object, ClientId(client)))
    }
}
