//! Everything that goes wrong with Twelve Data in practice, as switches. All are off by default.
//!
//! Faults that need the socket itself (an abrupt reset, unanswered pings) are only requested here,
//! by [`Output::Drop`](super::Output::Drop) and [`Faults::answers_pings`]; the driver executes
//! them.

use std::collections::BTreeSet;

use super::Millis;

/// Where an [`Exchange`](super::Exchange) looks up its switches.
pub trait Switches {
    /// The current switches.
    fn faults(&self) -> &Faults;
}

/// The switches of the Worker's simulator: always off, so the compiler removes the code that
/// depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faultless;

impl Switches for Faultless {
    fn faults(&self) -> &Faults {
        static OFF: Faults = Faults::OFF;
        &OFF
    }
}

impl Switches for Faults {
    fn faults(&self) -> &Faults {
        self
    }
}

/// The switches. They may be changed at any time, even with open sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// Refuses every upgrade with this status and body.
    pub refuse_upgrades: Option<(u16, String)>,
    /// The answer to an upgrade with a wrong key; every form has been reported.
    pub bad_key: BadKeyReply,
    /// How a session ends when a newer connection of its key replaces it, or when
    /// `accept_then_drop` is on.
    pub eviction: Ending,
    /// Accepts every connection and ends it at once.
    pub accept_then_drop: bool,
    /// Closes a session that sent nothing for this many milliseconds. Twelve Data's real value is
    /// unknown.
    pub idle_close: Option<Millis>,
    /// What still arrives through an open socket.
    pub stall: Stall,
    /// Symbols whose subscription succeeds but that never tick.
    pub silent_symbols: BTreeSet<String>,
    /// Every second instrument of the table stops ticking.
    pub half_silent: bool,
    /// Symbols that every subscribe refuses.
    pub refused_symbols: BTreeSet<String>,
    /// Symbols that a subscribe-status omits from both of its lists.
    pub forgotten_symbols: BTreeSet<String>,
    /// Answers every client message as if the minute's message limit were exceeded.
    pub over_message_limit: bool,
    /// Sends every price event twice.
    pub duplicate_events: bool,
    /// Sends after each price event one that is five seconds older.
    pub reordered_events: bool,
    /// Moves the timestamps of price events by this many seconds (forward if positive).
    pub timestamp_shift: i64,
    /// Sends an event with an unknown name before each price event.
    pub unknown_events: bool,
    /// Sends the first half of each price event before it: a frame that is not JSON.
    pub truncated_events: bool,
    /// Sends prices, volumes and timestamps as strings.
    pub numbers_as_strings: bool,
    /// The venue in crypto price events, if it differs from that in subscribe-status.
    pub crypto_exchange: Option<String>,
    /// The shape of subscribe-status.
    pub status_shape: StatusShape,
    /// Answers an unsubscribe with `subscribe-status`, as one official client expects.
    pub unsubscribe_answers_subscribe_status: bool,
    /// The HTTP status of REST errors.
    pub rest_error_status: RestErrorStatus,
    /// Answers every REST call with this error code.
    pub rest_failure: Option<u16>,
    /// Sends `null` for every optional field of `/quote` ("any field may be null").
    pub null_fields: bool,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults::OFF
    }
}

impl Faults {
    const OFF: Faults = Faults {
        refuse_upgrades: None,
        bad_key: BadKeyReply::Ok,
        eviction: Ending::Drop,
        accept_then_drop: false,
        idle_close: None,
        stall: Stall::None,
        silent_symbols: BTreeSet::new(),
        half_silent: false,
        refused_symbols: BTreeSet::new(),
        forgotten_symbols: BTreeSet::new(),
        over_message_limit: false,
        duplicate_events: false,
        reordered_events: false,
        timestamp_shift: 0,
        unknown_events: false,
        truncated_events: false,
        numbers_as_strings: false,
        crypto_exchange: None,
        status_shape: StatusShape {
            empty_fails: EmptyList::Null,
            empty_success: EmptyList::Null,
            crypto: CryptoItems::Short,
            forex: ForexItems::Forex,
            reversed: false,
        },
        unsubscribe_answers_subscribe_status: false,
        rest_error_status: RestErrorStatus::Matching,
        rest_failure: None,
        null_fields: false,
    };

    /// Whether the driver must answer WebSocket pings.
    pub fn answers_pings(&self) -> bool {
        self.stall != Stall::Everything
    }
}

/// The answer to an upgrade with a wrong or missing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKeyReply {
    /// HTTP 200 instead of 101, with a JSON body that says 401 (seen in practice).
    Ok,
    /// HTTP 401.
    Unauthorized,
    /// HTTP 403.
    Forbidden,
    /// HTTP 400.
    BadRequest,
}

/// How the server ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The TCP connection ends without a close frame, as Python users report.
    Drop,
    /// A clean close.
    Close,
}

/// What still arrives through an open socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    /// Everything: no stall.
    None,
    /// Heartbeats and statuses are answered, prices stop.
    Prices,
    /// Nothing: no heartbeat, no status, no pong.
    Everything,
}

/// The shape of subscribe-status. All variants were seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusShape {
    /// How an empty `fails` is written.
    pub empty_fails: EmptyList,
    /// How an empty `success` is written.
    pub empty_success: EmptyList,
    /// The fields of a crypto item.
    pub crypto: CryptoItems,
    /// The spelling of a forex item.
    pub forex: ForexItems,
    /// Whether the items are in the reverse order of the request.
    pub reversed: bool,
}

impl Default for StatusShape {
    fn default() -> StatusShape {
        Faults::OFF.status_shape
    }
}

/// How an empty list is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EmptyList {
    /// `null` (2023 and 2026).
    #[default]
    Null,
    /// `[]` (documentation).
    Array,
    /// The field is left out.
    Absent,
}

/// The fields of a crypto item in subscribe-status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptoItems {
    /// symbol, exchange, type (2023).
    Short,
    /// Also `mic_code` (the exchange's name again) and an empty `country` (2022).
    Long,
}

/// The spelling of a forex item in subscribe-status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForexItems {
    /// Exchange `FOREX`, an empty country, type `Physical Currency` (documentation).
    Forex,
    /// Exchange `PHYSICAL CURRENCY`, type `PHYSICAL_CURRENCY` (a bot's log).
    PhysicalCurrency,
}

/// The HTTP status of a REST error. Both were seen in 2026.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestErrorStatus {
    /// The code of the body.
    Matching,
    /// 200, with the code in the body only.
    AlwaysOk,
}
