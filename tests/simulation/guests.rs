//! Viewers that speak what others made: Twelve Data's protocol, Socket.IO over a WebSocket or by
//! polling, server-sent events. What each is sent is translated into the frames of plain JSON, so that
//! the same promises hold. In addition:
//!
//! - A subscription of Twelve Data's is answered in time, once.
//! - A price that cannot be called old is not sent when it is old.
//! - Who is known not to read over HTTP is sent no prices.

use super::object::TOKEN;
use super::scenario::Act;
use super::viewers::{Frame, Viewer, subscribed};
use super::world::{Broken, Check, Happening, World, broken};
use hamster_terminal::dialect::message::Subscribe;
use hamster_terminal::dialect::{Dialect, Position, read, socket_io, written};
use hamster_terminal::hub::{Carrier, ClientId, Input, SymbolView};
use hamster_terminal::market::{Instrument, Millis, Provenance, SECOND, Session, iso8601};
use serde_json::{Value, json};

/// What a guest speaks, and over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    TwelveData,
    SocketIo,
    /// Socket.IO by polling.
    Polling,
    EventStream,
}

/// What a guest remembers beside what every viewer does.
#[derive(Debug)]
pub struct Guest {
    pub tongue: Tongue,
    /// Since when its oldest subscription waits for an answer.
    pub asked: Option<Millis>,
    /// The platform has told the hub that it does not read.
    is_blocked: bool,
    /// What it says next.
    to_say: Vec<String>,
    /// Where it was when it lost its connection.
    position: Option<(u64, u64)>,
    /// The secret of its Socket.IO session.
    session: Option<String>,
    /// The symbols that it had before it lost its connection.
    before: Vec<String>,
}

/// So many unread frames fill what the platform holds for a client.
const FULL: usize = 4;
/// From a subscription to its answer, with the way and the turn of the event loop.
const ANSWERED_WITHIN: Millis = 7 * SECOND;

impl Tongue {
    pub const ALL: [Self; 4] = [Self::TwelveData, Self::SocketIo, Self::Polling, Self::EventStream];

    fn dialect(self) -> Dialect {
        match self {
            Self::TwelveData => Dialect::TwelveData,
            Self::SocketIo | Self::Polling => Dialect::SocketIo,
            Self::EventStream => Dialect::Sse,
        }
    }

    fn carrier(self) -> Carrier {
        match self {
            Self::TwelveData | Self::SocketIo => Carrier::WebSocket,
            Self::Polling | Self::EventStream => Carrier::Http,
        }
    }

    fn prices_read(self) -> &'static str {
        match self {
            Self::TwelveData => "prices read: Twelve Data",
            Self::SocketIo => "prices read: Socket.IO",
            Self::Polling => "prices read: Socket.IO by polling",
            Self::EventStream => "prices read: events",
        }
    }

    /// Whether its protocol can say what the hub knows of a symbol now.
    pub fn can_say(self, view: &SymbolView) -> bool {
        let quote = &view.quote;
        match self {
            Self::TwelveData => {
                quote.freshness == Some("fresh")
                    && quote.source != Some(Provenance::Restored)
                    && quote.session != Session::Closed
                    && quote.timestamp_precision != Some("day")
                    && quote.exchange_second.is_some()
            }
            Self::SocketIo | Self::Polling => quote.price.is_some() && quote.percent_change.is_some(),
            Self::EventStream => true,
        }
    }

    /// Whether its protocol can say all that the hub may know.
    pub fn says_all(self) -> bool {
        match self {
            Self::TwelveData | Self::SocketIo | Self::Polling => false,
            Self::EventStream => true,
        }
    }

    /// What it wants of a list. Twelve Data's prices tell a symbol and its exchange in two fields, so
    /// only a pinned and a plain name of one symbol look alike.
    fn wish(self, list: &str) -> String {
        let is_clear = |name: &&str| self != Self::TwelveData || !name.contains(':');
        list.split(',').filter(is_clear).collect::<Vec<_>>().join(",")
    }

    fn said(self, action: &str, list: &str) -> String {
        let symbols = self.wish(list);
        match self {
            Self::TwelveData => json!({"action": action, "params": {"symbols": symbols}}).to_string(),
            Self::SocketIo | Self::Polling | Self::EventStream => {
                let symbols: Vec<&str> = symbols.split(',').collect();
                format!("42{}", json!([action, {"symbols": symbols}]))
            }
        }
    }
}

impl Guest {
    pub fn new(tongue: Tongue) -> Self {
        Self {
            tongue,
            asked: None,
            is_blocked: false,
            to_say: Vec::new(),
            position: None,
            session: None,
            before: Vec::new(),
        }
    }

