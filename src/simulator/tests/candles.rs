//! Bars made from ticks and bars by REST agree.

use jiff::tz::TimeZone;

use super::hours::local;
use super::*;

/// Open, high, low, close, volume.
type Bar = [f64; 5];

/// The bars of a series with their times, oldest first.
fn bars(exchange: &mut Exchange, query: &str, now: Millis) -> Vec<(String, Bar)> {
    let reply = exchange.rest("/time_series", &format!("order=asc&{query}"), None, now);
    let series: Value = serde_json::from_str(&reply.body).unwrap();
    let rows = series["values"].as_array().unwrap_or_else(|| unreachable!("{series}"));
    let bar = |row: &Value| {
        let [open, high, low, close] = ["open", "high", "low", "close"].map(|name| number(&row[name]));
        let volume = row.get("volume").map_or(0.0, number);
        (
            row["datetime"].as_str().unwrap().to_owned(),
            [open, high, low, close, volume],
        )
    };
    rows.iter().map(bar).collect()
}

/// Markets that are open, closed or always open, at many times of the week.
fn markets() -> impl Iterator<Item = (Exchange, &'static str, Millis)> {
    let symbols = ["AAPL", "EUR/USD", "BTC/USD", "GRT/BTC", "GDAXI", "RY:TSX", "XAU/USD"];
    (0..28_u64).map(move |seed| {
        let settings = Settings {
            always_open: seed % 4 == 0,
            ..Settings::default()
        };
        let now = WEDNESDAY + walk::scramble(seed) % (7 * DAY);
        let symbol = symbols[seed as usize % symbols.len()];
        (Exchange::new(settings, seed, now), symbol, now)
    })
}

#[test]
fn every_price_of_a_minute_lies_within_its_bar() {
    for (mut exchange, symbol, now) in markets() {
        let minutes = (1..).map(|back| now / MINUTE * MINUTE - back * 37 * MINUTE);
        let open: Vec<Millis> = minutes.filter(|at| exchange.is_open(symbol, *at)).take(5).collect();
        for from in open {
            let [start, end] = [from, from + MINUTE].map(|at| local(&TimeZone::UTC, at));
            let query = format!("symbol={symbol}&interval=1min&timezone=UTC&start_date={start}&end_date={end}");
            let [(_, [_, high, low, close, _])] = bars(&mut exchange, &query, now)[..] else {
                unreachable!("{symbol} {start}: not one bar");
            };
            for at in (from..=from + MINUTE).step_by(50) {
                let price = exchange.price(symbol, at).unwrap();
                assert!(
                    low <= price && price <= high,
                    "{symbol} {start}: {price} is not in {low}..{high}"
                );
            }
            // Bars touch: a minute closes at the price with which the next one opens.
            assert_eq!(exchange.price(symbol, from + MINUTE), Some(close));
        }
    }
}

#[test]
fn longer_bars_are_their_minutes_together_and_the_quote_is_the_newest_day() {
    for (mut exchange, symbol, now) in markets() {
        let zone = if exchange.settings().always_open {
            "UTC"
        } else {
            "Exchange"
        };
        let mut series = |interval: &str, count: u32| {
            let query = format!("symbol={symbol}&interval={interval}&outputsize={count}&timezone={zone}&dp=8");
            bars(&mut exchange, &query, now)
        };
        let minutes = series("1min", 5_000);
        for interval in ["5min", "1h", "4h", "1day"] {
            // The minutes begin within a bar, and that one is not whole.
            let longer: Vec<_> = series(interval, 400)
                .into_iter()
                .filter(|bar| bar.0 > minutes[0].0)
                .collect();
            assert!(longer.len() > 2, "{symbol} {interval}");
            for (place, (start, bar)) in longer.iter().enumerate() {
                let next = longer.get(place + 1).map(|bar| &bar.0);
                let from = minutes.partition_point(|(at, _)| at < start);
                let to = minutes.partition_point(|(at, _)| next.is_none_or(|next| at < next));
                let parts = minutes[from..to].iter().map(|one| one.1);
                let together = parts.reduce(|all, one| {
                    let (high, low) = (all[1].max(one[1]), all[2].min(one[2]));
                    [all[0], high, low, one[3], all[4] + one[4]]
                });
                assert_eq!(together, Some(*bar), "{symbol} {interval} {start}");
            }
        }
        let day = series("1day", 1).pop().unwrap().1;
        let reply = exchange.rest("/quote", &format!("symbol={symbol}&dp=8"), None, now);
        let quote: Value = serde_json::from_str(&reply.body).unwrap();
        let quoted = ["open", "high", "low", "close"].map(|name| number(&quote[name]));
        assert_eq!(quoted, day[..4], "{symbol}: {quote}");
        let [low, high] = ["low", "high"].map(|name| number(&quote["fifty_two_week"][name]));
        assert!(low <= day[2] && high >= day[1], "{quote}");
    }
}
