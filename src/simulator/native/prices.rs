//! Endpoints beside `/quote` that return the price of one symbol.

use super::super::exchange::Exchange;
use super::super::hours::local;
use super::super::instruments::Instrument;
use super::super::json::{Json, Object};
use super::super::quote::{mic_code, places, venue, with_currencies};
use super::super::rest::{Failure, Query};
use super::super::{Millis, SECOND};

impl Exchange {
    pub(super) fn price_alone(&self, instrument: &Instrument, query: &Query, now: Millis) -> Json {
        let places = places(query, instrument);
        let price = self.market.price(instrument, now);
        Object::default().with("price", format!("{price:.places$}")).into()
    }

    pub(super) fn eod(&self, instrument: &Instrument, query: &Query, now: Millis) -> Json {
        let places = places(query, instrument);
        let hours = self.market.hours(instrument);
        let close = self.market.previous_close(instrument, now);
        let ended = hours.session(now).previous_close.saturating_sub(1);
        let answer = Object::default()
            .with("symbol", instrument.symbol)
            .with_some("exchange", venue(instrument))
            .with_some("mic_code", mic_code(instrument));
        with_currencies(answer, instrument)
            .with("datetime", local(hours.zone(), ended).date().to_string())
            .with("close", format!("{close:.places$}"))
            .into()
    }

    /// In this answer, numbers are JSON numbers.
    pub(super) fn exchange_rate(&self, instrument: &Instrument, _: &Query, now: Millis) -> Result<Json, Failure> {
        self.rate(instrument, None, now)
    }

    pub(super) fn currency_conversion(
        &self,
        instrument: &Instrument,
        query: &Query,
        now: Millis,
    ) -> Result<Json, Failure> {
        let amount = query.get("amount").and_then(|amount| amount.parse::<f64>().ok());
        match amount.filter(|amount| amount.is_finite()) {
            None if instrument.class.is_pair() => Err(Failure::new(400, "**amount** parameter is missing or invalid.")),
            amount => self.rate(instrument, amount, now),
        }
    }

    fn rate(&self, instrument: &Instrument, amount: Option<f64>, now: Millis) -> Result<Json, Failure> {
        if !instrument.class.is_pair() {
            return Err(Failure::symbol());
        }
        let rate = self.market.price(instrument, now);
        let at = self.market.hours(instrument).last_trade(now) / SECOND;
        let answer = Object::default()
            .with("symbol", instrument.symbol)
            .with("rate", rate)
            .with_some("amount", amount.map(|amount| amount * rate))
            .with("timestamp", at);
        Ok(answer.into())
    }
}
