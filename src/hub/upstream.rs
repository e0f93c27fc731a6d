//! What upstream's messages and answers do to the hub.

use super::feed::Outlook;
use super::polling::{REFUSED_SYMBOL, soon};
use super::watchlist::NOT_STREAMED;
use super::{Effect, Group, LinkId, Machine, RequestId, RestAnswer, SymbolId};
use crate::market::{Change, Millis, PolledQuote, Provenance, SECOND, StreamState, Tick};
use crate::provider::{CallError, Event, Refusal, SymbolError};

/// A reason why a price was not taken is told for so long at least: where good and bad ones take
/// turns, watchers are not told of each.
const DISCARDED: Millis = 10 * SECOND;

impl Machine {
    /// Takes a frame; true when it changed nothing but, at most, a quote: then there is no housekeeping to do.
    pub(super) fn upstream_frame(&mut self, link: LinkId, text: &str, now: Millis) -> bool {
        if !self.feed.is_current(link) {
            return true;
        }
        self.counts.upstream_messages += 1;
        self.feed.heard(now);
        let Ok(events) = self.config.provider.parse(text, &self.config.secret) else {
            self.counts.unreadable += 1;
            return false;
        };
        let mut only_quotes = true;
        for event in events {
            only_quotes &= self.upstream_says(&event, now);
        }
        only_quotes
    }

    /// Takes an event; true when it changed nothing but, at most, a quote.
    fn upstream_says(&mut self, event: &Event, now: Millis) -> bool {
        match event {
            Event::Tick(tick) => return self.ticked(tick, now),
            Event::Unusable(unusable) => {
                self.counts.unreadable += 1;
                for id in self.list.route(&unusable.symbol, unusable.venue()) {
                    let why = format!("upstream's last price was discarded: {}", unusable.why);
                    self.discard(id, &why, now);
                }
            }
            Event::Subscribed { success, fails } => {
                if self.list.answered(success, fails) {
                    self.feed.accepted(now);
                }
            }
            Event::TooManyMessages => {
                self.list.pause(now);
                self.counts.over_limit += 1;
                if self.list.outlook() == Outlook::Nothing {
                    self.feed.told_to_be_quiet(now);
                }
            }
            Event::Other => {}
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
            let refusal = self.config.provider.classify(status, body, &self.config.secret);
            self.feed.refused(refusal, &self.config, now);
            self.list.link_lost();
        }
    }

    pub(super) fn upstream_lost(&mut self, link: LinkId, what: &str, now: Millis) {
        if self.feed.is_current(link) {
            let what = self.config.secret.clean(what);
            self.feed.lost(&what, &self.config, now);
            self.list.link_lost();
        }
    }

