//! What a platform does for the driver, and what it reports.
//!
//! The Worker implements [`Platform`] with Workers' sockets, storage and timers
//! (`edge/platform.rs`), the tests with an in-memory double (`tests/kit`).

use crate::access::Pass;
use crate::dialect::Dialect;
use crate::dialect::message::Token;
use crate::hub::{Answer, Carrier, ClientId, Group, Input, Kept, LinkId, RequestId, Row, Span, WaiterId, Write};
use crate::market::Millis;
use crate::provider::Call;

/// Milliseconds that the platform waits for the answer to a REST call before it hands in
/// [`Input::FetchFailed`] with [`REST_TIMED_OUT`].
pub const REST_TIMEOUT: Millis = 10_000;
/// The error text of a call that took longer than [`REST_TIMEOUT`].
pub const REST_TIMED_OUT: &str = "no answer within 10 s";

/// Executes effects. Each call returns at once. Its result is handed in later as an [`Event`],
/// never from within the call.
pub trait Platform {
    /// Opens the upstream connection; ends in [`Input::Opened`], [`Input::Refused`] or
    /// [`Input::Lost`]. An older connection, or attempt to connect, ends first.
    fn open_upstream(&mut self, link: LinkId);

    /// Sends a text frame to the provider. It is dropped if the link is not open.
    fn send_upstream(&mut self, link: LinkId, frame: &str);

    /// Closes the upstream connection, or aborts the attempt. No event of this link may be handed
    /// in afterwards.
    fn close_upstream(&mut self, link: LinkId);

    /// Calls the provider's REST API; ends in [`Input::Fetched`] or [`Input::FetchFailed`], after
    /// [`REST_TIMEOUT`] at the latest.
    fn fetch(&mut self, request: RequestId, call: &Call);

    /// Sends a text frame to one client.
    fn send(&mut self, client: ClientId, frame: &str);

    /// Sends a text frame to every member of a group.
    fn broadcast(&mut self, group: Group, frame: &str);

    /// Makes a client a member of a group.
    fn enroll(&mut self, client: ClientId, group: Group);

    /// Ends a client's membership.
    fn dismiss(&mut self, client: ClientId, group: Group);

    /// Keeps a text with the client's socket across hibernation, for [`Socket::record`].
    fn remember(&mut self, client: ClientId, record: &str);

    /// Finds out what a client's token allows; ends in [`Event::Authenticated`].
    fn authenticate(&mut self, client: ClientId, token: Token);

    /// Closes a client's socket. Its end must still be handed in as [`Event::Left`].
    fn close_client(&mut self, client: ClientId, code: u16, reason: &str);

    /// Replaces a row. When it and everything before it is committed, hand in [`Event::Committed`].
    ///
    /// # Errors
    /// Storage's message, if it refused at once. A later failure to commit resets the object.
    fn write_row(&mut self, row: Row, body: String, write: Write) -> Result<(), String>;

    /// Reads rows of [`Platform::keep_rows`] that have not expired, the newest first. Rows that cannot
    /// be read count as absent.
    fn load_rows(&mut self, span: &Span) -> Vec<(Millis, String)>;

    /// Stores rows; ends in [`Event::Committed`].
    ///
    /// # Errors
    /// As [`Platform::write_row`].
    fn keep_rows(&mut self, rows: Vec<Kept>, write: Write) -> Result<(), String>;

    /// Deletes the rows that expired before `now`; ends in [`Event::Committed`].
    ///
    /// # Errors
    /// As [`Platform::write_row`].
    fn drop_rows(&mut self, now: Millis, write: Write) -> Result<(), String>;

    /// Sets the durable alarm, replacing an earlier setting; ends in [`Event::Committed`] or
    /// [`Event::AlarmRefused`].
    fn set_alarm(&mut self, at: Millis, write: Write);

    /// Hands in [`Event::Woke`] after `wait` milliseconds. Waiting keeps the object in memory.
    /// At most one timer runs for [`Wakeup::Deadline`]: a new one replaces it.
    fn wake_after(&mut self, wait: Millis, wakeup: Wakeup);

    /// Ends the timer for [`Wakeup::Deadline`], which would keep the object in memory for nothing.
    fn cancel_timer(&mut self);

    /// Answers a REST request.
    fn answer(&mut self, waiter: WaiterId, answer: Answer);

    /// Starts (true) or stops answering clients' pings on the platform, without waking the object.
    /// Returns whether that worked.
    fn leave_pings(&mut self, to_the_platform: bool) -> bool;

    /// Writes one line of JSON to the operator's log.
    fn log(&mut self, line: &str);
}

/// Why an in-memory timer wakes the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakeup {
    /// The event loop has turned: sent frames have left, and waiting frames have been read.
    Pulse,
    /// The machine's next deadline that is not on the alarm. Timers but the newest are ignored,
    /// because the platform may have one of them on its way.
    Deadline(u32),
    /// Retry setting the alarm, which was refused a while ago.
    AlarmRetry,
}

/// Something that happened on the platform.
#[derive(Debug, Clone)]
pub enum Event {
    /// A new instance of the object starts, with the sockets that outlived the previous one.
    Began(Vec<Socket>),
    /// A client connected that [`Driver::admit`](super::Driver::admit) let in.
    Joined(ClientId, Dialect, Carrier),
    /// What a client's token allows, or why it does not count, as text for a person.
    Authenticated(ClientId, Result<Pass, String>),
    /// A client's socket ended with this close code.
    Left(ClientId, usize),
    /// An input of the machine: from a client, the provider or a REST request.
    Input(Input),
    /// A timer of [`Platform::wake_after`] fired.
    Woke(Wakeup),
    /// The durable alarm fired, so none is set any more.
    AlarmFired,
    /// Setting the alarm failed, with the platform's message.
    AlarmRefused(Write, String),
    /// This write and all before it are committed.
    Committed(Write),
    /// The cron trigger checks on the hub. The platform holds this alarm.
    Poked(HeldAlarm),
}

impl From<Input> for Event {
    fn from(input: Input) -> Self {
        Self::Input(input)
    }
}

/// The durable alarm as the platform reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldAlarm {
    /// It is set to this time.
    At(Millis),
    /// No alarm is set.
    Absent,
    /// The platform failed to report it.
    Unknown,
}

/// A client's socket that an earlier instance of the object left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Id of the client.
    pub client: ClientId,
    /// Its last [`Platform::remember`]; `None` for a socket that is already closing.
    pub record: Option<String>,
}
