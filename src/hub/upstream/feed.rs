//! The state machine of the one upstream connection: when to open it, when to consider it dead or
//! mute, and when to retry.
//!
//! Why there is never a second connection: `link` is the only handle, a new one is opened only
//! while it is `None`, and every path that drops a link queues [`Effect::CloseUpstream`] before the
//! next [`Effect::OpenUpstream`]. Events with an earlier link's number are ignored.

use super::down_reason::{DownCounts, DownReason};
use super::{Config, Effect, Effects, LinkId};
use crate::hub::io::Trouble;
use crate::market::{FeedState, FeedStatus, Millis, SECOND};
use crate::provider::Refusal;

#[derive(Debug)]
pub struct Feed {
    status: FeedStatus,
    link: Option<Link>,
    last_link: u32,
    failures: u32,
    /// Links in a row that were dropped as mute.
    mutes: u32,
    retry_at: Millis,
    /// Why the feed is not live.
    cause: Option<DownReason>,
    down_counts: DownCounts,
    /// Whether the hub, whose relay this is, has told the state of its feed on this link.
    is_told: bool,
    jitter: fastrand::Rng,
}

#[derive(Debug)]
struct Link {
    id: LinkId,
    /// `None` while the upgrade is in flight.
    opened: Option<Millis>,
    started: Millis,
    last_frame: Millis,
    last_tick: Millis,
    has_ticked: bool,
    heartbeat_at: Millis,
    /// Whether its silence was noticed late, so that frames may wait unread.
    is_doubted: bool,
    /// When a mute link was reset.
    reset_at: Option<Millis>,
    /// What became of the symbols, if the provider streams none of them on this link.
    barren: Option<Barren>,
}

/// Why a link streams nothing, and when it is given up for another.
#[derive(Debug, Clone, Copy)]
struct Barren {
    why: DownReason,
    until: Millis,
}

/// What to expect of an open link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// No symbol streams.
    Nothing,
    /// Symbols stream, but none of their markets is open: no ticks for now.
    Quiet,
    /// Ticks: the market of a symbol that streams, or was asked for, is open.
    Ticks,
}

/// What the caller must do after [`Feed::advance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedTurn {
    Steady,
    /// The link is gone, and all subscriptions with it.
    LinkLost,
    /// All subscriptions were reset on purpose and must be made again.
    Resubscribe,
}

/// The platform evicts a Durable Object after about ten seconds without work.
const SLEEP_RISK: Millis = 8 * SECOND;
const STEADY_FAILURES: u32 = 6;
/// A market that stays mute across reconnects is probably just quiet: each time the timeout
/// doubles, up to 32 times the first one.
const MOST_MUTE_DOUBLINGS: u32 = 5;
const JITTER_PERCENT: u64 = 20;
/// After a restart of the hub all its relays come back.
const RELAYS_JITTER_PERCENT: u64 = 90;
/// A relay that notices silence this much too late was busy or frozen: frames may wait unread.
const LATE: Millis = SECOND;
/// How long it then waits for them.
const SECOND_LOOK: Millis = 200;

fn jitter(config: &Config) -> u64 {
    if config.relay.is_some() {
        RELAYS_JITTER_PERCENT
    } else {
        JITTER_PERCENT
    }
}

impl Feed {
    /// An idle feed.
    #[must_use]
    pub fn new(seed: u64, now: Millis) -> Self {
        Self {
            status: FeedStatus {
                state: FeedState::Idle,
                since: now,
                reason: "nobody is watching; the upstream opens with the first viewer or reader".to_owned(),
            },
            link: None,
            last_link: 0,
            failures: 0,
            mutes: 0,
            retry_at: 0,
            cause: None,
            down_counts: DownCounts::default(),
            is_told: false,
            jitter: fastrand::Rng::with_seed(seed),
        }
    }

    /// Continues a wait that an evicted object had stored.
    pub fn remember(&mut self, trouble: Trouble) {
        self.status = FeedStatus {
            state: trouble.state,
            since: trouble.since,
            reason: trouble.reason,
        };
        self.failures = trouble.failures;
        self.retry_at = trouble.retry_at;
        self.cause = DownReason::named(&trouble.cause);
    }

