//! Where a redirect leads, and what of the request goes there.

use url::Url;

use crate::order::Order;
use crate::transport::Reply;

/// Browsers follow 20, curl 50, most clients 10.
pub(crate) const MAX_REDIRECTS: usize = 10;

/// Where a response sends the request on to; none if it is not to be followed. Only GET and HEAD
/// without a body are: a redirect must neither repeat a change nor carry content somewhere else.
pub(crate) fn target(order: &Order, reply: &Reply) -> Option<Url> {
    let follows = matches!(order.method.as_str(), "GET" | "HEAD")
        && order.body.is_empty()
        && matches!(reply.status, 301 | 302 | 303 | 307 | 308);
    if !follows {
        return None;
    }
    let mut target = order.url.join(reply.header("location")?.trim()).ok()?;
    if !matches!(target.scheme(), "http" | "https") {
        return None;
    }
    // Credentials that a server puts into a URL are not ours to send.
    target.set_username("").ok()?;
    target.set_password(None).ok()?;
    Some(target)
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
