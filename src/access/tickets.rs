//! One-time tickets, for clients that can send no header: a browser's WebSocket or `EventSource`.

use super::pass::{Pass, Refusal};
use crate::market::{Millis, SECOND};

/// How long a ticket counts.
pub const TICKET_LIFE: Millis = 30 * SECOND;
/// Most tickets at once.
const MOST: usize = 4_096;
/// Most tickets of one principal at once: its oldest makes room.
const MOST_OF_ONE: usize = 64;

/// The tickets that nobody has used yet, the oldest first. They are in memory only.
#[derive(Debug, Default)]
pub struct Tickets {
    held: Vec<Ticket>,
}

#[derive(Debug)]
struct Ticket {
    text: String,
    pass: Pass,
    origin: Option<String>,
    until: Millis,
}

impl Tickets {
    /// Takes in a ticket, whose text must be random. It will not count for another `Origin`.
    ///
    /// # Errors
    /// Seconds until there is room again: too many tickets wait.
    pub fn issue(&mut self, text: &str, pass: Pass, origin: Option<&str>, now: Millis) -> Result<(), u64> {
        self.held.retain(|ticket| now < ticket.until);
        let is_ours = |ticket: &Ticket| ticket.pass.principal == pass.principal;
        if self.held.iter().filter(|ticket| is_ours(ticket)).count() >= MOST_OF_ONE
            && let Some(oldest) = self.held.iter().position(is_ours)
        {
            self.held.remove(oldest);
        }
        if self.held.len() >= MOST {
            return Err(TICKET_LIFE / SECOND);
        }
        self.held.push(Ticket {
            text: text.to_owned(),
            pass,
            origin: origin.map(ToOwned::to_owned),
            until: now + TICKET_LIFE,
        });
        Ok(())
    }

    /// Uses a ticket up, whatever comes of it.
    ///
    /// # Errors
    /// [`Refusal::Ticket`], or [`Refusal::Expired`] if its pass has ended meanwhile.
    pub fn redeem(&mut self, text: &str, origin: Option<&str>, now: Millis) -> Result<Pass, Refusal> {
        let found = self
            .held
            .iter()
            .position(|ticket| same(ticket.text.as_bytes(), text.as_bytes()));
        let ticket = self.held.remove(found.ok_or(Refusal::Ticket)?);
        // Browsers leave the origin out of some requests to the own one. Pages of others always send
        // it, and anything but a browser can send any.
        let is_elsewhere = ticket
            .origin
            .as_deref()
            .zip(origin)
            .is_some_and(|(asked, used)| asked != used);
        if now >= ticket.until || is_elsewhere {
            return Err(Refusal::Ticket);
        }
        ticket.pass.unless_over(now)
    }
}

/// Whether two texts are the same, in a time that does not tell how much of them is.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let differs = one
        .iter()
        .zip(other)
        .fold(0, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differs) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Limits;

    fn pass(name: &str, expires: Option<Millis>) -> Pass {
        Pass::new(name, 7, expires, None, Limits::default()).unwrap()
    }

    #[test]
    fn a_ticket_counts_once_for_its_origin_and_for_half_a_minute() {
        let mut tickets = Tickets::default();
        let ours = Some("https://a.example");
        let issued = |tickets: &mut Tickets, text| tickets.issue(text, pass("ann", Some(50_000)), ours, 0).unwrap();
        for text in ["one", "two", "three", "four"] {
            issued(&mut tickets, text);
        }
        assert_eq!(tickets.redeem("one", ours, 29_999).unwrap().principal, "ann");
        assert_eq!(tickets.redeem("one", ours, 29_999), Err(Refusal::Ticket), "once");
        assert_eq!(tickets.redeem("two", ours, 30_000), Err(Refusal::Ticket), "late");
        assert_eq!(
            tickets.redeem("three", Some("https://b.example"), 1),
            Err(Refusal::Ticket)
        );
        assert_eq!(
            tickets.redeem("three", ours, 1),
            Err(Refusal::Ticket),
            "used up by another origin"
        );
        assert_eq!(
            tickets.redeem("four", None, 1).unwrap().principal,
            "ann",
            "an EventSource of the own page"
        );
        tickets.issue("five", pass("ann", Some(50_000)), None, 40_000).unwrap();
        assert_eq!(tickets.redeem("five", None, 50_000), Err(Refusal::Expired(50_000)));
    }

    #[test]
    fn one_principal_cannot_use_up_the_room_of_the_others() {
        let mut tickets = Tickets::default();
        for number in 0..2 * MOST_OF_ONE {
            tickets
                .issue(&format!("a{number}"), pass("ann", None), None, number as Millis)
                .unwrap();
        }
        assert_eq!(tickets.held.len(), MOST_OF_ONE);
        assert!(tickets.redeem("a0", None, 200).is_err() && tickets.redeem("a127", None, 200).is_ok());
        for number in 0..MOST {
            let _ = tickets.issue(&format!("b{number}"), pass(&format!("b{number}"), None), None, 200);
        }
        assert_eq!(tickets.issue("c", pass("cy", None), None, 200), Err(30));
        assert!(
            tickets.issue("c", pass("cy", None), None, 30_201).is_ok(),
            "the old ones have ended"
        );
    }
}
