//! Loom's provider for Anthropic's messages API: Claude, and servers such as llama.cpp and LiteLLM
//! that speak it too.
//!
//! | setting | meaning, and default |
//! | --- | --- |
//! | `base_url` | the server, `https://api.anthropic.com`; `/v1/messages` is added |
//! | `version`, `beta` | Anthropic's headers; `2023-06-01`, none |
//! | `headers` | further headers, an object; `authorization` among them replaces the key |
//! | `max_tokens` | limit on an answer where the request has none; by model |
//! | `thinking_budget_tokens` | lets the model think; from Claude 4.6 on as much as it wants |
//! | `cache` | marks instructions, tools and the last message for the server's cache; true |
//! | `timeout_ms` | for a connection, the first byte and between bytes; the host's limits |
//! | `models` | a list of names or objects, for servers that have no list |
//!
//! Here is what talks to the host. The protocol is pure: `request` and `messages` make the body,
//! `stream` and `answer` read the response, `error` the failures, `settings` the configuration.

mod answer;
mod error;
mod messages;
mod models;
#[cfg(test)]
mod replay;
mod request;
mod schema;
mod settings;
mod stream;
mod wire;

use loom_sdk::error::Result;
use loom_sdk::llm::{Completion, Event, Model, Provider, Request, wire_error};
use loom_sdk::{host, http};

use settings::Settings;
use stream::Decoder;

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_provider!(Anthropic);

/// How much of the answer to a refused request is read.
const ERROR_LIMIT_BYTES: usize = 256 * 1024;

/// How large a list of models may be.
const LIST_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// The provider.
pub struct Anthropic;

impl Provider for Anthropic {
    type Completion = Chat;

    fn models() -> Result<Vec<Model>> {
        let settings = settings()?;
        if let Some(models) = &settings.models {
            return Ok(models.clone());
        }
        // The most that the API lists at a time, and far more than there are.
        let request = http::Request::get(settings.url("/models?limit=1000"));
        let answer = send(request, &settings).and_then(|mut response| {
            let (answer, _) = response.bytes(LIST_LIMIT_BYTES)?;
            let value =
                serde_json::from_slice(&answer).map_err(|why| error::not_understood(&why))?;
            models::listed(&value).ok_or_else(|| error::not_understood(&"no list of models"))
        });
        answer.map_err(error::no_models)
    }

    fn complete(request: Request) -> Result<Chat> {
        let settings = settings()?;
        let body = request::body(&request, &settings)?;
        let http_request = http::Request::post_json(settings.url("/messages"), &body)
            .header("accept", "text/event-stream, application/json");
        let mut chat = Chat {
            response: send(http_request, &settings)?,
            decoder: Decoder::new(),
            first: None,
            is_over: false,
        };
        // Some servers refuse a request inside an answer with status 200.
        chat.first = chat.read()?;
        Ok(chat)
    }
}

/// An answer that is coming in.
pub struct Chat {
    response: http::Response,
    decoder: Decoder,
    /// What `complete` has read already.
    first: Option<Vec<Event>>,
    is_over: bool,
}

impl Completion for Chat {
    fn next(&mut self) -> Result<Option<Vec<Event>>> {
        match self.first.take() {
            Some(events) => Ok(Some(events)),
            None => self.read(),
        }
    }
}

impl Chat {
    fn read(&mut self) -> Result<Option<Vec<Event>>> {
        while !self.is_over {
            // A failure that came after events waits for this.
            let mut events = self.decoder.push(&[])?;
            if self.decoder.is_over() {
                self.is_over = true;
            } else {
                match self.response.read() {
                    Ok(Some(bytes)) => events = self.decoder.push(&bytes)?,
                    Ok(None) => events = self.end()?,
                    // Nothing is missing but the good-bye.
                    Err(_) if self.decoder.has_stopped() => events = self.end()?,
                    Err(error) => return Err(error.context("the answer was cut off")),
                }
            }
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
        Ok(None)
    }

    fn end(&mut self) -> Result<Vec<Event>> {
        self.is_over = true;
        self.decoder.finish()
    }
}

fn settings() -> Result<Settings> {
    Settings::load(&host::config)
}

/// Sends a request with the headers that all have, and turns a refusal into an error.
fn send(mut request: http::Request, settings: &Settings) -> Result<http::Response> {
    request
        .headers
        .extend(settings.headers(host::secret("api-key"))?);
    request.timeout = settings.timeout;
    let mut response = request.send()?;
    if (200..300).contains(&response.status) {
        return Ok(response);
    }
    let retry_after = response.retry_after();
    // The status says enough if the body breaks off.
    let body = response.bytes(ERROR_LIMIT_BYTES).map(|(body, _)| body);
    let body = body.unwrap_or_default();
    Err(wire_error::from_response(
        response.status,
        &body,
        retry_after,
    ))
}
