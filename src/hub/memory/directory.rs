//! Searches: what the provider found for a text, for everybody.
//!
//! An answer that is complete also answers every longer text: typing on costs nothing.

use super::Recall;
use crate::hub::answer::{Answer, Found, FoundBy, Search, SearchQuestion, Service};
use crate::hub::errand::{Errand, Outcome};
use crate::hub::io::{Effect, WaiterId};
use crate::hub::{Book, Config};
use crate::market::{DAY, Instrument, Listing, MINUTE, Millis, SECOND, StreamState};
use std::collections::BTreeMap;

/// The most results of one call. With fewer the answer is complete.
const MOST_FOUND: u32 = 120;
/// How long an answer is kept.
const KEPT: Millis = DAY;
/// Most answers that are kept.
const MOST_ANSWERS: usize = 300;
/// Calls of the provider in a minute and in a UTC day. The day's limit applies if the plan has one.
const PER_MINUTE: u32 = 2;
const PER_DAY: u32 = 50;
/// Most texts that wait for a call.
const MOST_WAITING: usize = 50;
/// After a failure nothing is searched for as long as this.
const FAILED: Millis = MINUTE;
const REFUSED: Millis = 60 * MINUTE;

/// What was searched for, and what is.
#[derive(Debug, Default)]
pub struct Directory {
    answers: BTreeMap<String, Known>,
    waiting: Vec<Inquiry>,
    minute: (u64, u32),
    day: (u64, u32),
    has_daily_cap: bool,
    not_before: Millis,
    trouble: Option<String>,
}

#[derive(Debug)]
struct Known {
    found: Vec<Listing>,
    at: Millis,
}

#[derive(Debug)]
struct Inquiry {
    waiter: WaiterId,
    question: SearchQuestion,
    until: Millis,
    /// Whether the provider was asked for it.
    is_asked: bool,
}

impl Directory {
    /// Registers a question.
    pub fn ask(&mut self, waiter: WaiterId, question: SearchQuestion, until: Millis, config: &Config) {
        self.has_daily_cap = config.credits_per_day > 0;
        // Beyond the most that may wait, the hub's own symbols must do.
        let until = if self.waiting.len() < MOST_WAITING { until } else { 0 };
        self.waiting.push(Inquiry {
            waiter,
            question,
            until,
            is_asked: false,
        });
    }

    /// What to ask the provider.
    #[must_use]
    pub fn wanted(&self, now: Millis) -> Option<Errand> {
        let first = self.waiting.iter().find(|inquiry| !inquiry.is_asked)?;
        (self.opens_at(now) <= now).then(|| Errand::Search {
            text: first.question.text.clone(),
            most: MOST_FOUND,
        })
    }

    /// When the provider may be asked next.
    fn opens_at(&self, now: Millis) -> Millis {
        let is_full = |(of, used): (u64, u32), length: Millis, most: u32| of == now / length && used >= most;
        if self.has_daily_cap && is_full(self.day, DAY, PER_DAY) {
            (now / DAY + 1) * DAY
        } else if is_full(self.minute, MINUTE, PER_MINUTE) {
            ((now / MINUTE + 1) * MINUTE).max(self.not_before)
        } else {
            self.not_before
        }
    }

    /// A call is charged.
    pub fn begun(&mut self, now: Millis) {
        for (count, length) in [(&mut self.minute, MINUTE), (&mut self.day, DAY)] {
            let used = if count.0 == now / length { count.1 } else { 0 };
            *count = (now / length, used + 1);
        }
    }

    /// The provider answered, or did not.
    pub fn found(&mut self, text: &str, outcome: Outcome, asked: Millis) {
        for inquiry in self.waiting.iter_mut().filter(|inquiry| inquiry.question.text == text) {
            inquiry.is_asked = true;
        }
        match outcome {
            Outcome::Found(found) => {
                self.trouble = None;
                self.answers.insert(key(text), Known { found, at: asked });
                if self.answers.len() > MOST_ANSWERS
                    && let Some(oldest) = self.answers.iter().min_by_key(|(_, known)| known.at)
                {
                    let oldest = oldest.0.clone();
                    self.answers.remove(&oldest);
                }
            }
            Outcome::Refused(why) => (self.not_before, self.trouble) = (asked + REFUSED, Some(why)),
            Outcome::Failed(why) => (self.not_before, self.trouble) = (asked + FAILED, Some(why)),
            Outcome::Series(_) | Outcome::Hours(_) => {}
        }
    }

