//! What the hub sends. Each event is serialised once, however many clients receive it.

use crate::market::{
    Cell, DayRange, Details, FeedState, FeedStatus, Instrument, Kind, Millis, Pair, Precision, Provenance, Quote,
    SECOND, Service, Session, StreamState, iso8601,
};
use serde::{Serialize, Serializer};

/// The text of a frame.
pub type Text = String;

/// One frame to a client.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ServerEvent<'a> {
    /// The greeting, which is the first frame of a connection.
    Connected {
        /// Version of the hub.
        version: &'a str,
        /// Whether the prices come from the simulator.
        simulated: bool,
        /// The hub's time, in ISO 8601.
        time: String,
        /// The state of the upstream connection.
        feed: FeedView<'a>,
        /// The terminal's default symbols.
        symbols: Vec<String>,
        /// Who may connect, and who the client is.
        access: AccessView<'a>,
        /// The name of this server, if it is a relay.
        #[serde(skip_serializing_if = "Option::is_none")]
        server: Option<&'a str>,
        /// The subprotocol, if one was negotiated.
        #[serde(skip_serializing_if = "Option::is_none")]
        protocol: Option<&'static str>,
        /// Socket.IO: the name of the session.
        #[serde(skip)]
        session: &'a str,
        /// Socket.IO: whether the client polls.
        #[serde(skip)]
        polls: bool,
    },
    /// The state of the upstream connection changed.
    Feed {
        /// The new state.
        #[serde(flatten)]
        feed: FeedView<'a>,
        /// Whether the prices come from the simulator.
        simulated: bool,
    },
    /// Answers `subscribe`; later reports changes of a symbol's state.
    SubscribeStatus {
        /// `ok`, or `error` if nothing succeeded.
        status: &'a str,
        /// Symbols that will be sent, and how they get their prices.
        success: Vec<Subscription>,
        /// Symbols that will not be sent, and why.
        fails: Vec<SubscriptionFailure>,
    },
    /// Answers `unsubscribe`.
    UnsubscribeStatus {
        /// Always `ok`.
        status: &'a str,
        /// Symbols that were dropped.
        symbols: Vec<String>,
    },
    /// Answers `reset`.
    ResetStatus {
        /// Always `ok`.
        status: &'a str,
    },
    /// Answers `heartbeat`.
    Heartbeat {
        /// Always `ok`.
        status: &'a str,
    },
    /// Answers `time`.
    Time {
        /// The id that the client sent.
        id: Option<serde_json::Number>,
        /// The hub's time, in ISO 8601.
        time: String,
    },
    /// Asks the client for an acknowledgement now.
    AckRequest {
        /// For a plain client: the number that it must repeat.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Socket.IO: tells the client the outcome of its event.
    Reply {
        /// The number that the client gave.
        ack: u64,
        /// What it is told anyway.
        answer: &'a Self,
    },
    /// A quote. The original terminal called it `price_update`.
    #[serde(rename = "price_update")]
    PriceUpdate(&'a QuoteView),
    /// The client's message was invalid.
    Error {
        /// The kind of error, for programs.
        code: &'a str,
        /// What was wrong and what would be right, for people.
        message: String,
    },
}

/// Who may connect, and who the client is.
#[derive(Debug, Serialize)]
pub struct AccessView<'a> {
    /// `open` or `required`.
    pub mode: &'static str,
    /// The principal behind the client's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<&'a str>,
    /// When the token ends, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

impl ServerEvent<'_> {
    /// What becomes of these symbols: an error if all of them failed.
    #[must_use]
    pub fn subscribed(success: Vec<Subscription>, fails: Vec<SubscriptionFailure>) -> Self {
        let failed = success.is_empty() && !fails.is_empty();
        Self::SubscribeStatus {
            status: if failed { "error" } else { "ok" },
            success,
            fails,
        }
    }

    /// The frame as JSON.
    #[must_use]
    pub fn text(&self) -> Text {
        // Cannot fail: these types hold no maps with non-string keys and no infinite numbers.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The frame as JSON for a client of `hamster.v1`, whose frames all contain the position in
    /// their channel at which they were sent.
    #[must_use]
    pub fn text_at(&self, epoch: u64, seq: u64) -> Text {
        let mut text = self.text();
        text.pop();
        text.push_str(&format!(r#","epoch":{epoch},"seq":{seq}}}"#));
        text
    }
}

/// The state of the upstream connection, for people and programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedView<'a> {
    /// `idle`, `connecting`, `live`, `stalled`, `fallback` or `refused`.
    pub state: FeedState,
    /// When the state began, in ISO 8601.
    pub since: String,
    /// Why, in words that a person can act on.
    pub reason: &'a str,
}

impl<'a> FeedView<'a> {
    /// The view of a status.
    #[must_use]
    pub fn of(status: &'a FeedStatus) -> Self {
        Self {
            state: status.state,
            since: iso8601(status.since),
            reason: &status.reason,
        }
    }
}

/// One quote and how reliable it is. Prices are in the quote currency; times are in ISO 8601.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuoteView {
    /// The symbol, with its exchange if it is pinned.
    pub symbol: String,
    /// The last price; `null` until the first one arrives.
    pub price: Option<f64>,
    /// `0.25` for 0.25 %; `null` until the previous close is known.
    pub percent_change: Option<f64>,
    /// When the price was made, according to the exchange; `null` if it gave no time.
    pub timestamp: Option<String>,
    /// `second`, `minute` or `day`: the price was made at that time, or later by less than this.
    /// `null`: at that time or later.
    pub timestamp_precision: Option<&'static str>,
    /// [`QuoteView::timestamp`] in seconds since 1970.
    #[serde(skip)]
    pub exchange_second: Option<u64>,
    /// The long names of a pair's currencies.
    #[serde(skip)]
    pub pair: Pair,
    /// The venue's name.
    pub exchange: Option<String>,
    /// What the instrument is.
    #[serde(flatten)]
    pub instrument: InstrumentView,
    /// The provider's bid, if it sent one with this price.
    pub bid: Option<f64>,
    /// The provider's ask, if it sent one with this price.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day.
    #[serde(serialize_with = "whole")]
    pub day_volume: Option<f64>,
    /// Close of the previous trading day.
    pub previous_close: Option<f64>,
    /// First price of the running day, or of the last one if the market is closed.
    pub open: Option<f64>,
    /// Highest price of that day.
    pub high: Option<f64>,
    /// Lowest price of that day.
    pub low: Option<f64>,
    /// When the price reached the hub or was last confirmed.
    pub received_at: Option<String>,
    /// The provenance of the price.
    pub source: Option<Provenance>,
    /// Whether it comes from the simulator.
    pub simulated: bool,
    /// Whether its market trades.
    pub session: Session,
    /// When its exchange opens next, while it is closed.
    pub opens_at: Option<String>,
    /// When its exchange closes, while it is open.
    pub closes_at: Option<String>,
    /// `fresh` or `stale`; `null` without a price.
    pub freshness: Option<&'static str>,
    /// Since when it is stale; `null` while it is fresh.
    pub stale_since: Option<String>,
}

impl QuoteView {
    /// The view of what is known of an instrument.
    #[must_use]
    pub fn of(instrument: &Instrument, cell: &Cell, simulated: bool) -> Self {
        let Cell {
            quote,
            reference,
            details,
        } = cell;
        let known = quote.as_ref();
        let day = |price: fn(&DayRange) -> Option<f64>| reference.day.as_ref().and_then(price);
        let text = |time: fn(&Quote) -> Option<Millis>| known.and_then(time).map(iso8601);
        Self {
            symbol: instrument.to_string(),
            price: known.map(|quote| quote.price),
            percent_change: cell.percent_change(),
            timestamp: text(|quote| quote.exchange_time),
            exchange_second: known.and_then(|quote| quote.exchange_time).map(|time| time / SECOND),
            timestamp_precision: known.and_then(|quote| quote.precision).map(Precision::name),
            instrument: InstrumentView::of(instrument, details),
            pair: details.pair.clone(),
            exchange: known.and_then(|quote| quote.exchange.clone()),
            bid: known.and_then(|quote| quote.bid),
            ask: known.and_then(|quote| quote.ask),
            day_volume: known.and_then(|quote| quote.day_volume),
            previous_close: reference.previous_close,
            open: day(|day| day.open),
            high: day(|day| day.high),
            low: day(|day| day.low),
            received_at: text(|quote| Some(quote.received)),
            source: known.map(|quote| quote.provenance),
            simulated,
            session: reference.session,
            opens_at: reference.opens_at.map(iso8601),
            closes_at: reference.closes_at.map(iso8601),
            freshness: known.map(|quote| if quote.stale_since.is_some() { "stale" } else { "fresh" }),
            stale_since: text(|quote| quote.stale_since),
        }
    }
}

/// What an instrument is. Every field is `null` until the provider says it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstrumentView {
    /// The long name, such as `Apple Inc.`
    pub name: Option<String>,
    /// The provider's `type`, such as `Common Stock` or `Physical Currency`.
    pub r#type: Option<String>,
    /// The kind; `null` also for a type that is none of ours, such as `Bond`.
    pub kind: Option<Kind>,
    /// Currency of the prices as the provider names it: `USD`, `GBp` for pence; for a pair the part
    /// after the slash.
    pub currency: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// The venue's time zone, as a name of the IANA database.
    pub timezone: Option<String>,
    /// Decimals with which every price, bid and ask so far is exact. It only grows.
    pub decimals: Option<u8>,
    /// Lowest price of 52 weeks.
    pub year_low: Option<f64>,
    /// Highest price of 52 weeks.
    pub year_high: Option<f64>,
    /// Average volume of a day.
    #[serde(serialize_with = "whole")]
    pub average_volume: Option<f64>,
}

