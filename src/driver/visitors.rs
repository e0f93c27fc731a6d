//! The clients' sockets: how many there are, their ids, and who is behind each.

use crate::access::{Call, Door, Pass, Refusal, Refused, Share, Spent, Standing, Tickets, Viewer};
use crate::dialect::CLOSE_FLOOD;
use crate::hub::{ClientId, Config};
use crate::market::Millis;
use std::collections::HashMap;

/// Why a client may not connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// The hub has as many clients as it can hold.
    HubFull,
    /// The door refuses the client's address.
    Address(Refused),
    /// The door refuses the client's principal.
    Principal(Refused),
}

impl TurnedAway {
    /// As text for a person, where no status code can say it.
    fn sentence(self) -> String {
        let (who, why) = match self {
            Self::HubFull => return "this hub serves its most clients already".to_owned(),
            Self::Address(why) => ("your address", why),
            Self::Principal(why) => ("your access token", why),
        };
        match why {
            Refused::TooMany(most) => format!("{who} has {most} connections already, which is as many as it may have"),
            Refused::Expelled(seconds) => {
                format!("a client of {who} was closed for flooding; come back in {seconds} s")
            }
            Refused::TooOften(seconds) => format!("{who} connects too often; come back in {seconds} s"),
        }
    }
}

/// All sockets, until the platform reports their end; and what their viewers have used.
#[derive(Debug)]
pub(super) struct Visitors {
    door: Door,
    most: Most,
    visitors: HashMap<ClientId, Visitor>,
    /// Those of them that are links of relays.
    links: Vec<ClientId>,
    /// Where those stand that were admitted and have not joined yet.
    arriving: Vec<(ClientId, Standing)>,
    last: ClientId,
    pub(super) tickets: Tickets,
}

/// Who is behind a client. Neither is known if it connected before the object hibernated, or if the
/// platform reports no address.
#[derive(Debug, Default, Clone, Copy)]
struct Visitor {
    address: Option<Viewer>,
    principal: Option<Viewer>,
}

/// The operator's limits.
#[derive(Debug, Clone, Copy)]
struct Most {
    clients: usize,
    per_address: u32,
    per_principal: u32,
    calls: u32,
    lookups: u32,
}

impl Visitors {
    pub fn new(salt: u64, config: &Config) -> Self {
        Self {
            door: Door::new(config.secret_seed(salt)),
            most: Most {
                clients: config.most_clients as usize,
                per_address: config.clients_per_address,
                per_principal: config.clients_per_principal,
                calls: config.calls_per_minute,
                lookups: config.lookups_per_minute,
            },
            visitors: HashMap::new(),
            links: Vec::new(),
            arriving: Vec::new(),
            last: ClientId(0),
            tickets: Tickets::default(),
        }
    }

    /// The id for one more client of an address, if it may connect.
    pub fn admit(&mut self, address: Option<&str>, standing: Standing, now: Millis) -> Result<ClientId, TurnedAway> {
        if self.taken() >= self.most.clients {
            return Err(TurnedAway::HubFull);
        }
        let mut visitor = Visitor::default();
        if let Some(address) = address.map(|address| self.door.viewer(address)) {
            let admitted = self.door.admit(address, self.most.per_address, now);
            admitted.map_err(TurnedAway::Address)?;
            visitor.address = Some(address);
        }
        if let Some(pass) = standing.pass() {
            visitor.principal = Some(self.admit_principal(pass, visitor, now)?);
        }
        let client = self.next(visitor);
        if standing != Standing::Anybody {
            self.arriving.push((client, standing));
        }
        Ok(client)
    }

    /// The id for the link of one more relay.
    pub fn admit_relay(&mut self) -> ClientId {
        let link = self.next(Visitor::default());
        self.links.push(link);
        link
    }

    /// Clients that take a place.
    fn taken(&self) -> usize {
        self.visitors.len().saturating_sub(self.links.len())
    }

