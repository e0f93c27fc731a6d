//! From method and path to a route.

use super::{AssetClass, Problem};
use crate::market::Instrument;

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

/// Whether a path is one that people look for here, however they write it: what is wrong with it is
/// told as a problem, not as a page.
#[must_use]
pub fn is_ours(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    ["api", "ws", "health", "metrics"].contains(&first)
}

/// Finds the route.
///
/// # Errors
/// 404 for an unknown path, 405 for a known one with another method, whatever its name.
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

/// The symbols of `/api/quotes?symbols=BTC/USD,AAPL`, from the parameters of a request as they
/// stand; `symbols` given twice is joined. Empty without the parameter: the default ones. No other
/// route takes parameters.
///
/// # Errors
/// 400 that names the parameter that is not known, or the first part that is no symbol, and what is right.
pub fn requested_symbols<'a>(
    route: Route,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Instrument>, Problem> {
    let mut symbols: Vec<Instrument> = Vec::new();
    for (name, list) in parameters {
        if route != Route::Quotes || name != SYMBOLS {
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

fn unknown_parameter(route: Route, name: &str) -> Problem {
    let shown: String = name.chars().take(40).collect();
    let right = match route {
        Route::Quotes => "the parameter is symbols, as in /api/quotes?symbols=BTC/USD,AAPL",
        Route::Socket => {
            "/ws takes none: subscribe with a message, such as {\"action\":\"subscribe\",\"params\":{\"symbols\":\"BTC/USD,AAPL\"}}"
        }
        Route::Class(_) => "this route takes none; /api/quotes?symbols=BTC/USD,AAPL gives any symbols",
        Route::Status | Route::Metrics | Route::Health | Route::Options => "this route takes none",
    };
    Problem::BadRequest(format!("there is no parameter {shown:?}: {right}"))
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
        for method in ["POST", "PROPFIND", "PURGE", "get", "Head", "CONNECT"] {
            assert_eq!(route(method, "/api/status").unwrap_err().status(), 405, "{method}");
        }
        assert_eq!(route("POST", "/nowhere").unwrap_err().status(), 404);
        assert_eq!(route("GET", "/api/stocks/").unwrap_err().status(), 404);
    }

    fn symbols(pairs: &[(&str, &str)]) -> Result<Vec<String>, Problem> {
        let symbols = requested_symbols(Route::Quotes, pairs.iter().copied())?;
        Ok(symbols.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn symbols_are_checked_and_named() {
        assert_eq!(symbols(&[]).unwrap(), [""; 0]);
        assert_eq!(
            symbols(&[("symbols", "aapl,AAPL,,BTC/USD")]).unwrap(),
            ["AAPL", "BTC/USD"]
        );
        assert_eq!(
            symbols(&[("symbols", "AAPL"), ("symbols", "MSFT")]).unwrap(),
            ["AAPL", "MSFT"]
        );
        let problem = symbols(&[("symbols", "AAPL,<script>")]).unwrap_err();
        assert_eq!(problem.status(), 400);
        assert!(problem.to_string().starts_with("\"<script>\" is not a symbol"));
        let many: Vec<String> = (0..65).map(|i| format!("S{i}")).collect();
        assert_eq!(symbols(&[("symbols", &many.join(","))]).unwrap_err().status(), 400);
    }

    #[test]
    fn parameters_that_do_not_exist_are_errors_that_name_the_right_one() {
        for name in ["symbol", "symbols[]", "SYMBOLS", "apikey", ""] {
            let problem = symbols(&[(name, "AAPL")]).unwrap_err();
            assert_eq!(problem.status(), 400);
            assert!(problem.to_string().contains("the parameter is symbols"), "{problem}");
        }
        for route in [
            Route::Status,
            Route::Class(AssetClass::Stocks),
            Route::Socket,
            Route::Health,
        ] {
            assert_eq!(
                requested_symbols(route, [("symbols", "AAPL")]).unwrap_err().status(),
                400
            );
            assert_eq!(requested_symbols(route, []), Ok(Vec::new()));
        }
    }

    #[test]
    fn paths_that_are_meant_for_us() {
        for path in [
            "/api",
            "/API/STOCKS",
            "/api/stocks/",
            "//api/x",
            "/ws/",
            "/Metrics",
            "/health/",
        ] {
            assert!(is_ours(path), "{path}");
        }
        for path in ["/", "/apidocs", "/assets/main.js", "/favicon.ico"] {
            assert!(!is_ours(path), "{path}");
        }
    }
}
