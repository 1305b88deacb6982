//! Rules: which calls are meant, as text that a person can read and write.

mod parse;
mod write;

use std::fmt;
use std::str::FromStr;

use loom_types::{AccessMode, Footprint, PermissionRequest, Resource, Touch};
use url::Url;

use super::file_pattern::FilePattern;
use super::scope::{Disk, Scope};
use super::text::Wild;
use super::url_pattern::UrlPattern;

pub(super) use write::canonical;

/// Which calls are meant.
///
/// - `TOOL`: every call of a tool; `*` in it stands for any run of characters.
/// - `TOOL(FILE)`: calls that touch this file; globs such as `src/**` or `*.rs`. `DIR/**` is the
///   directory with all that is in it. Relative paths begin at the workspace.
/// - `TOOL(https://HOST)`, with `:PORT` and `/PATH*` if wanted; `*.HOST` is every name below it.
/// - `TOOL(SCHEME:NAME)`: a resource of the tool's own.
/// - `TOOL(A; B)`: calls that touch both. `read` or `write` before a resource means that access only.
/// - `TOOL(ARGUMENT=TEXT)`: calls with this argument; `*` stands for any run of characters, and what
///   is no string is compared as JSON.
/// - `TOOL({"argument":"value"})`: calls with exactly these arguments.
///
/// A backslash makes any sign stand for itself.
#[derive(Clone, Debug)]
pub struct Rule {
    text: String,
    tool: Wild,
    what: What,
}

/// A rule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{rule}` is not a rule: {reason}; right are for example `write_file`, `write_file(src/**)`, `http_request(https://api.example.com)` and `run(command=git *)`"
)]
pub struct RuleError {
    rule: String,
    reason: String,
}

/// Which of a tool's calls are meant.
#[derive(Clone, Debug)]
enum What {
    Every,
    Argument {
        name: String,
        value: Wild,
    },
    /// These and no other, as [`canonical`] writes them.
    Arguments {
        /// As the rule says it: numbers lose digits when they are read.
        written: String,
        read: String,
    },
    /// At least one.
    Resources(Vec<Item>),
}

/// A resource that is touched.
#[derive(Clone, Debug)]
struct Item {
    /// None is both.
    mode: Option<AccessMode>,
    target: Target,
}

#[derive(Clone, Debug)]
enum Target {
    File(FilePattern),
    Url(UrlPattern),
    /// `url:TEXT`, for URLs that [`UrlPattern`] cannot tell apart.
    UrlText(Wild),
    Named {
        scheme: Vec<u8>,
        name: Wild,
    },
}

/// Whether a rule that forbids speaks of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Concern {
    No,
    /// It cannot be known: nobody knows what the call touches.
    Unknown,
    Yes,
}

impl Rule {
    /// The rule that allows calls like this one and no others: those that touch the same files in the
    /// same way or, if it touches anything else or nobody knows what, those with the same arguments.
    /// Paths in `base` are written relative to it.
    #[must_use]
    pub fn exactly(request: &PermissionRequest, base: &std::path::Path) -> Self {
        write::exactly(request, &Scope::new(base, Disk::default()))
    }

    /// A rule that a person may want instead: the file's directory, the URL's host, or every call of
    /// the tool.
    #[must_use]
    pub fn suggested(request: &PermissionRequest, base: &std::path::Path) -> Self {
        write::suggested(request, &Scope::new(base, Disk::default()))
    }

    /// Whether a call is meant, if the rule allows: everything that it touches is. Relative paths
    /// begin at `base`.
    #[must_use]
    pub fn matches(&self, request: &PermissionRequest, base: &std::path::Path) -> bool {
        self.covers(request, &Scope::new(base, Disk::default()))
    }

    /// The rule as text; [`FromStr`] reads it back.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the rule means all that a call touches.
    pub(super) fn covers(&self, request: &PermissionRequest, scope: &Scope) -> bool {
        if !self.tool.matches(request.tool.as_bytes()) {
            return false;
        }
        let items = match (&self.what, &request.footprint) {
            (What::Resources(items), Footprint::Resources(touches)) => (items, touches),
            (What::Resources(_), Footprint::Everything) => return false,
            _ => return self.means_arguments(request),
        };
        let (items, touches) = items;
        let meant = |touch: &Touch| items.iter().any(|item| item.covers(touch, scope));
        let touched = |item: &Item| touches.iter().any(|touch| item.covers(touch, scope));
        touches.iter().all(meant) && items.iter().all(touched)
    }

    /// Whether the rule means anything that a call touches.
    pub(super) fn concerns(&self, request: &PermissionRequest, scope: &Scope) -> Concern {
        if !self.tool.matches(request.tool.as_bytes()) {
            return Concern::No;
        }
        match (&self.what, &request.footprint) {
            (What::Resources(_), Footprint::Everything) => Concern::Unknown,
            (What::Resources(items), Footprint::Resources(touches)) => {
                let all = items
                    .iter()
                    .flat_map(|item| touches.iter().map(move |touch| item.concerns(touch, scope)));
                all.max().unwrap_or(Concern::No)
            }
            _ if self.means_arguments(request) => Concern::Yes,
            _ => Concern::No,
        }
    }

    fn means_arguments(&self, request: &PermissionRequest) -> bool {
        match &self.what {
            What::Every => true,
            What::Argument { name, value } => match request.arguments.get(name) {
                Some(serde_json::Value::String(text)) => value.matches(text.as_bytes()),
                Some(other) => value.matches(canonical(other).as_bytes()),
                None => false,
            },
            What::Arguments { written, read } => {
                let arguments = canonical(&request.arguments);
                arguments == *written || arguments == *read
            }
            What::Resources(_) => false,
        }
    }
}

impl Item {
    fn covers(&self, touch: &Touch, scope: &Scope) -> bool {
        let target = match (&self.target, &touch.resource) {
            (Target::File(pattern), Resource::File { path, .. }) => {
                pattern.matches(&scope.absolute(path), scope)
            }
            (Target::Url(pattern), Resource::Url(text)) => {
                Url::parse(text).is_ok_and(|url| pattern.matches(&url))
            }
            (target, resource) => target.is_named(resource),
        };
        target && self.mode.is_none_or(|mode| mode == touch.mode)
    }

    fn concerns(&self, touch: &Touch, scope: &Scope) -> Concern {
        // Whoever may write to a thing gets to know it.
        if self.mode == Some(AccessMode::Write) && touch.mode == AccessMode::Read {
            return Concern::No;
        }
        let concerned = match (&self.target, &touch.resource) {
            (Target::File(pattern), Resource::File { path, .. }) => {
                pattern.concerns(&scope.absolute(path), scope)
            }
            (Target::Url(pattern), Resource::Url(text)) => match Url::parse(text) {
                Ok(url) => pattern.concerns(&url),
                Err(_) => return Concern::Unknown,
            },
            (target, resource) => target.is_named(resource),
        };
        if concerned { Concern::Yes } else { Concern::No }
    }
}

impl Target {
    /// For targets that are compared as text.
    fn is_named(&self, resource: &Resource) -> bool {
        match (self, resource) {
            (Self::UrlText(wild), Resource::Url(text)) => wild.matches(text.as_bytes()),
            (Self::Named { scheme, name }, Resource::Named { scheme: s, name: n }) => {
                scheme == s.as_bytes() && name.matches(n.as_bytes())
            }
            _ => false,
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        parse::rule(text.trim()).map_err(|reason| RuleError {
            rule: text.trim().to_owned(),
            reason,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Rule {
    /// The same text; rules that mean the same may differ in it.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Rule {}
