//! The cache: the newest quote of each tracked symbol, and the rules by which a newer one replaces it.
//!
//! **A quote never goes back in time.** Ticks are ordered by exchange time; upstream stamps whole seconds, so an equal stamp wins
//! (two prices may share a second) and an older one is dropped. A stamp in the future is clamped to the time of receipt, or it
//! would block every honest tick behind it.

use crate::clock::{DAY, MINUTE, Millis, SECOND};
use crate::twelve_data::{Instrument, Price, RestQuote};
use serde::{Deserialize, Serialize};

/// Where a price came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Twelve Data's WebSocket.
    Live,
    /// Twelve Data's REST API.
    Rest,
    /// Storage, after a restart; not confirmed since.
    Restored,
    /// The built-in simulator, by whichever of its ways.
    Simulated,
}

/// Whether the market of a symbol trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Session {
    /// Upstream says so, or it ticks, or it never closes.
    Open,
    /// Upstream says so.
    Closed,
    /// Nobody said.
    Unknown,
}

/// The newest price of a symbol and what is known about it. Prices are in the quote currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// Last price.
    pub price: f64,
    /// As upstream gave it.
    pub bid: Option<f64>,
    /// As upstream gave it.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day.
    pub day_volume: Option<f64>,
    /// The venue, where upstream names one.
    pub exchange: Option<String>,
    /// When the exchange says that the price was made.
    pub exchange_time: Millis,
    /// When it reached the hub, or was last confirmed by REST.
    pub received: Millis,
    /// Where it came from.
    pub source: Source,
    /// `None`: fresh. Otherwise since when it is stale.
    pub stale_since: Option<Millis>,
}

/// What is known of a symbol apart from its price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Close of the trading day before; absent until upstream told it.
    pub previous_close: Option<f64>,
    /// Whether its market trades.
    pub session: Session,
    /// When REST last told both; 0 for never.
    pub asked: Millis,
}

/// The quote and reference of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The newest price, if any came yet.
    pub quote: Option<Quote>,
    /// Previous close and session.
    pub reference: Reference,
}

/// What an update did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Subscribers must hear of it.
    Updated,
    /// Older than what is shown: dropped.
    Dropped,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            quote: None,
            reference: Reference {
                previous_close: None,
                session: Session::Unknown,
                asked: 0,
            },
        }
    }
}

impl Cell {
    /// Takes a tick of the WebSocket.
    pub fn tick(&mut self, price: &Price, source: Source, now: Millis) -> Change {
        let exchange_time = price.timestamp.min(now);
        if self
            .quote
            .as_ref()
            .is_some_and(|quote| exchange_time < quote.exchange_time)
        {
            return Change::Dropped;
        }
        let of_another_day = self.reference.asked != 0 && self.reference.asked / DAY < exchange_time / DAY;
        if self.reference.session == Session::Closed || of_another_day {
            // Yesterday's reference is not today's. Unknown until REST tells, rather than wrong.
            self.reference.previous_close = None;
            self.reference.asked = 0;
        }
        self.reference.session = Session::Open;
        let before = self.quote.take();
        self.quote = Some(Quote {
            price: price.price,
            bid: price.bid,
            ask: price.ask,
            day_volume: price.day_volume,
            exchange: price
                .exchange
                .clone()
                .or_else(|| before.and_then(|quote| quote.exchange)),
            exchange_time,
            received: now,
            source,
            stale_since: None,
        });
        Change::Updated
    }