    /// Tells upstream what is wanted, in one frame each way.
    pub(super) fn sync_upstream(&mut self, link: LinkId, now: Millis) {
        let wishes = self.list.sync(&self.config, now);
        let provider = self.config.provider;
        for (instruments, frame) in [
            (&wishes.unsubscribe, provider.unsubscribe(&wishes.unsubscribe)),
            (&wishes.subscribe, provider.subscribe(&wishes.subscribe)),
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
        let (provider, secret) = (self.config.provider, &self.config.secret);
        match provider.parse_quotes(&instruments, answer.status, &answer.body, secret) {
            Ok(quotes) => {
                self.polling.worked();
                let serves_others = quotes.iter().any(Result::is_ok);
                for (id, quote) in ids.into_iter().zip(quotes) {
                    if let Some(entry) = self.list.get_mut(id) {
                        entry.is_suspect = false;
                    }
                    match quote {
                        Ok(quote) => self.quoted(id, &quote, flight.asked, now),
                        Err(error) => self.not_quoted(id, &error, serves_others, now),
                    }
                }
            }
            Err(CallError::Refused(refusal @ (Refusal::Request(_) | Refusal::Plan(_)))) if ids.len() > 1 => {
                self.counts.calls_refused += 1;
                let why = format!(
                    "REST refused a call of several symbols ({}); asking for each alone",
                    refusal.text()
                );
                self.suspect(&ids, &why, now);
            }
            Err(CallError::Refused(refusal)) => {
                self.counts.calls_refused += 1;
                self.call_refused(&refusal, now);
                if matches!(refusal, Refusal::Server(_)) {
                    self.failed_as_a_whole(&ids, now);
                }
            }
            Err(CallError::Unreadable) => {
                self.counts.unreadable_answers += 1;
                self.suspect(&ids, "upstream's REST answer could not be read", now);
            }
        }
    }

    /// A call brought nothing for anybody, and one symbol may be to blame: each is asked for alone
    /// until it was answered. One that was alone already waits, and holds nobody else up.
    fn suspect(&mut self, ids: &[SymbolId], why: &str, now: Millis) {
        for id in ids {
            if let Some(entry) = self.list.get_mut(*id) {
                entry.is_suspect = true;
            }
        }
        let until = now + self.config.fallback;
        match ids {
            [alone] => {
                self.polling.complain(why);
                if let Some(entry) = self.list.get_mut(*alone) {
                    entry.poll_not_before = until;
                }
                self.discard(*alone, why, now);
            }
            _ => self.polling.hold(until, why),
        }
    }

    /// A price of a symbol could not be taken: whoever watches it is told why it stands still.
    fn discard(&mut self, id: SymbolId, why: &str, now: Millis) {
        if let Some(entry) = self.list.get_mut(id) {
            match &mut entry.discarded {
                Some((_, last)) if now < *last + DISCARDED => *last = now,
                discarded => *discarded = Some((why.to_owned(), now)),
            }
        }
    }

    pub(super) fn fetch_failed(&mut self, request: RequestId, what: &str, now: Millis) {
        if let Some(flight) = self.polling.land(request, now) {
            self.counts.calls_failed += 1;
            let until = now + self.config.fallback;
            let what = self.config.secret.clean(what);
            self.polling
                .hold(until, &format!("upstream's REST did not answer: {what}"));
            let ids: Vec<_> = flight.symbols.into_iter().map(|(id, _)| id).collect();
            self.failed_as_a_whole(&ids, now);
        }
    }

    /// Upstream failed, which is mostly its own fault. When it goes on, one symbol may be to blame:
    /// each is asked for alone until it was answered, and one that fails while others are served
    /// gives way to them.
    fn failed_as_a_whole(&mut self, ids: &[SymbolId], now: Millis) {
        let again = self.polling.failed_again();
        let later = now + soon(&self.config);
        for id in ids {
            let Some(entry) = self.list.get_mut(*id) else { continue };
            if ids.len() > 1 {
                entry.is_suspect |= again;
            } else if entry.is_suspect && !again {
                // The others are served.
                entry.poll_not_before = later;
            }
        }
    }

    /// Takes a tick, for everybody whom it is about; true when it changed nothing but, at most,
    /// quotes.
    fn ticked(&mut self, tick: &Tick, now: Millis) -> bool {
        self.counts.ticks += 1;
        self.counts.tick_ages.add(now.saturating_sub(tick.timestamp));
        let source = self.source(Provenance::Live);
        let stale = self.config.stale;
        let ids = self.list.route(&tick.symbol, tick.venue());
        if ids.is_empty() {
            self.counts.stray += 1;
            return true;
        }
        // The last trade once more, at a reconnect, is no sign that the market or the feed lives.
        let mut is_sign_of_life = tick.timestamp.saturating_add(stale) > now;
        let mut news = false;
        let mut late = true;
        for id in ids {
            let Some(entry) = self.list.get_mut(id) else { continue };
            let before = (entry.cell.reference.session, entry.cell.reference.asked);
            let change = entry.cell.tick(tick, source, stale, now);
            news |= (entry.cell.reference.session, entry.cell.reference.asked) != before
                || entry.state != StreamState::Streaming;
            if change == Change::Updated {
                is_sign_of_life = true;
                late = false;
                let is_over = |(_, last): &mut (String, Millis)| *last + DISCARDED <= now;
                news |= entry.discarded.take_if(is_over).is_some();
                self.dirty = true;
                self.counts.last_update = Some(now);
                self.list.trades_at(id, tick.venue());
                self.publish(id);
            }
            self.list.ticked(id);
        }
        self.counts.late += u64::from(late);
        let feed_news = is_sign_of_life && self.feed.ticked(now);
        !feed_news && !news && self.readers.is_empty()
    }

    /// A symbol was answered by REST. Whoever else the quote is about gets it too.
    fn quoted(&mut self, id: SymbolId, quote: &PolledQuote, asked: Millis, now: Millis) {
        let Some(entry) = self.list.get_mut(id) else {
            return;
        };
        entry.refusal = None;
        entry.learn(quote.venue());
        if entry.state == StreamState::Unavailable {
            entry.leave_to_rest(NOT_STREAMED);
        }
        let instrument = entry.instrument.clone();
        let mut about = self.list.route_answer(&instrument, quote.venue());
        if !about.contains(&id) {
            about.push(id);
        }
        let source = self.source(Provenance::Rest);
        let (live, stale) = (self.streams(), self.config.stale);
        for id in about {
            let Some(entry) = self.list.get_mut(id) else { continue };
            let streaming = live && entry.state == StreamState::Streaming;
            let change = entry.cell.polled(quote, source, stale, streaming, asked, now);
            entry.poll_not_before = 0;
            entry.discarded = None;
            if change == Change::Updated {
                self.dirty = true;
                self.counts.last_update = Some(now);
                self.publish(id);
            }
        }
    }

    fn not_quoted(&mut self, id: SymbolId, error: &SymbolError, serves_others: bool, now: Millis) {
        let why = match error {
            SymbolError::Refused(refusal @ (Refusal::Plan(_) | Refusal::Request(_))) => {
                return self.list.unavailable(id, refusal.text(), now + REFUSED_SYMBOL);
            }
            // Whatever upstream says of one symbol, it serves the others.
            SymbolError::Refused(refusal @ (Refusal::Key(_) | Refusal::Server(_))) if serves_others => {
                format!("upstream's REST refused it: {}", refusal.text())
            }
            SymbolError::Refused(refusal) => return self.call_refused(refusal, now),
            SymbolError::Missing => "upstream's REST answer lacks it".to_owned(),
            SymbolError::NoPrice(why) => format!("upstream's REST answer was discarded: {why}"),
        };
        if let Some(entry) = self.list.get_mut(id) {
            entry.poll_not_before = now + soon(&self.config);
        }
        self.discard(id, &why, now);
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
    fn source(&self, way: Provenance) -> Provenance {
        if self.config.simulated {
            Provenance::Simulated
        } else {
            way
        }
    }

    /// Tells everybody of a new state of the feed, and the watchers of a symbol of its new state.
    pub(super) fn announce(&mut self, now: Millis) {
        self.drop_lost_causes(now);
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
                self.conflation.channels.tell(&item.to_string());
            }
        }
        for id in self.list.unannounced() {
            self.logged.symbols_changed = true;
            self.publish_state(id, now);
        }
    }
}
