//! What upstream's messages and answers do to the hub.

use super::feed::Outlook;
use super::market::Change;
use super::polling::{REFUSED_SYMBOL, soon};
use super::{Effect, Group, LinkId, Machine, RequestId, RestAnswer, Source, StreamState, SymbolId};
use crate::clock::Millis;
use crate::twelve_data::{self, Event, Price, Refusal, RestError, SymbolError, classify, parse_event, parse_quotes};

impl Machine {
    /// Takes a frame; true when it changed nothing but, at most, a quote: then there is no housekeeping to do.
    pub(super) fn upstream_frame(&mut self, link: LinkId, text: &str, now: Millis) -> bool {
        if !self.feed.is_current(link) {
            return true;
        }
        self.counts.upstream_messages += 1;
        self.feed.heard(now);
        match parse_event(text) {
            Ok(Event::Price(price)) => return self.ticked(&price, now),
            Ok(Event::SubscribeStatus { success, fails }) => {
                if self.list.answered(&success, &fails) {
                    self.feed.accepted(now);
                }
            }
            Ok(Event::MessageProcessing { over_limit: true }) => {
                self.list.pause(now);
                self.counts.over_limit += 1;
                if self.list.outlook() == Outlook::Nothing {
                    self.feed.told_to_be_quiet(now);
                }
            }
            Ok(
                Event::MessageProcessing { over_limit: false }
                | Event::UnsubscribeStatus
                | Event::ResetStatus
                | Event::Heartbeat
                | Event::Unknown,
            ) => {}
            Err(_) => self.counts.unreadable += 1,
        }
        false
    }

    pub(super) fn upstream_opened(&mut self, link: LinkId, now: Millis) {
        if self.feed.is_current(link) {
            self.feed.opened(&self.config, now);
            self.list.link_lost();
            if self.list.is_paused(now) {
                self.feed.told_to_be_quiet(now);
            }
        }
    }

    pub(super) fn upstream_refused(&mut self, link: LinkId, status: u16, body: &str, now: Millis) {
        if self.feed.is_current(link) {
            self.feed.refused(classify(status, body), &self.config, now);
            self.list.link_lost();
        }
    }

    pub(super) fn upstream_lost(&mut self, link: LinkId, what: &str, now: Millis) {
        if self.feed.is_current(link) {
            self.feed.lost(what, &self.config, now);
            self.list.link_lost();
        }
    }

    /// Tells upstream what is wanted, in one frame each way.
    pub(super) fn sync_upstream(&mut self, link: LinkId, now: Millis) {
        let wishes = self.list.sync(&self.config, now);
        for (instruments, frame) in [
            (&wishes.unsubscribe, twelve_data::unsubscribe(&wishes.unsubscribe)),
            (&wishes.subscribe, twelve_data::subscribe(&wishes.subscribe)),
        ] {
            if !instruments.is_empty() {
                self.effects.push(Effect::SendUpstream { link, frame });
            }
        }
        if self.list.was_refused_entirely(now) {
            self.feed.accepted_nothing(now);
        }
    }

    /// Charges the REST call that is due. It leaves when the charge is stored: a restart must not forget it.
    pub(super) fn start_call(&mut self, now: Millis) {
        let streams = self.streams();
        if self.polling.start(&mut self.list, streams, &self.config, now) {
            let ledger = serde_json::to_string(&self.polling.ledger).unwrap_or_default();
            self.counts.ledgers += 1;
            self.effects.push(Effect::SaveCredits(ledger));
        }
    }

    /// The charge is stored, and the call leaves; or it is not, and the call must not.
    pub(super) fn charged(&mut self, trouble: Option<String>, now: Millis) {
        if trouble.is_some() {
            self.counts.storage_failures += 1;
            let until = now + self.config.fallback;
            self.polling
                .cancel(until, "the budget could not be stored, so no REST call is made");
            self.storage_trouble = trouble;
        } else if let Some(flight) = self.polling.leave() {
            let symbols = flight
                .symbols
                .iter()
                .map(|(_, instrument)| instrument.to_string())
                .collect();
            self.counts.calls += 1;
            self.counts.credits_charged += u64::from(flight.credits());
            self.effects.push(Effect::Fetch {
                request: flight.request,
                symbols,
            });
        }
    }

    pub(super) fn fetched(&mut self, request: RequestId, answer: &RestAnswer, now: Millis) {
        let Some(flight) = self.polling.land(request, now) else {
            return;
        };
        if let Some((used, left)) = answer.credits {
            self.polling.ledger.learn(used, left, now);
        }
        let (ids, instruments): (Vec<_>, Vec<_>) = flight.symbols.into_iter().unzip();
        match parse_quotes(&instruments, answer.status, &answer.body) {
            Ok(quotes) => {
                self.polling.worked();
                for (id, quote) in ids.into_iter().zip(quotes) {
                    match quote {
                        Ok(quote) => self.quoted(id, &quote, flight.asked, now),
                        Err(error) => self.not_quoted(id, &error, now),
                    }
                }
            }
            Err(RestError::Refused(refusal @ (Refusal::Request(_) | Refusal::Plan(_)))) if ids.len() > 1 => {
                self.counts.calls_refused += 1;
                self.polling.ask_alone(now + REFUSED_SYMBOL);
                let why = format!(
                    "REST refused a call of several symbols ({}); asking for each alone",
                    refusal.text()
                );
                self.polling.hold(now + self.config.fallback, &why);
            }
            Err(RestError::Refused(refusal)) => {
                self.counts.calls_refused += 1;
                self.call_refused(&refusal, now);
            }
            Err(RestError::Unreadable) => {
                self.counts.unreadable_answers += 1;
                let until = now + self.config.fallback;
                self.polling.hold(until, "upstream's REST answer could not be read");
            }
        }
    }

