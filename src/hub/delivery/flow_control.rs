//! The clients of `hamster.v1`: which channel each reads, how far it has read, and what becomes of one that does not read.
//!
//! The platform does not tell how much waits in a socket, so clients acknowledge. One that falls behind is sent nothing more until it has
//! read what it was sent; then a snapshot of what changed meanwhile brings it up to date. So it gets fewer and newer frames, the memory
//! that it can make us hold is bounded, and nobody else notices.
//!
//! Plain clients need not acknowledge: a script of one line is one. But a socket that is never read
//! must not grow for ever, and that a client speaks does not show that it reads. So after much was
//! sent a plain client is told a number, and is closed, after as much again, if it has not said it
//! by then.

use super::audience::{Cursor, Left, Sent, Unproven};
use super::channels::Channels;
use super::shards::{Rate, ShardId};
use super::{ChannelId, ClientId, Delivery, Effect, Group, Stage};
use crate::dialect::hamster_v1::{self, SnapshotHead};
use crate::dialect::{CLOSE_SLOW, FeedView, Position, ServerEvent};
use crate::market::{Millis, SECOND};

/// How long an acknowledgement may wait.
pub const OFTEN: Millis = 5 * SECOND;
/// With many clients.
const SELDOM: Millis = 10 * SECOND;
/// Between two looks at who is behind.
const SWEEP: Millis = SECOND;
/// Bytes that may be unread before a client counts as behind, whatever the time.
const MOST_UNREAD: u64 = 4 * 1024 * 1024;
/// Snapshots that a client is shown without a word of it. With more, one that reads nothing could fill its socket.
const MOST_SNAPSHOTS: u8 = 4;
/// Bytes after which a plain client is asked to prove that it reads, and after as many more is
/// closed.
const UNPROVEN: u64 = 2 * 1024 * 1024;
/// Between two looks at how much plain clients were sent.
pub(super) const PLAIN_SWEEP: Millis = 30 * SECOND;
/// Numbers that JavaScript holds exactly.
const LARGEST_NUMBER: u64 = 1 << 53;
/// A client that has read nothing for so long is closed.
const SILENT: Millis = 30 * SECOND;

/// How long an acknowledgement may wait, by how many clients are connected: at most 200 a second arrive, up to 2,000 clients. Not
/// shorter for a small audience, because Cloudflare counts twenty of them as a request. An audience of about a thousand does not
/// change `present`, or everybody would be told each time that somebody comes or goes.
pub fn acknowledge_within(clients: usize, present: Millis) -> Millis {
    match clients {
        0..=800 => OFTEN,
        1_001.. => SELDOM,
        _ => present,
    }
}

impl Delivery {
    /// Puts a client into the channel of its present symbols and rate, and shows it a snapshot of it.
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
        // Whoever was told anything may know newer values than were said in this shard, and must not be shown older ones.
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

    /// A shard was told what is new: those who waited for that are shown a snapshot.
    pub fn show_arrivals(&mut self, arrivals: Vec<(ShardId, ClientId)>, stage: &mut Stage<'_>) {
        for (shard, client) in arrivals {
            // Unless it has left, or gone elsewhere.
            if let Some(cursor) = self.audience.cursor(client)
                && let (Some(channel), Sent::SnapshotSoon { resume, .. }) = (cursor.channel, &cursor.sent)
                && self.conflation.channels.shard_of(channel) == Some(shard)
            {
                let resume = resume.as_deref().copied();
                self.show_channel(client, channel, resume, stage);
            }
        }
    }