    fn next(&mut self, visitor: Visitor) -> ClientId {
        self.last = ClientId(self.last.0.wrapping_add(1));
        self.visitors.insert(self.last, visitor);
        self.last
    }

    /// How full this server is, in percent.
    #[must_use]
    pub fn load(&self) -> u32 {
        (self.taken() * 100 / self.most.clients.max(1)) as u32
    }

    fn admit_principal(&mut self, pass: &Pass, visitor: Visitor, now: Millis) -> Result<Viewer, TurnedAway> {
        let principal = Viewer::of_principal(&pass.principal);
        let most = pass.limits.sockets.unwrap_or(self.most.per_principal);
        if let Err(why) = self.door.admit(principal, most, now) {
            if let Some(address) = visitor.address {
                self.door.left(address, now);
            }
            return Err(TurnedAway::Principal(why));
        }
        Ok(principal)
    }

    /// An admitted client has joined: who is behind it, and where it stands.
    pub fn joined(&mut self, client: ClientId) -> (Viewer, Standing) {
        let place = self.arriving.iter().position(|(arriving, _)| *arriving == client);
        let standing = place.map(|place| self.arriving.swap_remove(place).1);
        (self.viewer(client), standing.unwrap_or_default())
    }

    /// A connected client has shown a pass.
    pub fn identify(&mut self, client: ClientId, pass: Pass, now: Millis) -> Result<(Viewer, Pass), String> {
        let Some(visitor) = self.visitors.get(&client).copied() else {
            return Err("the connection has ended".to_owned());
        };
        // Its address keeps its place whatever comes of it.
        let admitted = self.admit_principal(&pass, Visitor::default(), now);
        let principal = Some(admitted.map_err(TurnedAway::sentence)?);
        self.visitors.insert(client, Visitor { principal, ..visitor });
        Ok((self.viewer(client), pass))
    }

    /// A socket that an earlier instance left. The id of a closing one is reserved too, because its
    /// end would otherwise be taken for that of a new client.
    pub fn came_back(&mut self, client: ClientId, is_open: bool) {
        self.last = self.last.max(client);
        if is_open {
            self.visitors.insert(client, Visitor::default());
        }
    }

    /// Who is behind a client. If that is unknown, the client counts for itself.
    fn viewer(&self, client: ClientId) -> Viewer {
        let known = self.visitors.get(&client).copied().unwrap_or_default();
        known.principal.or(known.address).unwrap_or(Viewer::alone(client.0))
    }

    /// The hub closes a client with this code. If a principal is to blame, others may come from its
    /// address.
    pub fn closing(&mut self, client: ClientId, code: u16, now: Millis) {
        let known = self.visitors.get(&client).copied().unwrap_or_default();
        if code == CLOSE_FLOOD
            && let Some(viewer) = known.principal.or(known.address)
        {
            self.door.expelled(viewer, now);
        }
    }

    pub fn left(&mut self, client: ClientId, now: Millis) {
        self.arriving.retain(|(arriving, _)| *arriving != client);
        let known = self.visitors.remove(&client).unwrap_or_default();
        self.links.retain(|link| *link != client);
        for viewer in [known.principal, known.address].into_iter().flatten() {
            self.door.left(viewer, now);
        }
    }

    /// Uses up a ticket. Wrong ones are counted against the address.
    pub fn redeem(
        &mut self,
        text: &str,
        (address, origin): (Option<&str>, Option<&str>),
        now: Millis,
    ) -> Result<Pass, Refusal> {
        let viewer = address.map(|address| self.door.viewer(address));
        if viewer.is_some_and(|viewer| !self.door.may_guess(viewer, now)) {
            return Err(Refusal::TooMany);
        }
        let redeemed = self.tickets.redeem(text, origin, now);
        if let (Err(_), Some(viewer)) = (&redeemed, viewer) {
            self.door.guessed(viewer, now);
        }
        redeemed
    }

