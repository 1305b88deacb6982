//! Patterns of URLs: `scheme://host[:port][/path*]`, where the host may begin with `*.`.

use url::Url;

use super::text::{Sign, Wild, bytes, escaped};

/// What has a meaning in a pattern of URLs.
const MEANT: &str = "*;";

/// Which URLs a rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UrlPattern {
    scheme: String,
    host: Host,
    port: Port,
    /// With the query; none is any.
    path: Option<Wild>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// Any name below this one, not the name itself.
    Below(String),
    Exactly(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    Any,
    /// None where the scheme has no default.
    Exactly(Option<u16>),
}

impl UrlPattern {
    /// `scheme` stands before `://`, `rest` behind it.
    pub(super) fn new(scheme: &[Sign], rest: &[Sign]) -> Result<Self, String> {
        let scheme = text(scheme)?.to_ascii_lowercase();
        let path_at = rest
            .iter()
            .position(|it| matches!(it.char(), Some('/' | '?')));
        let (authority, path) = rest.split_at(path_at.unwrap_or(rest.len()));
        let (authority, any_port) = match authority {
            [before @ .., Sign::Plain(':'), Sign::Plain('*')] => (before, true),
            _ => (authority, false),
        };
        let (kind, name): (fn(String) -> Host, _) = match authority {
            [Sign::Plain('*'), Sign::Plain('.'), name @ ..] => (Host::Below, name),
            [Sign::Plain('*')] => (|_| Host::Any, [Sign::Plain('x')].as_slice()),
            _ => (Host::Exactly, authority),
        };
        if name.contains(&Sign::Plain('*')) {
            return Err(
                "in a host a star may only be its beginning, as in `*.example.com`".to_owned(),
            );
        }
        let (host, port) = host(&scheme, &text(name)?)?;
        Ok(Self {
            scheme,
            host: kind(host),
            port: if any_port {
                Port::Any
            } else {
                Port::Exactly(port)
            },
            path: path_at.map(|_| Wild::new(path)),
        })
    }

    /// Whether the pattern speaks of this URL.
    pub(super) fn matches(&self, url: &Url) -> bool {
        let wild = |path: &Wild| path.matches(path_and_query(url).as_bytes());
        self.matches_origin(url) && self.path.as_ref().is_none_or(wild)
    }

    /// As [`matches`](Self::matches), and whatever the query is.
    pub(super) fn concerns(&self, url: &Url) -> bool {
        let wild = |path: &Wild| path.matches(url.path().as_bytes());
        self.matches(url) || (self.matches_origin(url) && self.path.as_ref().is_some_and(wild))
    }

    fn matches_origin(&self, url: &Url) -> bool {
        let Some(host) = host_of(url) else {
            return false;
        };
        let port = match self.port {
            Port::Any => true,
            Port::Exactly(port) => url.port_or_known_default() == port,
        };
        let host = match &self.host {
            Host::Any => true,
            Host::Exactly(name) => *name == host,
            Host::Below(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        };
        url.scheme() == self.scheme && port && host
    }
}

/// The text of a pattern that matches all URLs of the same scheme, host and port.
pub(super) fn same_host(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = host_of(&url)?;
    let port = url.port().map(|port| format!(":{port}"));
    let text = format!("{}://{host}{}", url.scheme(), port.unwrap_or_default());
    Some(escaped(text.as_bytes(), MEANT))
}

/// The host as the URL standard writes it, and the port or the scheme's own.
fn host(scheme: &str, name: &str) -> Result<(String, Option<u16>), String> {
    if name.is_empty() {
        return Err("it has no host".to_owned());
    }
    if name.contains(['@', '#']) {
        return Err("`@` and `#` have no place in it".to_owned());
    }
    let url = Url::parse(&format!("{scheme}://{name}/"));
    let url = url.map_err(|error| format!("`{scheme}://{name}` is no address: {error}"))?;
    let host = host_of(&url).ok_or_else(|| "it has no host".to_owned())?;
    Ok((host, url.port_or_known_default()))
}

/// Host names compare without the root's final dot.
fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_owned())
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn text(signs: &[Sign]) -> Result<String, String> {
    let text = String::from_utf8(bytes(signs));
    text.map_err(|_| "an address is text".to_owned())
}
