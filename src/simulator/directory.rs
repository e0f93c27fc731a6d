//! `/market_state` and `/symbol_search`: which exchanges are open, and which instruments there are.

use super::exchange::Exchange;
use super::faults::Switches;
use super::hours::Hours;
use super::instruments::{INSTRUMENTS, Instrument};
use super::json::{Json, Object};
use super::rest::Query;
use super::{Millis, SECOND};

impl<F: Switches> Exchange<F> {
    /// The exchanges, filtered by `exchange`, `code` and `country`. Pairs trade on none of them.
    pub(super) fn market_state(&self, query: &Query, now: Millis) -> Json {
        let venues = [
            ("NASDAQ", "XNGS", "United States", Hours::NewYork),
            ("NYSE", "XNYS", "United States", Hours::NewYork),
            ("NYSE", "ARCX", "United States", Hours::NewYork),
            ("TSX", "XTSE", "Canada", Hours::Toronto),
            ("XETR", "XETR", "Germany", Hours::Frankfurt),
        ];
        let states = venues
            .into_iter()
            .filter(|(name, code, country, _)| {
                let fits = |parameter, value: &str| {
                    query
                        .get(parameter)
                        .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
                };
                fits("exchange", name) && fits("code", code) && fits("country", country)
            })
            .map(|(name, code, country, hours)| {
                let hours = if self.settings.always_open {
                    Hours::Always
                } else {
                    hours
                };
                let session = hours.session(now);
                let open = hours.is_open(now);
                let since = |yes: bool, length: Millis| clock(if yes { length } else { 0 });
                Object::default()
                    .with("name", name)
                    .with("code", code)
                    .with("country", country)
                    .with("is_market_open", open)
                    .with("time_after_open", since(open, now.saturating_sub(session.open)))
                    .with("time_to_open", since(!open, hours.next_open(now).saturating_sub(now)))
                    .with("time_to_close", since(open, session.close.saturating_sub(now)))
                    .into()
            });
        Json::List(states.collect())
    }
}

/// The instruments whose symbol begins with `symbol` or whose name contains it, in any case: the
/// symbol itself first, then longer symbols, then names.
pub(super) fn symbol_search(query: &Query) -> Json {
    let wanted = query.get("symbol").unwrap_or_default().to_ascii_uppercase();
    let count = query.get("outputsize").and_then(|text| text.parse::<usize>().ok());
    let shows_plan = query
        .get("show_plan")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let rank = |one: &Instrument| {
        let names = [one.symbol == wanted, one.symbol.starts_with(&wanted)];
        let name = || one.name.to_ascii_uppercase().contains(&wanted).then_some(names.len());
        names.into_iter().position(|fits| fits).or_else(name)
    };
    let ranks = (0..=2).filter(|_| !wanted.is_empty());
    let found = ranks.flat_map(|of| INSTRUMENTS.iter().filter(move |one| rank(one) == Some(of)));
    let item = |one: &Instrument| {
        // The same plan worldwide as for this key: no source shows where the two differ.
        let plan = if one.basic_plan { "Basic" } else { "Grow" };
        let access = Object::default().with("global", plan).with("plan", plan);
        Object::default()
            .with("symbol", one.symbol)
            .with("instrument_name", one.name)
            .with("exchange", one.exchange)
            .with("mic_code", one.mic_code)
            .with("exchange_timezone", one.hours.zone().iana_name().unwrap_or("UTC"))
            .with("instrument_type", one.class.name())
            .with("country", one.country)
            .with("currency", one.currency)
            .with_some("access", shows_plan.then_some(access))
            .into()
    };
    let found = found.into_iter().take(count.unwrap_or(30).min(120)).map(item);
    Object::default()
        .with("data", found.collect::<Vec<Json>>())
        .with("status", "ok")
        .into()
}

/// A duration as `HH:MM:SS`.
fn clock(length: Millis) -> String {
    let seconds = length / SECOND;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
