//! The hub in Prometheus' text format: `/metrics`.
//!
//! Names and units follow OpenMetrics: counters end in `_total`, units are base units, and a state
//! is one series of 0 or 1 per value. Every series exists from the start, at zero, so that `rate()`
//! sees the first event. No label can be chosen by a client or the provider, which bounds the
//! number of series; relays, which are the operator's, name themselves.

use super::EdgeCounts;
use crate::dialect::Dialect;
use crate::hub::upstream::Ages;
use crate::hub::{DownReason, Machine};
use crate::market::{FeedState, Millis, StreamState};

const COUNTER: &str = "counter";
const GAUGE: &str = "gauge";

impl Machine {
    /// All metrics. Scraping changes nothing and keeps nothing awake.
    #[must_use]
    pub fn metrics(&self, edge: &EdgeCounts, now: Millis) -> String {
        let mut page = Page(String::with_capacity(8 * 1024));
        self.about_the_hub(&mut page);
        self.about_the_feed(&mut page, now);
        self.about_symbols(&mut page);
        self.about_clients(&mut page, edge);
        self.about_relays(&mut page);
        self.about_rest(&mut page, now);
        self.about_storage(&mut page, edge);
        page.0
    }

    fn about_the_hub(&self, page: &mut Page) {
        page.family(
            "hamster_build_info",
            GAUGE,
            "The version that runs.",
            "version",
            &[(env!("CARGO_PKG_VERSION"), 1)],
        );
        page.gauge(
            "hamster_simulated",
            "1 when no market is behind the prices.",
            u64::from(self.config.simulated),
        );
        page.seconds(
            "hamster_start_time_seconds",
            "Unix time at which this life of the hub, and its counters, began.",
            self.started,
        );
    }

    fn about_the_feed(&self, page: &mut Page, now: Millis) {
        let counts = &self.upstream.counts;
        let (state, since) = (self.upstream.feed.state(), self.upstream.feed.status().since);
        page.family(
            "hamster_feed_state",
            GAUGE,
            "The state of the upstream connection: 1 for the one that it is in.",
            "state",
            &FeedState::ALL.map(|one| (one.name(), u64::from(one == state))),
        );
        page.seconds(
            "hamster_feed_state_age_seconds",
            "Time since that state began.",
            now.saturating_sub(since),
        );
        page.family(
            "hamster_feed_reconnects_total",
            COUNTER,
            "Upstream connections that were lost or refused, by what was the matter.",
            "reason",
            &DownReason::ALL.map(|down| (down.name(), self.upstream.feed.down_counts().of(down))),
        );
        for (name, help, value) in [
            (
                "hamster_upstream_messages_total",
                "Messages of upstream's WebSocket.",
                counts.messages,
            ),
            (
                "hamster_upstream_limit_total",
                "Upstream's complaints that we send too many messages.",
                counts.over_limit,
            ),
            ("hamster_ticks_total", "Ticks among upstream's messages.", counts.ticks),
        ] {
            page.count(name, help, value);
        }
        page.family(
            "hamster_ticks_dropped_total",
            COUNTER,
            "Ticks that nobody was shown: older than what is shown, or of no tracked symbol.",
            "reason",
            &[("late", counts.late), ("unknown_symbol", counts.stray)],
        );
        page.histogram(
            "hamster_tick_age_seconds",
            "From the exchange's stamp, in whole seconds, to receipt by the hub.",
            &counts.tick_ages,
        );
        page.family(
            "hamster_parse_failures_total",
            COUNTER,
            "Messages that could not be read, by who said them.",
            "of",
            &[
                ("upstream", counts.unreadable),
                ("rest", counts.unreadable_answers),
                ("client", self.delivery.counts.unreadable),
            ],
        );
    }

    fn about_symbols(&self, page: &mut Page) {
        let states = [
            (StreamState::Pending, "pending"),
            (StreamState::Streaming, "streaming"),
            (StreamState::Polled, "polled"),
            (StreamState::Unavailable, "unavailable"),
        ];
        page.family(
            "hamster_symbols",
            GAUGE,
            "Tracked symbols, by how they get their prices.",
            "state",
            &states.map(|(state, name)| (name, self.symbols_in(state) as u64)),
        );
        page.gauge(
            "hamster_quotes_stale",
            "Tracked symbols whose newest price was not confirmed in time.",
            self.stale_symbols().len() as u64,
        );
        if let Some(at) = self.book.last_update() {
            page.seconds(
                "hamster_last_update_timestamp_seconds",
                "Unix time at which a quote last changed.",
                at,
            );
        }
        page.count(
            "hamster_room_refusals_total",
            "Symbols that were refused because EXTRA_SYMBOLS are tracked already.",
            self.delivery.no_room(0).0,
        );
    }

    fn about_clients(&self, page: &mut Page, edge: &EdgeCounts) {
        let counts = &self.delivery.counts;
        page.family(
            "hamster_viewers",
            GAUGE,
            "Connected clients, by what they speak.",
            "dialect",
            &Dialect::ALL.map(|one| (one.name(), self.delivery.audience.of_dialect(one))),
        );
        page.gauge(
            "hamster_channels",
            "Channels of hamster.v1 that clients share.",
            self.delivery.channels() as u64,
        );
        page.gauge(
            "hamster_clients_paused",
            "Clients of hamster.v1 that are sent nothing until they have read what they were sent.",
            self.delivery.audience.paused() as u64,
        );
        for (name, help, value) in [
            (
                "hamster_client_pauses_total",
                "How often a client was paused.",
                counts.pauses,
            ),
            (
                "hamster_updates_sent_total",
                "Price updates, one for each receiver.",
                counts.updates,
            ),
            (
                "hamster_frames_sent_total",
                "Frames, one for each receiver.",
                counts.frames,
            ),
            (
                "hamster_client_messages_total",
                "Messages of clients, acknowledgements included.",
                counts.client_messages,
            ),
        ] {
            page.count(name, help, value);
        }
        page.family(
            "hamster_clients_expelled_total",
            COUNTER,
            "Clients that the hub closed: flooding with code 4008, slow with 4009.",
            "reason",
            &[("flood", counts.floods), ("slow", counts.slow)],
        );
        page.family(
            "hamster_client_closes_total",
            COUNTER,
            "Ends of clients' connections, by the close code that was seen.",
            "code",
            &edge.closes(),
        );
    }

