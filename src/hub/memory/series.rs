//! Lists of bars and gaps: merging, cutting, and longer bars made of shorter ones.

use crate::market::{Bar, BarSource, Gap, Interval, MINUTE, Millis};
use std::collections::BTreeMap;

/// Bars from several places by time. The provider's bars stay, whatever comes later.
#[derive(Debug, Default)]
pub struct Bars(BTreeMap<Millis, Bar>);

impl Bars {
    pub fn add(&mut self, bars: impl IntoIterator<Item = Bar>) {
        for bar in bars {
            let known = self.0.get(&bar.time);
            if known.is_none_or(|known| known.source == BarSource::Hub || bar.source == BarSource::Provider) {
                self.0.insert(bar.time, bar);
            }
        }
    }

    /// All bars, in order of time.
    #[must_use]
    pub fn into_list(self) -> Vec<Bar> {
        self.0.into_values().collect()
    }
}

/// Bars of `interval` made of shorter ones. `phase` is the part of an hour at which hours begin.
///
/// The first one is left out if the bars do not begin with it: its beginning is not known.
///
/// Bars of four hours begin with the session, if its hours are fewer than a day: a market that
/// opens at 9:30 has bars from 9:30 and from 13:30.
#[must_use]
pub fn roll_up(bars: &[Bar], interval: Interval, phase: Millis) -> Vec<Bar> {
    let length = interval.length();
    let mut longer: Vec<Bar> = Vec::new();
    let mut anchor = phase;
    let mut previous: Option<Millis> = None;
    for (position, bar) in bars.iter().enumerate() {
        if interval == Interval::FourHours {
            let hour = Interval::Hour.length();
            if previous.is_none_or(|before| bar.time > before + hour) {
                let run = bars.get(position..).map_or(0, |rest| contiguous(rest, hour));
                anchor = if run < 24 { bar.time } else { phase };
            }
            previous = Some(bar.time);
        }
        let start = bar.time - (bar.time + length - anchor % length) % length;
        match longer.last_mut() {
            Some(last) if last.time == start => last.join(bar),
            _ => longer.push(Bar { time: start, ..*bar }),
        }
    }
    let begins_within = longer.first().map(|bar| bar.time) != bars.first().map(|bar| bar.time);
    longer.drain(..usize::from(begins_within));
    longer
}

/// How many bars from the first one on follow each other without a pause, at most 24.
fn contiguous(bars: &[Bar], step: Millis) -> usize {
    let pairs = bars.iter().zip(bars.iter().skip(1)).take(23);
    1 + pairs.take_while(|(one, next)| next.time == one.time + step).count()
}

/// Adds a gap of whole minutes. One that touches an earlier gap with the same reason extends it.
pub fn add_gap(gaps: &mut Vec<Gap>, from: Millis, to: Millis, reason: &str) {
    let from = from - from % MINUTE;
    let to = to.next_multiple_of(MINUTE);
    match gaps
        .iter_mut()
        .find(|gap| gap.reason == reason && gap.from <= to && from <= gap.to)
    {
        Some(gap) => {
            gap.from = gap.from.min(from);
            gap.to = gap.to.max(to);
        }
        None if from < to => gaps.push(Gap {
            from,
            to,
            reason: reason.to_owned(),
        }),
        None => {}
    }
    // At most one is out of its place, and only too late in the list.
    for at in (1..gaps.len()).rev() {
        if gaps
            .get(at - 1)
            .zip(gaps.get(at))
            .is_some_and(|(one, next)| one.from > next.from)
        {
            gaps.swap(at - 1, at);
        }
    }
}

/// Makes one gap of the two that are closest to each other, and of the time between them.
pub fn join_nearest(gaps: &mut Vec<Gap>) {
    let pairs = gaps.iter().zip(gaps.iter().skip(1)).enumerate();
    let distances = pairs.map(|(at, (one, next))| (next.from.saturating_sub(one.to), at));
    let Some((_, at)) = distances.min() else { return };
    let next = gaps.remove(at + 1);
    if let Some(gap) = gaps.get_mut(at) {
        gap.to = gap.to.max(next.to);
    }
}

