//! What becomes of the hub's effects, as the driver, the platform and the clients would have it.

use super::{EXTRA_SYMBOLS, REST_TIMEOUT, Stage};
use hamster_terminal::hub::{ClientId, Effect, Input};
use serde_json::Value;

impl Stage {
    /// Hands in one input, carries out all that follows, and checks it.
    pub(super) fn input(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.hub.handle(input, self.now);
            let (mut count, mut bytes) = (0, 0);
            while let Some(effect) = self.hub.next_effect() {
                count += 1;
                bytes += size(&effect);
                inputs.extend(self.carry_out(effect));
            }
            // Every client may be told of every symbol, a few times over.
            let news = (self.config.symbols.len() + EXTRA_SYMBOLS) * (self.clients.len() + 1);
            assert!(count <= 64 + 8 * news, "{count} effects of one input");
            assert!(
                bytes <= 128 * 1024 + 2_048 * news,
                "{bytes} bytes of effects of one input"
            );
            inputs.extend(self.closed.drain(..).map(Input::Left));
            if self.pulse_is_due && !self.loop_hangs && inputs.is_empty() {
                self.pulse_is_due = false;
                inputs.push(Input::Pulse);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::OpenUpstream { link } => {
                assert!(self.link.is_none(), "a second upstream connection");
                self.link = Some((link, false));
            }
            Effect::CloseUpstream { link } => {
                assert_eq!(self.link.map(|(open, _)| open), Some(link), "closes what is not open");
                self.link = None;
            }
            Effect::SendUpstream { link, frame } => {
                assert_eq!(self.link, Some((link, true)), "speaks to nobody");
                serde_json::from_str::<Value>(&frame).expect("JSON for upstream");
            }
            Effect::Fetch { request, symbols } => {
                assert!(
                    self.call.is_none() && !symbols.is_empty(),
                    "one call at a time, for something"
                );
                self.call = Some((request, self.now + REST_TIMEOUT));
            }
            Effect::Send { client, frame } => self.tell(client, &frame),
            Effect::Broadcast { group, frame } => {
                let members: Vec<_> = self.groups.iter().filter(|(of, _)| *of == group).collect();
                let members: Vec<ClientId> = members.into_iter().map(|(_, client)| *client).collect();
                members.into_iter().for_each(|client| self.tell(client, &frame));
            }
            Effect::Enroll { client, group } => {
                self.groups.insert((group, client));
            }
            Effect::Dismiss { client, group } => {
                self.groups.remove(&(group, client));
            }
            Effect::Pulse => self.pulse_is_due = true,
            Effect::Remember { client, record } => {
                assert!(record.len() <= 12 * 1024, "an attachment of {} bytes", record.len());
                let kept: Value = serde_json::from_str(&record).unwrap();
                let symbols = kept["symbols"].as_array().unwrap().iter();
                let client = self.client(client);
                client.symbols = symbols.map(|symbol| symbol.as_str().unwrap().to_owned()).collect();
                client.record = record;
            }
            Effect::CloseClient { client, .. } => {
                self.client(client).is_connected = false;
                self.groups.retain(|(_, member)| *member != client);
                self.closed.push(client);
            }
            Effect::SaveCheckpoint(row) | Effect::SaveCredits(row) if self.storage_fails => {
                return Some(Input::Stored(Some(format!("disk full: {} bytes", row.len()))));
            }
            Effect::SaveCheckpoint(row) => {
                self.stored.checkpoint = Some(row);
                return Some(Input::Stored(None));
            }
            Effect::SaveCredits(row) => {
                self.stored.credits = Some(row);
                return Some(Input::Stored(None));
            }
            Effect::Answer(_) | Effect::Log(_) => {}
        }
        None
    }

    fn tell(&mut self, id: ClientId, frame: &str) {
        let client = self.clients.get_mut(&id).expect("one of the four");
        if client.is_connected {
            client.hear(frame, &self.sayings);
        }
    }
}

fn size(effect: &Effect) -> usize {
    match effect {
        Effect::Send { frame, .. } | Effect::Broadcast { frame, .. } | Effect::SendUpstream { frame, .. } => {
            frame.len()
        }
        Effect::SaveCheckpoint(row) | Effect::SaveCredits(row) | Effect::Log(row) => row.len(),
        Effect::Remember { record, .. } => record.len(),
        _ => 0,
    }
}
