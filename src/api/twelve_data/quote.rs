//! `/quote` and `/price`.
//!
//! What says how old a price is: `last_quote_at` is when the price was made, `timestamp` is when
//! the bar of its day opened, and `is_market_open` is null unless that is known now. `/price` has
//! no such field, so a price that is stale brings `last_quote_at` and `stale_since` along.

use super::form::{Fields, Item, Layout, Places, Value, fixed};
use super::instruments::Wanted;
use super::local_time::{Clock, date, seconds};
use super::{only, refuse};
use crate::api::Problem;
use crate::api::parameters::{Parameters, bad, shown};
use crate::api::route::{Asked, Route, ShowEach, Zones};
use crate::hub::{Answer, Question, Quotes, SymbolView};
use crate::market::{Instrument, Kind, Millis, SECOND, Session, StreamState, iso8601};

pub(super) const QUOTE: Route = Route {
    path: "/quote",
    parameters: &[
        "symbol",
        "exchange",
        "mic_code",
        "interval",
        "timezone",
        "dp",
        "format",
        "delimiter",
        "prepost",
        "eod",
        "apikey",
        "source",
        "country",
        "type",
        "figi",
        "isin",
        "cusip",
        "volume_time_period",
        "rolling_period",
    ],
    hint: "the parameters are symbol, exchange, mic_code, timezone, dp, format and delimiter, as in ?symbol=AAPL,BTC/USD&dp=2",
    asks: |parameters| {
        only(parameters, "interval", "1day")?;
        only(parameters, "eod", "false")?;
        refuse(parameters, &["volume_time_period", "rolling_period"])?;
        let timezone = zone(parameters)?;
        asks(parameters, move |view, layout, time, zones| {
            quote(view, layout, timezone.as_deref(), time, zones)
        })
    },
};

pub(super) const PRICE: Route = Route {
    path: "/price",
    parameters: &[
        "symbol",
        "exchange",
        "mic_code",
        "dp",
        "format",
        "delimiter",
        "prepost",
        "apikey",
        "source",
        "country",
        "type",
        "figi",
        "isin",
        "cusip",
    ],
    hint: "the parameters are symbol, exchange, mic_code, dp, format and delimiter, as in ?symbol=AAPL,BTC/USD&dp=2",
    asks: |parameters| asks(parameters, |view, layout, _, _| price(view, layout)),
};

/// The zone in `timezone`; `None` for the exchange's own.
///
/// # Errors
/// 400 for what cannot be the name of a zone.
pub(super) fn zone(parameters: &Parameters) -> Result<Option<String>, Problem> {
    let named = parameters.one("timezone")?;
    let named = named.filter(|zone| !zone.eq_ignore_ascii_case("exchange"));
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    match named {
        Some(zone) if zone.len() > 40 || !zone.chars().all(of_name) => bad(unknown_zone(zone)),
        zone => Ok(zone.map(ToOwned::to_owned)),
    }
}

pub(super) fn unknown_zone(zone: &str) -> String {
    let zone = shown(zone);
    format!(
        "Invalid **timezone** provided: {zone}. Use Exchange, UTC or a name of the IANA database, such as Asia/Tokyo"
    )
}

/// Asks for the quotes of the symbols, and shows each with `show`.
fn asks(
    parameters: &Parameters,
    show: impl Fn(&SymbolView, Layout, Millis, Zones<'_>) -> Item + 'static,
) -> Result<Asked, Problem> {
    refuse(parameters, &["country", "type", "figi", "isin", "cusip"])?;
    only(parameters, "prepost", "false")?;
    let layout = Layout::asked(parameters)?;
    let wanted = Wanted::asked(parameters)?;
    let symbols: Vec<Instrument> = wanted.instruments().cloned().collect();
    let reply = move |answers: &[Answer], zones: Zones<'_>| {
        wanted.reply(layout, |instrument| match answers {
            [Answer::Quotes(quotes)] => {
                let view = view_of(instrument, quotes)?;
                show(view, layout, quotes.time, zones)
            }
            _ => Err((500, "the hub answered another question".to_owned())),
        })
    };
    // Without any symbol the hub would answer with the default ones.
    let questions = match symbols.is_empty() {
        true => Vec::new(),
        false => vec![Question::Quotes(symbols)],
    };
    Ok(Asked::Each(questions, ShowEach::new(reply)))
}

/// What is known of an instrument that has a price.
fn view_of<'a>(instrument: &Instrument, quotes: &'a Quotes) -> Result<&'a SymbolView, (u16, String)> {
    let name = instrument.to_string();
    let not_served = |why: &str| (404, format!("**symbol** {name} is not served: {why}"));
    let Some(view) = quotes.quotes.iter().find(|view| view.quote.symbol == name) else {
        let fail = quotes.fails.iter().find(|fail| fail.symbol == name);
        return Err(not_served(
            fail.map_or("it is not tracked", |fail| fail.reason.as_str()),
        ));
    };
    let reason = view.service.reason.as_deref();
    match view.quote.price {
        Some(_) => Ok(view),
        None if view.service.state == StreamState::Unavailable => {
            Err(not_served(reason.unwrap_or("upstream refused it")))
        }
        None => {
            let why = reason.unwrap_or(&quotes.feed.reason);
            Err((503, format!("no price of {name} is known yet: {why}")))
        }
    }
}

