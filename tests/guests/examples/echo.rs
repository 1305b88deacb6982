//! The smallest plugin with tools: no manifest, no capability.

use loom_sdk::prelude::*;

/// Return the text as it came.
#[tool(
    safe,
    example(title = "A word", arguments = r#"{"text": "hello"}"#, output = "hello")
)]
fn echo(
    /// What to return.
    text: String,
) -> String {
    text
}

loom_sdk::export_tools!(echo);
