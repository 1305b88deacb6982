//! Loom's provider for OpenAI-compatible chat completions: OpenAI, Azure, OpenRouter, and servers
//! such as llama.cpp, Ollama, vLLM and LiteLLM.
//!
//! | setting | meaning, and default |
//! | --- | --- |
//! | `base_url` | the server, `https://api.openai.com/v1`; for Azure the endpoint, or its `/openai/v1` |
//! | `azure` | Azure's addresses and header; true on Azure's own domains |
//! | `api_version` | of Azure, `2024-10-21` where one is needed |
//! | `api_key_optional` | go on without a key; true except for OpenAI and Azure |
//! | `organization`, `project` | OpenAI's headers |
//! | `headers` | further headers, an object; `authorization` among them replaces the key |
//! | `timeout_ms` | for a connection, the first byte and between bytes; the host's limits |
//! | `models` | a list of names or objects, for servers that have no `/models` |
//! | `max_tokens_field` | `max_completion_tokens` at OpenAI and Azure, else `max_tokens` |
//! | `stream_usage` | ask for token counts; true |
//! | `text_tool_calls` | take an answer that is nothing but tool calls written as text for calls; true |
//!
//! Here is what talks to the host. The protocol is pure: `request` makes the body, `stream` and
//! `answer` read the response, `error` the failures, `settings` the configuration.

mod answer;
mod embeddings;
mod error;
mod models;
#[cfg(test)]
mod replay;
mod request;
mod settings;
mod stream;
mod text_call;
mod tool_calls;
mod wire;

use std::hash::{BuildHasher, RandomState};

use loom_sdk::embedding::Embedder;
use loom_sdk::error::Result;
use loom_sdk::llm::{Completion, Event, Model, Provider, Request, ToolChoice, wire_error};
use loom_sdk::{host, http};

use answer::Answer;
use settings::Settings;
use stream::Decoder;
use text_call::Watch;

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_provider!(OpenAi);
loom_sdk::export_embedder!(OpenAi);

/// How much of the answer to a refused request is read.
const ERROR_LIMIT_BYTES: usize = 256 * 1024;

/// How large a list of models or of embeddings may be.
const LIST_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// The provider.
pub struct OpenAi;

impl Provider for OpenAi {
    type Completion = Chat;

    fn models() -> Result<Vec<Model>> {
        let settings = settings()?;
        if let Some(models) = &settings.models {
            return Ok(models.clone());
        }
        let request = http::Request::get(settings.url("/models"));
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
        let url = settings.model_url(&request.model, "/chat/completions");
        let http_request = http::Request::post_json(url, &body)
            .header("accept", "text/event-stream, application/json");
        let response = send(http_request, &settings)?;
        let answer = Answer::new(watch(&request, &settings), id_prefix(&body));
        let mut chat = Chat {
            response,
            decoder: Decoder::new(answer),
            first: None,
            is_over: false,
        };
        // Many servers refuse a request inside an answer with status 200.
        chat.first = chat.read()?;
        Ok(chat)
    }
}

impl Embedder for OpenAi {
    fn embed(model: &str, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let settings = settings()?;
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(embeddings::BATCH_TEXTS) {
            let url = settings.model_url(model, "/embeddings");
            let request = http::Request::post_json(url, &embeddings::body(model, texts));
            let (answer, _) = send(request, &settings)?.bytes(LIST_LIMIT_BYTES)?;
            vectors.extend(embeddings::read(&answer, texts.len())?);
        }
        embeddings::check_lengths(&vectors)?;
        Ok(vectors)
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
    let body = response
        .bytes(ERROR_LIMIT_BYTES)
        .map(|(body, _)| body)
        .unwrap_or_default();
    Err(wire_error::from_response(
        response.status,
        &body,
        retry_after,
    ))
}

fn watch(request: &Request, settings: &Settings) -> Option<Watch> {
    let may_call = settings.text_tool_calls
        && !request.tools.is_empty()
        && request.tool_choice != ToolChoice::None;
    let names = || request.tools.iter().map(|tool| tool.name.clone());
    may_call.then(|| Watch::new(names().collect()))
}

/// Made-up ids must not meet again in a session: no two requests of one are the same, even if the
/// host starts instances with the same seed.
fn id_prefix(body: &serde_json::Value) -> String {
    let hash = RandomState::new().hash_one(body.to_string());
    format!("call_{hash:016x}_")
}
