//! The bytes of answers: events and refusals as the two protocols have them.

use serde_json::{Value, json};

use super::{Answer, Asked, Fault, RetryAfter};

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenAi,
    Anthropic,
}

impl Dialect {
    pub(super) fn of(head: &str) -> Self {
        let path = head.split(' ').nth(1).unwrap_or_default();
        if path.contains("/messages") {
            Self::Anthropic
        } else {
            Self::OpenAi
        }
    }

    /// An answer as events. The last one ends it; without the last two it has no end.
    pub(super) fn events(self, asked: &Asked, answer: &Answer) -> Vec<String> {
        let events = match self {
            Self::OpenAi => chat(asked, answer),
            Self::Anthropic => messages(asked, answer),
        };
        let event = |value: Value| match (self, value["type"].as_str()) {
            (Self::Anthropic, Some(name)) => format!("event: {name}\ndata: {value}\n\n"),
            _ => format!("data: {value}\n\n"),
        };
        let mut events: Vec<_> = events.into_iter().map(event).collect();
        if self == Self::OpenAi {
            events.push("data: [DONE]\n\n".to_owned());
        }
        events
    }

    /// An event that reports a failure.
    pub(super) fn error_event(self) -> String {
        let event = match self {
            Self::OpenAi => "",
            Self::Anthropic => "event: error\n",
        };
        let report = self.report("overloaded_error", None, "the model is overloaded");
        format!("{event}data: {report}\n\n")
    }

    fn report(self, r#type: &str, code: Option<&str>, message: &str) -> Value {
        let error = json!({ "type": r#type, "code": code, "message": message, "param": null });
        match self {
            Self::OpenAi => json!({ "error": error }),
            Self::Anthropic => {
                json!({ "type": "error", "error": { "type": r#type, "message": message } })
            }
        }
    }

    /// The whole response to a request that is refused; none if the fault is no refusal.
    pub(super) fn refusal(self, fault: Fault) -> Option<Vec<u8>> {
        let report = |r#type, message| self.report(r#type, None, message);
        let (status, body) = match fault {
            Fault::RateLimit(_) => (429, report("rate_limit_error", "too many requests")),
            Fault::NoCredit => {
                let code = "insufficient_quota";
                (429, self.report(code, Some(code), "the quota is used up"))
            }
            Fault::ServerError => (500, report("api_error", "the server has a problem")),
            Fault::Unavailable => (503, report("api_error", "the server starts")),
            Fault::GatewayTimeout => (504, report("timeout_error", "upstream is slow")),
            Fault::Overloaded => (529, report("overloaded_error", "overloaded")),
            Fault::Unauthenticated => (401, report("authentication_error", "invalid key")),
            Fault::Forbidden => (403, report("permission_error", "not for this key")),
            Fault::ModelNotFound => (404, report("not_found_error", "no such model")),
            Fault::ContextOverflow => (400, self.overflow()),
            Fault::BadRequest => (400, report("invalid_request_error", "temperature is odd")),
            Fault::TooLarge => (413, report("request_too_large", "the request is too large")),
            Fault::Redirect => (307, Value::Null),
            _ => return None,
        };
        Some(response(status, fault, &body.to_string()))
    }

    fn overflow(self) -> Value {
        let r#type = "invalid_request_error";
        match self {
            Self::OpenAi => {
                let message = "This model's maximum context length is 8192 tokens. However, your \
                               messages resulted in 9000 tokens.";
                self.report(r#type, Some("context_length_exceeded"), message)
            }
            Self::Anthropic => self.report(
                r#type,
                None,
                "prompt is too long: 210000 tokens > 200000 maximum",
            ),
        }
    }
}

fn response(status: u16, fault: Fault, body: &str) -> Vec<u8> {
    let more = match fault {
        Fault::RateLimit(Some(RetryAfter::Seconds(seconds))) => {
            format!("retry-after: {seconds}\r\n")
        }
        Fault::RateLimit(Some(RetryAfter::Milliseconds(milliseconds))) => {
            format!("retry-after-ms: {milliseconds}\r\n")
        }
        Fault::RateLimit(Some(RetryAfter::Date(seconds))) => format!(
            "date: Sun, 06 Nov 1994 08:49:00 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:{:02} GMT\r\n",
            seconds.min(59)
        ),
        Fault::Unavailable => "retry-after: 1\r\n".to_owned(),
        Fault::Redirect => "location: http://127.0.0.1:9/elsewhere\r\n".to_owned(),
        _ => String::new(),
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Chat completions of OpenAI.
fn chat(asked: &Asked, answer: &Answer) -> Vec<Value> {
    let id = format!("chatcmpl-{}", asked.number);
    let chunk = |delta: Value, finish: Value| {
        json!({
            "id": id, "object": "chat.completion.chunk", "model": "m",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
    };
    let mut chunks = vec![chunk(json!({ "role": "assistant" }), Value::Null)];
    let finish = match answer {
        Answer::Text(text) => {
            let pieces = text.split_inclusive(' ');
            chunks.extend(pieces.map(|piece| chunk(json!({ "content": piece }), Value::Null)));
            "stop"
        }
        Answer::Call { name, arguments } => {
            let id = call_id(asked);
            let function = json!({ "name": name, "arguments": arguments.to_string() });
            let call = json!({ "index": 0, "id": id, "type": "function", "function": function });
            chunks.push(chunk(json!({ "tool_calls": [call] }), Value::Null));
            "tool_calls"
        }
    };
    let mut last = chunk(json!({}), json!(finish));
    last["usage"] = json!({ "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15 });
    chunks.push(last);
    chunks
}

/// Messages of Anthropic.
fn messages(asked: &Asked, answer: &Answer) -> Vec<Value> {
    let delta = |delta: Value| json!({ "type": "content_block_delta", "index": 0, "delta": delta });
    let usage = json!({ "input_tokens": 10, "output_tokens": 1 });
    let message = json!({
        "id": format!("msg_{}", asked.number), "type": "message", "role": "assistant",
        "model": "m", "content": [], "usage": usage,
    });
    let mut events = vec![json!({ "type": "message_start", "message": message })];
    let (block, deltas, stop) = match answer {
        Answer::Text(text) => {
            let pieces = text.split_inclusive(' ');
            let pieces = pieces.map(|text| delta(json!({ "type": "text_delta", "text": text })));
            (
                json!({ "type": "text", "text": "" }),
                pieces.collect(),
                "end_turn",
            )
        }
        Answer::Call { name, arguments } => {
            let id = call_id(asked);
            let arguments =
                json!({ "type": "input_json_delta", "partial_json": arguments.to_string() });
            let block = json!({ "type": "tool_use", "id": id, "name": name, "input": {} });
            (block, vec![delta(arguments)], "tool_use")
        }
    };
    events.push(json!({ "type": "content_block_start", "index": 0, "content_block": block }));
    events.extend(deltas);
    events.push(json!({ "type": "content_block_stop", "index": 0 }));
    events.push(json!({
        "type": "message_delta", "delta": { "stop_reason": stop },
        "usage": { "output_tokens": 5 },
    }));
    events.push(json!({ "type": "message_stop" }));
    events
}

/// No two answers of a session may use the same, whichever server gives them.
fn call_id(asked: &Asked) -> String {
    format!("call_{}_{}", asked.tool_results(), asked.number)
}
