//! The bars of all tracked symbols: in memory, in storage, and what is asked of the provider.
//!
//! **Rows.** Minute bars are stored in rows of four hours. So that a crash loses five minutes at
//! most, the bars that closed meanwhile go into a journal, one row for all symbols every five
//! minutes. The cost of a day is 288 rows for the journal and six for each symbol.
//!
//! **Gaps.** While the ticks of a symbol do not arrive, its bars are incomplete or missing. That
//! time is a gap with a reason, until the provider tells the bars of it.

use super::Recall;
use super::fills::{Base, Condition, Fill, Fills, Told};
use super::rows::{ALL_ROWS, CHUNK, Chunk, Entry, HOURS_KEPT, MINUTES_KEPT, Names, chunk_of};
use super::series::{Bars, add_gap, join_nearest, without};
use crate::hub::book::{self, OLDEST_TICK};
use crate::hub::errand::{Errand, Outcome};
use crate::hub::io::{Effect, Kept, Span, Ticket};
use crate::hub::{Config, HistoryQuestion, SymbolId, WaiterId};
use crate::market::{
    Bar, BarSource, DAY, Details, FeedState, FeedStatus, Gap, Instrument, Interval, MINUTE, Millis, SECOND, Session,
    StreamState,
};
use crate::provider::Series;
use std::collections::{BTreeMap, VecDeque};

/// How often the bars that closed are written to the journal.
const JOURNAL: Millis = 5 * MINUTE;
/// Rows of the journal before the oldest is overwritten. They last for five hours even if the hub
/// falls asleep between any two, so that every bar is in a row of its symbol by then.
const JOURNAL_ROWS: u64 = 120;
/// A chunk is stored this long after its end, because ticks may be half an hour late.
const SETTLED: Millis = 31 * MINUTE;
/// Ticks are seldom later than this. Of the time since, the journal does not say that all is known.
const LATE: Millis = 30 * SECOND;
/// Bars that stay in memory though they are stored, for sparklines.
const RECENT: Millis = 61 * MINUTE;
/// Most gaps of a symbol in memory.
const MOST_GAPS: usize = 32;
/// How often rows that expired are deleted.
const CLEANING: Millis = DAY;

const NOT_RUNNING: &str = "the hub was not running";
const NOT_STORED: &str = "the hub's storage did not take the bars";

/// The bars of all tracked symbols.
#[derive(Debug)]
pub struct History {
    names: Names,
    pub(super) tracks: BTreeMap<SymbolId, Track>,
    /// [`Book::turnover`](crate::hub::Book::turnover) when the tracks were last compared.
    turnover: Option<u64>,
    tasks: BTreeMap<Ticket, Task>,
    last_ticket: u32,
    /// Merges that wait, because each must see what the one before it has stored.
    merges: VecDeque<(Merge, Span)>,
    is_merging: bool,
    pub(super) inquiries: Vec<Inquiry>,
    outcomes: Vec<(SymbolId, Base, Outcome, Millis)>,
    journal_at: Option<Millis>,
    /// When rows were handed to storage last.
    stored_at: Option<Millis>,
    /// The row of the journal that is written next.
    next_journal: u64,
    /// When an earlier hub wrote the newest row of the journal; 0 if there is none.
    last_journal: Millis,
    cleaned: Millis,
}

/// One symbol.
#[derive(Debug)]
pub struct Track {
    /// Its name in rows.
    pub(super) symbol: String,
    instrument: Instrument,
    is_default: bool,
    pub(super) fills: Fills,
    /// Whether what an earlier hub stored is known.
    is_restored: bool,
    streams: bool,
    /// Since when its ticks do not arrive, and why, once bars are known.
    quiet: Option<(Millis, String)>,
    /// If its ticks did not arrive when this hub began to track it: when that was, and why they
    /// still do not arrive.
    deaf: Option<(Millis, String)>,
    /// Gaps that may not be stored or filled yet.
    pub(super) gaps: Vec<Gap>,
    /// Gaps of the journal and when each was written, until it is known when the provider answered.
    journaled_gaps: Vec<(Millis, Gap)>,
    /// The provider's bars of these times were handed to storage since it was last known to work.
    handed: Vec<Gap>,
    /// Storage refused the provider's bars of these times: for a later hub they are gaps.
    refused: Vec<Gap>,
    kept: Progress,
    /// As it was when storage was last known to work.
    kept_before: Progress,
}

