//! What a route is, and which parameters a request may have.

use super::{Problem, Reply};
use crate::hub::{Answer, Question, Quotes, Status};
use crate::market::Instrument;

/// A path and who answers it.
#[derive(Debug, PartialEq)]
pub struct Route {
    /// The full path.
    pub path: &'static str,
    /// Whether the hub or the Worker answers, and how.
    pub serves: Serves,
    /// Whether it accepts the parameter `symbols`, the only one there is.
    pub takes_symbols: bool,
    /// What would be right, for the error about any other parameter.
    pub hint: &'static str,
}

/// Who answers a route.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Serves {
    /// The hub, which may wait for fresh prices.
    Hub(Hub),
    /// The hub, at once and without waking its feed.
    Metrics,
    /// The Worker, without waking the hub.
    Health,
    /// The hub, over a WebSocket.
    Socket,
}

/// What the hub is asked, and how its answer is shown.
#[derive(Debug, Clone, Copy)]
pub enum Hub {
    /// Quotes: of the symbols in the request, or of the default ones.
    Quotes(fn(&Quotes) -> Reply),
    /// The whole state.
    Status(fn(&Status) -> Reply),
}

impl Hub {
    /// The question about these symbols.
    #[must_use]
    pub fn question(self, symbols: Vec<Instrument>) -> Question {
        match self {
            Self::Quotes(_) => Question::Quotes(symbols),
            Self::Status(_) => Question::Status,
        }
    }

    /// The reply made of the answer to [`Hub::question`].
    #[must_use]
    pub fn reply(self, answer: &Answer) -> Reply {
        match (self, answer) {
            (Self::Quotes(show), Answer::Quotes(quotes)) => show(quotes),
            (Self::Status(show), Answer::Status(status)) => show(status),
            (
                Self::Quotes(_) | Self::Status(_),
                Answer::Quotes(_)
                | Answer::Status(_)
                | Answer::History(_)
                | Answer::Sparklines(_)
                | Answer::Search(_)
                | Answer::Sessions(_),
            ) => Problem::Internal("the hub answered another question".to_owned()).reply(),
        }
    }
}

impl PartialEq for Hub {
    /// Functions are not compared: the path identifies a route.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

const MOST_SYMBOLS: usize = 64;

/// The symbols of `/api/quotes?symbols=BTC/USD,AAPL` from a request's decoded parameters; several
/// `symbols` are joined. Empty means the default symbols. No other route accepts parameters.
///
/// # Errors
/// 400, naming the unknown parameter or the first item that is not a symbol, with a hint.
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

/// The only parameter there is.
const SYMBOLS: &str = "symbols";

fn unknown_parameter(route: &Route, name: &str) -> Problem {
    let shown: String = name.chars().take(40).collect();
    Problem::BadRequest(format!("there is no parameter {shown:?}: {}", route.hint))
}
