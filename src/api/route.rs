//! What a route is, and the parameters that a request may give it.

use super::{Problem, Reply};
use crate::hub::{Answer, Question};
use crate::market::Instrument;

/// A path and what is there.
#[derive(Debug, PartialEq)]
pub struct Route {
    /// The whole path.
    pub path: &'static str,
    /// Who answers.
    pub serves: Serves,
    /// Whether it has the parameter `symbols`, the only one that there is.
    pub takes_symbols: bool,
    /// What is right, for whoever gives it another parameter.
    pub hint: &'static str,
}

/// Who answers a route.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Serves {
    /// The hub, which may wait for fresh prices.
    Hub(Hub),
    /// The hub at once, and its feed sleeps on.
    Metrics,
    /// The Worker; the hub sleeps on.
    Health,
    /// The hub, by a WebSocket.
    Socket,
}

/// A question to the hub, and the reply made of its answer.
#[derive(Debug, Clone, Copy)]
pub struct Hub {
    /// Asks about these symbols, if the route takes any.
    pub question: fn(Vec<Instrument>) -> Question,
    /// Shows the answer.
    pub reply: fn(&Answer) -> Reply,
}

impl PartialEq for Hub {
    /// Functions are not compared: a route is known by its path.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

const MOST_SYMBOLS: usize = 64;

/// The symbols of `/api/quotes?symbols=BTC/USD,AAPL`, from the parameters of a request as they
/// stand; `symbols` given twice is joined. Empty without the parameter: the default ones. No other
/// route takes parameters.
///
/// # Errors
/// 400 that names the parameter that is not known, or the first part that is no symbol, and what is right.
pub fn requested_symbols<'a>(
    route: &Route,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Instrument>, Problem> {
    let mut symbols: Vec<Instrument> = Vec::new();
    for (name, list) in parameters {
        if !route.takes_symbols || name != SYMBOLS {
            return Err(unknown_parameter(route, name));
        }
        for part in list.split(',').filter(|part| !part.trim().is_empty()) {
            let shown: String = part.trim().chars().take(40).collect();
            let instrument =
                Instrument::parse(part).map_err(|error| Problem::BadRequest(format!("{shown:?} is {error}")))?;
            if symbols.contains(&instrument) {
                continue;
            }
            if symbols.len() == MOST_SYMBOLS {
                let sentence = format!("more symbols were asked for than the {MOST_SYMBOLS} that fit in a request");
                return Err(Problem::BadRequest(sentence));
            }
            symbols.push(instrument);
        }
    }
    Ok(symbols)
}

/// The one parameter that there is.
const SYMBOLS: &str = "symbols";

fn unknown_parameter(route: &Route, name: &str) -> Problem {
    let shown: String = name.chars().take(40).collect();
    Problem::BadRequest(format!("there is no parameter {shown:?}: {}", route.hint))
}
