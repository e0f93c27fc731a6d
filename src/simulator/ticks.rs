//! The exchange in time: which instrument ticks when, and what each subscriber gets.

use super::exchange::Exchange;
use super::faults::{Ending, Stall, Switches};
use super::instruments::{INSTRUMENTS, Instrument};
use super::outcome::{Output, SessionId};
use super::protocol;
use super::{Millis, SECOND};

impl<F: Switches> Exchange<F> {
    /// Everything due at `now`: ticks and idle closes. A late call gives one tick per instrument,
    /// not all that were missed.
    pub fn tick(&mut self, now: Millis) -> Vec<Output> {
        let mut outputs = self.close_idle(now);
        if !self.settings.automatic {
            return outputs;
        }
        for instrument in INSTRUMENTS {
            let due = self.schedule.get(&instrument.listing());
            if due.is_none_or(|due| *due > now) {
                continue;
            }
            let next = self.next_tick_of(instrument, now);
            self.schedule.insert(instrument.listing(), next);
            let trades = self.market.hours(instrument).is_open(now);
            if trades && !self.market.is_pinned(instrument) {
                outputs.append(&mut self.announce(instrument, now / SECOND, now));
            }
        }
        outputs
    }

    /// When [`Exchange::tick`] has something to do; `None` if nothing is scheduled.
    pub fn next_tick_at(&self) -> Option<Millis> {
        let ticks = self.schedule.values().copied().filter(|_| self.settings.automatic);
        let idle = self.switches().idle_close.into_iter().flat_map(|allowed| {
            self.sessions
                .values()
                .map(move |session| session.last_heard.saturating_add(allowed))
        });
        ticks.chain(idle).min()
    }

    fn close_idle(&mut self, now: Millis) -> Vec<Output> {
        let Some(allowed) = self.switches().idle_close else {
            return Vec::new();
        };
        let idle: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.last_heard.saturating_add(allowed) <= now)
            .map(|(id, _)| *id)
            .collect();
        idle.into_iter()
            .map(|session| self.end(session, Ending::Close, 1000, "idle"))
            .collect()
    }

    /// The time of the tick after `now`: a fixed shortest gap (the feed is conflated) plus an
    /// exponentially distributed one.
    pub(super) fn next_tick_of(&mut self, instrument: &Instrument, now: Millis) -> Millis {
        let rate = self.settings.tick_rate;
        let rate = if rate.is_finite() { rate.clamp(0.01, 100.0) } else { 1.0 };
        let rest = instrument.mean_gap.saturating_sub(instrument.shortest_gap) as f64;
        let wait = rest * -(1.0 - self.rng.f64()).max(f64::MIN_POSITIVE).ln();
        let gap = (instrument.shortest_gap as f64 + wait.min(10.0 * rest)) / rate;
        let next = now + (gap as Millis).max(10);
        self.market.hours(instrument).next_open(next)
    }

    /// A price event for every subscriber, with whatever the faults add.
    pub(super) fn announce(&mut self, instrument: &'static Instrument, timestamp: u64, now: Millis) -> Vec<Output> {
        let faults = self.faults.faults();
        let odd_one = INSTRUMENTS
            .iter()
            .position(|one| one.listing() == instrument.listing())
            .is_some_and(|position| position % 2 == 1);
        if faults.stall != Stall::None
            || faults.silent_symbols.contains(instrument.symbol)
            || (faults.half_silent && odd_one)
        {
            return Vec::new();
        }
        let trade = self.market.trade(instrument, now);
        let event = protocol::price_event(instrument, &trade, timestamp, &self.faults);
        let mut frames = Vec::new();
        if faults.unknown_events {
            frames.push(protocol::unknown_event());
        }
        if faults.truncated_events {
            frames.push(event.chars().take(event.len() / 2).collect());
        }
        frames.push(event.clone());
        if faults.duplicate_events {
            frames.push(event);
        }
        if faults.reordered_events {
            let earlier = self.market.trade(instrument, now.saturating_sub(5 * SECOND));
            frames.push(protocol::price_event(
                instrument,
                &earlier,
                timestamp.saturating_sub(5),
                &self.faults,
            ));
        }
        let mut outputs = Vec::new();
        for (session, state) in &self.sessions {
            if !state.subscribed.contains(&instrument.listing()) {
                continue;
            }
            self.counters.price_events += 1;
            outputs.extend(frames.iter().map(|text| Output::Text {
                session: *session,
                text: text.clone(),
            }));
        }
        outputs
    }
}
