//! What a platform can do for the driver, and what it tells it.
//!
//! The Worker implements [`Platform`] with Workers' sockets, storage and timers
//! (`edge/platform.rs`), the tests with a double in memory (`tests/kit`).

use crate::dialect::Dialect;
use crate::hub::{Answer, ClientId, Group, Input, LinkId, RequestId, Row, WaiterId, Write};
use crate::market::Millis;

/// How long the platform waits for the answer to a REST call before it hands in
/// [`Input::FetchFailed`] with [`REST_TIMED_OUT`].
pub const REST_TIMEOUT: Millis = 10_000;
/// What is wrong with a call that took longer than [`REST_TIMEOUT`].
pub const REST_TIMED_OUT: &str = "no answer within 10 s";

/// The hands of the driver. Each call returns at once. What comes of it later is handed in as an
/// [`Event`], and never from within the call.
pub trait Platform {
    /// Opens the upstream connection; ends in [`Input::Opened`], [`Input::Refused`] or
    /// [`Input::Lost`]. An older connection, or an attempt at one, ends first.
    fn open_upstream(&mut self, link: LinkId);

    /// Sends a text frame upstream. A link that is not open takes none.
    fn send_upstream(&mut self, link: LinkId, frame: &str);

    /// Closes the upstream connection, or gives up the attempt. Nothing of this link is handed in
    /// any more.
    fn close_upstream(&mut self, link: LinkId);

    /// Calls REST for the quotes of these symbols; ends in [`Input::Fetched`] or
    /// [`Input::FetchFailed`], after [`REST_TIMEOUT`] at the latest.
    fn fetch(&mut self, request: RequestId, symbols: &[String]);

    /// Sends a text frame to one client.
    fn send(&mut self, client: ClientId, frame: &str);

    /// Sends a text frame to every member of a group.
    fn broadcast(&mut self, group: Group, frame: &str);

    /// Makes a client a member of a group.
    fn enroll(&mut self, client: ClientId, group: Group);

    /// Ends a client's membership.
    fn dismiss(&mut self, client: ClientId, group: Group);

    /// Keeps a text with the client's socket, where hibernation cannot lose it, for
    /// [`Socket::record`].
    fn remember(&mut self, client: ClientId, record: &str);

    /// Closes a client's socket. Its end is still handed in as [`Event::Left`].
    fn close_client(&mut self, client: ClientId, code: u16, reason: &str);

    /// Replaces a row. When it and everything before it is committed, [`Event::Committed`] is
    /// handed in.
    ///
    /// # Errors
    /// What storage said, if it refused at once. If it fails to commit later, the platform resets
    /// the object.
    fn write_row(&mut self, row: Row, body: String, write: Write) -> Result<(), String>;

    /// Sets the durable alarm; an earlier setting is replaced. Ends in [`Event::Committed`] or
    /// [`Event::AlarmRefused`].
    fn set_alarm(&mut self, at: Millis, write: Write);

    /// Hands in [`Event::Woke`] after so many ms. The longer the object waits for one, the longer
    /// it stays in memory.
    fn wake_after(&mut self, wait: Millis, wakeup: Wakeup);

    /// Answers a REST call.
    fn answer(&mut self, waiter: WaiterId, answer: Answer);

    /// From now on the platform answers pings of clients by itself, without waking the object; or
    /// no longer. Says whether it took that.
    fn leave_pings(&mut self, to_the_platform: bool) -> bool;

    /// Writes one line of JSON to the operator's log.
    fn log(&mut self, line: &str);
}

/// Why the object is woken by a timer in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakeup {
    /// The event loop has come round: what was sent is on its way, what waited was read.
    Pulse,
    /// The machine's next deadline that is not on the alarm. A timer with an older number than the
    /// newest does nothing.
    Deadline(u32),
    /// The alarm was refused a while ago.
    AlarmRetry,
}

/// Something that happened on the platform.
#[derive(Debug, Clone)]
pub enum Event {
    /// A new instance of the object begins, with the sockets that outlived the one before.
    Began(Vec<Socket>),
    /// A client connected that [`Driver::admit`](super::Driver::admit) let in.
    Joined(ClientId, Dialect),
    /// A client's socket ended with this close code.
    Left(ClientId, usize),
    /// An input of the machine: what a client, upstream or REST said, or a REST call that waits.
    Input(Input),
    /// A timer of [`Platform::wake_after`] fired.
    Woke(Wakeup),
    /// The durable alarm fired, so that none is set any more.
    AlarmFired,
    /// Setting the alarm failed; what the platform said.
    AlarmRefused(Write, String),
    /// This write and all before it are committed.
    Committed(Write),
    /// The cron trigger asks whether all is well, and the platform holds this alarm.
    Poked(HeldAlarm),
}

impl From<Input> for Event {
    fn from(input: Input) -> Self {
        Self::Input(input)
    }
}

/// The durable alarm as the platform knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldAlarm {
    /// It is set to this time.
    At(Millis),
    /// None is set.
    Absent,
    /// The platform could not say.
    Unknown,
}

/// A client's socket that an earlier instance of the object left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// The client's number.
    pub client: ClientId,
    /// Its last [`Platform::remember`]; `None` for a socket that is already closing.
    pub record: Option<String>,
}
