//! Paths and queries of Twelve Data's REST calls.

use super::search::MOST_LISTINGS;
use super::series::MOST_BARS;
use crate::provider::Call;

/// The path and query of a call, such as `/quote?symbol=BTC%2FUSD,AAPL`. The key travels in a
/// header, never here.
#[must_use]
pub fn path(call: &Call) -> String {
    match call {
        Call::Quotes(symbols) => {
            let symbols: Vec<String> = symbols.iter().map(|symbol| encoded(symbol)).collect();
            format!("/quote?symbol={}", symbols.join(","))
        }
        // Without `timezone`, times are local to the exchange. Prices come with all decimals.
        Call::Series { symbol, interval, bars } => format!(
            "/time_series?symbol={}&interval={}&outputsize={}&timezone=UTC",
            encoded(symbol),
            interval.name(),
            (*bars).clamp(1, MOST_BARS as u32)
        ),
        Call::Search { text, most } => format!(
            "/symbol_search?symbol={}&outputsize={}&show_plan=true",
            encoded(text),
            (*most).clamp(1, MOST_LISTINGS as u32)
        ),
        Call::Hours => "/market_state".to_owned(),
    }
}

/// A value of a query. A colon may stay as it is there; it separates symbol and exchange.
fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'~' | b':' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Interval;

    #[test]
    fn every_call_has_its_path() {
        let series = |symbol: &str, interval, bars| Call::Series {
            symbol: symbol.to_owned(),
            interval,
            bars,
        };
        let search = |text: &str, most| Call::Search {
            text: text.to_owned(),
            most,
        };
        for (call, expected) in [
            (
                Call::Quotes(["BTC/USD", "AAPL", "BTC/USD:Coinbase Pro"].map(str::to_owned).into()),
                "/quote?symbol=BTC%2FUSD,AAPL,BTC%2FUSD:Coinbase%20Pro",
            ),
            (
                series("BTC/USD", Interval::FourHours, 500),
                "/time_series?symbol=BTC%2FUSD&interval=4h&outputsize=500&timezone=UTC",
            ),
            (
                series("RY:TSX", Interval::Day, 9_999),
                "/time_series?symbol=RY:TSX&interval=1day&outputsize=5000&timezone=UTC",
            ),
            (
                search("A&B=ü, ~?#%", 0),
                "/symbol_search?symbol=A%26B%3D%C3%BC%2C%20~%3F%23%25&outputsize=1&show_plan=true",
            ),
            (
                search("app", 500),
                "/symbol_search?symbol=app&outputsize=120&show_plan=true",
            ),
            (Call::Hours, "/market_state"),
        ] {
            assert_eq!(path(&call), expected);
        }
    }
}
