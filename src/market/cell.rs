//! What is known of one instrument, and the rules by which newer data replaces older.
//!
//! **A quote never goes back in time.** Ticks are ordered by exchange time. The provider's
//! timestamps are whole seconds, so an equal one wins (two prices may share a second) and an older
//! one is dropped. A timestamp in the future is clamped to the time of receipt; otherwise it would
//! block every correct tick after it.
//!
//! **Arrival is not trade.** A price is fresh if the provider confirmed it within `stale`
//! milliseconds and one of these holds: the exchange made it within `stale`; the provider says that
//! it is the running day of an open market; or the provider said within a day that the market is
//! closed. So a delayed feed, or the last trade repeated at a reconnect, opens no market and makes
//! nothing fresh, whenever it arrives.
//!
//! **Known data stays until something better arrives.** Previous close and session are replaced by
//! what REST says next. Only the first trade of another UTC day clears a previous close, because it
//! is then certainly out of date; where markets close, it must also follow a pause of hours.

use super::clock::{DAY, MINUTE, Millis, SECOND};
use super::details::{Details, never_closes};
use super::instrument::Instrument;
use super::quote::{Precision, Provenance, Quote, same_price};
use super::reference::{DayRange, Reference, Session};
use super::tick::{PolledQuote, Tick};

/// What is known of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The newest price; `None` until the first one arrives.
    pub quote: Option<Quote>,
    /// Previous close and session.
    pub reference: Reference,
    /// Type, currency, venue and decimals.
    pub details: Details,
}

/// The result of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Something changed that clients must be told.
    Updated,
    /// Nothing changed, for example because the update is older than what is held.
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
                is_provisional: false,
                day: None,
                opens_at: None,
                closes_at: None,
            },
            details: Details::default(),
        }
    }
}

impl Cell {
    /// A cell that the provider has said nothing about. A pair's currency is known from its symbol.
    #[must_use]
    pub fn of(instrument: &Instrument) -> Self {
        let mut cell = Self::default();
        cell.details.currency = instrument.pair().map(|(_, currency)| currency.to_owned());
        cell
    }

    /// Applies a tick of the WebSocket. A tick made more than `stale` milliseconds ago does not
    /// show that the market is open, and is not fresh.
    pub fn tick(&mut self, tick: &Tick, provenance: Provenance, stale: Millis, now: Millis) -> Change {
        let time = tick.timestamp.min(now);
        let is_recent = time.saturating_add(stale) > now;
        if let Some(quote) = &self.quote {
            let is_older = time < quote.as_of;
            let says_nothing = !is_recent && quote.provenance != Provenance::Restored && quote.outdates(tick, time);
            if is_older || says_nothing {
                return Change::Dropped;
            }
        }
        if is_recent {
            self.trades_at(time);
        }
        self.details.learn_from_tick(tick);
        if let (true, Session::Open, Some(day)) = (is_recent, self.reference.session, &mut self.reference.day) {
            day.add(tick.price);
        }
        let before = self.quote.take();
        let exchange = match (&tick.exchange, before) {
            (Some(told), Some(before)) if before.exchange.as_ref() == Some(told) => before.exchange,
            (Some(told), _) => Some(told.clone()),
            (None, before) => before.and_then(|quote| quote.exchange),
        };
        self.quote = Some(Quote {
            price: tick.price,
            bid: tick.bid,
            ask: tick.ask,
            day_volume: tick.day_volume,
            exchange,
            exchange_time: Some(time),
            precision: Some(Precision::Second),
            as_of: time,
            received: now,
            provenance,
            stale_since: (!is_recent).then_some(time),
        });
        Change::Updated
    }

