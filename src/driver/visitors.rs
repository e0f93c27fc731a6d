//! The clients' sockets: how many there are, their ids, and who is behind each.

use crate::dialect::CLOSE_FLOOD;
use crate::hub::{ClientId, Door, Refused, Viewer};
use crate::market::Millis;
use std::collections::HashMap;

/// Most sockets of one object, with some room below the platform's 32,768 hibernatable ones.
const MOST_CLIENTS: usize = 32_000;

/// Why a client may not connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// The hub has as many clients as it can hold.
    HubFull,
    /// The door refuses the client's address.
    Refused(Refused),
}

/// All sockets, until the platform reports their end.
#[derive(Debug)]
pub(super) struct Visitors {
    door: Door,
    /// Who is behind each client. `None` if it connected before the object hibernated, or if the
    /// platform reports no address.
    viewers: HashMap<ClientId, Option<Viewer>>,
    last: ClientId,
}

impl Visitors {
    pub fn new(door: Door) -> Self {
        Self {
            door,
            viewers: HashMap::new(),
            last: ClientId(0),
        }
    }

    /// The id for one more client of an address, if it may connect.
    pub fn admit(&mut self, address: Option<&str>, now: Millis) -> Result<ClientId, TurnedAway> {
        if self.viewers.len() >= MOST_CLIENTS {
            return Err(TurnedAway::HubFull);
        }
        let viewer = address.map(|address| self.door.admit(address, now)).transpose();
        let viewer = viewer.map_err(TurnedAway::Refused)?;
        self.last = ClientId(self.last.0.wrapping_add(1));
        self.viewers.insert(self.last, viewer);
        Ok(self.last)
    }

    /// A socket that an earlier instance left. The id of a closing one is reserved too, because its
    /// end would otherwise be taken for that of a new client.
    pub fn came_back(&mut self, client: ClientId, is_open: bool) {
        self.last = self.last.max(client);
        if is_open {
            self.viewers.insert(client, None);
        }
    }

    /// Who is behind a client. If that is unknown, the client counts for itself.
    pub fn viewer(&self, client: ClientId) -> Viewer {
        let known = self.viewers.get(&client).copied().flatten();
        known.unwrap_or(Viewer::alone(client))
    }

    /// The hub closes a client with this code.
    pub fn closing(&mut self, client: ClientId, code: u16, now: Millis) {
        if code == CLOSE_FLOOD
            && let Some(Some(viewer)) = self.viewers.get(&client)
        {
            self.door.expelled(*viewer, now);
        }
    }

    pub fn left(&mut self, client: ClientId, now: Millis) {
        if let Some(Some(viewer)) = self.viewers.remove(&client) {
            self.door.left(viewer, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitors() -> Visitors {
        Visitors::new(Door::new(7, 2))
    }

    #[test]
    fn a_number_that_a_closing_socket_has_is_not_given_again() {
        let mut visitors = visitors();
        visitors.came_back(ClientId(3), true);
        visitors.came_back(ClientId(9), false);
        assert_eq!(visitors.admit(None, 0), Ok(ClientId(10)));
    }

    #[test]
    fn an_address_has_room_again_when_one_of_its_clients_has_left() {
        let mut visitors = visitors();
        let first = visitors.admit(Some("192.0.2.1"), 0).unwrap();
        let second = visitors.admit(Some("192.0.2.1"), 0).unwrap();
        assert_eq!(visitors.viewer(first), visitors.viewer(second));
        let refused = visitors.admit(Some("192.0.2.1"), 0);
        assert_eq!(refused, Err(TurnedAway::Refused(Refused::TooMany(2))));
        visitors.left(first, 1);
        assert!(visitors.admit(Some("192.0.2.1"), 1).is_ok());
    }

    #[test]
    fn a_client_that_is_closed_for_a_flood_closes_the_door_for_its_address() {
        let mut visitors = visitors();
        let client = visitors.admit(Some("192.0.2.1"), 0).unwrap();
        visitors.closing(client, 1_000, 0);
        assert!(visitors.admit(Some("192.0.2.1"), 0).is_ok());
        visitors.closing(client, CLOSE_FLOOD, 0);
        let refused = visitors.admit(Some("192.0.2.1"), 0);
        assert!(matches!(refused, Err(TurnedAway::Refused(Refused::Expelled(_)))));
    }

    #[test]
    fn a_hub_has_only_so_many_clients() {
        let mut visitors = visitors();
        for number in 0..MOST_CLIENTS as u32 {
            visitors.came_back(ClientId(number), true);
        }
        assert_eq!(visitors.admit(None, 0), Err(TurnedAway::HubFull));
        visitors.left(ClientId(5), 0);
        assert!(visitors.admit(None, 0).is_ok());
    }
}