    /// When a question must be answered with what there is.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.waiting.iter().map(|inquiry| inquiry.until).min()
    }

    /// Answers the questions that need no call, have had one, or have waited long enough.
    pub fn advance(&mut self, recall: &mut Recall<'_>) {
        if self.waiting.is_empty() {
            return;
        }
        let now = recall.now;
        self.answers.retain(|_, known| now < known.at + KEPT);
        let waiting = std::mem::take(&mut self.waiting);
        for inquiry in waiting {
            let found = self.known(&inquiry.question.text);
            let may_come = found.is_none() && !inquiry.is_asked && self.opens_at(now) <= inquiry.until;
            if may_come && now < inquiry.until {
                self.waiting.push(inquiry);
                continue;
            }
            let answer = self.answer(&inquiry, found, recall.book, now);
            recall
                .effects
                .push(Effect::Answer(inquiry.waiter, Box::new(Answer::Search(answer))));
        }
    }

    /// What an earlier answer says about a text.
    fn known(&self, text: &str) -> Option<Vec<&Listing>> {
        let text = key(text);
        let exact = self.answers.get(&text).map(|known| known.found.iter().collect());
        exact.or_else(|| {
            let shorter = (1..text.len()).rev().filter_map(|end| text.get(..end));
            let complete = shorter
                .filter_map(|start| self.answers.get(start))
                .find(|known| known.found.len() < MOST_FOUND as usize)?;
            Some(complete.found.iter().filter(|one| fits(one, &text)).collect())
        })
    }

    fn answer(&self, inquiry: &Inquiry, found: Option<Vec<&Listing>>, book: &Book, now: Millis) -> Search {
        let SearchQuestion { text, limit } = &inquiry.question;
        let from = match &found {
            None => FoundBy::Hub,
            Some(_) if inquiry.is_asked => FoundBy::Provider,
            Some(_) => FoundBy::Cache,
        };
        let is_none_left = self.has_daily_cap && self.day.0 == now / DAY && self.day.1 >= PER_DAY;
        let reason = found.is_none().then(|| match &self.trouble {
            Some(trouble) if now < self.not_before => trouble.clone(),
            _ if is_none_left => "no searches are left today: only the symbols that this hub tracks".to_owned(),
            _ => "upstream could not be asked yet: only the symbols that this hub tracks".to_owned(),
        });
        let results = match found {
            Some(listings) => of_provider(&listings, book),
            None => of_hub(&key(text), book),
        };
        Search {
            text: text.clone(),
            from,
            retry_at: reason.as_ref().map(|_| self.opens_at(now).max(now + 2 * SECOND)),
            reason,
            results: results.into_iter().take(*limit).collect(),
        }
    }
}

fn key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether a listing fits a text in lower case: its symbol begins with it or its name contains it.
fn fits(listing: &Listing, text: &str) -> bool {
    let name = listing.name.as_deref().unwrap_or_default();
    listing.symbol.to_lowercase().starts_with(text) || name.to_lowercase().contains(text)
}

/// The provider's results. It lists a symbol once for each venue; the first one needs no pin.
fn of_provider(listings: &[&Listing], book: &Book) -> Vec<Found> {
    let mut bare: Vec<&str> = Vec::new();
    let results = listings.iter().filter_map(|listing| {
        let is_first = !bare.contains(&listing.symbol.as_str());
        bare.push(&listing.symbol);
        let pin = listing.exchange.as_deref().filter(|_| !is_first);
        let instrument = Instrument::new(&listing.symbol, pin).ok()?;
        Some(Found {
            symbol: listing.symbol.clone(),
            subscribe: instrument.to_string(),
            name: listing.name.clone(),
            exchange: listing.exchange.clone(),
            mic_code: listing.mic_code.clone(),
            r#type: listing.kind.clone(),
            kind: listing.kind_of(),
            currency: listing.currency.clone(),
            country: listing.country.clone(),
            serves: service(&instrument, book),
            plan: listing.plan.clone(),
        })
    });
    results.collect()
}

