//! The Hub: the Durable Object that keeps the feed. Requests, frames and alarms become events for
//! its driver.
//!
//! Why a restart loses nothing that matters: the constructor reads the last checkpoint and the
//! budget row, takes back the sockets that survived, with the symbols in their attachments, and the
//! alarm that is still set triggers the rest.

use super::access::{From, credential, random_text, stamp};
use super::bodies::text_of_request;
use super::fanout::{Fanout, auto_respond};
use super::platform::{Object, now};
use super::query::{ADDRESS, asked, header, is_https, method, query, socket_address};
use super::respond::{respond, stream_of};
use super::source::{Source, raw};
use super::storage;
use super::zones::utc_offset;
use crate::access::{Credential, Pass, Refusal, Refused, Share, Standing, without_token};
use crate::api::{self, Asked, Problem, Reply};
use crate::dialect::message::Subscribe;
use crate::dialect::socket_io::{LARGEST_PAYLOAD, SEPARATOR};
use crate::dialect::{Dialect, Position, read};
use crate::driver::placement::{HUB, LOAD};
use crate::driver::{Driver, Event, Socket, TurnedAway};
use crate::hub::{Carrier, ClientId, Config, Input, Scale};
use crate::market::{Instrument, iso8601};
use crate::provider;
use std::rc::Rc;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    console_error, durable_object,
};

/// The path of the cron trigger. The gateway has no such route, so nobody else can reach it.
pub(super) const POKE_PATH: &str = "/poke";
/// What worker.js adds to the environment of objects of the class `Relay`.
const OF_CLASS_RELAY: &str = "OF_CLASS_RELAY";
/// Close code of a connection that broke.
const ABNORMAL_CLOSURE: usize = 1006;
const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";
/// Most packets in the body of a polling client's request.
const MOST_PACKETS: usize = 64;
/// A message of a socket that takes over no session.
const NO_PROBE: f64 = -1.0;
/// What an `EventSource` received last.
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// One server: the hub, or one of its relays.
struct Server {
    /// An error is the sentence that tells the operator what is misconfigured.
    object: std::result::Result<Rc<Object>, String>,
}

/// The Durable Object of the hub; see the module. With `RELAY_OF` it is a relay of another hub, and as
/// an object of the class `Relay` one of this Worker's: a server with the same doors, whose source is
/// the hub.
#[durable_object]
pub struct Hub {
    server: Server,
}

impl DurableObject for Hub {
    fn new(state: State, env: Env) -> Self {
        super::install_hook();
        let started = if raw(&env, OF_CLASS_RELAY).is_some() {
            let name = own_name(&state);
            start(state, &env, Source::of_own_hub(&env), &name)
        } else {
            Source::from_env(&env).and_then(|source| start(state, &env, source, HUB))
        };
        Self {
            server: Server::new(started),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.server.fetch(request).await
    }

    async fn alarm(&self) -> Result<Response> {
        self.server.alarm()
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.server.heard(&socket, message);
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, _reason: String, _was_clean: bool) -> Result<()> {
        self.server.closed(&socket, code);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.server.client_left(&socket, ABNORMAL_CLOSURE);
        Ok(())
    }
}

/// The name by which the front door asked for this object.
fn own_name(state: &State) -> String {
    let id = js_sys::Reflect::get(state.as_raw(), &"id".into());
    let name = id.and_then(|id| js_sys::Reflect::get(&id, &"name".into()));
    let name = name.ok().and_then(|name| name.as_string());
    name.unwrap_or_else(|| state.id().to_string())
}

impl Server {
    fn new(object: std::result::Result<Rc<Object>, String>) -> Self {
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
        if path == provider::hub::PATH {
            return accept_relay(object);
        }
        let pass = stamp(&request);
        let mut share = None;
        let reply = match permitted(object, &request, pass.as_ref(), &mut share)? {
            Err(problem) if api::is_told_as_twelve_data(&path) => problem.reply_to_twelve_datas_client(),
            Err(problem) => problem.reply(),
            Ok(Asked::Options(methods)) => Reply::options(methods),
            Ok(Asked::Socket(dialect)) => match connect_client(object, &request, dialect)? {
                Ok(response) => return Ok(response),
                Err(problem) => problem.reply(),
            },
            Ok(Asked::Stream(symbols)) => match stream(object, &request, symbols)? {
                Ok(response) => return Ok(response),
                Err(problem) => problem.reply(),
            },
            Ok(Asked::Upgrade(session)) => match take_over(object, &session)? {
                Ok(response) => return Ok(response),
                Err(problem) => problem.reply(),
            },
            Ok(Asked::Polling(session)) => match polled(object, request.clone_mut()?, session).await? {
                Ok(reply) => reply,
                Err(problem) => problem.reply(),
            },
            Ok(Asked::Metrics) => {
                object.with_driver(|driver| api::metrics(driver.machine(), driver.counts(), now()))?
            }
            Ok(Asked::Ticket) => ticket(object, &request, pass)?,
            Ok(Asked::Access) => api::access(pass.is_some(), &pass.map_or(Standing::Anybody, Standing::from)),
            Ok(Asked::Health) => api::health(),
            Ok(Asked::Known(reply)) => reply,
            // Only the hub makes the calls that this takes.
            Ok(asked) if asked.counts_as_lookup() == Some(true) && is_relay(object)? => {
                ask_its_hub(object, &request).await
            }
            Ok(Asked::Each(questions, show)) => show.reply(&object.ask_each(questions).await?, &utc_offset),
            Ok(Asked::Hub(question, show)) => show.reply(&object.ask(question).await?),
        };
        let reply = reply.unless_known(header(&request, "If-None-Match").as_deref());
        let reply = share.iter().fold(reply, Reply::sharing);
        respond(&seen(object, &request, reply)?)
    }

