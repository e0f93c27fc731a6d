//! The Hub: the Durable Object that keeps the feed. Requests, frames and alarms become inputs of its machine.
//!
//! Why a restart loses nothing that matters: the constructor reads the last checkpoint and the spent budget, takes back the
//! sockets that slept through it with the symbols in their attachments, and the alarm that is still set brings the rest to life.

use super::driver::{Driver, now};
use super::fanout::auto_respond;
use super::query::{borrowed, header, is_https, method, parameters, socket_address};
use super::respond::respond;
use super::source::{Source, text};
use super::{fanout::Fanout, storage};
use crate::api::{self, Problem, Reply, Route};
use crate::dialect::Dialect;
use crate::hub::{ClientId, Config, Door, Input, Machine, Refused};
use crate::market::Instrument;
use crate::market::iso8601;
use std::cell::Cell;
use std::rc::Rc;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    console_error, durable_object,
};

/// Hibernatable sockets of one object, with room to spare below the platform's 32,768.
const MOST_CLIENTS: u32 = 32_000;
/// What the cron trigger asks for. The front door knows no such route, so nobody else can.
pub(super) const POKE_PATH: &str = "/poke";
/// A connection that broke.
const ABNORMAL_CLOSURE: usize = 1006;
const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";
/// Who connects. On Cloudflare the platform sets it, whatever the client sent; locally it is what
/// the client says, if it says so.
const ADDRESS: &str = "CF-Connecting-IP";

/// The Durable Object; see the module.
#[durable_object]
pub struct Hub {
    /// Or the sentence that tells the operator what is set wrong.
    driver: std::result::Result<Rc<Driver>, String>,
    last_client: Cell<u32>,
}

impl DurableObject for Hub {
    fn new(state: State, env: Env) -> Self {
        super::install_hook();
        let hub = Self {
            driver: start(state, &env),
            last_client: Cell::new(0),
        };
        match &hub.driver {
            Ok(driver) => hub.take_back_sockets(driver),
            Err(sentence) => {
                let time = iso8601(now());
                let line =
                    serde_json::json!({"time": time, "level": "error", "event": "misconfigured", "message": sentence});
                console_error!("{line}");
            }
        }
        hub
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let driver = match &self.driver {
            Ok(driver) => driver,
            Err(sentence) => return respond(&Problem::Misconfigured(sentence.clone()).reply()),
        };
        let path = request.path();
        #[cfg(feature = "faults")]
        super::panics::break_if_asked(&path, "hub");
        if path == POKE_PATH {
            driver.poked().await;
            return Response::empty();
        }
        let asked = api::route(&method(&request), &path)
            .and_then(|route| Ok((route, api::requested_symbols(route, borrowed(&parameters(&request)))?)));
        let reply = match asked {
            Ok((Route::Socket, _)) => match self.connect_client(driver, &request)? {
                Ok(response) => return Ok(response),
                Err(problem) => problem.reply(),
            },
            Ok((Route::Metrics, _)) => api::metrics(&driver.machine.borrow(), &driver.counts.borrow(), now()),
            Ok((route, symbols)) => answer(driver, route, symbols).await,
            Err(problem) => problem.reply(),
        };
        let reply = reply.unless_known(header(&request, "If-None-Match").as_deref());
        respond(&reply.over(is_https(&request)))
    }

    async fn alarm(&self) -> Result<Response> {
        if let Ok(driver) = &self.driver {
            driver.alarm_fired();
        }
        Response::empty()
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        if let Some((driver, client)) = self.whose(&socket) {
            driver.handle(match message {
                WebSocketIncomingMessage::String(text) => Input::Said(client, text),
                WebSocketIncomingMessage::Binary(bytes) => Input::SaidBinary(client, bytes.len()),
            });
        }
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, _reason: String, _was_clean: bool) -> Result<()> {
        self.client_left(&socket, code);
        // workerd does not answer the close of a hibernatable socket by itself (seen with 2026-10): without this the client waits
        // for its own timeout and sees 1006. Fails only for a socket that is gone already.
        let _ = socket.close::<&str>(Some(1000), None);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.client_left(&socket, ABNORMAL_CLOSURE);
        Ok(())
    }
}

