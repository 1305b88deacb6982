//! A request and all that follows from it, up to the body of the last response: redirects,
//! deadline, limits, and errors with advice.

use std::time::{Duration, Instant};

use loom_sdk::error::Result;
use loom_sdk::{Error, ErrorKind, host};
use url::Url;

use crate::order::Order;
use crate::redirect::{self, MAX_REDIRECTS};
use crate::transport::Transport;

/// What an exchange may take.
pub(crate) struct Limits {
    pub(crate) deadline: Instant,
    pub(crate) max_bytes: usize,
}

/// The last response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) max_bytes: usize,
    /// Why there is no more of the body.
    pub(crate) end: End,
    /// Where it came from, if not from where it was asked for.
    pub(crate) redirected_to: Option<Url>,
    /// Names of headers that were not sent on to another origin.
    pub(crate) dropped_headers: Vec<String>,
}

/// How a body ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Complete,
    /// At `max_bytes`; there is more.
    Cut,
    /// At the deadline; the server may still be sending.
    TimedOut,
    /// On the way, with what went wrong.
    Broken(String),
}

/// Sends the request and follows redirects.
pub(crate) fn run(mut order: Order, limits: &Limits, transport: Transport<'_>) -> Result<Answer> {
    let mut redirected_to = None;
    let mut dropped_headers = Vec::new();
    for _ in 0..=MAX_REDIRECTS {
        let request = order.request(remaining(limits, &order.url)?);
        let reply =
            transport(request).map_err(|error| explain(error, &order, redirected_to.is_some()))?;
        let Some(target) = redirect::target(&order, &reply) else {
            let (body, end) = read_body(reply.read, limits, &order.url)?;
            return Ok(Answer {
                status: reply.status,
                headers: reply.headers,
                body,
                max_bytes: limits.max_bytes,
                end,
                redirected_to,
                dropped_headers,
            });
        };
        dropped_headers.extend(redirect::turn(&mut order, target));
        redirected_to = Some(order.url.clone());
    }
    Err(Error::unavailable(format!(
        "more than {MAX_REDIRECTS} redirects, the last to {}; the server sends requests in a circle",
        order.url
    )))
}

fn remaining(limits: &Limits, url: &Url) -> Result<Duration> {
    let remaining = limits.deadline.saturating_duration_since(Instant::now());
    if remaining.is_zero() {
        return Err(Error::timeout(format!(
            "{url} did not answer in time; raise timeout_ms or try again later"
        )));
    }
    Ok(remaining)
}

/// A body that stops on the way is worth showing up to there, an event stream never ends otherwise.
fn read_body(
    mut read: Box<dyn FnMut() -> Result<Option<Vec<u8>>>>,
    limits: &Limits,
    url: &Url,
) -> Result<(Vec<u8>, End)> {
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

fn explain(error: Error, order: &Order, redirected: bool) -> Error {
    let origin = order.url.origin().ascii_serialization();
    let advice = match error.kind {
        ErrorKind::Denied => {
            let secret = if order.has_secret() {
                "; a secret is only sent to hosts it is bound to"
            } else {
                ""
            };
            format!(
                "; to allow it, the user adds \"{origin}\" to `network` under [plugins.http.grants] in loom.toml{secret}"
            )
        }
        ErrorKind::Timeout => "; raise timeout_ms or try again later".to_owned(),
        _ => String::new(),
    };
    let error = Error {
        message: error.message + &advice,
        ..error
    };
    if redirected {
        error.context(format!("redirected to {origin}"))
    } else {
        error
    }
}

#[cfg(test)]
mod tests;
