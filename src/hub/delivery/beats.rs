//! Beats: a frame that clients of some dialects are sent regularly. One timer serves all of them.
//!
//! With it, clients whose prices do not tell their position are told it.
//!
//! For Socket.IO it is the ping of Engine.IO. A client that has not answered the last one when the
//! next is due is closed: its socket may be a dead one that was never told so.

use super::{Delivery, Effect, Group, Stage};
use crate::dialect::Dialect;
use crate::dialect::socket_io::PING_INTERVAL;

impl Delivery {
    /// A client that wants beats is here.
    pub(super) fn begin_beats(&mut self, dialect: Dialect, stage: &Stage<'_>) {
        if dialect.beat().is_some() {
            self.beat_at.get_or_insert(stage.now + PING_INTERVAL);
        }
    }

    /// Sends the beat that is due, and closes those that did not answer the last one.
    pub(super) fn beat(&mut self, stage: &mut Stage<'_>) {
        if self.beat_at.is_none_or(|at| at > stage.now) {
            return;
        }
        self.beat_at = None;
        let mut silent = Vec::new();
        for (id, client) in self.audience.all().filter(|(_, client)| client.dialect.answers_beats()) {
            if std::mem::replace(&mut client.owes_pong, true) {
                silent.push(id);
            }
        }
        for client in silent {
            self.close_slow(client, "the last ping was not answered; connect again", stage);
        }
        for dialect in Dialect::ALL {
            let listeners = self.audience.of_dialect(dialect);
            let Some(frame) = dialect.beat().filter(|_| listeners > 0) else {
                continue;
            };
            self.counts.frames += listeners;
            let group = Group::Everyone(dialect);
            let position = dialect.position(self.position_of_all(dialect));
            for frame in [Some(frame.to_owned()), position].into_iter().flatten() {
                stage.effects.push(Effect::Broadcast { group, frame });
            }
            self.begin_beats(dialect, stage);
        }
    }
}
