//! The platform of one object, in memory: two rows, an alarm, the clients' sockets with their
//! attachments, timers, one upstream connection and REST calls. It stores what a real platform
//! would store, records what the object does as [`Deed`]s in order, and complains about what no
//! platform allows.

use hamster_terminal::access::Access;
use hamster_terminal::dialect::message::Token;
use hamster_terminal::driver::{Event, HeldAlarm, Platform, Socket, Wakeup};
use hamster_terminal::hub::{
    Answer, Carrier, ClientId, Group, Input, Kept, LinkId, RequestId, Row, Span, Stored, WaiterId, Write,
};
use hamster_terminal::market::Millis;
use hamster_terminal::provider::Call;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Deeds per event. More mean an endless loop.
const MOST_DEEDS: usize = 100_000;
const ONE_UPSTREAM: &str = "one upstream connection";

/// How storage treats writes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Commits them.
    #[default]
    Works,
    /// Rejects them at once.
    Refuses,
    /// Accepts them but cannot commit them: the platform will reset the object.
    Breaks,
}

/// An action of the object.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Opens the upstream connection.
    OpenUpstream(LinkId),
    /// Sends a frame on the open connection.
    SendUpstream(LinkId, String),
    /// Closes the connection, or gives up opening it.
    CloseUpstream(LinkId),
    /// Makes this REST call.
    Fetch(RequestId, Call),
    /// Sends a frame to these clients.
    Tell(Vec<ClientId>, String),
    /// Closes a client's socket with this code.
    Close(ClientId, u16),
    /// Writes a client's attachment.
    Remember(ClientId),
    /// Writes a row.
    Write(Row),
    /// Stores so many rows of the memory.
    Keep(usize),
    /// Answers a waiting REST request.
    Answer(WaiterId, Box<Answer>),
    /// Writes a line to the log.
    Log(String),
}

/// The platform of one object.
#[derive(Debug, Default)]
pub struct Double {
    /// How storage behaves from now on.
    pub storage: Storage,
    /// The committed rows.
    pub rows: Stored,
    /// The committed rows of the memory: when each expires, and its body.
    pub memory: BTreeMap<(String, Millis), (Millis, String)>,
    /// The time of the durable alarm.
    pub alarm: Option<Millis>,
    /// How often the alarm was set; the count identifies the current setting.
    pub settings: u32,
    /// Rows written so far, including alarms.
    pub rows_written: u64,
    /// Running timers, and when each fires by the object's clock.
    pub timers: Vec<(Millis, Wakeup)>,
    /// A write was accepted that will not be committed. The platform holds back everything after
    /// it, so nothing leaves the object any more.
    pub is_doomed: bool,
    /// The first forbidden action of the object: the promise that it breaks, and how.
    pub complaint: Option<(&'static str, String)>,
    /// Whose tokens count.
    pub access: Access,
    /// Clients' sockets and their attachments.
    sockets: BTreeMap<ClientId, String>,
    /// Those of them that are answers over HTTP, which end with the instance.
    over_http: BTreeSet<ClientId>,
    /// Clients whose answer ended with its instance.
    cut_off: Vec<ClientId>,
    /// The newest client's id.
    newest: Option<ClientId>,
    groups: BTreeMap<Group, BTreeSet<ClientId>>,
    /// The upstream connection, and whether it is open.
    link: Option<(LinkId, bool)>,
    calls: BTreeSet<u32>,
    leaves_pings: bool,
    /// The object's clock.
    now: Millis,
    events: VecDeque<Event>,
    deeds: VecDeque<Deed>,
}

impl Double {
    /// The object's actions since the last call, in order.
    pub fn take_deeds(&mut self) -> VecDeque<Deed> {
        std::mem::take(&mut self.deeds)
    }

    /// The number of clients with a socket.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.sockets.len()
    }

    /// Whether a client has a socket.
    #[must_use]
    pub fn has_client(&self, client: ClientId) -> bool {
        self.sockets.contains_key(&client)
    }

    /// A client's attachment.
    #[must_use]
    pub fn attachment(&self, client: ClientId) -> Option<&str> {
        self.sockets.get(&client).map(String::as_str)
    }

    /// Overwrites a client's attachment.
    pub fn attach(&mut self, client: ClientId, record: &str) {
        if let Some(attachment) = self.sockets.get_mut(&client) {
            record.clone_into(attachment);
        }
    }

    /// Closes all clients' sockets and returns whose they were.
    pub fn drop_clients(&mut self) -> Vec<ClientId> {
        std::mem::take(&mut self.sockets).into_keys().collect()
    }

    /// Whether an answer over HTTP is open, which keeps the object in memory.
    #[must_use]
    pub fn serves_http(&self) -> bool {
        self.over_http.iter().any(|client| self.has_client(*client))
    }

    /// The clients whose answers over HTTP ended with the last instance.
    pub fn take_cut_off(&mut self) -> Vec<ClientId> {
        std::mem::take(&mut self.cut_off)
    }