    /// Whether the hub tells it the feed's state.
    pub fn hears_of_the_feed(&self) -> bool {
        self.tongue == Tongue::EventStream
    }
}

impl World {
    pub fn guest_acts(&mut self, number: u32, act: &Act) -> Check {
        let Some((client, tongue)) = self.guest(number) else {
            return Ok(());
        };
        match (act, tongue) {
            // Its symbols are in its address, so it connects anew and knows nothing.
            (Act::Subscribe(list), Tongue::EventStream) => {
                let viewer = self.viewers.of_number(number);
                viewer.watches = tongue.wish(list).split(',').map(str::to_owned).collect();
                viewer.holds.clear();
                if let Some(guest) = &mut viewer.guest {
                    guest.position = None;
                }
                self.guest_leaves(number, client)?;
                self.guest_joins(number)
            }
            (Act::Subscribe(list), _) if !tongue.wish(list).is_empty() => {
                let now = self.now;
                if tongue == Tongue::TwelveData
                    && let Some(guest) = &mut self.viewers.of_number(number).guest
                {
                    guest.asked.get_or_insert(now);
                }
                self.client_says(client, tongue.said("subscribe", list))
            }
            (Act::Unsubscribe(list), Tongue::SocketIo | Tongue::Polling) => {
                self.client_says(client, tongue.said("unsubscribe", list))
            }
            // Twelve Data's answer does not name the symbols.
            (Act::Unsubscribe(list), Tongue::TwelveData) => {
                let viewer = self.viewers.of_number(number);
                for name in tongue.wish(list).split(',') {
                    viewer.watches.remove(name);
                    viewer.holds.remove(name);
                }
                self.client_says(client, tongue.said("unsubscribe", list))
            }
            (Act::Say(text), Tongue::SocketIo | Tongue::Polling) => self.client_says(client, (*text).to_owned()),
            (Act::Say(text), Tongue::TwelveData) if !text.contains("symbols") => {
                self.client_says(client, (*text).to_owned())
            }
            (Act::Leave | Act::Vanish, _) => {
                self.viewers.of_number(number).watches.clear();
                self.guest_leaves(number, client)
            }
            (Act::StopReading, Tongue::Polling | Tongue::EventStream) => {
                self.viewers.of_number(number).stop_reading();
                Ok(())
            }
            (Act::ReadAgain, Tongue::Polling | Tongue::EventStream) => self.guest_reads_again(number, client),
            (Act::Upgrade, Tongue::Polling) => {
                if let Some(guest) = &mut self.viewers.of_number(number).guest {
                    guest.tongue = Tongue::SocketIo;
                }
                self.guest_reads_again(number, client)?;
                self.client_is_told_of(client, Input::Upgraded(ClientId(client)))
            }
            _ => Ok(()),
        }
    }

    /// The client of a guest that is connected, and what it speaks.
    fn guest(&mut self, number: u32) -> Option<(u32, Tongue)> {
        let viewer = self.viewers.of_number(number);
        Some((viewer.client?, viewer.guest.as_ref()?.tongue))
    }

    fn guest_leaves(&mut self, number: u32, client: u32) -> Check {
        let wanted = std::mem::take(&mut self.viewers.of_number(number).watches);
        self.viewer_lost(client);
        self.viewers.of_number(number).watches = wanted;
        self.socket_found(client)
    }

    /// Connects. What it wanted before it says again, or its address does; where its protocol allows,
    /// with its position.
    pub fn guest_joins(&mut self, number: u32) -> Check {
        let now = self.now;
        let viewer = self.viewers.of_number(number);
        let before = std::mem::take(viewer);
        let Some(mut guest) = before.guest else { return Ok(()) };
        let wanted: Vec<String> = before.watches.into_iter().collect();
        let tongue = guest.tongue;
        (guest.is_blocked, guest.asked) = (false, None);
        guest.to_say.clear();
        guest.before.clone_from(&wanted);
        let (position, session) = (guest.position, guest.session.clone());
        *viewer = Viewer::reading_since(now);
        // What the hub does not repeat is what it was sent before.
        if tongue != Tongue::TwelveData {
            viewer.holds = before.holds;
        }
        viewer.guest = Some(guest);
        self.viewers.joins(number);
        let client = self.client_joins(tongue.dialect(), tongue.carrier())?;
        match tongue {
            Tongue::TwelveData if wanted.is_empty() => Ok(()),
            Tongue::TwelveData => {
                if let Some(guest) = &mut self.viewers.of_number(number).guest {
                    guest.asked = Some(now);
                }
                self.client_says(client, tongue.said("subscribe", &wanted.join(",")))
            }
            Tongue::SocketIo | Tongue::Polling => {
                let kept = session.zip(position);
                let token = self.scenario.setup.requires_access().then_some(TOKEN);
                let auth = match (kept, token) {
                    (None, None) => String::new(),
                    (None, Some(token)) => json!({"token": token}).to_string(),
                    (Some((pid, at)), None) => json!({"pid": pid, "offset": written(at)}).to_string(),
                    (Some((pid, at)), Some(token)) => {
                        json!({"pid": pid, "offset": written(at), "token": token}).to_string()
                    }
                };
                self.client_says(client, format!("40{auth}"))
            }
            Tongue::EventStream => {
                let names = wanted.iter().filter_map(|name| Instrument::parse(name).ok());
                let resume = position.map(|(epoch, seq)| Position { epoch, channel: 0, seq });
                let wish = Subscribe {
                    symbols: names.map(Ok).collect(),
                    resume,
                    wants_defaults: wanted.is_empty(),
                    ..Subscribe::default()
                };
                self.client_is_told_of(client, Input::Wished(ClientId(client), wish))
            }
        }
    }