/// What is stored of a symbol.
#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    /// Bars that start before this are in the journal.
    journaled: Millis,
    /// Gaps that end before this are in the journal.
    gaps_journaled: Millis,
    /// Bars that start before this are in rows of the symbol.
    stored: Millis,
    /// Gaps that end before this are in rows of the symbol.
    gaps_stored: Millis,
}

/// A question about bars that waits.
#[derive(Debug)]
pub struct Inquiry {
    pub waiter: WaiterId,
    pub question: HistoryQuestion,
    pub id: SymbolId,
    pub until: Millis,
    /// Whether its symbol knows that a person waits.
    is_noted: bool,
}

/// Bars to store.
#[derive(Debug)]
pub(super) struct Merge {
    symbol: String,
    base: Base,
    /// By the start of their row.
    chunks: BTreeMap<Millis, Chunk>,
    /// The time of which the provider has told every bar.
    covered: Option<(Millis, Millis)>,
    /// The row that says when the symbol was filled, if the bars are the provider's. It is stored
    /// together with them.
    told: Option<Kept>,
}

/// Why rows were loaded.
#[derive(Debug)]
pub(super) enum Task {
    /// A symbol is tracked from now on: when it was filled.
    Told(SymbolId),
    /// A symbol is tracked from now on: its newest minutes.
    Recent(SymbolId),
    /// The hub has started.
    Journal,
    /// Bars go into the rows that hold their time.
    Merge(Merge),
    /// Bars of a question. Hours come first, then the minutes after them.
    Hours(Inquiry),
    Minutes {
        inquiry: Inquiry,
        hours: Option<Vec<Bar>>,
        most: usize,
    },
    Days(Inquiry),
}

