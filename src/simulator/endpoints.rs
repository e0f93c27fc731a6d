//! What each REST endpoint answers. Strings or numbers, and which fields an asset class has, follow captures; for forex
//! `/quote` there is none, so its shape is that of crypto without the venue.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::exchange::Exchange;
use super::hours::Zone;
use super::instruments::{Class, Instrument};
use super::market::{Candle, Interval, datetime};
use super::protocol::Wanted;
use super::rest::{Failure, Query};
use super::{MINUTE, Millis, SECOND};

/// Candles in one answer.
const MOST_CANDLES: usize = 5_000;

/// Whether an endpoint exists.
pub(crate) fn is_known(endpoint: &str) -> bool {
    takes_symbols(endpoint)
        || matches!(
            endpoint,
            "market_state" | "symbol_search" | "stocks" | "etfs" | "forex_pairs" | "cryptocurrencies" | "api_usage"
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
    ) -> Result<Value, Failure> {
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
                Ok(json!({"price": format!("{price:.places$}")}))
            }
            "quote" => Ok(self.quote(instrument, places, now)),
            "eod" => Ok(self.eod(instrument, places, now)),
            "time_series" => self.time_series(instrument, query, now),
            _ => self.exchange_rate(endpoint, instrument, query, now),
        }
    }

    fn quote(&self, instrument: &Instrument, places: usize, now: Millis) -> Value {
        let hours = self.market.hours(instrument);
        let session = hours.session(now);
        let candle = self.market.session_candle(instrument, now);
        let close = self.market.price(instrument, now);
        let previous = self.market.previous_close(instrument, now);
        let (low, high) = self.market.year_range(instrument, now);
        let number = |value: f64| Value::String(format!("{value:.places$}"));
        let percent = |value: f64, of: f64| {
            let percent = if of == 0.0 { 0.0 } else { value / of * 100.0 };
            Value::String(format!("{percent:.5}"))
        };
        let mut quote = Map::new();
        let mut put = |name: &str, value: Value| {
            quote.insert(name.to_owned(), value);
        };
        let class = instrument.class;
        put("symbol", instrument.symbol.into());
        put("name", instrument.name.into());
        if class != Class::PhysicalCurrency {
            put("exchange", instrument.exchange.into());
        }
        if !class.is_pair() {
            put("mic_code", instrument.mic_code.into());
            put("currency", instrument.currency.into());
            put("volume", candle.volume.unwrap_or(0).to_string().into());
            put("average_volume", instrument.daily_volume.to_string().into());
        }
        put("datetime", datetime(session.open, hours.zone(), false).into());
        // The open of the bar; the time of the last minute candle is in last_quote_at.
        put("timestamp", (session.open / SECOND).into());
        let last = hours.last_trade(now) / MINUTE * MINUTE;
        put("last_quote_at", (last / SECOND).into());
        put("open", number(candle.open));
        put("high", number(candle.high.max(close)));
        put("low", number(candle.low.min(close)));
        put("close", number(close));
        put("previous_close", number(previous));
        put("change", number(close - previous));
        put("percent_change", percent(close - previous, previous));
        if class == Class::DigitalCurrency {
            let week = now.saturating_sub(7 * super::DAY);
            let day_ago = self.market.price(instrument, now.saturating_sub(super::DAY));
            let week_ago = self.market.price(instrument, week);
            put("rolling_1d_change", percent(close - day_ago, day_ago));
            put("rolling_7d_change", percent(close - week_ago, week_ago));
        }
        put("is_market_open", hours.is_open(now).into());
        put(
            "fifty_two_week",
            json!({
                "low": number(low),
                "high": number(high),
                "low_change": number(close - low),
                "high_change": number(close - high),
                "low_change_percent": percent(close - low, low),
                "high_change_percent": percent(close - high, high),
                "range": format!("{low:.places$} - {high:.places$}"),
            }),
        );
        if self.faults.null_fields {
            for (name, value) in &mut quote {
                if !matches!(name.as_str(), "symbol" | "close") {
                    *value = Value::Null;
                }
            }
        }
        Value::Object(quote)
    }

    fn eod(&self, instrument: &Instrument, places: usize, now: Millis) -> Value {
        let hours = self.market.hours(instrument);
        let close = self.market.previous_close(instrument, now);
        let ended = hours.session(now).previous_close.saturating_sub(1);
        let mut answer = meta(instrument);
        answer.remove("type");
        answer.insert("datetime".to_owned(), datetime(ended, hours.zone(), false).into());
        answer.insert("close".to_owned(), format!("{close:.places$}").into());
        Value::Object(answer)
    }

    /// Here the numbers are numbers.
    fn exchange_rate(
        &self,
        endpoint: &str,
        instrument: &Instrument,
        query: &Query,
        now: Millis,
    ) -> Result<Value, Failure> {
        if !instrument.class.is_pair() {
            return Err(Failure::symbol());
        }
        let rate = self.market.price(instrument, now);
        let at = self.market.hours(instrument).last_trade(now) / SECOND;
        let mut answer = json!({"symbol": instrument.symbol, "rate": rate, "timestamp": at});
        if endpoint == "currency_conversion" {
            let amount = query
                .get("amount")
                .and_then(|amount| serde_json::from_str::<f64>(amount).ok());
            let Some(amount) = amount.filter(|amount| amount.is_finite()) else {
                return Err(Failure::new(400, "**amount** parameter is missing or invalid."));
            };
            if let Some(fields) = answer.as_object_mut() {
                fields.insert("amount".to_owned(), json!(amount * rate));
            }
        }
        Ok(answer)
    }

    fn time_series(&self, instrument: &Instrument, query: &Query, now: Millis) -> Result<Value, Failure> {
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
        let zone = match query.get("timezone").unwrap_or("Exchange") {
            name if name.eq_ignore_ascii_case("exchange") => own_zone,
            name => {
                zone_named(name).ok_or_else(|| Failure::new(400, format!("Invalid **timezone** provided: {name}.")))?
            }
        };
        let bound = |date: Option<&str>, otherwise: Millis| match date {
            None => Ok(otherwise),
            Some(text) => {
                moment(text, zone).ok_or_else(|| Failure::new(400, format!("Invalid date provided: {text}.")))
            }
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
        let zone = if with_time { zone } else { hours.zone() };
        let places = query
            .get("dp")
            .and_then(|dp| dp.parse::<usize>().ok())
            .unwrap_or(usize::from(instrument.decimals))
            .min(11);
        let values: Vec<Value> = candles
            .iter()
            .map(|candle| candle_row(candle, datetime(candle.at, zone, with_time), places, instrument))
            .collect();
        let mut meta = meta(instrument);
        meta.insert("interval".to_owned(), written.into());
        if !instrument.class.is_pair() {
            meta.insert("exchange_timezone".to_owned(), own_zone.name().into());
        }
        Ok(json!({"meta": meta, "values": values, "status": "ok"}))
    }
}

