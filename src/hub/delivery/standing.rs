//! What clients may do where access is required: the passes that they have shown, and when those end.

use super::{ClientId, Delivery, Effect, Pass, Stage, Standing, Viewer};
use crate::dialect::message::{Connect, Recovery};
use crate::dialect::{CLOSE_EXPIRED, CLOSE_REVOKED, Dialect, socket_io};
use crate::market::{Instrument, Millis, SECOND};

/// How long a client may take to show a credential that its protocol has in a message.
const PROVEN_WITHIN: Millis = 10 * SECOND;

/// When passes end.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// None ends before.
    first: Option<Millis>,
    /// Clients whose token is being looked at, with what they want to take up again.
    asked: Vec<(ClientId, Option<Recovery>)>,
}

impl Ends {
    /// A client is gone.
    pub fn forget(&mut self, client: ClientId) {
        self.asked.retain(|(asked, _)| *asked != client);
    }
}

impl Delivery {
    /// A new client stands like this.
    pub(super) fn stands(&mut self, client: ClientId, standing: Standing, stage: &Stage<'_>) {
        let Some(guest) = self.audience.get_mut(client) else {
            return;
        };
        let must_prove = standing == Standing::Unproven;
        let had_to_prove = std::mem::replace(&mut guest.must_prove, must_prove);
        let end = match standing {
            Standing::Anybody => None,
            Standing::Unproven => Some(stage.now + PROVEN_WITHIN),
            Standing::Known(pass) => guest.pass.insert(pass).expires,
        };
        guest.ends_at = end;
        self.audience.proves(had_to_prove, must_prove, stage.now);
        self.ends.first = [self.ends.first, end].into_iter().flatten().min();
    }

    /// Whether a client from before hibernation may stay with its pass; if not, it is closed.
    pub(super) fn may_stay(&mut self, client: ClientId, pass: Option<Pass>, stage: &mut Stage<'_>) -> bool {
        let access = &stage.config.access;
        if !access.is_required {
            return true;
        }
        if let Some(pass) = pass.and_then(|pass| access.renewed(&pass)) {
            let is_over = pass.is_over(stage.now);
            self.stands(client, pass.into(), stage);
            if is_over {
                self.end(client, stage);
            }
            return !is_over;
        }
        let reason = "your access token does not count here any more";
        self.close(client, CLOSE_REVOKED, reason, stage);
        false
    }

    /// When to look for passes that have ended.
    #[must_use]
    pub fn passes_end_at(&self) -> Option<Millis> {
        self.ends.first
    }

    /// Closes clients whose time is over.
    pub(super) fn look_after_passes(&mut self, stage: &mut Stage<'_>) {
        if self.ends.first.is_none_or(|first| stage.now < first) {
            return;
        }
        let ends = self
            .audience
            .all()
            .filter_map(|(client, known)| Some((known.ends_at?, client)));
        let (over, later): (Vec<_>, Vec<_>) = ends.partition(|(at, _)| *at <= stage.now);
        self.ends.first = later.into_iter().map(|(at, _)| at).min();
        for (_, client) in over {
            self.end(client, stage);
        }
    }

    fn end(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        let reason = if self.audience.pass(client).is_some() {
            "your access token has expired"
        } else {
            "no access token was shown within 10 s"
        };
        self.close(client, CLOSE_EXPIRED, reason, stage);
    }

    /// A Socket.IO client wants to join; first, its token is looked at if it needs one.
    pub(super) fn connects(&mut self, client: ClientId, connect: Connect, stage: &mut Stage<'_>) {
        if !self.audience.get_mut(client).is_some_and(|client| client.must_prove) {
            return self.connect(client, connect.recovery, stage);
        }
        let Some(token) = connect.token else {
            let message =
                "this terminal is not open to everybody: join with a token, as in io(address, {auth: {token}})";
            return self.push_frame(client, socket_io::refused(None, message), stage);
        };
        if self.ends.asked.iter().all(|(asked, _)| *asked != client) {
            self.ends.asked.push((client, connect.recovery));
            stage.effects.push(Effect::Authenticate { client, token });
        }
    }

    /// A client's token was looked at.
    pub fn authenticated(&mut self, client: ClientId, outcome: Result<(Viewer, Pass), String>, stage: &mut Stage<'_>) {
        let place = self.ends.asked.iter().position(|(asked, _)| *asked == client);
        let Some((_, recovery)) = place.map(|place| self.ends.asked.swap_remove(place)) else {
            return;
        };
        let (viewer, pass) = match outcome {
            Ok(allowed) => allowed,
            Err(message) => {
                self.push_frame(client, socket_io::refused(None, &message), stage);
                return self.guessed(client, stage);
            }
        };
        if let Some(guest) = self.audience.get_mut(client) {
            guest.belongs_to(viewer);
        }
        self.stands(client, pass.into(), stage);
        self.connect(client, recovery, stage);
    }

    /// The default symbols, as far as a client may read them; all that it may if it may read none of
    /// them.
    pub(super) fn default_symbols(&self, client: ClientId, stage: &Stage<'_>) -> Vec<Instrument> {
        Pass::or_all(self.audience.pass(client), &stage.config.symbols)
    }

    /// Why a client may not read a symbol, if it may not.
    pub(super) fn why_not_covered(&self, client: ClientId, instrument: &Instrument) -> Option<String> {
        let pass = self.audience.pass(client)?;
        (!pass.covers(instrument)).then(|| pass.why_not())
    }

    /// How many symbols a client may watch.
    pub(super) fn most_symbols(&self, client: ClientId, stage: &Stage<'_>) -> usize {
        if self.audience.dialect(client) == Dialect::Uplink {
            return usize::MAX;
        }
        let most = stage.config.symbols_per_client;
        let own = self.audience.pass(client).and_then(|pass| pass.limits.symbols);
        own.map_or(most, |own| most.min(own as usize))
    }
}
