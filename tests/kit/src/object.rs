//! The Durable Object: the production driver on the platform in memory, through one life after
//! another.

use crate::Double;
use hamster_terminal::access::Standing;
use hamster_terminal::driver::{Driver, Event, SharedBreaker, TurnedAway, Wakeup};
use hamster_terminal::hub::{ClientId, Config, Machine, Stored};
use hamster_terminal::market::Millis;

/// An object, in memory or evicted. Every `now` is the time by its own clock.
#[derive(Debug)]
pub struct Object {
    /// The operator's configuration.
    pub config: Config,
    /// The object's platform.
    pub platform: Double,
    /// The storage breaker lives as long as the isolate.
    breaker: SharedBreaker,
    driver: Option<Driver>,
}

impl Object {
    /// A new object that is not in memory yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            platform: Double::default(),
            breaker: SharedBreaker::default(),
            driver: None,
        }
    }

    /// The driver, while the object is in memory.
    #[must_use]
    pub fn driver(&self) -> Option<&Driver> {
        self.driver.as_ref()
    }

    /// The state machine, while the object is in memory.
    #[must_use]
    pub fn machine(&self) -> Option<&Machine> {
        self.driver.as_ref().map(Driver::machine)
    }

    /// Whether storage failed and has not worked since.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        self.breaker.borrow().is_troubled()
    }

    /// Loads it into memory as its constructor does: reads the rows and returns the first event to
    /// hand in, which carries the open sockets.
    #[must_use]
    pub fn begin(&mut self, seed: u64, now: Millis) -> Event {
        let rows = Stored {
            checkpoint: self.platform.rows.checkpoint.clone(),
            credits: self.platform.rows.credits.clone(),
            is_unsaved: false,
        };
        let breaker = SharedBreaker::clone(&self.breaker);
        self.driver = Some(Driver::new(self.config.clone(), breaker, |_| rows, seed, now));
        Event::Began(self.platform.sockets())
    }

    /// Evicts it from memory.
    pub fn end(&mut self) {
        self.driver = None;
        self.platform.end_life();
    }

    /// Drops the isolate too, with its storage breaker.
    pub fn forget_isolate(&mut self) {
        self.breaker = SharedBreaker::default();
    }

    /// Hands an event to the driver, and then the events that follow from it. Does nothing while
    /// the object is not in memory.
    pub fn happen(&mut self, event: impl Into<Event>, now: Millis) {
        let Some(driver) = &mut self.driver else { return };
        let mut next = Some(event.into());
        while let Some(event) = next {
            self.platform.meet(&event, now);
            driver.handle(event, now, &mut self.platform);
            next = self.platform.next_event();
        }
    }

    /// The id for a client that connects. Hand in [`Event::Joined`] next.
    ///
    /// # Errors
    /// Why the client is turned away.
    ///
    /// # Panics
    /// If the object is not in memory.
    pub fn admit(&mut self, address: Option<&str>, standing: Standing, now: Millis) -> Result<ClientId, TurnedAway> {
        let driver = self.driver.as_mut().expect("an object in memory");
        driver.admit(address, standing, now)
    }

    /// The id for the link of a relay. Hand in [`Event::Joined`] next.
    ///
    /// # Panics
    /// If the object is not in memory.
    pub fn admit_relay(&mut self) -> ClientId {
        self.driver.as_mut().expect("an object in memory").admit_relay()
    }

    /// When the next timer or the alarm fires, if on time. A pulse is not a deadline.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Millis> {
        let timers = self.platform.timers.iter().filter(|(_, why)| *why != Wakeup::Pulse);
        timers.map(|(at, _)| *at).chain(self.platform.alarm).min()
    }

    /// Fires every timer that is due, and the alarm if it is.
    pub fn wake(&mut self, now: Millis) {
        if self.platform.alarm.is_some_and(|at| at <= now) {
            self.happen(Event::AlarmFired, now);
        }
        for (_, why) in self.take_timers(|at, why| at <= now && why != Wakeup::Pulse) {
            self.happen(Event::Woke(why), now);
        }
    }

    /// Runs the next turn of the event loop. Returns whether anything waited for it.
    pub fn comes_round(&mut self, now: Millis) -> bool {
        let is_awaited = !self.take_timers(|_, why| why == Wakeup::Pulse).is_empty();
        if is_awaited {
            self.happen(Event::Woke(Wakeup::Pulse), now);
        }
        is_awaited
    }

    /// Removes and returns the timers that `are_wanted`, ordered by time.
    pub fn take_timers(&mut self, are_wanted: impl Fn(Millis, Wakeup) -> bool) -> Vec<(Millis, Wakeup)> {
        let timers = self.platform.timers.extract_if(.., |(at, why)| are_wanted(*at, *why));
        let mut taken: Vec<(Millis, Wakeup)> = timers.collect();
        taken.sort_by_key(|(at, _)| *at);
        taken
    }
}
