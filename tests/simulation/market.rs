//! The truth: which price each instrument had when. Every price is used once and is higher than the
//! one before, so a shown price reveals when it was made, and an invented one is noticed.

use hamster_terminal::market::Millis;
use hamster_terminal::simulator::INSTRUMENTS;

/// An instrument by its index in the simulator's table.
pub type Place = usize;

/// The prices of all instruments so far.
#[derive(Debug)]
pub struct Market {
    /// When each price was made, by instrument.
    made: Vec<Vec<Millis>>,
}

impl Market {
    /// Gives each instrument its first price.
    pub fn new(now: Millis) -> Self {
        Self {
            made: INSTRUMENTS.iter().map(|_| vec![now]).collect(),
        }
    }

    /// The instrument that `SYMBOL` or `SYMBOL:EXCHANGE` names, if there is one.
    pub fn place(text: &str) -> Option<Place> {
        let (symbol, exchange) = text
            .split_once(':')
            .map_or((text, None), |(symbol, exchange)| (symbol, Some(exchange)));
        INSTRUMENTS.iter().position(|one| {
            one.symbol == symbol && exchange.is_none_or(|exchange| one.exchange.eq_ignore_ascii_case(exchange))
        })
    }

    /// An instrument's unambiguous name for upstream.
    pub fn name(place: Place) -> String {
        let one = &INSTRUMENTS[place];
        match one.exchange {
            "" => one.symbol.to_owned(),
            exchange => format!("{}:{exchange}", one.symbol),
        }
    }

    /// Makes the next price.
    pub fn moves(&mut self, place: Place, now: Millis) -> f64 {
        self.made[place].push(now);
        self.price(place)
    }

    /// The newest price.
    pub fn price(&self, place: Place) -> f64 {
        Self::nth(place, self.made[place].len() - 1)
    }

    /// When a price was made; `None` if it never was.
    pub fn made_at(&self, place: Place, price: f64) -> Option<Millis> {
        self.made[place].get(Self::number(place, price)?).copied()
    }

    /// The number of decimals varies, up to the five that REST gives.
    fn nth(place: Place, number: usize) -> f64 {
        let cents = (place + 1) * 1_000_000 + number;
        let thousandths = match number % 64 {
            0..48 => 0,
            48..56 => 500,
            56..60 => 250,
            60 => 125,
            _ => 1,
        };
        (cents * 1_000 + thousandths) as f64 / 100_000.0
    }

    fn number(place: Place, price: f64) -> Option<usize> {
        let number = (price * 100_000.0).round() as usize / 1_000;
        let number = number.checked_sub((place + 1) * 1_000_000)?;
        (Self::nth(place, number).to_bits() == price.to_bits()).then_some(number)
    }
}
