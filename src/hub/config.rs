//! The operator's settings and their defaults. Every timeout is a var, so that tests need not wait.

use crate::access::{Access, AccessError};
use crate::market::{Instrument, MINUTE, Millis, SECOND};
use crate::provider::{self, Provider, Secret};

/// The settings of one hub. Durations are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Whether the upstream is the built-in simulator. Every price then says so.
    pub simulated: bool,
    /// The upstream provider.
    pub provider: Provider,
    /// For a relay, whose source is another hub: the name of this server.
    pub relay: Option<String>,
    /// Whether the front door wants to know how full this server is.
    pub tells_load: bool,
    /// A fingerprint of endpoint and key that reveals neither: a stored refusal applies only to the
    /// upstream and key that refused.
    pub upstream: u32,
    /// The symbols that are always subscribed, in the order in which the page lists them.
    pub symbols: Vec<Instrument>,
    /// Items of `SYMBOLS` that are not symbols, each with the reason. The other symbols are served.
    pub bad_symbols: Vec<(String, String)>,
    /// Vars that are set by their old name, as (old, new).
    pub old_vars: Vec<(&'static str, &'static str)>,
    /// The API key and other text to remove from anything that the provider says.
    pub secret: Secret,
    /// How many symbols the plan lets one connection stream.
    pub symbol_limit: usize,
    /// How many symbols beside `symbols` may be tracked at once because clients ask for them.
    pub extra_symbols: usize,
    /// API credits per wall-clock minute, until the provider's headers say otherwise.
    pub credits_per_minute: u32,
    /// API credits per UTC day; 0 for a plan without a daily cap.
    pub credits_per_day: u32,
    /// Percent of a day's credits that bars, searches and the hours of exchanges may use. With 0 the
    /// provider is asked for quotes only.
    pub history_percent: u32,
    /// Interval of heartbeats to the provider.
    pub heartbeat: Millis,
    /// Time without any frame after which the connection counts as dead.
    pub silence: Millis,
    /// Time without a tick, while a streaming symbol's market is open, until the feed is mute.
    pub mute: Millis,
    /// From a close to the next attempt, before jitter and backoff.
    pub reconnect: Millis,
    /// Upper limit of the backoff.
    pub reconnect_max: Millis,
    /// A connection that lived this long resets the count of failures.
    pub healthy: Millis,
    /// Wait after a refusal of the key, the plan or the request.
    pub refused: Millis,
    /// Interval of REST refreshes of a symbol that does not stream.
    pub fallback: Millis,
    /// Interval of checkpoint writes.
    pub checkpoint: Millis,
    /// From the last viewer or REST request until the upstream connection is closed.
    pub idle: Millis,
    /// A quote of an open market is stale when its exchange time is older than this or, without
    /// one, when nothing confirmed it for this long.
    pub stale: Millis,
    /// How long a REST request waits for fresh data of a hub that just woke.
    pub waiter: Millis,
    /// How often previous closes and sessions are asked for again.
    pub reference: Millis,
    /// Random words that nobody else knows, from which secrets of sessions are made.
    pub entropy: [u64; 4],
    /// Who may connect.
    pub access: Access,
    /// Clients that may be connected at once in all.
    pub most_clients: u32,
    /// Clients that one address may have at once.
    pub clients_per_address: u32,
    /// Clients that one principal may have at once, unless its pass says otherwise.
    pub clients_per_principal: u32,
    /// REST calls that one principal, or one address, may make in a minute.
    pub calls_per_minute: u32,
    /// Those of them that may look something up: bars, symbols, hours.
    pub lookups_per_minute: u32,
    /// Messages that a client may send in a minute; half of them at once.
    pub messages_per_minute: u32,
    /// Symbols that one client may watch.
    pub symbols_per_client: usize,
    /// Least time between two updates of a symbol to a plain-JSON client.
    pub plain_interval: Millis,
    /// Clients per shard: those that one flush sends to.
    pub shard: u32,
}

/// How many servers a deployment has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Relays of each region; 0 for the hub alone.
    pub relays: u32,
    /// Clients of one relay.
    pub relay_clients: u32,
    /// Clients that the hub serves by itself, if there are relays.
    hub_clients: u32,
}

