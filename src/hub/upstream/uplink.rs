//! A relay's link to its hub: what it hears and says there, and what it asks for.
//!
//! The connection itself is a [`Feed`](super::Feed) as any other: opened, watched, retried. Here is
//! what differs: the hub tells quotes as they are to be shown, and the state of its own feed; it is
//! asked for what the relay's clients watch; and it is told once a second at most what was read, and
//! how the relay is doing.

use super::symbols::{LINGER, Symbols};
use super::tracked::Ask;
use super::{Config, Effect, LinkId, Prices, SymbolId, Turn, Upstream};
use crate::market::{Instrument, Millis, SECOND, Service, StreamState};
use crate::provider::hub::{self, Fault, Headline, Place, Quoted, Reader, Told};

/// Least time between two acknowledgements, and between two reports of another number of clients.
const SPEAK: Millis = SECOND;
/// Interval of reports that say nothing new.
const REPORT: Millis = 5 * SECOND;
/// Least time between two changes of what the hub is asked for.
const ASK: Millis = 250;

/// What a relay knows of its link.
#[derive(Debug, Default)]
pub struct Uplink {
    reader: Reader,
    /// What was acknowledged last on this link.
    acknowledged: Option<Place>,
    /// When the relay last looked whether it has something to say.
    spoke: Millis,
    /// The number of clients that was reported last on this link, and when.
    reported: Option<(u64, Millis)>,
    /// Whether the hub's prices come from the simulator; `None` until it has said so.
    pub is_simulated: Option<bool>,
    /// What the hub said of itself last.
    pub headline: Option<Headline>,
    /// Symbols that the hub does not serve, and its reasons, until their watchers are told.
    refused: Vec<(SymbolId, String)>,
    /// When the hub last told of bars that have closed, or a link began, before which one may have. It is 0
    /// before the first link, when no page here was told of any, and `Millis::MAX` while a link is lost.
    pub bar_told: Millis,
    /// Half of the time from a beat to its answer.
    pub hop: Option<Millis>,
    /// By how much the hub's clock is ahead of ours.
    clock: i64,
}

impl Uplink {
    /// When the relay may have something to say.
    #[must_use]
    pub fn speaks_at(&self) -> Millis {
        self.spoke + SPEAK
    }

    /// The link is lost. The next one resumes where this one was.
    pub(super) fn lost(&mut self) {
        self.reader.lost();
        self.acknowledged = None;
        self.reported = None;
        self.bar_told = Millis::MAX;
        self.hop = None;
    }

    fn time_told(&mut self, time: Millis, sent: Option<Millis>, now: Millis) {
        let hop = now.saturating_sub(sent.unwrap_or(now)) / 2;
        self.hop = Some(hop);
        let between = now.saturating_sub(hop);
        self.clock = i64::try_from(time).unwrap_or_default() - i64::try_from(between).unwrap_or_default();
    }
}

impl Upstream {
    /// Handles a frame of the hub. Returns true when nothing but quotes changed.
    pub(super) fn hub_told(&mut self, text: &str, turn: &mut Turn<'_>) -> bool {
        let Some(uplink) = &mut self.uplink else { return true };
        let told = match uplink.reader.read(text) {
            Ok(told) => told,
            Err(fault) => {
                self.counts.unreadable += u64::from(fault == Fault::Malformed);
                self.feed
                    .hang_up(&fault.to_string(), turn.config, turn.now, turn.effects);
                self.forget_link();
                return false;
            }
        };
        let mut only_quotes = true;
        for told in told {
            only_quotes &= self.take(told, turn);
        }
        only_quotes
    }

    fn take(&mut self, told: Told, turn: &mut Turn<'_>) -> bool {
        let now = turn.now;
        let Some(uplink) = &mut self.uplink else { return true };
        match told {
            Told::Quote(quoted) => {
                let Some(id) = self.symbols.find(&quoted.instrument) else {
                    return true;
                };
                self.counts.ticks += 1;
                let Quoted {
                    cell, service, closes, ..
                } = *quoted;
                // Closes that are told are new to the page, and so are their bars.
                if !closes.is_empty() {
                    uplink.bar_told = now;
                }
                turn.prices.told(id, cell, closes, now);
                return !self.symbols.told(id, service);
            }
            Told::Bar(instrument, bar) => {
                uplink.bar_told = now;
                if let Some(id) = self.symbols.find(&instrument) {
                    turn.prices.bar_told(id, bar);
                }
                return true;
            }
            Told::Time(time) => {
                uplink.time_told(time, self.feed.beat_sent(turn.config), now);
                return true;
            }
            Told::Connected(is_simulated) => uplink.is_simulated = Some(is_simulated),
            Told::Feed(status) => self.feed.told(status),
            Told::Snapshot(start) => {
                uplink.bar_told = now;
                if start.is_another_life {
                    turn.prices.another_life();
                }
                if start.is_recovered {
                    turn.prices.resumed();
                }
            }
            Told::Refused(fails) => {
                for (symbol, why) in fails {
                    let instrument = Instrument::parse(&symbol).ok();
                    if let Some(id) = instrument.and_then(|instrument| self.symbols.find(&instrument)) {
                        uplink.refused.extend(self.symbols.refused_by_hub(id, why, now));
                    }
                }
            }
            Told::Headline(headline) => uplink.headline = Some(headline),
            Told::AckRequest => {
                uplink.acknowledged = None;
                uplink.spoke = 0;
            }
        }
        false
    }

