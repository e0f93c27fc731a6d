//! Twelve Data's REST `/quote`: single and batch shapes, errors of symbols, and errors with HTTP
//! 200.

use super::event::{clean_all, price, stamp, volume};
use super::lenient::Item;
use super::refusal::refusal_in;
use super::{classify, lenient};
use crate::market::{Instrument, PolledQuote};
use crate::provider::{CallError, Refusal, Secret, SymbolError};
use serde::Deserialize;
use serde_json::Value;

/// Parses the answer to a call for `requested`: a flat object for one symbol, a map keyed by symbol
/// as sent for more. The result has one entry for each requested symbol, in order.
///
/// # Errors
/// [`CallError`] if the call as a whole failed.
pub fn parse_quotes(
    requested: &[Instrument],
    http_status: u16,
    body: &str,
    secret: &Secret,
) -> Result<Vec<Result<PolledQuote, SymbolError>>, CallError> {
    if let Some(refusal) = classify(http_status, body, secret) {
        // A single symbol's refusal has the form of a call's: only the code tells them apart.
        return match (&refusal, requested) {
            (Refusal::Request(_) | Refusal::Plan(_), [_]) if http_status != 403 => {
                Ok(vec![Err(SymbolError::Refused(refusal))])
            }
            _ => Err(CallError::Refused(refusal)),
        };
    }
    let Some(whole) = lenient::read::<Value>(body) else {
        return Err(CallError::Unreadable);
    };
    let Some(answer) = whole.as_object() else {
        return Err(CallError::Unreadable);
    };
    if let [only] = requested
        && answer.contains_key("close")
    {
        return Ok(vec![one(only, &whole, secret)]);
    }
    Ok(requested
        .iter()
        .map(|instrument| {
            let key = instrument.to_string();
            let entry = answer.get(&key).or_else(|| {
                let same = answer.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key));
                same.map(|(_, value)| value)
            });
            entry.map_or(Err(SymbolError::Missing), |value| one(instrument, value, secret))
        })
        .collect())
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default, deserialize_with = "lenient::text")]
    symbol: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    exchange: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    mic_code: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    currency: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    open: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    high: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    low: Option<f64>,
    #[serde(default)]
    fifty_two_week: Option<Item<Year>>,
    #[serde(default, deserialize_with = "lenient::number")]
    average_volume: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    close: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    previous_close: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    volume: Option<f64>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    is_market_open: Option<bool>,
    #[serde(default, deserialize_with = "lenient::number")]
    timestamp: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    last_quote_at: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Year {
    #[serde(default, deserialize_with = "lenient::number")]
    low: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    high: Option<f64>,
}

/// Low and high. If they contradict each other, either may be wrong, and both are dropped.
fn range(low: Option<f64>, high: Option<f64>) -> (Option<f64>, Option<f64>) {
    match (price(low).ok(), price(high).ok()) {
        (Some(low), Some(high)) if low > high => (None, None),
        range => range,
    }
}

fn one(instrument: &Instrument, value: &Value, secret: &Secret) -> Result<PolledQuote, SymbolError> {
    if let Some(refusal) = refusal_in(value, secret) {
        return Err(SymbolError::Refused(refusal));
    }
    let mut raw = Raw::deserialize(value).map_err(|_| SymbolError::Missing)?;
    if let Some(other) = raw.symbol.filter(|symbol| !instrument.is_about(symbol)) {
        return Err(SymbolError::NoPrice(answered_for(&other, secret)));
    }
    clean_all(
        secret,
        [
            &mut raw.exchange,
            &mut raw.mic_code,
            &mut raw.currency,
            &mut raw.kind,
            &mut raw.name,
        ],
    );
    let year = raw.fifty_two_week.and_then(Item::read).unwrap_or_default();
    let (low, high) = range(raw.low, raw.high);
    let (year_low, year_high) = range(year.low, year.high);
    Ok(PolledQuote {
        price: price(raw.close).map_err(|why| SymbolError::NoPrice(why.to_owned()))?,
        previous_close: price(raw.previous_close).ok(),
        day_volume: volume(raw.volume),
        exchange: raw.exchange,
        mic_code: raw.mic_code,
        currency: raw.currency,
        kind: raw.kind,
        is_market_open: raw.is_market_open,
        last_quote_at: raw.last_quote_at.and_then(stamp),
        bar_opened: raw.timestamp.and_then(stamp),
        name: raw.name,
        open: price(raw.open).ok(),
        high,
        low,
        year_low,
        year_high,
        // Zero means that nobody counts it.
        average_volume: volume(raw.average_volume).filter(|average| *average > 0.0),
    })
}

