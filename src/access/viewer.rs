//! Who is behind a client.

use std::hash::{DefaultHasher, Hasher};

/// Who is behind a client: a principal, or else an address. Clients with the same number count as
/// one viewer and have one share of what is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Viewer(pub u64);

impl Viewer {
    /// The viewer of a client of whom nothing is known: the client, by its number, counts for
    /// itself.
    #[must_use]
    pub fn alone(client: u32) -> Self {
        Self(u64::from(client))
    }

    /// The viewer of a principal.
    #[must_use]
    pub fn of_principal(name: &str) -> Self {
        Self(fingerprint(name.as_bytes()))
    }
}

/// A number by which the same bytes are recognised. Only the operator chooses what it is made of.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
