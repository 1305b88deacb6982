//! Where a redirect leads, and what of the request goes there.

use loom_http_exchange::redirect;
use loom_http_exchange::transport::Reply;
use url::Url;

use crate::order::Order;

/// Browsers follow 20, curl 50, most clients 10.
pub(crate) const MAX_REDIRECTS: usize = 10;

/// Where a response sends the request on to; none if it is not to be followed. Only GET and HEAD
/// without a body are: a redirect must neither repeat a change nor carry content somewhere else.
pub(crate) fn target(order: &Order, reply: &Reply) -> Option<Url> {
    let follows = matches!(order.method.as_str(), "GET" | "HEAD") && order.body.is_empty();
    if !follows {
        return None;
    }
    redirect::location(&order.url, reply)
}

/// Turns the request to its new target. Headers that say who asks stay with their origin (scheme,
/// host and port); returns the names of those.
pub(crate) fn turn(order: &mut Order, target: Url) -> Vec<String> {
    let mut dropped = Vec::new();
    if order.url.origin() != target.origin() {
        order.headers.retain(|header| {
            if header.is_confidential() {
                dropped.push(header.name.clone());
            }
            !header.is_confidential()
        });
    }
    order.url = target;
    dropped
}

#[cfg(test)]
mod tests;
