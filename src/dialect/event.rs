//! What the hub sends. Each event is made into text once, whoever and however many it is for.

use crate::market::{
    Cell, FeedState, FeedStatus, Instrument, Millis, Precision, Provenance, Quote, Session, StreamState, iso8601,
};
use serde::{Serialize, Serializer};

/// A frame's text.
pub type Text = String;

/// One frame.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ServerEvent<'a> {
    /// Once, first.
    Connected {
        /// Of the hub.
        version: &'a str,
        /// Whether no market is behind the prices.
        simulated: bool,
        /// The hub's clock.
        time: String,
        /// The state of the upstream.
        feed: FeedView<'a>,
        /// The terminal's default symbols.
        symbols: Vec<String>,
        /// The subprotocol, if one was chosen.
        #[serde(skip_serializing_if = "Option::is_none")]
        protocol: Option<&'static str>,
    },
    /// The upstream's state changed.
    Feed {
        /// Its state.
        #[serde(flatten)]
        feed: FeedView<'a>,
        /// Whether no market is behind the prices.
        simulated: bool,
    },
    /// The answer to subscribe, and later news of a symbol's state.
    SubscribeStatus {
        /// `ok`, or `error` when nothing succeeded.
        status: &'a str,
        /// What will come, and how.
        success: Vec<Subscription>,
        /// What will not, and why.
        fails: Vec<SubscriptionFailure>,
    },
    /// The answer to unsubscribe.
    UnsubscribeStatus {
        /// Always `ok`.
        status: &'a str,
        /// What was dropped.
        symbols: Vec<String>,
    },
    /// The answer to reset.
    ResetStatus {
        /// Always `ok`.
        status: &'a str,
    },
    /// The answer to heartbeat.
    Heartbeat {
        /// Always `ok`.
        status: &'a str,
    },
    /// The answer to time.
    Time {
        /// As the client sent it.
        id: Option<serde_json::Number>,
        /// The hub's clock.
        time: String,
    },
    /// Acknowledge now.
    AckRequest {
        /// To a plain client: the number that it is to say.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// A quote. The original called it `price_update`.
    #[serde(rename = "price_update")]
    PriceUpdate(&'a QuoteView),
    /// The client's message made no sense.
    Error {
        /// For programs.
        code: &'a str,
        /// For people: what was wrong and what is right.
        message: String,
    },
}

impl ServerEvent<'_> {
    /// The frame's text.
    #[must_use]
    pub fn text(&self) -> Text {
        // These types hold nothing that JSON cannot: no maps with odd keys, no numbers but finite ones.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The frame's text for a client of `hamster.v1`, whose frames all say at which position of its stream they were sent.
    #[must_use]
    pub fn text_at(&self, epoch: u64, seq: u64) -> Text {
        let mut text = self.text();
        text.pop();
        text.push_str(&format!(r#","epoch":{epoch},"seq":{seq}}}"#));
        text
    }
}

/// The upstream's state, for people and programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedView<'a> {
    /// `idle`, `connecting`, `live`, `stalled`, `fallback`, `refused`.
    pub state: FeedState,
    /// ISO 8601.
    pub since: String,
    /// Something that a person can act on.
    pub reason: &'a str,
}

impl<'a> FeedView<'a> {
    /// As in JSON.
    #[must_use]
    pub fn of(status: &'a FeedStatus) -> Self {
        Self {
            state: status.state,
            since: iso8601(status.since),
            reason: &status.reason,
        }
    }
}

/// One quote with all that is known about its truth. Prices are in the quote currency; times are ISO 8601.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuoteView {
    /// The symbol, with its pin if it has one.
    pub symbol: String,
    /// Last price; `null` when none came yet.
    pub price: Option<f64>,
    /// `0.25` for 0.25 %; `null` until the previous close is known.
    pub percent_change: Option<f64>,
    /// When the exchange says that the price was made; `null` when it did not say.
    pub timestamp: Option<String>,
    /// `second`, `minute`, `day`: the price was made at that time, or later by less than this.
    /// `null`: at that time or later.
    pub timestamp_precision: Option<&'static str>,
    /// The venue.
    pub exchange: Option<String>,
    /// The venue's market identifier code.
    pub mic_code: Option<String>,
    /// Upstream's `type`: `Common Stock`, `ETF`, `Index`, `Physical Currency`, `Digital Currency`.
    pub kind: Option<String>,
    /// Of the prices, as upstream names it: `USD`, `GBp` for pence; of a pair the currency behind
    /// the slash.
    pub currency: Option<String>,
    /// Decimals with which every price, bid and ask so far is exact; it only grows.
    pub decimals: Option<u8>,
    /// As upstream gave it.
    pub bid: Option<f64>,
    /// As upstream gave it.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day.
    #[serde(serialize_with = "whole")]
    pub day_volume: Option<f64>,
    /// Close of the trading day before.
    pub previous_close: Option<f64>,
    /// When it reached the hub.
    pub received_at: Option<String>,
    /// Where it came from.
    pub source: Option<Provenance>,
    /// Whether no market is behind it.
    pub simulated: bool,
    /// Whether its market trades.
    pub session: Session,
    /// `fresh` or `stale`; `null` when there is no price.
    pub freshness: Option<&'static str>,
    /// Since when it is stale.
    pub stale_since: Option<String>,
}

impl QuoteView {
    /// All that is known of an instrument.
    #[must_use]
    pub fn of(instrument: &Instrument, cell: &Cell, simulated: bool) -> Self {
        let Cell {
            quote,
            reference,
            details,
        } = cell;
        let known = quote.as_ref();
        let text = |time: fn(&Quote) -> Option<Millis>| known.and_then(time).map(iso8601);
        Self {
            symbol: instrument.to_string(),
            price: known.map(|quote| quote.price),
            percent_change: cell.percent_change(),
            timestamp: text(|quote| quote.exchange_time),
            timestamp_precision: known.and_then(|quote| quote.precision).map(Precision::name),
            kind: details.kind.clone(),
            currency: details.currency.clone(),
            mic_code: details.mic_code.clone(),
            decimals: details.decimals,
            exchange: known.and_then(|quote| quote.exchange.clone()),
            bid: known.and_then(|quote| quote.bid),
            ask: known.and_then(|quote| quote.ask),
            day_volume: known.and_then(|quote| quote.day_volume),
            previous_close: reference.previous_close,
            received_at: text(|quote| Some(quote.received)),
            source: known.map(|quote| quote.provenance),
            simulated,
            session: reference.session,
            freshness: known.map(|quote| if quote.stale_since.is_some() { "stale" } else { "fresh" }),
            stale_since: text(|quote| quote.stale_since),
        }
    }
}

/// A symbol that was subscribed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subscription {
    /// The symbol.
    pub symbol: String,
    /// How it gets its prices.
    pub state: StreamState,
    /// Why it does not stream, if it does not.
    pub reason: Option<String>,
    /// Whether there is a price already.
    pub has_quote: bool,
}

/// A symbol that was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionFailure {
    /// As the client wrote it, cut to 40 characters.
    pub symbol: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Volumes are whole numbers upstream; `49153`, not `49153.0` and not `5.9e20`, where they are.
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
        #[derive(Serialize)]
        struct Volume(#[serde(serialize_with = "whole")] Option<f64>);
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
