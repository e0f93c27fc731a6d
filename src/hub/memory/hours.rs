//! The hours of exchanges, as the provider tells them.

use super::Recall;
use crate::hub::answer::{Answer, Sessions};
use crate::hub::errand::{Errand, Outcome};
use crate::hub::io::{Effect, WaiterId};
use crate::market::{ExchangeHours, MINUTE, Millis, SECOND};

/// The hours are asked for again no sooner than this, for a person or because an exchange of a
/// tracked symbol opened or closed.
const AGAIN: Millis = 30 * MINUTE;
/// After a refusal or a failure.
const FAILED: Millis = 60 * MINUTE;
/// How long after an exchange opened or closed the provider is asked.
const TURNED: Millis = MINUTE;
/// How often the symbols are compared with the exchanges.
const COMPARE: Millis = 10 * SECOND;
/// Most exchanges.
const MOST: usize = 300;
/// When to ask again if nothing is known yet.
const RETRY: Millis = 30 * SECOND;

/// The hours of all exchanges.
#[derive(Debug, Default)]
pub struct Hours {
    exchanges: Vec<ExchangeHours>,
    /// When the provider told them.
    told: Option<Millis>,
    not_before: Millis,
    trouble: Option<String>,
    is_asked: bool,
    /// Whether a tracked symbol trades on an exchange, and when the next such one turns.
    turns_at: Option<Millis>,
    is_new: bool,
    /// When the symbols were last compared with the exchanges.
    compared: Millis,
    /// Questions that wait for the first answer, each until a time.
    waiting: Vec<(WaiterId, Millis)>,
}

impl Hours {
    /// What to ask the provider.
    #[must_use]
    pub fn wanted(&self, now: Millis) -> Option<Errand> {
        let is_due = match self.told {
            None => self.is_asked || self.turns_at.is_some(),
            Some(told) if now < told + AGAIN => false,
            Some(_) => self.is_asked || self.turns_at.is_some_and(|at| now >= at + TURNED),
        };
        (is_due && now >= self.not_before).then_some(Errand::Hours)
    }

    /// The provider answered, or did not.
    pub fn told(&mut self, outcome: Outcome, asked: Millis) {
        self.is_asked = false;
        match outcome {
            Outcome::Hours(mut exchanges) => {
                exchanges.truncate(MOST);
                self.exchanges = exchanges;
                self.told = Some(asked);
                self.trouble = None;
                self.is_new = true;
            }
            Outcome::Refused(why) | Outcome::Failed(why) => {
                self.not_before = asked + FAILED;
                self.trouble = Some(why);
            }
            Outcome::Series(_) | Outcome::Found(_) => {}
        }
    }

    /// Answers questions, and tells the symbols when their exchanges open and close.
    pub fn advance(&mut self, recall: &mut Recall<'_>) {
        let knows = self.told.is_some() || self.trouble.is_some();
        let ready = self.waiting.extract_if(.., |(_, until)| knows || recall.now >= *until);
        for (waiter, _) in ready.collect::<Vec<_>>() {
            let answer = Box::new(Answer::Sessions(self.answer(recall.now)));
            recall.effects.push(Effect::Answer(waiter, answer));
        }
        let is_new = std::mem::take(&mut self.is_new);
        if is_new || recall.now >= self.compared + COMPARE {
            self.compared = recall.now;
            self.compare(is_new, recall);
        }
    }

    fn compare(&mut self, is_new: bool, recall: &mut Recall<'_>) {
        let mut turns_at = None;
        let mut news = Vec::new();
        for (id, entry) in recall.book.iter() {
            let Some(code) = entry.cell.details.mic_code.as_deref() else {
                continue;
            };
            let Some(exchange) = self.exchanges.iter().find(|exchange| exchange.code == code) else {
                if self.told.is_none() {
                    turns_at = Some(0);
                }
                continue;
            };
            turns_at = [turns_at, exchange.opens_at, exchange.closes_at]
                .into_iter()
                .flatten()
                .min();
            let reference = &entry.cell.reference;
            let known = (reference.opens_at, reference.closes_at);
            let told = (
                exchange.opens_at.filter(|at| *at > recall.now),
                exchange.closes_at.filter(|at| *at > recall.now),
            );
            if known != told && (is_new || known != (None, None)) {
                news.push((id, told));
            }
        }
        self.turns_at = turns_at;
        for (id, (opens_at, closes_at)) in news {
            recall.book.learn(id, |cell| {
                cell.reference.opens_at = opens_at;
                cell.reference.closes_at = closes_at;
                true
            });
        }
    }

    /// When a question must be answered with what there is.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.waiting.iter().map(|(_, until)| *until).min()
    }

    /// Registers a question, and has the provider asked if the last answer is old.
    pub fn ask(&mut self, waiter: WaiterId, until: Millis) {
        self.is_asked = true;
        self.waiting.push((waiter, until));
    }

    fn answer(&self, now: Millis) -> Sessions {
        let has_turned = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        let exchanges = self.exchanges.iter().map(|exchange| {
            let turned = has_turned(exchange.opens_at) || has_turned(exchange.closes_at);
            ExchangeHours {
                is_open: exchange.is_open != turned,
                opens_at: exchange.opens_at.filter(|at| *at > now),
                closes_at: exchange.closes_at.filter(|at| *at > now),
                ..exchange.clone()
            }
        });
        let waits = self
            .told
            .is_none()
            .then(|| "the provider has not been asked yet".to_owned());
        let reason = self.trouble.clone().or(waits);
        let retry_at = Some(self.not_before).filter(|at| *at > now).unwrap_or(now + RETRY);
        Sessions {
            time: now,
            as_of: self.told,
            exchanges: exchanges.collect(),
            retry_at: reason.as_ref().map(|_| retry_at),
            reason,
        }
    }
}
