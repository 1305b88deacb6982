//! robots.txt (RFC 9309): whether a page may be read by a program. A call keeps nothing for the next one,
//! so it is one more request, of at most 500 KiB, for each origin that a call reads from.

use loom_http_exchange::body::{self, Limits};
use loom_http_exchange::redirect;
use loom_http_exchange::refusal::of_status;
use loom_http_exchange::transport::Transport;
use loom_sdk::error::Result;
use loom_sdk::{Error, ErrorKind};
use texting_robots::Robot;
use url::Url;

use crate::fetch::{self, MAX_REDIRECTS};
use crate::settings::Settings;

/// The product token by which robots.txt addresses this reader.
const TOKEN: &str = "loom";
/// What has to be read at least (RFC 9309, section 2.5).
const MAX_BYTES: usize = 500 * 1024;
/// Rules with an anchor are compiled one by one, which takes long for files that are made for it.
const MAX_ANCHORS: usize = 500;

/// What one call knows of the rules of the origins that it reads from.
pub(crate) struct Robots<'a> {
    settings: &'a Settings,
    /// The last origin and its rules; none of them means that everything may be read.
    known: Option<(url::Origin, Option<Robot>)>,
}

impl<'a> Robots<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            known: None,
        }
    }

    /// Whether a page may be read.
    ///
    /// # Errors
    ///
    /// `denied` with details if the rules forbid it; whatever prevents reading them, since then nothing
    /// may be read (RFC 9309, section 2.3.1.4).
    pub(crate) fn check(
        &mut self,
        url: &Url,
        limits: &Limits,
        transport: Transport<'_>,
    ) -> Result<()> {
        if !self.settings.robots || url.path() == "/robots.txt" {
            return Ok(());
        }
        let origin = url.origin();
        if self
            .known
            .as_ref()
            .is_none_or(|(known, _)| *known != origin)
        {
            let rules = self.fetch(url, limits, transport)?;
            self.known = Some((origin, rules));
        }
        let rules = self.known.as_ref().and_then(|(_, rules)| rules.as_ref());
        if rules.is_none_or(|rules| rules.allowed(url.as_str())) {
            return Ok(());
        }
        Err(Error {
            details: Some(r#"{"robots":true}"#.to_owned()),
            ..Error::denied(format!(
                "the robots.txt of {} asks programs not to read {}; read another page or ask the user, who may set robots = false in `config` under [plugins.web-fetch]",
                url.origin().ascii_serialization(),
                url.path()
            ))
        })
    }

    fn fetch(
        &self,
        page: &Url,
        limits: &Limits,
        transport: Transport<'_>,
    ) -> Result<Option<Robot>> {
        let mut url = page.clone();
        url.set_path("/robots.txt");
        url.set_query(None);
        url.set_fragment(None);
        for _ in 0..=MAX_REDIRECTS {
            let reply = fetch::get(&url, self.settings, limits, transport)?;
            if let Some(target) = redirect::location(&url, &reply) {
                url = target;
                continue;
            }
            return match reply.status {
                200..=299 => {
                    let limits = Limits {
                        max_bytes: MAX_BYTES,
                        ..*limits
                    };
                    let (text, _) = body::read(reply.read, &limits, &url)?;
                    rules(&text, &url).map(Some)
                }
                429 | 500.. => Err(of_status(&reply, unreadable(&url, reply.status))),
                // RFC 9309, section 2.3.1.3: without rules everything may be read.
                _ => Ok(None),
            };
        }
        Ok(None)
    }
}

fn unreadable(url: &Url, status: u16) -> String {
    format!(
        "{url} answered with the status {status}, and without robots.txt nothing may be read; try again later"
    )
}

fn rules(text: &[u8], url: &Url) -> Result<Robot> {
    let anchors = text.iter().filter(|byte| **byte == b'$').count();
    let parsed = (anchors <= MAX_ANCHORS).then(|| Robot::new(TOKEN, text).ok());
    // Without their anchors rules forbid more, and never less than they say.
    let simpler = || {
        let text: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'$').collect();
        Robot::new(TOKEN, &text)
    };
    match parsed.flatten() {
        Some(robot) => Ok(robot),
        None => simpler().map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!(
                    "{url} cannot be read ({error}), and without robots.txt nothing may be read"
                ),
            )
        }),
    }
}

#[cfg(test)]
mod tests;
