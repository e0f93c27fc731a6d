//! The clients of `hamster.v1`: which stream each reads, how far it has read, and what becomes of one that does not read.
//!
//! The platform does not tell how much waits in a socket, so clients acknowledge. One that falls behind is sent nothing more until it has
//! read what it was sent; then a picture of what changed meanwhile brings it up to date. So it gets fewer and newer frames, the memory
//! that it can make us hold is bounded, and nobody else notices.

use super::audience::Place;
use super::lanes::Rate;
use super::{ClientId, Effect, Group, Machine, StreamId};
use crate::clock::{Millis, SECOND};
use crate::wire::{CLOSE_SLOW, Position, ServerEvent, SnapshotHead, snapshot};

/// Between two looks at who is behind.
const SWEEP: Millis = SECOND;
/// Bytes that may be unread before a client counts as behind, whatever the time.
const MOST_UNREAD: u64 = 4 * 1024 * 1024;
/// A client that has read nothing for so long is closed.
const SILENT: Millis = 30 * SECOND;

/// How long an acknowledgement may wait, by how many clients are connected: at most 200 a second arrive, up to 2,000 clients. Not
/// shorter for a small audience, because Cloudflare counts twenty of them as a request.
pub(super) fn acknowledge_within(clients: usize) -> Millis {
    if clients <= 1_000 { 5 * SECOND } else { 10 * SECOND }
}

impl Machine {
    /// Puts a client into the stream of its present symbols and rate, and shows it a picture of it.
    pub(super) fn restream(&mut self, client: ClientId, resume: Option<Position>, now: Millis) {
        let knows = resume.is_some() || self.audience.place(client).is_some_and(|place| place.stream.is_some());
        self.leave_stream(client, now);
        let symbols: Vec<_> = self.audience.watched(client).into_iter().collect();
        if symbols.is_empty() {
            return;
        }
        let Some(place) = self.audience.place(client) else {
            return;
        };
        let lane = self.outbox.streams.lane_for(&symbols, place.rate, resume);
        if knows {
            let flushed = self.outbox.streams.hasten(lane, &self.list, now, &mut self.effects);
            self.counts.frames += flushed.sends;
            self.counts.updates += flushed.updates;
            if flushed.sends > 0 {
                self.watch_readers(now);
            }
        }
        let stream = self.outbox.streams.join(symbols, lane, &self.list, now);
        if let Some(place) = self.audience.place(client) {
            place.stream = Some(stream);
        }
        self.show_stream(client, stream, resume);
    }

    /// Takes a client out of its stream.
    pub(super) fn leave_stream(&mut self, client: ClientId, now: Millis) {
        let Some(place) = self.audience.place(client) else {
            return;
        };
        if let Some(stream) = place.stream.take() {
            let reads = place.paused.take().is_none();
            self.outbox.streams.leave(stream, reads, now);
            self.effects.push(Effect::Dismiss {
                client,
                group: Group::Stream(stream),
            });
        }
    }

    /// A client says how far it has read.
    pub(super) fn acknowledged(&mut self, client: ClientId, stream: u32, seq: u64, now: Millis) {
        let Some(place) = self.audience.place(client) else {
            return;
        };
        let Some(present) = place.stream.filter(|present| present.0 == stream) else {
            // Of a stream that it has left meanwhile.
            return;
        };
        let sent = place.paused.unwrap_or_else(|| self.outbox.streams.seq(present));
        if seq <= place.acknowledged || seq > sent {
            return;
        }
        place.acknowledged = seq;
        place.asked = false;
        place.behind_since = (seq < sent).then_some(now);
        if let Some(paused) = place.paused.filter(|paused| seq >= *paused) {
            place.paused = None;
            let position = Position {
                epoch: self.outbox.streams.epoch(),
                stream,
                seq: paused,
            };
            self.show_stream(client, present, Some(position));
        }
    }

    /// Deltas were sent: somebody must look who reads them.
    pub(super) fn watch_readers(&mut self, now: Millis) {
        self.sweep_at.get_or_insert(now + SWEEP);
    }

