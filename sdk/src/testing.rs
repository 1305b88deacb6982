//! Calling tools the way the host does, in a native test.

pub mod memory;

use crate::tool::{Content, Context, Output, Tool};

/// Calls a tool with arguments in JSON.
///
/// ```
/// use loom_sdk::prelude::*;
///
/// /// Double a number.
/// #[tool(safe)]
/// fn double(
///     /// The number.
///     number: i64,
/// ) -> i64 {
///     number * 2
/// }
///
/// let output = loom_sdk::testing::call::<double>(serde_json::json!({"number": 21}));
/// assert_eq!(loom_sdk::testing::text(output), "42");
/// ```
///
/// # Errors
///
/// Whatever the tool reports.
pub fn call<T: Tool>(arguments: serde_json::Value) -> Output {
    T::call(&arguments.to_string(), &context())
}

/// A context for tests: a call with half a minute to go.
pub fn context() -> Context {
    Context {
        call_id: "call-1".into(),
        run_id: "run-1".into(),
        session_id: "session-1".into(),
        deadline_ms: 30_000,
    }
}

/// The text of an output; JSON counts as text, a blob as its media type in brackets.
///
/// # Panics
///
/// If the output is an error.
#[expect(clippy::panic, reason = "a test wants to stop here")]
pub fn text(output: Output) -> String {
    let content = match output {
        Ok(content) => content,
        Err(error) => panic!("the tool failed: {error:?}"),
    };
    let pieces = content.into_iter().map(|content| match content {
        Content::Text(text) | Content::Json(text) => text,
        Content::Blob(blob) => format!("[{}]", blob.mime),
    });
    pieces.collect::<Vec<_>>().join("\n")
}
