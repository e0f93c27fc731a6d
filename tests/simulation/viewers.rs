//! The viewers, in both dialects of ours: what each does, what it is sent, and what it therefore
//! believes. Those of other dialects are in [`super::guests`].

use super::guests::Guest;
use super::market::{Market, Place};
use super::scenario::Act;
use super::world::{Broken, Check, Happening, World, broken};
use hamster_kit::{Fault, Reader, Symbol};
use hamster_terminal::dialect::Dialect;
use hamster_terminal::hub::Carrier;
use hamster_terminal::market::{Millis, SECOND, iso8601};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// All viewers, by their number in the scenario.
#[derive(Debug, Default)]
pub struct Viewers {
    all: BTreeMap<u32, Viewer>,
    by_client: BTreeMap<u32, u32>,
    /// The viewer that is connecting.
    joining: Option<u32>,
    /// What is being read was sent a while ago: others may hold something else by now.
    is_late: bool,
}

/// One viewer.
#[derive(Debug, Default)]
pub struct Viewer {
    pub client: Option<u32>,
    /// When it connected.
    pub since: Millis,
    /// The symbols that it watches, according to the hub.
    pub watches: BTreeSet<String>,
    /// The newest quote that it was shown of each symbol.
    pub holds: BTreeMap<String, Shown>,
    /// What it held before a full snapshot reset it.
    held_before: BTreeMap<String, Shown>,
    pub feed: String,
    is_reading: bool,
    /// It reads a frame now and then, more slowly than they come.
    is_slow: bool,
    /// Unread frames, each with the hub's life that sent it and the time.
    unread: VecDeque<(u32, Millis, String)>,
    /// When the first unread delta came.
    pub unread_since: Option<Millis>,
    /// Set for a viewer of another dialect than ours.
    pub guest: Option<Guest>,
    /// Set for a viewer of `hamster.v1`.
    reader: Option<Reader>,
    /// The least time between deltas that it asked for, in ms.
    interval: Millis,
    /// An acknowledgement is scheduled.
    will_acknowledge: bool,
    /// The number that a plain viewer was asked to send back.
    proof: Option<u64>,
    /// It disappeared without a close; the hub still sends.
    vanished: bool,
}

/// A quote as a viewer sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub price: f64,
    /// `None`: the exchange did not give a time.
    pub timestamp: Option<String>,
    pub received: String,
    pub source: String,
    pub session: String,
    pub is_fresh: bool,
    /// When the price was really made.
    made: Millis,
    at: Millis,
    /// The hub's life that sent it.
    life: u32,
}