impl History {
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            names: Names {
                simulated: config.simulated,
            },
            tracks: BTreeMap::new(),
            turnover: None,
            tasks: BTreeMap::new(),
            last_ticket: 0,
            merges: VecDeque::new(),
            is_merging: false,
            inquiries: Vec::new(),
            outcomes: Vec::new(),
            journal_at: None,
            stored_at: None,
            next_journal: 0,
            last_journal: 0,
            cleaned: 0,
        }
    }

    /// When a question must be answered with what there is.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.inquiries.iter().map(|inquiry| inquiry.until).min()
    }

    /// Registers a question about the bars of a tracked symbol.
    pub fn ask(&mut self, waiter: WaiterId, question: HistoryQuestion, id: SymbolId, until: Millis) {
        self.inquiries.push(Inquiry {
            waiter,
            question,
            id,
            until,
            is_noted: false,
        });
    }

    /// What a person waits for.
    #[must_use]
    pub fn asked_for(&self) -> Option<Errand> {
        self.wish(&Base::ALL, |fill| fill.is_asked)
    }

    /// What nobody has asked for yet.
    #[must_use]
    pub fn missing(&self) -> Option<Errand> {
        self.wish(&[Base::Minutes], |_| true)
    }

    /// The first wish for one of these intervals.
    fn wish(&self, bases: &[Base], is_meant: impl Fn(&Fill) -> bool) -> Option<Errand> {
        self.tracks.iter().find_map(|(id, track)| {
            let (base, bars) = bases.iter().find_map(|base| {
                let fill = track.fills.get(*base);
                fill.wish.filter(|_| is_meant(fill)).map(|bars| (base, bars))
            })?;
            Some(Errand::Series {
                id: *id,
                instrument: track.instrument.clone(),
                interval: base.interval(),
                bars,
            })
        })
    }

    /// The provider answered, or did not. [`History::advance`] acts on it.
    pub fn filled(&mut self, id: SymbolId, interval: Interval, outcome: Outcome, asked: Millis) {
        self.outcomes.push((id, Base::of(interval), outcome, asked));
    }

    /// Does everything that is due.
    pub fn advance(&mut self, recall: &mut Recall<'_>) {
        if self.turnover != Some(recall.book.turnover()) {
            self.compare(recall);
        }
        for (id, track) in &mut self.tracks {
            if let Some(entry) = recall.book.get(*id) {
                let (streams, why) = arrives(entry, recall.feed);
                track.hear(streams, why, recall.now);
            }
            if !track.streams
                && let Some(candles) = recall.book.candles_mut(*id)
            {
                candles.interrupt();
            }
        }
        let outcomes = std::mem::take(&mut self.outcomes);
        let is_told = !outcomes.is_empty();
        for (id, base, outcome, asked) in outcomes {
            self.take(id, base, outcome, asked, recall);
        }
        for inquiry in self.inquiries.iter_mut().filter(|inquiry| !inquiry.is_noted) {
            if let Some(track) = self.tracks.get_mut(&inquiry.id) {
                track.fills.get_mut(Base::of(inquiry.question.interval)).is_asked = true;
                inquiry.is_noted = true;
            }
        }
        for (id, track) in &mut self.tracks {
            if let Some(entry) = recall.book.get(*id) {
                track.consider(entry, recall.now);
            }
        }
        self.read_for_the_ready(recall);
        let is_due = recall.now >= *self.journal_at.get_or_insert(recall.now + JOURNAL);
        if is_due {
            self.store(recall);
        }
        if is_told && !(is_due && recall.stores) {
            // With an answer goes the time until which everything is known, so the gaps before must
            // go too.
            self.write_journal(recall);
        }
    }

    /// Stores what is not stored yet. While storage is in trouble, memory holds the bars of a day.
    pub fn store(&mut self, recall: &mut Recall<'_>) {
        self.journal_at = Some(recall.now + JOURNAL);
        if recall.stores {
            // The rows before are settled, except those of the same moment: a journal may be due when
            // the hub falls asleep, and storage refuses both.
            if self.stored_at.replace(recall.now) != Some(recall.now) {
                for track in self.tracks.values_mut() {
                    track.kept_before = track.kept;
                    track.handed.clear();
                }
            }
            if self.write_journal(recall) {
                self.turn_the_page(recall);
            }
            self.write_chunks(recall);
            if recall.now >= self.cleaned + CLEANING {
                self.cleaned = recall.now;
                recall.effects.push(Effect::DropExpired);
            }
        } else {
            self.forget_what_cannot_be_stored(recall);
        }
    }

    /// Storage refused the last rows: they are written again.
    pub fn storage_failed(&mut self) {
        for track in self.tracks.values_mut() {
            track.kept = track.kept_before;
            for gap in std::mem::take(&mut track.handed) {
                note_gap(&mut track.refused, gap.from, gap.to, NOT_STORED);
            }
        }
    }

    fn forget_what_cannot_be_stored(&mut self, recall: &mut Recall<'_>) {
        let limit = recall.now.saturating_sub(DAY);
        for (id, track) in &mut self.tracks {
            let Some(candles) = recall.book.candles_mut(*id) else {
                continue;
            };
            let first = candles.between(track.kept.stored, limit).next().map(|bar| bar.time);
            if let Some(first) = first {
                track.note(first, limit, NOT_STORED);
                track.kept.stored = limit;
            }
            candles.forget_before(limit);
        }
    }

    /// Follows which symbols are tracked.
    fn compare(&mut self, recall: &mut Recall<'_>) {
        if self.turnover.is_none() {
            let span = Span {
                series: self.names.journal(),
                from: 0,
                to: JOURNAL_ROWS,
                most: JOURNAL_ROWS as usize,
            };
            self.load(Task::Journal, span, recall);
        }
        self.turnover = Some(recall.book.turnover());
        self.tracks.retain(|id, _| recall.book.get(*id).is_some());
        let new: Vec<(SymbolId, Instrument)> = recall
            .book
            .iter()
            .filter(|(id, _)| !self.tracks.contains_key(id))
            .map(|(id, entry)| (id, entry.instrument.clone()))
            .collect();
        for (id, instrument) in new {
            let symbol = instrument.to_string();
            let told = Span {
                series: self.names.fills(&symbol),
                from: 0,
                to: 1,
                most: 1,
            };
            let recent = Span {
                series: self.names.bars(&symbol, Interval::Minute),
                from: chunk_of(recall.now.saturating_sub(RECENT)),
                to: Millis::MAX,
                most: 3,
            };
            self.tracks.insert(id, Track::new(symbol, instrument, recall.config));
            self.load(Task::Recent(id), recent, recall);
            self.load(Task::Told(id), told, recall);
        }
    }

    pub(super) fn load(&mut self, task: Task, span: Span, recall: &mut Recall<'_>) {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let ticket = Ticket(self.last_ticket);
        self.tasks.insert(ticket, task);
        recall.effects.push(Effect::Load(ticket, span));
    }

    /// The rows that were loaded for a ticket, the newest first.
    pub fn loaded(&mut self, ticket: Ticket, rows: &[(Millis, String)], recall: &mut Recall<'_>) {
        let Some(task) = self.tasks.remove(&ticket) else {
            return;
        };
        match task {
            Task::Told(id) => {
                if let Some(track) = self.tracks.get_mut(&id) {
                    let told: Option<Told> = rows.first().and_then(|(_, row)| serde_json::from_str(row).ok());
                    track.fills.restore(told.unwrap_or_default());
                    track.is_restored = true;
                    for (written, gap) in std::mem::take(&mut track.journaled_gaps) {
                        track.restore_gap(written, gap, self.last_journal);
                    }
                    let told = track.fills.get(Base::Minutes).told;
                    track.was_known_until(told);
                }
            }
            Task::Recent(id) => {
                for (_, row) in rows {
                    self.restore(id, Chunk::read(row), recall);
                }
            }
            Task::Journal => self.restore_journal(rows, recall),
            Task::Merge(merge) => {
                self.merge(merge, rows, recall);
                self.is_merging = false;
                self.start_merging(recall);
            }
            Task::Hours(inquiry) => self.read_minutes_after(inquiry, rows, recall),
            Task::Minutes { inquiry, hours, most } => self.answer_minutes(inquiry, hours, most, rows, recall),
            Task::Days(inquiry) => self.answer_days(&inquiry, rows, recall),
        }
    }

    /// The rows of the journal that an earlier hub wrote.
    fn restore_journal(&mut self, rows: &[(Millis, String)], recall: &mut Recall<'_>) {
        let entries = rows.iter().filter_map(|(start, row)| Some((*start, Entry::read(row)?)));
        let entries: Vec<(u64, Entry)> = entries.collect();
        let newest = entries.iter().max_by_key(|(_, entry)| entry.at);
        // A short row goes on, so that short lives do not use rows up.
        let open = newest.filter(|(_, entry)| entry.begins() + 2 * JOURNAL > recall.now);
        let open = open.map(|(start, _)| *start);
        let after = newest.map_or(0, |(start, _)| start + 1);
        self.next_journal = open.unwrap_or(after);
        self.last_journal = newest.map_or(0, |(_, entry)| entry.at);
        for (start, entry) in entries {
            for (symbol, known_until, mut chunk) in entry.symbols {
                let found = self.tracks.iter_mut().find(|(_, track)| track.symbol == symbol);
                let Some((id, track)) = found else { continue };
                let id = *id;
                track.was_known_until(known_until);
                if open != Some(start) {
                    let last = chunk.bars.last().map_or(0, |bar| bar.time + MINUTE);
                    track.kept.journaled = track.kept.journaled.max(last);
                }
                for gap in std::mem::take(&mut chunk.gaps) {
                    track.restore_gap(entry.at, gap, self.last_journal);
                }
                self.restore(id, chunk, recall);
            }
        }
    }

    /// Bars that an earlier hub stored.
    fn restore(&mut self, id: SymbolId, chunk: Chunk, recall: &mut Recall<'_>) {
        let Some(track) = self.tracks.get_mut(&id) else {
            return;
        };
        if let Some(last) = chunk.bars.last() {
            track.was_known_until(last.time + MINUTE);
        }
        for gap in &chunk.gaps {
            add_gap(&mut track.gaps, gap.from, gap.to, &gap.reason);
        }
        recall.book.add_bars(id, chunk.bars.into_iter());
    }

    /// Takes in what the provider answered.
    fn take(&mut self, id: SymbolId, base: Base, outcome: Outcome, asked: Millis, recall: &mut Recall<'_>) {
        let Some(track) = self.tracks.get_mut(&id) else {
            return;
        };
        let series = match outcome {
            Outcome::Series(series) => series,
            Outcome::Refused(why) => return track.fills.get_mut(base).failed(why, true, asked),
            Outcome::Failed(why) => return track.fills.get_mut(base).failed(why, false, asked),
            Outcome::Found(_) | Outcome::Hours(_) => return,
        };
        track.fills.get_mut(base).worked(asked);
        if base == Base::Minutes {
            // What this answer leaves of them goes with it: see `restore_gap`.
            let gaps = track.gaps_until(recall.now);
            let first = gaps.iter().map(|gap| gap.from).min();
            track.store_gaps_again(first.unwrap_or(Millis::MAX));
            track.fills.answered = recall.now;
        }
        let symbol = track.symbol.clone();
        let told = Kept {
            series: self.names.fills(&symbol),
            start: 0,
            expires: recall.now + HOURS_KEPT,
            body: serde_json::to_string(&track.fills.told()).unwrap_or_default(),
        };
        learn(id, &series, recall);
        let is_over = |bar: &Bar| bar.time + base.interval().length() <= asked;
        let is_kept = |bar: &Bar| bar.time + base.kept() > recall.now;
        let bars: Vec<Bar> = series
            .bars
            .into_iter()
            .filter(|bar| is_over(bar) && is_kept(bar))
            .collect();
        let covered = bars.first().map(|first| (first.time, asked - asked % MINUTE));
        if covered.is_none() {
            recall.effects.push(Effect::Keep(vec![told]));
            return;
        }
        let mut chunks: BTreeMap<Millis, Chunk> = BTreeMap::new();
        match base {
            Base::Minutes => {
                if let (Some((from, to)), Some(track)) = (covered, self.tracks.get_mut(&id)) {
                    track.is_told(from, to);
                    // Rows may hold gaps of hours in which there was no bar.
                    let starts = (chunk_of(from)..to).step_by(CHUNK as usize);
                    chunks.extend(starts.map(|start| (start, Chunk::default())));
                }
                let recent = recall.now.saturating_sub(CHUNK);
                let recent = bars.iter().filter(|bar| bar.time >= recent);
                recall.book.add_bars(id, recent.copied());
                for bar in bars {
                    chunks.entry(chunk_of(bar.time)).or_default().bars.push(bar);
                }
            }
            Base::Hours | Base::Days => {
                chunks.entry(0).or_default().bars = bars;
            }
        }
        let merge = Merge {
            symbol,
            base,
            chunks,
            covered,
            told: Some(told),
        };
        self.load_for_merge(merge, recall);
    }

    fn load_for_merge(&mut self, merge: Merge, recall: &mut Recall<'_>) {
        let (Some(first), Some(last)) = (merge.chunks.keys().next(), merge.chunks.keys().next_back()) else {
            return;
        };
        let span = Span {
            series: self.names.bars(&merge.symbol, merge.base.interval()),
            from: *first,
            to: last + 1,
            most: ALL_ROWS,
        };
        self.merges.push_back((merge, span));
        self.start_merging(recall);
    }

    fn start_merging(&mut self, recall: &mut Recall<'_>) {
        if self.is_merging {
            return;
        }
        if let Some((merge, span)) = self.merges.pop_front() {
            self.is_merging = true;
            self.load(Task::Merge(merge), span, recall);
        }
    }

    /// Adds bars and gaps to the rows that hold their time. Rows that stay the same are not written.
    fn merge(&mut self, merge: Merge, rows: &[(Millis, String)], recall: &mut Recall<'_>) {
        let Merge {
            symbol,
            base,
            chunks,
            covered,
            told,
        } = merge;
        let mut kept: Vec<Kept> = Vec::new();
        for (start, new) in chunks {
            let row = rows.iter().find(|(of, _)| *of == start);
            let old = row.map(|(_, row)| Chunk::read(row)).unwrap_or_default();
            let mut bars = Bars::default();
            let is_kept = |bar: &Bar| bar.time + base.kept() > recall.now;
            bars.add(old.bars.iter().copied().filter(is_kept));
            bars.add(new.bars);
            let mut gaps = match covered {
                Some((from, to)) => without(&old.gaps, from, to),
                None => old.gaps.clone(),
            };
            for gap in &new.gaps {
                add_gap(&mut gaps, gap.from, gap.to, &gap.reason);
            }
            let merged = Chunk {
                bars: bars.into_list(),
                gaps,
            };
            if merged != old {
                let interval = base.interval();
                kept.push(self.names.kept(&symbol, interval, start, &merged, recall.now));
            }
        }
        let track = self.tracks.values_mut().find(|track| track.symbol == symbol);
        if let (Base::Minutes, Some((from, to)), Some(track)) = (base, covered, track) {
            let gaps = if recall.stores {
                &mut track.handed
            } else {
                &mut track.refused
            };
            note_gap(gaps, from, to, NOT_STORED);
        }
        // Last: storage may take only the first rows.
        kept.extend(told);
        if !kept.is_empty() {
            recall.effects.push(Effect::Keep(kept));
        }
    }

    /// One row with the bars of all symbols that closed since the row before it. Returns whether
    /// there is anything to write. The same row is written again, with more, until five minutes of
    /// it are complete: answers of the provider may come every second.
    fn write_journal(&mut self, recall: &mut Recall<'_>) -> bool {
        let mut entry = Entry {
            at: recall.now,
            symbols: Vec::new(),
        };
        for (id, track) in &self.tracks {
            let Some(of) = recall.book.get(*id) else { continue };
            let new = of.candles.between(track.kept.journaled, Millis::MAX);
            let bars: Vec<Bar> = new.filter(|bar| bar.source == BarSource::Hub).copied().collect();
            let gaps = track.gaps_until(recall.now).into_iter();
            let mut gaps: Vec<Gap> = gaps.filter(|gap| gap.to > track.kept.gaps_journaled).collect();
            for gap in &track.refused {
                add_gap(&mut gaps, gap.from, gap.to, &gap.reason);
            }
            // One that ticks is told without a bar too: so far, nothing is missing.
            if track.streams || !bars.is_empty() || !gaps.is_empty() {
                let running = of.candles.running().map_or(recall.now, |bar| bar.time);
                let settled = recall.now.saturating_sub(LATE);
                let known_until = running.min(settled - settled % MINUTE);
                let chunk = Chunk { bars, gaps };
                entry.symbols.push((track.symbol.clone(), known_until, chunk));
            }
        }
        if entry.symbols.is_empty() {
            return false;
        }
        recall.effects.push(Effect::Keep(vec![Kept {
            series: self.names.journal(),
            start: self.next_journal % JOURNAL_ROWS,
            expires: recall.now + MINUTES_KEPT,
            body: entry.row(),
        }]));
        true
    }

    /// The row of the journal is complete: what comes from now on goes into the next one.
    fn turn_the_page(&mut self, recall: &Recall<'_>) {
        self.next_journal = (self.next_journal + 1) % JOURNAL_ROWS;
        for (id, track) in &mut self.tracks {
            let Some(of) = recall.book.get(*id) else { continue };
            let new = of.candles.between(track.kept.journaled, Millis::MAX);
            let last = new.filter(|bar| bar.source == BarSource::Hub).last();
            track.kept.journaled = last.map_or(track.kept.journaled, |bar| bar.time + MINUTE);
            track.kept.gaps_journaled = recall.now - recall.now % MINUTE;
        }
    }

    /// Stores the bars of chunks that are over, and forgets those that nobody needs in memory.
    fn write_chunks(&mut self, recall: &mut Recall<'_>) {
        let until = chunk_of(recall.now.saturating_sub(SETTLED));
        let oldest = chunk_of(recall.now.saturating_sub(MINUTES_KEPT));
        let mut merges = Vec::new();
        for (id, track) in &mut self.tracks {
            let Some(candles) = recall.book.candles_mut(*id) else {
                continue;
            };
            // After a long sleep there may be months.
            track.gaps = without(&track.gaps, 0, oldest);
            let mut chunks: BTreeMap<Millis, Chunk> = BTreeMap::new();
            for bar in candles.between(track.kept.stored, until) {
                chunks.entry(chunk_of(bar.time)).or_default().bars.push(*bar);
            }
            // One that began before has ended since, so it is not stored yet. One that lasts would be
            // written again each time.
            let is_settled = |gap: &Gap| gap.from < until && gap.to > track.kept.gaps_stored && gap.to < recall.now;
            for gap in track.gaps_until(recall.now).into_iter().filter(is_settled) {
                // Each row has the part of its own time, which the provider's bars of it end.
                for start in (chunk_of(gap.from.max(oldest))..gap.to).step_by(CHUNK as usize) {
                    let part = Gap {
                        from: gap.from.max(start),
                        to: gap.to.min(start + CHUNK),
                        reason: gap.reason.clone(),
                    };
                    chunks.entry(start).or_default().gaps.push(part);
                }
            }
            track.kept.stored = track.kept.stored.max(until);
            track.kept.gaps_stored = track.kept.gaps_stored.max(until);
            // Not those of this time: storage may refuse the rows.
            let stored = track.kept_before.stored;
            candles.forget_before(stored.min(recall.now.saturating_sub(RECENT)));
            merges.push(Merge {
                symbol: track.symbol.clone(),
                base: Base::Minutes,
                chunks,
                covered: None,
                told: None,
            });
        }
        for merge in merges {
            self.load_for_merge(merge, recall);
        }
    }

    /// Whether bars are on their way into rows.
    pub(super) fn merges(&self) -> bool {
        self.is_merging
    }

    pub(super) fn names(&self) -> Names {
        self.names
    }
}

