//! One tracked symbol: who wants it, and how the provider answered its subscription.

use crate::hub::Config;
use crate::market::{Instrument, Millis, SECOND, Service, StreamState, Venue};

#[derive(Debug)]
pub struct Tracked {
    /// The symbol, with its exchange if it is pinned.
    pub instrument: Instrument,
    /// How it gets its prices.
    pub state: StreamState,
    /// Why it does not stream.
    pub reason: Option<&'static str>,
    /// What the hub, whose relay this is, told of it.
    pub told: Option<Service>,
    /// REST's refusal of the symbol, until it answers.
    pub(super) refusal: Option<SymbolRefusal>,
    /// Whether the WebSocket ever served it: then it exists, whatever REST says.
    pub has_streamed: bool,
    /// Why a price was discarded, and when that last happened.
    pub discarded: Option<(String, Millis)>,
    /// A REST call with it failed as a whole: it is asked for alone until it was answered.
    pub is_suspect: bool,
    /// Names and MIC codes of the venues that the provider named for it.
    pub(super) venues: Vec<String>,
    pub watchers: u32,
    /// When REST was last asked for it; 0 if never.
    pub polled: Millis,
    /// Not asked for by REST before this time.
    pub poll_not_before: Millis,
    /// When it was first tracked; 0 if it was restored from storage.
    pub created: Millis,
    pub is_default: bool,
    pub(super) wanted_until: Millis,
    pub(super) asked: Option<Ask>,
}

/// What REST said when it refused a symbol.
#[derive(Debug, Clone)]
pub(super) struct SymbolRefusal {
    pub why: String,
    /// The plans that serve the symbol, if the provider named them.
    pub needs_plan: Option<String>,
}

/// The last time that the provider was asked to stream a symbol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub at: Millis,
    /// Whether it is not the first time, and the answer may still come.
    pub again: bool,
    /// Whether the provider refused it: then it is asked again later than where it did not answer.
    pub refused: bool,
}

impl Ask {
    pub fn first(at: Millis) -> Self {
        Self {
            at,
            again: false,
            refused: false,
        }
    }

    pub fn repeated(self, at: Millis) -> Self {
        Self {
            at,
            again: true,
            ..self
        }
    }

    /// The provider refused it.
    pub fn declined(self) -> Self {
        Self {
            again: false,
            refused: true,
            ..self
        }
    }
}

/// Two names per venue; the WebSocket's venue and REST's may differ.
const MOST_VENUES: usize = 6;

pub(super) const ANSWER_WITHIN: Millis = 10 * SECOND;
/// A symbol that two attempts left unanswered is asked for again after this time. The answers may
/// have been lost, and two messages a minute are a small price to find out.
const UNANSWERED: Millis = 30 * SECOND;

impl Tracked {
    pub(super) fn new(instrument: Instrument, is_default: bool, now: Millis) -> Self {
        Self {
            state: StreamState::Pending,
            reason: None,
            told: None,
            refusal: None,
            has_streamed: false,
            discarded: None,
            is_suspect: false,
            venues: Vec::new(),
            watchers: 0,
            instrument,
            polled: 0,
            poll_not_before: 0,
            created: now,
            is_default,
            wanted_until: 0,
            asked: None,
        }
    }

    /// Whether the operator, a client or a recent REST request wants it.
    #[must_use]
    pub fn is_wanted(&self, now: Millis) -> bool {
        self.is_default || self.watchers > 0 || now < self.wanted_until
    }

    /// How it gets its prices, and why.
    #[must_use]
    pub fn service(&self) -> Service {
        if let Some(told) = &self.told {
            return told.clone();
        }
        let refusal = self.refusal.as_ref();
        let refusal = refusal.filter(|_| self.state == StreamState::Unavailable);
        let refused = refusal.map(|refusal| refusal.why.as_str());
        let discarded = || self.discarded.as_ref().map(|(why, _)| why.as_str());
        Service {
            state: self.state,
            reason: refused.or_else(discarded).or(self.reason).map(ToOwned::to_owned),
            needs_plan: refusal.and_then(|refusal| refusal.needs_plan.clone()),
            retry_at: refusal.map(|_| self.poll_not_before),
        }
    }

    /// What REST said when it refused the symbol; empty if it did not.
    pub(super) fn refused_because(&self) -> String {
        let refusal = self.refusal.as_ref();
        refusal.map(|refusal| refusal.why.clone()).unwrap_or_default()
    }

    /// Whether the operator chose it or a connected client watches it.
    pub(super) fn is_held(&self) -> bool {
        self.is_default || self.watchers > 0
    }

    /// Adds a venue that the provider named for this symbol.
    pub fn learn(&mut self, venue: Venue<'_>) {
        for name in [venue.exchange, venue.mic_code].into_iter().flatten() {
            let is_known = self.venues.iter().any(|known| known.eq_ignore_ascii_case(name));
            if !is_known && self.venues.len() < MOST_VENUES {
                self.venues.push(name.to_owned());
            }
        }
    }

    /// Whether the provider has one stream for both; `None` while their venues are unknown.
    pub(super) fn shares_a_stream_with(&self, other: &Self) -> Option<bool> {
        let names = |entry: &Self| -> Vec<String> {
            let pin = entry.instrument.exchange().map(ToOwned::to_owned);
            entry.venues.iter().cloned().chain(pin).collect()
        };
        let (ours, theirs) = (names(self), names(other));
        let is_shared = |name: &String| theirs.iter().any(|one| one.eq_ignore_ascii_case(name));
        if ours.iter().any(is_shared) {
            Some(true)
        } else if self.venues.is_empty() || other.venues.is_empty() {
            None
        } else {
            Some(false)
        }
    }

    /// When to ask again for a symbol that does not stream. If the WebSocket refused it, another
    /// connection may have held the plan's streaming credits. It keeps its state until it is
    /// answered.
    pub(super) fn asked_again_at(&self, config: &Config, now: Millis) -> Option<Millis> {
        let ask = self.asked.filter(|_| self.was_refused() && self.is_wanted(now))?;
        Some(ask.at + if ask.refused { config.refused } else { UNANSWERED })
    }

    pub(super) fn was_refused(&self) -> bool {
        matches!(self.state, StreamState::Polled | StreamState::Unavailable)
    }

    /// Until when a refused symbol, asked for again, may be accepted and needs a free slot.
    pub(super) fn may_be_accepted_until(&self) -> Option<Millis> {
        let asked = self.asked.filter(|ask| ask.again && self.was_refused());
        asked.map(|ask| ask.at + ANSWER_WITHIN)
    }

    pub(super) fn occupies_a_slot(&self) -> bool {
        self.state == StreamState::Streaming || (self.state == StreamState::Pending && self.asked.is_some())
    }

    pub(super) fn set(&mut self, state: StreamState, reason: Option<&'static str>) {
        self.has_streamed |= state == StreamState::Streaming;
        self.state = state;
        self.reason = reason;
    }

    /// The WebSocket does not serve it, so REST does, unless REST refused it too.
    pub fn leave_to_rest(&mut self, reason: &'static str) {
        if self.refusal.is_some() {
            self.set(StreamState::Unavailable, None);
        } else {
            self.set(StreamState::Polled, Some(reason));
        }
    }
}
