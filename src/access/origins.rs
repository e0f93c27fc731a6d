//! Which pages may connect: the `Origin` that browsers send, against `ALLOWED_ORIGINS`.

/// The origins of pages that may connect, beside this terminal's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    any: bool,
    list: Vec<String>,
    /// Whether the operator said nothing.
    is_default: bool,
}

/// Where a request went, and from which page it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    /// The origin of the address that was asked for, such as `https://terminal.example`.
    pub own: &'a str,
    /// The `Origin` header. Only browsers send it.
    pub origin: Option<&'a str>,
}

impl Origins {
    /// Reads a comma list of origins; `*` allows any.
    ///
    /// # Errors
    /// The first item that is not an origin.
    pub(super) fn parse(list: Option<&str>) -> Result<Self, String> {
        let mut origins = Self {
            is_default: list.is_none(),
            ..Self::default()
        };
        for item in list
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            if item == "*" {
                origins.any = true;
                continue;
            }
            let host = item.strip_prefix("https://").or_else(|| item.strip_prefix("http://"));
            let is_host =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '[' | ']');
            if host.is_none_or(|host| host.is_empty() || !host.chars().all(is_host)) {
                return Err(item.chars().take(100).collect());
            }
            origins.list.push(item.to_owned());
        }
        Ok(origins)
    }

    /// Whether a page may open a connection. What is not a page is for the access rules to judge.
    #[must_use]
    pub fn may_connect(&self, seen: Seen<'_>) -> bool {
        seen.origin
            .is_none_or(|origin| self.any || is_own(origin, seen.own) || self.lists(origin))
    }

    /// What `Access-Control-Allow-Origin` says to a page; `None` to leave it out.
    #[must_use]
    pub fn shown_to<'a>(&self, seen: Seen<'a>, is_required: bool) -> Option<&'a str> {
        if !is_required && (self.any || self.is_default) {
            return Some("*");
        }
        seen.origin.filter(|origin| self.any || self.lists(origin))
    }

    fn lists(&self, origin: &str) -> bool {
        self.list.iter().any(|listed| listed == origin)
    }
}

/// Browsers write origins in lower case and without the scheme's usual port, as platforms write
/// addresses. Behind a proxy that speaks TLS, the page came by https though the request did not.
fn is_own(origin: &str, own: &str) -> bool {
    origin == own
        || own
            .strip_prefix("http://")
            .is_some_and(|host| origin.strip_prefix("https://") == Some(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://terminal.example";

    fn may(list: Option<&str>, own: &str, origin: Option<&str>) -> bool {
        Origins::parse(list).unwrap().may_connect(Seen { own, origin })
    }

    #[test]
    fn only_the_own_origin_and_those_listed_may_connect() {
        let list = Some("https://desk.example, http://localhost:3000");
        for (origin, is_right) in [
            (None, true),
            (Some(OWN), true),
            (Some("https://desk.example"), true),
            (Some("http://localhost:3000"), true),
            (Some("http://localhost:3001"), false),
            (Some("http://localhost"), false),
            (Some("http://desk.example"), false),
            (Some("https://desk.example:443"), false),
            (Some("https://desk.example.evil.example"), false),
            (Some("https://evildesk.example"), false),
            (Some("https://a.desk.example"), false),
            (Some("https://desk.example@evil.example"), false),
            (Some("HTTPS://DESK.EXAMPLE"), false),
            (Some("https://desk.example/"), false),
            (Some("null"), false),
            (Some(""), false),
            (Some("*"), false),
        ] {
            assert_eq!(may(list, OWN, origin), is_right, "{origin:?}");
        }
        assert!(may(Some("*"), OWN, Some("null")));
        assert!(!may(None, OWN, Some("https://desk.example")));
    }

    #[test]
    fn a_proxy_may_add_tls_but_nobody_may_take_it_away() {
        assert!(may(None, "http://terminal.example", Some("https://terminal.example")));
        assert!(!may(None, "https://terminal.example", Some("http://terminal.example")));
        assert!(!may(None, "http://localhost:8787", Some("https://localhost")));
    }

    #[test]
    fn any_page_may_read_only_what_is_open() {
        let shown = |list: Option<&str>, is_required, origin| {
            Origins::parse(list)
                .unwrap()
                .shown_to(
                    Seen {
                        own: OWN,
                        origin: Some(origin),
                    },
                    is_required,
                )
                .map(ToOwned::to_owned)
        };
        assert_eq!(shown(None, false, "https://x.example").as_deref(), Some("*"));
        assert_eq!(shown(None, true, "https://x.example"), None);
        assert_eq!(
            shown(Some("*"), true, "https://x.example").as_deref(),
            Some("https://x.example")
        );
        assert_eq!(
            shown(Some("https://a.example"), false, "https://a.example").as_deref(),
            Some("https://a.example")
        );
        assert_eq!(shown(Some("https://a.example"), false, "https://b.example"), None);
    }

    #[test]
    fn what_is_no_origin_is_named() {
        for item in [
            "desk.example",
            "https://",
            "https://Desk.example",
            "https://desk.example/x",
            "ftp://x",
        ] {
            assert_eq!(Origins::parse(Some(item)), Err(item.to_owned()));
        }
    }
}