impl Track {
    fn new(symbol: String, instrument: Instrument, config: &Config) -> Self {
        Self {
            symbol,
            is_default: config.symbols.contains(&instrument),
            instrument,
            fills: Fills::default(),
            is_restored: false,
            streams: false,
            quiet: None,
            deaf: None,
            gaps: Vec::new(),
            journaled_gaps: Vec::new(),
            handed: Vec::new(),
            refused: Vec::new(),
            kept: Progress::default(),
            kept_before: Progress::default(),
        }
    }

    /// An earlier hub knew everything until this time. From then on there is a gap.
    fn was_known_until(&mut self, time: Millis) {
        if time > 0 && !self.streams {
            let (since, why) = self.quiet.take().unwrap_or((0, NOT_RUNNING.to_owned()));
            self.quiet = Some((since.max(time), why));
        }
    }

    /// Takes a gap of the journal, unless its row was written before the provider's last answer:
    /// with that answer went a row with all gaps that were left. Without such a row, which storage
    /// may have refused, every gap counts, as after a clock was set back. `last`: when the newest
    /// row was written.
    fn restore_gap(&mut self, written: Millis, gap: Gap, last: Millis) {
        if !self.is_restored {
            self.journaled_gaps.push((written, gap));
        } else if written >= self.fills.answered || last < self.fills.answered {
            add_gap(&mut self.gaps, gap.from, gap.to, &gap.reason);
        }
    }

