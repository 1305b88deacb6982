//! The plugin's settings and what follows from them: addresses, headers, the key. Nothing is sent
//! from here.

use std::time::Duration;

use loom_sdk::llm::Model;
use loom_sdk::{Error, ErrorKind};
use serde_json::Value;

use crate::models;

const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";

/// The only version of the API so far (Anthropic's page on versioning).
const DEFAULT_VERSION: &str = "2023-06-01";

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Without a slash or `/v1` at its end.
    base_url: String,
    /// Beside the key's header.
    headers: Vec<(String, String)>,
    pub(crate) thinking_budget_tokens: Option<u32>,
    /// Instead of the model's default.
    pub(crate) max_tokens: Option<u32>,
    /// Whether to mark what the next request will repeat.
    pub(crate) cache: bool,
    pub(crate) timeout: Option<Duration>,
    /// Instead of asking the server.
    pub(crate) models: Option<Vec<Model>>,
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
        let base_url = base_url.strip_suffix("/messages").unwrap_or(base_url);
        let base_url = base_url.strip_suffix("/v1").unwrap_or(base_url);
        let number = |name| get(name).map(|text| positive(name, &text)).transpose();
        let version = get("version").unwrap_or_else(|| DEFAULT_VERSION.to_owned());
        let mut headers = vec![("anthropic-version".to_owned(), version)];
        headers.extend(get("beta").map(|beta| ("anthropic-beta".to_owned(), beta)));
        if let Some(text) = get("headers") {
            headers.extend(extra_headers(&text)?);
        }
        let cache = match get("cache").as_deref().map(str::trim) {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => {
                return Err(bad(
                    "cache",
                    &format!("{other:?} is neither true nor false"),
                ));
            }
        };
        let timeout_ms = number("timeout_ms")?;
        Ok(Self {
            base_url: base_url.to_owned(),
            headers,
            thinking_budget_tokens: number("thinking_budget_tokens")?,
            max_tokens: number("max_tokens")?,
            cache,
            timeout: timeout_ms.map(|ms| Duration::from_millis(u64::from(ms))),
            models: get("models")
                .map(|text| models::configured(&text))
                .transpose()?,
        })
    }

    /// The address of an operation, for example `/messages`.
    pub(crate) fn url(&self, operation: &str) -> String {
        format!("{}/v1{operation}", self.base_url)
    }

    /// All headers, the one with the key included. `key` is the placeholder of the secret.
    ///
    /// # Errors
    ///
    /// `unauthenticated` if the server is Anthropic's and there is no key.
    pub(crate) fn headers(
        &self,
        key: Result<String, Error>,
    ) -> Result<Vec<(String, String)>, Error> {
        let mut headers = self.headers.clone();
        let brings_its_own = |(name, _): &(String, String)| {
            name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("x-api-key")
        };
        if headers.iter().any(brings_its_own) {
            return Ok(headers);
        }
        match key {
            Ok(key) => headers.push(("x-api-key".to_owned(), key)),
            Err(error) if !matches!(error.kind, ErrorKind::Denied | ErrorKind::NotFound) => {
                return Err(error.context("reading the API key"));
            }
            Err(error) if is_anthropic(&self.base_url) => {
                let message = format!(
                    "there is no API key for {} ({}); set ANTHROPIC_API_KEY, or the secret api-key \
                     of the plugin anthropic",
                    self.base_url, error.message
                );
                return Err(Error::new(ErrorKind::Unauthenticated, message));
            }
            Err(_) => {}
        }
        Ok(headers)
    }
}

fn is_anthropic(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host);
    host.eq_ignore_ascii_case("api.anthropic.com")
}

fn positive(name: &str, text: &str) -> Result<u32, Error> {
    match text.trim().parse() {
        Ok(0) | Err(_) => Err(bad(name, &format!("{text:?} is not a number above 0"))),
        Ok(number) => Ok(number),
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
        "the setting {setting} of the plugin anthropic cannot be used: {why}; correct the \
         configuration"
    ))
}

#[cfg(test)]
mod tests;
