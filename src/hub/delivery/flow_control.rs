//! Flow control: which channel each client reads, how far it has read, and what happens to one that
//! does not read.
//!
//! The platform does not reveal how many bytes wait in a socket, so clients of `hamster.v1`
//! acknowledge deltas. A client that falls behind is sent nothing more until it has acknowledged
//! what it was sent; then a snapshot of what changed in between brings it up to date. So it gets
//! fewer and newer frames, the memory that it can make us hold is bounded, and no other client
//! notices.
//!
//! Plain clients need not acknowledge: a one-line script may be one. But a socket that is never
//! read must not grow forever, and a client that talks does not prove that it reads. So after
//! `UNPROVEN` bytes a plain client is sent a number, and after as many bytes again it is closed
//! unless it has repeated the number.
//!
//! The protocols of others have no way to prove it: a pong or a heartbeat can be sent without
//! reading anything. Their clients are closed after `UNPROVABLE` bytes, which those of one address
//! share, and connect again. Over HTTP the platform itself tells who reads (`blocking.rs`).

use super::audience::{Cursor, Left, Sent, Unproven};
use super::channels::Channels;
use super::shards::{Rate, ShardId};
use super::{Carrier, ChannelId, ClientId, Delivery, Effect, Group, Stage, Viewer};
use crate::dialect::hamster_v1::{self, SnapshotHead};
use crate::dialect::{CLOSE_SLOW, FeedView, Position, Proof, ServerEvent};
use crate::market::{Millis, SECOND};

/// How long an acknowledgement may take, with few clients.
pub const OFTEN: Millis = 5 * SECOND;
/// Most acknowledgements in a second, of all clients together: each is an event for the hub, and
/// twenty are billed as a request.
const MOST_ACKNOWLEDGEMENTS: u64 = 200;
/// A smaller audience is told a shorter interval only once it is below this part of what that one is
/// for, in percent, so that coming and going is not news again and again.
const SMALLER: u64 = 80;
/// Interval of checks for clients that are behind.
const SWEEP: Millis = SECOND;
/// Unacknowledged bytes above which a client counts as behind, whatever the time.
const MOST_UNREAD: u64 = 4 * 1024 * 1024;
/// Snapshots that a client may get without acknowledging anything. A client that reads nothing
/// could fill its socket with more.
const MOST_SNAPSHOTS: u8 = 4;
/// Bytes after which a plain client must prove that it reads; after twice as many it is closed.
const UNPROVEN: u64 = 2 * 1024 * 1024;
/// Bytes after which a client that cannot prove that it reads must connect again: some four hours of
/// eight symbols. The clients of one address share it: unread sockets are what fills our memory.
const UNPROVABLE: u64 = 16 * 1024 * 1024;
/// Interval of checks of how much plain clients were sent.
pub(super) const PLAIN_SWEEP: Millis = 30 * SECOND;
/// Integers below this are exact in JavaScript.
const LARGEST_NUMBER: u64 = 1 << 53;
/// A client that does not read for this long is closed; one that may take long to acknowledge, later.
pub(super) const SILENT: Millis = 30 * SECOND;

/// How long an acknowledgement may take, by the number of clients: 5 s for up to 1,000, and for each
/// doubling of them twice as long. It is not shorter for few clients, because acknowledgements cost.
pub fn acknowledge_within(clients: usize, present: Millis) -> Millis {
    let room = |within: Millis| within / SECOND * MOST_ACKNOWLEDGEMENTS;
    let clients = clients as u64;
    let mut within = OFTEN;
    while room(within) < clients || within < present && room(within) * SMALLER / 100 < clients {
        within *= 2;
    }
    within
}

/// How long a client may be behind and acknowledge nothing until it is closed.
fn silent(within: Millis) -> Millis {
    SILENT.max(3 * within)
}