    /// A trade shows that the market is active, whatever REST said last.
    fn trades_at(&mut self, time: Millis) {
        let reference = &mut self.reference;
        let was_closed = reference.session == Session::Closed;
        let of_another_day = reference.asked != 0 && reference.asked / DAY < time / DAY;
        let before = self.quote.as_ref().and_then(|quote| quote.exchange_time);
        let after_a_pause = before.is_none_or(|before| before.saturating_add(PAUSE) < time);
        if of_another_day && (after_a_pause || never_closes(self.details.kind.as_deref())) {
            // They are certainly out of date: show none rather than wrong ones. A session that
            // continues over midnight UTC keeps them.
            reference.previous_close = None;
            reference.day = None;
        }
        if was_closed || of_another_day {
            // A new session may have begun: ask REST again, and keep its old answer until then.
            reference.asked = 0;
        }
        reference.session = match reference.session {
            _ if never_closes(self.details.kind.as_deref()) => Session::Open,
            Session::Closed | Session::Extended => Session::Extended,
            Session::Open | Session::Unknown => Session::Open,
        };
    }

    /// Takes the price of another cell of the same instrument, if it is newer and not stale.
    pub fn catch_up(&mut self, twin: Quote) -> Change {
        let is_current = twin.provenance != Provenance::Restored && twin.stale_since.is_none();
        if !is_current || self.quote.as_ref().is_some_and(|quote| quote.as_of >= twin.as_of) {
            return Change::Dropped;
        }
        self.details.count_decimals([Some(twin.price), twin.bid, twin.ask]);
        self.quote = Some(twin);
        Change::Updated
    }

    /// Takes over what another hub holds of the same instrument. Times of receipt stay those of its
    /// clock, so that clients of several relays can compare them.
    ///
    /// A hub that has begun a new life may know older prices than it told before. So if
    /// `may_be_older`, one that was received earlier than the price that is held, or was certainly made
    /// earlier, is not taken, but how stale it is. This ends with the first that is taken.
    pub fn follow(&mut self, told: Self, may_be_older: &mut bool, now: Millis) -> Change {
        let before = std::mem::replace(self, told);
        self.details.decimals = self.details.decimals.max(before.details.decimals);
        let is_older = |held: &Quote| self.quote.as_ref().is_none_or(|told| told.is_before(held));
        if *may_be_older && before.quote.as_ref().is_some_and(is_older) {
            let stale_since = self.quote.as_ref().map_or(Some(now), |told| told.stale_since);
            self.reference.day = before.reference.day;
            self.quote = before.quote.clone().map(|held| Quote {
                stale_since: held.stale_since.or(stale_since),
                ..held
            });
        } else {
            *may_be_older = false;
        }
        if *self == before {
            Change::Dropped
        } else {
            Change::Updated
        }
    }

    /// Applies a REST quote that was asked for at `asked`. `streaming`: the WebSocket serves this
    /// symbol now. REST then updates the previous close and the session, the price only if it is
    /// strictly newer.
    ///
    /// REST's timestamp is that of the minute's candle, not of the trade. So a price that was asked
    /// for after the newest tick arrived, in the same minute or a later one, is at least as new as
    /// that tick and keeps the later of the two timestamps.
    pub fn polled(
        &mut self,
        polled: &PolledQuote,
        provenance: Provenance,
        stale: Millis,
        streaming: bool,
        asked: Millis,
        now: Millis,
    ) -> Change {
        let told = self.take_reference(polled, streaming.then_some(stale), now);
        let is_closed = self.reference.session == Session::Closed;
        let traded = polled.last_quote_at.map(|at| at.min(now));
        let is_current = is_closed || is_current(polled, stale, now);
        // In whole seconds like ticks, so that a tick of the second in which REST was asked does
        // not count as older than REST's answer.
        let as_of = traded
            .or(polled
                .bar_opened
                .filter(|_| is_closed)
                .map(|bar| bar.saturating_add(DAY).min(asked)))
            .unwrap_or(asked)
            .min(now);
        let as_of = as_of - as_of % SECOND;
        let newer = match &self.quote {
            None => true,
            // In a closed market REST decides, unless there was a trade after its last candle.
            Some(quote) if is_closed && asked >= quote.received => as_of.saturating_add(LAST_WORD) > quote.as_of,
            Some(quote) if streaming && quote.provenance != Provenance::Restored && quote.stale_since.is_none() => {
                traded.is_some_and(|at| at > quote.as_of)
            }
            Some(quote) => {
                let same_minute = traded.is_none_or(|at| at / MINUTE >= quote.as_of / MINUTE);
                asked >= quote.received && same_minute || traded.is_some_and(|at| at > quote.as_of)
            }
        };
        if !newer {
            let confirmed = self.confirm(
                polled,
                provenance,
                (is_current && (!streaming || is_closed)).then_some(asked),
                now,
            );
            return if confirmed == Change::Updated { confirmed } else { told };
        }
        self.details.count_decimals([Some(polled.price), None, None]);
        let before = self.quote.take();
        let (exchange_time, precision) = match (traded, polled.bar_opened) {
            (Some(at), _) => (Some(at), Some(Precision::Minute)),
            (None, Some(at)) => (Some(at.min(now)), Some(Precision::Day)),
            (None, None) => (None, None),
        };
        let earlier = before.as_ref().and_then(|quote| quote.exchange_time);
        self.quote = Some(Quote {
            price: polled.price,
            bid: None,
            ask: None,
            day_volume: polled.day_volume,
            exchange: polled
                .exchange
                .clone()
                .or_else(|| before.as_ref().and_then(|quote| quote.exchange.clone())),
            exchange_time: exchange_time.max(earlier),
            precision,
            as_of: before.map_or(as_of, |quote| quote.as_of.max(as_of)),
            received: now,
            provenance,
            stale_since: (!is_current).then(|| exchange_time.map_or(now, |at| at.max(earlier.unwrap_or(0)))),
        });
        Change::Updated
    }

