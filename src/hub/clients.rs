//! What clients and REST readers say, and what they are told.

use super::audience::Record;
use super::{ClientId, Effect, Group, Machine, ServerEvent, SymbolId, Viewer, Waiter, WaiterId};
use crate::dialect::message::{RequestedSymbol, Subscribe};
use crate::dialect::{
    CLOSE_FLOOD, ClientError, ClientMessage, Dialect, MOST_SYMBOLS_PER_CLIENT, Subscription, SubscriptionFailure,
    parse_client,
};
use crate::market::{Instrument, Millis, Provenance, iso8601};

/// A message that is too large to be parsed counts as this many against the flood limit.
const LARGE_MESSAGE_COST: u64 = 10;

/// So many symbols that a client is shown at once count as a message more.
const SYMBOLS_PER_MESSAGE: u64 = 50;

/// What a page says to see whether the connection lives, and what it is answered.
const PING: &str = "ping";
const PONG: &str = "pong";

/// A client that has acknowledged so often what it was never sent is closed.
const MOST_LIES: u8 = 3;

impl Machine {
    pub(super) fn client_joined(&mut self, client: ClientId, dialect: Dialect, viewer: Viewer, now: Millis) {
        // Woken first, so that the greeting tells the feed's state as it is from now on.
        self.audience.seen(now);
        self.advance(now);
        self.enter(client, dialect, viewer, now);
        let symbols = self.config.symbols.iter().map(ToString::to_string).collect();
        let position = self.position_of(client);
        let event = ServerEvent::Connected {
            version: env!("CARGO_PKG_VERSION"),
            simulated: self.config.simulated,
            time: iso8601(now),
            feed: self.feed_view(),
            symbols,
            protocol: dialect.subprotocol(),
        };
        let frame = text_for(position, &event);
        self.push_frame(client, frame);
        if dialect == Dialect::V1 {
            // Its dialect must not be forgotten, whatever else it says.
            self.remember(client);
        }
    }

    /// Back from hibernation: the socket lived on, so the client is not greeted again, but shown what its symbols have become.
    pub(super) fn client_rejoined(&mut self, client: ClientId, record: &str, now: Millis) {
        // A client that has said nothing yet has no record: a plain one.
        let record = serde_json::from_str::<Record>(record).ok();
        let interval = record.as_ref().and_then(|record| record.interval);
        let dialect = if interval.is_some() {
            Dialect::V1
        } else {
            Dialect::Plain
        };
        // Who is behind it is not known any more.
        self.enter(client, dialect, Viewer::alone(client), now);
        self.set_rate(client, interval.unwrap_or_default());
        if dialect == Dialect::Plain {
            // What it knows of the feed is of another life. News reach only those who are back already.
            let frame = self.feed_event();
            self.push_frame(client, frame);
        }
        let symbols = record.map(|record| record.symbols).unwrap_or_default();
        let known = symbols.iter().filter_map(|text| Instrument::parse(text).ok());
        let (mut watched, mut fails) = (Vec::new(), Vec::new());
        for instrument in known.collect::<Vec<_>>() {
            match self.track_for(client, &instrument, now) {
                Ok(id) => {
                    self.watch(client, id);
                    watched.push(id);
                }
                Err(reason) => fails.push(SubscriptionFailure {
                    symbol: instrument.to_string(),
                    reason,
                }),
            }
        }
        // Of some symbols an earlier life told a plain client what this one does not know: it must not go on as if that were fresh.
        // One of `hamster.v1` is shown a whole snapshot.
        let is_plain = dialect == Dialect::Plain;
        if !fails.is_empty() || is_plain && !watched.is_empty() {
            let told = watched.iter().filter(|_| is_plain);
            let success = told.filter_map(|id| self.subscription(*id)).collect();
            let status = if watched.is_empty() { "error" } else { "ok" };
            let event = ServerEvent::SubscribeStatus { status, success, fails };
            self.send(client, &event);
        }
        for id in watched.into_iter().filter(|_| is_plain) {
            self.show(client, id);
        }
        self.restream(client, None, now);
    }

    pub(super) fn client_left(&mut self, client: ClientId, now: Millis) {
        self.leave_stream(client, now);
        let Some(left) = self.audience.leave(client, now) else {
            return;
        };
        for id in &left.symbols {
            self.list.unwatch(*id, now);
        }
        if left.cursor.is_none() {
            for id in left.symbols {
                self.conflation.unwatch(id, left.shard);
                self.dismiss(client, Group::Symbol(id, left.shard));
            }
            self.conflation.leave(left.shard);
            self.dismiss(client, Group::Plain);
        }
        self.pace_acknowledgements();
    }

