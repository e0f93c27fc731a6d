//! How a question about bars is answered, from storage and memory.

use super::Recall;
use super::fills::Base;
use super::history::{History, Inquiry, Task, Track};
use super::rows::{ALL_ROWS, Chunk};
use super::series::{Bars, roll_up, without};
use crate::hub::answer;
use crate::hub::io::{Effect, Span};
use crate::hub::{Answer, Config, HistoryQuestion, book};
use crate::market::{Bar, BarSource, Gap, Interval, MINUTE, Millis, SECOND};

/// A row that is read for a question has at least this many bars, or more rows are read.
const SPARSE: usize = 60;
/// When to ask again if nothing says when more will be known.
const RETRY: Millis = 30 * SECOND;
const NO_CREDITS: &str = "older bars are asked for when API credits allow it";

impl History {
    /// Starts to answer the questions for which nothing more will come.
    pub(super) fn read_for_the_ready(&mut self, recall: &mut Recall<'_>) {
        if self.merges() {
            // The rows are about to change.
            return;
        }
        let is_ready = |inquiry: &mut Inquiry| {
            let base = Base::of(inquiry.question.interval);
            let track = self.tracks.get(&inquiry.id);
            recall.now >= inquiry.until || track.is_none_or(|track| track.has_all(base))
        };
        let ready: Vec<Inquiry> = self.inquiries.extract_if(.., is_ready).collect();
        for inquiry in ready {
            match Base::of(inquiry.question.interval) {
                Base::Minutes => self.read_minutes(inquiry, None, recall),
                base @ (Base::Hours | Base::Days) => {
                    let span = Span {
                        series: self
                            .names()
                            .bars(&inquiry.question.instrument.to_string(), base.interval()),
                        from: 0,
                        to: 1,
                        most: 1,
                    };
                    let task = if base == Base::Hours {
                        Task::Hours(inquiry)
                    } else {
                        Task::Days(inquiry)
                    };
                    self.load(task, span, recall);
                }
            }
        }
    }

    fn read_minutes(&mut self, inquiry: Inquiry, hours: Option<Vec<Bar>>, recall: &mut Recall<'_>) {
        let interval = inquiry.question.interval;
        let minutes = (interval.length() / MINUTE) as usize * inquiry.question.limit;
        let most = match &hours {
            None => (3 + minutes / SPARSE).min(ALL_ROWS),
            Some(_) => ALL_ROWS,
        };
        // Hours are known up to the last answer; minutes follow them.
        let from = hours
            .as_ref()
            .and_then(|hours| hours.last())
            .map_or(0, |last| last.time);
        self.read_rows(inquiry, hours, from, most, recall);
    }

    fn read_rows(
        &mut self,
        inquiry: Inquiry,
        hours: Option<Vec<Bar>>,
        from: Millis,
        most: usize,
        recall: &mut Recall<'_>,
    ) {
        let span = Span {
            series: self
                .names()
                .bars(&inquiry.question.instrument.to_string(), Interval::Minute),
            from: super::rows::chunk_of(from),
            to: inquiry.question.before.unwrap_or(Millis::MAX),
            most,
        };
        self.load(Task::Minutes { inquiry, hours, most }, span, recall);
    }

    pub(super) fn read_minutes_after(&mut self, inquiry: Inquiry, rows: &[(Millis, String)], recall: &mut Recall<'_>) {
        let hours = rows.first().map(|(_, row)| Chunk::read(row).bars).unwrap_or_default();
        self.read_minutes(inquiry, Some(hours), recall);
    }

    pub(super) fn answer_minutes(
        &mut self,
        inquiry: Inquiry,
        hours: Option<Vec<Bar>>,
        most: usize,
        rows: &[(Millis, String)],
        recall: &mut Recall<'_>,
    ) {
        let question = &inquiry.question;
        let before = question.before.unwrap_or(Millis::MAX);
        let (mut bars, mut gaps) = (Bars::default(), Vec::new());
        for (_, row) in rows {
            let chunk = Chunk::read(row);
            bars.add(chunk.bars);
            gaps.extend(chunk.gaps);
        }
        if let Some(entry) = recall.book.get(inquiry.id) {
            bars.add(entry.candles.between(0, before).copied());
            bars.add(entry.candles.running().copied());
        }
        let minutes = bars.into_list();
        let bars = match &hours {
            None => roll_up(&minutes, question.interval, 0),
            Some(hours) => with_hours(hours, &minutes, question.interval),
        };
        let bars: Vec<Bar> = bars.into_iter().filter(|bar| bar.time < before).collect();
        let is_unread = rows.len() == most;
        if hours.is_none() && is_unread && bars.len() < question.limit && most < ALL_ROWS {
            return self.read_rows(inquiry, None, 0, ALL_ROWS, recall);
        }
        if let Some(track) = self.tracks.get(&inquiry.id) {
            gaps.extend(track.gaps_until(recall.now));
        }
        if let Some(last) = hours.as_ref().and_then(|hours| hours.last()) {
            gaps = without(&gaps, 0, last.time + Interval::Hour.length());
        }
        self.answer(&inquiry, bars, gaps, is_unread, recall);
    }

