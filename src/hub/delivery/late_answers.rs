//! Answers to subscriptions that wait until their outcome is known. Twelve Data's clients are told
//! once which symbols they will be sent, so they are told when the provider has taken or refused
//! each, or after some seconds.

use super::audience::Unanswered;
use super::{ClientId, Delivery, ServerEvent, Stage, SymbolId, clients};
use crate::dialect::SubscriptionFailure;
use crate::market::{Millis, SECOND, StreamState};

/// How long an answer waits at most: the hub asks the provider within three seconds, and REST after
/// that for what the stream refused.
const AT_MOST: Millis = 6 * SECOND;

impl Delivery {
    /// A client is to be told the outcome of a subscription when it is known.
    pub(super) fn answer_later(
        &mut self,
        client: ClientId,
        symbols: Vec<SymbolId>,
        fails: Vec<SubscriptionFailure>,
        stage: &mut Stage<'_>,
    ) {
        self.answer_now(client, stage);
        let until = stage.now + AT_MOST;
        if let Some(asker) = self.audience.get_mut(client) {
            asker.unanswered = Some(Box::new(Unanswered { symbols, fails, until }));
            self.unanswered.push((client, until));
        }
        self.answer_what_is_known(stage);
        self.remember(client, stage);
    }

    /// When an answer has waited long enough.
    pub(super) fn answers_at(&self) -> Option<Millis> {
        self.unanswered.iter().map(|(_, until)| *until).min()
    }

    /// Answers every subscription whose outcome is known or that has waited long enough.
    pub(super) fn answer_what_is_known(&mut self, stage: &mut Stage<'_>) {
        for (client, until) in std::mem::take(&mut self.unanswered) {
            let waiting = self.audience.get_mut(client);
            let Some(waiting) = waiting.and_then(|client| client.unanswered.as_deref()) else {
                continue;
            };
            if waiting.until != until {
                continue;
            }
            if stage.now >= until || waiting.symbols.iter().all(|id| is_known(*id, stage)) {
                self.answer_now(client, stage);
            } else {
                self.unanswered.push((client, until));
            }
        }
    }

    /// A symbol is lost. Whoever waits for its outcome is told it with the rest of the answer; false
    /// if the client does not wait.
    pub(super) fn fails_later(&mut self, client: ClientId, id: SymbolId, failure: &SubscriptionFailure) -> bool {
        let waiting = self.audience.get_mut(client);
        let Some(waiting) = waiting.and_then(|client| client.unanswered.as_deref_mut()) else {
            return false;
        };
        let before = waiting.symbols.len();
        waiting.symbols.retain(|symbol| *symbol != id);
        let was_asked = waiting.symbols.len() < before;
        if was_asked {
            waiting.fails.push(failure.clone());
        }
        was_asked
    }

    fn answer_now(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        let waiting = self.audience.get_mut(client);
        let Some(answer) = waiting.and_then(|client| client.unanswered.take()) else {
            return;
        };
        let Unanswered { mut symbols, fails, .. } = *answer;
        // It may have given some up meanwhile.
        let watched = self.audience.watched(client);
        symbols.retain(|id| watched.contains(id));
        let book = stage.demand.book();
        let success: Vec<_> = symbols
            .iter()
            .filter_map(|id| clients::subscription(book, *id))
            .collect();
        self.send(client, &ServerEvent::subscribed(success, fails), stage);
        self.remember(client, stage);
        self.show(client, &symbols, stage);
    }
}

/// Whether it is known how a symbol gets its prices. One that REST serves may still turn out to be
/// unknown there.
fn is_known(id: SymbolId, stage: &Stage<'_>) -> bool {
    stage
        .demand
        .book()
        .get(id)
        .is_none_or(|entry| match entry.service.state {
            StreamState::Streaming | StreamState::Unavailable => true,
            StreamState::Polled | StreamState::Pending => entry.cell.quote.is_some(),
        })
}
