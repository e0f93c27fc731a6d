//! What the page shows of the hub beside prices: viewers, credits, rates. `hamster.v1` carries it.

use crate::hub::Machine;
use crate::hub::answer::Advice;
use crate::hub::upstream::Uplink;
use crate::market::{Millis, SECOND, StreamState};
use serde::Serialize;
use serde_json::{Value, json};

/// The least time between two headlines.
const EVERY: Millis = 10 * SECOND;

/// The content of the item `hub`, as docs/protocol.md shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Headline {
    /// How many clients are connected, whatever they speak.
    viewers: u64,
    /// Ticks of upstream since the last headline, to one decimal.
    ticks_per_s: f64,
    credits: CreditsLeft,
    symbols: Counts,
    /// What is wrong, and what the operator can do about it.
    advice: Vec<Advice>,
}

/// API credits that are left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct CreditsLeft {
    minute: u32,
    /// `null` if the plan has no daily cap.
    day: Option<u32>,
}

/// How many tracked symbols get their prices in each way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Counts {
    streaming: usize,
    polled: usize,
    pending: usize,
    unavailable: usize,
}

/// The headline that clients were told last.
#[derive(Debug)]
pub struct Told {
    at: Millis,
    ticks: u64,
    item: Option<Value>,
}

impl Told {
    /// Nothing was told yet; the hub began at `now`.
    pub fn new(now: Millis) -> Self {
        Self {
            at: now,
            ticks: 0,
            item: None,
        }
    }
}

impl Machine {
    /// Queues a new headline for the readers of channels, if it changed. No timer waits for it: a
    /// hub that has nothing else to do has no news either.
    pub(in crate::hub) fn tell_headline(&mut self, now: Millis) {
        let since = now.saturating_sub(self.told.at);
        if since < EVERY || self.delivery.channels() == 0 {
            return;
        }
        let ticks = self.upstream.counts.ticks;
        let headline = match &self.upstream.uplink {
            Some(uplink) => self.hubs_headline(uplink),
            None => Some(json!({"hub": self.headline(ticks.saturating_sub(self.told.ticks), since, now)})),
        };
        self.told.at = now;
        self.told.ticks = ticks;
        if let Some(item) = headline.filter(|item| self.told.item.as_ref() != Some(item)) {
            self.delivery.headline(&item);
            self.told.item = Some(item);
        }
    }

    /// For a relay: what its hub says, and how far away it is.
    fn hubs_headline(&self, uplink: &Uplink) -> Option<Value> {
        let mut headline = uplink.headline.clone()?;
        let server = self.config.relay.clone().unwrap_or_default();
        headline.insert("server".to_owned(), server.into());
        if let Some(hop) = uplink.hop {
            headline.insert("hop_ms".to_owned(), hop.into());
        }
        Some(json!({"hub": headline}))
    }

    fn headline(&self, ticks: u64, since: Millis, now: Millis) -> Headline {
        let credits = self.credits_view(now);
        Headline {
            viewers: self.delivery.viewers(),
            ticks_per_s: (ticks as f64 * SECOND as f64 / since as f64 * 10.0).round() / 10.0,
            credits: CreditsLeft {
                minute: credits.minute.left,
                day: credits.day.map(|day| day.left),
            },
            symbols: Counts {
                streaming: self.symbols_in(StreamState::Streaming),
                polled: self.symbols_in(StreamState::Polled),
                pending: self.symbols_in(StreamState::Pending),
                unavailable: self.symbols_in(StreamState::Unavailable),
            },
            advice: self.advice(now),
        }
    }
}