    pub(super) fn client_said_binary(&mut self, client: ClientId, bytes: usize, now: Millis) {
        if self.may_speak(client, bytes, now) {
            self.counts.unreadable_wishes += 1;
            self.send_error(client, &ClientError::BinaryFrame);
        }
    }

    /// Takes a client's message; true when it was an acknowledgement, which nothing follows from.
    pub(super) fn client_said(&mut self, client: ClientId, text: &str, now: Millis) -> bool {
        if !self.may_speak(client, text.len(), now) {
            return false;
        }
        if text == PING {
            self.push_frame(client, PONG.to_owned());
            return true;
        }
        match parse_client(text) {
            Ok(ClientMessage::Subscribe(wish)) => self.subscribe(client, wish, now),
            Ok(ClientMessage::Unsubscribe(symbols)) => self.unsubscribe(client, &symbols, now),
            Ok(ClientMessage::Reset) => {
                self.drop_all(client, now);
                self.remember(client);
                self.send(client, &ServerEvent::ResetStatus { status: "ok" });
                self.restream(client, None, now);
            }
            Ok(ClientMessage::Heartbeat) => self.send(client, &ServerEvent::Heartbeat { status: "ok" }),
            Ok(ClientMessage::Time(id)) => {
                let time = iso8601(now);
                self.send(client, &ServerEvent::Time { id, time });
            }
            Ok(ClientMessage::Ack { channel, seq }) => {
                if self.acknowledged(client, channel, seq, now) {
                    return true;
                }
                self.lied(client, now);
            }
            Ok(ClientMessage::Proof(id)) => {
                if self.proved(client, id) {
                    return true;
                }
                self.lied(client, now);
            }
            Err(error) => {
                self.counts.unreadable_wishes += 1;
                self.send_error(client, &error);
            }
        }
        false
    }

    /// A REST reader keeps the hub awake as a viewer does. It waits only when the hub, or a symbol, is new.
    pub(super) fn reader_came(&mut self, id: WaiterId, symbols: &[Instrument], now: Millis) {
        self.audience.seen(now);
        self.wake(now);
        let mut wanted = Vec::new();
        for instrument in symbols {
            if let Ok(symbol) = self.track_for_reader(instrument, now) {
                self.list.read(symbol, now);
                wanted.push(symbol);
            }
        }
        if symbols.is_empty() {
            wanted = self
                .config
                .symbols
                .iter()
                .filter_map(|instrument| self.list.find(instrument))
                .collect();
        }
        let newest = wanted
            .iter()
            .filter_map(|symbol| self.list.get(*symbol))
            .map(|entry| entry.created)
            .max();
        let until = self.woke.max(newest.unwrap_or_default()) + self.config.waiter;
        self.readers.push(Waiter {
            id,
            symbols: wanted,
            until,
        });
    }

    /// Answers the readers whose symbols are all fresh, or whose time is up.
    pub(super) fn answer_readers(&mut self, now: Millis) {
        let mut waiting = std::mem::take(&mut self.readers);
        waiting.retain(|reader| {
            // What is tracked no more will not come.
            let is_done = |id: &SymbolId| self.is_fresh(*id) || self.list.get(*id).is_none();
            let waits = now < reader.until && !reader.symbols.iter().all(is_done);
            if !waits {
                self.effects.push(Effect::Answer(reader.id));
            }
            waits
        });
        self.readers = waiting;
    }

    /// A symbol has a new quote, or there is news of it: all who watch it will be told.
    pub(super) fn publish(&mut self, id: SymbolId) {
        self.conflation.changed(id);
    }

    /// Tells the watchers of a symbol how it gets its prices from now on.
    pub(super) fn publish_state(&mut self, id: SymbolId, now: Millis) {
        if self.list.get(id).is_none_or(|entry| entry.watchers == 0) {
            return;
        }
        self.conflation.channels.changed(id);
        if let Some(subscription) = self.subscription(id) {
            let event = ServerEvent::SubscribeStatus {
                status: "ok",
                success: vec![subscription],
                fails: Vec::new(),
            };
            let frame = event.text();
            let plain_shards: Vec<_> = self.conflation.plain_watchers(id).collect();
            for (shard, watchers) in plain_shards {
                self.counts.frames += u64::from(watchers);
                self.conflation.count_bytes((id, shard), frame.len(), now);
                self.effects.push(Effect::Broadcast {
                    group: Group::Symbol(id, shard),
                    frame: frame.clone(),
                });
            }
        }
    }