impl Delivery {
    /// Puts a client into the channel of its current symbols and rate, and sends it a snapshot, at
    /// once or later.
    pub fn rejoin_channel(&mut self, client: ClientId, resume: Option<Position>, stage: &mut Stage<'_>) {
        let now = stage.now;
        let resume = resume.filter(|position| position.epoch == self.conflation.channels.epoch());
        let had_one = self
            .audience
            .cursor(client)
            .is_some_and(|cursor| cursor.channel.is_some());
        let at = match self.position_of(client) {
            Some((_, seq)) if had_one => seq,
            _ => resume.map_or(0, |position| position.seq),
        };
        self.leave_channel(client, stage);
        let symbols: Vec<_> = self.audience.watched(client).into_iter().collect();
        if symbols.is_empty() {
            return;
        }
        let Some(cursor) = self.audience.cursor(client) else {
            return;
        };
        let (rate, is_silent) = (cursor.rate, cursor.snapshots >= MOST_SNAPSHOTS);
        // A client that already received prices may hold newer ones than this shard has sent; do
        // not send it an older snapshot.
        let knows = resume.is_some() || cursor.knows;
        let shard = self.conflation.channels.shard_for(&symbols, rate, resume);
        let waits = knows && self.conflation.channels.is_behind(shard, &symbols);
        let channel = self.conflation.channels.join(symbols, shard, stage.demand.book(), now);
        let Some(cursor) = self.audience.cursor(client) else {
            return;
        };
        cursor.channel = Some(channel);
        if is_silent {
            let resume = resume.map(Box::new);
            cursor.sent = Sent::NothingUnasked { at, resume };
            cursor.behind_since.get_or_insert(now);
            if !std::mem::replace(&mut cursor.asked, true) {
                self.send(client, &ServerEvent::AckRequest { id: None }, stage);
            }
            self.watch_readers(now);
        } else if waits {
            let resume = resume.map(Box::new);
            cursor.sent = Sent::SnapshotSoon { at, resume };
            self.conflation.channels.hasten(shard, client);
        } else {
            self.show_channel(client, channel, resume, stage);
        }
    }

    /// A shard was flushed: the clients that waited for it are sent a snapshot.
    pub fn show_arrivals(&mut self, arrivals: Vec<(ShardId, ClientId)>, stage: &mut Stage<'_>) {
        for (shard, client) in arrivals {
            // Skip clients that have left or changed channels meanwhile.
            if let Some(cursor) = self.audience.cursor(client)
                && let (Some(channel), Sent::SnapshotSoon { resume, .. }) = (cursor.channel, &cursor.sent)
                && self.conflation.channels.shard_of(channel) == Some(shard)
            {
                let resume = resume.as_deref().copied();
                self.show_channel(client, channel, resume, stage);
            }
        }
    }

    pub fn leave_channel(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        let Some(cursor) = self.audience.cursor(client) else {
            return;
        };
        let acknowledged = cursor.acknowledged;
        if let Some(channel) = cursor.channel.take() {
            let newest = cursor.newest(channel, &self.conflation.channels);
            // Otherwise it has not been sent this channel's snapshot, so `left` stays as it was.
            if matches!(cursor.sent, Sent::Deltas | Sent::Nothing(_)) {
                cursor.left = Some(Left {
                    channel,
                    newest,
                    acknowledged,
                });
            }
            let reads = matches!(std::mem::take(&mut cursor.sent), Sent::Deltas);
            self.conflation.channels.leave(channel, reads, stage.now);
            stage.effects.push(Effect::Dismiss {
                client,
                group: Group::Channel(channel),
            });
        }
    }