    /// Whether its ticks arrive, and if not, why.
    fn hear(&mut self, streams: bool, why: &str, now: Millis) {
        if self.streams == streams {
            if !streams && self.deaf.as_ref().is_none_or(|(_, before)| before != why) {
                let since = self.deaf.as_ref().map_or(now, |(since, _)| *since);
                self.deaf = Some((since, why.to_owned()));
            }
            return;
        }
        self.streams = streams;
        if streams {
            // Nothing is known of the time before, in which old ticks may still make bars.
            let unheard = || (now.saturating_sub(OLDEST_TICK), NOT_RUNNING.to_owned());
            self.quiet.get_or_insert_with(unheard);
            for gap in self.quiet_until(now) {
                self.note(gap.from, gap.to, &gap.reason);
            }
            self.quiet = None;
        } else {
            self.quiet = Some((now, why.to_owned()));
        }
        self.deaf = None;
    }

    /// The time until `now` in which its ticks do not arrive: one gap, or two if the hub began
    /// meanwhile.
    fn quiet_until(&self, now: Millis) -> Vec<Gap> {
        let Some((since, why)) = &self.quiet else {
            return Vec::new();
        };
        let deaf = self.deaf.as_ref().filter(|_| why == NOT_RUNNING);
        let (began, still) = deaf.map_or((now, why), |(began, still)| {
            ((*began).clamp(*since, now.max(*since)), still)
        });
        let mut gaps = Vec::new();
        for (from, to, why) in [(*since, began.min(now), why), (began, now, still)] {
            if from < to {
                add_gap(&mut gaps, from, to, why);
            }
        }
        gaps
    }

