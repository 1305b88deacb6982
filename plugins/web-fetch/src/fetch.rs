//! Getting what is at a URL: redirects, robots.txt before each request, refusals with advice. What is
//! made of the body is not decided here.

use loom_http_exchange::body::{self, End, Limits};
use loom_http_exchange::media::MediaType;
use loom_http_exchange::redirect;
use loom_http_exchange::refusal::{how_to_grant, of_status};
use loom_http_exchange::transport::{Reply, Transport};
use loom_sdk::error::Result;
use loom_sdk::http::Request;
use loom_sdk::{Error, ErrorKind};
use url::Url;

use crate::robots::Robots;
use crate::settings::Settings;

/// What RFC 9309 wants followed for robots.txt; pages are mostly behind one or two.
pub(crate) const MAX_REDIRECTS: usize = 5;
/// What servers have to understand (RFC 9110, section 4.1); hardly one takes more.
const MAX_URL_BYTES: usize = 8000;
/// What is shown of a page that says why it refuses.
const MAX_REASON_CHARS: usize = 300;

/// A body and where it came from.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) url: Url,
    pub(crate) media_type: MediaType,
    pub(crate) language: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
}

/// Checks a URL as a model writes it.
///
/// # Errors
///
/// `invalid-input`, with what to write instead.
pub(crate) fn parse_url(text: &str) -> Result<Url> {
    let text = text.trim();
    if text.len() > MAX_URL_BYTES {
        return Err(Error::invalid_input(format!(
            "the URL has {} bytes, more than the {MAX_URL_BYTES} that servers take",
            text.len()
        )));
    }
    let url = Url::parse(text).map_err(|error| {
        Error::invalid_input(format!(
            "`{text}` is not a URL ({error}); write an absolute one such as https://example.com/path"
        ))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::invalid_input(format!(
            "only http and https can be read, not {}",
            url.scheme()
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid_input(
            "a URL with a user name or password is not sent; http_request sends the header authorization",
        ));
    }
    Ok(url)
}

/// Gets a page.
///
/// # Errors
///
/// `denied` by the host or by robots.txt, what a status of 4xx or 5xx stands for, and what happens on
/// the way.
pub(crate) fn run(
    mut url: Url,
    settings: &Settings,
    limits: &Limits,
    transport: Transport<'_>,
) -> Result<Fetched> {
    let mut robots = Robots::new(settings);
    for hop in 0..=MAX_REDIRECTS {
        let explain = |error| explain(error, &url, hop > 0);
        robots.check(&url, limits, transport).map_err(explain)?;
        let reply = get(&url, settings, limits, transport).map_err(explain)?;
        match redirect::location(&url, &reply) {
            Some(target) => url = target,
            None => return finish(url, reply, limits),
        }
    }
    Err(Error::unavailable(format!(
        "more than {MAX_REDIRECTS} redirects, the last to {url}; call again with that URL if it is where the page is"
    )))
}

/// Sends one GET.
pub(crate) fn get(
    url: &Url,
    settings: &Settings,
    limits: &Limits,
    transport: Transport<'_>,
) -> Result<Reply> {
    let late = || Error::timeout(format!("{url} did not answer in time; try again later"));
    let request = Request::get(url.as_str())
        .header("user-agent", settings.user_agent.as_str())
        .header(
            "accept",
            "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, */*;q=0.8",
        )
        .header("accept-language", "en;q=0.9, *;q=0.5")
        .timeout(limits.remaining().ok_or_else(late)?);
    transport(request)
}

fn finish(url: Url, reply: Reply, limits: &Limits) -> Result<Fetched> {
    let media_type = MediaType::parse(reply.header("content-type"));
    if reply.status >= 400 {
        return Err(refuse(&url, reply, limits, &media_type));
    }
    if !(200..300).contains(&reply.status) {
        return Err(Error::unavailable(format!(
            "{url} answered with the status {} and no place to go on to",
            reply.status
        )));
    }
    let packed = reply.header("content-encoding");
    let packed = packed.filter(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    if let Some(encoding) = packed {
        return Err(Error::unavailable(format!(
            "what {url} sent is packed with {encoding}, which cannot be unpacked here"
        )));
    }
    let language = reply.header("content-language").map(str::to_owned);
    let (body, end) = body::read(reply.read, limits, &url)?;
    Ok(Fetched {
        url,
        media_type,
        language,
        body,
        end,
    })
}

/// What a status says, with what the server says about it if that is not a whole page.
fn refuse(url: &Url, mut reply: Reply, limits: &Limits, media_type: &MediaType) -> Error {
    let meaning = match reply.status {
        401 | 407 => "it wants a login, which web_fetch has not",
        402 => "it wants to be paid",
        403 => "it does not let this reader in; it may let browsers only",
        404 | 410 => "there is no such page; search for where it is now",
        429 => "it was asked too often; wait before the next call",
        451 => "it may not show this for legal reasons",
        500.. => "its server has a fault; try again later",
        _ => "it does not accept the request",
    };
    let mut message = format!("{url} answered with the status {}: {meaning}", reply.status);
    let is_short = !media_type.essence.contains("html");
    let read = std::mem::replace(&mut reply.read, Box::new(|| Ok(None)));
    if is_short && let Ok((body, _)) = body::read(read, limits, url) {
        let reason = media_type.decode(&body, true);
        let words: Vec<&str> = reason.split_whitespace().collect();
        let reason: String = words.join(" ").chars().take(MAX_REASON_CHARS).collect();
        if !reason.is_empty() {
            message = format!("{message} ({reason})");
        }
    }
    of_status(&reply, message)
}

fn explain(error: Error, url: &Url, redirected: bool) -> Error {
    let is_the_hosts = error.kind == ErrorKind::Denied && error.details.is_none();
    let error = if is_the_hosts {
        let message = format!("{}; {}", error.message, how_to_grant("web-fetch", url));
        Error { message, ..error }
    } else {
        error
    };
    if redirected {
        error.context(format!("redirected to {url}"))
    } else {
        error
    }
}

#[cfg(test)]
mod tests;
