//! Twelve Data's REST `/symbol_search`: instruments whose symbol or name fits a text.

use super::event::clean_all;
use super::lenient::{self, Item};
use super::refusal::read_answer;
use crate::market::{Instrument, Listing};
use crate::provider::{CallError, Secret};
use serde::Deserialize;

/// Most results of an answer; the provider sends no more.
pub(super) const MOST_LISTINGS: usize = 120;

/// Parses the answer to a search. The same symbol comes once for each venue that lists it. A result
/// without a valid symbol is left out.
///
/// # Errors
/// [`CallError`]. No result is not an error.
pub fn parse_search(http_status: u16, body: &str, secret: &Secret) -> Result<Vec<Listing>, CallError> {
    let answer: Answer = read_answer(http_status, body, secret)?;
    let found = answer.data.ok_or(CallError::Unreadable)?;
    Ok(found
        .into_iter()
        .filter_map(|found| found.read()?.into_listing(secret))
        .take(MOST_LISTINGS)
        .collect())
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient::some_list")]
    data: Option<Vec<Item<Found>>>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default, deserialize_with = "lenient::words")]
    symbol: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    instrument_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    exchange: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    mic_code: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    instrument_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    country: Option<String>,
    #[serde(default)]
    access: Option<Item<Access>>,
}

/// The plans that include an instrument.
#[derive(Deserialize)]
struct Access {
    #[serde(default, deserialize_with = "lenient::words")]
    global: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    plan: Option<String>,
}

impl Found {
    fn into_listing(self, secret: &Secret) -> Option<Listing> {
        let symbol = Instrument::new(&secret.clean(&self.symbol?), None).ok()?;
        let access = self.access.and_then(Item::read);
        let mut listing = Listing {
            symbol: symbol.symbol().to_owned(),
            name: self.instrument_name,
            exchange: self.exchange,
            mic_code: self.mic_code,
            kind: self.instrument_type,
            currency: self.currency,
            country: self.country,
            plan: access.and_then(|access| access.plan.or(access.global)),
        };
        clean_all(
            secret,
            [
                &mut listing.name,
                &mut listing.exchange,
                &mut listing.mic_code,
                &mut listing.kind,
                &mut listing.currency,
                &mut listing.country,
                &mut listing.plan,
            ],
        );
        Some(listing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Refusal;

    fn parse_search(status: u16, body: &str) -> Result<Vec<Listing>, CallError> {
        super::parse_search(status, body, &Secret::new("SECRETKEY123456"))
    }

    fn found(data: &str) -> Vec<Listing> {
        parse_search(200, &format!(r#"{{"data":[{data}],"status":"ok"}}"#)).unwrap()
    }

    #[test]
    fn a_result_is_told_in_full() {
        let text = |text: &str| Some(text.to_owned());
        let ry = r#"{"symbol":"ry","instrument_name":"Royal Bank of Canada","exchange":"TSX","mic_code":"XTSE","exchange_timezone":"America/Toronto","instrument_type":"Common Stock","country":"Canada","currency":"CAD","access":{"global":"Level A","plan":"Grow","plan_business":"Venture"}}"#;
        let pair = r#"{"symbol":"EUR/USD","instrument_name":"Euro / US Dollar","exchange":" ","mic_code":"","instrument_type":"Physical Currency","country":null,"currency":7,"access":{"global":"Basic","plan":""}}"#;
        let expected = [
            Listing {
                symbol: "RY".to_owned(),
                name: text("Royal Bank of Canada"),
                exchange: text("TSX"),
                mic_code: text("XTSE"),
                kind: text("Common Stock"),
                currency: text("CAD"),
                country: text("Canada"),
                plan: text("Grow"),
            },
            Listing {
                symbol: "EUR/USD".to_owned(),
                name: text("Euro / US Dollar"),
                exchange: None,
                mic_code: None,
                kind: text("Physical Currency"),
                currency: None,
                country: None,
                plan: text("Basic"),
            },
        ];
        assert_eq!(found(&format!("{ry},{pair}")), expected);
    }

    #[test]
    fn a_result_that_cannot_be_watched_is_left_out() {
        let symbols = [
            r#""A B""#,
            r#""RY:TSX""#,
            r#""""#,
            "null",
            "7",
            r#""SECRETKEY123456""#,
            r#""AA""#,
        ];
        let mut data: Vec<_> = symbols.map(|symbol| format!(r#"{{"symbol":{symbol}}}"#)).into();
        data.extend(
            [
                "7",
                "null",
                "[]",
                r#"{"symbol":"AB","access":"Basic","currency":"SECRETKEY123456"}"#,
            ]
            .map(str::to_owned),
        );
        let found: Vec<_> = found(&data.join(","))
            .into_iter()
            .map(|found| (found.symbol, found.currency))
            .collect();
        assert_eq!(
            found,
            [("AA".to_owned(), None), ("AB".to_owned(), Some("[key]".to_owned()))]
        );
    }

    #[test]
    fn there_are_at_most_120() {
        assert_eq!(found(&vec![r#"{"symbol":"AA"}"#; 200].join(",")).len(), MOST_LISTINGS);
        assert_eq!(found(""), []);
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            "null",
            r#"{"data":null}"#,
            r#"{"data":{"symbol":"AA"}}"#,
        ] {
            assert_eq!(parse_search(200, body), Err(CallError::Unreadable), "{body}");
        }
        let minute =
            r#"{"code":429,"message":"You have run out of API credits for the current minute.","status":"error"}"#;
        assert_eq!(parse_search(200, minute), Err(CallError::Refused(Refusal::Minute)));
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_parser(status in 100u16..600, body in ".*") {
            let _ = parse_search(status, &body);
        }
    }
}