    /// The provider has told everything in `from..to`.
    fn is_told(&mut self, from: Millis, to: Millis) {
        self.gaps = without(&self.gaps, from, to);
        self.refused = without(&self.refused, from, to);
        for gap in self.quiet_until(from) {
            self.note(gap.from, gap.to, &gap.reason);
        }
        if let Some((since, _)) = &mut self.quiet {
            *since = (*since).max(to);
        } else if !self.streams {
            self.quiet = Some((to, "its ticks do not arrive".to_owned()));
        }
    }

    /// Notes a gap that is over. It may have ended long ago.
    fn note(&mut self, from: Millis, to: Millis, why: &str) {
        note_gap(&mut self.gaps, from, to, why);
        self.store_gaps_again(from);
    }

    /// Gaps that end after `from` are written to the journal and rows again. [`Progress`] takes gaps
    /// to end in order of time. One that is noted late, or that the provider's bars cut short, ends
    /// before a time up to which all gaps seem to be stored.
    fn store_gaps_again(&mut self, from: Millis) {
        for kept in [&mut self.kept, &mut self.kept_before] {
            kept.gaps_journaled = kept.gaps_journaled.min(from);
            kept.gaps_stored = kept.gaps_stored.min(from);
        }
    }

    fn consider(&mut self, entry: &book::Entry, now: Millis) {
        if !self.is_restored {
            return;
        }
        let condition = Condition {
            is_default: self.is_default,
            streams: self.streams,
            is_closed: entry.cell.reference.session == Session::Closed,
            gap: self.gaps.iter().map(|gap| gap.to).max(),
            made: entry.candles.made(),
        };
        self.fills.consider(condition, now);
    }