    /// Applies REST's session and previous close; returns whether they changed. `streams`: the
    /// WebSocket serves this symbol now, and its ticks are recent for this long.
    fn take_reference(&mut self, polled: &PolledQuote, streams: Option<Millis>, now: Millis) -> Change {
        let before = self.reference.clone();
        let ticks = streams
            .zip(self.quote.as_ref())
            .is_some_and(|(stale, quote)| trades_now(quote, stale, now));
        let session = match polled.is_market_open {
            Some(true) => Session::Open,
            Some(false) if ticks => Session::Extended,
            Some(false) => Session::Closed,
            None => self.reference.session,
        };
        self.reference = Reference {
            previous_close: polled.previous_close.or(self.reference.previous_close),
            session,
            asked: now,
            is_provisional: polled.previous_close.is_none() || polled.is_market_open == Some(false) && ticks,
            day: DayRange::told(polled, before.day),
            opens_at: before.opens_at,
            closes_at: before.closes_at,
        };
        let details = self.details.clone();
        self.details.learn_from_quote(polled);
        let shown = |reference: &Reference| (reference.previous_close, reference.session, reference.day);
        let is_news = shown(&self.reference) != shown(&before) || self.details != details;
        if is_news { Change::Updated } else { Change::Dropped }
    }

    /// REST reports the same price again, such as a closed market's last trade: confirmed.
    fn confirm(&mut self, polled: &PolledQuote, provenance: Provenance, asked: Option<Millis>, now: Millis) -> Change {
        match (&mut self.quote, asked) {
            (Some(quote), Some(asked)) if asked >= quote.received && same_price(quote.price, polled.price) => {
                quote.received = now;
                quote.stale_since = None;
                if quote.provenance == Provenance::Restored {
                    quote.provenance = provenance;
                }
                Change::Updated
            }
            _ => Change::Dropped,
        }
    }

    /// When the quote turns stale if nothing confirms it. `None` if there is no quote, it is stale
    /// already, or its market is known to be closed, so that no new price is expected.
    #[must_use]
    pub fn turns_stale_at(&self, after: Millis) -> Option<Millis> {
        let quote = self.quote.as_ref()?;
        let since = quote.made_by().unwrap_or(quote.received);
        (quote.stale_since.is_none() && !self.closed_and_confirmed()).then(|| since.saturating_add(after))
    }