    /// The upstream connection that is opening or open, and whether it is open.
    #[must_use]
    pub fn link(&self) -> Option<(LinkId, bool)> {
        self.link
    }

    /// The running REST calls.
    pub fn calls(&self) -> impl Iterator<Item = RequestId> {
        self.calls.iter().map(|number| RequestId(*number))
    }

    /// Whether a call is running.
    #[must_use]
    pub fn calls_for(&self, request: RequestId) -> bool {
        self.calls.contains(&request.0)
    }

    /// Whether anything keeps the object in memory: a timer, an outgoing connection, a call.
    #[must_use]
    pub fn is_kept_awake(&self) -> bool {
        !self.timers.is_empty() || self.link.is_some() || !self.calls.is_empty() || self.serves_http()
    }

    /// Whether the platform answers clients' pings for the object.
    #[must_use]
    pub fn answers_pings(&self) -> bool {
        self.leaves_pings
    }

    /// The alarm, as a poke reports it.
    #[must_use]
    pub fn held_alarm(&self) -> HeldAlarm {
        self.alarm.map_or(HeldAlarm::Absent, HeldAlarm::At)
    }

    /// The clients' sockets, as a new instance of the object finds them. The newest is included
    /// even if it is closed, so that no id is used twice and no late message for a client that left
    /// reaches another one.
    pub(crate) fn sockets(&self) -> Vec<Socket> {
        let open = self.sockets.iter().map(|(client, record)| Socket {
            client: *client,
            record: Some(record.clone()),
        });
        let closing = self.newest.filter(|client| !self.has_client(*client));
        let closing = closing.map(|client| Socket { client, record: None });
        open.chain(closing).collect()
    }

    /// The instance is gone, with everything that it held in memory.
    pub(crate) fn end_life(&mut self) {
        for client in std::mem::take(&mut self.over_http) {
            if self.sockets.remove(&client).is_some() {
                self.cut_off.push(client);
            }
        }
        self.timers.clear();
        self.groups.clear();
        self.link = None;
        self.calls.clear();
        self.events.clear();
        self.is_doomed = false;
        self.leaves_pings = false;
    }

    /// Updates the platform before an event is handled.
    pub(crate) fn meet(&mut self, event: &Event, now: Millis) {
        self.now = now;
        match event {
            Event::Joined(client, _, carrier) => {
                if *carrier == Carrier::Http {
                    self.over_http.insert(*client);
                }
                self.sockets.insert(*client, String::new());
                self.newest = self.newest.max(Some(*client));
            }
            Event::Input(Input::Upgraded(client)) => drop(self.over_http.remove(client)),
            Event::Left(client, _) => drop(self.sockets.remove(client)),
            Event::AlarmFired => self.alarm = None,
            Event::Input(Input::Opened(link)) if self.link.is_some_and(|(known, _)| known == *link) => {
                self.link = Some((*link, true));
            }
            Event::Input(Input::Lost(link, _) | Input::Refused(link, ..)) => {
                self.link.take_if(|(known, _)| known == link);
            }
            Event::Input(Input::Fetched(request, _) | Input::FetchFailed(request, _)) => {
                self.calls.remove(&request.0);
            }
            _ => {}
        }
    }

    /// The next event that occurred while another was handled.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn does(&mut self, deed: Deed) {
        self.deeds.push_back(deed);
        assert!(self.deeds.len() < MOST_DEEDS, "the object's deeds do not end");
    }

    /// Records an outgoing action, unless the platform holds it back.
    fn lets_out(&mut self, deed: Deed) {
        if !self.is_doomed {
            self.does(deed);
        }
    }

    fn complain(&mut self, promise: &'static str, how: String) {
        self.complaint.get_or_insert((promise, how));
    }

    /// Accepts a write. Returns whether it is committed.
    fn commit(&mut self, write: Write) -> bool {
        if self.storage == Storage::Breaks || self.is_doomed {
            self.is_doomed = true;
            return false;
        }
        self.rows_written += 1;
        self.events.push_back(Event::Committed(write));
        true
    }
}

impl Platform for Double {
    fn open_upstream(&mut self, link: LinkId) {
        if let Some((known, _)) = self.link.replace((link, false)) {
            self.complain(
                ONE_UPSTREAM,
                format!("{link:?} is opened while {known:?} is not closed"),
            );
        }
        self.lets_out(Deed::OpenUpstream(link));
    }

    fn send_upstream(&mut self, link: LinkId, frame: &str) {
        if self.link != Some((link, true)) {
            self.complain(
                ONE_UPSTREAM,
                format!("a frame for {link:?}, which is not open: {frame}"),
            );
        }
        self.lets_out(Deed::SendUpstream(link, frame.to_owned()));
    }

