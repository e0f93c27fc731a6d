//! Twelve Data's REST `/market_state`: which exchanges trade, and when that changes.

use super::event::clean_all;
use super::lenient::{self, Item};
use super::refusal::read_answer;
use crate::market::{ExchangeHours, MINUTE, Millis, SECOND, numbers};
use crate::provider::{CallError, Secret};
use serde::Deserialize;

/// Most exchanges of an answer. There are about a hundred.
const MOST_EXCHANGES: usize = 500;

/// Parses the answer to a call for the hours of all exchanges, which arrived at `now`. An exchange
/// without a code, a name, or a word on whether it is open is left out.
///
/// # Errors
/// [`CallError`].
pub fn parse_hours(
    http_status: u16,
    body: &str,
    secret: &Secret,
    now: Millis,
) -> Result<Vec<ExchangeHours>, CallError> {
    let answer: Vec<Item<State>> = read_answer(http_status, body, secret)?;
    Ok(answer
        .into_iter()
        .filter_map(|state| state.read()?.into_hours(secret, now))
        .take(MOST_EXCHANGES)
        .collect())
}

#[derive(Deserialize)]
struct State {
    #[serde(default, deserialize_with = "lenient::words")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    code: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    country: Option<String>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    is_market_open: Option<bool>,
    #[serde(default, deserialize_with = "lenient::words")]
    time_to_open: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    time_to_close: Option<String>,
}

impl State {
    fn into_hours(mut self, secret: &Secret, now: Millis) -> Option<ExchangeHours> {
        clean_all(secret, [&mut self.name, &mut self.code, &mut self.country]);
        let is_open = self.is_market_open?;
        Some(ExchangeHours {
            code: self.code?,
            name: self.name?,
            country: self.country,
            is_open,
            opens_at: self
                .time_to_open
                .filter(|_| !is_open)
                .and_then(|left| after(now, &left)),
            closes_at: self
                .time_to_close
                .filter(|_| is_open)
                .and_then(|left| after(now, &left)),
        })
    }
}

/// The time that is `left` (`HH:MM:SS`, perhaps more than a day) after `now`, as a whole minute:
/// the provider counted from a clock that it read some seconds ago. `00:00:00` means that there is
/// no such time.
fn after(now: Millis, left: &str) -> Option<Millis> {
    let [hours, minutes, seconds] = numbers(left, ':')?.map(|number| u64::from(number.unsigned_abs()));
    let left = (hours * 60 + minutes) * MINUTE + seconds * SECOND;
    let is_time = left > 0 && minutes < 60 && seconds < 60;
    let rounded = now.saturating_add(left).saturating_add(MINUTE / 2) / MINUTE * MINUTE;
    is_time.then_some(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Refusal;

    /// 2026-01-19T14:32:03Z, three seconds after the provider read its clock.
    const NOW: Millis = 1_768_833_123_000;

    fn parse_hours(status: u16, body: &str) -> Result<Vec<ExchangeHours>, CallError> {
        super::parse_hours(status, body, &Secret::new("SECRETKEY123456"), NOW)
    }

    #[test]
    fn hours_are_whole_minutes() {
        let body = r#"[
            {"name":"NYSE","code":"XNYS","country":"United States","is_market_open":true,"time_after_open":"00:02:00","time_to_open":"00:00:00","time_to_close":"06:28:00"},
            {"name":"Tokyo","code":"XTKS","country":"","is_market_open":"false","time_after_open":"00:00:00","time_to_open":"57:28:00","time_to_close":"00:00:00"}
        ]"#;
        let text = |text: &str| text.to_owned();
        let expected = vec![
            ExchangeHours {
                code: text("XNYS"),
                name: text("NYSE"),
                country: Some(text("United States")),
                is_open: true,
                opens_at: None,
                closes_at: Some(1_768_856_400_000), // 21:00:00
            },
            ExchangeHours {
                code: text("XTKS"),
                name: text("Tokyo"),
                country: None,
                is_open: false,
                opens_at: Some(1_769_040_000_000), // two days later, 00:00:00
                closes_at: None,
            },
        ];
        assert_eq!(parse_hours(200, body), Ok(expected));
    }

    #[test]
    fn a_time_that_is_not_told_is_none() {
        for left in [
            "00:00:00",
            "",
            "1:2",
            "01:60:00",
            "01:00:61",
            "-01:00:00",
            "1 day",
            "99999:00:00",
            "٣:00:00",
        ] {
            assert_eq!(after(NOW, left), None, "{left}");
        }
        assert_eq!(after(NOW, "00:00:57"), Some(1_768_833_180_000));
        let states = r#"[{"name":"A","code":"B","is_market_open":true,"time_to_open":"01:00:00","time_to_close":7}]"#;
        let hours = &parse_hours(200, states).unwrap()[0];
        assert_eq!((hours.opens_at, hours.closes_at), (None, None), "it is open already");
    }

    #[test]
    fn an_exchange_that_is_not_told_in_full_is_left_out() {
        let body = r#"[7,null,[],{"name":"A","is_market_open":true},{"code":"B","is_market_open":true},{"name":"C","code":"C"},{"name":"SECRETKEY123456","code":"D","is_market_open":false}]"#;
        let names: Vec<_> = parse_hours(200, body)
            .unwrap()
            .into_iter()
            .map(|one| one.name)
            .collect();
        assert_eq!(names, ["[key]"]);
        let many = vec![r#"{"name":"A","code":"B","is_market_open":true}"#; 600].join(",");
        assert_eq!(parse_hours(200, &format!("[{many}]")).unwrap().len(), MOST_EXCHANGES);
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        for body in ["", "<html>", "{}", "null", "7", r#"{"data":[]}"#] {
            assert_eq!(parse_hours(200, body), Err(CallError::Unreadable), "{body}");
        }
        assert_eq!(parse_hours(200, "[]"), Ok(vec![]));
        assert_eq!(parse_hours(429, ""), Err(CallError::Refused(Refusal::Minute)));
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_parser(status in 100u16..600, body in ".*", left in ".*") {
            let _ = parse_hours(status, &body);
            let _ = after(NOW, &left);
        }
    }
}