    /// What to store for [`Feed::remember`], if the wait is so long that the object may be evicted.
    #[must_use]
    pub fn trouble(&self, now: Millis) -> Option<Trouble> {
        self.remembered_wait(now).map(|retry_at| Trouble {
            state: self.status.state,
            since: self.status.since,
            reason: self.status.reason.clone(),
            failures: self.failures,
            retry_at,
            cause: self.cause.map_or_else(String::new, |cause| cause.name().to_owned()),
        })
    }

    /// When the current wait ends, if it is long enough to be stored.
    #[must_use]
    pub fn remembered_wait(&self, now: Millis) -> Option<Millis> {
        let waits = self.link.is_none() && matches!(self.status.state, FeedState::Refused | FeedState::Fallback);
        (waits && self.retry_at >= now + SLEEP_RISK).then_some(self.retry_at)
    }

    #[must_use]
    pub fn status(&self) -> &FeedStatus {
        &self.status
    }

    #[must_use]
    pub fn state(&self) -> FeedState {
        self.status.state
    }

    /// Why the feed is not live, if that is a problem.
    #[must_use]
    pub fn cause(&self) -> Option<DownReason> {
        self.cause
    }

    #[must_use]
    pub fn down_counts(&self) -> &DownCounts {
        &self.down_counts
    }

    /// The link, if its upgrade has succeeded.
    #[must_use]
    pub fn open_link(&self) -> Option<LinkId> {
        self.link
            .as_ref()
            .filter(|link| link.opened.is_some())
            .map(|link| link.id)
    }

    /// Whether `id` is the current link. Events of any other link arrive late and are ignored.
    #[must_use]
    pub fn is_current(&self, id: LinkId) -> bool {
        self.link.as_ref().is_some_and(|link| link.id == id)
    }

    pub fn opened(&mut self, config: &Config, now: Millis) {
        if let Some(link) = &mut self.link {
            link.opened = Some(now);
            link.last_frame = now;
            link.last_tick = now;
            link.heartbeat_at = now + config.heartbeat;
        }
    }

    /// Any frame proves that the socket is alive.
    pub fn heard(&mut self, now: Millis) {
        if let Some(link) = &mut self.link {
            link.last_frame = now;
            link.is_doubted = false;
        }
    }

    /// The hub, whose relay this is, tells the state of its feed.
    pub fn told(&mut self, status: FeedStatus) {
        self.is_told = true;
        self.cause = None;
        self.status = status;
    }

