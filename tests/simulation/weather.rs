//! What can be wrong for a while: with Twelve Data, with the network, with the platform. Each kind
//! of trouble comes and goes, and several may overlap.

use hamster_terminal::market::{MINUTE, Millis, SECOND};
use hamster_terminal::simulator::{
    BadKeyReply, CryptoItems, EmptyList, Ending, Exchange, Faults, ForexItems, Keys, Plan, RestErrorStatus, Stall,
    StatusShape,
};

/// The key that is valid until somebody revokes it.
pub const KEY: &str = "3b1f0c9a7d5e4862";

/// A kind of trouble.
#[derive(Debug, Clone, PartialEq)]
pub enum Weather {
    RefuseUpgrades(u16, &'static str),
    RevokeKey(BadKeyReply),
    NoRoute,
    HangUpgrades,
    AcceptThenDrop(Ending),
    StallPrices,
    StallEverything,
    HalfSilent,
    SilentSymbol(&'static str),
    RefuseSymbols(Vec<&'static str>),
    ForgetSymbols(Vec<&'static str>),
    ShrinkList(Vec<&'static str>),
    OverLimit,
    Duplicates,
    /// A tick is held back until a later one of its symbol has passed.
    Reorder,
    FutureStamps(i64),
    /// The feed is this many seconds late.
    PastStamps(i64),
    /// The last price of a symbol is repeated with its old stamp, even when its market is closed.
    Repeats,
    /// Invalid numbers beside good prices.
    BadNumbers,
    UnknownEvents,
    Truncated,
    Strings,
    OtherVenue(&'static str),
    Shape(StatusShape),
    UnsubscribeAnswersSubscribe,
    IdleClose(Millis),
    /// Another program with the same key reconnects again and again, on a plan of one connection.
    Rival(Ending),
    RestErrorsAsOk,
    RestFails(u16),
    /// REST answers with something that is not JSON.
    RestGarbage(&'static str),
    NullFields,
    RestHangs,
    RestSlow(Millis),
    /// Upstream grants fewer credits a minute than the hub was configured with.
    FewCredits(u32),
    /// Storage rejects every row and alarm.
    StorageFails,
    /// Storage accepts writes and cannot commit them; the platform then resets the object.
    StorageBreaks,
    AlarmsLate(Millis),
    AlarmsTwice,
    AlarmsLost,
    TimersLate(Millis),
    /// The object's clock lags, and stands still between readings.
    ClockLags(Millis),
}

/// How long a refusal by upstream asks the hub to stay away or be quiet. The feed may not be live
/// before.
pub const AFTER_REFUSAL: Millis = 15 * MINUTE;
pub const AFTER_LIMIT: Millis = 70 * SECOND;

impl Weather {
    /// Turns on this trouble in the exchange.
    pub fn switch_on(&self, faults: &mut Faults) {
        let names = |list: &[&'static str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        match self {
            Self::RefuseUpgrades(status, body) => faults.refuse_upgrades = Some((*status, (*body).to_owned())),
            Self::RevokeKey(reply) => faults.bad_key = *reply,
            Self::AcceptThenDrop(ending) => {
                faults.accept_then_drop = true;
                faults.eviction = *ending;
            }
            Self::Rival(ending) => faults.eviction = *ending,
            Self::StallPrices if faults.stall == Stall::None => faults.stall = Stall::Prices,
            Self::StallEverything => faults.stall = Stall::Everything,
            Self::HalfSilent => faults.half_silent = true,
            Self::SilentSymbol(symbol) => {
                faults.silent_symbols.insert((*symbol).to_owned());
            }
            Self::RefuseSymbols(list) => faults.refused_symbols.extend(names(list)),
            Self::ForgetSymbols(list) => faults.forgotten_symbols.extend(names(list)),
            Self::OverLimit => faults.over_message_limit = true,
            Self::Duplicates => faults.duplicate_events = true,
            Self::FutureStamps(seconds) => faults.timestamp_shift = *seconds,
            Self::PastStamps(seconds) => faults.timestamp_shift = -*seconds,
            Self::UnknownEvents => faults.unknown_events = true,
            Self::Truncated => faults.truncated_events = true,
            Self::Strings => faults.numbers_as_strings = true,
            Self::OtherVenue(name) => faults.crypto_exchange = Some((*name).to_owned()),
            Self::Shape(shape) => faults.status_shape = shape.clone(),
            Self::UnsubscribeAnswersSubscribe => faults.unsubscribe_answers_subscribe_status = true,
            Self::IdleClose(after) => faults.idle_close = Some(*after),
            Self::RestErrorsAsOk => faults.rest_error_status = RestErrorStatus::AlwaysOk,
            Self::RestFails(code) => faults.rest_failure = Some(*code),
            Self::NullFields => faults.null_fields = true,
            _ => {}
        }
    }

    /// Whether a price may rightly be a little older than one shown before, because upstream's
    /// stamps are wrong.
    pub fn lies_about_time(&self) -> bool {
        matches!(self, Self::FutureStamps(_) | Self::PastStamps(_))
    }

    /// Whether every promise holds despite it.
    pub fn is_harmless(&self) -> bool {
        matches!(self, Self::Repeats | Self::BadNumbers)
    }

    /// Any kind, about symbols chosen among `symbols`.
    pub fn any(rng: &mut fastrand::Rng, symbols: &[&'static str]) -> Self {
        let some = |rng: &mut fastrand::Rng| {
            let share = rng.f64();
            let all = rng.u8(..6) == 0;
            let chosen = symbols.iter().copied().filter(|_| all || rng.f64() < share);
            chosen.collect::<Vec<_>>()
        };
        match rng.u8(..41) {
            0 | 1 => {
                let (status, body) = *rng.choice(REFUSALS).unwrap_or(&REFUSALS[0]);
                Self::RefuseUpgrades(status, body)
            }
            2 => Self::RevokeKey(*rng.choice(BAD_KEYS).unwrap_or(&BAD_KEYS[0])),
            3 => Self::NoRoute,
            4 => Self::HangUpgrades,
            5 => Self::AcceptThenDrop(if rng.bool() { Ending::Drop } else { Ending::Close }),
            6 | 7 => Self::StallPrices,
            8 => Self::StallEverything,
            9 => Self::HalfSilent,
            10 => Self::SilentSymbol(rng.choice(symbols.iter().copied()).unwrap_or("BTC/USD")),
            11 => Self::RefuseSymbols(some(rng)),
            12 => Self::ForgetSymbols(some(rng)),
            13 => Self::ShrinkList(some(rng)),
            14 => Self::OverLimit,
            15 => Self::Duplicates,
            16 | 17 => Self::Reorder,
            18 => Self::FutureStamps(rng.i64(1..7_200)),
            19 => Self::UnknownEvents,
            20 => Self::Truncated,
            21 => Self::Strings,
            22 => Self::OtherVenue(rng.choice(["Huobi", "Coinbase Pro", "Kraken"]).unwrap_or("Huobi")),
            23 => Self::Shape(any_shape(rng)),
            24 => Self::UnsubscribeAnswersSubscribe,
            25 => Self::IdleClose(rng.u64(5..40) * SECOND),
            26 => Self::Rival(if rng.bool() { Ending::Drop } else { Ending::Close }),
            27 => Self::RestErrorsAsOk,
            28 => match rng.choice(GARBAGE) {
                Some(body) if rng.u8(..4) == 0 => Self::RestGarbage(body),
                _ => Self::RestFails(*rng.choice(&[400, 401, 403, 404, 429, 500, 503]).unwrap_or(&500)),
            },
            29 => Self::NullFields,
            30 => Self::RestHangs,
            31 => Self::RestSlow(rng.u64(1..9) * SECOND),
            32 => Self::FewCredits(rng.u32(0..6)),
            33 if rng.bool() => Self::StorageFails,
            33 => Self::StorageBreaks,
            34 => match rng.u8(..3) {
                0 => Self::AlarmsTwice,
                1 => Self::AlarmsLost,
                _ => Self::AlarmsLate(rng.u64(1..60) * SECOND),
            },
            35 => Self::TimersLate(rng.u64(1..15) * SECOND),
            36 => Self::PastStamps(rng.i64(1..7_200)),
            37 | 38 => Self::Repeats,
            39 => Self::BadNumbers,
            _ => Self::ClockLags(rng.u64(1..500)),
        }
    }
}

/// Applies all current trouble to an exchange.
pub fn prevail<'a>(exchange: &mut Exchange, plan: &Plan, weather: impl Iterator<Item = &'a Weather>) {
    let mut faults = Faults::default();
    let mut plan = plan.clone();
    let mut keys = Keys::Only(vec![KEY.to_owned()]);
    for one in weather {
        one.switch_on(&mut faults);
        match one {
            Weather::RevokeKey(_) => keys = Keys::Only(Vec::new()),
            Weather::ShrinkList(list) => plan.allow_list = Some(list.iter().map(|name| (*name).to_owned()).collect()),
            Weather::FewCredits(credits) => plan.rest_per_minute = *credits,
            Weather::Rival(_) => plan.connections = 1,
            _ => {}
        }
    }
    *exchange.faults() = faults;
    exchange.settings().plan = plan;
    exchange.settings().keys = keys;
}

/// What a proxy may answer in place of REST.
const GARBAGE: &[&str] = &[
    "",
    "<html><body>502 Bad Gateway</body></html>",
    "{\"BTC/USD\":{\"close\":",
    "null",
    "[]",
];

/// Each form of a refusal that was reported, and some that any proxy may give.
const REFUSALS: &[(u16, &str)] = &[
    (
        200,
        r#"{"code":401,"message":"**apikey** parameter is incorrect or not specified.","status":"error"}"#,
    ),
    (
        401,
        r#"{"code":401,"message":"**apikey** parameter is incorrect or not specified.","status":"error"}"#,
    ),
    (
        403,
        r#"{"code":403,"message":"WebSocket is available exclusively with pro plans.","status":"error"}"#,
    ),
    (400, "Bad Request"),
    (404, ""),
    (200, "<html>hello</html>"),
    (
        429,
        r#"{"code":429,"message":"You have run out of API credits for the current minute.","status":"error"}"#,
    ),
    (500, ""),
    (502, "<html>Bad Gateway</html>"),
    (503, "try later"),
];

const BAD_KEYS: &[BadKeyReply] = &[
    BadKeyReply::Ok,
    BadKeyReply::Unauthorized,
    BadKeyReply::Forbidden,
    BadKeyReply::BadRequest,
];

fn any_shape(rng: &mut fastrand::Rng) -> StatusShape {
    let lists = [EmptyList::Null, EmptyList::Array, EmptyList::Absent];
    StatusShape {
        empty_fails: rng.choice(lists).unwrap_or_default(),
        empty_success: rng.choice(lists).unwrap_or_default(),
        crypto: if rng.bool() {
            CryptoItems::Short
        } else {
            CryptoItems::Long
        },
        forex: if rng.bool() {
            ForexItems::Forex
        } else {
            ForexItems::PhysicalCurrency
        },
        reversed: rng.bool(),
    }
}