    /// Pauses who is behind, and closes who is silent.
    pub(super) fn sweep(&mut self, now: Millis) {
        if self.sweep_at.is_none_or(|at| at > now) {
            return;
        }
        self.sweep_at = None;
        let late = self.acknowledge_within + SECOND;
        let patience = late + self.acknowledge_within;
        let (mut ask, mut pause, mut close) = (Vec::new(), Vec::new(), Vec::new());
        for (client, place) in self.audience.places() {
            let Some(stream) = place.stream else { continue };
            let sent = place.paused.unwrap_or_else(|| self.outbox.streams.seq(stream));
            if place.acknowledged >= sent {
                place.behind_since = None;
                continue;
            }
            self.sweep_at = Some(now + SWEEP);
            let since = *place.behind_since.get_or_insert(now);
            let unread = || self.outbox.streams.bytes_since(stream, place.acknowledged);
            if now >= since + SILENT {
                close.push(client);
            } else if place.paused.is_none() && (now >= since + patience || unread() > MOST_UNREAD) {
                place.paused = Some(sent);
                pause.push((client, stream));
            } else if now >= since + late && !place.asked {
                place.asked = true;
                ask.push(client);
            }
        }
        for client in ask {
            // A browser lets the timers of a hidden page sleep for a minute, but not its sockets.
            self.send(client, &ServerEvent::AckRequest);
        }
        for (client, stream) in pause {
            self.outbox.streams.stop_reading(stream);
            self.counts.pauses += 1;
            self.effects.push(Effect::Dismiss {
                client,
                group: Group::Stream(stream),
            });
        }
        for client in close {
            self.counts.slow += 1;
            self.client_left(client, now);
            self.effects.push(Effect::CloseClient {
                client,
                code: CLOSE_SLOW,
                reason: "nothing was acknowledged for 30 s; reconnect and resume",
            });
        }
    }

    /// Tells everybody when acknowledgements should be more seldom, or more frequent, because the audience grew or shrank.
    pub(super) fn pace_acknowledgements(&mut self) {
        let within = acknowledge_within(self.audience.len());
        if within != self.acknowledge_within {
            self.acknowledge_within = within;
            self.outbox.streams.tell(&format!(r#"{{"ack_ms":{within}}}"#));
        }
    }

    fn show_stream(&mut self, client: ClientId, stream: StreamId, position: Option<Position>) {
        let picture = self.outbox.streams.picture(stream, position, &self.list);
        self.outbox.streams.start_reading(stream);
        let Some(place) = self.audience.place(client) else {
            return;
        };
        // A picture needs no acknowledgement of its own: deltas follow.
        place.acknowledged = picture.seq;
        place.asked = false;
        place.behind_since = None;
        let interval_ms = place.rate.interval();
        let head = SnapshotHead {
            event: "snapshot",
            epoch: self.outbox.streams.epoch(),
            stream: stream.0,
            seq: picture.seq,
            base: self.outbox.streams.base(),
            interval_ms,
            ack_ms: self.acknowledge_within,
            recovered: picture.recovered,
            missed: picture.missed,
            simulated: self.config.simulated,
            feed: self.feed_view(),
        };
        let frame = snapshot(&head, &picture.symbols);
        self.push_frame(client, frame);
        self.effects.push(Effect::Enroll {
            client,
            group: Group::Stream(stream),
        });
    }

    /// Changes how often a client is sent deltas.
    pub(super) fn set_rate(&mut self, client: ClientId, interval: Millis) {
        if let Some(place) = self.audience.place(client) {
            place.rate = Rate::at_most_every(interval);
        }
    }

    /// The position that a client's next control frame is stamped with; `None` for a plain client.
    pub(super) fn position_of(&mut self, client: ClientId) -> Option<(u64, u64)> {
        let &mut Place { stream, paused, .. } = self.audience.place(client)?;
        let seq = paused.or_else(|| stream.map(|stream| self.outbox.streams.seq(stream)));
        Some((self.outbox.streams.epoch(), seq.unwrap_or_default()))
    }
}