    /// Takes a client out of its channel.
    pub fn leave_channel(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        let Some(cursor) = self.audience.cursor(client) else {
            return;
        };
        let acknowledged = cursor.acknowledged;
        if let Some(channel) = cursor.channel.take() {
            let newest = cursor.newest(channel, &self.conflation.channels);
            // Otherwise it was not shown this one yet, and is where it was before.
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

    /// A client says how far it has read; false if it was never sent that.
    pub fn acknowledged(&mut self, client: ClientId, channel: u32, seq: u64, stage: &mut Stage<'_>) -> bool {
        let now = stage.now;
        let newest_stream = self.conflation.channels.last();
        let Some(cursor) = self.audience.cursor(client) else {
            // A plain client has no deltas to acknowledge.
            return true;
        };
        if channel > newest_stream.0 {
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
                // It said so before: no sign that it reads.
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
            // Of a channel that it has left meanwhile: a sign of life.
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

    /// A plain client says the number that it was asked for; false if that is another.
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

    /// Counts what one client alone is sent, such as answers to what it says.
    pub fn count_unproven(&mut self, client: ClientId, bytes: usize) {
        if let Some(client) = self.audience.get_mut(client) {
            let before = client.unproven.bytes;
            client.unproven.bytes += bytes as u64;
            if before / UNPROVEN != client.unproven.bytes / UNPROVEN {
                self.conflation.unproven_sweep_at = Some(0);
            }
        }
    }

    /// Counts what clients were sent without a proof that they read. Plain ones who were sent much
    /// are asked for it; who was sent twice as much is closed.
    pub fn sweep_unproven(&mut self, stage: &mut Stage<'_>) {
        let now = stage.now;
        if self.conflation.unproven_sweep_at.is_none_or(|at| at > now) {
            return;
        }
        self.conflation.unproven_sweep_at = None;
        let sent = self.conflation.take_plain_bytes();
        let (mut ask, mut close) = (Vec::new(), Vec::new());
        for (id, client) in self.audience.all() {
            let shard = client.shard();
            if let Some(shard) = shard {
                let keys = client.symbols.iter().map(|symbol| (*symbol, shard));
                client.unproven.bytes += keys.filter_map(|key| sent.get(&key)).sum::<u64>();
            }
            if client.unproven.bytes >= 2 * UNPROVEN {
                close.push(id);
            } else if client.unproven.bytes >= UNPROVEN && client.unproven.asked.is_none() && shard.is_some() {
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
    }

    fn close_slow(&mut self, client: ClientId, reason: &'static str, stage: &mut Stage<'_>) {
        self.counts.slow += 1;
        self.left(client, stage);
        stage.effects.push(Effect::CloseClient {
            client,
            code: CLOSE_SLOW,
            reason,
        });
    }

    /// Deltas were sent: somebody must look who reads them.
    pub(super) fn watch_readers(&mut self, now: Millis) {
        self.sweep_at.get_or_insert(now + SWEEP);
    }

    /// Pauses who is behind, and closes who is silent.
    pub fn sweep(&mut self, stage: &mut Stage<'_>) {
        let now = stage.now;
        if self.sweep_at.is_none_or(|at| at > now) {
            return;
        }
        self.sweep_at = None;
        let late = self.acknowledge_within + SECOND;
        let patience = late + self.acknowledge_within;
        let (mut ask, mut pause, mut close) = (Vec::new(), Vec::new(), Vec::new());
        for (client, cursor) in self.audience.cursors() {
            let Some(channel) = cursor.channel else { continue };
            let is_paused = match cursor.sent {
                Sent::Deltas => false,
                Sent::Nothing(_) => true,
                Sent::SnapshotSoon { .. } => continue,
                Sent::NothingUnasked { .. } => {
                    self.sweep_at = Some(now + SWEEP);
                    if cursor.behind_since.is_some_and(|since| now >= since + SILENT) {
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
            if now >= since + SILENT {
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
            // A browser lets the timers of a hidden page sleep for a minute, but not its sockets.
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
            self.close_slow(client, "nothing was acknowledged for 30 s; reconnect and resume", stage);
        }
    }

    /// Tells everybody when acknowledgements should be more seldom, or more frequent, because the audience grew or shrank.
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
        // A snapshot needs no acknowledgement of its own: deltas follow.
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

    /// The position that a client's next control frame is stamped with; `None` for a plain client.
    pub fn position_of(&mut self, client: ClientId) -> Option<(u64, u64)> {
        let cursor = self.audience.cursor(client)?;
        let channels = &self.conflation.channels;
        let seq = cursor.channel.map_or(0, |channel| cursor.newest(channel, channels));
        Some((channels.epoch(), seq))
    }
}

impl Cursor {
    /// The newest delta that it was sent, `channel` being where it is.
    fn newest(&self, channel: ChannelId, channels: &Channels) -> u64 {
        match self.sent {
            Sent::Deltas => channels.seq(channel),
            Sent::Nothing(after) => after,
            Sent::SnapshotSoon { at, .. } | Sent::NothingUnasked { at, .. } => at,
        }
    }
}