impl InstrumentView {
    /// The view of an instrument's details.
    #[must_use]
    pub fn of(instrument: &Instrument, details: &Details) -> Self {
        Self {
            name: details.name.clone(),
            r#type: details.kind.clone(),
            kind: details.kind_of(instrument),
            currency: details.currency.clone(),
            mic_code: details.mic_code.clone(),
            timezone: details.timezone.clone(),
            decimals: details.decimals,
            year_low: details.year_low,
            year_high: details.year_high,
            average_volume: details.average_volume,
        }
    }
}

/// A [`Service`], with its time in ISO 8601.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceView {
    /// Streaming, polled, pending or unavailable.
    pub state: StreamState,
    /// Why it does not stream, or why its last price was discarded.
    pub reason: Option<String>,
    /// The plans that serve an unavailable symbol.
    pub needs_plan: Option<String>,
    /// Before this time nobody asks for an unavailable symbol again.
    pub retry_at: Option<String>,
}

impl ServiceView {
    /// The view of a service.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        Self {
            state: service.state,
            reason: service.reason.clone(),
            needs_plan: service.needs_plan.clone(),
            retry_at: service.retry_at.map(iso8601),
        }
    }
}

/// A symbol whose subscription succeeded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subscription {
    /// The symbol, with its exchange if it is pinned.
    pub symbol: String,
    /// How it gets its prices.
    #[serde(flatten)]
    pub service: ServiceView,
    /// Whether it has a price already.
    pub has_quote: bool,
    /// Where it is listed.
    #[serde(skip)]
    pub listing: Listing,
}

/// Where an instrument is listed, as far as the provider has said it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The venue's name.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// The provider's `type`, such as `Common Stock`.
    pub r#type: Option<String>,
}

/// A symbol whose subscription failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionFailure {
    /// The symbol, or the client's text cut to 40 characters.
    pub symbol: String,
    /// Why it failed.
    pub reason: String,
}

/// A volume that is an element of a list; see [`whole`].
#[derive(Serialize)]
pub(crate) struct Volume(#[serde(serialize_with = "whole")] pub Option<f64>);

/// Serialises whole volumes as integers: `49153`, neither `49153.0` nor `5.9e20`.
pub(crate) fn whole<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    const LARGEST: f64 = 1e30;
    match value {
        Some(volume) if volume.fract() == 0.0 && volume.abs() < LARGEST => {
            serializer.serialize_some(&(*volume as i128))
        }
        other => other.serialize(serializer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_whole_numbers_in_decimals() {
        for (volume, text) in [
            (Some(49_153.0), "49153"),
            (Some(5.9e20), "590000000000000000000"),
            (Some(0.25), "0.25"),
            (None, "null"),
        ] {
            assert_eq!(serde_json::to_string(&Volume(volume)).unwrap(), text);
        }
    }
}
