//! A link between a relay and its hub: what is under way on it, in each direction in order.

use fastrand::Rng;
use hamster_terminal::hub::{ClientId, LinkId};
use hamster_terminal::market::{Millis, SECOND};
use serde_json::{Value, json};

/// What travels on a link.
#[derive(Debug, Clone)]
pub enum Parcel {
    /// The relay's upgrade request.
    Dial,
    /// The hub's answer to it.
    Accepted,
    /// A text frame.
    Frame(String),
    /// The connection has ended.
    Closed,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToHub,
    ToRelay,
}

#[derive(Debug)]
pub struct Wire {
    pub relay: usize,
    pub link: LinkId,
    /// The hub's client, once the hub has taken the link.
    pub client: Option<ClientId>,
    /// Nothing arrives any more, and nobody is told.
    pub is_dead: bool,
    /// The next frame to the relay is lost, as no network would, but a fault of ours.
    pub loses_one: bool,
    /// Nothing arrives before this time.
    pub held_until: Millis,
    /// One end is a version ahead: its frames say more than the other end knows.
    pub is_newer: Option<Way>,
    /// How long a parcel takes.
    delay: Millis,
    /// When the last parcel of each direction arrives.
    last: [Millis; 2],
}

impl Wire {
    pub fn new(relay: usize, link: LinkId, rng: &mut Rng) -> Self {
        Self {
            relay,
            link,
            client: None,
            is_dead: false,
            loses_one: false,
            held_until: 0,
            is_newer: [None, None, Some(Way::ToHub), Some(Way::ToRelay)][rng.usize(0..4)],
            delay: [1, 20, 80, 150, SECOND][rng.usize(0..5)],
            last: [0; 2],
        }
    }

    /// When a parcel arrives that is sent now.
    pub fn arrives(&mut self, way: Way, now: Millis) -> Millis {
        let last = &mut self.last[way as usize];
        *last = (now + self.delay).max(self.held_until).max(*last);
        *last
    }
}

/// A frame as a later version would send it: fields, items and places that this one does not know.
pub fn of_a_later_version(frame: &str) -> String {
    let Ok(mut frame) = serde_json::from_str(frame) else {
        return frame.to_owned();
    };
    let more = |object: &mut Value| {
        if let Value::Object(fields) = object {
            let unknown = json!({"n": 0, "price": 1, "event": "snapshot"});
            fields.insert("of_a_later_version".to_owned(), unknown);
        }
    };
    match &mut frame {
        Value::Array(parts) => {
            for item in parts.iter_mut().skip(3) {
                match item {
                    Value::Array(steps) => {
                        steps.resize(7, 0.into());
                        steps.push(json!("later"));
                    }
                    item => more(item),
                }
            }
            parts.push(json!({"later": [0, 1]}));
        }
        object => {
            more(object);
            let symbols = object.get_mut("symbols").and_then(Value::as_array_mut);
            symbols.into_iter().flatten().for_each(more);
        }
    }
    frame.to_string()
}