impl Scale {
    /// Reads the vars through `var`.
    ///
    /// # Errors
    /// [`ConfigError`] for the first var that cannot be used.
    pub fn from_vars(var: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name: &'static str| {
            let value = var(name).filter(|value| !value.trim().is_empty())?;
            Some((name, value))
        };
        Ok(Self {
            relays: number(&set, "RELAYS", 0, 0, 1_000)? as u32,
            relay_clients: number(&set, "RELAY_CLIENTS", 8_000, 1, 32_000)? as u32,
            hub_clients: number(&set, "HUB_CLIENTS", 1_000, 0, 32_000)? as u32,
        })
    }

    /// The name of a deployment that is a relay, if one is set.
    ///
    /// # Errors
    /// [`ConfigError::RelayName`] for a name that the hub would shorten.
    pub fn relay_name(var: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, ConfigError> {
        let name = var("RELAY_NAME").map(|name| name.trim().to_owned());
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        match name.filter(|name| !name.is_empty()) {
            Some(name) if name.len() > LONGEST_RELAY_NAME || !name.chars().all(is_plain) => {
                Err(ConfigError::RelayName(name))
            }
            name => Ok(name),
        }
    }

    /// The settings of the hub itself.
    #[must_use]
    pub fn of_hub(&self, mut config: Config) -> Config {
        if self.relays > 0 {
            config.most_clients = config.most_clients.min(self.hub_clients);
            config.tells_load = true;
        }
        config
    }
}

/// A var that cannot be used, with what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not a whole number within its range.
    #[error("the var {name} is {value:?}: set a whole number from {least} to {most}")]
    Number {
        /// Name of the var.
        name: &'static str,
        /// Its value.
        value: String,
        /// Smallest allowed value.
        least: u64,
        /// Largest allowed value.
        most: u64,
    },
    /// `SYMBOLS` is empty or too long: the number of symbols, and its invalid items as text.
    #[error("the var SYMBOLS must name 1 to 200 symbols, such as \"BTC/USD,AAPL\"; it names {0}{1}")]
    SymbolCount(usize, String),
    /// The name of a relay, which stands in headers, labels and the names of sessions.
    #[error("the var RELAY_NAME is {0:?}: set 1 to 64 letters, digits and signs of \"/._-\"")]
    RelayName(String),
    /// A setting about access.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// Divides the name of a server from what it gave out: a session, or a ticket.
pub const OF_SERVER: char = '~';

/// The symbols of a terminal without a `SYMBOLS` var.
pub const DEFAULT_SYMBOLS: &str = "BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD";

/// Renamed vars as (old, new). The old names work until the next release.
const RENAMED: [(&str, &str); 2] = [("LANE_CLIENTS", "SHARD_CLIENTS"), ("READER_MS", "WAITER_MS")];

const MOST_DEFAULT_SYMBOLS: usize = 200;
/// In bytes. The hub, which does not trust its relays, shortens a longer name in their reports.
const LONGEST_RELAY_NAME: usize = 64;
const LONGEST_SPAN: Millis = 24 * 60 * MINUTE;

impl Config {
    /// The settings of a relay: another hub's clients have the same limits here, and the link its own
    /// times. `most_clients` is the most clients of one relay.
    #[must_use]
    pub fn of_relay(mut self, name: String, most_clients: u32) -> Self {
        self.relay = Some(name);
        self.tells_load = true;
        self.most_clients = most_clients;
        self.heartbeat = 2 * SECOND;
        self.silence = 5 * SECOND;
        self.healthy = 5 * SECOND;
        self.reconnect = SECOND;
        self.reconnect_max = 10 * SECOND;
        self.refused = MINUTE;
        // Nothing is stored; the alarm only keeps the relay in memory.
        self.checkpoint = MINUTE;
        self
    }

    /// What names and tickets of this server begin with, so that those who bring them are led here.
    #[must_use]
    pub fn prefix(&self) -> String {
        let prefix = self.relay.as_ref().map(|name| format!("{name}{OF_SERVER}"));
        prefix.unwrap_or_default()
    }

    /// The frame that keeps the upstream connection alive.
    #[must_use]
    pub fn keep_alive(&self) -> String {
        match self.relay {
            Some(_) => provider::hub::beat(),
            None => self.provider.keep_alive(),
        }
    }

    /// A seed, mixed with what nobody else knows.
    #[must_use]
    pub fn secret_seed(&self, seed: u64) -> u64 {
        self.entropy.iter().fold(seed, |mixed, word| mixed ^ word)
    }

