//! One system under load: started, warmed up, given an audience, and sent ticks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::audience::Audience;
use super::client::Dialect;
use super::process;
use super::source::Source;
use super::systems::{Kind, Places, System};
use super::tally::Tally;
use super::tape::Tape;

/// The limit until the first client holds every symbol.
const WARM_UP_LIMIT: Duration = Duration::from_secs(15);
/// Our worker asks REST for previous closes when it starts. That must not happen during a load.
const REST_LIMIT: Duration = Duration::from_secs(10);
const SETTLING: Duration = Duration::from_millis(300);
/// The limit until the clients of several servers hold every symbol.
const GATHERING_LIMIT: Duration = Duration::from_secs(90);
/// The rate of prices, per second, before a load.
const WARM_UP_RATE: f64 = 5_000.0;

/// A warmed-up system with one client.
pub struct Load {
    /// The clients.
    pub audience: Audience,
    /// The system that is measured.
    pub system: System,
    /// Its relays, if it has any.
    pub relays: Vec<System>,
    /// The source of ticks.
    pub source: Source,
    /// The tape of ticks.
    pub tape: Arc<Tape>,
    /// The next tick to play.
    next: usize,
}

/// The results of one stretch of the tape.
pub struct Played {
    /// What clients received.
    pub tally: Tally,
    /// The number of ticks.
    pub ticks: usize,
    /// How long the offering took.
    pub took: Duration,
    /// From the first offer until every client was served or given up.
    pub watched: Duration,
    /// CPU time during `watched`.
    pub cpu: Cpu,
    /// CPU time while ticks were offered.
    pub cpu_while_offered: Cpu,
    /// Memory of the system and its relays at the end.
    pub memory: Option<f64>,
}

/// CPU time of the processes of a load.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// Of the system alone.
    pub system: Option<Duration>,
    /// Of its relays.
    pub relays: Option<Duration>,
    /// Of the clients and the source.
    pub generator: Option<Duration>,
}

impl Cpu {
    /// Of the system and its relays.
    pub fn servers(&self) -> Option<Duration> {
        Some(self.system? + self.relays?)
    }

    fn since(self, before: Cpu) -> Cpu {
        let since = |now: Option<Duration>, before: Option<Duration>| Some(now?.saturating_sub(before?));
        Cpu {
            system: since(self.system, before.system),
            relays: since(self.relays, before.relays),
            generator: since(self.generator, before.generator),
        }
    }
}

impl Load {
    /// Starts a system on a tape with this many symbols and ticks.
    ///
    /// # Errors
    /// Why the system is unavailable here, as a sentence.
    pub fn start(kind: Kind, places: &Places, symbols: usize, ticks: usize) -> Result<Load, String> {
        let tape = Arc::new(Tape::new(symbols, ticks));
        let source = Source::start(tape.clone());
        let system = System::start(kind, places, &source, &tape)?;
        let audience = Audience::new(tape.clone(), system.address, system.dialect);
        let mut load = Load {
            audience,
            system,
            relays: Vec::new(),
            source,
            next: 0,
            tape,
        };
        load.warm_up()?;
        Ok(load)
    }

    /// Makes the system connect upstream and hold a price of every symbol, for one client.
    fn warm_up(&mut self) -> Result<(), String> {
        let (source, symbols) = (&self.source, self.tape.symbols());
        self.audience.join(1);
        let limit = self.tape.now() + WARM_UP_LIMIT;
        self.audience.run(limit, |_| source.has_subscriber());
        source.play(0, symbols, WARM_UP_RATE);
        self.audience
            .run(limit, |audience| source.is_silent() && audience.is_assembled());
        if self.audience.open() == 0 || !self.audience.is_assembled() {
            let why = self.audience.tally.faults.example.take();
            return Err(format!("its first client got no prices ({})", why.unwrap_or_default()));
        }
        if matches!(self.system.kind, Kind::Ours | Kind::OursJson) {
            let limit = self.tape.now() + REST_LIMIT;
            self.audience.run(limit, |_| source.rest_quotes() >= symbols);
            // A REST quote is as new as its request. Ticks are stamped in seconds, so only a tick
            // of a later second is newer.
            self.audience.run(self.tape.now() + Duration::from_secs(1), |_| false);
        }
        self.source.play(symbols, 2 * symbols, WARM_UP_RATE);
        self.next = 2 * symbols;
        self.rest(SETTLING);
        Ok(())
    }

