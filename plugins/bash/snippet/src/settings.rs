//! The plugin's settings, from text to values. The only defaults of the interpreters are here.

use loom_sdk::Error;

/// What the configuration says about an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How much output a result shows at most, standard output and standard error together.
    /// Default 262144.
    pub output_bytes: usize,
}

/// Below it nothing useful would be left.
const LEAST_OUTPUT_BYTES: usize = 256;
const OUTPUT_BYTES: usize = 262_144;

impl Settings {
    /// Reads the settings; `get` is `host::config`.
    ///
    /// # Errors
    ///
    /// `invalid-input` for a value that is no number or too small.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let output_bytes = match get("output_bytes") {
            None => OUTPUT_BYTES,
            Some(text) => parse(&text)?,
        };
        Ok(Self { output_bytes })
    }
}

fn parse(text: &str) -> Result<usize, Error> {
    let bytes = text.trim().parse().ok();
    bytes
        .filter(|bytes| *bytes >= LEAST_OUTPUT_BYTES)
        .ok_or_else(|| {
            Error::invalid_input(format!(
                "the setting `output_bytes` is {text:?}; it must be a number of bytes of at least {LEAST_OUTPUT_BYTES}"
            ))
        })
}
