//! The links of relays: each is a client that is sent deltas as any other, and says how many clients
//! are behind it.
//!
//! A relay has one link. One that opens another has lost the first, or is another instance of the
//! same object: the newer link closes the older. A lost link takes its viewers with it at once.

use super::{ClientId, Delivery, Stage};
use crate::dialect::message::Report;
use crate::dialect::{CLOSE_REPLACED, Dialect};
use crate::market::Millis;

/// Most clients that a relay may claim to have.
const MOST_CLIENTS: u64 = 100_000_000;

/// The links of relays that have reported, by name.
#[derive(Debug, Default)]
pub struct Relays(Vec<(ClientId, Relay)>);

/// A relay with a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// When its link first reported.
    pub since: Millis,
    /// What it said last.
    pub report: Report,
}

impl Relays {
    pub(super) fn forget(&mut self, client: ClientId) {
        self.0.retain(|(link, _)| *link != client);
    }

    /// The relays, by name.
    pub fn iter(&self) -> impl Iterator<Item = (ClientId, &Relay)> {
        self.0.iter().map(|(link, relay)| (*link, relay))
    }

    fn clients(&self) -> u64 {
        self.0.iter().map(|(_, relay)| relay.report.clients).sum()
    }
}

impl Delivery {
    /// A relay says how it is doing.
    pub(super) fn reported(&mut self, client: ClientId, mut report: Report, stage: &mut Stage<'_>) {
        report.clients = report.clients.min(MOST_CLIENTS);
        let is_older = |(other, relay): &(ClientId, &Relay)| *other != client && relay.report.server == report.server;
        let older = self.relays.iter().find(is_older).map(|(older, _)| older);
        if let Some(older) = older {
            let reason = "this relay has opened a newer link";
            self.close(older, CLOSE_REPLACED, reason, stage);
        }
        if let Some((_, relay)) = self.relays.0.iter_mut().find(|(link, _)| *link == client) {
            relay.report = report;
            return;
        }
        let before = |(_, relay): &(ClientId, Relay)| relay.report.server < report.server;
        let place = self.relays.0.partition_point(before);
        let since = stage.now;
        self.relays.0.insert(place, (client, Relay { since, report }));
    }

    /// Clients that are people or programs: ours, and those of relays.
    #[must_use]
    pub fn viewers(&self) -> u64 {
        let links = self.audience.of_dialect(Dialect::Uplink);
        (self.audience.len() as u64).saturating_sub(links) + self.relays.clients()
    }

    /// Bytes that a relay has not acknowledged, partly estimated.
    #[must_use]
    pub fn unread(&self, client: ClientId) -> u64 {
        let place = self.audience.place(client);
        place.map_or(0, |(channel, seq)| self.conflation.channels.bytes_since(channel, seq))
    }
}
