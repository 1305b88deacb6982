//! What a program may do, as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use loom_wasm::{DirectoryGrant, FileAccess, HostPattern, Limits};

use crate::config::units;
use crate::fault::Fault;

/// `HOST::GUEST[:ro]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    host: PathBuf,
    guest: String,
    access: FileAccess,
}

impl Directory {
    /// The last `::` divides, so that a path of the host may have some; `:rw` at the end says what is
    /// meant without it, for a path that ends in `:ro`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (paths, access) = match text.strip_suffix(":ro") {
            Some(paths) => (paths, FileAccess::ReadOnly),
            None => (
                text.strip_suffix(":rw").unwrap_or(text),
                FileAccess::ReadWrite,
            ),
        };
        let (host, guest) = paths.rsplit_once("::").unwrap_or((paths, paths));
        if host.is_empty() || guest.is_empty() {
            return Err("write HOST::GUEST, HOST::GUEST:ro, or HOST alone".to_owned());
        }
        if guest.split('/').any(|part| part == "..") {
            return Err(format!(
                "{guest} leads up, and a program sees nothing above; write HOST::GUEST with another name"
            ));
        }
        Ok(Self {
            host: host.into(),
            guest: guest.to_owned(),
            access,
        })
    }

    pub(super) fn grant(&self) -> DirectoryGrant {
        DirectoryGrant {
            host_path: self.host.clone(),
            guest_paths: vec![self.guest.clone()],
            access: self.access,
        }
    }
}

/// What one `--net` grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hosts(pub(super) Vec<HostPattern>);

/// A pattern, or a name for both schemes.
pub(super) fn hosts(text: &str) -> Result<Hosts, String> {
    let pattern = |text: &str| text.parse::<HostPattern>().map_err(|it| it.to_string());
    let patterns = if text == "*" || text.contains("://") {
        vec![pattern(text)?]
    } else {
        vec![
            pattern(&format!("https://{text}"))?,
            pattern(&format!("http://{text}"))?,
        ]
    };
    Ok(Hosts(patterns))
}

/// `NAME=VALUE`, or `NAME` for the value that it has here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    name: String,
    value: Option<String>,
}

impl Variable {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("write NAME=VALUE, or NAME for the value that it has here".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            value,
        })
    }

    pub(super) fn resolve(self) -> Result<(String, String), Fault> {
        let Self { name, value } = self;
        let value = match value {
            Some(value) => value,
            None => std::env::var(&name).map_err(|error| {
                Fault::usage(format!("--env {name}: {error}"))
                    .hint(format!("`--env {name}=VALUE` says what it is"))
            })?,
        };
        Ok((name, value))
    }
}

/// `NAME=VALUE` of `--limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitOption {
    Memory(usize),
    Time(Duration),
    Output(usize),
    HostCalls(u64),
    HttpRequests(u32),
    HttpResponse(usize),
}

impl LimitOption {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err("write NAME=VALUE, for example memory=256MiB".to_owned());
        };
        match name {
            "memory" => bytes(value).map(Self::Memory),
            "time" => units::parse_duration(value).map(Self::Time),
            "output" => bytes(value).map(Self::Output),
            "host_calls" => number(value).map(Self::HostCalls),
            "http_requests" => number(value).map(Self::HttpRequests),
            "http_response" => bytes(value).map(Self::HttpResponse),
            _ => Err(format!(
                "there is no limit {name}; there are memory, time, output, host_calls, http_requests and http_response"
            )),
        }
    }

    pub(super) fn set(self, limits: &mut Limits) {
        match self {
            Self::Memory(bytes) => limits.memory_bytes = bytes,
            Self::Time(time) => limits.time = time,
            Self::Output(bytes) => limits.output_bytes = bytes,
            Self::HostCalls(calls) => limits.host_calls = calls,
            Self::HttpRequests(requests) => limits.http_requests = requests,
            Self::HttpResponse(bytes) => limits.http_response_bytes = bytes,
        }
    }
}

fn bytes(text: &str) -> Result<usize, String> {
    let bytes = units::parse_bytes(text)?;
    usize::try_from(bytes).map_err(|_| format!("`{text}` is too large"))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number; write 1000"))
}

#[cfg(test)]
mod tests;