/// What to say of an answer about another symbol.
pub(super) fn answered_for(other: &str, secret: &Secret) -> String {
    const LONGEST: usize = 40;
    let other: String = secret.clean(other).chars().take(LONGEST).collect();
    format!("it answered for {other} instead")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [`super::parse_quotes`] without a key to hide.
    fn parse_quotes(
        requested: &[Instrument],
        status: u16,
        body: &str,
    ) -> Result<Vec<Result<PolledQuote, SymbolError>>, CallError> {
        super::parse_quotes(requested, status, body, &Secret::default())
    }

    fn instruments(symbols: &str) -> Vec<Instrument> {
        symbols
            .split(',')
            .map(|symbol| Instrument::parse(symbol).unwrap())
            .collect()
    }

    /// Captured on 2026-09-08.
    const AAPL: &str = r#"{"symbol":"AAPL","name":"Apple Inc.","exchange":"NASDAQ","mic_code":"XNGS","currency":"USD","datetime":"2026-09-08","timestamp":1788874200,"last_quote_at":1788893340,"open":"317.18","high":"320.71","low":"314.98","close":"315.02","volume":"886145","previous_close":"319.97000","change":"-4.95000","percent_change":"-1.54702","average_volume":"33681314","is_market_open":true,"fifty_two_week":{"low":"225.95000","high":"344.57001"}}"#;

    #[test]
    fn one_symbol_is_flat() {
        let quotes = parse_quotes(&instruments("AAPL"), 200, AAPL).unwrap();
        let expected = PolledQuote {
            price: 315.02,
            previous_close: Some(319.97),
            day_volume: Some(886_145.0),
            exchange: Some("NASDAQ".into()),
            mic_code: Some("XNGS".into()),
            currency: Some("USD".into()),
            kind: None,
            name: Some("Apple Inc.".into()),
            open: Some(317.18),
            high: Some(320.71),
            low: Some(314.98),
            year_low: Some(225.95),
            year_high: Some(344.57001),
            average_volume: Some(33_681_314.0),
            is_market_open: Some(true),
            last_quote_at: Some(1_788_893_340_000),
            bar_opened: Some(1_788_874_200_000),
        };
        assert_eq!(quotes, [Ok(expected)]);
    }

    #[test]
    fn several_are_a_map_keyed_as_sent_with_errors_of_their_own() {
        let invalid = r#"{"code":400,"message":"**symbol** not found: INVALID. Please specify it correctly according to API Documentation.","status":"error"}"#;
        let bitcoin = r#"{"symbol":"BTC/USD","close":95500.5,"previous_close":null,"is_market_open":"true","timestamp":1788893340}"#;
        let body = format!(r#"{{"AAPL":{AAPL},"INVALID":{invalid},"BTC/USD":{bitcoin}}}"#);
        let quotes = parse_quotes(&instruments("AAPL,INVALID,BTC/USD,SPY"), 200, &body).unwrap();
        assert!(quotes[0].is_ok());
        assert!(
            matches!(&quotes[1], Err(SymbolError::Refused(Refusal::Request(text))) if text == "**symbol** not found: INVALID")
        );
        let bitcoin = quotes[2].as_ref().unwrap();
        assert_eq!(
            (bitcoin.price, bitcoin.previous_close, bitcoin.is_market_open),
            (95500.5, None, Some(true))
        );
        assert_eq!(quotes[3], Err(SymbolError::Missing));
    }

    #[test]
    fn a_map_of_one_is_understood_too() {
        let body = format!(r#"{{"AAPL":{AAPL}}}"#);
        assert!(parse_quotes(&instruments("AAPL"), 200, &body).unwrap()[0].is_ok());
    }

    #[test]
    fn a_single_symbols_refusal_is_its_own_a_call_s_is_not() {
        let no =
            |code: u16, text: &str| serde_json::json!({"code": code, "message": text, "status": "error"}).to_string();
        let missing = no(404, "**symbol** or **figi** parameter is missing or invalid.");
        assert!(
            matches!(parse_quotes(&instruments("NOPE"), 404, &missing), Ok(list) if list.len() == 1 && list[0].is_err())
        );
        assert!(matches!(parse_quotes(&instruments("NOPE"), 200, &missing), Ok(list) if list[0].is_err()));
        let key = no(401, "**apikey** parameter is incorrect or not specified.");
        assert!(matches!(
            parse_quotes(&instruments("AAPL"), 200, &key),
            Err(CallError::Refused(Refusal::Key(_)))
        ));
        let minute = no(429, "You have run out of API credits for the current minute.");
        assert_eq!(
            parse_quotes(&instruments("AAPL,SPY"), 200, &minute),
            Err(CallError::Refused(Refusal::Minute))
        );
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        for body in ["", "<html>", "[]", "7", "null"] {
            assert_eq!(
                parse_quotes(&instruments("AAPL"), 200, body),
                Err(CallError::Unreadable),
                "{body}"
            );
        }
        assert_eq!(
            parse_quotes(&instruments("AAPL"), 200, "{}"),
            Ok(vec![Err(SymbolError::Missing)])
        );
        for (body, why) in [
            (
                r#"{"symbol":"AAPL","close":"0"}"#,
                "its price is zero, which is no price",
            ),
            (r#"{"symbol":"AAPL","close":null}"#, "its price is no number"),
            (r#"{"symbol":"AAPL","close":NaN}"#, "its price is no number"),
            (r#"{"symbol":"MSFT","close":"1"}"#, "it answered for MSFT instead"),
        ] {
            let quotes = parse_quotes(&instruments("AAPL"), 200, body).unwrap();
            assert_eq!(quotes, [Err(SymbolError::NoPrice(why.to_owned()))], "{body}");
        }
    }

    #[test]
    fn a_bad_number_in_one_record_costs_that_field() {
        let body = r#"{"AAPL":{"symbol":"AAPL","close":"1.5","previous_close":NaN},"SPY":{"symbol":"SPY","close":1e400},"BF-B":{"symbol":"BF.B","close":"2"},"M&M:NSE":{"symbol":"M&M","close":-3}}"#;
        let quotes = parse_quotes(&instruments("AAPL,SPY,BF-B,M&M:NSE"), 200, body).unwrap();
        let prices: Vec<_> = quotes
            .iter()
            .map(|quote| quote.as_ref().ok().map(|quote| quote.price))
            .collect();
        assert_eq!(prices, [Some(1.5), None, Some(2.0), Some(-3.0)]);
        assert_eq!(quotes[0].as_ref().unwrap().previous_close, None);
    }

    #[test]
    fn what_is_wrong_with_the_day_costs_the_price_nothing() {
        let quote = |fields: &str| {
            let body = format!(r#"{{"symbol":"AAPL","close":"5",{fields}}}"#);
            parse_quotes(&instruments("AAPL"), 200, &body)
                .unwrap()
                .remove(0)
                .unwrap()
        };
        let only_price = PolledQuote {
            price: 5.0,
            ..PolledQuote::default()
        };
        for fields in [
            r#""name":" ","open":null,"high":"n/a","low":"0","average_volume":"0","fifty_two_week":null"#,
            r#""name":7,"open":"0","high":[1],"low":{"low":2},"average_volume":"-4","fifty_two_week":"1 - 2""#,
            r#""high":"4","low":"6","fifty_two_week":{"low":9,"high":8,"range":"9 - 8"}"#,
        ] {
            assert_eq!(quote(fields), only_price, "{fields}");
        }
        let half = quote(r#""high":NaN,"low":4.5,"fifty_two_week":{"high":"8"}"#);
        assert_eq!(
            (half.low, half.high, half.year_low, half.year_high),
            (Some(4.5), None, None, Some(8.0))
        );
        let secret = Secret::new("SECRETKEY123456");
        let body = format!(r#"{{"close":1,"name":"{}SECRETKEY123456"}}"#, "long ".repeat(12));
        let quotes = super::parse_quotes(&instruments("AAPL"), 200, &body, &secret).unwrap();
        let name = quotes[0].as_ref().unwrap().name.clone().unwrap();
        assert_eq!(
            name,
            format!("{}[key", "long ".repeat(12)),
            "it is cleaned, then cut to 64"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_parser(status in 100u16..600, body in ".*") {
            let _ = parse_quotes(&instruments("AAPL,SPY"), status, &body);
        }
    }
}
