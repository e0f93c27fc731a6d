//! Limits connections per client address: how many sockets at once, how often a new one, and none
//! for a while after one of its clients was expelled.
//!
//! Addresses are held as salted hashes and only in memory. They are never stored, logged or told.

use super::Viewer;
use crate::market::{MINUTE, Millis, SECOND};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

/// How long an address is refused after an expulsion. The close reason says the same.
const REFUSED: Millis = MINUTE;
/// An address may open twice as many sockets in a burst as it may hold, then one per this interval.
const UPGRADE: Millis = SECOND;
/// Above this many entries, addresses without a socket are dropped.
const MANY: usize = 10_000;

/// The connection limits of one epoch.
#[derive(Debug)]
pub struct Door {
    salt: u64,
    most: u32,
    addresses: HashMap<Viewer, Address>,
}

#[derive(Debug, Default)]
struct Address {
    sockets: u32,
    refused_until: Millis,
    /// Recent connections as a leaky bucket: the time when it will be empty.
    drained_at: Millis,
}

/// Why a client may not connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its address holds the maximum number of sockets, given here.
    TooMany(u32),
    /// A client of its address was expelled; seconds until the next attempt may succeed.
    Expelled(u64),
    /// Its address connects too often; seconds until the next attempt may succeed.
    TooOften(u64),
}

impl Address {
    fn may_be_forgotten(&self, now: Millis) -> bool {
        now >= self.refused_until.max(self.drained_at)
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
    /// At most `most` sockets per address.
    #[must_use]
    pub fn new(salt: u64, most: u32) -> Self {
        Self {
            salt,
            most,
            addresses: HashMap::new(),
        }
    }

    /// Admits one more socket of an address and returns its viewer.
    ///
    /// # Errors
    /// [`Refused`] says why, and when the address may try again.
    pub fn admit(&mut self, address: &str, now: Millis) -> Result<Viewer, Refused> {
        if self.addresses.len() >= MANY {
            self.addresses
                .retain(|_, one| one.sockets > 0 || !one.may_be_forgotten(now));
        }
        let viewer = self.viewer(address);
        let one = self.addresses.entry(viewer).or_default();
        if now < one.refused_until {
            return Err(Refused::Expelled((one.refused_until - now).div_ceil(SECOND)));
        }
        if one.sockets >= self.most {
            return Err(Refused::TooMany(self.most));
        }
        let drained_at = one.drained_at.max(now) + UPGRADE;
        let most = now + 2 * Millis::from(self.most) * UPGRADE;
        if drained_at > most {
            return Err(Refused::TooOften((drained_at - most).div_ceil(SECOND)));
        }
        one.drained_at = drained_at;
        one.sockets += 1;
        Ok(viewer)
    }

    /// A socket of this viewer closed.
    pub fn left(&mut self, viewer: Viewer, now: Millis) {
        if let Some(one) = self.addresses.get_mut(&viewer) {
            one.sockets = one.sockets.saturating_sub(1);
            if one.sockets == 0 && one.may_be_forgotten(now) {
                self.addresses.remove(&viewer);
            }
        }
    }

    /// A client of this viewer was closed for misbehaving.
    pub fn expelled(&mut self, viewer: Viewer, now: Millis) {
        self.addresses.entry(viewer).or_default().refused_until = now + REFUSED;
    }

    /// The hash of an address. Of IPv6 only the first 64 bits count: a customer's network.
    fn viewer(&self, address: &str) -> Viewer {
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

    #[test]
    fn an_address_has_so_many_sockets() {
        let mut door = Door::new(7, 2);
        let first = door.admit("192.0.2.1", 0).unwrap();
        assert_eq!(door.admit("192.0.2.1", 0), Ok(first));
        assert_eq!(door.admit("192.0.2.1", 0), Err(Refused::TooMany(2)));
        assert!(door.admit("192.0.2.2", 0).is_ok(), "another one");
        door.left(first, 1);
        assert_eq!(door.admit("192.0.2.1", 1), Ok(first));
    }

    #[test]
    fn after_an_expulsion_nobody_of_the_address_comes_in_for_a_minute() {
        let mut door = Door::new(7, 10);
        let viewer = door.admit("2001:db8:1:2::1", 0).unwrap();
        door.expelled(viewer, 1_000);
        door.left(viewer, 1_000);
        assert_eq!(door.admit("2001:db8:1:2:ffff::9", 2_000), Err(Refused::Expelled(59)));
        assert!(door.admit("2001:db8:1:3::1", 2_000).is_ok());
        assert!(door.admit("2001:db8:1:2::1", 61_000).is_ok());
    }

    #[test]
    fn an_address_connects_so_often() {
        let mut door = Door::new(7, 3);
        for _ in 0..6 {
            let viewer = door.admit("192.0.2.1", 0).unwrap();
            door.left(viewer, 0);
        }
        assert_eq!(door.admit("192.0.2.1", 0), Err(Refused::TooOften(1)));
        assert!(door.admit("192.0.2.2", 0).is_ok(), "another one");
        assert!(door.admit("192.0.2.1", 1_000).is_ok());
        assert_eq!(door.admit("192.0.2.1", 1_000), Err(Refused::TooOften(1)));
    }

    #[test]
    fn addresses_are_salted_and_forgotten() {
        let (mut one, mut other) = (Door::new(1, 10), Door::new(2, 10));
        assert_ne!(one.admit("192.0.2.1", 0), other.admit("192.0.2.1", 0));
        let viewer = one.viewer("192.0.2.1");
        one.left(viewer, 1_000);
        assert!(one.addresses.is_empty());
    }
}