    fn close_upstream(&mut self, link: LinkId) {
        if self.link.take_if(|(known, _)| *known == link).is_none() {
            self.complain(ONE_UPSTREAM, format!("{link:?} is closed, which is not open"));
        }
        self.does(Deed::CloseUpstream(link));
    }

    fn fetch(&mut self, request: RequestId, call: &Call) {
        let is_for_nothing = matches!(call, Call::Quotes(symbols) if symbols.is_empty());
        if is_for_nothing || !self.calls.is_empty() {
            let how = format!("{request:?} for {call:?}, after {:?}", self.calls);
            self.complain("one REST call at a time, for something", how);
        }
        self.calls.insert(request.0);
        self.lets_out(Deed::Fetch(request, call.clone()));
    }

    fn send(&mut self, client: ClientId, frame: &str) {
        if self.sockets.contains_key(&client) {
            self.lets_out(Deed::Tell(vec![client], frame.to_owned()));
        }
    }

    fn broadcast(&mut self, group: Group, frame: &str) {
        let members = self.groups.get(&group).into_iter().flatten().copied();
        let members: Vec<ClientId> = members.filter(|client| self.sockets.contains_key(client)).collect();
        self.lets_out(Deed::Tell(members, frame.to_owned()));
    }

    fn enroll(&mut self, client: ClientId, group: Group) {
        self.groups.entry(group).or_default().insert(client);
    }

    fn dismiss(&mut self, client: ClientId, group: Group) {
        if let Some(members) = self.groups.get_mut(&group) {
            members.remove(&client);
        }
    }

    fn remember(&mut self, client: ClientId, record: &str) {
        self.attach(client, record);
        self.does(Deed::Remember(client));
    }

    fn authenticate(&mut self, client: ClientId, token: Token) {
        let outcome = self.access.pass_of_key(&Sha256::digest(&token.0).into(), self.now);
        let outcome = outcome.map_err(|refusal| refusal.to_string());
        self.events.push_back(Event::Authenticated(client, outcome));
    }

    fn close_client(&mut self, client: ClientId, code: u16, _reason: &str) {
        if !self.is_doomed && self.sockets.remove(&client).is_some() {
            self.does(Deed::Close(client, code));
            self.events.push_back(Event::Left(client, code.into()));
        }
    }

    fn write_row(&mut self, row: Row, body: String, write: Write) -> Result<(), String> {
        self.does(Deed::Write(row));
        if self.storage == Storage::Refuses {
            return Err("disk full".to_owned());
        }
        if self.commit(write) {
            match row {
                Row::Checkpoint => self.rows.checkpoint = Some(body),
                Row::Credits => self.rows.credits = Some(body),
            }
        }
        Ok(())
    }

    fn load_rows(&mut self, span: &Span) -> Vec<(Millis, String)> {
        let key = |start| (span.series.clone(), start);
        if span.from >= span.to {
            return Vec::new();
        }
        let rows = self.memory.range(key(span.from)..key(span.to)).rev();
        let rows = rows.map(|((_, start), (_, body))| (*start, body.clone()));
        rows.take(span.most).collect()
    }

    fn keep_rows(&mut self, rows: Vec<Kept>, write: Write) -> Result<(), String> {
        self.does(Deed::Keep(rows.len()));
        if self.storage == Storage::Refuses {
            return Err("disk full".to_owned());
        }
        if self.commit(write) {
            self.rows_written += rows.len() as u64 - 1;
            for row in rows {
                self.memory.insert((row.series, row.start), (row.expires, row.body));
            }
        }
        Ok(())
    }

    fn drop_rows(&mut self, now: Millis, write: Write) -> Result<(), String> {
        if self.storage == Storage::Refuses {
            return Err("disk full".to_owned());
        }
        if self.commit(write) {
            let before = self.memory.len();
            self.memory.retain(|_, (expires, _)| *expires >= now);
            self.rows_written += (before - self.memory.len()) as u64;
        }
        Ok(())
    }

    fn set_alarm(&mut self, at: Millis, write: Write) {
        if self.storage == Storage::Refuses {
            self.events
                .push_back(Event::AlarmRefused(write, "disk full".to_owned()));
        } else if self.commit(write) {
            self.alarm = Some(at);
            self.settings += 1;
        }
    }

    fn wake_after(&mut self, wait: Millis, wakeup: Wakeup) {
        if matches!(wakeup, Wakeup::Deadline(_)) {
            self.cancel_timer();
        }
        self.timers.push((self.now + wait, wakeup));
    }

    fn cancel_timer(&mut self) {
        self.timers.retain(|(_, why)| !matches!(why, Wakeup::Deadline(_)));
    }

    fn answer(&mut self, waiter: WaiterId, answer: Answer) {
        self.lets_out(Deed::Answer(waiter, Box::new(answer)));
    }

    fn leave_pings(&mut self, to_the_platform: bool) -> bool {
        self.leaves_pings = to_the_platform;
        true
    }

    fn log(&mut self, line: &str) {
        self.does(Deed::Log(line.to_owned()));
    }
}
