//! What the model asks for, checked and ready to be sent. Nothing is sent here.

use std::collections::BTreeMap;
use std::time::Duration;

use loom_sdk::http::Request;
use loom_sdk::{Error, error::Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::secret;

/// A request body as the model writes it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
// The argument has a description of its own.
#[schemars(description = "")]
pub enum Body {
    Text(String),
    Object(Map<String, Value>),
    Array(Vec<Value>),
}

/// A request that is known to be well-formed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) method: String,
    pub(crate) url: Url,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    /// In lower case.
    pub(crate) name: String,
    /// With placeholders in place of secrets.
    pub(crate) value: String,
    /// Whether the value has a secret's placeholder in it.
    pub(crate) has_secret: bool,
}

/// What servers have to understand (RFC 9110, section 4.1); hardly one takes more.
const MAX_URL_BYTES: usize = 8000;

/// Headers that say who asks. `x-api-key` and its like are no standard, but common.
const CONFIDENTIAL: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "x-auth-token",
];

impl Header {
    /// Whether it must stay with the origin it was meant for.
    pub(crate) fn is_confidential(&self) -> bool {
        self.has_secret || CONFIDENTIAL.contains(&self.name.as_str())
    }
}

impl Order {
    /// Checks a request; `secret` gives the placeholder for a secret's name.
    pub(crate) fn new(
        method: &str,
        url: &str,
        headers: BTreeMap<String, String>,
        body: Option<Body>,
        secret: impl Fn(&str) -> Result<String>,
    ) -> Result<Self> {
        let url = parse_url(url)?;
        let headers = headers
            .into_iter()
            .filter(|(name, _)| !is_the_clients(name))
            .map(|(name, value)| header(&name, &value, &secret))
            .collect::<Result<Vec<_>>>()?;
        let mut order = Self {
            method: parse_method(method)?,
            url,
            headers,
            body: Vec::new(),
        };
        if let Some(body) = body {
            order.set_body(body)?;
        }
        Ok(order)
    }

    /// The request, with so much time to go.
    pub(crate) fn request(&self, timeout: Duration) -> Request {
        let mut request = Request::new(self.method.clone(), self.url.as_str())
            .body(self.body.clone())
            .timeout(timeout);
        for header in &self.headers {
            request = request.header(header.name.clone(), header.value.clone());
        }
        request
    }

    pub(crate) fn has_secret(&self) -> bool {
        self.headers.iter().any(|header| header.has_secret)
    }

    fn set_body(&mut self, body: Body) -> Result<()> {
        let (text, is_json) = match body {
            Body::Object(object) => (Value::Object(object).to_string(), true),
            Body::Array(array) => (Value::Array(array).to_string(), true),
            Body::Text(text) => {
                let is_json = is_json(&text);
                (text, is_json)
            }
        };
        if secret::is_in(&text) {
            return Err(Error::invalid_input(
                "a secret can only be sent in a header, not in the body; put {{secret:NAME}} into a header's value",
            ));
        }
        if !self.headers.iter().any(|h| h.name == "content-type") {
            self.headers.push(Header {
                name: "content-type".to_owned(),
                value: content_type(is_json).to_owned(),
                has_secret: false,
            });
        }
        self.body = text.into_bytes();
        Ok(())
    }
}

/// A text that a model means as JSON: an object or an array, not just a word or a number.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn content_type(is_json: bool) -> &'static str {
    if is_json {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    }
}

fn parse_url(text: &str) -> Result<Url> {
    if secret::is_in(text) {
        return Err(Error::invalid_input(
            "a secret can only be sent in a header, not in the URL; put {{secret:NAME}} into a header's value",
        ));
    }
    if text.len() > MAX_URL_BYTES {
        return Err(Error::invalid_input(format!(
            "the URL has {} bytes, more than the {MAX_URL_BYTES} that servers take",
            text.len()
        )));
    }
    let url = Url::parse(text.trim()).map_err(|error| {
        Error::invalid_input(format!(
            "`{text}` is not a URL ({error}); write an absolute one such as https://example.com/path"
        ))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::invalid_input(format!(
            "only http and https can be requested, not {}",
            url.scheme()
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid_input(
            "a URL with a user name or password is not sent; use the header authorization",
        ));
    }
    Ok(url)
}

fn parse_method(text: &str) -> Result<String> {
    let method = text.trim().to_ascii_uppercase();
    if method.is_empty() || !method.bytes().all(is_token_byte) {
        return Err(Error::invalid_input(format!(
            "`{text}` is not an HTTP method; use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"
        )));
    }
    Ok(method)
}

fn header(name: &str, value: &str, secret: impl Fn(&str) -> Result<String>) -> Result<Header> {
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() || !name.bytes().all(is_token_byte) {
        return Err(Error::invalid_input(format!(
            "`{name}` is not the name of a header"
        )));
    }
    if value.contains(['\r', '\n', '\0']) {
        return Err(Error::invalid_input(format!(
            "the value of the header {name} contains a line break or NUL"
        )));
    }
    Ok(Header {
        name,
        value: secret::insert(value, secret)?,
        has_secret: secret::is_in(value),
    })
}

/// Headers that models copy from elsewhere although the client writes its own.
fn is_the_clients(name: &str) -> bool {
    ["connection", "content-length", "keep-alive"]
        .iter()
        .any(|own| name.trim().eq_ignore_ascii_case(own))
}

/// RFC 9110, section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
