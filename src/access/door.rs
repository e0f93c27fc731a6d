//! Limits what an address or a principal may use: how many sockets at once, how often a new one and
//! none for a while after one of its clients was expelled; and how many REST calls in a minute,
//! which the `RateLimit` headers tell (draft-ietf-httpapi-ratelimit-headers).
//!
//! Addresses are held as salted hashes and only in memory. They are never stored, logged or told.

use super::Viewer;
use crate::market::{MINUTE, Millis, SECOND};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

/// How long a viewer is refused after an expulsion. The close reason says the same.
const REFUSED: Millis = MINUTE;
/// A viewer may open twice as many sockets in a burst as it may hold, then one per this interval.
const UPGRADE: Millis = SECOND;
/// Wrong credentials that one address may show in a minute.
const WRONG_PER_MINUTE: u32 = 30;
/// Above this many entries, viewers without a socket are dropped.
const MANY: usize = 10_000;

/// The connection limits of one epoch.
#[derive(Debug)]
pub struct Door {
    salt: u64,
    viewers: HashMap<Viewer, Guest>,
    /// When those that may be forgotten were last looked for.
    swept_at: Millis,
}

#[derive(Debug, Default)]
struct Guest {
    sockets: u32,
    refused_until: Millis,
    /// Recent connections as a leaky bucket: the time when it will be empty.
    drained_at: Millis,
    /// The same for REST calls, by [`Call`].
    calls_drained_at: [Millis; 3],
}

/// What is counted in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Any REST call.
    Any,
    /// One that looks something up.
    Lookup,
    /// A request whose credential does not count.
    Wrong,
}

/// What is left of a viewer's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    call: Call,
    per_minute: u32,
    left: u32,
    full_in: Millis,
}

/// No call is left: seconds until the next one may succeed, and the share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent(pub u64, pub Share);

impl Share {
    /// The headers `RateLimit-Policy` and `RateLimit`.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 2] {
        let Self {
            call,
            per_minute,
            left,
            full_in,
        } = self;
        let name = match call {
            Call::Any => "calls",
            Call::Lookup => "lookups",
            Call::Wrong => "credentials",
        };
        [
            ("RateLimit-Policy", format!("\"{name}\";q={per_minute};w=60")),
            (
                "RateLimit",
                format!("\"{name}\";r={left};t={}", full_in.div_ceil(SECOND)),
            ),
        ]
    }
}

/// Why a client may not connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The viewer holds the maximum number of sockets, given here.
    TooMany(u32),
    /// A client of the viewer was expelled; seconds until the next attempt may succeed.
    Expelled(u64),
    /// The viewer connects too often; seconds until the next attempt may succeed.
    TooOften(u64),
}

impl Guest {
    fn may_be_forgotten(&self, now: Millis) -> bool {
        let calls = self.calls_drained_at.iter().copied().max().unwrap_or_default();
        now >= self.refused_until.max(self.drained_at).max(calls)
    }
}

/// Hashes with the door's salt. It need not resist attacks: open sockets bound the table's size.
struct Salted(u64);

impl BuildHasher for Salted {
    type Hasher = std::hash::DefaultHasher;

    fn build_hasher(&self) -> Self::Hasher {
        let mut hasher = std::hash::DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher
    }
}

impl Door {
    /// Nobody is in.
    #[must_use]
    pub fn new(salt: u64) -> Self {
        Self {
            salt,
            viewers: HashMap::new(),
            swept_at: 0,
        }
    }

    /// Admits one more socket of a viewer, who may have `most` at once.
    ///
    /// # Errors
    /// [`Refused`] says why, and when the viewer may try again.
    pub fn admit(&mut self, viewer: Viewer, most: u32, now: Millis) -> Result<(), Refused> {
        let one = self.of(viewer, now);
        if now < one.refused_until {
            return Err(Refused::Expelled((one.refused_until - now).div_ceil(SECOND)));
        }
        if one.sockets >= most {
            return Err(Refused::TooMany(most));
        }
        let drained_at = one.drained_at.max(now) + UPGRADE;
        let latest = now + 2 * Millis::from(most) * UPGRADE;
        if drained_at > latest {
            return Err(Refused::TooOften((drained_at - latest).div_ceil(SECOND)));
        }
        one.drained_at = drained_at;
        one.sockets += 1;
        Ok(())
    }

    /// Counts one call of a viewer, who may make `per_minute`.
    ///
    /// # Errors
    /// [`Spent`] if none is left.
    pub fn spend(&mut self, viewer: Viewer, call: Call, per_minute: u32, now: Millis) -> Result<Share, Spent> {
        let [any, lookup, wrong] = &mut self.of(viewer, now).calls_drained_at;
        let drained_at = match call {
            Call::Any => any,
            Call::Lookup => lookup,
            Call::Wrong => wrong,
        };
        let cost = (MINUTE / Millis::from(per_minute.max(1))).max(1);
        let most = Millis::from(per_minute) * cost;
        let share = |filled: Millis| Share {
            call,
            per_minute,
            left: u32::try_from(most.saturating_sub(filled) / cost).unwrap_or(u32::MAX),
            full_in: filled,
        };
        let filled = drained_at.saturating_sub(now);
        if filled + cost > most {
            return Err(Spent((filled + cost - most).div_ceil(SECOND), share(filled)));
        }
        *drained_at = now + filled + cost;
        Ok(share(filled + cost))
    }

    /// Whether a viewer may show one more credential.
    pub fn may_guess(&mut self, viewer: Viewer, now: Millis) -> bool {
        let [.., drained_at] = self.of(viewer, now).calls_drained_at;
        drained_at.saturating_sub(now) + MINUTE / Millis::from(WRONG_PER_MINUTE) <= MINUTE
    }

