//! What each REST endpoint answers. Strings or numbers, and which fields an asset class has, follow captures; for forex
//! `/quote` there is none, so its shape is that of crypto without the venue.

use chrono::NaiveDate;

use super::exchange::Exchange;
use super::instruments::{Class, Instrument};
use super::json::{Json, Object};
use super::market::{Candle, Interval, datetime};
use super::protocol::Wanted;
use super::rest::{Failure, Query};
use super::zones::Clock;
use super::{DAY, MINUTE, Millis, SECOND};

/// Candles in one answer.
const MOST_CANDLES: usize = 5_000;

/// Whether an endpoint exists.
pub(crate) fn is_known(endpoint: &str) -> bool {
    takes_symbols(endpoint)
        || matches!(
            endpoint,
            "market_state"
                | "symbol_search"
                | "stocks"
                | "etfs"
                | "forex_pairs"
                | "cryptocurrencies"
                | "api_usage"
                | "technical_indicators"
        )
}

/// Whether an endpoint costs a credit per symbol and answers several symbols with a map.
pub(crate) fn takes_symbols(endpoint: &str) -> bool {
    matches!(
        endpoint,
        "price" | "quote" | "time_series" | "eod" | "exchange_rate" | "currency_conversion"
    )
}

impl Exchange {
    /// The answer for one symbol, as written in the request.
    pub(crate) fn symbol_endpoint(
        &self,
        endpoint: &str,
        symbol: &str,
        query: &Query,
        now: Millis,
    ) -> Result<Json, Failure> {
        let mut wanted = Wanted::written(&symbol.to_ascii_uppercase());
        let pin = |name| query.get(name).map(str::to_owned);
        wanted.exchange = wanted.exchange.or_else(|| pin("exchange"));
        wanted.mic_code = pin("mic_code");
        wanted.class = pin("type");
        let instrument = wanted.resolve().ok_or_else(Failure::symbol)?;
        if !instrument.basic_plan && !self.settings.plan.all_symbols {
            return Err(Failure::plan());
        }
        let places = places(query, instrument);
        match endpoint {
            "price" => {
                let price = self.market.price(instrument, now);
                Ok(Object::default().with("price", format!("{price:.places$}")).into())
            }
            "quote" => Ok(self.quote(instrument, places, now).into()),
            "eod" => Ok(self.eod(instrument, places, now).into()),
            "time_series" => self.time_series(instrument, query, now),
            _ => self.exchange_rate(endpoint, instrument, query, now),
        }
    }

    fn quote(&self, instrument: &Instrument, places: usize, now: Millis) -> Object {
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
        // Only crypto has a day and a week that roll.
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
            .with("datetime", datetime(hours.zone().local(session.open), false))
            // The open of the bar; the time of the last minute candle is in last_quote_at.
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
        if self.faults.null_fields {
            for (name, value) in &mut quote.0 {
                if !matches!(name.as_ref(), "symbol" | "close") {
                    *value = Json::Null;
                }
            }
        }
        quote
    }

    fn eod(&self, instrument: &Instrument, places: usize, now: Millis) -> Object {
        let hours = self.market.hours(instrument);
        let close = self.market.previous_close(instrument, now);
        let ended = hours.session(now).previous_close.saturating_sub(1);
        let answer = Object::default()
            .with("symbol", instrument.symbol)
            .with_some("exchange", venue(instrument))
            .with_some("mic_code", mic_code(instrument));
        with_currencies(answer, instrument)
            .with("datetime", datetime(hours.zone().local(ended), false))
            .with("close", format!("{close:.places$}"))
    }

    /// Here the numbers are numbers.
    fn exchange_rate(
        &self,
        endpoint: &str,
        instrument: &Instrument,
        query: &Query,
        now: Millis,
    ) -> Result<Json, Failure> {
        if !instrument.class.is_pair() {
            return Err(Failure::symbol());
        }
        let rate = self.market.price(instrument, now);
        let at = self.market.hours(instrument).last_trade(now) / SECOND;
        let amount = match endpoint {
            "currency_conversion" => {
                let amount = query
                    .get("amount")
                    .and_then(|amount| serde_json::from_str::<f64>(amount).ok());
                let Some(amount) = amount.filter(|amount| amount.is_finite()) else {
                    return Err(Failure::new(400, "**amount** parameter is missing or invalid."));
                };
                Some(amount * rate)
            }
            _ => None,
        };
        let answer = Object::default()
            .with("symbol", instrument.symbol)
            .with("rate", rate)
            .with_some("amount", amount)
            .with("timestamp", at);
        Ok(answer.into())
    }

