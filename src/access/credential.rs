//! Where a request carries its credential.

use super::jwt::{LONGEST, TOO_LONG};
use super::pass::Refusal;

/// What a subprotocol that carries a token begins with.
pub const SUBPROTOCOL: &str = "hamster.bearer.";

/// What a request shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A static key or a JWT.
    Token(String),
    /// A one-time ticket.
    Ticket(String),
}

/// The places of a request where a credential may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// A scheme of that header which counts as `Bearer` does.
    pub scheme: Option<&'a str>,
    /// The header `X-API-Key`, or that of another protocol.
    pub api_key: Option<&'a str>,
    /// The header `Sec-WebSocket-Protocol`.
    pub offer: Option<&'a str>,
    /// The parameter `ticket`.
    pub ticket: Option<&'a str>,
    /// A parameter in which another protocol has its key.
    pub parameter: Option<&'a str>,
}

impl Presented<'_> {
    /// The credential, if there is one.
    ///
    /// # Errors
    /// Several that differ, or one that cannot be right.
    pub fn credential(&self) -> Result<Option<Credential>, Refusal> {
        let scheme = |value: &str| {
            let (scheme, token) = value.trim().split_once(' ')?;
            let mut known = [Some("bearer"), self.scheme].into_iter().flatten();
            let is_known = known.any(|known| scheme.eq_ignore_ascii_case(known));
            is_known.then(|| token.trim().to_owned())
        };
        let offered = self
            .offer
            .and_then(|offer| offer.split(',').find_map(|one| one.trim().strip_prefix(SUBPROTOCOL)));
        let texts = [self.api_key, offered, self.parameter].into_iter().flatten();
        let texts = texts
            .map(|text| text.trim().to_owned())
            .chain(self.authorization.and_then(scheme));
        let mut tokens: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        tokens.dedup();
        match (tokens.pop(), self.ticket) {
            (Some(_), _) if !tokens.is_empty() => Err(Refusal::Several),
            (Some(_), Some(_)) => Err(Refusal::Several),
            (Some(token), None) if token.len() > LONGEST => Err(TOO_LONG),
            (Some(token), None) => Ok(Some(Credential::Token(token))),
            (None, Some(ticket)) if ticket.len() > LONGEST => Err(Refusal::Ticket),
            (None, Some(ticket)) => Ok(Some(Credential::Ticket(ticket.to_owned()))),
            (None, None) => Ok(None),
        }
    }
}

/// An offer of subprotocols without the entry that carries a token.
#[must_use]
pub fn without_token(offer: &str) -> String {
    let rest = offer.split(',').map(str::trim).filter(|one| !one.contains(SUBPROTOCOL));
    rest.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Result<Option<Credential>, Refusal> {
        Ok(Some(Credential::Token(text.to_owned())))
    }

    #[test]
    fn a_token_is_found_in_every_place() {
        let none = Presented::default();
        for (presented, found) in [
            (none, Ok(None)),
            (
                Presented {
                    authorization: Some("Bearer abc"),
                    ..none
                },
                token("abc"),
            ),
            (
                Presented {
                    authorization: Some("Token abc"),
                    scheme: Some("token"),
                    ..none
                },
                token("abc"),
            ),
            (
                Presented {
                    authorization: Some("Basic abc"),
                    ..none
                },
                Ok(None),
            ),
            (
                Presented {
                    authorization: Some("Bearer"),
                    ..none
                },
                Ok(None),
            ),
            (
                Presented {
                    api_key: Some(" abc "),
                    ..none
                },
                token("abc"),
            ),
            (
                Presented {
                    api_key: Some(""),
                    ..none
                },
                Ok(None),
            ),
            (
                Presented {
                    offer: Some("hamster.v1, hamster.bearer.a.b-c_d"),
                    ..none
                },
                token("a.b-c_d"),
            ),
            (
                Presented {
                    offer: Some("hamster.v1"),
                    ..none
                },
                Ok(None),
            ),
            (
                Presented {
                    parameter: Some("abc"),
                    api_key: Some("abc"),
                    ..none
                },
                token("abc"),
            ),
            (
                Presented {
                    parameter: Some("abc"),
                    api_key: Some("abd"),
                    ..none
                },
                Err(Refusal::Several),
            ),
            (
                Presented {
                    ticket: Some("t"),
                    ..none
                },
                Ok(Some(Credential::Ticket("t".to_owned()))),
            ),
            (
                Presented {
                    ticket: Some("t"),
                    api_key: Some("abc"),
                    ..none
                },
                Err(Refusal::Several),
            ),
        ] {
            assert_eq!(presented.credential(), found, "{presented:?}");
        }
        let long = "x".repeat(LONGEST + 1);
        assert!(
            Presented {
                api_key: Some(&long),
                ..none
            }
            .credential()
            .is_err()
        );
    }

    #[test]
    fn an_offer_is_repeated_without_its_token() {
        assert_eq!(without_token("hamster.v1, hamster.bearer.abc,x"), "hamster.v1, x");
        assert_eq!(without_token("hamster.bearer.abc"), "");
    }
}
