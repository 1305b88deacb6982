//! Failures of the messages API. What any model server may report is read by
//! [`loom_sdk::llm::wire_error`], Anthropic's shape included.

use loom_sdk::llm::wire_error;
use loom_sdk::{Error, ErrorKind};
use serde_json::{Value, json};

/// A report in an answer that began well.
pub(crate) fn in_stream(report: &Value) -> Error {
    let report = wire_error::from_value(&json!({"error": report}));
    report.unwrap_or_else(|| {
        Error::unavailable("the model server ended the answer with an error; try again")
    })
}

/// The answer ended without a reason why it should.
pub(crate) fn cut_off() -> Error {
    Error::unavailable("the answer was cut off: the model server sent no stop_reason; try again")
}

/// JSON that is no message, or no JSON.
pub(crate) fn not_understood(why: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!(
        "the model server sent something that is not a message: {why}; check base_url, and that \
         the server speaks Anthropic's messages API"
    ))
}

/// A web page where an answer should be.
pub(crate) fn page() -> Error {
    Error::not_found(
        "the server sent a web page instead of an answer; check base_url, to which /v1/messages is \
         added",
    )
}

/// No list of models: many servers have none.
pub(crate) fn no_models(error: Error) -> Error {
    // Neither a status nor a word on the network: what came was not understood.
    let is_no_list = error.kind == ErrorKind::Unavailable
        && error.http_status.is_none()
        && error.details.is_none();
    if !is_no_list && error.kind != ErrorKind::NotFound {
        return error;
    }
    let hint = "if the server has no list of models, name them in the setting models";
    Error {
        message: format!("{}; {hint}", error.message),
        ..error
    }
}