    pub(super) fn fetch_failed(&mut self, request: RequestId, what: &str, now: Millis) {
        if self.polling.land(request, now).is_some() {
            self.counts.calls_failed += 1;
            let until = now + self.config.fallback;
            self.polling
                .hold(until, &format!("upstream's REST did not answer: {what}"));
        }
    }

    fn ticked(&mut self, price: &Price, now: Millis) -> bool {
        self.counts.ticks += 1;
        self.counts.tick_ages.add(now.saturating_sub(price.timestamp));
        let id = self.list.route(&price.symbol, price.exchange.as_deref());
        let source = self.source(Source::Live);
        let Some((id, entry)) = id.and_then(|id| Some((id, self.list.get_mut(id)?))) else {
            self.counts.stray += 1;
            return true;
        };
        let before = (entry.cell.reference.session, entry.cell.reference.asked);
        let change = entry.cell.tick(price, source, now);
        let news = (entry.cell.reference.session, entry.cell.reference.asked) != before
            || entry.state != StreamState::Streaming;
        self.list.ticked(id);
        let feed_news = self.feed.ticked(now);
        match change {
            Change::Updated => {
                self.dirty = true;
                self.counts.last_update = Some(now);
                self.publish(id);
            }
            Change::Dropped => self.counts.late += 1,
        }
        !feed_news && !news && self.readers.is_empty()
    }

    fn quoted(&mut self, id: SymbolId, quote: &twelve_data::RestQuote, asked: Millis, now: Millis) {
        let source = self.source(Source::Rest);
        let live = self.streams();
        let Some(entry) = self.list.get_mut(id) else {
            return;
        };
        entry.refusal = None;
        let streaming = live && entry.state == StreamState::Streaming;
        if entry.state == StreamState::Unavailable {
            entry.state = StreamState::Polled;
        }
        let change = entry.cell.rest(quote, source, streaming, asked, now);
        let contradicted = entry.cell.reference.asked == 0;
        entry.poll_not_before = if contradicted { now + soon(&self.config) } else { 0 };
        if change == Change::Updated {
            self.dirty = true;
            self.counts.last_update = Some(now);
            self.publish(id);
        }
    }

    fn not_quoted(&mut self, id: SymbolId, error: &SymbolError, now: Millis) {
        match error {
            SymbolError::Refused(refusal @ (Refusal::Plan(_) | Refusal::Request(_))) => {
                self.list.unavailable(id, refusal.text(), now + REFUSED_SYMBOL);
            }
            SymbolError::Refused(refusal) => self.call_refused(refusal, now),
            SymbolError::Missing => {
                if let Some(entry) = self.list.get_mut(id) {
                    entry.poll_not_before = now + soon(&self.config);
                }
            }
        }
    }

    /// The call as a whole was refused, or one of its symbols in a way that speaks of all.
    fn call_refused(&mut self, refusal: &Refusal, now: Millis) {
        let (wait, why) = match refusal {
            Refusal::Minute => {
                self.polling.ledger.minute_is_spent(now);
                (0, "out of API credits for this minute".to_owned())
            }
            Refusal::Day => {
                self.polling.ledger.day_is_spent(now);
                (0, "out of API credits until midnight UTC".to_owned())
            }
            Refusal::Key(text) => (
                self.config.refused,
                format!("REST refused the key ({text}): check TWELVE_DATA_API_KEY"),
            ),
            Refusal::Plan(text) | Refusal::Request(text) => {
                (self.config.refused, format!("REST refused the call ({text})"))
            }
            Refusal::Server(text) => (self.config.fallback, format!("REST failed ({text})")),
        };
        self.polling.hold(now + wait, &why);
    }

    /// The simulator's prices are simulated, by whichever way they came.
    fn source(&self, way: Source) -> Source {
        if self.config.simulated { Source::Simulated } else { way }
    }

    /// Tells everybody of a new state of the feed, and the watchers of a symbol of its new state.
    pub(super) fn announce(&mut self) {
        let (state, _, reason) = self.feed.state();
        if self.announced_feed.0 != state || self.announced_feed.1 != reason {
            self.announced_feed = (state, reason.to_owned());
            if !self.audience.is_empty() {
                let frame = self.feed_event();
                self.counts.frames += self.audience.by_dialect().0;
                self.effects.push(Effect::Broadcast {
                    group: Group::Plain,
                    frame,
                });
                let item = serde_json::json!({"feed": self.feed_view()});
                self.outbox.streams.tell(&item.to_string());
            }
        }
        for id in self.list.unannounced() {
            self.logged.symbols_changed = true;
            self.publish_state(id);
        }
    }
}