    /// Gives the system this many relays, each a process of its own. Each opens its link with its
    /// first client.
    ///
    /// # Errors
    /// Why one is unavailable here, as a sentence.
    pub fn add_relays(&mut self, count: usize, places: &Places) -> Result<(), String> {
        for number in 0..count {
            let relay = self
                .system
                .start_relay(&format!("relay/{number}"), places, &self.tape)?;
            self.relays.push(relay);
        }
        Ok(())
    }

    /// The addresses of the relays.
    pub fn relay_addresses(&self) -> Vec<SocketAddr> {
        self.relays.iter().map(|relay| relay.address).collect()
    }

    /// Replaces the audience by this many clients of these servers. Returns how long it took until
    /// each held a price of every symbol.
    pub fn gather(&mut self, clients: usize, servers: Vec<SocketAddr>, dialect: Dialect) -> Duration {
        self.audience.move_to(servers, dialect);
        self.rest(SETTLING);
        let took = self.assemble(clients, GATHERING_LIMIT);
        self.rest(Duration::from_secs(1));
        took
    }

    /// Lets time pass.
    pub fn rest(&mut self, span: Duration) {
        self.audience.run(self.tape.now() + span, |_| false);
    }

    /// Brings the audience to this many clients, each with a price of every symbol. Returns how
    /// long it took.
    pub fn assemble(&mut self, clients: usize, limit: Duration) -> Duration {
        let begun = self.tape.now();
        self.audience.begin(self.next);
        self.audience.join(clients.saturating_sub(self.audience.open()));
        self.audience.run(begun + limit, Audience::is_assembled);
        self.tape.now() - begun
    }

    /// Plays for `span` at a rate, then waits until every client is current, but at most for
    /// `patience`. Calls `meanwhile` every 10 ms with the time since the beginning.
    pub fn play(
        &mut self,
        per_second: f64,
        span: Duration,
        patience: Duration,
        mut meanwhile: impl FnMut(&mut Audience, &System, Duration),
    ) -> Played {
        // A client that could not even connect is an error of this load.
        let before = std::mem::replace(&mut self.audience.tally, Tally::new(self.next));
        self.audience.tally.faults = before.faults;
        let ticks = (per_second * span.as_secs_f64()).round().max(1.0) as usize;
        let (first, end) = (self.next, self.next + ticks);
        self.next = end;
        let begun = self.tape.now();
        let cpu_before = self.cpu();
        self.source.play(first, end, per_second);
        let mut now = begun;
        while !self.source.is_silent() {
            meanwhile(&mut self.audience, &self.system, now - begun);
            self.audience.run(now + Duration::from_millis(10), |_| false);
            now = self.tape.now();
        }
        // The last tick is offered one interval before the end.
        let took = (now - begun).max(Duration::from_secs_f64(ticks as f64 / per_second));
        let cpu_offered = self.cpu();
        let servers = std::iter::once(&self.system).chain(&self.relays);
        let memory = servers.map(System::memory).sum();
        let rounds = self.rounds_before(end);
        let limit = self.tape.now() + patience;
        self.audience
            .run(limit, |audience| audience.is_assembled() && audience.holds(&rounds));
        self.audience.reckon(&rounds);
        let watched = self.tape.now() - begun;
        Played {
            tally: std::mem::replace(&mut self.audience.tally, Tally::new(end)),
            ticks,
            took,
            watched,
            cpu: self.cpu().since(cpu_before),
            cpu_while_offered: cpu_offered.since(cpu_before),
            memory,
        }
    }

    fn cpu(&self) -> Cpu {
        Cpu {
            system: self.system.cpu_time(),
            relays: self.relays.iter().map(System::cpu_time).sum(),
            generator: process::cpu_time(process::own_id()),
        }
    }

    /// The newest round of each symbol among the ticks before this one.
    fn rounds_before(&self, end: usize) -> Vec<u32> {
        let last = (end - 1) / self.tape.symbols();
        (0..self.tape.symbols())
            .map(|symbol| match self.tape.number(symbol, last) < end {
                true => last as u32,
                false => last as u32 - 1,
            })
            .collect()
    }
}