    /// The hub sends a frame to these guests.
    pub fn guests_hear(&mut self, text: &str, clients: &[u32]) -> Check {
        for client in clients {
            let Some(number) = self.viewers.number_of(*client) else {
                continue;
            };
            let (now, life) = (self.now, self.object.life);
            let viewer = self.viewers.of_number(number);
            let Some(guest) = &mut viewer.guest else { continue };
            if guest.is_blocked && is_price(text) {
                return Err(broken("who is blocked is sent no prices", format!("{guest:?}: {text}")));
            }
            if viewer.keeps_unread(life, now, text) {
                if viewer.unread() >= FULL {
                    self.at(now, Happening::GuestGoesOn(number));
                }
                continue;
            }
            self.guest_reads(number, text, life, true)?;
        }
        Ok(())
    }

    /// What a guest does of itself: it says what it has to, or the platform finds that it does not
    /// read.
    pub fn guest_goes_on(&mut self, number: u32) -> Check {
        let Some((client, tongue)) = self.guest(number) else {
            return Ok(());
        };
        let now = self.now;
        let viewer = self.viewers.of_number(number);
        let is_full = viewer.unread() >= FULL && tongue.carrier() == Carrier::Http;
        let Some(guest) = &mut viewer.guest else { return Ok(()) };
        let to_say = std::mem::take(&mut guest.to_say);
        if is_full && !std::mem::replace(&mut guest.is_blocked, true) {
            viewer.unread_since.get_or_insert(now);
            self.coverage.count("blocked over HTTP", 1);
            self.client_is_told_of(client, Input::Blocked(ClientId(client)))?;
        }
        for text in to_say {
            self.client_says(client, text)?;
        }
        Ok(())
    }

    fn guest_reads_again(&mut self, number: u32, client: u32) -> Check {
        let viewer = self.viewers.of_number(number);
        for (life, text) in viewer.read_all() {
            self.guest_reads(number, &text, life, false)?;
        }
        let was_blocked = match &mut self.viewers.of_number(number).guest {
            Some(guest) => std::mem::take(&mut guest.is_blocked),
            None => false,
        };
        match was_blocked {
            true => self.client_is_told_of(client, Input::Drained(ClientId(client))),
            false => Ok(()),
        }
    }

    fn guest_reads(&mut self, number: u32, text: &str, life: u32, at_once: bool) -> Check {
        let Some((_, tongue)) = self.guest(number) else {
            return Ok(());
        };
        let frame = match tongue {
            Tongue::TwelveData => self.reads_twelve_data(number, text)?,
            Tongue::SocketIo | Tongue::Polling => self.reads_socket_io(number, text)?,
            Tongue::EventStream => self.reads_event(number, text)?,
        };
        let Some(frame) = frame else { return Ok(()) };
        if frame.event == "price_update" {
            self.coverage.count(tongue.prices_read(), 1);
        }
        if at_once {
            self.frame_is_true(&frame)?;
        }
        self.viewer_learns(number, &frame, life)
    }