fn start(state: State, env: &Env) -> std::result::Result<Rc<Driver>, String> {
    let source = Source::from_env(env)?;
    let endpoint = source.endpoint();
    let mut config =
        Config::from_vars(endpoint.is_simulated(), |name| text(env, name)).map_err(|error| error.to_string())?;
    config.upstream = endpoint.fingerprint();
    config.secret = endpoint.secret().clone();
    let per_address = config.clients_per_address;
    let (stored, trouble) = storage::begin_life(&state, config.checkpoint, now());
    let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
    let machine = Machine::new(config, &stored, seed, now());
    // Set for a life that ended asleep.
    auto_respond(state.as_raw(), false)
        .map_err(|_| "the platform does not take back its automatic response".to_owned())?;
    let driver = Driver::new(state, source, machine, Door::new(seed, per_address));
    if trouble.is_some() {
        driver.handle(Input::Stored(trouble));
    }
    Ok(driver)
}

async fn answer(driver: &Rc<Driver>, route: Route, symbols: Vec<Instrument>) -> Reply {
    driver.wait_as_reader(symbols.clone()).await;
    let machine = driver.machine.borrow();
    match route {
        Route::Class(class) => api::class_quotes(&machine, class),
        Route::Quotes => api::quotes(&machine, &symbols, now()),
        Route::Status | Route::Metrics | Route::Health | Route::Socket | Route::Options => api::status(&machine, now()),
    }
}

impl Hub {
    fn connect_client(&self, driver: &Rc<Driver>, request: &Request) -> Result<std::result::Result<Response, Problem>> {
        let offer = request.headers().get(SUBPROTOCOL)?;
        let dialect = match Dialect::negotiate(offer.as_deref()) {
            Ok(dialect) => dialect,
            Err(offer) => return Ok(Err(Problem::UnknownDialect(offer))),
        };
        let upgrade = header(request, "Upgrade").unwrap_or_default();
        if !upgrade.eq_ignore_ascii_case("websocket") {
            return Ok(Err(Problem::UpgradeRequired(socket_address(request))));
        }
        if driver.fanout.size() >= MOST_CLIENTS {
            return Ok(Err(Problem::HubFull));
        }
        let number = self.last_client.get().wrapping_add(1);
        let viewer = match driver.admit(number, header(request, ADDRESS).as_deref()) {
            Ok(viewer) => viewer,
            Err(Refused::TooMany(most)) => return Ok(Err(Problem::TooManySockets(most))),
            Err(Refused::Expelled(seconds)) => return Ok(Err(Problem::Expelled(seconds))),
            Err(Refused::TooOften(seconds)) => return Ok(Err(Problem::TooOften(seconds))),
        };
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        driver.state.accept_web_socket(&server);
        self.last_client.set(number);
        driver.fanout.add(number, server.as_ref())?;
        driver.handle(Input::Joined(ClientId(number), dialect, viewer));
        let mut response = Response::from_websocket(client)?;
        if let Some(name) = dialect.subprotocol() {
            response.headers_mut().set(SUBPROTOCOL, name)?;
        }
        Ok(Ok(response))
    }

    /// After hibernation or a reset the sockets are there already.
    fn take_back_sockets(&self, driver: &Rc<Driver>) {
        let sockets = driver.state.get_websockets();
        // No number of a socket that is still closing is given again: its end would be taken for the other's.
        let numbers = sockets
            .iter()
            .filter_map(|socket| driver.fanout.number(socket.as_ref()).ok());
        self.last_client.set(numbers.max().unwrap_or(0));
        let open = sockets
            .iter()
            .filter(|socket| socket.as_ref().ready_state() == web_sys::WebSocket::OPEN);
        let clients: Vec<_> = open.filter_map(|socket| restore(&driver.fanout, socket)).collect();
        // All sockets first: what the first client's return sets in motion is told to all of them.
        for (client, record) in clients {
            driver.handle(Input::Rejoined(client, record));
        }
    }

    fn client_left(&self, socket: &WebSocket, code: usize) {
        if let Some((driver, client)) = self.whose(socket) {
            driver.counts.borrow_mut().closed(code);
            driver.handle(Input::Left(client));
            driver.fanout.remove(client.0);
            driver.has_left(client.0);
        }
    }

    fn whose(&self, socket: &WebSocket) -> Option<(&Rc<Driver>, ClientId)> {
        let driver = self.driver.as_ref().ok()?;
        let client = driver.fanout.client(socket.as_ref()).ok().flatten()?;
        Some((driver, ClientId(client)))
    }
}

fn restore(fanout: &Fanout, socket: &WebSocket) -> Option<(ClientId, String)> {
    let parts = fanout.restore(socket.as_ref()).ok().flatten()?;
    let client = parts.get(0).as_f64()? as u32;
    Some((ClientId(client), parts.get(1).as_string().unwrap_or_default()))
}
