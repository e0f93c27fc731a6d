//! From method and path to a route.

use super::{AssetClass, Problem};
use crate::twelve_data::Instrument;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/api/stocks`, `/api/forex`, `/api/crypto`.
    Class(AssetClass),
    /// `/api/quotes?symbols=`.
    Quotes,
    /// `/api/status`.
    Status,
    /// `/metrics`: the hub answers, and its feed sleeps on.
    Metrics,
    /// `/health`: the Worker answers, the hub sleeps on.
    Health,
    /// `/ws`.
    Socket,
    /// Any of them with OPTIONS.
    Options,
}

/// What every route takes.
pub const ALLOWED_METHODS: &str = "GET, HEAD, OPTIONS";

const MOST_SYMBOLS: usize = 64;

/// Finds the route.
///
/// # Errors
/// 404 for an unknown path, 405 for a known one with another method.
pub fn route(method: &str, path: &str) -> Result<Route, Problem> {
    let route = match path {
        "/api/stocks" => Route::Class(AssetClass::Stocks),
        "/api/forex" => Route::Class(AssetClass::Forex),
        "/api/crypto" => Route::Class(AssetClass::Crypto),
        "/api/quotes" => Route::Quotes,
        "/api/status" => Route::Status,
        "/metrics" => Route::Metrics,
        "/health" => Route::Health,
        "/ws" => Route::Socket,
        _ => return Err(Problem::NotFound(path.chars().take(100).collect())),
    };
    match method {
        "GET" | "HEAD" => Ok(route),
        "OPTIONS" => Ok(Route::Options),
        other => Err(Problem::MethodNotAllowed(other.chars().take(20).collect())),
    }
}

/// The symbols of `/api/quotes?symbols=BTC/USD,AAPL`; empty without the parameter: the default ones.
///
/// # Errors
/// 400 that names the first part that is no symbol.
pub fn requested_symbols(list: Option<&str>) -> Result<Vec<Instrument>, Problem> {
    let mut symbols: Vec<Instrument> = Vec::new();
    let parts = list
        .unwrap_or_default()
        .split(',')
        .filter(|part| !part.trim().is_empty());
    for part in parts {
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
    Ok(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods() {
        assert_eq!(route("GET", "/api/stocks"), Ok(Route::Class(AssetClass::Stocks)));
        assert_eq!(route("HEAD", "/api/status"), Ok(Route::Status));
        assert_eq!(route("OPTIONS", "/api/quotes"), Ok(Route::Options));
        assert_eq!(route("GET", "/metrics"), Ok(Route::Metrics));
        assert_eq!(route("POST", "/metrics").unwrap_err().status(), 405);
        assert_eq!(route("POST", "/api/quotes").unwrap_err().status(), 405);
        assert_eq!(route("POST", "/nowhere").unwrap_err().status(), 404);
        assert_eq!(route("GET", "/api/stocks/").unwrap_err().status(), 404);
    }

    #[test]
    fn symbols_are_checked_and_named() {
        assert_eq!(requested_symbols(None).unwrap(), []);
        assert_eq!(requested_symbols(Some("aapl,AAPL,BTC/USD")).unwrap().len(), 2);
        let problem = requested_symbols(Some("AAPL,<script>")).unwrap_err();
        assert_eq!(problem.status(), 400);
        assert!(problem.to_string().starts_with("\"<script>\" is not a symbol"));
        let many: Vec<String> = (0..65).map(|i| format!("S{i}")).collect();
        assert_eq!(requested_symbols(Some(&many.join(","))).unwrap_err().status(), 400);
    }
}
