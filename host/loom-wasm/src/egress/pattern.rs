//! Patterns for hosts: `scheme://host[:port]`, where the host may start with `*.`, and `*` alone.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Hosts that may be reached. Without a port the scheme's default port is meant, `:*` is any port.
/// `*` is every public host over `https` and `http`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    text: String,
    scheme: Option<String>,
    host: HostPart,
    /// None is any port.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPart {
    Any,
    /// Any name below this one, not the name itself.
    Below(String),
    Exactly(String),
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{pattern:?} is not a host pattern ({reason}); write `https://example.com`, `https://*.example.com`, `http://localhost:8080` or `*`"
)]
pub struct PatternError {
    pattern: String,
    reason: &'static str,
}

impl HostPattern {
    /// Whether a URL may be reached under this pattern.
    pub(crate) fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        self.scheme
            .as_deref()
            .is_none_or(|scheme| scheme == url.scheme())
            && self
                .port
                .is_none_or(|port| url.port_or_known_default() == Some(port))
            && self.matches_host(&host_text(&host))
    }

    /// Whether the pattern names its host in full, which is what it takes to reach loopback,
    /// private and link-local addresses.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.host, HostPart::Exactly(_))
    }

    /// Whether everything that `other` allows is allowed by this pattern too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let scheme = self.scheme.is_none() || self.scheme == other.scheme;
        let port = self.port.is_none() || self.port == other.port;
        let host = match (&self.host, &other.host) {
            (HostPart::Any, _) => true,
            (_, HostPart::Any) | (HostPart::Exactly(_), HostPart::Below(_)) => false,
            (HostPart::Exactly(own), HostPart::Exactly(other)) => own == other,
            (HostPart::Below(own), HostPart::Below(other)) => own == other || is_below(other, own),
            (HostPart::Below(own), HostPart::Exactly(other)) => is_below(other, own),
        };
        scheme && port && host
    }

    fn matches_host(&self, host: &str) -> bool {
        match &self.host {
            HostPart::Any => true,
            HostPart::Below(domain) => is_below(host, domain),
            HostPart::Exactly(name) => name == host,
        }
    }
}

/// Host names compare without case and without the root's final dot; the URL parser has done the
/// first, and has turned every way to write an IPv4 address into one.
fn host_text(host: &Host<&str>) -> String {
    match host {
        Host::Domain(name) => name.trim_end_matches('.').to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => IpAddr::V6(*address).to_string(),
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

impl std::str::FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let bad = |reason| PatternError {
            pattern: text.to_owned(),
            reason,
        };
        if text == "*" {
            return Ok(Self {
                text: text.into(),
                scheme: None,
                host: HostPart::Any,
                port: None,
            });
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| bad("it has no scheme"))?;
        if !matches!(scheme, "http" | "https") {
            return Err(bad("the scheme is not http or https"));
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (rest, any_port) = match rest.strip_suffix(":*") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (domain, below) = match rest.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (rest, false),
        };
        if domain.contains(['*', '/', '?', '#', '@']) {
            return Err(bad(
                "a star may only lead, and there may be no path and no user",
            ));
        }
        if domain == "*" || rest == "*" {
            return Ok(Self {
                text: text.into(),
                scheme: Some(scheme.into()),
                host: HostPart::Any,
                port: None,
            });
        }
        let url = Url::parse(&format!("{scheme}://{domain}/"))
            .map_err(|_| bad("the host is not valid"))?;
        let host = host_text(&url.host().ok_or_else(|| bad("it has no host"))?);
        let port = if any_port {
            None
        } else {
            url.port_or_known_default()
        };
        let host = if below {
            HostPart::Below(host)
        } else {
            HostPart::Exactly(host)
        };
        Ok(Self {
            text: text.into(),
            scheme: Some(scheme.into()),
            host,
            port,
        })
    }
}

impl TryFrom<String> for HostPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.text
    }
}

impl std::fmt::Display for HostPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, url: &str, expect: bool) {
        let pattern: HostPattern = pattern.parse().expect("the pattern is valid");
        let url = Url::parse(url).expect("the URL is valid");
        assert_eq!(pattern.matches(&url), expect, "{pattern} against {url}");
    }

    #[test]
    fn a_pattern_matches_scheme_host_and_port() {
        check("https://example.com", "https://example.com/a?b", true);
        check("https://example.com", "https://EXAMPLE.com./", true);
        check("https://example.com", "http://example.com/", false);
        check("https://example.com", "https://example.com:8443/", false);
        check("https://example.com:*", "https://example.com:8443/", true);
        check(
            "https://example.com",
            "https://example.com.evil.net/",
            false,
        );
        check("https://example.com", "https://evilexample.com/", false);
        check(
            "https://example.com",
            "https://example.com@evil.net/",
            false,
        );
        check("http://localhost:8080", "http://localhost:8080/", true);
    }

    #[test]
    fn a_leading_star_matches_names_below_only() {
        check("https://*.example.com", "https://a.example.com/", true);
        check("https://*.example.com", "https://a.b.example.com/", true);
        check("https://*.example.com", "https://example.com/", false);
        check("https://*.example.com", "https://aexample.com/", false);
        check("https://*.example.com", "https://.example.com/", false);
    }

    #[test]
    fn every_way_to_write_an_address_is_one_address() {
        check("http://127.0.0.1:80", "http://2130706433/", true);
        check("http://127.0.0.1", "http://0x7f.1/", true);
        check("http://127.0.0.1", "http://0177.0.0.1/", true);
        check("http://[::1]:9", "http://[0:0:0:0:0:0:0:1]:9/", true);
    }

    #[test]
    fn patterns_that_cannot_be_read_are_refused() {
        for text in [
            "",
            "example.com",
            "ftp://a",
            "https://a.*.b",
            "https://a/b",
            "https://u@a",
            "https://",
            "**",
        ] {
            assert!(
                text.parse::<HostPattern>().is_err(),
                "{text:?} was accepted"
            );
        }
    }

    #[test]
    fn covering_follows_what_is_allowed() {
        let covers = |a: &str, b: &str| {
            let (a, b): (HostPattern, HostPattern) =
                (a.parse().expect("valid"), b.parse().expect("valid"));
            a.covers(&b)
        };
        assert!(covers("*", "http://localhost:1"));
        assert!(covers("https://*.a.com", "https://x.a.com"));
        assert!(covers("https://*.a.com", "https://*.x.a.com"));
        assert!(!covers("https://x.a.com", "https://*.a.com"));
        assert!(!covers("https://a.com", "*"));
        assert!(!covers("https://a.com", "http://a.com"));
    }
}
