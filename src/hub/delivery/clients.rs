//! Handles what clients say and answers them.

use super::audience::{Reads, Record, Unanswered};
use super::{Book, Carrier, ClientId, Delivery, Effect, Group, Pass, ServerEvent, Stage, Standing, SymbolId, Viewer};
use crate::dialect::message::{LONGEST_MESSAGE, RequestedSymbol, Subscribe};
use crate::dialect::{
    AccessView, CLOSE_FLOOD, CLOSE_RESTARTED, ClientError, ClientMessage, Dialect, FeedView, Heard, Listing, QuoteView,
    ServiceView, Subscription, SubscriptionFailure, Way,
};
use crate::market::{Instrument, iso8601};

/// A message too large to be parsed counts as this many against the flood limit.
const LARGE_MESSAGE_COST: u64 = 10;

/// Every so many symbols of a subscription count as one more message against the flood limit.
const SYMBOLS_PER_MESSAGE: u64 = 50;

/// The answer to a page's keep-alive.
const PONG: &str = "pong";

/// A client that acknowledged deltas it was never sent this often is closed.
const MOST_LIES: u8 = 3;

impl Delivery {
    /// A client connected: it is sent the greeting.
    pub fn joined(
        &mut self,
        client: ClientId,
        (dialect, carrier): (Dialect, Carrier),
        (viewer, standing): (Viewer, Standing),
        stage: &mut Stage<'_>,
    ) {
        self.enter(client, (dialect, carrier), viewer, stage);
        let stored = dialect != Dialect::default() || standing.pass().is_some();
        self.stands(client, standing, stage);
        let session = self.session_name(client);
        let symbols = self.default_symbols(client, stage);
        let symbols = symbols.iter().map(ToString::to_string).collect();
        let pass = self.audience.pass(client).cloned();
        let access = AccessView {
            mode: stage.config.access.mode(),
            principal: pass.as_ref().map(|pass| pass.principal.as_str()),
            expires: pass.as_ref().and_then(|pass| pass.expires).map(iso8601),
        };
        let event = ServerEvent::Connected {
            version: env!("CARGO_PKG_VERSION"),
            simulated: stage.config.simulated,
            time: iso8601(stage.now),
            feed: FeedView::of(stage.feed),
            symbols,
            access,
            server: stage.config.relay.as_deref(),
            protocol: dialect.subprotocol(),
            session: &session,
            polls: carrier == Carrier::Http,
        };
        self.send(client, &event, stage);
        if stored {
            // Store dialect and pass, even if the client never says anything.
            self.remember(client, stage);
        }
    }

    /// A client is back from hibernation. Its socket survived, so it is not greeted again but sent
    /// the current state of its symbols.
    pub fn rejoined(&mut self, client: ClientId, record: &str, stage: &mut Stage<'_>) {
        // A client without a record has said nothing yet; it speaks plain JSON.
        let record = serde_json::from_str::<Record>(record).ok();
        let interval = record.as_ref().and_then(|record| record.interval);
        let dialect = record.as_ref().map_or_else(Dialect::default, Record::dialect);
        let is_shown_quotes = dialect.way() == Way::Quotes;
        let pass = record
            .as_ref()
            .and_then(|record| Pass::from_json(record.pass.as_ref()?));
        // The client's address is no longer known.
        let viewer = pass
            .as_ref()
            .map_or(Viewer::alone(client.0), |pass| Viewer::of_principal(&pass.principal));
        self.enter(client, (dialect, Carrier::WebSocket), viewer, stage);
        // Until then it is a client as any other.
        self.audience.seen(stage.now);
        if dialect == Dialect::Uplink {
            // What it watched was too much to keep across hibernation.
            return self.close(client, CLOSE_RESTARTED, "the hub has slept: dial again", stage);
        }
        if !self.may_stay(client, pass, stage) {
            return;
        }
        self.set_rate(client, interval.unwrap_or_default());
        if let Some(frame) = stage.feed_event(dialect).filter(|_| is_shown_quotes) {
            // What it knows of the feed is from an earlier epoch, and a broadcast would miss
            // clients that have not rejoined yet.
            self.push_frame(client, frame, stage);
        }
        let session = record.as_ref().and_then(|record| record.session.clone());
        if let Some(client) = self.audience.get_mut(client) {
            client.session = session.map(Box::new);
        }
        let (symbols, unanswered) = record
            .map(|record| (record.symbols, record.unanswered))
            .unwrap_or_default();
        let known = symbols.iter().filter_map(|text| Instrument::parse(text).ok());
        let (watched, mut fails) = self.watch_again(client, &known.collect::<Vec<_>>(), stage);
        if let Some(names) = unanswered {
            fails.extend(names.into_iter().map(|symbol| SubscriptionFailure {
                symbol,
                reason: String::new(),
            }));
            return self.answer_later(client, watched, fails, stage);
        }
        // An earlier epoch may have sent it values that this one does not know, so it must get a
        // fresh state. A client in a channel is sent a whole snapshot.
        let tells_service = dialect.tells_service();
        if !fails.is_empty() || tells_service && is_shown_quotes && !watched.is_empty() {
            let told = watched.iter().filter(|_| is_shown_quotes);
            let success = told.filter_map(|id| subscription(stage.demand.book(), *id)).collect();
            let status = if watched.is_empty() { "error" } else { "ok" };
            let event = ServerEvent::SubscribeStatus { status, success, fails };
            self.send(client, &event, stage);
        }
        self.show(client, &watched, stage);
        self.rejoin_channel(client, None, stage);
    }

