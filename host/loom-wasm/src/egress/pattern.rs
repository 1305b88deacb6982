//! Patterns for hosts: `scheme://host[:port]`, where the host may start with `*.`, and `*` alone.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Hosts that may be reached. Without a port the scheme's default port is meant, `:*` is any port.
/// `*` is every public host over `https` and `http`, `https://*` every public host over `https`.
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
#[error("`{pattern}` {reason}; write https://api.example.com, https://*.example.com or *")]
pub struct PatternError {
    pattern: String,
    reason: String,
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

    /// Whether the pattern says nothing about the host.
    #[must_use]
    pub fn is_any_host(&self) -> bool {
        self.host == HostPart::Any
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
        let parsed = match text {
            "*" => Ok((None, HostPart::Any, None)),
            _ => parse(text),
        };
        match parsed {
            Ok((scheme, host, port)) => Ok(Self {
                text: text.to_owned(),
                scheme,
                host,
                port,
            }),
            Err(reason) => Err(PatternError {
                pattern: text.to_owned(),
                reason,
            }),
        }
    }
}

/// Scheme, host and port; what is wrong otherwise.
fn parse(text: &str) -> Result<(Option<String>, HostPart, Option<u16>), String> {
    let (scheme, rest) = text.split_once("://").ok_or("has no scheme")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => {
            let found = format!("has the scheme `{scheme}`, only http and https exist here");
            return Err(found);
        }
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return Err("carries credentials, which belong into a secret".to_owned());
    }
    if authority.contains(['/', '?', '#', '\\']) {
        return Err("has a path, and access is granted to whole hosts".to_owned());
    }
    let (host, any_port) = match authority.strip_suffix(":*") {
        Some(host) => (host, true),
        None => (authority, false),
    };
    let within = |port: Option<u16>| (!any_port).then(|| port.unwrap_or(default_port));
    if host == "*" {
        return Ok((Some(scheme), HostPart::Any, within(None)));
    }
    if let Some(port) = host.strip_prefix("*:") {
        let port = port.parse().ok().filter(|port| *port > 0 && !any_port);
        let port = port.ok_or("has no valid port")?;
        return Ok((Some(scheme), HostPart::Any, Some(port)));
    }
    let (name, is_below) = match host.strip_prefix("*.") {
        Some(name) => (name, true),
        None => (host, false),
    };
    if name.contains('*') {
        return Err("has a `*` that is not a whole first label".to_owned());
    }
    // An international name travels as punycode; the look-alike would match nothing.
    if let Some(character) = name.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(format!("has {character:?} in its host"));
    }
    let url = Url::parse(&format!("{scheme}://{name}/"))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if url.port() == Some(0) || (any_port && url.port().is_some()) {
        return Err("has no valid port".to_owned());
    }
    let host = url.host().ok_or("has no host")?;
    if is_below && !matches!(host, Host::Domain(_)) {
        return Err("has a `*` before an address, below which nothing is".to_owned());
    }
    let host = host_text(&host);
    let part = match is_below {
        true => HostPart::Below(host),
        false => HostPart::Exactly(host),
    };
    Ok((Some(scheme), part, within(url.port())))
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
    fn a_star_alone_is_any_host() {
        check("*", "http://example.com:8080/", true);
        check("https://*", "https://example.com/", true);
        check("https://*", "https://example.com:8443/", false);
        check("https://*:*", "https://example.com:8443/", true);
        check("https://*:8443", "https://example.com:8443/", true);
        check("https://*:8443", "https://example.com/", false);
        check("https://*", "http://example.com/", false);
        check("HTTPS://Example.com/", "https://example.com/", true);
    }

    #[test]
    fn patterns_that_would_not_match_what_they_seem_to_are_refused() {
        let check = |pattern: &str, reason: &str| {
            let error = pattern.parse::<HostPattern>().expect_err(pattern);
            assert!(error.to_string().contains(reason), "{pattern}: {error}");
        };
        check("", "no scheme");
        check("**", "no scheme");
        check("example.com", "no scheme");
        check("ftp://example.com", "scheme `ftp`");
        check("https://example.com/v1", "path");
        check("https://example.com?x", "path");
        check("https://ex*mple.com", "first label");
        check("https://a.*.b", "first label");
        check("https://", "empty host");
        check("https://*.", "empty host");
        check("https://user:pw@example.com", "credentials");
        check("https://example.com:0", "port");
        check("https://example.com:99999", "port");
        check("https://example.com:8443:*", "port");
        check("https://*:0", "port");
        check("https://*:80:*", "port");
        check("https://*.127.0.0.1", "address");
        check("https://[::1", "IPv6");
        check("https://bücher.example", "'ü'");
        check("https://a b", "' '");
    }

    #[test]
    fn covering_follows_what_is_allowed() {
        let covers = |a: &str, b: &str| {
            let (a, b): (HostPattern, HostPattern) =
                (a.parse().expect("valid"), b.parse().expect("valid"));
            a.covers(&b)
        };
        assert!(covers("*", "http://localhost:1"));
        assert!(covers("https://*", "https://x.a.com"));
        assert!(!covers("https://*", "http://x.a.com"));
        assert!(!covers("https://*", "*"));
        assert!(covers("https://*.a.com", "https://x.a.com"));
        assert!(covers("https://*.a.com", "https://*.x.a.com"));
        assert!(!covers("https://x.a.com", "https://*.a.com"));
        assert!(!covers("https://a.com", "*"));
        assert!(!covers("https://a.com", "http://a.com"));
    }
}
