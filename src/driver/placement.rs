//! Which server takes a request: the hub itself, or one of its relays. The front door asks here; the
//! hub and the relays do not.
//!
//! While few watch, the hub serves them itself and no relay is awake. When it is full, newcomers go to
//! a relay of their region: to the one that they had before, or else to a random one of those that are
//! in use. More come into use when these fill up. A relay that is full or fails is followed by the
//! next two.

use crate::hub::OF_SERVER;
use crate::market::{Millis, SECOND};

/// The name of the hub as a server.
pub const HUB: &str = "hub";
/// The header in which a server tells how full it is, in percent.
pub const LOAD: &str = "X-Hamster-Load";
/// How long a server's word about its load counts.
const REMEMBERED: Millis = 10 * SECOND;
/// A region whose relays are this full, in percent, takes more of them into use.
const NEARLY_FULL: u32 = 75;
/// Relays that are asked for one request.
const TRIES: u32 = 3;
/// Regions of relays: location hints of the platform.
const REGIONS: [&str; 9] = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"];
/// A request from nobody knows where goes to a relay without a hint.
const ANYWHERE: &str = "any";

/// Where a request comes from, as the platform tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    /// Two letters: `EU`.
    pub continent: Option<String>,
    /// Two letters (ISO 3166).
    pub country: Option<String>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

impl Place {
    /// The region whose relays serve it.
    #[must_use]
    pub fn region(&self) -> &'static str {
        let longitude = self.longitude.unwrap_or_default();
        match self.continent.as_deref() {
            Some("EU") if longitude > 20.0 => "eeur",
            Some("EU") => "weur",
            Some("NA") if longitude < -100.0 => "wnam",
            Some("NA") => "enam",
            Some("SA") => "sam",
            Some("AS") if self.is_in_the_middle_east() => "me",
            Some("AS") => "apac",
            Some("OC") => "oc",
            Some("AF") => "afr",
            _ => ANYWHERE,
        }
    }

    fn is_in_the_middle_east(&self) -> bool {
        const COUNTRIES: [&str; 14] = [
            "AE", "BH", "IL", "IQ", "IR", "JO", "KW", "LB", "OM", "PS", "QA", "SA", "SY", "YE",
        ];
        self.country
            .as_deref()
            .is_some_and(|country| COUNTRIES.contains(&country))
    }
}

/// The name of a relay: `weur/3`.
fn named(region: &str, number: u32) -> String {
    format!("{region}/{number}")
}

/// The region and number of a relay, if there may be one of this name.
fn parts(name: &str, relays: u32) -> Option<(&'static str, u32)> {
    let (region, number) = name.split_once('/')?;
    let region = REGIONS.into_iter().chain([ANYWHERE]).find(|known| *known == region)?;
    let number = number.parse().ok().filter(|number| *number < relays)?;
    (named(region, number) == name).then_some((region, number))
}

/// Whether a relay may have this name.
#[must_use]
pub fn is_relay(name: &str, relays: u32) -> bool {
    parts(name, relays).is_some()
}

/// The platform's location hint for a relay; `None` if it may be anywhere.
#[must_use]
pub fn hint(name: &str) -> Option<&str> {
    let region = region_of(name);
    REGIONS.contains(&region).then_some(region)
}

/// The region of a relay; empty for other names.
#[must_use]
pub fn region_of(name: &str) -> &str {
    name.split_once('/').map_or("", |(region, _)| region)
}

/// The server that gave out a session's name or a ticket.
#[must_use]
pub fn giver(given: &str) -> &str {
    given.split_once(OF_SERVER).map_or(HUB, |(server, _)| server)
}

/// What a front door has heard of the servers' loads.
#[derive(Debug, Default)]
pub struct Loads {
    /// Until when the hub counts as full.
    hub_is_full_until: Millis,
    /// For regions, how many relays are in use, and until when that counts.
    in_use: Vec<(&'static str, u32, Millis)>,
}

impl Loads {
    /// The servers to ask, in order. `wanted`: the one that the client had before.
    #[must_use]
    pub fn choose(&self, place: &Place, wanted: Option<&str>, relays: u32, random: u32, now: Millis) -> Vec<String> {
        let mut servers = Vec::new();
        let region = place.region();
        let wanted = wanted.and_then(|wanted| parts(wanted, relays));
        if relays == 0 || wanted.is_none() && now >= self.hub_is_full_until {
            servers.push(HUB.to_owned());
        }
        if relays > 0 {
            let in_use = self.in_use(region, now).min(relays);
            let (region, first) = wanted.unwrap_or((region, random % in_use));
            let next = (0..TRIES.min(relays)).map(|step| named(region, (first + step) % relays));
            servers.extend(next);
        }
        servers
    }

