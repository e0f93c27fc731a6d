//! The hub in Prometheus' text format: `/metrics`.
//!
//! Names and units follow OpenMetrics: counters end in `_total`, units are base units, a state is one series of 0 or 1 for each of
//! its values. Every series is there from the start, at zero, so that `rate()` sees the first event. None has a label that
//! a client or upstream could choose: that bounds their number.

use super::counts::Ages;
use super::{EdgeCounts, FeedState, Loss, Machine, StreamState};
use crate::clock::Millis;
use std::fmt::{Display, Write};

const SYMBOL_STATES: [(StreamState, &str); 4] = [
    (StreamState::Pending, "pending"),
    (StreamState::Streaming, "streaming"),
    (StreamState::Polled, "polled"),
    (StreamState::Unavailable, "unavailable"),
];

impl Machine {
    /// All metrics. Asking changes nothing: whoever scrapes is no reader and keeps nothing awake.
    #[must_use]
    pub fn metrics(&self, edge: &EdgeCounts, now: Millis) -> String {
        let mut page = Page(String::with_capacity(8 * 1024));
        self.about_the_hub(&mut page);
        self.about_the_feed(&mut page, now);
        self.about_clients(&mut page, edge);
        self.about_rest(&mut page, now);
        self.about_storage(&mut page, edge);
        page.0
    }