    /// Handles an acknowledgement; false if the client was never sent that delta.
    pub fn acknowledged(&mut self, client: ClientId, channel: u32, seq: u64, stage: &mut Stage<'_>) -> bool {
        let now = stage.now;
        let newest_channel = self.conflation.channels.last();
        let Some(cursor) = self.audience.cursor(client) else {
            // A plain client has no deltas to acknowledge.
            return true;
        };
        if channel > newest_channel.0 {
            return false;
        }
        let is_present = cursor.channel.is_some_and(|present| present.0 == channel);
        if is_present
            && let Some(present) = cursor.channel
            && matches!(cursor.sent, Sent::Deltas | Sent::Nothing(_))
            && seq > cursor.newest(present, &self.conflation.channels)
        {
            return false;
        }
        if !is_present
            && let Some(left) = &mut cursor.left
            && left.channel.0 == channel
        {
            if seq > left.newest {
                return false;
            }
            if seq < left.acknowledged || seq == left.acknowledged && !cursor.asked {
                // A repeated acknowledgement does not prove that it reads.
                return true;
            }
            left.acknowledged = seq;
        } else if !is_present {
            return true;
        }
        cursor.snapshots = 0;
        if let Sent::NothingUnasked { resume, .. } = &cursor.sent {
            let resume = resume.as_deref().copied();
            cursor.asked = false;
            cursor.behind_since = None;
            self.rejoin_channel(client, resume, stage);
            return true;
        }
        let present = cursor.channel.filter(|present| present.0 == channel);
        let Some(present) = present.filter(|_| !matches!(cursor.sent, Sent::SnapshotSoon { .. })) else {
            // It acknowledged a channel that it has left: a sign of life.
            cursor.asked = false;
            cursor.behind_since = cursor.behind_since.map(|_| now);
            return true;
        };
        let sent = cursor.newest(present, &self.conflation.channels);
        if seq <= cursor.acknowledged || seq > sent {
            return true;
        }
        cursor.acknowledged = seq;
        cursor.asked = false;
        cursor.behind_since = (seq < sent).then_some(now);
        if cursor.mark.is_some_and(|(mark, _)| seq >= mark) {
            cursor.mark = (seq < sent).then_some((sent, now));
        }
        if let Sent::Nothing(after) = cursor.sent
            && seq >= after
        {
            let position = Position {
                epoch: self.conflation.channels.epoch(),
                channel,
                seq: after,
            };
            self.show_channel(client, present, Some(position), stage);
        }
        if let Some(client) = self.audience.get_mut(client) {
            client.unproven = Unproven::default();
        }
        true
    }

    /// A plain client repeats the number of an ack-request; false if the number is wrong.
    pub fn proved(&mut self, client: ClientId, id: u64) -> bool {
        let Some(client) = self.audience.get_mut(client) else {
            return true;
        };
        let is_right = client.unproven.asked.is_some_and(|asked| asked == id);
        if is_right {
            client.unproven = Unproven::default();
        }
        is_right
    }

    /// Counts a frame sent to one client alone, such as the answer to a message.
    pub fn count_unproven(&mut self, client: ClientId, bytes: usize) {
        if let Some(client) = self
            .audience
            .get_mut(client)
            .filter(|one| one.carrier == Carrier::WebSocket)
        {
            let before = client.unproven.bytes;
            client.unproven.bytes += bytes as u64;
            if before / UNPROVEN != client.unproven.bytes / UNPROVEN {
                self.conflation.unproven_sweep_at = Some(0);
            }
        }
    }