    fn alarm(&self) -> Result<Response> {
        if let Ok(object) = &self.object {
            object.happen(Event::AlarmFired);
        }
        Response::empty()
    }

    fn heard(&self, socket: &WebSocket, message: WebSocketIncomingMessage) {
        if let (Ok(object), WebSocketIncomingMessage::String(text)) = (&self.object, &message) {
            let probed = object.fanout.probed(socket.as_ref(), text).unwrap_or(NO_PROBE);
            if probed > 0.0 {
                object.happen(Input::Upgraded(ClientId(probed as u32)));
            }
            if probed != NO_PROBE {
                return;
            }
        }
        if let Some((object, client)) = self.whose(socket) {
            object.happen(match message {
                WebSocketIncomingMessage::String(text) => Input::Said(client, text),
                WebSocketIncomingMessage::Binary(bytes) => Input::SaidBinary(client, bytes.len()),
            });
        }
    }

    fn closed(&self, socket: &WebSocket, code: usize) {
        self.client_left(socket, code);
        // workerd does not answer the close of a hibernatable socket by itself (observed with
        // 2026-10). Without this the client waits for its own timeout and sees 1006. Fails only for
        // a socket that is gone already.
        let _ = socket.close::<&str>(Some(1000), None);
    }
}

/// Starts a server. `name`: [`HUB`], or that of a relay.
fn start(state: State, env: &Env, source: Source, name: &str) -> std::result::Result<Rc<Object>, String> {
    let endpoint = source.endpoint();
    let mut config =
        Config::from_vars(endpoint.is_simulated(), |name| raw(env, name)).map_err(|error| error.to_string())?;
    config.upstream = endpoint.fingerprint();
    config.secret = endpoint.secret().clone();
    config.entropy = entropy();
    let scale = Scale::from_vars(&|name: &str| raw(env, name)).map_err(|error| error.to_string())?;
    let config = if endpoint.is_hub() {
        let name = if name == HUB {
            let set = Scale::relay_name(&|name: &str| raw(env, name)).map_err(|error| error.to_string())?;
            set.unwrap_or_else(|| format!("relay-{:08x}", config.entropy[0] as u32))
        } else {
            name.to_owned()
        };
        config.of_relay(name, scale.relay_clients)
    } else {
        scale.of_hub(config)
    };
    let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
    let load = |may_create| storage::load(&state, may_create);
    let driver = Driver::new(config, storage::breaker(), load, seed, now());
    // An earlier instance that was asleep may have turned it on.
    auto_respond(state.as_raw(), false)
        .map_err(|_| "the platform does not take back its automatic response".to_owned())?;
    Ok(Object::new(state, source, driver))
}

/// From the platform's generator for secrets.
fn entropy() -> [u64; 4] {
    let text = random_text();
    let word = |place: usize| {
        text.get(16 * place..16 * place + 16)
            .and_then(|word| u64::from_str_radix(word, 16).ok())
    };
    [0, 1, 2, 3].map(|place| word(place).unwrap_or_default())
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

/// A reply as the page that asks may see it.
fn seen(object: &Object, request: &Request, reply: Reply) -> Result<Reply> {
    let from = From::of(request);
    let reply = object.with_driver(|driver| {
        let config = driver.machine().config();
        let reply = config.relay.iter().fold(reply, |reply, relay| reply.of_relay(relay));
        reply.seen_from(&config.access.origins, from.seen(), config.access.is_required)
    })?;
    Ok(reply.over(is_https(request)))
}

/// What a request asks for, if its sender may ask it now; `share` is set to what is left then.
fn permitted(
    object: &Object,
    request: &Request,
    pass: Option<&Pass>,
    share: &mut Option<Share>,
) -> Result<std::result::Result<Asked, Problem>> {
    let asked = match asked(request) {
        Ok(asked) => asked,
        Err(problem) => return Ok(Err(problem)),
    };
    // The front door has seen to that. Should it not have, nobody gets in.
    let is_required = object.with_driver(|driver| driver.machine().config().access.is_required)?;
    if is_required && pass.is_none() && !asked.is_for_anybody() && !asked.is_door() {
        return Ok(Err(Problem::Unauthorized(Refusal::Missing)));
    }
    let is_counted = !pass.is_some_and(Pass::is_of_relay);
    if let Some(is_lookup) = asked.counts_as_lookup().filter(|_| is_counted) {
        let address = header(request, ADDRESS);
        match object.with_driver(|driver| driver.spend(address.as_deref(), pass, is_lookup, now()))? {
            Ok(left) => *share = left,
            Err(spent) => return Ok(Err(Problem::TooManyCalls(spent))),
        }
    }
    object.with_driver(|driver| asked.within(pass, &driver.machine().config().symbols))
}

/// Makes a ticket for whoever has a pass.
fn ticket(object: &Object, request: &Request, pass: Option<Pass>) -> Result<Reply> {
    let Some(pass) = pass else {
        return Ok(Problem::Forbidden("access is open here: no ticket is needed".to_owned()).reply());
    };
    let prefix = object.with_driver(|driver| driver.machine().config().prefix())?;
    let (text, origin) = (format!("{prefix}{}", random_text()), header(request, "Origin"));
    let issued = object.with_driver(|driver| driver.issue_ticket(&text, pass, origin.as_deref(), now()))?;
    // Who gets a ticket comes here with it.
    let load = load(object)?;
    Ok(match issued {
        Ok(()) if load.as_deref() == Some("100") => Problem::HubFull.reply(),
        Ok(()) => load
            .iter()
            .fold(api::ticket(&text), |reply, load| reply.with_header(LOAD, load)),
        Err(seconds) => Problem::TooManyTickets(seconds).reply(),
    })
}

/// Where the sender of a request for a connection stands.
fn standing(
    object: &Object,
    request: &Request,
    may_prove_later: bool,
) -> Result<std::result::Result<Standing, Refusal>> {
    if !object.with_driver(|driver| driver.machine().config().access.is_required)? {
        return Ok(Ok(Standing::Anybody));
    }
    if let Some(pass) = stamp(request) {
        return Ok(Ok(pass.into()));
    }
    match credential(request) {
        Ok(Some(Credential::Ticket(text))) => {
            let origin = header(request, "Origin");
            let address = header(request, ADDRESS);
            let redeemed = object
                .with_driver(|driver| driver.redeem_ticket(&text, (address.as_deref(), origin.as_deref()), now()))?;
            Ok(redeemed.map(Standing::from))
        }
        _ if may_prove_later => Ok(Ok(Standing::Unproven)),
        _ => Ok(Err(Refusal::Missing)),
    }
}

/// What a request that opens a connection is answered.
type Connected<T> = Result<std::result::Result<T, Problem>>;

fn connect_client(object: &Rc<Object>, request: &Request, dialect: Option<Dialect>) -> Connected<Response> {
    let offer = request.headers().get(SUBPROTOCOL)?.map(|offer| without_token(&offer));
    let dialect = match dialect.map_or_else(|| Dialect::negotiate(offer.as_deref()), Ok) {
        Ok(dialect) => dialect,
        Err(offer) => return Ok(Err(Problem::UnknownDialect(offer))),
    };
    let upgrade = header(request, "Upgrade").unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Ok(Err(Problem::UpgradeRequired(socket_address(request))));
    }
    let may_prove_later = dialect == Dialect::SocketIo;
    match admit(object, request, may_prove_later)? {
        Ok(client) => opened(object, client, accept(object, client, dialect)),
        Err(problem) => Ok(Err(problem)),
    }
}

/// The id of one more client, if it may come in.
fn admit(object: &Rc<Object>, request: &Request, may_prove_later: bool) -> Connected<ClientId> {
    let standing = match standing(object, request, may_prove_later)? {
        Ok(standing) => standing,
        Err(refusal) => return Ok(Err(Problem::Unauthorized(refusal))),
    };
    let address = header(request, ADDRESS);
    let admitted = object.with_driver(|driver| driver.admit(address.as_deref(), standing, now()))?;
    Ok(admitted.map_err(problem_of))
}

/// What came of opening the connection of an admitted client. If that failed, the client has left.
fn opened<T>(object: &Rc<Object>, client: ClientId, opened: Result<T>) -> Connected<T> {
    if opened.is_err() {
        object.happen(Event::Left(client, ABNORMAL_CLOSURE));
        object.fanout.remove(client.0);
    }
    opened.map(Ok)
}

/// Opens a stream of events. Its client can say nothing, so its wish is in the address.
fn stream(object: &Rc<Object>, request: &Request, symbols: Vec<Instrument>) -> Connected<Response> {
    let position = header(request, LAST_EVENT_ID).and_then(|id| read(id.trim()));
    let wish = Subscribe {
        wants_defaults: symbols.is_empty(),
        symbols: symbols.into_iter().map(Ok).collect(),
        resume: position.map(|(epoch, seq)| Position { epoch, channel: 0, seq }),
        interval: None,
    };
    let client = match admit(object, request, false)? {
        Ok(client) => client,
        Err(problem) => return Ok(Err(problem)),
    };
    let begin = || {
        let body = object.fanout.add_stream(client.0)?;
        object.happen(Event::Joined(client, Dialect::Sse, Carrier::Http));
        object.happen(Input::Wished(client, wish));
        stream_of(body, &seen(object, request, Reply::event_stream())?)
    };
    opened(object, client, begin())
}

/// A Socket.IO client polls: it asks for what there is, or says something.
async fn polled(object: &Rc<Object>, mut request: Request, session: Option<String>) -> Connected<Reply> {
    let unknown = Problem::EngineIo(1, "this session is unknown: it has ended; begin anew, without sid");
    let is_post = method(&request) == "POST";
    let name = session.clone().unwrap_or_default();
    let client = match session {
        Some(session) => match object.with_driver(|driver| driver.client_of(&session))? {
            Some(client) => client,
            None => return Ok(Err(unknown)),
        },
        None if is_post => {
            let message = "a session begins with a GET, whose answer names it";
            return Ok(Err(Problem::EngineIo(2, message)));
        }
        None => {
            let client = match admit(object, &request, true)? {
                Ok(client) => client,
                Err(problem) => return Ok(Err(problem)),
            };
            let begin = || {
                object.fanout.add_polling(client.0)?;
                object.happen(Event::Joined(client, Dialect::SocketIo, Carrier::Http));
                Ok(client)
            };
            match opened(object, client, begin())? {
                Ok(client) => client,
                Err(problem) => return Ok(Err(problem)),
            }
        }
    };
    if is_post {
        let Some(body) = text_of_request(&mut request, LARGEST_PAYLOAD as u32).await? else {
            return Ok(Err(Problem::TooLarge(LARGEST_PAYLOAD)));
        };
        if body.split(SEPARATOR).nth(MOST_PACKETS).is_some() {
            return Ok(Err(Problem::EngineIo(3, "a request may carry at most 64 packets")));
        }
        for packet in body.split(SEPARATOR) {
            // While the body came, or because of a packet before, its session may have ended.
            if object.with_driver(|driver| driver.client_of(&name))? != Some(client) {
                return Ok(Err(unknown));
            }
            object.happen(Input::Said(client, packet.to_owned()));
        }
        return Ok(Ok(Reply::polled("ok".to_owned())));
    }
    let Some(answer) = object.fanout.poll(client.0) else {
        let message = "this session has a request that waits already, or goes on over a WebSocket";
        return Ok(Err(Problem::EngineIo(3, message)));
    };
    let body = JsFuture::from(answer).await?.as_string().unwrap_or_default();
    Ok(Ok(Reply::polled(body)))
}

/// A Socket.IO client that polls opens a WebSocket, which may take its session over.
fn take_over(object: &Rc<Object>, session: &str) -> Connected<Response> {
    let client = object.with_driver(|driver| driver.client_of(session))?;
    let pair = WebSocketPair::new()?;
    if !client.is_some_and(|client| object.fanout.probe(client.0, pair.server.as_ref())) {
        let message = "this session is unknown, or has a WebSocket already";
        return Ok(Err(Problem::EngineIo(1, message)));
    }
    object.state.accept_web_socket(&pair.server);
    Response::from_websocket(pair.client).map(Ok)
}

fn problem_of(turned_away: TurnedAway) -> Problem {
    match turned_away {
        TurnedAway::HubFull => Problem::HubFull,
        TurnedAway::Address(why) => refused(why, "your address", "CLIENTS_PER_ADDRESS"),
        TurnedAway::Principal(why) => refused(why, "your access token", "CLIENTS_PER_PRINCIPAL"),
    }
}

fn refused(why: Refused, who: &'static str, setting: &'static str) -> Problem {
    match why {
        Refused::TooMany(most) => Problem::TooManySockets(who, most, setting),
        Refused::Expelled(seconds) => Problem::Expelled(who, seconds),
        Refused::TooOften(seconds) => Problem::TooOften(who, seconds),
    }
}

/// How full this server is, in percent, if that is wanted.
fn load(object: &Object) -> Result<Option<String>> {
    object.with_driver(|driver| {
        let is_wanted = driver.machine().config().tells_load;
        is_wanted.then(|| driver.load().to_string())
    })
}

fn is_relay(object: &Object) -> Result<bool> {
    object.with_driver(|driver| driver.machine().config().relay.is_some())
}

/// Accepts the link of a relay. The front door has seen its secret, or it is a relay of this Worker.
fn accept_relay(object: &Rc<Object>) -> Result<Response> {
    let client = object.with_driver(Driver::admit_relay)?;
    accept(object, client, Dialect::Uplink)
}

/// Passes a request on to the hub whose relay this is. What a client showed to us is not for the hub,
/// which knows us by our secret, or as a relay of the same Worker.
async fn ask_its_hub(object: &Rc<Object>, request: &Request) -> Reply {
    let query = query(request);
    let key = api::twelve_datas_key(&request.path()).map(|key| key.parameter);
    let is_ours = |part: &&str| {
        let name = part.split('=').next().unwrap_or_default();
        name != "ticket" && name != "server" && !key.is_some_and(|key| name.eq_ignore_ascii_case(key))
    };
    let mut query: Vec<&str> = query.split('&').filter(is_ours).collect();
    let accept = header(request, "Accept").unwrap_or_default();
    query.extend(api::accepted_format(&request.path(), &query, &accept));
    let path = format!("{}?{}", request.path(), query.join("&"));
    let asked = object.pass_on(path.trim_end_matches('?')).await;
    match asked.answer().await {
        Some(Ok((answer, headers))) => {
            let age = now().saturating_sub(asked.at);
            Reply::passed_on(answer.status, headers, answer.body.clone(), age)
        }
        Some(Err(error)) => Problem::NoHub(error.clone()).reply(),
        None => Problem::NoHub("its answer was lost".to_owned()).reply(),
    }
}

/// Accepts the upgrade and reports the new client to the driver.
fn accept(object: &Rc<Object>, client: ClientId, dialect: Dialect) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    object.state.accept_web_socket(&pair.server);
    object.fanout.add(client.0, pair.server.as_ref())?;
    object.happen(Event::Joined(client, dialect, Carrier::WebSocket));
    let mut response = Response::from_websocket(pair.client)?;
    if let Some(name) = dialect.subprotocol() {
        response.headers_mut().set(SUBPROTOCOL, name)?;
    }
    if let Some(load) = load(object)? {
        response.headers_mut().set(LOAD, &load)?;
    }
    Ok(response)
}

impl Server {
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
