//! Clients over HTTP that do not read: the platform says when what was sent to one waits, and when it
//! has been read. Meanwhile the client is sent no prices; then it gets the newest of each symbol
//! that changed. So it gets fewer and newer frames, and the memory that it can make us hold is
//! bounded.

use super::audience::Blocked;
use super::flow_control::SILENT;
use super::{Carrier, ClientId, Delivery, Effect, Group, QuoteShard, ServerEvent, Stage, SymbolId, clients};
use crate::dialect::Dialect;

impl Delivery {
    /// A client over HTTP has stopped reading.
    pub fn blocked(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        let Some(shard) = self.audience.get_mut(client).and_then(|client| client.shard()) else {
            return;
        };
        let (since, (_, seen)) = (stage.now, self.position_in(shard));
        if let Some(client) = self.audience.get_mut(client) {
            client.blocked.get_or_insert(Box::new(Blocked { since, seen }));
        }
        for id in self.audience.watched(client) {
            stage.dismiss(client, Group::Symbol(id, shard));
        }
        self.counts.pauses += 1;
        self.blocked_sweep_at.get_or_insert(since + SILENT);
    }

    /// A client over HTTP has read everything that it was sent.
    pub fn drained(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        let Some(reader) = self.audience.get_mut(client) else {
            return;
        };
        let (Some(blocked), Some(shard)) = (reader.blocked.take(), reader.shard()) else {
            return;
        };
        let tells_service = reader.dialect.tells_service();
        let watched = self.audience.watched(client);
        for id in &watched {
            let group = Group::Symbol(*id, shard);
            stage.effects.push(Effect::Enroll { client, group });
        }
        let book = stage.demand.book();
        let changes = watched.into_iter().filter_map(|id| book.changes_of(id, blocked.seen));
        let changes: Vec<_> = changes.collect();
        let served = changes.iter().filter(|changed| changed.service && tells_service);
        let success: Vec<_> = served
            .filter_map(|changed| clients::subscription(book, changed.symbol))
            .collect();
        if !success.is_empty() {
            self.send(client, &ServerEvent::subscribed(success, Vec::new()), stage);
        }
        let quoted = changes.iter().filter(|changed| changed.quote);
        let quoted: Vec<SymbolId> = quoted.map(|changed| changed.symbol).collect();
        self.show(client, &quoted, stage);
    }

    /// A client that polled goes on over a WebSocket, which takes whatever it is sent.
    pub fn upgraded(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        if let Some(client) = self.audience.get_mut(client) {
            client.carrier = Carrier::WebSocket;
        }
        // If it was blocked, nobody else says that it no longer is.
        self.drained(client, stage);
    }

    /// Closes clients over HTTP that have read nothing for too long.
    pub(super) fn sweep_blocked(&mut self, stage: &mut Stage<'_>) {
        let now = stage.now;
        if self.blocked_sweep_at.is_none_or(|at| at > now) {
            return;
        }
        self.blocked_sweep_at = None;
        let mut close = Vec::new();
        for (id, client) in self.audience.all() {
            let Some(blocked) = &client.blocked else { continue };
            let end = blocked.since + SILENT;
            if end <= now {
                close.push(id);
            } else {
                let earliest = self.blocked_sweep_at.map_or(end, |at| at.min(end));
                self.blocked_sweep_at = Some(earliest);
            }
        }
        for client in close {
            self.close_slow(client, "nothing was read for 30 s; connect again", stage);
        }
    }

    /// `(epoch, revision)`: all clients of a dialect that is sent quotes were sent every change up to
    /// there.
    pub(super) fn position_of_all(&self, dialect: Dialect) -> (u64, u64) {
        let shards = self.conflation.shards_of(dialect);
        let least = shards.map(|shard| self.conflation.sent_up_to(shard, self.seen)).min();
        (self.epoch(), least.unwrap_or(self.seen))
    }

    /// `(epoch, revision)`: the clients of a shard were sent every change up to there.
    pub(super) fn position_in(&self, shard: QuoteShard) -> (u64, u64) {
        (self.epoch(), self.conflation.sent_up_to(shard, self.seen))
    }
}
