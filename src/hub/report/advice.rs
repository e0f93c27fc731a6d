//! What is wrong and what to do about it, as text for the operator: `advice` in `/api/status`.

use crate::hub::answer::Advice;
use crate::hub::book::Entry;
use crate::hub::{DownReason, Machine, SymbolId};
use crate::market::{FeedState, FeedStatus, Millis, StreamState};

/// Most symbols that one sentence names; the others are counted.
const MOST_NAMED: usize = 8;

impl Machine {
    /// Everything that is wrong; empty if the hub works as it should.
    pub(super) fn advice(&self, now: Millis) -> Vec<Advice> {
        let mut advice = Vec::new();
        advice.extend(self.advice_on_feed());
        advice.extend(self.advice_on_storage());
        advice.extend(self.advice_on_rest(now));
        advice.extend(self.advice_on_bad_symbols());
        advice.extend(self.advice_on_symbols());
        advice.extend(self.advice_on_room(now));
        advice.extend(self.advice_on_clients());
        advice
    }

    fn advice_on_feed(&self) -> Option<Advice> {
        let FeedStatus { state, reason, .. } = self.upstream.feed.status();
        let todo = match (state, self.upstream.feed.cause()) {
            // Connecting lasts only a moment; whatever makes it fail becomes a cause.
            (FeedState::Idle | FeedState::Connecting | FeedState::Live, _) => return None,
            _ if self.config.relay.is_some() && !self.upstream.feed.is_told() => {
                "See whether the hub runs and can be reached from here; this relay dials it again by itself, and the last prices turn stale meanwhile."
            }
            (_, Some(DownReason::Closed)) => {
                "Nothing, if it is live again soon. If it is closed soon after each opening, another client uses the same key: end that one, or give this one a key of its own."
            }
            (_, Some(DownReason::Silent | DownReason::Unanswered | DownReason::Gap)) => {
                "Nothing for the moment: the hub opens a new connection by itself. If it lasts, see Twelve Data's status page."
            }
            (_, Some(DownReason::Mute)) => {
                "See whether the markets of these symbols trade now, and whether the plan streams them; the hub subscribes anew by itself, and prices come by REST meanwhile."
            }
            (_, Some(DownReason::NothingAccepted)) => {
                "See whether the plan includes WebSocket streaming of these symbols, and whether SYMBOL_LIMIT is what the plan allows; until then prices come by REST."
            }
            (_, Some(DownReason::TooManyMessages)) => {
                "Nothing, if it passes within minutes; else see whether another client uses the same key: end that one, or give this one a key of its own."
            }
            (_, Some(DownReason::Unreachable)) => {
                "Check TWELVE_DATA_WS_URL, if it is set; else see Twelve Data's status page. The hub tries again by itself."
            }
            (_, Some(DownReason::Unavailable)) => {
                "Nothing for the moment: the hub tries again by itself, more and more seldom. If it lasts, see Twelve Data's status page."
            }
            (_, Some(DownReason::Key)) => {
                "Check the key at twelvedata.com/account and set it: npx wrangler secret put TWELVE_DATA_API_KEY. A new key is tried at once."
            }
            (_, Some(DownReason::Plan)) => {
                "Choose a plan with WebSocket access at twelvedata.com/pricing, or use a key that has one. Until then prices come by REST within the credits."
            }
            (_, Some(DownReason::Request)) => {
                "Check SYMBOLS and, if it is set, TWELVE_DATA_WS_URL: upstream will not take this request as it is."
            }
            (_, None) => "Nothing for the moment: the hub tries again by itself.",
        };
        Some(Advice {
            about: "feed",
            wrong: format!("{}: {reason}", state.name()),
            todo,
        })
    }

    fn advice_on_storage(&self) -> Option<Advice> {
        let trouble = self.persist.trouble.as_ref()?;
        Some(Advice {
            about: "storage",
            wrong: format!("storage refuses writes ({trouble}); prices flow on, but a restart would lose the newest"),
            todo: "See in Cloudflare's dashboard whether the account has used up its rows or its storage for today, and its status page; the hub tries again with each write.",
        })
    }