    /// Reads the vars through `var`; absent or blank means the default. `simulated`: no key is set.
    ///
    /// # Errors
    /// [`ConfigError`] for the first var that cannot be used.
    pub fn from_vars(simulated: bool, var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let raw = var;
        let set = |name: &str| raw(name).filter(|value| !value.trim().is_empty());
        let old_vars = RENAMED.iter().filter(|(old, _)| set(old).is_some()).copied().collect();
        let var = |name: &'static str| {
            let by_old_name = || {
                let (old, _) = RENAMED.iter().find(|(_, new)| *new == name)?;
                Some((*old, set(old)?))
            };
            set(name).map(|value| (name, value)).or_else(by_old_name)
        };
        let number = |name, default, least, most| number(&var, name, default, least, most);
        let span = |name, default| number(name, default, 10, LONGEST_SPAN);
        let (symbols, bad_symbols) = symbols(var("SYMBOLS").map(|(_, list)| list))?;
        let provider = Provider::TwelveData;
        let tariff = provider.tariff(simulated);
        Ok(Self {
            simulated,
            provider,
            relay: None,
            tells_load: false,
            old_vars,
            upstream: 0,
            symbols,
            bad_symbols,
            secret: Secret::default(),
            symbol_limit: number("SYMBOL_LIMIT", tariff.streamed_symbols, 1, 10_000)? as usize,
            extra_symbols: number("EXTRA_SYMBOLS", 50, 0, 1_000)? as usize,
            credits_per_minute: number("CREDITS_PER_MINUTE", tariff.credits_per_minute, 1, 100_000)? as u32,
            credits_per_day: number("CREDITS_PER_DAY", tariff.credits_per_day, 0, 1_000_000_000)? as u32,
            history_percent: number("HISTORY_CREDITS_PERCENT", 25, 0, 100)? as u32,
            heartbeat: span("HEARTBEAT_MS", 10 * SECOND)?,
            silence: span("SILENCE_MS", 20 * SECOND)?,
            mute: span("MUTE_MS", 60 * SECOND)?,
            reconnect: span("RECONNECT_MS", 5 * SECOND)?,
            reconnect_max: span("RECONNECT_MAX_MS", 60 * SECOND)?,
            healthy: span("HEALTHY_MS", 30 * SECOND)?,
            refused: span("REFUSED_MS", 15 * MINUTE)?,
            fallback: span("FALLBACK_MS", 30 * SECOND)?,
            checkpoint: span("CHECKPOINT_MS", 30 * SECOND)?,
            idle: span("IDLE_MS", 300 * SECOND)?,
            stale: span("STALE_MS", 60 * SECOND)?,
            waiter: number("WAITER_MS", 1_500, 10, 1_900)?,
            reference: span("REFERENCE_MS", 60 * MINUTE)?,
            plain_interval: number("PLAIN_INTERVAL_MS", 100, 0, MINUTE)?,
            entropy: [0; 4],
            access: Access::from_vars(&raw)?,
            most_clients: number("MOST_CLIENTS", 32_000, 1, 32_000)? as u32,
            clients_per_principal: number("CLIENTS_PER_PRINCIPAL", 100, 1, 100_000)? as u32,
            calls_per_minute: number("CALLS_PER_MINUTE", 600, 1, 1_000_000)? as u32,
            lookups_per_minute: number("LOOKUPS_PER_MINUTE", 240, 1, 1_000_000)? as u32,
            messages_per_minute: number("MESSAGES_PER_MINUTE", 120, 2, 100_000)? as u32,
            symbols_per_client: number("SYMBOLS_PER_CLIENT", 200, 1, 200)? as usize,
            clients_per_address: number("CLIENTS_PER_ADDRESS", 100, 1, 100_000)? as u32,
            shard: number("SHARD_CLIENTS", 512, 1, 100_000)? as u32,
        })
    }
}

/// A var by its present name or by its old one, with the name by which it was found.
type Var<'a> = &'a dyn Fn(&'static str) -> Option<(&'static str, String)>;

// A function, because a closure would be repeated for each var.
fn number(var: Var<'_>, name: &'static str, default: u64, least: u64, most: u64) -> Result<u64, ConfigError> {
    let Some((name, value)) = var(name) else {
        return Ok(default);
    };
    match value.trim().parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(ConfigError::Number {
            name,
            value,
            least,
            most,
        }),
    }
}

/// Most characters of an invalid item that an error message repeats.
const LONGEST_ECHO: usize = 40;
/// Most invalid items that an error message names.
const MOST_NAMED: usize = 3;

type Symbols = (Vec<Instrument>, Vec<(String, String)>);