    pub(super) fn answer_days(&mut self, inquiry: &Inquiry, rows: &[(Millis, String)], recall: &mut Recall<'_>) {
        let before = inquiry.question.before.unwrap_or(Millis::MAX);
        let mut bars = Bars::default();
        bars.add(recall.book.get(inquiry.id).and_then(today));
        bars.add(rows.first().map(|(_, row)| Chunk::read(row).bars).unwrap_or_default());
        let bars = bars.into_list().into_iter().filter(|bar| bar.time < before);
        self.answer(inquiry, bars.collect(), Vec::new(), false, recall);
    }

    fn answer(&self, inquiry: &Inquiry, mut bars: Vec<Bar>, gaps: Vec<Gap>, is_unread: bool, recall: &mut Recall<'_>) {
        let question = &inquiry.question;
        let surplus = bars.len().saturating_sub(question.limit);
        bars.drain(..surplus);
        let base = Base::of(question.interval);
        let track = self.tracks.get(&inquiry.id);
        let fill = track.map(|track| track.fills.get(base));
        let is_missing = fill.is_none_or(|fill| fill.told == 0);
        let cell = recall.book.get(inquiry.id).map(|entry| &entry.cell);
        let details = cell.map(|cell| cell.details.clone()).unwrap_or_default();
        let exchange = cell.and_then(|cell| cell.quote.as_ref()?.exchange.clone());
        let waits = track.is_some_and(|track| !track.has_all(base));
        let trouble = fill.and_then(|fill| fill.trouble.clone());
        let reason = trouble.or_else(|| waits.then(|| NO_CREDITS.to_owned()));
        let retry_at = fill.map(|fill| fill.not_before).filter(|at| *at > recall.now);
        let first = bars.first().map_or(0, |bar| bar.time);
        let end = question.before.unwrap_or(Millis::MAX);
        let gaps = without(&without(&gaps, 0, first), end, Millis::MAX);
        let length = question.interval.length();
        let history = answer::History {
            simulated: recall.config.simulated,
            symbol: question.instrument.to_string(),
            interval: question.interval,
            exchange,
            mic_code: details.mic_code,
            r#type: details.kind,
            currency: details.currency,
            timezone: details.timezone,
            provider: recall.config.provider.name(),
            running: bars
                .last()
                .map(|bar| bar.time)
                .filter(|time| time + length > recall.now),
            more: surplus > 0 || is_unread || is_missing && reason.is_some(),
            gaps: joined(gaps),
            as_of: recall.now,
            retry_at: reason.as_ref().map(|_| retry_at.unwrap_or(recall.now + RETRY)),
            is_refused: bars.is_empty() && fill.is_some_and(|fill| fill.is_refused),
            reason,
            bars,
        };
        let answer = Box::new(Answer::History(history));
        recall.effects.push(Effect::Answer(inquiry.waiter, answer));
    }
}

/// No bars, because the symbol is not served, for this reason.
#[must_use]
pub fn refused(question: &HistoryQuestion, why: String, config: &Config, now: Millis) -> answer::History {
    answer::History {
        simulated: config.simulated,
        symbol: question.instrument.to_string(),
        interval: question.interval,
        exchange: None,
        mic_code: None,
        r#type: None,
        currency: None,
        timezone: None,
        provider: config.provider.name(),
        bars: Vec::new(),
        gaps: Vec::new(),
        running: None,
        more: false,
        as_of: now,
        reason: Some(why),
        retry_at: None,
        is_refused: true,
    }
}

impl Track {
    /// Whether no answer of the provider is outstanding.
    fn has_all(&self, base: Base) -> bool {
        self.fills.get(base).wish.is_none() && self.is_restored()
    }
}

/// The provider's hours, and after them those made of minutes.
fn with_hours(hours: &[Bar], minutes: &[Bar], interval: Interval) -> Vec<Bar> {
    let hour = Interval::Hour.length();
    let phase = hours.last().map_or(0, |last| last.time % hour);
    let known = hours.last().map_or(0, |last| last.time + hour);
    let later: Vec<Bar> = minutes.iter().filter(|bar| bar.time >= known).copied().collect();
    let mut all = hours.to_vec();
    all.extend(roll_up(&later, Interval::Hour, phase));
    if interval == Interval::Hour {
        all
    } else {
        roll_up(&all, interval, phase)
    }
}

/// The bar of the running day, as far as the provider has told it and ticks went on.
fn today(entry: &book::Entry) -> Option<Bar> {
    let day = entry.cell.reference.day?;
    let quote = entry.cell.quote.as_ref()?;
    let opened = day.opened?;
    let bar = Bar {
        time: opened - opened % Interval::Day.length(),
        open: day.open?,
        high: day.high?.max(quote.price),
        low: day.low?.min(quote.price),
        close: quote.price,
        volume: quote.day_volume,
        source: BarSource::Hub,
    };
    bar.is_sound().then_some(bar)
}

/// Gaps in order; those that overlap with the same reason are one.
fn joined(gaps: Vec<Gap>) -> Vec<Gap> {
    let mut all = Vec::new();
    for gap in gaps {
        super::series::add_gap(&mut all, gap.from, gap.to, &gap.reason);
    }
    all
}
