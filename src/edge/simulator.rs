//! The Simulator: a Durable Object that plays Twelve Data for a hub without a key. The market is
//! `crate::simulator`, which the tests' fake server also drives, over real sockets.
//!
//! It stores nothing: its prices are a function of seed and time. If the platform evicts it, its
//! sessions are gone; on waking it closes their sockets, and the hub reconnects.

use super::platform::now;
use super::query::query;
use super::source::text;
use crate::market::Millis;
use crate::simulator::{Exchange, Faultless, Output, RestReply, SessionId, Settings};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{
    Delay, DurableObject, Env, Error, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage,
    WebSocketPair, durable_object,
};

const DEFAULT_SEED: u64 = 2026;
const GOING_AWAY: u16 = 1001;

/// The Durable Object; see the module.
#[durable_object]
pub struct Simulator {
    market: Rc<Market>,
    state: State,
}

struct Market {
    exchange: RefCell<Exchange<Faultless>>,
    sockets: RefCell<HashMap<SessionId, WebSocket>>,
    is_ticking: Cell<bool>,
}

impl DurableObject for Simulator {
    fn new(state: State, env: Env) -> Self {
        super::install_hook();
        for socket in state.get_websockets() {
            // Fails only for a socket that is closed already.
            let _ = socket.close(Some(GOING_AWAY), Some("the simulator was restarted"));
        }
        let settings = Settings {
            always_open: text(&env, "SIMULATOR_ALWAYS_OPEN").is_none_or(|value| value != "false"),
            ..Settings::default()
        };
        let seed = text(&env, "SIMULATOR_SEED").and_then(|value| value.parse().ok());
        let exchange = Exchange::faultless(settings, seed.unwrap_or(DEFAULT_SEED), now());
        let market = Market {
            exchange: RefCell::new(exchange),
            sockets: RefCell::default(),
            is_ticking: Cell::new(false),
        };
        Self {
            market: Rc::new(market),
            state,
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        if request.headers().get("Upgrade")?.is_some() {
            return self.open_session();
        }
        let mut exchange = self.market.exchange.borrow_mut();
        let reply = exchange.get(&request.path(), &query(&request), None, now());
        respond(reply)
    }

    async fn alarm(&self) -> Result<Response> {
        Response::empty()
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        if let (Some(session), WebSocketIncomingMessage::String(text)) = (session_of(&socket), message) {
            let outputs = self.market.exchange.borrow_mut().receive(session, &text, now());
            self.market.carry_out(outputs);
            self.market.keep_ticking();
        }
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, _code: usize, _reason: String, _was_clean: bool) -> Result<()> {
        self.market.forget(&socket);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.market.forget(&socket);
        Ok(())
    }
}

impl Simulator {
    fn open_session(&self) -> Result<Response> {
        let connected = self.market.exchange.borrow_mut().connect(None, now());
        let connected = match connected {
            Ok(connected) => connected,
            Err(refusal) => return Ok(Response::ok(refusal.body)?.with_status(refusal.status)),
        };
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        self.state.accept_web_socket(&server);
        server.serialize_attachment(connected.session.0)?;
        self.market.sockets.borrow_mut().insert(connected.session, server);
        self.market.carry_out(connected.outputs);
        Response::from_websocket(client)
    }
}

impl Market {
    fn carry_out(&self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Text { session, text } => {
                    if let Some(socket) = self.sockets.borrow().get(&session) {
                        // A socket that is gone reports its close.
                        let _ = socket.send_with_str(text);
                    }
                }
                Output::Close { session, code, reason } => self.close(session, code, reason),
                // A platform socket cannot be dropped without a close frame.
                Output::Drop { session } => self.close(session, GOING_AWAY, "dropped"),
            }
        }
    }

    fn close(&self, session: SessionId, code: u16, reason: &str) {
        if let Some(socket) = self.sockets.borrow_mut().remove(&session) {
            let _ = socket.close(Some(code), Some(reason));
        }
    }

    fn forget(&self, socket: &WebSocket) {
        if let Some(session) = session_of(socket) {
            self.exchange.borrow_mut().disconnect(session);
            self.sockets.borrow_mut().remove(&session);
        }
    }

    /// Runs the market's clock while anything is subscribed.
    fn keep_ticking(self: &Rc<Self>) {
        if self.is_ticking.replace(true) {
            return;
        }
        let market = Rc::clone(self);
        spawn_local(async move {
            while let Some(at) = market.next_tick_at() {
                Delay::from(Duration::from_millis(at.saturating_sub(now()).max(1))).await;
                let outputs = market.exchange.borrow_mut().tick(now());
                market.carry_out(outputs);
            }
            market.is_ticking.set(false);
        });
    }

    fn next_tick_at(&self) -> Option<Millis> {
        self.exchange.borrow().next_tick_at()
    }
}

fn session_of(socket: &WebSocket) -> Option<SessionId> {
    socket.deserialize_attachment().ok().flatten().map(SessionId)
}

fn respond(reply: RestReply) -> Result<Response> {
    let mut response = Response::ok(reply.body)?.with_status(reply.status);
    for (name, value) in &reply.headers {
        response.headers_mut().set(name, value)?;
    }
    Ok(response)
}