    /// Marks the quote stale if its time has come; returns whether it did. A closed market's quote
    /// has no deadline that would wake the hub; it is checked whenever the hub is awake.
    pub fn expire(&mut self, after: Millis, now: Millis) -> bool {
        let due = self.turns_stale_at(after).is_some_and(|at| at <= now);
        if let (true, Some(quote)) = (due || self.closed_long_ago(now), &mut self.quote) {
            quote.stale_since = Some(quote.received);
            return true;
        }
        false
    }

    /// Percent change against the previous close, `0.25` for 0.25 %, rounded to five places as the
    /// provider does. `None` against a previous close of zero or below.
    #[must_use]
    pub fn percent_change(&self) -> Option<f64> {
        let price = self.quote.as_ref()?.price;
        let previous = self.reference.previous_close.filter(|close| *close > 0.0)?;
        let percent = (price - previous) / previous * 100.0;
        percent.is_finite().then(|| (percent * 1e5).round() / 1e5)
    }

    /// Whether "closed" was last confirmed so long ago that the market may have opened since.
    fn closed_long_ago(&self, now: Millis) -> bool {
        let unheard = |quote: &Quote| quote.received.max(self.reference.asked).saturating_add(CLOSED_HOLDS) <= now;
        let mut fresh = self.quote.iter().filter(|quote| quote.stale_since.is_none());
        self.reference.session == Session::Closed && fresh.any(unheard)
    }

    fn closed_and_confirmed(&self) -> bool {
        self.reference.session == Session::Closed
            && self
                .quote
                .as_ref()
                .is_some_and(|quote| quote.provenance != Provenance::Restored)
    }
}

/// Trades of one session are less than this apart.
const PAUSE: Millis = 3 * 60 * MINUTE;

/// A trade this much later than the last candle of a closed session is outside that session.
const LAST_WORD: Millis = 2 * MINUTE;

/// How long the provider's word that a market is closed counts. On the smallest plan a closed
/// market may have to wait for the next day's credits.
const CLOSED_HOLDS: Millis = DAY;

/// Whether REST's price is current: its last candle is recent, or an open market's bar is running.
fn is_current(polled: &PolledQuote, stale: Millis, now: Millis) -> bool {
    match (polled.last_quote_at, polled.bar_opened) {
        (Some(at), _) => at.saturating_add(MINUTE + stale) > now,
        (None, Some(at)) => polled.is_market_open == Some(true) && at.saturating_add(DAY) > now,
        (None, None) => false,
    }
}

