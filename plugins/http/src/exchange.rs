//! A request and all that follows from it, up to the body of the last response: redirects,
//! deadline, and errors with advice.

use std::time::Duration;

use loom_http_exchange::body::{self, End, Limits};
use loom_http_exchange::refusal::how_to_grant;
use loom_http_exchange::transport::Transport;
use loom_sdk::error::Result;
use loom_sdk::{Error, ErrorKind};
use url::Url;

use crate::order::Order;
use crate::redirect::{self, MAX_REDIRECTS};

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

/// Sends the request and follows redirects.
pub(crate) fn run(mut order: Order, limits: &Limits, transport: Transport<'_>) -> Result<Answer> {
    let mut redirected_to = None;
    let mut dropped_headers = Vec::new();
    for _ in 0..=MAX_REDIRECTS {
        let request = order.request(remaining(limits, &order.url)?);
        let reply =
            transport(request).map_err(|error| explain(error, &order, redirected_to.is_some()))?;
        let Some(target) = redirect::target(&order, &reply) else {
            let (body, end) = body::read(reply.read, limits, &order.url)?;
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
    limits.remaining().ok_or_else(|| {
        Error::timeout(format!(
            "{url} did not answer in time; raise timeout_ms or try again later"
        ))
    })
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
            format!("; {}{secret}", how_to_grant("http", &order.url))
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