/// What is left of the gaps outside `from..to`.
#[must_use]
pub fn without(gaps: &[Gap], from: Millis, to: Millis) -> Vec<Gap> {
    let parts = gaps.iter().flat_map(|gap| {
        let before = Gap {
            to: gap.to.min(from),
            ..gap.clone()
        };
        let after = Gap {
            from: gap.from.max(to),
            ..gap.clone()
        };
        [before, after]
    });
    parts.filter(|gap| gap.from < gap.to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::DAY;

    const HOUR: Millis = 60 * MINUTE;
    const T: Millis = 20_500 * DAY;

    fn bars(times: impl Iterator<Item = Millis>) -> Vec<Bar> {
        times.map(|time| Bar::first(time, 1.0, BarSource::Hub)).collect()
    }

    fn starts(bars: &[Bar]) -> Vec<Millis> {
        bars.iter().map(|bar| (bar.time - T) / MINUTE).collect()
    }

    #[test]
    fn minutes_become_longer_bars_on_the_clock() {
        let minutes = |from: u64, to: u64| bars((from..to).map(|minute| T + minute * MINUTE));
        assert_eq!(
            starts(&roll_up(&minutes(0, 17), Interval::FiveMinutes, 0)),
            [0, 5, 10, 15]
        );
        assert_eq!(starts(&roll_up(&minutes(3, 17), Interval::FiveMinutes, 0)), [5, 10, 15]);
        assert_eq!(starts(&roll_up(&minutes(3, 17), Interval::QuarterHour, 0)), [15]);
        assert_eq!(
            starts(&roll_up(&minutes(510, 600), Interval::Hour, 30 * MINUTE)),
            [510, 570]
        );
        assert_eq!(starts(&roll_up(&minutes(560, 600), Interval::Hour, 0)), [0_u64; 0]);
    }

    #[test]
    fn four_hours_begin_with_a_session_or_on_the_clock() {
        let session = |day: u64| (0..7).map(move |hour| T + day * DAY + 13 * HOUR + 30 * MINUTE + hour * HOUR);
        let days = bars(session(0).chain(session(1)));
        assert_eq!(
            starts(&roll_up(&days, Interval::FourHours, 30 * MINUTE)),
            [810, 1050, 1440 + 810, 1440 + 1050]
        );
        let always = bars((2..40).map(|hour| T + hour * HOUR));
        assert_eq!(
            starts(&roll_up(&always, Interval::FourHours, 0)).get(..2),
            Some([240, 480].as_slice())
        );
    }

    #[test]
    fn gaps_are_whole_minutes_that_join_and_are_filled() {
        let mut gaps = Vec::new();
        add_gap(&mut gaps, T + 61_000, T + 119_000, "lost");
        assert_eq!((gaps[0].from, gaps[0].to), (T + MINUTE, T + 2 * MINUTE));
        add_gap(&mut gaps, T + 2 * MINUTE, T + 9 * MINUTE, "lost");
        add_gap(&mut gaps, T, T, "nothing");
        assert_eq!(gaps.len(), 1);
        let left = without(&gaps, T + 3 * MINUTE, T + 5 * MINUTE);
        let ends: Vec<_> = left
            .iter()
            .map(|gap| ((gap.from - T) / MINUTE, (gap.to - T) / MINUTE))
            .collect();
        assert_eq!(ends, [(1, 3), (5, 9)]);
        assert_eq!(without(&gaps, T, T + DAY), []);
    }

    #[test]
    fn too_many_gaps_become_fewer_and_none_is_forgotten() {
        let mut gaps = Vec::new();
        for (from, to) in [(0, 2), (9, 10), (11, 12)] {
            add_gap(&mut gaps, T + from * MINUTE, T + to * MINUTE, &format!("since {from}"));
        }
        join_nearest(&mut gaps);
        let ends: Vec<_> = gaps
            .iter()
            .map(|gap| ((gap.from - T) / MINUTE, (gap.to - T) / MINUTE))
            .collect();
        assert_eq!(ends, [(0, 2), (9, 12)]);
        join_nearest(&mut gaps);
        join_nearest(&mut gaps);
        assert_eq!(gaps.len(), 1);
    }

    #[test]
    fn a_bar_of_the_provider_stays() {
        let mut all = Bars::default();
        let told = Bar {
            source: BarSource::Provider,
            ..Bar::first(T, 2.0, BarSource::Hub)
        };
        all.add([told]);
        all.add([Bar::first(T, 1.0, BarSource::Hub)]);
        assert_eq!(all.into_list(), [told]);
    }
}