    /// Counts what clients were sent without a proof that they read. Plain clients above `UNPROVEN`
    /// are asked for one; any client above twice that is closed.
    pub fn sweep_unproven(&mut self, stage: &mut Stage<'_>) {
        let now = stage.now;
        if self.conflation.unproven_sweep_at.is_none_or(|at| at > now) {
            return;
        }
        self.conflation.unproven_sweep_at = None;
        let sent = self.conflation.take_plain_bytes();
        let (mut ask, mut close) = (Vec::new(), Vec::new());
        // What each client was sent that cannot prove that it reads, and who is behind it.
        let mut unprovable: Vec<(u64, u64, u32)> = Vec::new();
        for (id, client) in self.audience.all() {
            if client.carrier == Carrier::Http {
                continue;
            }
            if let Some(shard) = client.shard() {
                let keys = client.symbols.iter().map(|symbol| (*symbol, shard));
                client.unproven.bytes += keys.filter_map(|key| sent.get(&key)).sum::<u64>();
            }
            let proof = client.dialect.proof();
            if proof == Proof::Never {
                let Viewer(viewer) = client.viewer().unwrap_or(Viewer::alone(id.0));
                unprovable.push((viewer, client.unproven.bytes, id.0));
            } else if client.unproven.bytes >= 2 * UNPROVEN {
                close.push(id);
            } else if client.unproven.bytes >= UNPROVEN && client.unproven.asked.is_none() && proof == Proof::Number {
                let number = self.numbers.u64(1..LARGEST_NUMBER);
                client.unproven.asked = Some(number);
                ask.push((id, number));
            }
        }
        for (client, number) in ask {
            self.send(client, &ServerEvent::AckRequest { id: Some(number) }, stage);
        }
        for client in close {
            let reason =
                "4 MiB were sent since you last proved that you read: answer an ack-request, or reconnect now and then";
            self.close_slow(client, reason, stage);
        }
        unprovable.sort_unstable();
        for of_viewer in unprovable.chunk_by(|one, other| one.0 == other.0) {
            let sum: u64 = of_viewer.iter().map(|(_, bytes, _)| bytes).sum();
            // The last one was sent most.
            let Some((_, _, client)) = of_viewer.last().copied().filter(|_| sum >= UNPROVABLE) else {
                continue;
            };
            let reason = "16 MiB were sent, and this protocol has no way to prove that you read them: connect again";
            self.close_slow(ClientId(client), reason, stage);
        }
    }

    pub(super) fn close_slow(&mut self, client: ClientId, reason: &'static str, stage: &mut Stage<'_>) {
        self.counts.slow += 1;
        self.close(client, CLOSE_SLOW, reason, stage);
    }

    /// Deltas were sent: schedules a check of who reads them.
    pub(super) fn watch_readers(&mut self, now: Millis) {
        self.sweep_at.get_or_insert(now + SWEEP);
    }

    /// Pauses clients that are behind and closes those that are silent.
    pub fn sweep(&mut self, stage: &mut Stage<'_>) {
        let now = stage.now;
        if self.sweep_at.is_none_or(|at| at > now) {
            return;
        }
        self.sweep_at = None;
        let late = self.acknowledge_within + SECOND;
        let patience = late + self.acknowledge_within;
        let silent = silent(self.acknowledge_within);
        let (mut ask, mut pause, mut close) = (Vec::new(), Vec::new(), Vec::new());
        for (client, cursor) in self.audience.cursors() {
            let Some(channel) = cursor.channel else { continue };
            let is_paused = match cursor.sent {
                Sent::Deltas => false,
                Sent::Nothing(_) => true,
                Sent::SnapshotSoon { .. } => continue,
                Sent::NothingUnasked { .. } => {
                    self.sweep_at = Some(now + SWEEP);
                    if cursor.behind_since.is_some_and(|since| now >= since + silent) {
                        close.push(client);
                    }
                    continue;
                }
            };
            let sent = cursor.newest(channel, &self.conflation.channels);
            if cursor.acknowledged >= sent {
                cursor.behind_since = None;
                cursor.mark = None;
                continue;
            }
            self.sweep_at = Some(now + SWEEP);
            let since = *cursor.behind_since.get_or_insert(now);
            let (_, marked) = *cursor.mark.get_or_insert((sent, now));
            let unread = || self.conflation.channels.bytes_since(channel, cursor.acknowledged);
            if now >= since + silent {
                close.push(client);
            } else if !is_paused && (now >= marked + patience || unread() > MOST_UNREAD) {
                cursor.sent = Sent::Nothing(sent);
                pause.push((client, channel));
            } else if now >= since + late && !cursor.asked {
                cursor.asked = true;
                ask.push(client);
            }
        }
        for client in ask {
            // Browsers delay a hidden page's timers by up to a minute, but not its sockets.
            self.send(client, &ServerEvent::AckRequest { id: None }, stage);
        }
        for (client, channel) in pause {
            self.conflation.channels.stop_reading(channel);
            self.counts.pauses += 1;
            stage.effects.push(Effect::Dismiss {
                client,
                group: Group::Channel(channel),
            });
        }
        for client in close {
            self.close_slow(
                client,
                "nothing was acknowledged for three intervals of acknowledgement, or 30 s; reconnect and resume",
                stage,
            );
        }
    }