    /// A server has taken a client, and is this full, in percent.
    pub fn taken(&mut self, server: &str, percent: u32, relays: u32, now: Millis) {
        let Some((region, number)) = parts(server, relays) else {
            return;
        };
        let in_use = self.in_use(region, now).max(number + 1);
        let in_use = if percent > NEARLY_FULL { 2 * in_use } else { in_use };
        self.in_use.retain(|(known, ..)| *known != region);
        self.in_use.push((region, in_use.min(relays), now + REMEMBERED));
    }

    fn in_use(&self, region: &str, now: Millis) -> u32 {
        let mut known = self.in_use.iter();
        let known = known.find(|(known, _, until)| *known == region && now < *until);
        known.map_or(1, |(_, relays, _)| *relays)
    }

    /// A server takes no more clients.
    pub fn is_full(&mut self, server: &str, relays: u32, now: Millis) {
        if server == HUB {
            self.hub_is_full_until = now + REMEMBERED;
        } else {
            self.taken(server, 100, relays, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(continent: &str, longitude: f64) -> Place {
        Place {
            continent: Some(continent.to_owned()),
            country: None,
            longitude: Some(longitude),
        }
    }

    #[test]
    fn the_hub_serves_alone_while_it_has_room_or_there_are_no_relays() {
        let mut loads = Loads::default();
        assert_eq!(loads.choose(&at("EU", 8.0), None, 0, 7, 0), ["hub"]);
        assert_eq!(loads.choose(&at("EU", 8.0), None, 2, 0, 0)[0], "hub");
        loads.is_full("hub", 2, 0);
        assert_eq!(loads.choose(&at("EU", 8.0), None, 2, 0, 9_999), ["weur/0", "weur/1"]);
        assert_eq!(
            loads.choose(&at("EU", 8.0), None, 2, 0, 10_000)[0],
            "hub",
            "asked again"
        );
    }

    #[test]
    fn a_client_goes_back_where_it_was_if_there_is_such_a_server() {
        let loads = Loads::default();
        let choose = |wanted| loads.choose(&at("EU", 8.0), Some(wanted), 4, 0, 0);
        assert_eq!(choose("weur/3"), ["weur/3", "weur/0", "weur/1"]);
        assert_eq!(choose("enam/1")[0], "enam/1", "it may have moved");
        for wrong in ["weur/4", "weur/03", "moon/1", "weur/-1", "weur", "", "hub", "weur/1/2"] {
            assert_eq!(choose(wrong)[0], "hub", "{wrong}");
        }
    }

    #[test]
    fn more_relays_come_into_use_as_they_fill_up() {
        let mut loads = Loads::default();
        loads.is_full("hub", 8, 0);
        let firsts = |loads: &Loads| {
            let mut firsts: Vec<String> = (0..64)
                .map(|random| loads.choose(&at("NA", -74.0), None, 8, random, 1).swap_remove(0))
                .collect();
            firsts.sort();
            firsts.dedup();
            firsts.len()
        };
        assert_eq!(firsts(&loads), 1);
        loads.taken("enam/0", 50, 8, 0);
        assert_eq!(firsts(&loads), 1);
        loads.taken("enam/0", 76, 8, 0);
        assert_eq!(firsts(&loads), 2);
        loads.is_full("enam/1", 8, 0);
        assert_eq!(firsts(&loads), 4);
        loads.is_full("enam/3", 8, 0);
        loads.is_full("enam/7", 8, 0);
        assert_eq!(firsts(&loads), 8, "never more than there are");
        loads.taken("weur/0", 99, 8, 0);
        assert_eq!(firsts(&loads), 8, "regions are apart");
    }

    #[test]
    fn a_region_is_near() {
        for (place, region) in [
            (at("EU", -9.1), "weur"),
            (at("EU", 21.0), "eeur"),
            (at("NA", -122.4), "wnam"),
            (at("NA", -74.0), "enam"),
            (at("SA", -46.6), "sam"),
            (at("AS", 139.7), "apac"),
            (at("OC", 151.2), "oc"),
            (at("AF", 28.0), "afr"),
            (at("AN", 0.0), "any"),
            (Place::default(), "any"),
        ] {
            assert_eq!(place.region(), region);
        }
        let dubai = Place {
            country: Some("AE".to_owned()),
            ..at("AS", 55.3)
        };
        assert_eq!((dubai.region(), hint("me/0"), hint("any/0")), ("me", Some("me"), None));
    }

    #[test]
    fn what_a_relay_gave_out_leads_back_to_it() {
        assert_eq!(giver("weur/2~a-0123"), "weur/2");
        assert_eq!(giver("a-0123"), "hub");
    }
}
