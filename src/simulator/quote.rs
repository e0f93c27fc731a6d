//! `/quote`. Captures show which fields are strings and which fields an asset class has. There is
//! no capture for forex, so its shape is that of crypto without the venue.

use super::exchange::Exchange;
use super::faults::Switches;
use super::hours::local;
use super::instruments::{Class, Instrument};
use super::json::{Json, Object};
use super::rest::Query;
use super::{DAY, MINUTE, Millis, SECOND};

impl<F: Switches> Exchange<F> {
    pub(super) fn quote(&self, instrument: &Instrument, query: &Query, now: Millis) -> Json {
        let places = places(query, instrument);
        let hours = self.market.hours(instrument);
        let session = hours.session(now);
        let candle = self.market.session_candle(instrument, now);
        let close = self.market.price(instrument, now);
        let previous = self.market.previous_close(instrument, now);
        let (low, high) = self.market.year_range(instrument, now);
        let number = |value: f64| format!("{value:.places$}");
        let percent = |value: f64, of: f64| {
            let percent = if of == 0.0 { 0.0 } else { value / of * 100.0 };
            format!("{percent:.5}")
        };
        let is_pair = instrument.class.is_pair();
        let last = hours.last_trade(now) / MINUTE * MINUTE;
        // Only crypto has rolling day and week changes.
        let rolling = |days: u64| {
            let before = || self.market.price(instrument, now.saturating_sub(days * DAY));
            let before = (instrument.class == Class::DigitalCurrency).then(before)?;
            Some(percent(close - before, before))
        };
        let year = Object::default()
            .with("low", number(low))
            .with("high", number(high))
            .with("low_change", number(close - low))
            .with("high_change", number(close - high))
            .with("low_change_percent", percent(close - low, low))
            .with("high_change_percent", percent(close - high, high))
            .with("range", format!("{low:.places$} - {high:.places$}"));
        let mut quote = Object::default()
            .with("symbol", instrument.symbol)
            .with("name", instrument.name)
            .with_some("exchange", venue(instrument))
            .with_some("mic_code", mic_code(instrument))
            .with_some("currency", (!is_pair).then_some(instrument.currency))
            .with("datetime", local(hours.zone(), session.open).date().to_string())
            // `timestamp` is the open of the bar; the last minute candle's time is in
            // `last_quote_at`.
            .with("timestamp", session.open / SECOND)
            .with("last_quote_at", last / SECOND)
            .with("open", number(candle.open))
            .with("high", number(candle.high.max(close)))
            .with("low", number(candle.low.min(close)))
            .with("close", number(close))
            .with_some("volume", (!is_pair).then(|| candle.volume.unwrap_or(0).to_string()))
            .with("previous_close", number(previous))
            .with("change", number(close - previous))
            .with("percent_change", percent(close - previous, previous))
            .with_some(
                "average_volume",
                (!is_pair).then(|| instrument.daily_volume.to_string()),
            )
            .with_some("rolling_1d_change", rolling(1))
            .with_some("rolling_7d_change", rolling(7))
            .with("is_market_open", hours.is_open(now))
            .with("fifty_two_week", year);
        if self.switches().null_fields {
            for (name, value) in &mut quote.0 {
                if !matches!(name.as_ref(), "symbol" | "close") {
                    *value = Json::Null;
                }
            }
        }
        quote.into()
    }
}

/// The exchange; forex has none.
pub(super) fn venue(instrument: &Instrument) -> Option<&'static str> {
    (instrument.class != Class::PhysicalCurrency).then_some(instrument.exchange)
}

/// The market identifier code; pairs have none.
pub(super) fn mic_code(instrument: &Instrument) -> Option<&'static str> {
    (!instrument.class.is_pair()).then_some(instrument.mic_code)
}

/// The currency, or both currencies of a pair.
pub(super) fn with_currencies(fields: Object, instrument: &Instrument) -> Object {
    if !instrument.class.is_pair() {
        return fields.with("currency", instrument.currency);
    }
    fields
        .with("currency_base", instrument.currency_base)
        .with("currency_quote", instrument.currency_quote)
}

/// Decimals of a price: `dp` if given, else 5, or more where the instrument needs them.
pub(super) fn places(query: &Query, instrument: &Instrument) -> usize {
    match query.get("dp").and_then(|dp| dp.parse::<usize>().ok()) {
        Some(dp) => dp.min(11),
        None if instrument.reference_price < 0.01 => usize::from(instrument.decimals),
        None => 5,
    }
}
