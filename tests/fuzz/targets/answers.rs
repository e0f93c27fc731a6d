//! What must hold of every answer of upstream's REST calls, whatever its body.

use hamster_terminal::market::{BarSource, DAY, Instrument, Interval, MINUTE, Millis};
use hamster_terminal::provider::twelve_data::{parse_hours, parse_quotes, parse_search, parse_series, plan_named};
use hamster_terminal::provider::{CallError, Secret, Series, SymbolError};

/// The key that seeds repeat.
const KEY: &str = "3b1f0c9a7d5e4862";
/// 2026-01-19T14:32:15Z, as in docs/protocol.md.
const NOON: Millis = 1_768_833_135_000;

/// Gives the body to the parser of each call.
pub fn parse(every: &[Instrument], status: u16, body: &str) {
    let secret = Secret::new(KEY);
    for requested in [&every[..1], &every[2..3], every] {
        quotes(requested, status, body, &secret);
    }
    for interval in Interval::ALL {
        series(&every[0], interval, status, body, &secret);
    }
    search(status, body, &secret);
    hours(status, body, &secret);
}

fn quotes(requested: &[Instrument], status: u16, body: &str, secret: &Secret) {
    let Some(quotes) = answered(parse_quotes(requested, status, body, secret)) else {
        return;
    };
    assert_eq!(quotes.len(), requested.len(), "one answer for each symbol");
    for quote in quotes {
        match quote {
            Ok(quote) => {
                shown(
                    64,
                    [
                        &quote.name,
                        &quote.exchange,
                        &quote.mic_code,
                        &quote.currency,
                        &quote.kind,
                    ],
                );
                for range in [(quote.low, quote.high), (quote.year_low, quote.year_high)] {
                    assert!(!matches!(range, (Some(low), Some(high)) if low > high), "{quote:?}");
                }
            }
            Err(SymbolError::Refused(refusal)) => shown(200, [&Some(refusal.text().to_owned())]),
            Err(SymbolError::NoPrice(why)) => shown(200, [&Some(why)]),
            Err(SymbolError::Missing) => {}
        }
    }
}

fn series(requested: &Instrument, interval: Interval, status: u16, body: &str, secret: &Secret) {
    let Some(series) = answered(parse_series(requested, interval, status, body, secret)) else {
        return;
    };
    assert!(series.bars.len() <= 5_000);
    assert!(
        series.bars.is_sorted_by(|one, next| one.time < next.time),
        "each time once"
    );
    for bar in &series.bars {
        assert!(bar.is_sound() && bar.source == BarSource::Provider, "{bar:?}");
        for price in [bar.open, bar.high, bar.low, bar.close] {
            assert!(price.is_finite() && price != 0.0, "{bar:?}");
        }
        assert!(bar.volume.is_none_or(|volume| volume >= 0.0), "{bar:?}");
        assert!(bar.time < 200 * 366 * DAY, "{bar:?}");
        assert!(interval != Interval::Day || bar.time % DAY == 0, "{bar:?}");
    }
    let Series {
        currency,
        exchange,
        mic_code,
        kind,
        timezone,
        ..
    } = &series;
    shown(64, [currency, exchange, mic_code, kind, timezone]);
}

fn search(status: u16, body: &str, secret: &Secret) {
    let found = answered(parse_search(status, body, secret)).unwrap_or_default();
    assert!(found.len() <= 120);
    for one in &found {
        let instrument = Instrument::parse(&one.symbol).unwrap();
        assert_eq!(
            (instrument.symbol(), instrument.exchange()),
            (one.symbol.as_str(), None)
        );
        shown(32, [&Some(one.symbol.clone())]);
        shown(64, [&one.name, &one.exchange, &one.mic_code, &one.kind]);
        shown(64, [&one.currency, &one.country, &one.plan]);
    }
}

fn hours(status: u16, body: &str, secret: &Secret) {
    let all = answered(parse_hours(status, body, secret, NOON)).unwrap_or_default();
    assert!(all.len() <= 500);
    for one in &all {
        shown(64, [&Some(one.code.clone()), &Some(one.name.clone()), &one.country]);
        assert!(one.opens_at.is_none() || !one.is_open, "{one:?}");
        assert!(one.closes_at.is_none() || one.is_open, "{one:?}");
        for at in [one.opens_at, one.closes_at].into_iter().flatten() {
            assert!(at % MINUTE == 0 && at + MINUTE / 2 > NOON, "{one:?}");
        }
    }
}

/// The answer; what is said of a refusal is checked.
fn answered<T>(answer: Result<T, CallError>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(CallError::Unreadable) => None,
        Err(CallError::Refused(refusal)) => {
            shown(200, [&Some(refusal.text().to_owned()), &plan_named(refusal.text())]);
            None
        }
    }
}

/// Texts that people see: not long, and without the key.
fn shown<const N: usize>(most: usize, texts: [&Option<String>; N]) {
    for text in texts.into_iter().flatten() {
        assert!(text.chars().count() <= most, "{text}");
        assert!(!text.to_ascii_lowercase().contains(KEY), "{text}");
    }
}