/// Whether a quote is a trade of this moment, told by the WebSocket. Only ticks tell the second; a
/// simulated price of REST has the provenance of a simulated tick. REST may have confirmed an old
/// tick just now, so its time of receipt alone shows nothing; and a restored price may be of either.
fn trades_now(quote: &Quote, stale: Millis, now: Millis) -> bool {
    quote.provenance != Provenance::Restored
        && quote.precision == Some(Precision::Second)
        && quote.exchange_time.is_some_and(|at| at.saturating_add(stale) > now)
        && now.saturating_sub(quote.received) < MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_768_833_137_000;
    const STALE: Millis = MINUTE;

    fn price(value: f64, timestamp: Millis) -> Tick {
        Tick {
            symbol: "AAPL".into(),
            exchange: Some("NASDAQ".into()),
            mic_code: None,
            kind: None,
            currency: None,
            pair: Default::default(),
            price: value,
            bid: None,
            ask: None,
            day_volume: Some(10.0),
            timestamp,
        }
    }

    fn rest(value: f64, timestamp: Millis, open: bool) -> PolledQuote {
        PolledQuote {
            price: value,
            previous_close: Some(100.0),
            is_market_open: Some(open),
            last_quote_at: Some(timestamp),
            ..PolledQuote::default()
        }
    }

    /// REST says that the market is closed, with the last trade an hour before `NOW`.
    fn is_closed(cell: &mut Cell, streaming: bool, at: Millis) {
        let told = rest(110.0, NOW - 3_600_000, false);
        cell.polled(&told, Provenance::Rest, STALE, streaming, at, at);
    }

    fn shown(cell: &Cell) -> f64 {
        cell.quote.as_ref().unwrap().price
    }

    #[test]
    fn an_equal_second_wins_and_an_older_one_is_dropped() {
        let mut cell = Cell::default();
        cell.tick(&price(1.0, NOW), Provenance::Live, STALE, NOW);
        assert_eq!(
            cell.tick(&price(2.0, NOW), Provenance::Live, STALE, NOW + 10),
            Change::Updated
        );
        assert_eq!(
            cell.tick(&price(3.0, NOW - 1_000), Provenance::Live, STALE, NOW + 20),
            Change::Dropped
        );
        assert_eq!(shown(&cell), 2.0);
    }

    #[test]
    fn a_future_stamp_is_clamped_and_blocks_nothing() {
        let mut cell = Cell::default();
        cell.tick(&price(1.0, NOW + 3_600_000), Provenance::Live, STALE, NOW);
        assert_eq!(cell.quote.as_ref().unwrap().exchange_time, Some(NOW));
        assert_eq!(
            cell.tick(&price(2.0, NOW + 1_000), Provenance::Live, STALE, NOW + 1_500),
            Change::Updated
        );
    }

    #[test]
    fn percent_change_is_absent_until_the_previous_close_is_known() {
        let mut cell = Cell::default();
        cell.tick(&price(101.0, NOW), Provenance::Live, STALE, NOW);
        assert_eq!(cell.percent_change(), None);
        cell.polled(
            &rest(100.5, NOW - 60_000, true),
            Provenance::Rest,
            STALE,
            true,
            NOW,
            NOW + 100,
        );
        assert_eq!((shown(&cell), cell.percent_change()), (101.0, Some(1.0)));
    }

    #[test]
    fn rest_replaces_a_tick_of_the_same_minute_once_the_stream_is_gone() {
        let mut cell = Cell::default();
        let minute = NOW / MINUTE * MINUTE;
        cell.tick(&price(101.0, minute + 45_000), Provenance::Live, STALE, minute + 45_100);
        assert_eq!(
            cell.polled(
                &rest(102.0, minute, true),
                Provenance::Rest,
                STALE,
                false,
                minute + 50_000,
                minute + 50_100
            ),
            Change::Updated
        );
        let quote = cell.quote.clone().unwrap();
        assert_eq!(
            (quote.price, quote.exchange_time, quote.provenance),
            (102.0, Some(minute + 45_000), Provenance::Rest)
        );
        // Asked before the tick arrived: it may be older.
        cell.tick(&price(103.0, minute + 55_000), Provenance::Live, STALE, minute + 55_100);
        cell.polled(
            &rest(99.0, minute, true),
            Provenance::Rest,
            STALE,
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
        let quote = PolledQuote {
            last_quote_at: None,
            ..rest(100.0, 0, true)
        };
        cell.polled(&quote, Provenance::Rest, STALE, false, second + 400, second + 500);
        assert_eq!(
            cell.tick(&price(101.0, second), Provenance::Live, STALE, second + 900),
            Change::Updated
        );
        assert_eq!(shown(&cell), 101.0);
    }

    #[test]
    fn what_is_known_of_a_closed_market_stays_when_it_ticks() {
        let mut cell = Cell::default();
        is_closed(&mut cell, false, NOW);
        assert_eq!(
            (cell.percent_change(), cell.reference.session),
            (Some(10.0), Session::Closed)
        );
        cell.tick(&price(111.0, NOW + 1_000), Provenance::Live, STALE, NOW + 1_000);
        let quote = cell.quote.clone().unwrap();
        assert_eq!(
            (quote.price, quote.provenance, quote.stale_since),
            (111.0, Provenance::Live, None)
        );
        assert_eq!(
            (cell.percent_change(), cell.reference.session, cell.reference.asked),
            (Some(11.0), Session::Extended, 0),
            "asked anew, and nothing forgotten"
        );
        // REST still says "closed": the trade is the newest price, and outside the session.
        let later = NOW + 20_000;
        is_closed(&mut cell, true, later);
        assert_eq!((shown(&cell), cell.reference.session), (111.0, Session::Extended));
        assert!(cell.reference.is_provisional);
        let opened = NOW + 40_000;
        cell.polled(
            &rest(111.5, NOW + 30_000, true),
            Provenance::Rest,
            STALE,
            false,
            opened,
            opened,
        );
        assert_eq!((shown(&cell), cell.reference.session), (111.5, Session::Open));
    }

    #[test]
    fn a_session_that_goes_on_over_midnight_keeps_its_previous_close() {
        let midnight = (NOW / DAY + 1) * DAY;
        let told = |cell: &mut Cell| {
            let at = midnight - 30 * MINUTE;
            cell.tick(&price(110.0, at), Provenance::Live, STALE, at);
            cell.polled(&rest(110.0, at, true), Provenance::Rest, STALE, true, at, at);
        };
        let mut cell = Cell::default();
        told(&mut cell);
        cell.tick(
            &price(111.0, midnight + SECOND),
            Provenance::Live,
            STALE,
            midnight + SECOND,
        );
        assert_eq!(
            (cell.percent_change(), cell.reference.asked),
            (Some(11.0), 0),
            "asked anew"
        );
        // After a pause of hours another session has begun. Other markets change days at midnight
        // UTC.
        let mut cell = Cell::default();
        told(&mut cell);
        let morning = midnight + 4 * 60 * MINUTE;
        cell.tick(&price(111.0, morning), Provenance::Live, STALE, morning);
        assert_eq!(cell.percent_change(), None);
        let mut cell = Cell::default();
        cell.details.kind = Some("Digital Currency".into());
        told(&mut cell);
        cell.tick(
            &price(111.0, midnight + SECOND),
            Provenance::Live,
            STALE,
            midnight + SECOND,
        );
        assert_eq!(cell.percent_change(), None);
    }

    #[test]
    fn the_last_trade_told_once_more_opens_no_market() {
        let ago = 41 * 60 * MINUTE;
        let mut cell = Cell::default();
        cell.polled(&rest(110.0, NOW - ago, false), Provenance::Rest, STALE, false, NOW, NOW);
        let before = cell.clone();
        assert_eq!(
            cell.tick(&price(110.0, NOW - ago), Provenance::Live, STALE, NOW + 5),
            Change::Dropped
        );
        assert_eq!(cell, before);
        // Later than REST's last candle but long ago: the newest price, but no trading today.
        let closing = NOW - ago + 5 * MINUTE;
        assert_eq!(
            cell.tick(&price(111.0, closing), Provenance::Live, STALE, NOW + 6),
            Change::Updated
        );
        let quote = cell.quote.clone().unwrap();
        assert_eq!(
            (quote.price, quote.exchange_time, quote.stale_since),
            (111.0, Some(closing), Some(closing))
        );
        assert_eq!(
            (cell.percent_change(), cell.reference.session),
            (Some(11.0), Session::Closed)
        );
    }

    #[test]
    fn a_delayed_feed_moves_and_is_never_fresh() {
        let mut cell = Cell::default();
        for second in 0..5 {
            let now = NOW + second * SECOND;
            let tick = price(100.0 + second as f64, now - 15 * MINUTE);
            assert_eq!(cell.tick(&tick, Provenance::Live, STALE, now), Change::Updated);
            assert_eq!(cell.quote.as_ref().unwrap().stale_since, Some(now - 15 * MINUTE));
        }
        assert_eq!(cell.reference.session, Session::Unknown);
    }

    #[test]
    fn a_time_that_nobody_told_is_none() {
        let bare = PolledQuote {
            last_quote_at: None,
            is_market_open: None,
            ..rest(100.0, 0, true)
        };
        let mut cell = Cell::default();
        cell.polled(&bare, Provenance::Rest, STALE, false, NOW, NOW + 100);
        let quote = cell.quote.clone().unwrap();
        assert_eq!((quote.exchange_time, quote.precision), (None, None));
        assert!(quote.stale_since.is_some(), "nothing says that it is of now");
        let bar = PolledQuote {
            bar_opened: Some(NOW - 5 * 60 * MINUTE),
            is_market_open: Some(true),
            ..bare.clone()
        };
        cell.polled(&bar, Provenance::Rest, STALE, false, NOW + SECOND, NOW + SECOND);
        let quote = cell.quote.clone().unwrap();
        assert_eq!(
            (quote.exchange_time, quote.precision, quote.stale_since),
            (Some(NOW - 5 * 60 * MINUTE), Some(Precision::Day), None),
            "the running bar of an open market"
        );
        // A tick is newer than the request before it. After the tick, a price without a time counts
        // as made at the tick's time or later.
        cell.tick(
            &price(101.0, NOW + 10 * SECOND),
            Provenance::Live,
            STALE,
            NOW + 10 * SECOND,
        );
        let later = NOW + 2 * MINUTE;
        cell.polled(&bare, Provenance::Rest, STALE, false, later, later);
        let quote = cell.quote.clone().unwrap();
        assert_eq!(
            (quote.price, quote.exchange_time, quote.precision),
            (100.0, Some(NOW + 10 * SECOND), None)
        );
        assert_eq!(
            cell.tick(&price(102.0, NOW + 20 * SECOND), Provenance::Live, STALE, later + 1),
            Change::Dropped,
            "older than the question that REST has answered"
        );
    }

    #[test]
    fn a_bad_previous_close_does_not_wipe_a_good_one() {
        let mut cell = Cell::default();
        cell.polled(&rest(110.0, NOW, true), Provenance::Rest, STALE, false, NOW, NOW);
        let without = PolledQuote {
            previous_close: None,
            ..rest(120.0, NOW + MINUTE, true)
        };
        cell.polled(&without, Provenance::Rest, STALE, false, NOW + MINUTE, NOW + MINUTE);
        assert_eq!(cell.percent_change(), Some(20.0));
        assert!(cell.reference.is_provisional, "and it is asked again soon");
    }

    #[test]
    fn below_zero_there_are_prices_and_percents_only_above() {
        let mut cell = Cell::default();
        cell.polled(&rest(58.12, NOW, true), Provenance::Rest, STALE, false, NOW, NOW);
        cell.tick(&price(-37.63, NOW + SECOND), Provenance::Live, STALE, NOW + SECOND);
        assert_eq!((shown(&cell), cell.percent_change()), (-37.63, Some(-137.63)));
        cell.reference.previous_close = Some(-2.0);
        assert_eq!(cell.percent_change(), None);
    }

    #[test]
    fn an_instrument_is_what_upstream_says() {
        let mut cell = Cell::of(&Instrument::parse("XAU/USD").unwrap());
        assert_eq!(cell.details.currency.as_deref(), Some("USD"));
        let tick = Tick {
            kind: Some("Physical Currency".into()),
            mic_code: Some("X".into()),
            ..price(4_195.123, NOW)
        };
        cell.tick(&tick, Provenance::Live, STALE, NOW);
        cell.tick(&price(4_200.0, NOW), Provenance::Live, STALE, NOW);
        let details = cell.details.clone();
        assert_eq!(
            (details.kind.as_deref(), details.mic_code.as_deref(), details.decimals),
            (Some("Physical Currency"), Some("X"), Some(3))
        );
        let pence = PolledQuote {
            currency: Some("GBp".into()),
            ..rest(72.5, NOW, true)
        };
        cell.polled(&pence, Provenance::Rest, STALE, false, NOW, NOW);
        assert_eq!(cell.details.currency.as_deref(), Some("GBp"));
    }

    // A restart within a minute made a closed market look open, because a restored price counted as
    // a tick.
    #[test]
    fn a_restored_price_is_no_sign_of_an_open_market() {
        let mut cell = Cell::default();
        is_closed(&mut cell, false, NOW);
        cell.quote.as_mut().unwrap().provenance = Provenance::Restored;
        let later = NOW + 30_000;
        is_closed(&mut cell, true, later);
        assert_eq!(cell.reference.session, Session::Closed);
    }

    // Seed 201285: a closed market's price of REST, confirmed by REST within a minute, made it look
    // like one that trades after hours.
    #[test]
    fn only_a_tick_of_now_shows_that_a_closed_market_trades() {
        let closing = NOW - 3_600_000;
        let closed = rest(110.0, closing, false);
        for provenance in [Provenance::Rest, Provenance::Simulated] {
            let mut cell = Cell::default();
            for at in [NOW, NOW + 12_000] {
                cell.polled(&closed, provenance, STALE, true, at, at);
                assert_eq!(cell.reference.session, Session::Closed, "{provenance:?}");
            }
        }
        let mut cell = Cell::default();
        cell.tick(&price(110.0, closing + 5 * MINUTE), Provenance::Live, STALE, NOW);
        for at in [NOW + 1_000, NOW + 12_000, NOW + 24_000] {
            cell.polled(&closed, Provenance::Rest, STALE, true, at, at);
            assert_eq!(cell.reference.session, Session::Closed, "a tick of an hour ago");
        }
    }

    fn told(value: f64, received: Millis, stale_since: Option<Millis>) -> Cell {
        let mut cell = Cell::default();
        cell.tick(&price(value, received), Provenance::Live, STALE, received);
        if let Some(quote) = &mut cell.quote {
            quote.stale_since = stale_since;
        }
        cell
    }

    #[test]
    fn a_hub_in_a_new_life_takes_no_price_back() {
        let mut cell = told(101.0, NOW, None);
        let mut may_be_older = true;
        // Its cache is older than what it told before.
        let restored = told(100.0, NOW - 20_000, Some(NOW - 20_000));
        assert_eq!(cell.follow(restored, &mut may_be_older, NOW + 1), Change::Updated);
        let quote = cell.quote.clone().unwrap();
        assert_eq!((quote.price, quote.stale_since), (101.0, Some(NOW - 20_000)));
        assert_eq!(
            cell.follow(Cell::default(), &mut may_be_older, NOW + 2),
            Change::Updated
        );
        assert_eq!(shown(&cell), 101.0, "it knows nothing any more");
        // A quote of REST that has just come, of a price made minutes ago.
        let mut late = told(98.5, NOW + 4, None);
        if let Some(quote) = &mut late.quote {
            (quote.exchange_time, quote.precision) = (Some(NOW - 3 * MINUTE), Some(Precision::Minute));
        }
        cell.follow(late, &mut may_be_older, NOW + 4);
        assert_eq!(shown(&cell), 101.0);
        let newer = told(99.0, NOW + 5, None);
        cell.follow(newer, &mut may_be_older, NOW + 6);
        assert_eq!((shown(&cell), may_be_older), (99.0, false));
        // From then on it is followed, whatever it tells.
        cell.follow(told(98.0, NOW + 4, None), &mut may_be_older, NOW + 7);
        assert_eq!(shown(&cell), 98.0);
    }

    #[test]
    fn turns_stale_unless_its_market_is_closed() {
        let mut cell = Cell::default();
        cell.tick(&price(1.0, NOW), Provenance::Live, STALE, NOW);
        assert!(!cell.expire(60_000, NOW + 59_999));
        assert!(cell.expire(60_000, NOW + 60_000));
        assert!(!cell.expire(60_000, NOW + 90_000), "said once");
        assert_eq!(cell.quote.as_ref().unwrap().stale_since, Some(NOW));
        cell.polled(
            &rest(1.0, NOW - 7_200_000, false),
            Provenance::Rest,
            STALE,
            false,
            NOW + 91_000,
            NOW + 91_000,
        );
        assert_eq!(cell.turns_stale_at(60_000), None);
        let told = NOW + 91_000;
        assert!(!cell.expire(60_000, told + DAY - 1));
        assert!(
            cell.expire(60_000, told + DAY),
            "nobody says any more that it is closed"
        );
        let again = told + DAY;
        cell.polled(
            &rest(1.0, NOW - 7_200_000, false),
            Provenance::Rest,
            STALE,
            false,
            again,
            again,
        );
        assert_eq!(cell.quote.unwrap().stale_since, None, "confirmed");
    }
}