    /// Takes a REST quote that was asked for at `asked`. `streaming` says that the WebSocket serves this symbol now: then REST
    /// brings the previous close and the session, and its price only if that is strictly newer.
    ///
    /// REST stamps the minute's candle, not the trade. A price that was asked for after the newest tick came, in the same minute or a
    /// later one, is therefore at least as new as that tick, and keeps the later of both stamps.
    pub fn rest(&mut self, rest: &RestQuote, source: Source, streaming: bool, asked: Millis, now: Millis) -> Change {
        let before = (self.reference.previous_close, self.reference.session);
        let ticks = streaming
            && self
                .quote
                .as_ref()
                .is_some_and(|quote| is_a_tick(quote.source) && now.saturating_sub(quote.received) < MINUTE);
        if rest.is_market_open == Some(false) && ticks {
            // Ticks of the last minute know better: upstream's day has not turned yet, nor then has its previous close.
            self.reference.session = Session::Open;
            self.reference.asked = 0;
        } else {
            self.reference = Reference {
                previous_close: rest.previous_close,
                session: match rest.is_market_open {
                    Some(true) => Session::Open,
                    Some(false) => Session::Closed,
                    None => self.reference.session,
                },
                asked: now,
            };
        }
        let told = (self.reference.previous_close, self.reference.session) != before;

        let is_closed = self.reference.session == Session::Closed;
        let traded = rest.last_quote_at.map(|at| at.min(now));
        // Crypto and forex have no stamp but the day's bar: the price is as of the question, or of a closed day.
        // In whole seconds, as ticks are stamped: a tick of the second in which REST was asked is not older than its answer.
        let stamp = traded
            .or(rest.bar_opened.filter(|_| is_closed))
            .unwrap_or(asked)
            .min(now);
        let stamp = stamp - stamp % SECOND;
        let newer = match &self.quote {
            None => true,
            // No tick comes of a closed market: what REST says after the last one is the last word.
            Some(quote) if is_closed && asked >= quote.received => true,
            Some(quote) if streaming && quote.source != Source::Restored && quote.stale_since.is_none() => {
                traded.is_some_and(|at| at > quote.exchange_time)
            }
            Some(quote) => {
                let same_minute = traded.is_none_or(|at| at / MINUTE >= quote.exchange_time / MINUTE);
                asked >= quote.received && same_minute || traded.is_some_and(|at| at > quote.exchange_time)
            }
        };
        if !newer {
            // A closed market's last trade is older than its minute: the same price, confirmed.
            if let Some(quote) = &mut self.quote
                && !streaming
                && asked >= quote.received
                && (quote.price - rest.price).abs() < f64::EPSILON * rest.price
            {
                quote.received = now;
                quote.stale_since = None;
                if quote.source == Source::Restored {
                    quote.source = source;
                }
                return Change::Updated;
            }
            return if told { Change::Updated } else { Change::Dropped };
        }
        let before = self.quote.take();
        self.quote = Some(Quote {
            price: rest.price,
            bid: None,
            ask: None,
            day_volume: rest.day_volume,
            exchange: rest
                .exchange
                .clone()
                .or_else(|| before.as_ref().and_then(|quote| quote.exchange.clone())),
            exchange_time: before.map_or(stamp, |quote| quote.exchange_time.max(stamp)),
            received: now,
            source,
            stale_since: None,
        });
        Change::Updated
    }

    /// When the quote turns stale if nothing comes; `None` when it is stale already, or there is none, or its market is known to
    /// be closed: then no news is expected.
    #[must_use]
    pub fn turns_stale_at(&self, after: Millis) -> Option<Millis> {
        let quote = self.quote.as_ref()?;
        (quote.stale_since.is_none() && !self.closed_and_confirmed()).then(|| quote.received.saturating_add(after))
    }

    /// Marks the quote stale if its time has come; says whether it did.
    pub fn expire(&mut self, after: Millis, now: Millis) -> bool {
        let due = self.turns_stale_at(after).is_some_and(|at| at <= now);
        if let (true, Some(quote)) = (due, &mut self.quote) {
            quote.stale_since = Some(quote.received);
        }
        due
    }

    /// Percent change against the previous close, `0.25` for 0.25 %, rounded to five places as upstream does.
    #[must_use]
    pub fn percent_change(&self) -> Option<f64> {
        let price = self.quote.as_ref()?.price;
        let previous = self.reference.previous_close?;
        let percent = (price - previous) / previous * 100.0;
        percent.is_finite().then(|| (percent * 1e5).round() / 1e5)
    }

    fn closed_and_confirmed(&self) -> bool {
        self.reference.session == Session::Closed
            && self
                .quote
                .as_ref()
                .is_some_and(|quote| quote.source != Source::Restored)
    }
}

/// Whether a price came by the WebSocket, as far as its source tells; what was restored may have come by either way.
fn is_a_tick(source: Source) -> bool {
    matches!(source, Source::Live | Source::Simulated)
}

/// Upstream's type for what trades around the clock.
#[must_use]
pub fn never_closes(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Digital Currency"))
}

