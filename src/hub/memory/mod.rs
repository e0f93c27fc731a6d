//! What the hub remembers beyond the newest quotes: bars, search results, the hours of exchanges.
//!
//! The book has the recent minute bars. This part keeps older ones in storage, has the provider
//! fill what is missing, and answers the questions about all of it. REST calls leave through
//! [`Errands`](super::errand::Errands), in the order in which they are wanted; upstream decides
//! when credits allow one.

mod directory;
mod fills;
mod history;
mod hours;
mod replies;
mod rows;
mod series;

pub use history::History;
pub use replies::refused;

use super::errand::{Errand, Errands, Outcome};
use super::{Book, Config, Effects};
use crate::market::{FeedStatus, Millis};
use directory::Directory;
use hours::Hours;

/// The context in which the memory acts.
pub struct Recall<'a> {
    pub config: &'a Config,
    pub book: &'a mut Book,
    pub feed: &'a FeedStatus,
    pub effects: &'a mut Effects,
    /// Whether a client or REST request is or recently was here.
    pub is_watched: bool,
    /// Whether storage may be expected to take rows.
    pub stores: bool,
    pub now: Millis,
}

/// Bars, search results and hours.
#[derive(Debug)]
pub struct Memory {
    pub history: History,
    pub directory: Directory,
    pub hours: Hours,
    was_watched: bool,
}

impl Memory {
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            history: History::new(config),
            directory: Directory::default(),
            hours: Hours::default(),
            was_watched: false,
        }
    }

    /// Does everything that is due. A hub that falls asleep stores what it knows; one that sleeps
    /// does nothing.
    pub fn advance(&mut self, recall: &mut Recall<'_>) {
        recall.book.close_bars(recall.now);
        let was_watched = std::mem::replace(&mut self.was_watched, recall.is_watched);
        if !was_watched && !recall.is_watched && self.deadline().is_none() {
            return;
        }
        self.history.advance(recall);
        if !recall.is_watched {
            self.history.store(recall);
        }
        self.hours.advance(recall);
        self.directory.advance(recall);
    }

    /// When something is due that no other deadline triggers.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        [
            self.history.deadline(),
            self.directory.deadline(),
            self.hours.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

impl Errands for Memory {
    /// People who wait come first, then the hours, then the bars that nobody has asked for yet.
    fn next(&self, now: Millis) -> Option<Errand> {
        self.directory
            .wanted(now)
            .or_else(|| self.history.asked_for())
            .or_else(|| self.hours.wanted(now))
            .or_else(|| self.history.missing())
    }

    fn begun(&mut self, errand: &Errand, now: Millis) {
        match errand {
            Errand::Search { .. } => self.directory.begun(now),
            Errand::Series { .. } | Errand::Hours => {}
        }
    }

    fn ended(&mut self, errand: &Errand, outcome: Outcome, asked: Millis) {
        match errand {
            Errand::Series { id, interval, .. } => self.history.filled(*id, *interval, outcome, asked),
            Errand::Search { text, .. } => self.directory.found(text, outcome, asked),
            Errand::Hours => self.hours.told(outcome, asked),
        }
    }
}