    fn time_series(&self, instrument: &Instrument, query: &Query, now: Millis) -> Result<Json, Failure> {
        let written = query.get("interval").unwrap_or_default();
        let interval = Interval::named(written).ok_or_else(|| {
            Failure::new(
                400,
                format!(
                    "Invalid **interval** provided: {written}. Supported intervals: 1min, 5min, 15min, 30min, 45min, 1h, \
                     2h, 4h, 8h, 1day, 1week, 1month"
                ),
            )
        })?;
        let from = query.get("start_date");
        let count = match query.get("outputsize").map(str::parse::<usize>) {
            None if from.is_some() => MOST_CANDLES,
            None => 30,
            Some(Ok(count)) if (1..=MOST_CANDLES).contains(&count) => count,
            _ => {
                return Err(Failure::new(
                    400,
                    "Invalid **outputsize** provided. It should be an integer between 1 and 5000",
                ));
            }
        };
        let hours = self.market.hours(instrument);
        let own_zone = instrument.hours.zone();
        let is_pair = instrument.class.is_pair();
        let clock = match query.get("timezone") {
            Some(name) if !name.eq_ignore_ascii_case("exchange") => {
                Clock::named(name, self.zones).ok_or_else(|| unknown_zone(name))?
            }
            _ => Clock::Venue(own_zone),
        };
        let bound = |date: Option<&str>, otherwise: Millis| match date {
            None => Ok(otherwise),
            Some(text) => match moment(text) {
                Some(local) => Ok(clock.to_utc(local)),
                None => Err(Failure::new(400, format!("Invalid date provided: {text}."))),
            },
        };
        let range = (bound(from, 0)?, bound(query.get("end_date"), now.saturating_add(1))?);
        let mut candles = self.market.candles(instrument, interval, range, count, now);
        if candles.is_empty() {
            return Err(Failure::new(
                400,
                "No data is available on the specified dates. Try setting different start/end dates.",
            ));
        }
        if query
            .get("order")
            .is_some_and(|order| order.eq_ignore_ascii_case("asc"))
        {
            candles.reverse();
        }
        let with_time = matches!(interval, Interval::Minutes(_));
        // A day belongs to the venue's calendar, whatever zone is asked for.
        let clock = if with_time { clock } else { Clock::Venue(hours.zone()) };
        let places = query
            .get("dp")
            .and_then(|dp| dp.parse::<usize>().ok())
            .unwrap_or(usize::from(instrument.decimals))
            .min(11);
        let row = |candle: &Candle| {
            let number = |value: f64| format!("{value:.places$}");
            Object::default()
                .with("datetime", datetime(clock.local(candle.at), with_time))
                .with("open", number(candle.open))
                .with("high", number(candle.high))
                .with("low", number(candle.low))
                .with("close", number(candle.close))
                .with_some(
                    "volume",
                    candle.volume.filter(|_| !is_pair).map(|volume| volume.to_string()),
                )
                .into()
        };
        let values: Vec<Json> = candles.iter().map(row).collect();
        let meta = Object::default()
            .with("symbol", instrument.symbol)
            .with("interval", written.to_owned());
        let meta = with_currencies(meta, instrument)
            .with_some("exchange_timezone", (!is_pair).then(|| own_zone.name()))
            .with_some("exchange", venue(instrument))
            .with_some("mic_code", mic_code(instrument))
            .with("type", instrument.class.name());
        let answer = Object::default()
            .with("meta", meta)
            .with("values", values)
            .with("status", "ok");
        Ok(answer.into())
    }
}

/// The exchange, which forex has not.
fn venue(instrument: &Instrument) -> Option<&'static str> {
    (instrument.class != Class::PhysicalCurrency).then_some(instrument.exchange)
}

/// The market identifier code, which pairs have not.
fn mic_code(instrument: &Instrument) -> Option<&'static str> {
    (!instrument.class.is_pair()).then_some(instrument.mic_code)
}

/// The currency, or both of a pair.
fn with_currencies(fields: Object, instrument: &Instrument) -> Object {
    if !instrument.class.is_pair() {
        return fields.with("currency", instrument.currency);
    }
    fields
        .with("currency_base", instrument.currency_base)
        .with("currency_quote", instrument.currency_quote)
}

/// Decimals of a price: `dp` if given, else 5, or more where the instrument needs them.
fn places(query: &Query, instrument: &Instrument) -> usize {
    match query.get("dp").and_then(|dp| dp.parse::<usize>().ok()) {
        Some(dp) => dp.min(11),
        None if instrument.reference_price < 0.01 => usize::from(instrument.decimals),
        None => 5,
    }
}

fn unknown_zone(name: &str) -> Failure {
    let message = format!(
        "Invalid **timezone** provided: {name}. It should be Exchange, UTC or a name of the IANA time zone database, such \
         as Asia/Tokyo"
    );
    Failure::new(400, message)
}

/// What `2026-01-19`, `2026-01-19 14:32:00` or the same with `T` says, as if it were UTC.
fn moment(text: &str) -> Option<Millis> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)?;
    let local = date.and_hms_opt(hour, minute, second)?.and_utc();
    u64::try_from(local.timestamp_millis()).ok()
}

/// By hand: chrono's parser of formats would be 4 % of the worker's code.
fn numbers(text: &str, separator: char) -> Option<[u32; 3]> {
    let parts: Option<Vec<u32>> = text.split(separator).map(|part| part.trim().parse().ok()).collect();
    parts?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn moments_are_what_chrono_reads(text in "(19[67]|20[0-4])[0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]") {
            let chronos = NaiveDateTime::parse_from_str(&text.replace('T', " "), "%Y-%m-%d %H:%M:%S").ok();
            let expected = chronos.and_then(|local| u64::try_from(local.and_utc().timestamp_millis()).ok());
            prop_assert_eq!(moment(&text), expected);
            let midnight = moment(&text[..10]);
            prop_assert!(expected.is_none() || midnight == expected.map(|at| at / 86_400_000 * 86_400_000));
        }
    }
}