    /// Announces a new acknowledgement interval if the audience grew or shrank enough to change it.
    pub fn pace_acknowledgements(&mut self) {
        let within = acknowledge_within(self.audience.len(), self.acknowledge_within);
        if within != self.acknowledge_within {
            self.acknowledge_within = within;
            self.conflation.channels.tell(&format!(r#"{{"ack_ms":{within}}}"#));
        }
    }

    fn show_channel(
        &mut self,
        client: ClientId,
        channel: ChannelId,
        position: Option<Position>,
        stage: &mut Stage<'_>,
    ) {
        let snapshot = self
            .conflation
            .channels
            .snapshot(channel, position, stage.demand.book());
        self.conflation.channels.start_reading(channel);
        let Some(cursor) = self.audience.cursor(client) else {
            return;
        };
        cursor.sent = Sent::Deltas;
        cursor.acknowledged = snapshot.seq;
        // A snapshot needs no acknowledgement of its own, because deltas follow.
        cursor.asked = false;
        cursor.behind_since = None;
        cursor.mark = None;
        cursor.snapshots = cursor.snapshots.saturating_add(1);
        cursor.knows = true;
        let interval_ms = cursor.rate.interval();
        let head = SnapshotHead {
            event: "snapshot",
            epoch: self.conflation.channels.epoch(),
            channel: channel.0,
            seq: snapshot.seq,
            base: self.conflation.channels.base(),
            interval_ms,
            ack_ms: self.acknowledge_within,
            recovered: snapshot.recovered,
            missed: snapshot.missed,
            simulated: stage.config.simulated,
            feed: FeedView::of(stage.feed),
        };
        let frame = hamster_v1::snapshot(&head, &snapshot.symbols);
        self.push_frame(client, frame, stage);
        stage.effects.push(Effect::Enroll {
            client,
            group: Group::Channel(channel),
        });
    }

    /// Changes how often a client is sent deltas.
    pub fn set_rate(&mut self, client: ClientId, interval: Millis) {
        if let Some(cursor) = self.audience.cursor(client) {
            cursor.rate = Rate::at_most_every(interval);
        }
    }

    /// `(epoch, seq)` for a client's next control frame; `None` for a plain client.
    pub fn position_of(&mut self, client: ClientId) -> Option<(u64, u64)> {
        let cursor = self.audience.cursor(client)?;
        let channels = &self.conflation.channels;
        let seq = cursor.channel.map_or(0, |channel| cursor.newest(channel, channels));
        Some((channels.epoch(), seq))
    }
}

impl Cursor {
    /// The newest delta that it was sent of its current `channel`.
    fn newest(&self, channel: ChannelId, channels: &Channels) -> u64 {
        match self.sent {
            Sent::Deltas => channels.seq(channel),
            Sent::Nothing(after) => after,
            Sent::SnapshotSoon { at, .. } | Sent::NothingUnasked { at, .. } => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_audience_acknowledges_less_often() {
        for (clients, seconds) in [(0, 5), (1_000, 5), (1_001, 10), (8_000, 40), (8_001, 80), (32_000, 160)] {
            assert_eq!(
                acknowledge_within(clients, OFTEN),
                seconds * SECOND,
                "{clients} clients"
            );
        }
    }

    #[test]
    fn coming_and_going_is_not_news() {
        let mut within = OFTEN;
        let mut told = 0;
        for clients in [990, 1_010, 990, 1_010, 900, 1_001, 801] {
            let next = acknowledge_within(clients, within);
            told += usize::from(next != within);
            within = next;
        }
        assert_eq!((told, within), (1, 10 * SECOND));
        assert_eq!(acknowledge_within(800, within), OFTEN);
    }
}