    fn reads_twelve_data(&mut self, number: u32, text: &str) -> Result<Option<Frame>, Box<Broken>> {
        let value = json_of(text, text)?;
        let viewer = self.viewers.of_number(number);
        match value["event"].as_str() {
            Some("price") => {
                let second = value["timestamp"].as_u64();
                Ok(Some(Frame {
                    event: "price_update".to_owned(),
                    symbol: text_of(&value, "symbol").unwrap_or_default(),
                    price: value["price"].as_f64(),
                    timestamp: second.map(|second| iso8601(second * SECOND)),
                    // It says nothing else of a price, so it may say only one that is so.
                    session: Some("open".to_owned()),
                    freshness: Some("fresh".to_owned()),
                    simulated: Some(value["simulated"].as_bool().unwrap_or(false)),
                    ..Frame::default()
                }))
            }
            Some("subscribe-status") => {
                if let Some(guest) = &mut viewer.guest {
                    guest.asked = None;
                }
                Ok(Some(Frame {
                    event: "subscribe-status".to_owned(),
                    success: subscribed(&value["success"]),
                    fails: subscribed(&value["fails"]),
                    ..Frame::default()
                }))
            }
            Some("reset-status") => Ok(Some(named("reset-status"))),
            _ => Ok(None),
        }
    }

    fn reads_socket_io(&mut self, number: u32, text: &str) -> Result<Option<Frame>, Box<Broken>> {
        let defaults = self.scenario.setup.default_symbols();
        let now = self.now;
        let viewer = self.viewers.of_number(number);
        let Some(guest) = &mut viewer.guest else {
            return Ok(None);
        };
        if text == socket_io::PING {
            guest.to_say.push("3".to_owned());
            self.at(now, Happening::GuestGoesOn(number));
            return Ok(None);
        }
        if let Some(accepted) = text.strip_prefix("40") {
            let session = text_of(&json_of(accepted, text)?, "pid");
            let is_taken_up = session == guest.session && session.is_some();
            guest.session = session;
            let before = std::mem::take(&mut guest.before);
            if is_taken_up {
                // It is told next which symbols it still has.
                self.coverage.count("sessions taken up", 1);
                return Ok(None);
            }
            viewer.watches.extend(defaults.iter().map(|&name| name.to_owned()));
            viewer.holds.clear();
            if !before.is_empty() {
                guest.to_say.push(guest.tongue.said("subscribe", &before.join(",")));
                self.at(now, Happening::GuestGoesOn(number));
            }
            return Ok(None);
        }
        let Some(packet) = text.strip_prefix("42") else {
            return Ok(None);
        };
        let value = json_of(packet, text)?;
        let argument = &value[1];
        Ok(match value[0].as_str() {
            Some("price_update") => {
                let mut frame: Frame = serde_json::from_value(with_event(argument, "price_update"))
                    .map_err(|error| broken("frames can be read", format!("{error}: {text}")))?;
                frame.percent_change = argument["change"].as_f64();
                Some(frame)
            }
            Some("position") => {
                guest.position = argument.as_str().and_then(read);
                None
            }
            Some("subscription") => Some(Frame {
                event: "subscribe-status".to_owned(),
                success: subscribed(&argument["symbols"]),
                fails: subscribed(&argument["fails"]),
                ..Frame::default()
            }),
            Some("unsubscription") => serde_json::from_value(with_event(argument, "unsubscribe-status")).ok(),
            _ => None,
        })
    }

    fn reads_event(&mut self, number: u32, text: &str) -> Result<Option<Frame>, Box<Broken>> {
        let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        if let (Some(at), Some(guest)) = (line("id: "), &mut self.viewers.of_number(number).guest) {
            guest.position = read(at);
        }
        let Some(data) = line("data: ") else { return Ok(None) };
        let frame = serde_json::from_str(data);
        frame
            .map(Some)
            .map_err(|error| broken("frames can be read", format!("{error}: {text}")))
    }

    /// Whether every guest's subscription was answered in time.
    pub fn guests_are_answered(&self) -> Check {
        // A hub that was evicted meanwhile answers when it is awake again.
        if !self.object.is_running() {
            return Ok(());
        }
        let late = ANSWERED_WITHIN + self.timers_late();
        let waits = self.viewers.reading().find(|(_, viewer)| {
            let asked = viewer.guest.as_ref().and_then(|guest| guest.asked);
            asked.is_some_and(|at| at.max(self.object.began()) + late < self.now)
        });
        match waits {
            Some((client, viewer)) => Err(broken(
                "a subscription is answered in time",
                format!("client {client}: {viewer:?}"),
            )),
            None => Ok(()),
        }
    }
}

fn is_price(text: &str) -> bool {
    text.contains("price_update") || text.contains(r#""event":"price""#)
}

fn named(event: &str) -> Frame {
    Frame {
        event: event.to_owned(),
        ..Frame::default()
    }
}

fn with_event(argument: &Value, event: &str) -> Value {
    let mut value = argument.clone();
    value["event"] = event.into();
    value
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

fn json_of(json: &str, text: &str) -> Result<Value, Box<Broken>> {
    serde_json::from_str(json).map_err(|error| broken("frames can be read", format!("{error}: {text}")))
}