    /// Asks the hub for what is wanted now, and acknowledges what was read.
    pub(super) fn speak_to_hub(&mut self, link: LinkId, turn: &mut Turn<'_>) {
        let Some(uplink) = &mut self.uplink else { return };
        let now = turn.now;
        let effects = &mut *turn.effects;
        let mut send = |frame| effects.push(Effect::SendUpstream { link, frame });
        if self.symbols.ask_hub_at(turn.config).is_some_and(|at| at <= now) {
            let (subscribe, unsubscribe) = self.symbols.ask_hub(turn.config, turn.prices, now);
            if !unsubscribe.is_empty() {
                send(hub::unsubscribe(&unsubscribe));
            }
            // Only the first subscription of a link can resume.
            let mut from = uplink.reader.place().filter(|_| !uplink.reader.is_placed());
            for some in subscribe.chunks(hub::MOST_IN_A_MESSAGE) {
                send(hub::subscribe(some, from.take()));
            }
        }
        if now >= uplink.speaks_at() {
            uplink.spoke = now;
            let place = uplink.reader.place().filter(|_| uplink.reader.is_placed());
            if let Some(place) = place.filter(|place| uplink.acknowledged != Some(*place)) {
                uplink.acknowledged = Some(place);
                send(hub::acknowledge(place));
            }
        }
    }

    /// Tells the hub how the relay is doing, if that is news or was not said for a while.
    pub fn report(&mut self, clients: u64, updates: u64, turn: &mut Turn<'_>) {
        let (Some(uplink), Some(link)) = (&mut self.uplink, self.feed.open_link()) else {
            return;
        };
        let now = turn.now;
        let is_due = uplink
            .reported
            .as_ref()
            .is_none_or(|(told, at)| now >= at + REPORT || now >= at + SPEAK && *told != clients);
        if !is_due {
            return;
        }
        let server = turn.config.relay.as_deref().unwrap_or_default();
        let losses = self.feed.down_counts().total();
        let frame = hub::report(server, (clients, updates), (uplink.hop, uplink.clock), losses);
        turn.effects.push(Effect::SendUpstream { link, frame });
        uplink.reported = Some((clients, now));
    }

    /// Symbols that the hub does not serve, each with its reason.
    pub fn take_refused(&mut self) -> Vec<(SymbolId, String)> {
        self.uplink
            .as_mut()
            .map(|uplink| std::mem::take(&mut uplink.refused))
            .unwrap_or_default()
    }
}

impl Symbols {
    /// When to tell the hub what is wanted.
    #[must_use]
    pub fn ask_hub_at(&self, config: &Config) -> Option<Millis> {
        let earliest = self.synced + ASK;
        if self.unsynced {
            return Some(earliest);
        }
        let entries = self.entries.values();
        let next = entries.filter_map(|entry| match entry.asked {
            Some(ask) if ask.refused => Some(ask.at + config.refused),
            _ if !entry.is_default && entry.watchers == 0 => Some(entry.wanted_until.max(entry.created + LINGER)),
            Some(_) | None => None,
        });
        next.min().map(|at| at.max(earliest))
    }

    /// The symbols to ask the hub for from now on, and those that nobody wants any more.
    fn ask_hub(&mut self, config: &Config, prices: &mut dyn Prices, now: Millis) -> (Vec<Instrument>, Vec<Instrument>) {
        self.synced = now;
        self.unsynced = false;
        let is_over = |entry: &super::tracked::Tracked| !entry.is_wanted(now) && now >= entry.created + LINGER;
        let over = self.entries.iter().filter(|(_, entry)| is_over(entry));
        let mut dropped: Vec<Instrument> = Vec::new();
        for id in over.map(|(id, _)| *id).collect::<Vec<_>>() {
            dropped.extend(
                self.remove(id, prices)
                    .filter(|entry| entry.asked.is_some())
                    .map(|entry| entry.instrument),
            );
        }
        dropped.extend(
            std::mem::take(&mut self.leaving)
                .into_iter()
                .map(|entry| entry.instrument),
        );
        let mut wanted = Vec::new();
        for entry in self.entries.values_mut() {
            let is_due = match entry.asked {
                None => entry.is_wanted(now),
                Some(ask) => ask.refused && now >= ask.at + config.refused,
            };
            if is_due {
                entry.asked = Some(Ask::first(now));
                wanted.push(entry.instrument.clone());
            }
        }
        (wanted, dropped)
    }

    /// The hub tells how it gets the prices of a symbol. Returns whether that is news.
    fn told(&mut self, id: SymbolId, service: Service) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else {
            return false;
        };
        let is_news = entry.told.as_ref() != Some(&service);
        entry.told = Some(service);
        is_news
    }

    /// The hub does not serve a symbol. One that viewers chose is given back, to tell them why; one of
    /// the operator's is asked for again later.
    fn refused_by_hub(&mut self, id: SymbolId, why: String, now: Millis) -> Option<(SymbolId, String)> {
        let entry = self.entries.get_mut(&id)?;
        if !entry.is_default {
            // It holds nothing at the hub that would have to be dropped.
            entry.asked = None;
            return Some((id, why));
        }
        entry.asked = Some(Ask::first(now).declined());
        entry.told = Some(Service {
            state: StreamState::Unavailable,
            reason: Some(why),
            needs_plan: None,
            retry_at: None,
        });
        None
    }
}