    /// Counts a REST call.
    pub fn spend(
        &mut self,
        address: Option<&str>,
        pass: Option<&Pass>,
        is_lookup: bool,
        now: Millis,
    ) -> Result<Option<Share>, Spent> {
        let principal = pass.map(|pass| Viewer::of_principal(&pass.principal));
        let Some(viewer) = principal.or(address.map(|address| self.door.viewer(address))) else {
            return Ok(None);
        };
        let most = pass.and_then(|pass| pass.limits.calls).unwrap_or(self.most.calls);
        let share = self.door.spend(viewer, Call::Any, most, now)?;
        if !is_lookup {
            return Ok(Some(share));
        }
        let lookups = self.most.lookups.min(most);
        self.door.spend(viewer, Call::Lookup, lookups, now).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::access::Limits;

    fn visitors() -> Visitors {
        let vars = |name: &str| match name {
            "CLIENTS_PER_ADDRESS" | "CLIENTS_PER_PRINCIPAL" => Some("2".to_owned()),
            "MOST_CLIENTS" => Some("9".to_owned()),
            "CALLS_PER_MINUTE" => Some("3".to_owned()),
            "LOOKUPS_PER_MINUTE" => Some("1".to_owned()),
            _ => None,
        };
        Visitors::new(7, &Config::from_vars(false, vars).unwrap())
    }

    fn known(name: &str, sockets: Option<u32>) -> Standing {
        pass(name, sockets).into()
    }

    fn pass(name: &str, sockets: Option<u32>) -> Pass {
        Pass {
            principal: name.to_owned(),
            voucher: 1,
            expires: None,
            symbols: None,
            limits: Limits {
                sockets,
                ..Limits::default()
            },
        }
    }

    #[test]
    fn a_principal_has_so_many_clients_wherever_it_is() {
        let mut visitors = visitors();
        let ann = visitors.admit(Some("192.0.2.1"), known("ann", None), 0).unwrap();
        assert_eq!(visitors.joined(ann), (Viewer::of_principal("ann"), known("ann", None)));
        visitors.admit(Some("192.0.2.2"), known("ann", None), 0).unwrap();
        let third = visitors.admit(Some("192.0.2.3"), known("ann", None), 0);
        assert_eq!(third, Err(TurnedAway::Principal(Refused::TooMany(2))));
        // The address lost no place by that.
        for _ in 0..2 {
            visitors.admit(Some("192.0.2.3"), known("bob", Some(5)), 0).unwrap();
        }
        let full = visitors.admit(Some("192.0.2.3"), known("cy", None), 0);
        assert_eq!(full, Err(TurnedAway::Address(Refused::TooMany(2))));
        visitors.left(ann, 1);
        assert!(visitors.admit(Some("192.0.2.4"), known("ann", None), 1).is_ok());
    }

    #[test]
    fn a_flood_closes_the_door_for_its_principal_and_not_for_its_office() {
        let mut visitors = visitors();
        let ann = visitors.admit(Some("192.0.2.1"), known("ann", None), 0).unwrap();
        visitors.closing(ann, CLOSE_FLOOD, 0);
        let refused = visitors.admit(Some("192.0.2.1"), known("ann", None), 0);
        assert!(matches!(refused, Err(TurnedAway::Principal(Refused::Expelled(_)))));
        assert!(visitors.admit(Some("192.0.2.1"), known("bob", None), 0).is_ok());
    }

    #[test]
    fn a_client_may_show_its_pass_later() {
        let mut visitors = visitors();
        let late = visitors.admit(Some("192.0.2.1"), Standing::Unproven, 0).unwrap();
        assert_eq!(visitors.joined(late).1, Standing::Unproven);
        let (viewer, _) = visitors.identify(late, pass("ann", Some(1)), 0).unwrap();
        assert_eq!(viewer, Viewer::of_principal("ann"));
        let other = visitors.admit(Some("192.0.2.1"), Standing::Unproven, 0).unwrap();
        let refused = visitors.identify(other, pass("ann", Some(1)), 0).unwrap_err();
        assert!(refused.contains("1 connections"), "{refused}");
        assert!(visitors.identify(ClientId(77), pass("ann", None), 0).is_err());
        visitors.left(late, 0);
        assert!(visitors.identify(other, pass("ann", Some(1)), 0).is_ok());
    }

    #[test]
    fn calls_are_counted_for_a_principal_or_else_an_address() {
        let mut visitors = visitors();
        let ann = pass("ann", None);
        for _ in 0..3 {
            assert!(visitors.spend(Some("192.0.2.1"), Some(&ann), false, 0).is_ok());
        }
        assert!(visitors.spend(Some("192.0.2.2"), Some(&ann), false, 0).is_err());
        assert!(visitors.spend(Some("192.0.2.1"), None, true, 0).is_ok());
        assert!(visitors.spend(Some("192.0.2.1"), None, true, 0).is_err(), "one lookup");
        assert!(visitors.spend(Some("192.0.2.1"), None, false, 0).is_ok());
        assert_eq!(visitors.spend(None, None, true, 0), Ok(None));
    }

    #[test]
    fn a_number_that_a_closing_socket_has_is_not_given_again() {
        let mut visitors = visitors();
        visitors.came_back(ClientId(3), true);
        visitors.came_back(ClientId(9), false);
        assert_eq!(visitors.admit(None, Standing::Anybody, 0), Ok(ClientId(10)));
    }

    #[test]
    fn an_address_has_room_again_when_one_of_its_clients_has_left() {
        let mut visitors = visitors();
        let first = visitors.admit(Some("192.0.2.1"), Standing::Anybody, 0).unwrap();
        let second = visitors.admit(Some("192.0.2.1"), Standing::Anybody, 0).unwrap();
        assert_eq!(visitors.viewer(first), visitors.viewer(second));
        let refused = visitors.admit(Some("192.0.2.1"), Standing::Anybody, 0);
        assert_eq!(refused, Err(TurnedAway::Address(Refused::TooMany(2))));
        visitors.left(first, 1);
        assert!(visitors.admit(Some("192.0.2.1"), Standing::Anybody, 1).is_ok());
    }

    #[test]
    fn a_client_that_is_closed_for_a_flood_closes_the_door_for_its_address() {
        let mut visitors = visitors();
        let client = visitors.admit(Some("192.0.2.1"), Standing::Anybody, 0).unwrap();
        visitors.closing(client, 1_000, 0);
        assert!(visitors.admit(Some("192.0.2.1"), Standing::Anybody, 0).is_ok());
        visitors.closing(client, CLOSE_FLOOD, 0);
        let refused = visitors.admit(Some("192.0.2.1"), Standing::Anybody, 0);
        assert!(matches!(refused, Err(TurnedAway::Address(Refused::Expelled(_)))));
    }

    #[test]
    fn links_of_relays_take_no_clients_place() {
        let mut visitors = visitors();
        let links: Vec<_> = (0..9).map(|_| visitors.admit_relay()).collect();
        assert_eq!(visitors.load(), 0);
        for _ in 0..9 {
            assert!(visitors.admit(None, Standing::Anybody, 0).is_ok());
        }
        assert_eq!(visitors.load(), 100);
        for link in links {
            visitors.left(link, 0);
        }
        assert_eq!(visitors.admit(None, Standing::Anybody, 0), Err(TurnedAway::HubFull));
        let _ = visitors.admit_relay();
    }

    #[test]
    fn a_hub_has_only_so_many_clients() {
        let mut visitors = visitors();
        for number in 0..9 {
            visitors.came_back(ClientId(number), true);
        }
        assert_eq!(visitors.admit(None, Standing::Anybody, 0), Err(TurnedAway::HubFull));
        visitors.left(ClientId(5), 0);
        assert!(visitors.admit(None, Standing::Anybody, 0).is_ok());
    }
}