    /// A client that was away watches again what it watched. Returns what it watches now, and what
    /// it cannot, because room has gone to others meanwhile.
    pub(super) fn watch_again(
        &mut self,
        client: ClientId,
        instruments: &[Instrument],
        stage: &mut Stage<'_>,
    ) -> (Vec<SymbolId>, Vec<SubscriptionFailure>) {
        let (mut watched, mut fails) = (Vec::new(), Vec::new());
        let most = self.most_symbols(client, stage);
        for instrument in instruments {
            let tracked = if watched.len() < most {
                self.track_for(client, instrument, stage)
            } else {
                Err(ClientError::TooManySymbols(most).to_string())
            };
            match tracked {
                Ok(id) => {
                    self.watch(client, id, stage);
                    watched.push(id);
                }
                Err(reason) => fails.push(SubscriptionFailure {
                    symbol: instrument.to_string(),
                    reason,
                }),
            }
        }
        (watched, fails)
    }

    #[inline(never)]
    pub fn left(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        self.leave_channel(client, stage);
        let Some(left) = self.audience.leave(client, stage.now) else {
            return;
        };
        self.ends.forget(client);
        self.relays.forget(client);
        let instrument = |id: &SymbolId| Some(stage.demand.book().get(*id)?.instrument.clone());
        if let Some(session) = left.session.clone() {
            let symbols = left.symbols.iter().filter_map(instrument).collect();
            self.keep_session(*session, symbols, stage.now);
        }
        for id in &left.symbols {
            stage.demand.unwatch(*id);
        }
        if let Some(shard) = left.shard() {
            for id in left.symbols {
                self.conflation.unwatch(id, shard);
                stage.dismiss(client, Group::Symbol(id, shard));
            }
            self.conflation.leave(shard);
            stage.dismiss(client, Group::Everyone(left.dialect));
        }
        self.pace_acknowledgements();
    }

    /// No dialect has binary frames: the client is sent an error.
    pub fn said_binary(&mut self, client: ClientId, bytes: usize, stage: &mut Stage<'_>) {
        if self.may_speak(client, bytes, stage) {
            self.counts.unreadable += 1;
            self.send_error(client, &ClientError::BinaryFrame, stage);
        }
    }

    /// Handles a client's message. Returns true for one that needs no further work.
    pub fn said(&mut self, client: ClientId, text: &str, stage: &mut Stage<'_>) -> bool {
        if !self.may_speak(client, text.len(), stage) {
            return false;
        }
        let Heard { message, ack } = self.audience.dialect(client).parse(text);
        match message {
            Ok(ClientMessage::Ping) => {
                self.push_frame(client, PONG.to_owned(), stage);
                return true;
            }
            Ok(ClientMessage::Pong) => {
                if let Some(client) = self.audience.get_mut(client) {
                    client.owes_pong = false;
                }
                return true;
            }
            Ok(ClientMessage::Connect(connect)) => self.connects(client, connect, stage),
            Ok(ClientMessage::ConnectElsewhere(namespace)) => self.connect_elsewhere(client, &namespace, stage),
            Ok(ClientMessage::Leave) => self.leave(client, stage),
            _ if !self.has_joined(client, stage) => {}
            Ok(ClientMessage::Subscribe(wish)) => self.subscribe(client, wish, ack, stage),
            Ok(ClientMessage::Unsubscribe(symbols)) => self.unsubscribe(client, &symbols, ack, stage),
            Ok(ClientMessage::Reset) => {
                self.drop_all(client, stage);
                self.remember(client, stage);
                self.send(client, &ServerEvent::ResetStatus { status: "ok" }, stage);
                self.rejoin_channel(client, None, stage);
            }
            Ok(ClientMessage::Report(report)) => self.reported(client, report, stage),
            Ok(ClientMessage::Heartbeat) => self.send(client, &ServerEvent::Heartbeat { status: "ok" }, stage),
            Ok(ClientMessage::Time(id)) => {
                let time = iso8601(stage.now);
                self.send(client, &ServerEvent::Time { id, time }, stage);
            }
            Ok(ClientMessage::Ack { channel, seq }) => {
                if self.acknowledged(client, channel, seq, stage) {
                    return true;
                }
                self.lied(client, stage);
            }
            Ok(ClientMessage::Proof(id)) => {
                if self.proved(client, id) {
                    return true;
                }
                self.lied(client, stage);
            }
            Err(error) => {
                self.counts.unreadable += 1;
                let message = error.to_string();
                let code = error.code();
                self.answer(client, &ServerEvent::Error { code, message }, ack, stage);
            }
        }
        false
    }