/// The key of a symbol in the original's REST shape: lower case without the slash, `BTC/USD` → `btcusd`.
#[must_use]
pub fn original_key(instrument: &Instrument) -> String {
    instrument.to_string().to_ascii_lowercase().replace('/', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_768_833_137_000;

    fn price(value: f64, timestamp: Millis) -> Price {
        Price {
            symbol: "AAPL".into(),
            exchange: Some("NASDAQ".into()),
            kind: None,
            price: value,
            bid: None,
            ask: None,
            day_volume: Some(10.0),
            timestamp,
        }
    }

    fn rest(value: f64, timestamp: Millis, open: bool) -> RestQuote {
        RestQuote {
            price: value,
            previous_close: Some(100.0),
            day_volume: None,
            exchange: None,
            is_market_open: Some(open),
            last_quote_at: Some(timestamp),
            bar_opened: None,
        }
    }

    fn shown(cell: &Cell) -> f64 {
        cell.quote.as_ref().unwrap().price
    }

    #[test]
    fn an_equal_second_wins_and_an_older_one_is_dropped() {
        let mut cell = Cell::default();
        cell.tick(&price(1.0, NOW), Source::Live, NOW);
        assert_eq!(cell.tick(&price(2.0, NOW), Source::Live, NOW + 10), Change::Updated);
        assert_eq!(
            cell.tick(&price(3.0, NOW - 1_000), Source::Live, NOW + 20),
            Change::Dropped
        );
        assert_eq!(shown(&cell), 2.0);
    }

    #[test]
    fn a_future_stamp_is_clamped_and_blocks_nothing() {
        let mut cell = Cell::default();
        cell.tick(&price(1.0, NOW + 3_600_000), Source::Live, NOW);
        assert_eq!(cell.quote.as_ref().unwrap().exchange_time, NOW);
        assert_eq!(
            cell.tick(&price(2.0, NOW + 1_000), Source::Live, NOW + 1_500),
            Change::Updated
        );
    }

    #[test]
    fn percent_change_is_absent_until_the_previous_close_is_known() {
        let mut cell = Cell::default();
        cell.tick(&price(101.0, NOW), Source::Live, NOW);
        assert_eq!(cell.percent_change(), None);
        cell.rest(&rest(100.5, NOW - 60_000, true), Source::Rest, true, NOW, NOW + 100);
        assert_eq!((shown(&cell), cell.percent_change()), (101.0, Some(1.0)));
    }

    #[test]
    fn rest_replaces_a_tick_of_the_same_minute_once_the_stream_is_gone() {
        let mut cell = Cell::default();
        let minute = NOW / MINUTE * MINUTE;
        cell.tick(&price(101.0, minute + 45_000), Source::Live, minute + 45_100);
        assert_eq!(
            cell.rest(
                &rest(102.0, minute, true),
                Source::Rest,
                false,
                minute + 50_000,
                minute + 50_100
            ),
            Change::Updated
        );
        let quote = cell.quote.clone().unwrap();
        assert_eq!(
            (quote.price, quote.exchange_time, quote.source),
            (102.0, minute + 45_000, Source::Rest)
        );
        // Asked before the tick came: it may be older.
        cell.tick(&price(103.0, minute + 55_000), Source::Live, minute + 55_100);
        cell.rest(
            &rest(99.0, minute, true),
            Source::Rest,
            false,
            minute + 54_000,
            minute + 55_200,
        );
        assert_eq!(shown(&cell), 103.0);
    }

    #[test]
    fn a_tick_of_the_second_in_which_rest_was_asked_is_not_dropped() {
        let mut cell = Cell::default();
        let second = NOW / SECOND * SECOND;
        let quote = RestQuote {
            last_quote_at: None,
            ..rest(100.0, 0, true)
        };
        cell.rest(&quote, Source::Rest, false, second + 400, second + 500);
        assert_eq!(
            cell.tick(&price(101.0, second), Source::Live, second + 900),
            Change::Updated
        );
        assert_eq!(shown(&cell), 101.0);
    }

    #[test]
    fn the_reference_of_a_closed_session_is_dropped_when_it_opens() {
        let mut cell = Cell::default();
        cell.rest(&rest(110.0, NOW - 3_600_000, false), Source::Rest, false, NOW, NOW);
        assert_eq!(cell.percent_change(), Some(10.0));
        cell.tick(&price(111.0, NOW + 1_000), Source::Live, NOW + 1_000);
        assert_eq!(
            (cell.percent_change(), cell.reference.session, cell.reference.asked),
            (None, Session::Open, 0)
        );
    }

    // a restart within a minute made a closed market look open: what was restored was taken for a tick.
    #[test]
    fn a_restored_price_is_no_sign_of_an_open_market() {
        let mut cell = Cell::default();
        cell.rest(&rest(110.0, NOW - 3_600_000, false), Source::Rest, false, NOW, NOW);
        cell.quote.as_mut().unwrap().source = Source::Restored;
        let later = NOW + 30_000;
        cell.rest(&rest(110.0, NOW - 3_600_000, false), Source::Rest, true, later, later);
        assert_eq!(cell.reference.session, Session::Closed);
    }

    #[test]
    fn turns_stale_unless_its_market_is_closed() {
        let mut cell = Cell::default();
        cell.tick(&price(1.0, NOW), Source::Live, NOW);
        assert!(!cell.expire(60_000, NOW + 59_999));
        assert!(cell.expire(60_000, NOW + 60_000));
        assert!(!cell.expire(60_000, NOW + 90_000), "said once");
        assert_eq!(cell.quote.as_ref().unwrap().stale_since, Some(NOW));
        cell.rest(
            &rest(1.0, NOW - 7_200_000, false),
            Source::Rest,
            false,
            NOW + 91_000,
            NOW + 91_000,
        );
        assert_eq!(cell.turns_stale_at(60_000), None);
        assert_eq!(cell.quote.unwrap().stale_since, None, "confirmed");
    }
}
