//! Sending a question to an engine and reading its answer, with errors that say what to do. No engine's
//! format is here.

use loom_http_exchange::body::{self, End, Limits};
use loom_http_exchange::refusal::{how_to_grant, of_status};
use loom_http_exchange::transport::Transport;
use loom_sdk::error::Result;
use loom_sdk::http::Request;
use loom_sdk::{Error, ErrorKind};
use url::Url;

/// What is shown of an answer that is no result.
const MAX_EXCERPT_CHARS: usize = 200;

/// The way to the engines, within limits.
pub(crate) struct Network<'a> {
    pub(crate) limits: Limits,
    pub(crate) transport: Transport<'a>,
}

/// An engine's answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    /// The error that its status stands for.
    refusal: Option<Error>,
}

impl Network<'_> {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// As the host gives them, with what to do; `unavailable` for an answer that is not whole.
    pub(crate) fn ask(&mut self, request: Request, name: &str) -> Result<Answer> {
        let url = Url::parse(&request.url)
            .map_err(|error| Error::invalid_input(format!("{}: {error}", request.url)))?;
        let late = || Error::timeout(format!("{name} did not answer in time; try again later"));
        let remaining = self.limits.remaining().ok_or_else(late)?;
        let reply = (self.transport)(request.timeout(remaining))
            .map_err(|error| explain(error, &url, name))?;
        let refusal = (reply.status >= 400).then(|| {
            let message = format!("{name} answered with the status {}", reply.status);
            of_status(&reply, message)
        });
        let status = reply.status;
        let (bytes, end) = body::read(reply.read, &self.limits, &url)?;
        let broken = |why: &str| Error::unavailable(format!("the answer of {name} {why}"));
        match end {
            End::Complete => {}
            // What an error says in full is not needed.
            _ if refusal.is_some() => {}
            End::TimedOut => return Err(late()),
            End::Cut => return Err(broken("is too large for a list of results")),
            End::Broken(why) => return Err(broken(&format!("broke off: {why}"))),
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer {
            status,
            text,
            refusal,
        })
    }
}

impl Answer {
    /// The text of an answer with results.
    ///
    /// # Errors
    ///
    /// What its status stands for, with what the engine says about it; `unavailable` for a redirect.
    pub(crate) fn accept(self, name: &str) -> Result<String> {
        if let Some(refusal) = self.refusal {
            let excerpt = excerpt(&self.text);
            let message = if excerpt.is_empty() {
                refusal.message
            } else {
                format!("{}: {excerpt}", refusal.message)
            };
            return Err(Error { message, ..refusal });
        }
        match self.status {
            200..=299 => Ok(self.text),
            status => Err(Error::unavailable(format!(
                "{name} answered with the status {status} instead of results; check its URL in the settings of the plugin web-search"
            ))),
        }
    }
}

fn explain(error: Error, url: &Url, name: &str) -> Error {
    let advice = match error.kind {
        ErrorKind::Denied => format!("; {}", how_to_grant("web-search", url)),
        ErrorKind::Timeout => "; try again later".to_owned(),
        _ => String::new(),
    };
    let message = format!("asking {name}: {}{advice}", error.message);
    Error { message, ..error }
}

/// The beginning of an answer, if it is text for people or JSON; a page would only fill the message.
fn excerpt(text: &str) -> String {
    let text = text.trim();
    if text.starts_with('<') {
        return String::new();
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_EXCERPT_CHARS).collect()
}
