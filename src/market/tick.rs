//! What a provider sends about a price: a tick of its stream, or the answer to a REST call.

use super::clock::Millis;
use super::instrument::Venue;

/// The long names of a pair's two currencies, such as `Bitcoin` and `US Dollar`, as far as they are
/// known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pair {
    /// What is traded.
    pub base: Option<String>,
    /// What it is paid in.
    pub quote: Option<String>,
}

/// One price of the stream. Only symbol, price and timestamp are always present.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// In the provider's spelling.
    pub symbol: String,
    /// The venue's name; forex has none.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// Common Stock, ETF, Index, Physical Currency, Digital Currency.
    pub kind: Option<String>,
    /// Currency of the price, such as `USD` or `GBp`; pairs of cryptocurrencies have none.
    pub currency: Option<String>,
    /// The long names of a pair's currencies.
    pub pair: Pair,
    /// In `currency`. It may be negative, as that of an oil future, but never zero, which feeds
    /// write for a missing price.
    pub price: f64,
    /// In the same currency as `price`.
    pub bid: Option<f64>,
    /// In the same currency as `price`.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day, in units of the instrument.
    pub day_volume: Option<f64>,
    /// The exchange's time. Twelve Data's timestamps are whole seconds.
    pub timestamp: Millis,
}

/// One instrument in the answer to a REST call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PolledQuote {
    /// Close of the running bar, which is the last price, in `currency`.
    pub price: f64,
    /// Close of the previous trading day.
    pub previous_close: Option<f64>,
    /// Volume of the day, perhaps of a partial feed.
    pub day_volume: Option<f64>,
    /// The venue's name, if it has one.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// Currency of the price, such as `USD` or `GBp`; pairs have none.
    pub currency: Option<String>,
    /// As [`Tick::kind`], if the provider says it.
    pub kind: Option<String>,
    /// The long name, such as `Apple Inc.`
    pub name: Option<String>,
    /// First price of the running day, or of the last one if the market is closed.
    pub open: Option<f64>,
    /// Highest price of that day.
    pub high: Option<f64>,
    /// Lowest price of that day.
    pub low: Option<f64>,
    /// Lowest price of 52 weeks.
    pub year_low: Option<f64>,
    /// Highest price of 52 weeks.
    pub year_high: Option<f64>,
    /// Average volume of a day.
    pub average_volume: Option<f64>,
    /// Whether the provider says that the market is open now.
    pub is_market_open: Option<bool>,
    /// Time of the last minute candle; crypto and forex have none.
    pub last_quote_at: Option<Millis>,
    /// Opening of the day's bar; the price is no older.
    pub bar_opened: Option<Millis>,
}

impl Tick {
    /// The venue where it was made.
    #[must_use]
    pub fn venue(&self) -> Venue<'_> {
        Venue::of(&self.exchange, &self.mic_code)
    }
}

impl PolledQuote {
    /// The venue where the price was made.
    #[must_use]
    pub fn venue(&self) -> Venue<'_> {
        Venue::of(&self.exchange, &self.mic_code)
    }
}
