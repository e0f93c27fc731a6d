//! One system under load: started, warmed up, given an audience, and sent ticks.

use std::sync::Arc;
use std::time::Duration;

use super::audience::Audience;
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
/// The rate of prices, per second, before a load.
const WARM_UP_RATE: f64 = 5_000.0;

/// A warmed-up system with one client.
pub struct Load {
    /// The clients.
    pub audience: Audience,
    /// The system that is measured.
    pub system: System,
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
    /// CPU time of the system during `watched`.
    pub cpu: Option<Duration>,
    /// CPU time of the system while ticks were offered.
    pub cpu_while_offered: Option<Duration>,
    /// CPU time of the clients and the source while ticks were offered.
    pub generator_cpu: Option<Duration>,
    /// Memory of the system at the end.
    pub memory: Option<f64>,
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
        let memory = self.system.memory();
        let rounds = self.rounds_before(end);
        let limit = self.tape.now() + patience;
        self.audience
            .run(limit, |audience| audience.is_assembled() && audience.holds(&rounds));
        self.audience.reckon(&rounds);
        let watched = self.tape.now() - begun;
        let since = |cpu: Option<Duration>, which: usize| Some(cpu?.saturating_sub(cpu_before[which]?));
        let cpu = since(self.system.cpu_time(), 0);
        Played {
            tally: std::mem::replace(&mut self.audience.tally, Tally::new(end)),
            ticks,
            took,
            watched,
            cpu,
            cpu_while_offered: since(cpu_offered[0], 0),
            generator_cpu: since(cpu_offered[1], 1),
            memory,
        }
    }

    /// CPU time of the system, and of the generator.
    fn cpu(&self) -> [Option<Duration>; 2] {
        [self.system.cpu_time(), process::cpu_time(process::own_id())]
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