    /// Whether the state is that of the hub whose relay this is: the link is open.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.is_told
    }

    /// When the last heartbeat was sent.
    #[must_use]
    pub fn beat_sent(&self, config: &Config) -> Option<Millis> {
        self.link.as_ref()?.heartbeat_at.checked_sub(config.heartbeat)
    }

    /// The link is of no use, for this reason: it is closed, and another one opened soon.
    pub fn hang_up(&mut self, what: &str, config: &Config, now: Millis, effects: &mut Effects) {
        self.drop_link(DownReason::Gap, what, config, now, effects);
    }

    /// The hub, whose relay this is, answered the upgrade with this status.
    pub fn refused_by_hub(&mut self, status: u16, config: &Config, now: Millis) {
        let tried = self.link.take().map_or(now, |link| link.started);
        if matches!(status, 401 | 403 | 404) {
            let what = format!("the hub refuses this relay ({status}): check RELAY_OF, and RELAY_SECRET in both");
            self.stay_away(DownReason::Key, &what, config, now);
        } else {
            let what = format!("the hub did not open the link ({status})");
            self.fail(DownReason::Unavailable, &what, tried, config, now);
        }
    }

    /// A tick of any symbol arrived: the feed is live. Returns true if that is news.
    pub fn ticked(&mut self, now: Millis) -> bool {
        let Some(link) = &mut self.link else {
            return false;
        };
        link.last_tick = now;
        link.reset_at = None;
        link.barren = None;
        self.mutes = 0;
        let is_news = self.status.state != FeedState::Live || !link.has_ticked;
        link.has_ticked = true;
        if is_news {
            self.enter(FeedState::Live, "ticks are arriving", now);
        }
        is_news
    }

    /// The provider accepted at least one symbol.
    pub fn accepted(&mut self, now: Millis) {
        if let Some(link) = &mut self.link {
            link.barren = None;
        }
        if self.link.as_ref().is_some_and(|link| link.reset_at.is_none()) && self.status.state != FeedState::Live {
            self.enter(FeedState::Live, "subscribed; waiting for the first tick", now);
        }
    }

    /// The provider accepted none of our symbols, though the socket is open. An earlier connection
    /// may still hold the plan's streaming credits. This one is given up after `REFUSED_MS`, the wait
    /// after a refused upgrade.
    pub fn accepted_nothing(&mut self, config: &Config, now: Millis) {
        let reason = "upstream's WebSocket accepted none of the symbols; prices come by REST: see whether the plan includes WebSocket streaming";
        self.streams_nothing(DownReason::NothingAccepted, reason, config.refused, now);
    }

    /// The provider answered no subscription, though the socket is open: as good as mute.
    pub fn answered_nothing(&mut self, config: &Config, now: Millis) {
        let reason = "upstream's WebSocket answers no subscription; prices come by REST";
        self.streams_nothing(DownReason::Mute, reason, config.mute << self.mutes, now);
    }

    #[inline(never)]
    fn streams_nothing(&mut self, why: DownReason, reason: &str, wait: Millis, now: Millis) {
        if let Some(link) = &mut self.link {
            let until = now + wait;
            link.barren.get_or_insert(Barren { why, until });
        }
        self.cause = Some(why);
        self.enter(FeedState::Fallback, reason, now);
    }

    /// The upgrade was answered with another status than 101.
    pub fn refused(&mut self, refusal: Option<Refusal>, config: &Config, now: Millis) {
        let tried = self.link.take().map_or(now, |link| link.started);
        let what = refusal
            .as_ref()
            .map_or("no WebSocket and no reason", Refusal::text)
            .to_owned();
        match refusal {
            Some(Refusal::Key(_)) => self.stay_away(
                DownReason::Key,
                &format!("upstream refused the key ({what}): check TWELVE_DATA_API_KEY"),
                config,
                now,
            ),
            Some(Refusal::Plan(_)) => self.stay_away(
                DownReason::Plan,
                &format!("upstream refused the connection ({what}): check the plan of the key"),
                config,
                now,
            ),
            Some(Refusal::Request(_)) => self.stay_away(
                DownReason::Request,
                &format!("upstream refused the request ({what})"),
                config,
                now,
            ),
            Some(Refusal::Minute | Refusal::Day | Refusal::Server(_)) | None => self.fail(
                DownReason::Unavailable,
                &format!("upstream did not open: {what}"),
                tried,
                config,
                now,
            ),
        }
    }

    /// The connection could not be made, or it ended; `what` describes how.
    pub fn lost(&mut self, what: &str, config: &Config, now: Millis) {
        let down = if self.open_link().is_some() {
            DownReason::Closed
        } else {
            DownReason::Unreachable
        };
        self.lose(down, what, config, now);
    }

    #[inline(never)]
    fn lose(&mut self, down: DownReason, what: &str, config: &Config, now: Millis) {
        let Some(link) = self.link.take() else { return };
        self.is_told = false;
        let life = link.opened.map(|opened| link.last_frame.saturating_sub(opened));
        if life.is_some_and(|life| life >= config.healthy) {
            self.failures = 0;
        }
        let short_lives = life.is_some() && self.failures >= 2;
        let hint = if short_lives {
            " soon after it opened, again: does another client use the same key?"
        } else {
            ""
        };
        let spoke = link.opened.is_some_and(|opened| link.last_frame > opened);
        let tried = if spoke { now } else { link.started };
        self.fail(down, &format!("{what}{hint}"), tried, config, now);
    }

    /// The provider rejects subscriptions for a while, and nothing streams yet.
    pub fn told_to_be_quiet(&mut self, now: Millis) {
        self.cause = Some(DownReason::TooManyMessages);
        let reason = "upstream says that we send too many messages, so nothing is subscribed; asking again in about a minute, prices come by REST";
        self.enter(FeedState::Fallback, reason, now);
    }

    /// Opens or closes the link, sends heartbeats and checks the timeouts. `wanted`: somebody
    /// watches.
    pub fn advance(
        &mut self,
        wanted: bool,
        outlook: Outlook,
        config: &Config,
        now: Millis,
        effects: &mut Effects,
    ) -> FeedTurn {
        if !wanted {
            return self.go_idle(now, effects);
        }
        let Some(link) = &mut self.link else {
            if self.retry_at <= now {
                self.open(now, effects);
            }
            return FeedTurn::Steady;
        };
        let Some(opened) = link.opened else {
            if now >= link.started + config.silence {
                let what = "the upstream did not answer the upgrade";
                return self.drop_link(DownReason::Unanswered, what, config, now, effects);
            }
            return FeedTurn::Steady;
        };
        if now >= link.last_frame + config.silence {
            if config.relay.is_some() && !link.is_doubted && now >= link.last_frame + config.silence + LATE {
                link.is_doubted = true;
                link.last_frame = now + SECOND_LOOK - config.silence.min(now);
                return FeedTurn::Steady;
            }
            let what = format!(
                "nothing heard for {}, not even heartbeats",
                spoken(now - link.last_frame)
            );
            return self.drop_link(DownReason::Silent, &what, config, now, effects);
        }
        if now >= link.heartbeat_at {
            link.heartbeat_at = now + config.heartbeat;
            effects.push(Effect::SendUpstream {
                link: link.id,
                frame: config.keep_alive(),
            });
        }
        if let Some(Barren { why, .. }) = link.barren.filter(|barren| now >= barren.until) {
            let what = "no symbol streams on this connection; trying another";
            return self.drop_link(why, what, config, now, effects);
        }
        if outlook != Outlook::Ticks {
            // No ticks are expected, so the mute timeout starts when they are.
            link.last_tick = now.max(opened);
            // A mute feed does not become live just because nothing is subscribed for a while: it
            // needs a tick.
            link.reset_at = link.reset_at.filter(|_| outlook == Outlook::Nothing).map(|_| now);
            if self.status.state != FeedState::Live && outlook == Outlook::Quiet {
                self.enter(FeedState::Live, "subscribed; no market of these symbols is open", now);
            }
            return FeedTurn::Steady;
        }
        let mute = config.mute << self.mutes;
        match link.reset_at {
            None if now >= link.last_tick + mute => {
                link.reset_at = Some(now);
                self.cause = Some(DownReason::Mute);
                effects.push(Effect::SendUpstream {
                    link: link.id,
                    frame: config.provider.reset(),
                });
                let quiet = spoken(mute);
                self.enter(
                    FeedState::Stalled,
                    &format!("connected, but no tick for {quiet} while a market is open; subscribing anew, prices come by REST"),
                    now,
                );
                FeedTurn::Resubscribe
            }
            Some(reset_at) if now >= reset_at + config.silence => {
                self.drop_link(DownReason::Mute, "still mute after a reset", config, now, effects)
            }
            _ => FeedTurn::Steady,
        }
    }

    /// Deadlines that matter only while the object is awake with an open socket.
    #[must_use]
    pub fn watch_deadline(&self, outlook: Outlook, config: &Config) -> Option<Millis> {
        let link = self.link.as_ref()?;
        if link.opened.is_none() {
            return Some(link.started + config.silence);
        }
        let silence = link.last_frame + config.silence;
        let mute = match link.reset_at {
            _ if outlook != Outlook::Ticks => Millis::MAX,
            None => link.last_tick + (config.mute << self.mutes),
            Some(reset_at) => reset_at + config.silence,
        };
        let barren = link.barren.map_or(Millis::MAX, |barren| barren.until);
        Some(silence.min(mute).min(barren).min(link.heartbeat_at))
    }

    /// The next connection attempt. The alarm must be set for it, so that it survives an eviction.
    #[must_use]
    pub fn retry_deadline(&self) -> Option<Millis> {
        (self.link.is_none() && self.status.state != FeedState::Idle).then_some(self.retry_at)
    }

    fn open(&mut self, now: Millis, effects: &mut Effects) {
        self.last_link = self.last_link.wrapping_add(1);
        let id = LinkId(self.last_link);
        self.link = Some(Link {
            id,
            opened: None,
            started: now,
            last_frame: now,
            last_tick: now,
            has_ticked: false,
            heartbeat_at: Millis::MAX,
            is_doubted: false,
            reset_at: None,
            barren: None,
        });
        if self.status.state == FeedState::Idle {
            self.enter(FeedState::Connecting, "opening the upstream connection", now);
        }
        effects.push(Effect::OpenUpstream { link: id });
    }

    fn go_idle(&mut self, now: Millis, effects: &mut Effects) -> FeedTurn {
        let link = self.link.take();
        self.is_told = false;
        if let Some(link) = &link {
            effects.push(Effect::CloseUpstream { link: link.id });
        }
        // A refusal is kept, so that a hub that idles and wakes does not hammer the provider.
        if !matches!(self.status.state, FeedState::Idle | FeedState::Refused) {
            self.failures = 0;
            self.retry_at = 0;
            self.enter(
                FeedState::Idle,
                "nobody is watching; the upstream opens with the first viewer or reader",
                now,
            );
        }
        if link.is_some() {
            FeedTurn::LinkLost
        } else {
            FeedTurn::Steady
        }
    }

    #[inline(never)]
    fn drop_link(
        &mut self,
        down: DownReason,
        what: &str,
        config: &Config,
        now: Millis,
        effects: &mut Effects,
    ) -> FeedTurn {
        if down == DownReason::Mute {
            self.mutes = (self.mutes + 1).min(MOST_MUTE_DOUBLINGS);
        }
        if let Some(link) = &self.link {
            effects.push(Effect::CloseUpstream { link: link.id });
        }
        self.lose(down, what, config, now);
        FeedTurn::LinkLost
    }

    /// The wait counts from `tried`, so an attempt that took long to fail has already waited.
    #[inline(never)]
    fn fail(&mut self, down: DownReason, what: &str, tried: Millis, config: &Config, now: Millis) {
        self.failures = self.failures.saturating_add(1);
        self.down_counts.add(down);
        self.cause = Some(down);
        let least = config.reconnect - config.reconnect * jitter(config) / 100;
        self.retry_at = (tried + self.backoff(config)).max(now + least);
        let delay = self.retry_at - now;
        let next = spoken(delay);
        let (state, meanwhile) = match config.relay {
            Some(_) => (FeedState::Stalled, "no prices come meanwhile"),
            None => (FeedState::Fallback, "prices come by REST"),
        };
        let reason = format!("{what}; next try in {next} (attempt {}); {meanwhile}", self.failures);
        self.enter(state, &reason, now);
    }

    #[inline(never)]
    fn stay_away(&mut self, down: DownReason, what: &str, config: &Config, now: Millis) {
        self.down_counts.add(down);
        self.cause = Some(down);
        self.retry_at = now + config.refused;
        let next = spoken(config.refused);
        self.enter(FeedState::Refused, &format!("{what}; next try in {next}"), now);
    }

    /// `reconnect` for the first six failures in a row, then doubling up to `reconnect_max`; ±20 %, or
    /// for a relay, of which there are many, ±90 %.
    fn backoff(&mut self, config: &Config) -> Millis {
        let doublings = self.failures.saturating_sub(STEADY_FAILURES).min(16);
        let base = (config.reconnect << doublings).min(config.reconnect_max.max(config.reconnect));
        let spread = base * jitter(config) / 100;
        (base - spread + self.jitter.u64(0..=2 * spread)).min(config.reconnect_max.max(config.reconnect))
    }

    #[inline(never)]
    fn enter(&mut self, state: FeedState, reason: &str, now: Millis) {
        if self.status.state != state {
            self.status.since = now;
        }
        self.status.state = state;
        if matches!(state, FeedState::Live | FeedState::Idle) {
            self.cause = None;
        }
        reason.clone_into(&mut self.status.reason);
    }
}

/// `800 ms`, `5 s`, `15 min`: a duration for a reason that people read.
fn spoken(span: Millis) -> String {
    match span {
        0..SECOND => format!("{span} ms"),
        SECOND..120_000 => format!("{} s", (span + SECOND / 2) / SECOND),
        _ => format!("{} min", (span + 30 * SECOND) / (60 * SECOND)),
    }
}
