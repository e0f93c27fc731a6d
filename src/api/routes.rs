//! All routes, and which of them a request asks for.

use super::route::Route;
use super::{Problem, classes, plain, quotes, status};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Asked {
    /// One of the routes, with GET or HEAD.
    For(&'static Route),
    /// Any route with OPTIONS.
    Options,
}

const ROUTES: [Route; 8] = [
    classes::STOCKS,
    classes::FOREX,
    classes::CRYPTO,
    quotes::ROUTE,
    status::ROUTE,
    plain::METRICS,
    plain::HEALTH,
    plain::SOCKET,
];

/// The methods that every route accepts.
pub const ALLOWED_METHODS: &str = "GET, HEAD, OPTIONS";

/// Whether a path looks like one of ours, in any spelling: errors about it are answered with a
/// problem document, not with a page.
#[must_use]
pub fn is_ours(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    ["api", "ws", "health", "metrics"].contains(&first)
}

/// Finds the route of a request.
///
/// # Errors
/// 404 for an unknown path, 405 for a known one with any other method.
pub fn route(method: &str, path: &str) -> Result<Asked, Problem> {
    static ALL: [Route; 8] = ROUTES;
    let Some(route) = ALL.iter().find(|route| route.path == path) else {
        return Err(Problem::NotFound(path.chars().take(100).collect()));
    };
    match method {
        "GET" | "HEAD" => Ok(Asked::For(route)),
        "OPTIONS" => Ok(Asked::Options),
        other => Err(Problem::MethodNotAllowed(other.chars().take(20).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::route::requested_symbols;
    use super::*;

    #[test]
    fn paths_and_methods() {
        assert_eq!(route("GET", "/api/stocks"), Ok(Asked::For(&classes::STOCKS)));
        assert_eq!(route("HEAD", "/api/status"), Ok(Asked::For(&status::ROUTE)));
        assert_eq!(route("OPTIONS", "/api/quotes"), Ok(Asked::Options));
        assert_eq!(route("GET", "/metrics"), Ok(Asked::For(&plain::METRICS)));
        assert_eq!(route("POST", "/metrics").unwrap_err().status(), 405);
        assert_eq!(route("POST", "/api/quotes").unwrap_err().status(), 405);
        for method in ["POST", "PROPFIND", "PURGE", "get", "Head", "CONNECT"] {
            assert_eq!(route(method, "/api/status").unwrap_err().status(), 405, "{method}");
        }
        assert_eq!(route("POST", "/nowhere").unwrap_err().status(), 404);
        assert_eq!(route("GET", "/api/stocks/").unwrap_err().status(), 404);
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

    fn symbols(pairs: &[(&str, &str)]) -> Result<Vec<String>, Problem> {
        let symbols = requested_symbols(&quotes::ROUTE, pairs.iter().copied())?;
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
        for route in [&status::ROUTE, &classes::STOCKS, &plain::SOCKET, &plain::HEALTH] {
            assert_eq!(
                requested_symbols(route, [("symbols", "AAPL")]).unwrap_err().status(),
                400
            );
            assert_eq!(requested_symbols(route, []), Ok(Vec::new()));
        }
    }
}