    fn subscribe(&mut self, client: ClientId, wish: Subscribe, now: Millis) {
        if let Some(interval) = wish.interval {
            self.set_rate(client, interval);
        }
        let watched = self.audience.get_mut(client).map_or(0, |client| client.symbols.len());
        let shown = (watched.max(wish.symbols.len())) as u64;
        if !self.may_ask(client, shown / SYMBOLS_PER_MESSAGE, now) {
            return;
        }
        let mut accepted = Vec::new();
        let mut fails = Vec::new();
        for symbol in wish.symbols {
            match symbol {
                Err((symbol, error)) => fails.push(SubscriptionFailure {
                    symbol,
                    reason: error.to_string(),
                }),
                Ok(instrument) => match self.admit(client, &instrument, now) {
                    Ok(id) if accepted.contains(&id) => {}
                    Ok(id) => accepted.push(id),
                    Err(reason) => fails.push(SubscriptionFailure {
                        symbol: instrument.to_string(),
                        reason,
                    }),
                },
            }
        }
        let failed = accepted.is_empty() && !fails.is_empty();
        let event = ServerEvent::SubscribeStatus {
            status: if failed { "error" } else { "ok" },
            success: accepted.iter().filter_map(|id| self.subscription(*id)).collect(),
            fails,
        };
        self.send(client, &event);
        self.remember(client);
        // The client watches already: what is published from here on reaches it, so nothing falls between snapshot and channel.
        if self.audience.cursor(client).is_some() {
            self.restream(client, wish.resume, now);
        } else {
            for id in accepted {
                self.show(client, id);
            }
        }
    }

    /// Sends a client the quote of a symbol, if there is one.
    fn show(&mut self, client: ClientId, id: SymbolId) {
        if let Some(entry) = self.list.get(id).filter(|entry| entry.cell.quote.is_some()) {
            let view = self.quote_view(entry);
            self.send(client, &ServerEvent::PriceUpdate(&view));
        }
    }

    fn unsubscribe(&mut self, client: ClientId, symbols: &[RequestedSymbol], now: Millis) {
        let named = symbols.iter().flatten();
        let ids: Vec<SymbolId> = named.filter_map(|instrument| self.list.find(instrument)).collect();
        let mut dropped = Vec::new();
        for id in ids {
            if self.unwatch(client, id, now)
                && let Some(entry) = self.list.get(id)
            {
                dropped.push(entry.instrument.to_string());
            }
        }
        self.remember(client);
        let event = ServerEvent::UnsubscribeStatus {
            status: "ok",
            symbols: dropped,
        };
        self.send(client, &event);
        self.restream(client, None, now);
    }

    fn drop_all(&mut self, client: ClientId, now: Millis) {
        for id in self.audience.watched(client) {
            self.unwatch(client, id, now);
        }
    }

    fn admit(&mut self, client: ClientId, instrument: &Instrument, now: Millis) -> Result<SymbolId, String> {
        let watched = self.audience.get_mut(client).map_or(0, |client| client.symbols.len());
        let known = self.list.find(instrument);
        let again = known.is_some_and(|id| self.watches(client, id));
        if !again && watched >= MOST_SYMBOLS_PER_CLIENT {
            return Err(ClientError::TooManySymbols.to_string());
        }
        let id = self.track_for(client, instrument, now)?;
        self.watch(client, id);
        Ok(id)
    }

    fn watches(&mut self, client: ClientId, id: SymbolId) -> bool {
        self.audience
            .get_mut(client)
            .is_some_and(|client| client.symbols.contains(&id))
    }

    fn watch(&mut self, client: ClientId, id: SymbolId) {
        let Some(watcher) = self.audience.get_mut(client) else {
            return;
        };
        let shard = watcher.cursor.is_none().then_some(watcher.shard);
        if watcher.symbols.insert(id) {
            self.list.watch(id);
            if let Some(shard) = shard {
                self.conflation.watch(id, shard);
                let group = Group::Symbol(id, shard);
                self.effects.push(Effect::Enroll { client, group });
            }
        }
    }

    pub(super) fn unwatch(&mut self, client: ClientId, id: SymbolId, now: Millis) -> bool {
        let Some(watcher) = self.audience.get_mut(client) else {
            return false;
        };
        let shard = watcher.cursor.is_none().then_some(watcher.shard);
        let watched = watcher.symbols.remove(&id);
        if watched {
            self.list.unwatch(id, now);
            if let Some(shard) = shard {
                self.conflation.unwatch(id, shard);
                self.dismiss(client, Group::Symbol(id, shard));
            }
        }
        watched
    }