/// The valid symbols of a list, and the invalid items with their reasons.
fn symbols(list: Option<String>) -> Result<Symbols, ConfigError> {
    let list = list.unwrap_or_else(|| DEFAULT_SYMBOLS.to_owned());
    let (mut symbols, mut bad): Symbols = (Vec::new(), Vec::new());
    for part in list.split(',').filter(|part| !part.trim().is_empty()) {
        match Instrument::parse(part) {
            Ok(instrument) if symbols.contains(&instrument) => {}
            Ok(instrument) => symbols.push(instrument),
            Err(why) => bad.push((part.trim().chars().take(LONGEST_ECHO).collect(), why.to_string())),
        }
    }
    if symbols.is_empty() || symbols.len() > MOST_DEFAULT_SYMBOLS {
        let named = bad
            .iter()
            .take(MOST_NAMED)
            .map(|(part, why)| format!("; {part:?} is {why}"));
        return Err(ConfigError::SymbolCount(symbols.len(), named.collect()));
    }
    Ok((symbols, bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_design() {
        let config = Config::from_vars(false, |_| None).unwrap();
        assert_eq!(config.symbols.len(), 8);
        assert_eq!(
            (config.symbol_limit, config.credits_per_minute, config.credits_per_day),
            (8, 8, 800)
        );
        assert_eq!(
            (config.heartbeat, config.silence, config.mute),
            (10_000, 20_000, 60_000)
        );
        assert_eq!(
            (config.reconnect, config.fallback, config.checkpoint, config.idle),
            (5_000, 30_000, 30_000, 300_000)
        );
    }

    #[test]
    fn a_wrong_var_is_named_with_what_is_right() {
        let with = |name: &'static str, value: &'static str| {
            Config::from_vars(false, move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(
            with("RECONNECT_MS", "soon").unwrap_err().to_string(),
            "the var RECONNECT_MS is \"soon\": set a whole number from 10 to 86400000"
        );
        assert_eq!(with("SYMBOLS", ","), Err(ConfigError::SymbolCount(0, String::new())));
        let nothing = with("SYMBOLS", "$$$").unwrap_err().to_string();
        assert!(nothing.contains(r#"it names 0; "$$$" is not a symbol"#), "{nothing}");
        assert_eq!(with("SYMBOLS", "aapl, AAPL").unwrap().symbols.len(), 1);
        assert_eq!(with("IDLE_MS", "1000").unwrap().idle, 1_000);
    }

    #[test]
    fn a_var_works_by_its_old_name_too() {
        let old = Config::from_vars(false, |name| (name == "LANE_CLIENTS").then(|| "7".to_owned())).unwrap();
        assert_eq!((old.shard, old.old_vars), (7, vec![("LANE_CLIENTS", "SHARD_CLIENTS")]));
        let both = |name: &str| match name {
            "LANE_CLIENTS" => Some("7".to_owned()),
            "SHARD_CLIENTS" => Some("8".to_owned()),
            _ => None,
        };
        assert_eq!(Config::from_vars(false, both).unwrap().shard, 8);
        assert!(Config::from_vars(false, |_| None).unwrap().old_vars.is_empty());
        let wrong = Config::from_vars(false, |name| (name == "READER_MS").then(|| "5".to_owned()));
        assert!(wrong.unwrap_err().to_string().starts_with("the var READER_MS is \"5\""));
    }

    #[test]
    fn with_relays_the_hub_serves_few() {
        let vars = |name: &str| match name {
            "RELAYS" => Some("4".to_owned()),
            "HUB_CLIENTS" => Some("500".to_owned()),
            _ => None,
        };
        let config = Config::from_vars(false, |_| None).unwrap();
        let scale = Scale::from_vars(&vars).unwrap();
        assert_eq!((scale.relays, scale.relay_clients), (4, 8_000));
        assert_eq!(scale.of_hub(config.clone()).most_clients, 500);
        let alone = Scale::from_vars(&|_| None).unwrap();
        assert_eq!(alone.of_hub(config.clone()).most_clients, 32_000);
        let relay = config.of_relay("weur/0".to_owned(), scale.relay_clients);
        assert_eq!(
            (relay.most_clients, relay.silence, relay.prefix().as_str()),
            (8_000, 5_000, "weur/0~")
        );
        let wrong = Scale::from_vars(&|name: &str| (name == "RELAYS").then(|| "many".to_owned()));
        assert!(wrong.unwrap_err().to_string().contains("RELAYS"));
    }

    #[test]
    fn a_relays_name_can_stand_in_headers_and_labels() {
        let named = |name: &str| Scale::relay_name(&|_| Some(name.to_owned()));
        assert_eq!(Scale::relay_name(&|_| None), Ok(None));
        assert_eq!(named(" \n"), Ok(None));
        assert_eq!(named("rack-2.weur/0 "), Ok(Some("rack-2.weur/0".to_owned())));
        for wrong in ["two words", "東京", "a~b", "a\nb", &"x".repeat(65)] {
            assert_eq!(named(wrong), Err(ConfigError::RelayName(wrong.to_owned())));
        }
    }

    #[test]
    fn a_name_that_is_none_costs_itself_alone() {
        let list = |name: &str| (name == "SYMBOLS").then(|| "AAPL,$$$,M&M:NSE".to_owned());
        let config = Config::from_vars(false, list).unwrap();
        let symbols: Vec<String> = config.symbols.iter().map(ToString::to_string).collect();
        assert_eq!(symbols, ["AAPL", "M&M:NSE"]);
        assert_eq!(config.bad_symbols.len(), 1);
        assert_eq!(config.bad_symbols[0].0, "$$$");
    }
}
