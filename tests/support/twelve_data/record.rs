//! What the server received.

use std::collections::VecDeque;
use std::time::Instant;

use hamster_terminal::simulator::SessionId;

/// Entries kept of each list, so that a server that runs for days does not grow.
const MOST_ENTRIES: usize = 50_000;

/// A text frame from a client.
#[derive(Debug, Clone)]
pub struct Frame {
    /// When it came.
    pub at: Instant,
    /// Its connection.
    pub session: SessionId,
    /// The text.
    pub text: String,
}

/// A REST request.
#[derive(Debug, Clone)]
pub struct RestRequest {
    /// When it came.
    pub at: Instant,
    /// The path, such as `/quote`.
    pub path: String,
    /// The query without `?`, with the key's value removed.
    pub query: String,
    /// Whether its key was valid.
    pub key_ok: bool,
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) open: usize,
    pub(super) most_open: usize,
    pub(super) upgrades: VecDeque<Instant>,
    pub(super) pings: usize,
    pub(super) frames: VecDeque<Frame>,
    pub(super) requests: VecDeque<RestRequest>,
    pub(super) key_in_url: bool,
}

impl Record {
    pub(super) fn opened(&mut self) {
        self.open += 1;
        self.most_open = self.most_open.max(self.open);
    }

    pub(super) fn frame(&mut self, session: SessionId, text: &str) {
        keep(
            &mut self.frames,
            Frame {
                at: Instant::now(),
                session,
                text: text.to_owned(),
            },
        );
    }

    pub(super) fn upgrade(&mut self) {
        keep(&mut self.upgrades, Instant::now());
    }

    pub(super) fn request(&mut self, request: RestRequest) {
        keep(&mut self.requests, request);
    }
}

fn keep<T>(list: &mut VecDeque<T>, entry: T) {
    if list.len() >= MOST_ENTRIES {
        list.pop_front();
    }
    list.push_back(entry);
}
