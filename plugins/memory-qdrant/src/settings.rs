//! The plugin's settings. Where they come from is the host's affair.

use std::time::Duration;

use loom_sdk::Error;
use loom_sdk::error::Result;

/// Qdrant's own default port (its `config.yaml`).
const DEFAULT_URL: &str = "http://localhost:6333";
const DEFAULT_COLLECTION: &str = "loom";
/// Longer than Qdrant waits for a write before it says so, shorter than a person does.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a collection's name may be, in bytes (Qdrant's `validate_collection_name`).
const MAX_NAME_BYTES: usize = 255;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Without a slash at its end.
    pub(crate) url: String,
    pub(crate) collection: String,
    pub(crate) timeout: Duration,
}

impl Settings {
    /// Reads the settings; `get` is [`loom_sdk::host::config`].
    ///
    /// # Errors
    ///
    /// `invalid-input` that names the setting, if one has a value that cannot be used.
    pub(crate) fn load(get: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let get = |name| {
            let value = get(name).map(|value| value.trim().to_owned());
            value.filter(|value| !value.is_empty())
        };
        let url = get("url").unwrap_or_else(|| DEFAULT_URL.to_owned());
        let is_url = url
            .strip_prefix("http://")
            .or_else(|| url.strip_prefix("https://"));
        if is_url.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#'])) {
            let why = format!("{url:?} is not the address of a server, like {DEFAULT_URL}");
            return Err(bad("url", &why));
        }
        let collection = get("collection").unwrap_or_else(|| DEFAULT_COLLECTION.to_owned());
        // What needs no escape in a path: fewer than Qdrant takes, and never surprising.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !collection.chars().all(is_plain)
            || collection.starts_with('.')
            || collection.len() > MAX_NAME_BYTES
        {
            let why =
                format!("{collection:?} may only have letters, digits, '-', '_' and '.' inside");
            return Err(bad("collection", &why));
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            collection,
            timeout: get("timeout_ms").map_or(Ok(DEFAULT_TIMEOUT), |text| timeout(&text))?,
        })
    }
}

fn timeout(text: &str) -> Result<Duration> {
    match text.parse() {
        Ok(0) | Err(_) => {
            let why = format!("{text:?} is not a number of milliseconds above 0");
            Err(bad("timeout_ms", &why))
        }
        Ok(ms) => Ok(Duration::from_millis(ms)),
    }
}

fn bad(setting: &str, why: &str) -> Error {
    Error::invalid_input(format!(
        "the setting {setting} of the plugin memory-qdrant cannot be used: {why}; correct the \
         configuration"
    ))
}

#[cfg(test)]
mod tests;
