//! What the object's deeds mean for the clients and upstream.

use super::{EXTRA_SYMBOLS, Stage};
use hamster_kit::Deed;
use hamster_terminal::driver::{Event, REST_TIMEOUT, Wakeup};
use hamster_terminal::hub::ClientId;
use serde_json::Value;

impl Stage {
    /// Hands in one event, carries out what follows, and checks it. Then the event loop takes its
    /// next turn, unless it hangs.
    pub(super) fn happen(&mut self, event: impl Into<Event>) {
        let mut next = Some(event.into());
        while let Some(event) = next {
            // Each client that the object finds counts as an input.
            let inputs = match &event {
                Event::Began(sockets) => 1 + sockets.len(),
                _ => 1,
            };
            self.object.happen(event, self.now);
            self.carry_out(inputs);
            let has_come_round = !self.loop_hangs && !self.object.take_timers(|_, why| why == Wakeup::Pulse).is_empty();
            next = has_come_round.then_some(Event::Woke(Wakeup::Pulse));
        }
    }

    fn carry_out(&mut self, inputs: usize) {
        let deeds = self.object.platform.take_deeds();
        let (count, bytes) = (deeds.len(), deeds.iter().map(size).sum::<usize>());
        // Every client may be told of every symbol, a few times over.
        let news = (self.object.config.symbols.len() + EXTRA_SYMBOLS) * (self.clients.len() + 1);
        assert!(count <= inputs * (64 + 8 * news), "{count} deeds of one event");
        assert!(
            bytes <= inputs * (128 * 1024 + 2_048 * news),
            "{bytes} bytes of deeds of one event"
        );
        for deed in deeds {
            self.becomes_of(deed);
        }
        let complaint = &self.object.platform.complaint;
        assert!(complaint.is_none(), "{complaint:?}");
    }

    fn becomes_of(&mut self, deed: Deed) {
        match deed {
            Deed::SendUpstream(_, frame) => {
                serde_json::from_str::<Value>(&frame).expect("JSON for upstream");
            }
            Deed::Fetch(..) => self.call_until = Some(self.now + REST_TIMEOUT),
            Deed::Tell(clients, frame) => clients.into_iter().for_each(|client| self.tell(client, &frame)),
            Deed::Remember(client) => {
                let Some(record) = self.object.platform.attachment(client).map(ToOwned::to_owned) else {
                    return;
                };
                assert!(record.len() <= 12 * 1024, "an attachment of {} bytes", record.len());
                let kept: Value = serde_json::from_str(&record).unwrap();
                let symbols = kept["symbols"].as_array().unwrap().iter();
                let client = self.client(client);
                client.symbols = symbols.map(|symbol| symbol.as_str().unwrap().to_owned()).collect();
                client.record = record;
            }
            Deed::Close(client, _) => self.client(client).is_connected = false,
            Deed::OpenUpstream(_)
            | Deed::CloseUpstream(_)
            | Deed::Write(_)
            | Deed::Keep(_)
            | Deed::Answer(..)
            | Deed::Log(_) => {}
        }
    }

    fn tell(&mut self, id: ClientId, frame: &str) {
        let client = self.clients.get_mut(&id).expect("one of the six");
        if client.is_connected {
            client.hear(frame, &self.sayings);
        }
    }
}

fn size(deed: &Deed) -> usize {
    match deed {
        Deed::Tell(_, text) | Deed::SendUpstream(_, text) | Deed::Log(text) => text.len(),
        _ => 0,
    }
}
