//! The two dialects of `/ws`, and how a client chooses.

/// How a client is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One JSON object for each update: for scripts and people.
    Plain,
    /// `hamster.v1`: streams of deltas with sequence numbers, acknowledged and resumable.
    V1,
}

/// The subprotocol's name in `Sec-WebSocket-Protocol`.
pub const V1: &str = "hamster.v1";

impl Dialect {
    /// The dialect that a client's `Sec-WebSocket-Protocol` asks for. Whoever offers nothing gets plain JSON.
    ///
    /// # Errors
    /// The offer, cut, when we speak none of it.
    pub fn negotiate(offer: Option<&str>) -> Result<Self, String> {
        let offer = offer.unwrap_or_default().trim();
        if offer.is_empty() {
            Ok(Self::Plain)
        } else if offer.split(',').any(|name| name.trim() == V1) {
            Ok(Self::V1)
        } else {
            Err(offer.chars().take(100).collect())
        }
    }

    /// What the upgrade's answer confirms.
    #[must_use]
    pub fn subprotocol(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::V1 => Some(V1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_offers_first_of_what_we_speak() {
        for (offer, chosen) in [
            (None, Ok(Dialect::Plain)),
            (Some(""), Ok(Dialect::Plain)),
            (Some("hamster.v1"), Ok(Dialect::V1)),
            (Some("hamster.v2, hamster.v1"), Ok(Dialect::V1)),
            (Some("graphql-ws"), Err("graphql-ws".to_owned())),
        ] {
            assert_eq!(Dialect::negotiate(offer), chosen, "{offer:?}");
        }
    }
}