    /// Adds symbols to what a client watches. With an `ack` it is told the outcome under this number
    /// too.
    pub fn subscribe(&mut self, client: ClientId, mut wish: Subscribe, ack: Option<u64>, stage: &mut Stage<'_>) {
        if wish.wants_defaults {
            wish.symbols
                .extend(self.default_symbols(client, stage).into_iter().map(Ok));
        }
        if let Some(interval) = wish.interval {
            self.set_rate(client, interval);
        }
        let watched = self.audience.get_mut(client).map_or(0, |client| client.symbols.len());
        let shown = (watched.max(wish.symbols.len())) as u64;
        if !self.may_ask(client, shown / SYMBOLS_PER_MESSAGE, stage) {
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
                Ok(instrument) => match self.admit(client, &instrument, stage) {
                    Ok(id) if accepted.contains(&id) => {}
                    Ok(id) => accepted.push(id),
                    Err(reason) => fails.push(SubscriptionFailure {
                        symbol: instrument.to_string(),
                        reason,
                    }),
                },
            }
        }
        if self.audience.dialect(client).answers_once() {
            return self.answer_later(client, accepted, fails, stage);
        }
        let book = stage.demand.book();
        let success = accepted.iter().filter_map(|id| subscription(book, *id)).collect();
        let event = ServerEvent::subscribed(success, fails);
        self.answer(client, &event, ack, stage);
        let seen = self.seen;
        if let Some(session) = self.audience.get_mut(client).and_then(|client| client.session.as_mut()) {
            session.subscribed = seen;
        }
        self.remember(client, stage);
        // The client is already subscribed, so no update falls between snapshot and deltas.
        if self.audience.dialect(client).way() == Way::Channels {
            self.rejoin_channel(client, wish.resume, stage);
        } else {
            let resume = wish.resume.filter(|position| position.epoch == self.epoch());
            let book = stage.demand.book();
            let lacks = |id: &SymbolId| {
                let seen = resume.map_or(0, |position| position.seq);
                seen == 0 || book.changes_of(*id, seen).is_some_and(|changed| changed.quote)
            };
            accepted.retain(lacks);
            self.show(client, &accepted, stage);
        }
    }

    /// Sends a client that is sent whole quotes those of some symbols, as far as there are any. The
    /// last one carries the client's position: only with it has the client read all of them.
    pub(super) fn show(&mut self, client: ClientId, symbols: &[SymbolId], stage: &mut Stage<'_>) {
        let Some(viewer) = self.audience.get_mut(client) else {
            return;
        };
        let Some(shard) = viewer.shard() else { return };
        let dialect = viewer.dialect;
        if let Some(blocked) = &mut viewer.blocked {
            // It is shown everything when it reads again.
            blocked.seen = 0;
            return;
        }
        let mut quotes = Vec::new();
        for id in symbols {
            let entry = stage.demand.book().get(*id);
            if let Some(entry) = entry.filter(|entry| entry.cell.quote.is_some()) {
                let view = QuoteView::of(&entry.instrument, &entry.cell, stage.config.simulated);
                quotes.extend(dialect.quote(&view));
                self.conflation.sent_alone((*id, shard));
            }
        }
        let last = quotes.pop();
        for quote in quotes {
            self.push_frame(client, dialect.frame(quote, None), stage);
        }
        if let Some(quote) = last {
            let position = dialect.dates_quotes().then(|| self.position_in(shard));
            self.push_frame(client, dialect.frame(quote, position), stage);
        }
    }

    fn unsubscribe(&mut self, client: ClientId, symbols: &[RequestedSymbol], ack: Option<u64>, stage: &mut Stage<'_>) {
        let named = symbols.iter().flatten();
        let ids: Vec<SymbolId> = named.filter_map(|instrument| stage.demand.find(instrument)).collect();
        let mut dropped = Vec::new();
        for id in ids {
            if self.unwatch(client, id, stage)
                && let Some(entry) = stage.demand.book().get(id)
            {
                dropped.push(entry.instrument.to_string());
            }
        }
        self.remember(client, stage);
        let event = ServerEvent::UnsubscribeStatus {
            status: "ok",
            symbols: dropped,
        };
        self.answer(client, &event, ack, stage);
        self.rejoin_channel(client, None, stage);
    }

    fn drop_all(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        for id in self.audience.watched(client) {
            self.unwatch(client, id, stage);
        }
    }

    fn admit(&mut self, client: ClientId, instrument: &Instrument, stage: &mut Stage<'_>) -> Result<SymbolId, String> {
        let watched = self.audience.get_mut(client).map_or(0, |client| client.symbols.len());
        let known = stage.demand.find(instrument);
        let again = known.is_some_and(|id| self.watches(client, id));
        let most = self.most_symbols(client, stage);
        if !again && watched >= most {
            return Err(ClientError::TooManySymbols(most).to_string());
        }
        let id = self.track_for(client, instrument, stage)?;
        self.watch(client, id, stage);
        Ok(id)
    }

    fn watches(&mut self, client: ClientId, id: SymbolId) -> bool {
        self.audience
            .get_mut(client)
            .is_some_and(|client| client.symbols.contains(&id))
    }

    pub(super) fn watch(&mut self, client: ClientId, id: SymbolId, stage: &mut Stage<'_>) {
        let Some(watcher) = self.audience.get_mut(client) else {
            return;
        };
        let (shard, reads) = (watcher.shard(), watcher.blocked.is_none());
        if watcher.symbols.insert(id) {
            stage.demand.watch(id);
            if let Some(shard) = shard {
                self.conflation.watch(id, shard);
                let group = Group::Symbol(id, shard);
                if reads {
                    stage.effects.push(Effect::Enroll { client, group });
                }
            }
        }
    }

    pub(super) fn unwatch(&mut self, client: ClientId, id: SymbolId, stage: &mut Stage<'_>) -> bool {
        let Some(watcher) = self.audience.get_mut(client) else {
            return false;
        };
        let shard = watcher.shard();
        let watched = watcher.symbols.remove(&id);
        if watched {
            stage.demand.unwatch(id);
            if let Some(shard) = shard {
                self.conflation.unwatch(id, shard);
                stage.dismiss(client, Group::Symbol(id, shard));
            }
        }
        watched
    }

    fn enter(
        &mut self,
        client: ClientId,
        (dialect, carrier): (Dialect, Carrier),
        viewer: Viewer,
        stage: &mut Stage<'_>,
    ) {
        self.audience.join(client, (dialect, carrier), viewer);
        self.begin_beats(dialect, stage);
        if dialect.way() == Way::Quotes {
            let shard = self.conflation.join(dialect);
            if let Some(client) = self.audience.get_mut(client) {
                client.reads = Reads::Quotes(shard);
            }
            let group = Group::Everyone(dialect);
            stage.effects.push(Effect::Enroll { client, group });
        }
        self.pace_acknowledgements();
    }

    #[inline(never)]
    pub(super) fn remember(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        let ids = self.audience.watched(client);
        let symbols = ids
            .iter()
            .filter_map(|id| stage.demand.book().get(*id))
            .map(|entry| entry.instrument.to_string());
        let is_kept = self.audience.dialect(client) != Dialect::Uplink;
        let symbols = symbols.filter(|_| is_kept).collect();
        let known = self.audience.get_mut(client);
        let unanswered = known.and_then(|client| client.unanswered.as_deref());
        let fails = |waiting: &Unanswered| waiting.fails.iter().map(|fail| fail.symbol.clone()).collect();
        let record = Record {
            symbols,
            unanswered: unanswered.map(fails),
            pass: self.audience.pass(client).map(Pass::to_json),
            interval: self.audience.cursor(client).map(|cursor| cursor.rate.interval()),
            dialect: Some(self.audience.dialect(client))
                .filter(|dialect| *dialect != Dialect::default())
                .map(|dialect| dialect.name().to_owned()),
            session: self
                .audience
                .get_mut(client)
                .and_then(|client| client.session.as_deref().cloned()),
        };
        let record = serde_json::to_string(&record).unwrap_or_default();
        stage.effects.push(Effect::Remember { client, record });
    }

    /// Counts a message against the flood limit; a client that exceeds it is closed.
    fn may_speak(&mut self, client: ClientId, bytes: usize, stage: &mut Stage<'_>) -> bool {
        let cost = if bytes > LONGEST_MESSAGE { LARGE_MESSAGE_COST } else { 1 };
        if self.audience.get_mut(client).is_none() {
            return false;
        }
        self.counts.client_messages += 1;
        self.may_ask(client, cost, stage)
    }

    /// Counts a request as `cost` messages against the flood limit.
    fn may_ask(&mut self, client: ClientId, cost: u64, stage: &mut Stage<'_>) -> bool {
        let Some(speaker) = self.audience.get_mut(client) else {
            return false;
        };
        if speaker.dialect == Dialect::Uplink || speaker.says(cost, stage.config.messages_per_minute, stage.now) {
            return true;
        }
        self.expel(
            client,
            "flood: more messages than the limit (MESSAGES_PER_MINUTE); come back in a minute",
            stage,
        );
        false
    }

    /// Closes a client that misbehaves.
    fn expel(&mut self, client: ClientId, reason: &'static str, stage: &mut Stage<'_>) {
        self.counts.floods += 1;
        self.close(client, CLOSE_FLOOD, reason, stage);
    }

    #[inline(never)]
    pub(super) fn close(&mut self, client: ClientId, code: u16, reason: &'static str, stage: &mut Stage<'_>) {
        self.left(client, stage);
        stage.effects.push(Effect::CloseClient { client, code, reason });
    }

    /// A client showed a token that does not count.
    pub(super) fn guessed(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        let Some(guest) = self.audience.get_mut(client) else {
            return;
        };
        guest.lies = guest.lies.saturating_add(1);
        if guest.lies >= MOST_LIES {
            self.expel(
                client,
                "three access tokens that do not count; come back in a minute",
                stage,
            );
        }
    }

    /// A client acknowledged what it was never sent: it gets an error, or is closed.
    fn lied(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        self.counts.unreadable += 1;
        let Some(liar) = self.audience.get_mut(client) else {
            return;
        };
        liar.lies = liar.lies.saturating_add(1);
        if liar.lies < MOST_LIES {
            self.send_error(client, &ClientError::AckAhead, stage);
        } else {
            let reason = "acknowledged what was never sent, again and again; come back in a minute";
            self.expel(client, reason, stage);
        }
    }

    fn send_error(&mut self, client: ClientId, error: &ClientError, stage: &mut Stage<'_>) {
        let event = ServerEvent::Error {
            code: error.code(),
            message: error.to_string(),
        };
        self.send(client, &event, stage);
    }

    /// Sends a client an event, if its dialect has it.
    #[inline(never)]
    pub(super) fn send(&mut self, client: ClientId, event: &ServerEvent<'_>, stage: &mut Stage<'_>) {
        let position = self.position_of(client);
        if let Some(frame) = self.audience.dialect(client).event(event, position) {
            self.push_frame(client, frame, stage);
        }
    }

    /// As [`Delivery::send`]; if the client gave a number, it is told the outcome under it too.
    fn answer(&mut self, client: ClientId, answer: &ServerEvent<'_>, ack: Option<u64>, stage: &mut Stage<'_>) {
        self.send(client, answer, stage);
        if let Some(ack) = ack {
            self.send(client, &ServerEvent::Reply { ack, answer }, stage);
        }
    }

    pub(super) fn push_frame(&mut self, client: ClientId, frame: String, stage: &mut Stage<'_>) {
        self.counts.frames += 1;
        self.count_unproven(client, frame.len());
        stage.effects.push(Effect::Send { client, frame });
    }
}

impl Stage<'_> {
    pub(super) fn dismiss(&mut self, client: ClientId, group: Group) {
        self.effects.push(Effect::Dismiss { client, group });
    }
}

/// A symbol as the answer to a subscription shows it.
pub(super) fn subscription(book: &Book, id: SymbolId) -> Option<Subscription> {
    let entry = book.get(id)?;
    Some(Subscription {
        symbol: entry.instrument.to_string(),
        service: ServiceView::of(&entry.service),
        has_quote: entry.cell.quote.is_some(),
        listing: Listing {
            exchange: entry.cell.quote.as_ref().and_then(|quote| quote.exchange.clone()),
            mic_code: entry.cell.details.mic_code.clone(),
            r#type: entry.cell.details.kind.clone(),
        },
    })
}
