//! The parameters of a request: which a route takes, and the readings that several routes share.
//! Texts of the request are cut before an error repeats them.

use super::Problem;
use crate::market::Instrument;

/// The parameters of a route that looks itself for those that it knows.
pub(super) const ANY: &[&str] = &["*"];

/// The hint of a route without parameters.
pub(super) const NONE: &str = "this route takes none";

const SYMBOLS: &str = "symbols";
pub(super) const MOST_SYMBOLS: usize = 64;
const MOST_SHOWN: usize = 40;

/// The decoded parameters and the `Accept` header of a request.
pub(super) struct Parameters<'a> {
    pairs: &'a [(String, String)],
    accept: Option<&'a str>,
    hint: &'static str,
}

impl<'a> Parameters<'a> {
    /// The parameters of a request to a route that takes these `names`; `hint` says what is right.
    ///
    /// # Errors
    /// 400 for any other name.
    pub(super) fn new(
        pairs: &'a [(String, String)],
        accept: Option<&'a str>,
        names: &[&str],
        hint: &'static str,
    ) -> Result<Self, Problem> {
        let mut given = pairs.iter().map(|(name, _)| name);
        let takes_any = names == ANY;
        match given.find(|name| !takes_any && !names.contains(&name.as_str())) {
            Some(name) => bad(format!("there is no parameter {}: {hint}", shown(name))),
            None => Ok(Self { pairs, accept, hint }),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let of_name = self.pairs.iter().filter(move |(given, _)| given == name);
        of_name.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that may be left out.
    ///
    /// # Errors
    /// 400 if it is given twice with different values.
    pub(super) fn one(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        let mut values = self.all(name);
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return bad(format!("{name} is given twice, with different values: give it once"));
        }
        Ok(first)
    }

    /// The value of a parameter that may not be left out, without white space around it.
    ///
    /// # Errors
    /// 400 if it is missing, empty, or given twice with different values.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, Problem> {
        match self.one(name)?.map(str::trim) {
            None | Some("") => bad(format!("{name} is missing: {}", self.hint)),
            Some(value) => Ok(value),
        }
    }

    /// The number of items in the parameter `name`; `usual` if it is left out.
    ///
    /// # Errors
    /// 400 unless it is from 1 to `most`.
    pub(super) fn limit(&self, name: &str, usual: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.one(name)? else {
            return Ok(usual);
        };
        match text.parse() {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => bad(format!("{name} {} is not a whole number from 1 to {most}", shown(text))),
        }
    }

    /// The one symbol in `symbol=AAPL`.
    ///
    /// # Errors
    /// 400 if it is missing, is not a symbol, or is more than one.
    pub(super) fn symbol(&self) -> Result<Instrument, Problem> {
        let symbol = self.required("symbol")?;
        if symbol.contains(',') {
            let sentence = format!("symbol {} is more than one: ask for one at a time", shown(symbol));
            return bad(sentence);
        }
        instrument(symbol)
    }

    /// The symbols in `symbols=BTC/USD,AAPL`; several `symbols` are joined. Empty means the default
    /// symbols.
    ///
    /// # Errors
    /// 400, naming the first item that is not a symbol, or if there are more than 64.
    pub(super) fn symbols(&self) -> Result<Vec<Instrument>, Problem> {
        let mut symbols = Vec::new();
        let parts = self.all(SYMBOLS).flat_map(|list| list.split(','));
        for part in parts.filter(|part| !part.trim().is_empty()) {
            let instrument = instrument(part)?;
            if symbols.contains(&instrument) {
                continue;
            }
            if symbols.len() == MOST_SYMBOLS {
                return bad(format!(
                    "more symbols were asked for than the {MOST_SYMBOLS} that fit in a request"
                ));
            }
            symbols.push(instrument);
        }
        Ok(symbols)
    }

    /// Whether CSV is wanted rather than JSON: `format` decides, and without it `Accept`, if that
    /// names `text/csv` and prefers it to `application/json` (RFC 9110, section 12.5.1).
    ///
    /// # Errors
    /// 400 for any other `format`.
    pub(super) fn wants_csv(&self) -> Result<bool, Problem> {
        match self.one("format")? {
            Some("csv") => Ok(true),
            Some("json") => Ok(false),
            Some(other) => bad(format!("format {} is unknown: use json or csv", shown(other))),
            None => Ok(self.accept.is_some_and(prefers_csv)),
        }
    }
}

/// Whether an `Accept` header prefers CSV to JSON.
pub(super) fn prefers_csv(accept: &str) -> bool {
    // The weight (`q`) of a media type; 0 if it is not named.
    let weight = |kind: &str| {
        let mut ranges = accept.split(',');
        let found = ranges.find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_named = parts.next()?.eq_ignore_ascii_case(kind);
            is_named.then(|| {
                parts
                    .find_map(|part| part.strip_prefix("q=")?.parse().ok())
                    .unwrap_or(1.0)
            })
        });
        found.unwrap_or(0.0)
    };
    weight("text/csv") > weight("application/json")
}

/// The instrument that a text names.
///
/// # Errors
/// 400, saying what a symbol is.
pub(super) fn instrument(text: &str) -> Result<Instrument, Problem> {
    Instrument::parse(text).or_else(|error| bad(format!("{} is {error}", shown(text.trim()))))
}

/// A 400 with this sentence.
pub(super) fn bad<T>(sentence: String) -> Result<T, Problem> {
    Err(Problem::BadRequest(sentence))
}

/// A text of the request in quotation marks, cut to 40 characters.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(MOST_SHOWN).collect::<String>())
}

/// `a, b and c`, where `word` is `and`.
pub(super) fn listed(names: &[&str], word: &str) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