    fn about_the_hub(&self, page: &mut Page) {
        page.gauge(
            "hamster_build_info",
            "The version that runs, and whether its prices are simulated.",
        );
        let labels = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("simulated", if self.config.simulated { "true" } else { "false" }),
        ];
        page.labelled("hamster_build_info", &labels, 1);
        page.gauge(
            "hamster_start_time_seconds",
            "Unix time at which this life of the hub, and its counters, began.",
        );
        page.sample("hamster_start_time_seconds", seconds(self.started));
    }

    fn about_the_feed(&self, page: &mut Page, now: Millis) {
        let counts = &self.counts;
        let (state, since, _) = self.feed.state();
        page.gauge(
            "hamster_feed_state",
            "The state of the upstream connection: 1 for the one that it is in.",
        );
        for one in FeedState::ALL {
            page.labelled("hamster_feed_state", &[("state", one.name())], u64::from(one == state));
        }
        page.gauge("hamster_feed_state_age_seconds", "Time since that state began.");
        page.sample("hamster_feed_state_age_seconds", seconds(now.saturating_sub(since)));
        page.counter(
            "hamster_feed_reconnects_total",
            "Upstream connections that were lost or refused, by what was the matter.",
        );
        for loss in Loss::ALL {
            page.labelled(
                "hamster_feed_reconnects_total",
                &[("reason", loss.name())],
                self.feed.losses().of(loss),
            );
        }
        page.count(
            "hamster_upstream_messages_total",
            "Messages of upstream's WebSocket.",
            counts.upstream_messages,
        );
        page.count(
            "hamster_upstream_limit_total",
            "Upstream's complaints that we send too many messages.",
            counts.over_limit,
        );
        page.count("hamster_ticks_total", "Ticks among upstream's messages.", counts.ticks);
        page.counter(
            "hamster_ticks_dropped_total",
            "Ticks that nobody was shown: older than what is shown, or of no tracked symbol.",
        );
        for (reason, count) in [("late", counts.late), ("unknown_symbol", counts.stray)] {
            page.labelled("hamster_ticks_dropped_total", &[("reason", reason)], count);
        }
        page.histogram(
            "hamster_tick_age_seconds",
            "From the exchange's stamp, in whole seconds, to receipt by the hub.",
            &counts.tick_ages,
        );
        page.counter(
            "hamster_parse_failures_total",
            "Messages that could not be read, by who said them.",
        );
        for (of, count) in [
            ("upstream", counts.unreadable),
            ("rest", counts.unreadable_answers),
            ("client", counts.unreadable_wishes),
        ] {
            page.labelled("hamster_parse_failures_total", &[("of", of)], count);
        }
        page.gauge("hamster_symbols", "Tracked symbols, by how they get their prices.");
        for (one, name) in SYMBOL_STATES {
            let count = self.list.iter().filter(|(_, entry)| entry.state == one).count();
            page.labelled("hamster_symbols", &[("state", name)], count);
        }
        page.gauge(
            "hamster_quotes_stale",
            "Tracked symbols whose newest price was not confirmed in time.",
        );
        page.sample("hamster_quotes_stale", self.stale_symbols().count());
        if let Some(at) = counts.last_update {
            page.gauge(
                "hamster_last_update_timestamp_seconds",
                "Unix time at which a quote last changed.",
            );
            page.sample("hamster_last_update_timestamp_seconds", seconds(at));
        }
    }

    fn about_clients(&self, page: &mut Page, edge: &EdgeCounts) {
        let counts = &self.counts;
        let (plain, v1) = self.audience.by_dialect();
        page.gauge("hamster_viewers", "Connected clients, by what they speak.");
        for (dialect, count) in [("plain", plain), ("hamster.v1", v1)] {
            page.labelled("hamster_viewers", &[("dialect", dialect)], count);
        }
        page.gauge("hamster_streams", "Streams of hamster.v1 that clients share.");
        page.sample("hamster_streams", self.outbox.streams.inhabited());
        page.gauge(
            "hamster_readers_paused",
            "Clients of hamster.v1 that are sent nothing until they have read what they were sent.",
        );
        page.sample("hamster_readers_paused", self.audience.paused());
        page.count(
            "hamster_reader_pauses_total",
            "How often a client was paused.",
            counts.pauses,
        );
        page.count(
            "hamster_updates_sent_total",
            "Price updates, one for each receiver.",
            counts.updates,
        );
        page.count(
            "hamster_frames_sent_total",
            "Frames, one for each receiver.",
            counts.frames,
        );
        page.count(
            "hamster_client_messages_total",
            "Messages of clients, acknowledgements included.",
            counts.client_messages,
        );
        page.counter(
            "hamster_clients_expelled_total",
            "Clients that the hub closed: flooding with code 4008, slow with 4009.",
        );
        for (reason, count) in [("flood", counts.floods), ("slow", counts.slow)] {
            page.labelled("hamster_clients_expelled_total", &[("reason", reason)], count);
        }
        page.counter(
            "hamster_client_closes_total",
            "Ends of clients' connections, by the close code that was seen.",
        );
        for (code, count) in edge.closes() {
            page.labelled("hamster_client_closes_total", &[("code", code)], count);
        }
    }

    fn about_rest(&self, page: &mut Page, now: Millis) {
        let counts = &self.counts;
        page.count("hamster_rest_calls_total", "REST calls.", counts.calls);
        page.counter("hamster_rest_failures_total", "REST calls that brought nothing.");
        for (reason, count) in [
            ("refused", counts.calls_refused),
            ("unreadable", counts.unreadable_answers),
            ("unreachable", counts.calls_failed),
        ] {
            page.labelled("hamster_rest_failures_total", &[("reason", reason)], count);
        }
        page.count(
            "hamster_credits_charged_total",
            "API credits of those calls.",
            counts.credits_charged,
        );
        let (in_minute, in_day) = self.polling.ledger.used(now);
        let (per_minute, per_day) = self.polling.ledger.limits();
        page.gauge(
            "hamster_credits_used",
            "API credits spent in the present wall-clock minute and UTC day.",
        );
        for (window, used) in [("minute", in_minute), ("day", in_day)] {
            page.labelled("hamster_credits_used", &[("window", window)], used);
        }
        page.gauge(
            "hamster_credits_limit",
            "API credits that may be spent in it; no series for a day without a cap.",
        );
        for (window, limit) in [("minute", per_minute), ("day", per_day)]
            .into_iter()
            .filter(|(_, limit)| *limit > 0)
        {
            page.labelled("hamster_credits_limit", &[("window", window)], limit);
        }
    }

    fn about_storage(&self, page: &mut Page, edge: &EdgeCounts) {
        let counts = &self.counts;
        page.counter(
            "hamster_storage_rows_written_total",
            "Rows that storage was given, as Cloudflare counts them: a setting of the alarm is one.",
        );
        for (row, count) in [
            ("checkpoint", counts.checkpoints),
            ("credits", counts.ledgers),
            ("alarm", edge.alarms_set),
        ] {
            page.labelled("hamster_storage_rows_written_total", &[("row", row)], count);
        }
        page.count(
            "hamster_storage_failures_total",
            "Writes that storage refused.",
            counts.storage_failures,
        );
        page.count(
            "hamster_alarms_total",
            "Alarms that fired; Cloudflare counts each as a request.",
            edge.alarms_fired,
        );
    }
}

/// A span or time in milliseconds as seconds.
fn seconds(span: Millis) -> f64 {
    span as f64 / 1_000.0
}

/// The text under construction. Writing to a `String` does not fail.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn gauge(&mut self, name: &str, help: &str) {
        self.family(name, "gauge", help);
    }

    fn counter(&mut self, name: &str, help: &str) {
        self.family(name, "counter", help);
    }

    /// A counter without labels.
    fn count(&mut self, name: &str, help: &str, value: u64) {
        self.counter(name, help);
        self.sample(name, value);
    }

    fn sample(&mut self, name: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name} {value}");
    }

    /// Label values are our own words: nothing in them needs to be escaped.
    fn labelled(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{text}\"", if place == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "}} {value}");
    }

    fn histogram(&mut self, name: &str, help: &str, ages: &Ages) {
        self.family(name, "histogram", help);
        for (bound, count) in ages.buckets() {
            let _ = writeln!(self.0, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let (count, sum) = (ages.count(), seconds(ages.sum()));
        let _ = writeln!(
            self.0,
            "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}"
        );
    }
}