    fn about_relays(&self, page: &mut Page) {
        let relays = self.delivery.relays.iter().map(|(_, relay)| &relay.report);
        let clients: Vec<_> = relays.map(|report| (report.server.as_str(), report.clients)).collect();
        page.gauge(
            "hamster_relays",
            "Relays with a link to this hub.",
            clients.len() as u64,
        );
        page.family(
            "hamster_relay_clients",
            GAUGE,
            "Clients of each relay.",
            "relay",
            &clients,
        );
        if let Some(hop) = self.upstream.uplink.as_ref().and_then(|uplink| uplink.hop) {
            let help = "At a relay: half of the time from a beat to the hub's answer.";
            page.seconds("hamster_uplink_lag_seconds", help, hop);
        }
    }

    fn about_rest(&self, page: &mut Page, now: Millis) {
        let counts = &self.upstream.counts;
        page.count("hamster_rest_calls_total", "REST calls.", counts.calls);
        page.family(
            "hamster_rest_failures_total",
            COUNTER,
            "REST calls that brought nothing.",
            "reason",
            &[
                ("refused", counts.calls_refused),
                ("unreadable", counts.unreadable_answers),
                ("unreachable", counts.calls_failed),
            ],
        );
        page.count(
            "hamster_credits_charged_total",
            "API credits of those calls.",
            counts.credits_charged,
        );
        page.count(
            "hamster_errand_credits_total",
            "Those of them that were for bars, searches and exchanges' hours.",
            counts.errands,
        );
        let (in_minute, in_day) = self.upstream.calls.ledger.used(now);
        page.family(
            "hamster_credits_used",
            GAUGE,
            "API credits spent in the present wall-clock minute and UTC day.",
            "window",
            &[("minute", u64::from(in_minute)), ("day", u64::from(in_day))],
        );
        let (per_minute, per_day) = self.upstream.calls.ledger.limits();
        let limits = [("minute", u64::from(per_minute)), ("day", u64::from(per_day))];
        page.family(
            "hamster_credits_limit",
            GAUGE,
            "API credits that may be spent in it; no series for a day without a cap.",
            "window",
            if per_day > 0 {
                &limits
            } else {
                limits.get(..1).unwrap_or_default()
            },
        );
    }

    fn about_storage(&self, page: &mut Page, edge: &EdgeCounts) {
        let counts = &self.persist.counts;
        page.family(
            "hamster_storage_rows_written_total",
            COUNTER,
            "Rows that storage was given, as Cloudflare counts them: a setting of the alarm is one.",
            "row",
            &[
                ("checkpoint", counts.checkpoints),
                ("credits", counts.ledgers),
                ("alarm", edge.alarms_set),
                ("bars", edge.rows_kept),
            ],
        );
        page.count(
            "hamster_storage_failures_total",
            "Writes that storage refused.",
            counts.failures,
        );
        page.count(
            "hamster_alarms_total",
            "Alarms that fired; Cloudflare counts each as a request.",
            edge.alarms_fired,
        );
    }
}

struct Page(String);

impl Page {
    fn count(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, COUNTER, help, "", &[("", value)]);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, GAUGE, help, "", &[("", value)]);
    }

    /// A gauge of a time or duration.
    fn seconds(&mut self, name: &str, help: &str, value: Millis) {
        self.head(name, GAUGE, help);
        self.line(&[name, " ", &seconds(value)]);
    }

    /// One series per value of the label. Label values are our own and need no escaping.
    fn family(&mut self, name: &str, kind: &str, help: &str, label: &str, samples: &[(&str, u64)]) {
        self.head(name, kind, help);
        for (text, value) in samples {
            let value = value.to_string();
            if label.is_empty() {
                self.line(&[name, " ", &value]);
            } else {
                self.line(&[name, "{", label, "=\"", text, "\"} ", &value]);
            }
        }
    }

    fn histogram(&mut self, name: &str, help: &str, ages: &Ages) {
        self.head(name, "histogram", help);
        let count = ages.count().to_string();
        for (bound, below) in ages.buckets() {
            let (bound, below) = (bound.to_string(), below.to_string());
            self.line(&[name, "_bucket{le=\"", &bound, "\"} ", &below]);
        }
        self.line(&[name, "_bucket{le=\"+Inf\"} ", &count]);
        self.line(&[name, "_sum ", &seconds(ages.sum())]);
        self.line(&[name, "_count ", &count]);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(&["# HELP ", name, " ", help]);
        self.line(&["# TYPE ", name, " ", kind]);
    }

    fn line(&mut self, parts: &[&str]) {
        for part in parts {
            self.0.push_str(part);
        }
        self.0.push('\n');
    }
}

/// Milliseconds as seconds, in integer arithmetic: nothing else in the Worker needs the code that
/// formats floats like this.
fn seconds(span: Millis) -> String {
    format!("{}.{:03}", span / 1_000, span % 1_000)
}
