//! What a provider tells of a price: a tick of its stream, or the answer to a call.

use super::clock::Millis;
use super::instrument::Venue;

/// One price of the stream. Only symbol, price and time are always there.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// As the provider writes it.
    pub symbol: String,
    /// The venue; forex has none.
    pub exchange: Option<String>,
    /// The venue's market identifier code.
    pub mic_code: Option<String>,
    /// Common Stock, ETF, Index, Physical Currency, Digital Currency.
    pub kind: Option<String>,
    /// Of the price, such as `USD` or `GBp`; pairs of cryptocurrencies have none.
    pub currency: Option<String>,
    /// In that currency. May be below zero, as of a future on oil; never zero, which feeds write
    /// for none.
    pub price: f64,
    /// As `price`.
    pub bid: Option<f64>,
    /// As `price`.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day, in units of the instrument.
    pub day_volume: Option<f64>,
    /// Exchange time. Twelve Data stamps whole seconds.
    pub timestamp: Millis,
}

/// One instrument of the answer to a call.
#[derive(Debug, Clone, PartialEq)]
pub struct PolledQuote {
    /// Close of the running bar: the last price, in `currency`.
    pub price: f64,
    /// Close of the trading day before.
    pub previous_close: Option<f64>,
    /// Volume of the day, perhaps of a partial feed.
    pub day_volume: Option<f64>,
    /// The venue, where it has one.
    pub exchange: Option<String>,
    /// The venue's market identifier code.
    pub mic_code: Option<String>,
    /// Of the price, such as `USD` or `GBp`; pairs have none.
    pub currency: Option<String>,
    /// As in [`Tick::kind`], where the provider says it.
    pub kind: Option<String>,
    /// Whether the provider says that its market is open now.
    pub is_market_open: Option<bool>,
    /// The last minute candle; crypto and forex have none.
    pub last_quote_at: Option<Millis>,
    /// The opening of the day's bar, so no price is older.
    pub bar_opened: Option<Millis>,
}

impl Tick {
    /// Where it was made.
    #[must_use]
    pub fn venue(&self) -> Venue<'_> {
        Venue::of(&self.exchange, &self.mic_code)
    }
}

impl PolledQuote {
    /// Where the price was made.
    #[must_use]
    pub fn venue(&self) -> Venue<'_> {
        Venue::of(&self.exchange, &self.mic_code)
    }
}