    /// Whether what an earlier hub stored is known.
    pub(super) fn is_restored(&self) -> bool {
        self.is_restored
    }

    /// All gaps up to now.
    #[must_use]
    pub(super) fn gaps_until(&self, now: Millis) -> Vec<Gap> {
        let mut gaps = self.gaps.clone();
        for gap in self.quiet_until(now) {
            add_gap(&mut gaps, gap.from, gap.to, &gap.reason);
        }
        gaps
    }
}

/// Adds a gap to those of a symbol, which are bounded.
fn note_gap(gaps: &mut Vec<Gap>, from: Millis, to: Millis, why: &str) {
    add_gap(gaps, from, to, why);
    while gaps.len() > MOST_GAPS {
        join_nearest(gaps);
    }
}

/// Whether the ticks of a symbol arrive, and if not, why.
fn arrives<'a>(entry: &'a book::Entry, feed: &'a FeedStatus) -> (bool, &'a str) {
    if feed.state != FeedState::Live {
        (false, &feed.reason)
    } else {
        let streams = entry.service.state == StreamState::Streaming;
        (streams, entry.service.reason.as_deref().unwrap_or("it did not stream"))
    }
}

/// What the answer says about the instrument.
fn learn(id: SymbolId, series: &Series, recall: &mut Recall<'_>) {
    let told = Details {
        currency: series.currency.clone(),
        mic_code: series.mic_code.clone(),
        kind: series.kind.clone(),
        timezone: series.timezone.clone(),
        ..Details::default()
    };
    recall.book.learn(id, |cell| cell.details.learn(&told));
}