/// The tracked symbols that fit.
fn of_hub(text: &str, book: &Book) -> Vec<Found> {
    let results = book.iter().filter_map(|(_, entry)| {
        let (instrument, details) = (&entry.instrument, &entry.cell.details);
        let quote = entry.cell.quote.as_ref();
        let listing = Listing {
            symbol: instrument.symbol().to_owned(),
            name: details.name.clone(),
            exchange: instrument
                .exchange()
                .map(ToOwned::to_owned)
                .or_else(|| quote.and_then(|quote| quote.exchange.clone())),
            mic_code: details.mic_code.clone(),
            kind: details.kind.clone(),
            currency: details.currency.clone(),
            country: None,
            plan: None,
        };
        fits(&listing, text).then(|| Found {
            subscribe: instrument.to_string(),
            r#type: listing.kind,
            kind: details.kind_of(instrument),
            serves: service(instrument, book),
            symbol: listing.symbol,
            name: listing.name,
            exchange: listing.exchange,
            mic_code: listing.mic_code,
            currency: listing.currency,
            country: None,
            plan: None,
        })
    });
    results.collect()
}

fn service(instrument: &Instrument, book: &Book) -> Service {
    let tracked = book.iter().find(|(_, entry)| entry.instrument == *instrument);
    match tracked.map(|(_, entry)| entry.service.state) {
        Some(StreamState::Streaming) => Service::Stream,
        Some(StreamState::Polled) => Service::Poll,
        Some(StreamState::Unavailable) => Service::No,
        Some(StreamState::Pending) | None => Service::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(symbol: &str, name: &str, exchange: &str) -> Listing {
        Listing {
            symbol: symbol.to_owned(),
            name: Some(name.to_owned()),
            exchange: Some(exchange.to_owned()),
            mic_code: None,
            kind: Some("Common Stock".to_owned()),
            currency: None,
            country: None,
            plan: None,
        }
    }

    #[test]
    fn a_complete_answer_serves_every_longer_text() {
        let mut directory = Directory::default();
        let found = vec![
            listing("AAPL", "Apple Inc", "NASDAQ"),
            listing("APP", "AppLovin", "NASDAQ"),
        ];
        directory.found("Ap", Outcome::Found(found), 5);
        let names = |text: &str| {
            let found = directory.known(text);
            found.map(|found| found.iter().map(|one| one.symbol.as_str()).collect::<Vec<_>>())
        };
        assert_eq!(names("ap"), Some(vec!["AAPL", "APP"]));
        assert_eq!(names("appl"), Some(vec!["AAPL", "APP"]));
        assert_eq!(names("apple"), Some(vec!["AAPL"]));
        assert_eq!(names("a"), None, "a shorter text finds more");
        let full = vec![listing("A", "Agilent", "NYSE"); MOST_FOUND as usize];
        directory.found("b", Outcome::Found(full), 5);
        assert_eq!(directory.known("bx").map(|found| found.len()), None, "it was cut off");
    }

    #[test]
    fn the_first_venue_of_a_symbol_needs_no_pin() {
        let config = Config::from_vars(false, |_| None).unwrap();
        let listings = [listing("RY", "Royal Bank", "NYSE"), listing("RY", "Royal Bank", "TSX")];
        let found = of_provider(&listings.each_ref(), &Book::new(&config));
        let names: Vec<_> = found.iter().map(|one| one.subscribe.as_str()).collect();
        assert_eq!(names, ["RY", "RY:TSX"]);
    }

    #[test]
    fn calls_are_limited_by_the_minute_and_by_the_day() {
        let now = 20_500 * DAY + 5 * SECOND;
        let mut directory = Directory {
            has_daily_cap: true,
            ..Directory::default()
        };
        directory.begun(now);
        assert_eq!(directory.opens_at(now), 0);
        directory.begun(now);
        assert_eq!(directory.opens_at(now), 20_500 * DAY + MINUTE);
        for minute in 1..25 {
            directory.begun(now + minute * MINUTE);
            directory.begun(now + minute * MINUTE);
        }
        assert_eq!(directory.opens_at(now + 60 * MINUTE), 20_501 * DAY);
        assert_eq!(directory.opens_at(now + DAY), 0);
    }
}
