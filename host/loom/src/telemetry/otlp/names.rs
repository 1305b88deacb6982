//! The names of OpenTelemetry's semantic conventions for generative AI, as far as runs have what they
//! name, and of the few things that they have no name for. The conventions are in development; these
//! are those of `gen-ai-spans`, `gen-ai-agent-spans` and `gen-ai-metrics` after version 1.37, where
//! `gen_ai.system` became `gen_ai.provider.name`.

use loom_types::{Compressed, CompressionMethod, CompressionReason, Error};
use opentelemetry::KeyValue;

pub(super) const CHAT: &str = "chat";
pub(super) const EXECUTE_TOOL: &str = "execute_tool";
pub(super) const INVOKE_AGENT: &str = "invoke_agent";

pub(super) const OPERATION: &str = "gen_ai.operation.name";
pub(super) const PROVIDER: &str = "gen_ai.provider.name";
pub(super) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(super) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(super) const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
pub(super) const STREAM: &str = "gen_ai.request.stream";
pub(super) const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(super) const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(super) const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
pub(super) const CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
pub(super) const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
pub(super) const CONVERSATION: &str = "gen_ai.conversation.id";
pub(super) const AGENT: &str = "gen_ai.agent.name";
pub(super) const TOOL: &str = "gen_ai.tool.name";
pub(super) const TOOL_TYPE: &str = "gen_ai.tool.type";
pub(super) const TOOL_CALL: &str = "gen_ai.tool.call.id";
pub(super) const TOOL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
pub(super) const TOOL_RESULT: &str = "gen_ai.tool.call.result";
pub(super) const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
pub(super) const TOKEN_TYPE: &str = "gen_ai.token.type";
pub(super) const ERROR_TYPE: &str = "error.type";

pub(super) const RUN: &str = "loom.run.id";
pub(super) const OUTCOME: &str = "loom.run.outcome";
pub(super) const TURN: &str = "loom.turn";
pub(super) const COST: &str = "loom.cost.usd";
pub(super) const MEMBER: &str = "loom.pool.member";

pub(super) const COMPRESSION_REASON: &str = "loom.compression.reason";
pub(super) const COMPRESSION_METHOD: &str = "loom.compression.method";
pub(super) const BEFORE_TOKENS: &str = "loom.compression.before_tokens";
pub(super) const AFTER_TOKENS: &str = "loom.compression.after_tokens";
pub(super) const RETRIEVER: &str = "loom.retrieval.retriever";
pub(super) const PASSAGES: &str = "loom.retrieval.passages";
pub(super) const RETRIEVED_TOKENS: &str = "loom.retrieval.tokens";

/// The class of an error, for `error.type`.
pub(super) fn error_type(error: &Error) -> &'static str {
    error.category().as_str()
}

/// Provider and model of `provider/model`.
pub(super) fn parts(model: &str) -> (&str, &str) {
    model.split_once('/').unwrap_or(("", model))
}

/// Which operation, and whose model it is or was to be.
pub(super) fn operation(name: &'static str, model: &str) -> Vec<KeyValue> {
    let (provider, model) = parts(model);
    vec![
        KeyValue::new(OPERATION, name),
        KeyValue::new(PROVIDER, provider.to_owned()),
        KeyValue::new(REQUEST_MODEL, model.to_owned()),
    ]
}

/// How a compression is called, in its events and measurements.
pub(super) fn compression(compressed: &Compressed) -> [KeyValue; 2] {
    let reason = match compressed.reason {
        CompressionReason::Threshold => "threshold",
        CompressionReason::Overflow => "overflow",
        CompressionReason::Request => "request",
    };
    let method = match compressed.method {
        CompressionMethod::Trimmed => "trimmed",
        CompressionMethod::Summarized => "summarized",
        CompressionMethod::Fallback => "fallback",
    };
    [
        KeyValue::new(COMPRESSION_REASON, reason),
        KeyValue::new(COMPRESSION_METHOD, method),
    ]
}

/// A number of tokens; the protocol's numbers have a sign.
pub(super) fn tokens(name: &'static str, count: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX))
}