    fn advice_on_rest(&self, now: Millis) -> Option<Advice> {
        let (_, in_day) = self.upstream.calls.ledger.used(now);
        let (_, per_day) = self.upstream.calls.ledger.limits();
        if per_day > 0 && in_day >= per_day {
            return Some(Advice {
                about: "credits",
                wrong: format!("all {per_day} API credits of this UTC day are spent; what does not stream turns stale"),
                todo: "Wait for midnight UTC, watch fewer symbols that are polled, or choose a larger plan and set CREDITS_PER_DAY. If the hub did not spend them, another client uses the same key.",
            });
        }
        let trouble = self.upstream.calls.trouble()?;
        let todo = if trouble.contains("the key") {
            "Check the key at twelvedata.com/account and set it: npx wrangler secret put TWELVE_DATA_API_KEY."
        } else if trouble.contains("credits") {
            "Nothing, if it passes within minutes; else set CREDITS_PER_MINUTE and CREDITS_PER_DAY to what the plan has, and see whether another client uses the same key."
        } else if trouble.contains("refused") {
            "See which symbols below are unavailable, and take them out of SYMBOLS, or choose a plan that has them."
        } else {
            "Nothing for the moment: the hub asks again by itself. If it lasts, check TWELVE_DATA_REST_URL, if it is set, and Twelve Data's status page."
        };
        Some(Advice {
            about: "rest",
            wrong: trouble.to_owned(),
            todo,
        })
    }

    fn advice_on_bad_symbols(&self) -> Vec<Advice> {
        let bad = self.config.bad_symbols.iter().take(MOST_NAMED);
        bad.map(|(name, why)| Advice {
            about: "symbols",
            wrong: format!("SYMBOLS holds {name:?}, which is {why}"),
            todo: "Correct it in SYMBOLS, or take it out; the other symbols are served.",
        })
        .collect()
    }

    fn advice_on_room(&self, now: Millis) -> Option<Advice> {
        let refusals = self.delivery.no_room(now).1?;
        let others = self.config.extra_symbols;
        Some(Advice {
            about: "symbols",
            wrong: format!(
                "viewers asked {refusals} times for a symbol for which there is no room: {others} beside SYMBOLS are tracked at once"
            ),
            todo: "Nothing, if these are too many wishes for your plan. Else raise EXTRA_SYMBOLS, or put what is asked for most into SYMBOLS.",
        })
    }

    fn advice_on_symbols(&self) -> Vec<Advice> {
        let in_state = |state: StreamState| self.symbols_that(&|entry| entry.service.state == state);
        let cases = [
            (
                in_state(StreamState::Unavailable),
                "neither streams nor comes by REST",
                "See the reason beside each symbol; take it out of SYMBOLS, correct it (RY:TSX pins an exchange), or choose a plan that has it.",
            ),
            (
                in_state(StreamState::Polled),
                "does not stream and is polled by REST",
                "Nothing, if slower prices will do. Else choose a plan that streams it, and set SYMBOL_LIMIT to what the plan allows.",
            ),
            (
                self.stale_symbols(),
                "is stale: its market is open, as far as is known, but no price that was made of late",
                "Nothing, if it trades seldom; what the plan delays is always stale. If the feed is live and the market busy, see whether the plan streams it, and what credits says.",
            ),
        ];
        let told = cases.into_iter().filter(|(ids, ..)| !ids.is_empty());
        told.map(|(ids, what, todo)| Advice {
            about: "symbols",
            wrong: format!("{} {what}", self.spoken(&ids)),
            todo,
        })
        .collect()
    }

    fn advice_on_clients(&self) -> Option<Advice> {
        let paused = self.delivery.audience.paused();
        (paused > 0).then(|| Advice {
            about: "clients",
            wrong: format!(
                "{paused} of {} clients do not read what they are sent",
                self.delivery.audience.len()
            ),
            todo: "Nothing: they catch up by themselves or are closed after 30 s, and nobody else notices.",
        })
    }

    /// Symbols whose newest price was not confirmed in time although their market may be open.
    pub(super) fn stale_symbols(&self) -> Vec<SymbolId> {
        let is_stale = |entry: &Entry| {
            entry.cell.quote.as_ref().is_some_and(|quote| {
                quote.stale_since.is_some() && entry.cell.reference.session != crate::market::Session::Closed
            })
        };
        self.symbols_that(&is_stale)
    }

    fn symbols_that(&self, are: &dyn Fn(&Entry) -> bool) -> Vec<SymbolId> {
        let found = self.book.iter().filter(|(_, entry)| are(entry));
        found.map(|(id, _)| id).collect()
    }

    fn spoken(&self, ids: &[SymbolId]) -> String {
        let names = ids.iter().filter_map(|id| self.book.get(*id));
        let names: Vec<String> = names
            .take(MOST_NAMED)
            .map(|entry| entry.instrument.to_string())
            .collect();
        let more = ids.len() - names.len();
        let rest = if more > 0 {
            format!(" and {more} more:")
        } else {
            ":".to_owned()
        };
        format!("{}{rest} each", names.join(", "))
    }
}
