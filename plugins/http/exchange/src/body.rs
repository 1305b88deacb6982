//! Reading a body within limits of time and size.

use std::time::{Duration, Instant};

use loom_sdk::error::Result;
use loom_sdk::{Error, ErrorKind, host};
use url::Url;

use crate::transport::Read;

/// What an exchange may take.
pub struct Limits {
    pub deadline: Instant,
    /// Of a body, unpacked.
    pub max_bytes: usize,
}

/// How a body ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Complete,
    /// At `max_bytes`; there is more.
    Cut,
    /// At the deadline; the server may still be sending.
    TimedOut,
    /// On the way, with what went wrong.
    Broken(String),
}

impl Limits {
    /// Time to go; none if it is up.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let remaining = self.deadline.saturating_duration_since(Instant::now());
        (!remaining.is_zero()).then_some(remaining)
    }
}

/// The body, and why there is no more of it. One that stops on the way is worth having up to there; an
/// event stream never ends otherwise.
///
/// # Errors
///
/// `cancelled`, and whatever happens before the first byte.
pub fn read(mut read: Read, limits: &Limits, url: &Url) -> Result<(Vec<u8>, End)> {
    let mut body = Vec::new();
    loop {
        if host::is_cancelled() {
            return Err(Error::new(
                ErrorKind::Cancelled,
                "the request was cancelled",
            ));
        }
        let piece = match read() {
            Ok(None) => return Ok((body, End::Complete)),
            Ok(Some(piece)) => piece,
            Err(error) if body.is_empty() => return Err(error.context(format!("reading {url}"))),
            Err(error) if error.kind == ErrorKind::Timeout => return Ok((body, End::TimedOut)),
            Err(error) => return Ok((body, End::Broken(error.message))),
        };
        let room = limits.max_bytes - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            return Ok((body, End::Cut));
        }
        if Instant::now() >= limits.deadline {
            return Ok((body, End::TimedOut));
        }
    }
}