    /// A viewer has shown a credential that does not count. Seconds until it may show another.
    pub fn guessed(&mut self, viewer: Viewer, now: Millis) -> Option<u64> {
        let spent = self.spend(viewer, Call::Wrong, WRONG_PER_MINUTE, now);
        spent.err().map(|Spent(seconds, _)| seconds)
    }

    fn of(&mut self, viewer: Viewer, now: Millis) -> &mut Guest {
        if self.viewers.len() >= MANY && now >= self.swept_at + SECOND {
            self.swept_at = now;
            self.viewers
                .retain(|_, one| one.sockets > 0 || !one.may_be_forgotten(now));
        }
        self.viewers.entry(viewer).or_default()
    }

    /// A socket of this viewer closed.
    pub fn left(&mut self, viewer: Viewer, now: Millis) {
        if let Some(one) = self.viewers.get_mut(&viewer) {
            one.sockets = one.sockets.saturating_sub(1);
            if one.sockets == 0 && one.may_be_forgotten(now) {
                self.viewers.remove(&viewer);
            }
        }
    }

    /// A client of this viewer was closed for misbehaving.
    pub fn expelled(&mut self, viewer: Viewer, now: Millis) {
        self.viewers.entry(viewer).or_default().refused_until = now + REFUSED;
    }

    /// The viewer behind an address: its hash. Of IPv6 only the first 64 bits count: a customer's
    /// network.
    #[must_use]
    pub fn viewer(&self, address: &str) -> Viewer {
        let mut hasher = Salted(self.salt).build_hasher();
        match address.trim().parse() {
            Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_none() => {
                address.octets().iter().take(8).for_each(|byte| byte.hash(&mut hasher));
            }
            _ => address.trim().hash(&mut hasher),
        }
        Viewer(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(door: &mut Door, address: &str, most: u32, now: Millis) -> Result<Viewer, Refused> {
        let viewer = door.viewer(address);
        door.admit(viewer, most, now).map(|()| viewer)
    }

    #[test]
    fn an_address_has_so_many_sockets() {
        let mut door = Door::new(7);
        let first = admit(&mut door, "192.0.2.1", 2, 0).unwrap();
        assert_eq!(admit(&mut door, "192.0.2.1", 2, 0), Ok(first));
        assert_eq!(admit(&mut door, "192.0.2.1", 2, 0), Err(Refused::TooMany(2)));
        assert!(admit(&mut door, "192.0.2.2", 2, 0).is_ok(), "another one");
        door.left(first, 1);
        assert_eq!(admit(&mut door, "192.0.2.1", 2, 1), Ok(first));
    }

    #[test]
    fn after_an_expulsion_nobody_of_the_address_comes_in_for_a_minute() {
        let mut door = Door::new(7);
        let viewer = admit(&mut door, "2001:db8:1:2::1", 10, 0).unwrap();
        door.expelled(viewer, 1_000);
        door.left(viewer, 1_000);
        assert_eq!(
            admit(&mut door, "2001:db8:1:2:ffff::9", 10, 2_000),
            Err(Refused::Expelled(59))
        );
        assert!(admit(&mut door, "2001:db8:1:3::1", 10, 2_000).is_ok());
        assert!(admit(&mut door, "2001:db8:1:2::1", 10, 61_000).is_ok());
    }

    #[test]
    fn an_address_connects_so_often() {
        let mut door = Door::new(7);
        for _ in 0..6 {
            let viewer = admit(&mut door, "192.0.2.1", 3, 0).unwrap();
            door.left(viewer, 0);
        }
        assert_eq!(admit(&mut door, "192.0.2.1", 3, 0), Err(Refused::TooOften(1)));
        assert!(admit(&mut door, "192.0.2.2", 3, 0).is_ok(), "another one");
        assert!(admit(&mut door, "192.0.2.1", 3, 1_000).is_ok());
        assert_eq!(admit(&mut door, "192.0.2.1", 3, 1_000), Err(Refused::TooOften(1)));
    }

    #[test]
    fn a_viewer_has_so_many_calls_and_gets_them_back_evenly() {
        let mut door = Door::new(7);
        let mut spend = |viewer, now| door.spend(Viewer(viewer), Call::Any, 60, now);
        for left in (0..60).rev() {
            assert_eq!(spend(1, 0).unwrap().left, left);
        }
        let Spent(seconds, share) = spend(1, 0).unwrap_err();
        assert_eq!((seconds, share.left), (1, 0));
        assert!(spend(2, 0).is_ok(), "another one");
        let [policy, limit] = spend(1, 1_500).unwrap().headers();
        assert_eq!(policy, ("RateLimit-Policy", "\"calls\";q=60;w=60".to_owned()));
        assert_eq!(limit, ("RateLimit", "\"calls\";r=0;t=60".to_owned()));
        assert!(door.spend(Viewer(1), Call::Lookup, 1, 0).is_ok(), "another kind");
        assert!(door.spend(Viewer(1), Call::Lookup, 1, 0).is_err());
    }

    #[test]
    fn viewers_that_are_gone_are_forgotten() {
        let mut door = Door::new(7);
        for viewer in 0..2 * MANY as u64 {
            let _ = door.spend(Viewer(viewer), Call::Any, 60, viewer * MINUTE);
        }
        assert!(door.viewers.len() <= MANY);
    }

    #[test]
    fn addresses_are_salted_and_forgotten() {
        let (mut one, mut other) = (Door::new(1), Door::new(2));
        let viewer = admit(&mut one, "192.0.2.1", 10, 0).unwrap();
        assert_ne!(admit(&mut other, "192.0.2.1", 10, 0), Ok(viewer));
        one.left(viewer, 1_000);
        assert!(one.viewers.is_empty());
    }
}
