//! The clients' passes, and two promises about them.

use super::world::{Check, broken};
use hamster_terminal::dialect::{CLOSE_EXPIRED, CLOSE_REVOKED};
use hamster_terminal::market::{Millis, SECOND};
use std::collections::BTreeMap;

/// When the pass of each client ends that has one which does.
#[derive(Debug, Default)]
pub struct Passes {
    ends: BTreeMap<u32, Millis>,
    /// When a client was first told something after that.
    late: BTreeMap<u32, Millis>,
    /// How many principals there were.
    principals: u32,
}

impl Passes {
    /// The name of a principal that there was not before.
    pub fn somebody(&mut self) -> String {
        self.principals += 1;
        format!("somebody {}", self.principals)
    }

    pub fn set(&mut self, client: u32, ends: Option<Millis>) {
        self.late.remove(&client);
        match ends {
            Some(at) => self.ends.insert(client, at),
            None => self.ends.remove(&client),
        };
    }

    /// The hub sends clients a frame at this time of its clock. The hub may notice a pass that has
    /// ended with the first thing that happens afterwards, and by then a client may have been
    /// answered.
    pub fn told(&mut self, clients: &[u32], clock: Millis) -> Check {
        for client in clients {
            let Some(end) = self.ends.get(client).copied().filter(|end| *end <= clock) else {
                continue;
            };
            let first = *self.late.entry(*client).or_insert(clock);
            if first < clock {
                let how = format!("client {client}, {} s later", (clock - end) / SECOND);
                return Err(broken("nobody is served after its pass has ended", how));
            }
        }
        Ok(())
    }

    /// The hub closes a client.
    pub fn closed(&mut self, client: u32, code: u16, clock: Millis) -> Check {
        let end = self.ends.remove(&client);
        let is_over = end.is_some_and(|end| end <= clock);
        if code == CLOSE_REVOKED || code == CLOSE_EXPIRED && !is_over {
            let how = format!("client {client} with {code}, its pass ends at {end:?}, it is {clock}");
            return Err(broken("who has a pass may stay", how));
        }
        Ok(())
    }
}
