//! The plugin's settings.

use loom_sdk::Error;
use loom_sdk::error::Result;

/// Of a page, unpacked. Nine of ten pages have less than 1 MB of HTML (HTTP Archive, 2024).
const MAX_BYTES: usize = 2 << 20;
/// What the sandbox takes by default, `http_response`.
const MOST_BYTES: usize = 16 << 20;
const USER_AGENT: &str = concat!(
    "Mozilla/5.0 (compatible; Loom/",
    env!("CARGO_PKG_VERSION"),
    ")"
);

pub(crate) struct Settings {
    /// Whether robots.txt is respected.
    pub(crate) robots: bool,
    pub(crate) max_bytes: usize,
    pub(crate) user_agent: String,
}

impl Settings {
    /// What the settings say, by their names.
    ///
    /// # Errors
    ///
    /// `invalid-input` for a value that cannot be read.
    pub(crate) fn read(setting: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let robots = match setting("robots").as_deref() {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => return Err(bad("robots", other, "true or false")),
        };
        let max_bytes = match setting("max_bytes") {
            None => MAX_BYTES,
            Some(text) => text
                .parse()
                .ok()
                .filter(|bytes| (1..=MOST_BYTES).contains(bytes))
                .ok_or_else(|| bad("max_bytes", &text, "a number of bytes up to 16777216"))?,
        };
        Ok(Self {
            robots,
            max_bytes,
            user_agent: setting("user_agent").unwrap_or_else(|| USER_AGENT.to_owned()),
        })
    }
}

fn bad(name: &str, value: &str, expected: &str) -> Error {
    Error::invalid_input(format!(
        "the setting {name} of the plugin web-fetch is `{value}`; it has to be {expected}"
    ))
}