/// The fields of all frames that the checks use.
#[derive(Debug, Default, Deserialize)]
pub struct Frame {
    pub event: String,
    #[serde(default)]
    pub symbol: String,
    pub price: Option<f64>,
    pub percent_change: Option<f64>,
    pub previous_close: Option<f64>,
    pub timestamp: Option<String>,
    pub received_at: Option<String>,
    pub source: Option<String>,
    pub session: Option<String>,
    pub freshness: Option<String>,
    pub simulated: Option<bool>,
    pub state: Option<String>,
    #[serde(default)]
    pub success: Vec<Subscribed>,
    #[serde(default)]
    pub fails: Vec<Subscribed>,
    #[serde(default)]
    pub symbols: Vec<String>,
    pub feed: Option<Feed>,
    pub id: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub struct Subscribed {
    symbol: String,
    has_quote: Option<bool>,
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Feed {
    state: String,
}

/// The time between two frames that a slow viewer reads.
const SLOW: Millis = 5 * SECOND;
/// The greatest age of an unread delta while newer ones are sent: twice the hub's patience, since a
/// slow viewer may read one delta that was sent at the beginning of the first period.
const LONGEST_QUEUE: Millis = 45 * SECOND;

/// Snapshots that may wait unread in a socket, with the one that answered the last acknowledgement.
const MOST_PICTURES: usize = 5;

const SNAPSHOT: &str = r#""event":"snapshot""#;

/// How much older a price may be than the one before it: upstream stamps whole seconds, and
/// messages overtake each other.
const BLUR: Millis = 2_500;
/// The hub keeps a symbol that nobody wants any more for this long.
const FORGOTTEN: Millis = 30 * SECOND;

impl Shown {
    pub fn made(&self) -> Millis {
        self.made
    }
}

impl Viewer {
    /// A full snapshot: what it held is void, but new quotes must not be older.
    fn begins_anew(&mut self) {
        self.held_before.append(&mut self.holds);
    }

    /// Whether the hub tells it the feed's state. Without symbols, a viewer of `hamster.v1` has no
    /// channel.
    pub fn hears_of_the_feed(&self) -> bool {
        if let Some(guest) = &self.guest {
            return guest.hears_of_the_feed();
        }
        self.reader.as_ref().is_none_or(|reader| reader.is_placed)
    }

    pub fn rate(&self) -> Millis {
        self.interval
    }

    pub fn reading_since(since: Millis) -> Self {
        Self {
            since,
            is_reading: true,
            ..Self::default()
        }
    }

    pub fn stop_reading(&mut self) {
        self.is_reading = false;
    }

    /// The number of unread frames.
    pub fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Keeps a frame unread if the viewer does not read.
    pub fn keeps_unread(&mut self, life: u32, now: Millis, text: &str) -> bool {
        if !self.is_reading {
            self.unread.push_back((life, now, text.to_owned()));
        }
        !self.is_reading
    }

    /// It reads again: what waited unread, each with the life of the hub that sent it.
    pub fn read_all(&mut self) -> Vec<(u32, String)> {
        self.is_reading = true;
        self.unread_since = None;
        self.unread.drain(..).map(|(life, _, text)| (life, text)).collect()
    }
}

impl Viewers {
    /// Gives the viewer that is joining its client id.
    pub fn connecting(&mut self, client: u32) {
        if let Some(viewer) = self.joining {
            self.by_client.insert(client, viewer);
            self.all.entry(viewer).or_default().client = Some(client);
        }
    }

    pub fn of_number(&mut self, number: u32) -> &mut Viewer {
        self.all.entry(number).or_default()
    }

    pub fn number_of(&self, client: u32) -> Option<u32> {
        self.by_client.get(&client).copied()
    }

    /// This viewer is the next that connects.
    pub fn joins(&mut self, number: u32) {
        self.joining = Some(number);
    }

    pub fn of_client(&self, client: u32) -> Option<&Viewer> {
        let viewer = self.all.get(self.by_client.get(&client)?)?;
        (viewer.is_reading && !viewer.vanished).then_some(viewer)
    }

    /// How long the hub has been sending deltas to the viewer that has read nothing the longest.
    pub fn longest_unread(&self) -> Option<Millis> {
        let connected = self.all.values().filter(|viewer| viewer.client.is_some());
        connected.filter_map(|viewer| viewer.unread_since).min()
    }

    /// The viewers that are connected and read.
    pub fn reading(&self) -> impl Iterator<Item = (u32, &Viewer)> {
        let reading = self.all.iter().filter(|(_, one)| one.is_reading && !one.vanished);
        reading.filter_map(|(_, viewer)| Some((viewer.client?, viewer)))
    }
}

impl World {
    pub fn viewer_acts(&mut self, number: u32, act: &Act) -> Check {
        let client = self.viewers.all.get(&number).and_then(|viewer| viewer.client);
        match (act, client) {
            (Act::JoinAs(tongue), None) => {
                *self.viewer(number) = Viewer {
                    guest: Some(Guest::new(*tongue)),
                    ..Viewer::default()
                };
                self.guest_joins(number)
            }
            _ if self.viewer(number).guest.is_some() => self.guest_acts(number, act),
            (Act::Join, None) => {
                *self.viewer(number) = Viewer::default();
                self.viewer_joins(number)
            }
            (Act::JoinV1(interval), None) => {
                *self.viewer(number) = Viewer {
                    reader: Some(Reader::default()),
                    interval: *interval,
                    ..Viewer::default()
                };
                self.viewer_joins(number)
            }
            (Act::Subscribe(list), Some(client)) => {
                let viewer = self.viewer(number);
                let wish = match viewer.reader {
                    Some(_) => subscribe(list, viewer.interval, None),
                    None => said("subscribe", list),
                };
                self.client_says(client, wish)
            }
            (Act::Unsubscribe(list), Some(client)) => self.client_says(client, said("unsubscribe", list)),
            (Act::Rate(interval), Some(client)) if self.viewer(number).reader.is_some() => {
                self.viewer(number).interval = *interval;
                self.client_says(client, subscribe("", *interval, None))
            }
            (Act::Reset, Some(client)) => self.client_says(client, r#"{"action":"reset"}"#.to_owned()),
            (Act::Say(text), Some(client)) => self.client_says(client, (*text).to_owned()),
            (Act::Binary(bytes), Some(client)) => self.client_says_binary(client, *bytes),
            (Act::Flood, Some(client)) => {
                for _ in 0..100 {
                    self.client_says(client, r#"{"action":"heartbeat"}"#.to_owned())?;
                }
                if self.viewer(number).client.is_some() && !self.object.is_doomed() {
                    return Err(broken("a flood is stopped", format!("client {client}")));
                }
                Ok(())
            }
            (Act::Leave, Some(client)) => {
                self.viewer(number).watches.clear();
                self.viewer_lost(client);
                self.socket_found(client)
            }
            (Act::Vanish, Some(client)) => {
                self.viewer(number).watches.clear();
                self.viewer_lost(client);
                let found = self.now + self.rng.u64(1..600) * SECOND;
                self.at(found, Happening::SocketFound(client));
                Ok(())
            }
            (Act::StopReading, _) => {
                self.viewer(number).is_reading = false;
                Ok(())
            }
            (Act::ReadSlowly, _) => {
                self.viewer(number).is_reading = false;
                self.viewer(number).is_slow = true;
                self.at(self.now + SLOW, Happening::ReadsOne(number));
                Ok(())
            }
            (Act::ReadAgain, _) => {
                self.viewer(number).is_reading = true;
                self.viewer(number).is_slow = false;
                self.viewer(number).unread_since = None;
                while let Some((life, sent, frame)) = self.viewer(number).unread.pop_front() {
                    self.viewers.is_late = sent < self.now;
                    self.viewer_reads(number, &frame, life)?;
                }
                self.viewers.is_late = false;
                match client {
                    Some(client) => self.viewer_acknowledges(client),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn viewer(&mut self, number: u32) -> &mut Viewer {
        self.viewers.of_number(number)
    }

    /// Connects and subscribes again to what it wanted before; in `hamster.v1` with its cursor.
    pub fn viewer_joins(&mut self, number: u32) -> Check {
        if self.viewer(number).client.is_some() {
            return Ok(());
        }
        if self.viewer(number).guest.is_some() {
            return self.guest_joins(number);
        }
        let now = self.now;
        let viewer = self.viewer(number);
        let wanted: Vec<String> = std::mem::take(&mut viewer.watches).into_iter().collect();
        let mut before = std::mem::take(viewer);
        if let Some(reader) = &mut before.reader {
            reader.is_placed = false;
        }
        let is_v1 = before.reader.is_some();
        let wish = match &before.reader {
            Some(reader) => subscribe(&wanted.join(","), before.interval, reader.resume()),
            None => said("subscribe", &wanted.join(",")),
        };
        *viewer = Viewer {
            holds: if is_v1 { before.holds } else { BTreeMap::new() },
            held_before: before.held_before,
            reader: before.reader,
            interval: before.interval,
            ..Viewer::reading_since(now)
        };
        self.viewers.joins(number);
        let dialect = if is_v1 { Dialect::HamsterV1 } else { Dialect::Plain };
        let client = self.client_joins(dialect, Carrier::WebSocket)?;
        if !wanted.is_empty() {
            self.client_says(client, wish)?;
        }
        Ok(())
    }

    /// A viewer of `hamster.v1` acknowledges what it has read.
    pub fn viewer_acknowledges(&mut self, client: u32) -> Check {
        let Some(number) = self.viewers.by_client.get(&client).copied() else {
            return Ok(());
        };
        let viewer = self.viewer(number);
        if let Some(id) = viewer.proof.take() {
            return self.client_says(client, json!({"action": "ack", "id": id}).to_string());
        }
        viewer.will_acknowledge = false;
        let reader = viewer
            .reader
            .as_mut()
            .filter(|reader| (viewer.is_reading || viewer.is_slow) && reader.unacknowledged);
        let Some(reader) = reader else { return Ok(()) };
        reader.unacknowledged = false;
        if reader.stream == 0 {
            return Ok(());
        }
        let acknowledgement = reader.acknowledgement();
        self.client_says(client, acknowledgement)
    }

    /// A slow viewer reads its oldest frame and acknowledges it.
    pub fn viewer_reads_one(&mut self, number: u32) -> Check {
        if !self.viewer(number).is_slow {
            return Ok(());
        }
        self.at(self.now + SLOW, Happening::ReadsOne(number));
        let now = self.now;
        let viewer = self.viewer(number);
        let Some((life, sent, frame)) = viewer.unread.pop_front() else {
            return Ok(());
        };
        let waits = viewer.unread.iter().any(|(_, _, text)| text.starts_with('['));
        viewer.unread_since = waits.then_some(now);
        self.viewers.is_late = sent < now;
        self.viewer_reads(number, &frame, life)?;
        self.viewers.is_late = false;
        match self.viewer(number).client {
            Some(client) => self.viewer_acknowledges(client),
            None => Ok(()),
        }
    }

    /// A viewer loses its connection. Unless it left by itself, it comes back.
    pub fn viewer_lost(&mut self, client: u32) {
        let Some(number) = self.viewers.by_client.remove(&client) else {
            return;
        };
        self.viewer(number).client = None;
        let returns = self.now + self.rng.u64(1_000..70_000);
        if !self.viewer(number).watches.is_empty() {
            self.at(returns, Happening::ViewerReturns(number));
        }
    }

    /// The hub sends a frame to these clients.
    pub fn viewers_hear(&mut self, text: &str, clients: &[u32]) -> Check {
        // A frame is of one dialect.
        let first = clients.iter().find_map(|client| self.viewers.number_of(*client));
        let Some(first) = first else { return Ok(()) };
        if self.viewer(first).guest.is_some() {
            return self.guests_hear(text, clients);
        }
        let is_of_v1_alone = text.starts_with('[') || text.contains(SNAPSHOT);
        let frame = if is_of_v1_alone { None } else { Some(parsed(text)?) };
        if let Some(frame) = &frame {
            self.frame_is_true(frame)?;
        }
        let (life, now, calm) = (self.object.life, self.now, self.calm());
        for client in clients {
            let Some(number) = self.viewers.by_client.get(client).copied() else {
                continue;
            };
            let viewer = self.viewer(number);
            if !viewer.is_reading {
                if text.starts_with('[') {
                    viewer.unread_since.get_or_insert(now);
                } else if text.contains(SNAPSHOT) {
                    // It asked for other symbols. In their channel it has missed nothing yet; how often
                    // that helps is bounded below.
                    viewer.unread_since = None;
                }
                viewer.unread.push_back((life, now, text.to_owned()));
                let snapshots = viewer
                    .unread
                    .iter()
                    .filter(|(of, _, text)| *of == life && text.contains(SNAPSHOT));
                if snapshots.count() > MOST_PICTURES {
                    return Err(broken(
                        "who says nothing is not shown more and more",
                        format!("client {client}"),
                    ));
                }
                let mut deltas = viewer.unread.iter().filter(|(_, _, text)| text.starts_with('['));
                let oldest = deltas.next().map_or(now, |(_, at, _)| *at);
                if text.starts_with('[') && now > oldest + LONGEST_QUEUE && calm > LONGEST_QUEUE {
                    return Err(broken(
                        "a slow reader is not sent more and more",
                        format!("client {client} has not read since {oldest}"),
                    ));
                }
                continue;
            }
            match &frame {
                Some(frame) if viewer.reader.is_none() => self.viewer_learns(number, frame, life)?,
                _ => self.viewer_reads_v1(number, text, life, true)?,
            }
        }
        Ok(())
    }

    fn viewer_reads(&mut self, number: u32, text: &str, life: u32) -> Check {
        if self.viewer(number).reader.is_some() {
            return self.viewer_reads_v1(number, text, life, false);
        }
        self.viewer_learns(number, &parsed(text)?, life)
    }

    /// Reads a frame of `hamster.v1`. `at_once`: the frame did not wait unread, so it must be true
    /// now.
    fn viewer_reads_v1(&mut self, number: u32, text: &str, life: u32, at_once: bool) -> Check {
        let Some(mut reader) = self.viewer(number).reader.take() else {
            return Ok(());
        };
        let news = reader.hear(text).map_err(|fault| no_such_frame(fault, text))?;
        let quotes: Vec<Frame> = news
            .symbols
            .iter()
            .filter_map(|n| reader.symbol(*n))
            .map(quote)
            .collect();
        let is_delta = text.starts_with('[');
        if !is_delta && news.snapshot.is_none() {
            let frame = parsed(text)?;
            self.viewer_learns(number, &frame, life)?;
            let left_all = matches!(
                frame.event.as_str(),
                "unsubscribe-status" | "reset-status" | "subscribe-status"
            );
            if left_all && self.viewer(number).watches.is_empty() {
                reader.leave();
            }
            self.viewer(number).reader = Some(reader);
            return Ok(());
        }
        if reader.unacknowledged && !self.viewer(number).will_acknowledge && at_once {
            self.viewer(number).will_acknowledge = true;
            if let Some(client) = self.viewer(number).client {
                self.at(self.now + reader.ack_ms, Happening::Acknowledge(client));
            }
        }
        self.viewer(number).reader = Some(reader);
        let kind = match news.snapshot {
            None => "deltas read",
            Some(true) => "snapshots: all",
            Some(false) => "snapshots: recovered",
        };
        self.coverage.count(kind, 1);
        if news.snapshot == Some(true) {
            self.viewer(number).begins_anew();
        }
        if let Some(feed) = news.feed {
            self.viewer(number).feed = feed;
        }
        for quote in quotes {
            if at_once {
                self.quote_is_true(&quote)?;
            }
            self.viewer_is_shown(number, &quote, life)?;
        }
        Ok(())
    }

    pub fn viewer_learns(&mut self, number: u32, frame: &Frame, life: u32) -> Check {
        let now = self.now;
        match frame.event.as_str() {
            "price_update" => return self.viewer_is_shown(number, frame, life),
            "connected" => {
                let state = frame.feed.as_ref().map(|feed| feed.state.clone());
                self.viewer(number).feed = state.unwrap_or_default();
                self.viewer(number).since = now;
            }
            "ack-request" => {
                if let Some(client) = self.viewer(number).client {
                    self.viewer(number).proof = frame.id;
                    self.at(now, Happening::Acknowledge(client));
                }
            }
            "feed" => self.viewer(number).feed = frame.state.clone().unwrap_or_default(),
            "subscribe-status" => {
                let viewer = self.viewer(number);
                for one in &frame.success {
                    viewer.watches.insert(one.symbol.clone());
                    // The hub lost what an earlier life knew.
                    if one.has_quote == Some(false) {
                        viewer.holds.remove(&one.symbol);
                    }
                }
                for failed in &frame.fails {
                    let viewer = self.viewer(number);
                    viewer.watches.remove(&failed.symbol);
                    // The hub may forget the symbol. A later quote need not be newer than this one.
                    viewer.holds.remove(&failed.symbol);
                    viewer.held_before.remove(&failed.symbol);
                }
                let reasons = frame.fails.iter().filter_map(|failed| failed.reason.as_deref());
                if reasons.clone().any(|reason| reason.contains("EXTRA_SYMBOLS")) {
                    self.coverage.count("wishes without room", 1);
                    if reasons.clone().any(|reason| reason.contains("tracks as many")) {
                        self.room_is_shared(number)?;
                    }
                }
            }
            "unsubscribe-status" => {
                for symbol in &frame.symbols {
                    self.viewer(number).watches.remove(symbol);
                    self.viewer(number).holds.remove(symbol);
                }
            }
            "reset-status" => {
                self.viewer(number).watches.clear();
                self.viewer(number).holds.clear();
            }
            _ => {}
        }
        Ok(())
    }

    /// No viewer is refused for lack of room while it has less than an equal share and others hold
    /// more than theirs.
    fn room_is_shared(&self, refused: u32) -> Check {
        let defaults = self.scenario.setup.default_symbols();
        let connected: BTreeMap<u32, &Viewer> = self
            .viewers
            .all
            .iter()
            .filter(|(_, one)| one.client.is_some())
            .map(|(number, one)| (*number, one))
            .collect();
        if self.viewers.is_late
            || connected.len() != self.object.sockets()
            || connected.values().any(|one| !one.is_reading)
        {
            // Then what the others hold cannot be told from outside.
            return Ok(());
        }
        let others = |viewer: &Viewer| {
            let watches = viewer.watches.iter().filter(|one| !defaults.contains(&one.as_str()));
            watches.cloned().collect::<BTreeSet<String>>()
        };
        let held: BTreeMap<u32, BTreeSet<String>> = connected.iter().map(|(who, one)| (*who, others(one))).collect();
        let wanting = held
            .iter()
            .filter(|(who, symbols)| **who == refused || !symbols.is_empty());
        let share = self.object.config().extra_symbols / wanting.count().max(1);
        let is_rich = |symbols: &BTreeSet<String>| symbols.len() > share;
        let can_be_spared = |symbol: &String| held.values().filter(|symbols| symbols.contains(symbol)).all(is_rich);
        let ours = held.get(&refused).map_or(0, BTreeSet::len);
        if ours < share && held.values().flatten().any(can_be_spared) {
            return Err(broken(
                "room is shared",
                format!("{refused} is refused: {held:?}, a share is {share}"),
            ));
        }
        Ok(())
    }

    fn viewer_is_shown(&mut self, number: u32, frame: &Frame, life: u32) -> Check {
        let Some(price) = frame.price else {
            return Ok(());
        };
        let place = place(&frame.symbol)?;
        let shown = Shown {
            price,
            timestamp: frame.timestamp.clone(),
            received: frame.received_at.clone().unwrap_or_default(),
            source: frame.source.clone().unwrap_or_default(),
            session: frame.session.clone().unwrap_or_default(),
            is_fresh: frame.freshness.as_deref() == Some("fresh"),
            made: self.market.made_at(place, price).unwrap_or_default(),
            at: self.now,
            life,
        };
        let lies = self.lies_about_time();
        let now = self.now;
        let is_default = self.scenario.setup.default_symbols().contains(&frame.symbol.as_str());
        let viewer = self.viewer(number);
        let earlier = viewer.held_before.remove(&frame.symbol);
        // While the viewer was away, the hub may have dropped the symbol and what it knew of it.
        let is_of_before = |held: &Shown| viewer.guest.is_some() && held.at < viewer.since;
        let kept = viewer.holds.get(&frame.symbol).filter(|held| is_of_before(held));
        let told_before = earlier.as_ref().or(kept);
        let may_be_forgotten = told_before.is_some_and(|held| now >= held.at + FORGOTTEN) && !is_default;
        if let Some(before) = viewer.holds.get(&frame.symbol).or(earlier.as_ref()) {
            // A restarted hub may know less than its viewers. Then it says so.
            let first_of_life = before.life != life;
            let restored = shown.source == "restored" && first_of_life;
            let symbol = &frame.symbol;
            // A restarted hub may have the newest price from REST, which stamps whole minutes.
            let is_older = |(then, now): (&String, &String)| now < then;
            if before
                .timestamp
                .as_ref()
                .zip(shown.timestamp.as_ref())
                .is_some_and(is_older)
                && !first_of_life
                && !may_be_forgotten
            {
                return Err(broken(
                    "no quote back in time",
                    format!("{symbol}: {before:?}, then {shown:?}"),
                ));
            }
            if shown.made + BLUR < before.made && !lies && !restored {
                return Err(broken(
                    "the newest price",
                    format!("{symbol}: {before:?}, then older {shown:?}"),
                ));
            }
        }
        viewer.holds.insert(frame.symbol.clone(), shown);
        Ok(())
    }
}

/// The instrument of a quote's symbol.
pub fn place(symbol: &str) -> Result<Place, Box<Broken>> {
    Market::place(symbol).ok_or_else(|| {
        broken(
            "no price is invented",
            format!("a price of {symbol}, which is not traded"),
        )
    })
}

fn parsed(text: &str) -> Result<Frame, Box<Broken>> {
    serde_json::from_str(text).map_err(|error| broken("frames can be read", format!("{error}: {text}")))
}

fn no_such_frame(fault: Fault, text: &str) -> Box<Broken> {
    match fault {
        Fault::Hole(how) => broken("no silent hole", format!("{how}: {text}")),
        Fault::Form(how) => broken("frames can be read", format!("{how}: {text}")),
    }
}

/// A symbol of `hamster.v1` in the format of plain JSON.
fn quote(symbol: &Symbol) -> Frame {
    let object = &symbol.kept;
    let text = |name: &str| object[name].as_str().map(str::to_owned);
    let price = symbol.price();
    let is_known = price.is_some();
    let is_stale = !object["stale_since"].is_null();
    Frame {
        event: "price_update".to_owned(),
        symbol: text("symbol").unwrap_or_default(),
        price,
        previous_close: object["previous_close"].as_f64(),
        timestamp: symbol.time.filter(|_| is_known).map(|time| iso8601(time as u64)),
        received_at: is_known.then(|| iso8601(symbol.received)),
        source: text("source"),
        session: text("session"),
        freshness: Some(if is_stale { "stale" } else { "fresh" }.to_owned()),
        ..Frame::default()
    }
}

/// The symbols of a list, each a name or an object that has it.
pub fn subscribed(list: &Value) -> Vec<Subscribed> {
    let names = list.as_array().into_iter().flatten();
    let names = names.filter_map(|one| one.as_str().or_else(|| one["symbol"].as_str()));
    let of_name = |name: &str| Subscribed {
        symbol: name.to_owned(),
        has_quote: None,
        reason: None,
    };
    names.map(of_name).collect()
}

fn said(action: &str, symbols: &str) -> String {
    json!({"action": action, "params": {"symbols": symbols}}).to_string()
}

/// A `hamster.v1` subscription. Without symbols it only changes the rate; after a lost connection
/// it carries the cursor.
fn subscribe(symbols: &str, interval: Millis, resume: Option<Value>) -> String {
    let mut params = json!({"interval_ms": interval});
    if !symbols.is_empty() {
        params["symbols"] = symbols.into();
    }
    if let Some(place) = resume {
        params["resume"] = place;
    }
    json!({"action": "subscribe", "params": params}).to_string()
}
