//! Which instruments a request is about: `symbol`, `exchange` and `mic_code`.

use super::form::{Item, Layout, batch, single};
use crate::api::parameters::{MOST_SYMBOLS, Parameters, bad, shown};
use crate::api::{Problem, Reply};
use crate::market::Instrument;

/// The symbols of a request, each once, in order.
pub(super) struct Wanted(Vec<One>);

/// A symbol as it was asked for, and the instrument that it names, or why it names none.
pub(super) struct One {
    asked: String,
    pub(super) instrument: Result<Instrument, String>,
}

impl Wanted {
    /// # Errors
    /// 400 without a symbol and for what is no exchange, 414 for more than 64.
    pub(super) fn asked(parameters: &Parameters) -> Result<Self, Problem> {
        let list = parameters.required("symbol")?;
        let (exchange, code) = (venue(parameters, "exchange")?, venue(parameters, "mic_code")?);
        let mut wanted: Vec<One> = Vec::new();
        for asked in list.split(',').map(str::trim).filter(|asked| !asked.is_empty()) {
            if wanted.iter().any(|one| one.asked == asked) {
                continue;
            }
            if wanted.len() == MOST_SYMBOLS {
                let sentence = format!("**symbol** has more symbols than the {MOST_SYMBOLS} that fit in a request");
                return Err(Problem::TwelveData(414, sentence));
            }
            let instrument = if asked.contains(':') {
                Instrument::parse(asked)
            } else {
                Instrument::new(asked, code.or(exchange))
            };
            wanted.push(One {
                asked: asked.to_owned(),
                instrument: instrument.map_err(|error| format!("**symbol** {} is {error}", shown(asked))),
            });
        }
        match wanted.is_empty() {
            // Commas alone.
            true => Err(Problem::TwelveData(
                400,
                "**symbol** is empty: use a symbol such as AAPL".to_owned(),
            )),
            false => Ok(Self(wanted)),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The instruments that the symbols name.
    pub(super) fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.0.iter().filter_map(|one| one.instrument.as_ref().ok())
    }

    /// The reply: flat for one symbol, a map for several.
    pub(super) fn reply(&self, layout: Layout, mut item: impl FnMut(&Instrument) -> Item) -> Reply {
        let mut answer = |one: &One| match &one.instrument {
            Ok(instrument) => item(instrument),
            Err(sentence) => Err((400, sentence.clone())),
        };
        match self.0.as_slice() {
            [one] => single(answer(one), layout),
            several => {
                let items = several.iter().map(|one| (one.asked.clone(), answer(one)));
                batch(items.collect(), layout)
            }
        }
    }
}

/// The exchange in the parameter `name`. It is checked even where every symbol names its own.
fn venue<'a>(parameters: &Parameters<'a>, name: &str) -> Result<Option<&'a str>, Problem> {
    let venue = parameters.one(name)?;
    match Instrument::new("A", venue) {
        Ok(_) => Ok(venue),
        Err(error) => bad(format!("**{name}** {} is {error}", shown(venue.unwrap_or_default()))),
    }
}