/// The fields that say what an instrument is, by class.
pub(crate) fn meta(instrument: &Instrument) -> Map<String, Value> {
    let mut meta = Map::new();
    let class = instrument.class;
    let fields = [
        ("symbol", instrument.symbol, true),
        ("currency", instrument.currency, !class.is_pair()),
        ("currency_base", instrument.currency_base, class.is_pair()),
        ("currency_quote", instrument.currency_quote, class.is_pair()),
        ("exchange", instrument.exchange, class != Class::PhysicalCurrency),
        ("mic_code", instrument.mic_code, !class.is_pair()),
        ("type", class.name(), true),
    ];
    for (name, value, present) in fields {
        if present {
            meta.insert(name.to_owned(), value.into());
        }
    }
    meta
}

fn candle_row(candle: &Candle, datetime: String, places: usize, instrument: &Instrument) -> Value {
    let number = |value: f64| Value::String(format!("{value:.places$}"));
    let mut row = Map::new();
    row.insert("datetime".to_owned(), datetime.into());
    row.insert("open".to_owned(), number(candle.open));
    row.insert("high".to_owned(), number(candle.high));
    row.insert("low".to_owned(), number(candle.low));
    row.insert("close".to_owned(), number(candle.close));
    if let (Some(volume), false) = (candle.volume, instrument.class.is_pair()) {
        row.insert("volume".to_owned(), volume.to_string().into());
    }
    Value::Object(row)
}

/// Decimals of a price: `dp` if given, else 5, or more where the instrument needs them.
fn places(query: &Query, instrument: &Instrument) -> usize {
    match query.get("dp").and_then(|dp| dp.parse::<usize>().ok()) {
        Some(dp) => dp.min(11),
        None if instrument.reference_price < 0.01 => usize::from(instrument.decimals),
        None => 5,
    }
}

fn zone_named(name: &str) -> Option<Zone> {
    match name {
        "America/Toronto" => Some(Zone::NewYork),
        _ => [Zone::Utc, Zone::NewYork, Zone::Berlin]
            .into_iter()
            .find(|zone| zone.name().eq_ignore_ascii_case(name)),
    }
}

/// `2026-01-19`, `2026-01-19 14:32:00` or with `T`, told in `zone`.
fn moment(text: &str, zone: Zone) -> Option<Millis> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)?;
    let local = date.and_hms_opt(hour, minute, second)?.and_utc();
    Some(zone.to_utc(u64::try_from(local.timestamp_millis()).ok()?))
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
            prop_assert_eq!(moment(&text, Zone::Utc), expected);
            let midnight = moment(&text[..10], Zone::Utc);
            prop_assert!(expected.is_none() || midnight == expected.map(|at| at / 86_400_000 * 86_400_000));
        }
    }
}
