//! The plugin's settings and what follows from them: addresses, headers, the key. Nothing is sent
//! from here.

use std::time::Duration;

use loom_sdk::llm::Model;
use loom_sdk::{Error, ErrorKind};
use serde_json::Value;

use crate::models;

const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// The newest version of Azure's older API that is not a preview.
const DEFAULT_AZURE_VERSION: &str = "2024-10-21";

/// Where Azure serves models (Microsoft's documentation of the three kinds of resources).
const AZURE_HOSTS: [&str; 3] = [
    ".openai.azure.com",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
];

/// Whose server it is. Decides on defaults, never on what is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    OpenAi,
    Azure,
    Other,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Without a slash at its end.
    pub(crate) base_url: String,
    pub(crate) server: Server,
    pub(crate) api_version: Option<String>,
    /// Beside the key's header.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) max_tokens_field: String,
    pub(crate) timeout: Option<Duration>,
    /// Instead of asking the server.
    pub(crate) models: Option<Vec<Model>>,
    pub(crate) api_key_optional: bool,
    pub(crate) stream_usage: bool,
    pub(crate) text_tool_calls: bool,
}

impl Settings {
    /// Reads the settings; `get` is [`loom_sdk::host::config`].
    ///
    /// # Errors
    ///
    /// `invalid-input` that names the setting, if one has a value that cannot be used.
    pub(crate) fn load(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name| get(name).filter(|value| !value.trim().is_empty());
        let base_url = get("base_url").unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
        let base_url = base_url.trim().trim_end_matches('/');
        let base_url = base_url
            .strip_suffix("/chat/completions")
            .unwrap_or(base_url);
        let flag = |name, default| flag(name, get(name), default);
        let server = match flag("azure", is_azure(base_url))? {
            true => Server::Azure,
            false if host(base_url) == "api.openai.com" => Server::OpenAi,
            false => Server::Other,
        };
        let max_tokens_field = match server {
            Server::OpenAi | Server::Azure => "max_completion_tokens",
            Server::Other => "max_tokens",
        };
        let mut headers = match get("headers") {
            Some(text) => extra_headers(&text)?,
            None => Vec::new(),
        };
        for name in ["organization", "project"] {
            headers.extend(get(name).map(|value| (format!("openai-{name}"), value)));
        }
        Ok(Self {
            base_url: base_url.to_owned(),
            server,
            api_version: get("api_version"),
            headers,
            max_tokens_field: get("max_tokens_field")
                .unwrap_or_else(|| max_tokens_field.to_owned()),
            timeout: get("timeout_ms").map(|text| timeout(&text)).transpose()?,
            models: get("models")
                .map(|text| models::configured(&text))
                .transpose()?,
            api_key_optional: flag("api_key_optional", server == Server::Other)?,
            stream_usage: flag("stream_usage", true)?,
            text_tool_calls: flag("text_tool_calls", true)?,
        })
    }

    /// The address of an operation on a model, for example `/chat/completions`.
    pub(crate) fn model_url(&self, model: &str, operation: &str) -> String {
        if !self.has_deployments() {
            return self.url(operation);
        }
        self.url(&format!(
            "/deployments/{}{operation}",
            percent_encode(model)
        ))
    }

    /// The address of an operation on none.
    pub(crate) fn url(&self, operation: &str) -> String {
        let base = &self.base_url;
        let default_version = self.has_deployments().then_some(DEFAULT_AZURE_VERSION);
        let root = if self.has_deployments() && !base.ends_with("/openai") {
            "/openai"
        } else {
            ""
        };
        match self.api_version.as_deref().or(default_version) {
            Some(version) if self.server == Server::Azure => {
                format!(
                    "{base}{root}{operation}?api-version={}",
                    percent_encode(version)
                )
            }
            _ => format!("{base}{root}{operation}"),
        }
    }

    /// Azure's older API names the model in the path; its newer one (`/openai/v1`) does not.
    fn has_deployments(&self) -> bool {
        let rest = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        let names_all = ["openai/v1", "deployments/", "models"];
        self.server == Server::Azure && !names_all.iter().any(|part| path.contains(part))
    }

    /// All headers, the one with the key included. `key` is the placeholder of the secret.
    ///
    /// # Errors
    ///
    /// `unauthenticated` if the server needs a key and there is none.
    pub(crate) fn headers(
        &self,
        key: Result<String, Error>,
    ) -> Result<Vec<(String, String)>, Error> {
        let mut headers = self.headers.clone();
        let brings_its_own = |(name, _): &(String, String)| {
            name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("api-key")
        };
        if headers.iter().any(brings_its_own) {
            return Ok(headers);
        }
        match key {
            Ok(key) if self.server == Server::Azure => headers.push(("api-key".to_owned(), key)),
            Ok(key) => headers.push(("authorization".to_owned(), format!("Bearer {key}"))),
            Err(error) if !matches!(error.kind, ErrorKind::Denied | ErrorKind::NotFound) => {
                return Err(error.context("reading the API key"));
            }
            Err(_) if self.api_key_optional => {}
            Err(error) => return Err(self.missing_key(&error)),
        }
        Ok(headers)
    }

    fn missing_key(&self, error: &Error) -> Error {
        let variable = match self.server {
            Server::Azure => "AZURE_OPENAI_API_KEY",
            Server::OpenAi | Server::Other => "OPENAI_API_KEY",
        };
        let message = format!(
            "there is no API key for {} ({}); set {variable}, or the secret api-key of the plugin \
             openai",
            self.base_url, error.message
        );
        Error::new(ErrorKind::Unauthenticated, message)
    }
}

fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host);
    host.to_ascii_lowercase()
}

fn is_azure(url: &str) -> bool {
    let host = host(url);
    AZURE_HOSTS.iter().any(|suffix| host.ends_with(suffix))
}

fn flag(name: &str, value: Option<String>, default: bool) -> Result<bool, Error> {
    match value.as_deref().map(str::trim) {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(bad(name, &format!("{other:?} is neither true nor false"))),
    }
}

fn timeout(text: &str) -> Result<Duration, Error> {
    match text.trim().parse() {
        Ok(0) | Err(_) => Err(bad(
            "timeout_ms",
            &format!("{text:?} is not a number of milliseconds above 0"),
        )),
        Ok(ms) => Ok(Duration::from_millis(ms)),
    }
}

fn extra_headers(text: &str) -> Result<Vec<(String, String)>, Error> {
    let is_not = |_| bad("headers", "it is not an object of names and texts");
    let object: serde_json::Map<String, Value> = serde_json::from_str(text).map_err(is_not)?;
    let header = |(name, value): (String, Value)| match value {
        Value::String(value) => Ok((name, value)),
        other => Err(bad("headers", &format!("{name} is {other}, not a text"))),
    };
    object.into_iter().map(header).collect()
}

pub(crate) fn bad(setting: &str, why: &str) -> Error {
    Error::invalid_input(format!(
        "the setting {setting} of the plugin openai cannot be used: {why}; correct the \
         configuration"
    ))
}

/// RFC 3986: everything but the unreserved characters.
fn percent_encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests;