/// `/price`: the price, and its age if it is stale.
fn price(view: &SymbolView, layout: Layout) -> Item {
    let quote = &view.quote;
    let places = Places::or_at_least(layout.dp, quote.instrument.decimals);
    let mut fields = vec![("price", number(quote.price, places))];
    if quote.stale_since.is_some() {
        fields.push(("last_quote_at", last_quote_at(view)));
    }
    Ok(with_marks(fields, view))
}

/// Twelve Data's fields, and what they cannot say.
fn with_marks(mut fields: Fields, view: &SymbolView) -> Fields {
    if let Some(since) = &view.quote.stale_since {
        fields.push(("stale_since", Value::plain(seconds(since))));
    }
    if view.quote.simulated {
        fields.push(("simulated", Value::plain(Some(true))));
    }
    fields
}

fn number(price: Option<f64>, places: Places) -> Value {
    price.map_or(Value::Null, |price| Value::Text(places.write(price)))
}

/// When the price was made, or the latest time before which it was not.
fn last_quote_at(view: &SymbolView) -> Value {
    // Of a bar of the day only the day is known.
    let is_known = view.quote.timestamp_precision != Some("day");
    let time = view.quote.timestamp.as_deref().filter(|_| is_known);
    Value::plain(time.and_then(seconds))
}

/// Whether the market is open: null once the time has passed at which that was to change.
fn is_market_open(view: &SymbolView, now: Millis) -> Value {
    let quote = &view.quote;
    let now = iso8601(now);
    // Both are in the same form, in which later times are greater texts.
    let turned = [&quote.opens_at, &quote.closes_at]
        .into_iter()
        .flatten()
        .any(|at| *at <= now);
    Value::plain(match quote.session {
        Session::Unknown => None,
        _ if turned => None,
        Session::Open => Some(true),
        Session::Closed | Session::Extended => Some(false),
    })
}

fn quote(view: &SymbolView, layout: Layout, timezone: Option<&str>, now: Millis, zones: Zones<'_>) -> Item {
    let (quote, details) = (&view.quote, &view.quote.instrument);
    let is_pair = quote.symbol.contains('/');
    let places = Places::or_at_least(layout.dp, details.decimals);
    let text = |text: &Option<String>| Value::text(text.as_deref());
    let price = |price: Option<f64>| number(price, places);
    let volume = |volume: Option<f64>| Value::text(volume.map(|volume| volume.to_string()).as_deref());
    let symbol = quote.symbol.split(':').next();

    // The opening of the day's bar; if that is unknown, the price's own time, which is no earlier.
    let made = quote.timestamp.as_deref().and_then(seconds);
    let opened = view.day_opened.map(|at| (at / SECOND) as i64).or(made);
    let day = match opened.and_then(|at| Millis::try_from(at).ok()) {
        None => Value::Null,
        Some(at) => {
            let own = details.timezone.as_deref().filter(|_| !is_pair);
            let zone = timezone.or(own).unwrap_or("UTC");
            let clock = Clock::new(zone, zones, now).ok_or_else(|| (400, unknown_zone(zone)))?;
            Value::Text(date(clock.local(at.saturating_mul(SECOND))))
        }
    };
    let change = quote.price.zip(quote.previous_close);
    let change = change.map(|(price, before)| places.write_difference(price, before));
    let percent = quote.percent_change.map(|percent| fixed(percent, 5));

    let mut fields: Fields = vec![("symbol", Value::text(symbol)), ("name", text(&details.name))];
    if !is_pair || details.kind == Some(Kind::Crypto) {
        fields.push(("exchange", text(&quote.exchange)));
    }
    if !is_pair {
        fields.push(("mic_code", text(&details.mic_code)));
        fields.push(("currency", text(&details.currency)));
    }
    fields.push(("datetime", day));
    fields.push(("timestamp", Value::plain(opened)));
    fields.push(("last_quote_at", last_quote_at(view)));
    fields.push(("open", price(quote.open)));
    fields.push(("high", price(quote.high)));
    fields.push(("low", price(quote.low)));
    fields.push(("close", price(quote.price)));
    if !is_pair {
        fields.push(("volume", volume(quote.day_volume)));
    }
    fields.push(("previous_close", price(quote.previous_close)));
    fields.push(("change", Value::text(change.as_deref())));
    fields.push(("percent_change", Value::text(percent.as_deref())));
    if !is_pair {
        fields.push(("average_volume", volume(details.average_volume)));
    }
    fields.push(("is_market_open", is_market_open(view, now)));
    fields.push(("fifty_two_week", year(view, places)));
    Ok(with_marks(fields, view))
}

/// The range of 52 weeks, and how far the price is from its ends.
fn year(view: &SymbolView, places: Places) -> Value {
    let details = &view.quote.instrument;
    let (Some(low), Some(high), Some(close)) = (details.year_low, details.year_high, view.quote.price) else {
        return Value::Null;
    };
    let change = |from: f64| Value::Text(places.write_difference(close, from));
    let percent = |from: f64| match from == 0.0 {
        true => Value::Null,
        false => Value::Text(fixed((close - from) / from * 100.0, 5)),
    };
    let (written_low, written_high) = (places.write(low), places.write(high));
    Value::Fields(vec![
        ("low", Value::text(Some(&written_low))),
        ("high", Value::text(Some(&written_high))),
        ("low_change", change(low)),
        ("high_change", change(high)),
        ("low_change_percent", percent(low)),
        ("high_change_percent", percent(high)),
        ("range", Value::Text(format!("{written_low} - {written_high}"))),
    ])
}