    fn enter(&mut self, client: ClientId, dialect: Dialect, viewer: Viewer, now: Millis) {
        self.audience.join(client, dialect, viewer, now);
        if dialect == Dialect::Plain {
            let shard = self.conflation.join();
            if let Some(client) = self.audience.get_mut(client) {
                client.shard = shard;
            }
            let group = Group::Plain;
            self.effects.push(Effect::Enroll { client, group });
        }
        self.pace_acknowledgements();
    }

    fn dismiss(&mut self, client: ClientId, group: Group) {
        self.effects.push(Effect::Dismiss { client, group });
    }

    pub(super) fn remember(&mut self, client: ClientId) {
        let ids = self.audience.watched(client);
        let symbols = ids
            .iter()
            .filter_map(|id| self.list.get(*id))
            .map(|entry| entry.instrument.to_string());
        let record = Record {
            symbols: symbols.collect(),
            interval: self.audience.cursor(client).map(|cursor| cursor.rate.interval()),
        };
        let record = serde_json::to_string(&record).unwrap_or_default();
        self.effects.push(Effect::Remember { client, record });
    }

    /// Counts a message against the flood limit; a client that passes it is closed with a documented code.
    fn may_speak(&mut self, client: ClientId, bytes: usize, now: Millis) -> bool {
        let cost = if bytes > crate::dialect::message::LONGEST_MESSAGE {
            LARGE_MESSAGE_COST
        } else {
            1
        };
        if self.audience.get_mut(client).is_none() {
            return false;
        }
        self.counts.client_messages += 1;
        self.may_ask(client, cost, now)
    }

    /// Counts what a client asks for, in messages.
    fn may_ask(&mut self, client: ClientId, cost: u64, now: Millis) -> bool {
        let Some(speaker) = self.audience.get_mut(client) else {
            return false;
        };
        if speaker.says(cost, now) {
            return true;
        }
        self.expel(
            client,
            "flood: at most 60 messages at once and 2 a second; come back in a minute",
            now,
        );
        false
    }

    /// Closes a client that disturbs.
    fn expel(&mut self, client: ClientId, reason: &'static str, now: Millis) {
        self.counts.floods += 1;
        self.client_left(client, now);
        self.effects.push(Effect::CloseClient {
            client,
            code: CLOSE_FLOOD,
            reason,
        });
    }

    /// A client has acknowledged what it was never sent: it is told so, and closed if it goes on.
    fn lied(&mut self, client: ClientId, now: Millis) {
        self.counts.unreadable_wishes += 1;
        let Some(liar) = self.audience.get_mut(client) else {
            return;
        };
        liar.lies = liar.lies.saturating_add(1);
        if liar.lies < MOST_LIES {
            self.send_error(client, &ClientError::AckAhead);
        } else {
            let reason = "acknowledged what was never sent, again and again; come back in a minute";
            self.expel(client, reason, now);
        }
    }

    fn send_error(&mut self, client: ClientId, error: &ClientError) {
        let event = ServerEvent::Error {
            code: error.code(),
            message: error.to_string(),
        };
        self.send(client, &event);
    }

    pub(super) fn send(&mut self, client: ClientId, event: &ServerEvent<'_>) {
        let frame = text_for(self.position_of(client), event);
        self.push_frame(client, frame);
    }

    pub(super) fn push_frame(&mut self, client: ClientId, frame: String) {
        self.counts.frames += 1;
        self.count_unproven(client, frame.len());
        self.effects.push(Effect::Send { client, frame });
    }

    fn is_fresh(&self, id: SymbolId) -> bool {
        let quote = self.list.get(id).and_then(|entry| entry.cell.quote.as_ref());
        quote.is_some_and(|quote| quote.provenance != Provenance::Restored && quote.stale_since.is_none())
    }

    fn subscription(&self, id: SymbolId) -> Option<Subscription> {
        let entry = self.list.get(id)?;
        Some(Subscription {
            symbol: entry.instrument.to_string(),
            state: entry.state,
            reason: entry.spoken_reason(),
            has_quote: entry.cell.quote.is_some(),
        })
    }
}

/// A frame for one client: one of `hamster.v1` is told its position.
fn text_for(position: Option<(u64, u64)>, event: &ServerEvent<'_>) -> String {
    match position {
        Some((epoch, seq)) => event.text_at(epoch, seq),
        None => event.text(),
    }
}
