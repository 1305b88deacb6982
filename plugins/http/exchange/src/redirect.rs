//! Where a response sends a request on to. Whether to follow is for the plugin to say.

use url::Url;

use crate::transport::Reply;

/// Where a redirect leads; none if the response is no redirect, or leads nowhere that can be requested.
#[must_use]
pub fn location(url: &Url, reply: &Reply) -> Option<Url> {
    if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut target = url.join(reply.header("location")?.trim()).ok()?;
    if !matches!(target.scheme(), "http" | "https") {
        return None;
    }
    // Credentials that a server puts into a URL are not ours to send.
    target.set_username("").ok()?;
    target.set_password(None).ok()?;
    Some(target)
}
