//! Model servers that fail: real HTTP on loopback, written byte by byte, because half a chunk and a
//! reset connection need a raw socket. They speak OpenAI's chat completions and Anthropic's messages,
//! both streaming, and answer from a script where they do not fail. Nothing here is a test.

mod connection;
mod decision;
mod random;
mod server;
mod stress;
mod wire;

pub use decision::{Decision, Seen, table};
pub use random::random;
pub use server::{Asked, FaultServer};
pub use stress::{Counter, Stressed, counting_answers, stress};

use std::fmt;

use serde_json::Value;

/// What a server does where it should answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// 429.
    RateLimit(Option<RetryAfter>),
    /// 429 because the account has no credit.
    NoCredit,
    /// 500.
    ServerError,
    /// 503 that asks for a second's pause.
    Unavailable,
    /// 504 of a gateway.
    GatewayTimeout,
    /// 529, Anthropic's own.
    Overloaded,
    /// Takes the request and says nothing.
    StallBeforeHead,
    /// The head of an answer and nothing more.
    StallBeforeEvents,
    /// Half an answer and nothing more.
    StallInStream,
    /// Takes the request and resets the connection.
    ResetBeforeHead,
    /// Half an answer and a reset.
    ResetInStream,
    /// Bytes that are not even HTTP.
    NotHttp,
    /// Random bytes in place of events.
    Garbage,
    /// Half an answer and an event that is not JSON.
    InvalidJson,
    /// Half an answer, half a chunk, and the connection is closed.
    HalfChunk,
    /// A whole answer, a byte at a time.
    SlowDrip,
    /// A web page with status 200.
    WebPage,
    /// 401.
    Unauthenticated,
    /// 403.
    Forbidden,
    /// 404: no such model.
    ModelNotFound,
    /// 400: the conversation is too long.
    ContextOverflow,
    /// 400: another field is wrong.
    BadRequest,
    /// 413.
    TooLarge,
    /// 200 and an empty body.
    Empty,
    /// An answer without its end, though the body has one.
    NoEnd,
    /// Half an answer and a report of a failure.
    ErrorEvent,
    /// 307 to another server.
    Redirect,
    /// A body that calls itself compressed and is not.
    GzipGarbage,
    /// An answer that never ends.
    Endless,
}

/// How a server says when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RetryAfter {
    Seconds(u16),
    Milliseconds(u16),
    /// As a date, so many seconds after the response's own.
    Date(u8),
}

impl Fault {
    /// Every one, with each way to say when to try again.
    pub const ALL: [Self; 32] = [
        Self::RateLimit(None),
        Self::RateLimit(Some(RetryAfter::Seconds(1))),
        Self::RateLimit(Some(RetryAfter::Milliseconds(250))),
        Self::RateLimit(Some(RetryAfter::Date(1))),
        Self::NoCredit,
        Self::ServerError,
        Self::Unavailable,
        Self::GatewayTimeout,
        Self::Overloaded,
        Self::StallBeforeHead,
        Self::StallBeforeEvents,
        Self::StallInStream,
        Self::ResetBeforeHead,
        Self::ResetInStream,
        Self::NotHttp,
        Self::Garbage,
        Self::InvalidJson,
        Self::HalfChunk,
        Self::SlowDrip,
        Self::WebPage,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::ModelNotFound,
        Self::ContextOverflow,
        Self::BadRequest,
        Self::TooLarge,
        Self::Empty,
        Self::NoEnd,
        Self::ErrorEvent,
        Self::Redirect,
        Self::GzipGarbage,
        Self::Endless,
    ];

    /// Those that have nothing to do with the request: the next one may succeed. Without those that
    /// ask for a second's pause, which would only make a test of thousands slow.
    pub const PASSING: [Self; 18] = [
        Self::RateLimit(None),
        Self::RateLimit(Some(RetryAfter::Milliseconds(20))),
        Self::ServerError,
        Self::GatewayTimeout,
        Self::Overloaded,
        Self::StallBeforeHead,
        Self::StallBeforeEvents,
        Self::StallInStream,
        Self::ResetBeforeHead,
        Self::ResetInStream,
        Self::NotHttp,
        Self::Garbage,
        Self::InvalidJson,
        Self::HalfChunk,
        Self::SlowDrip,
        Self::Empty,
        Self::NoEnd,
        Self::ErrorEvent,
    ];

    /// Whether the answer is right all the same.
    #[must_use]
    pub fn is_harmless(self) -> bool {
        self == Self::SlowDrip
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::RateLimit(None) => "429",
            Self::RateLimit(Some(RetryAfter::Seconds(seconds))) => {
                return write!(f, "429, retry after {seconds} s");
            }
            Self::RateLimit(Some(RetryAfter::Milliseconds(milliseconds))) => {
                return write!(f, "429, retry after {milliseconds} ms");
            }
            Self::RateLimit(Some(RetryAfter::Date(seconds))) => {
                return write!(f, "429, retry at a date {seconds} s ahead");
            }
            Self::NoCredit => "429, no credit",
            Self::ServerError => "500",
            Self::Unavailable => "503, retry after 1 s",
            Self::GatewayTimeout => "504",
            Self::Overloaded => "529",
            Self::StallBeforeHead => "stall before the head",
            Self::StallBeforeEvents => "stall before the first event",
            Self::StallInStream => "stall inside the stream",
            Self::ResetBeforeHead => "reset before the head",
            Self::ResetInStream => "reset inside the stream",
            Self::NotHttp => "not HTTP",
            Self::Garbage => "random bytes",
            Self::InvalidJson => "an event that is not JSON",
            Self::HalfChunk => "half a chunk",
            Self::SlowDrip => "slow drip",
            Self::WebPage => "a web page",
            Self::Unauthenticated => "401",
            Self::Forbidden => "403",
            Self::ModelNotFound => "404",
            Self::ContextOverflow => "400, context overflow",
            Self::BadRequest => "400",
            Self::TooLarge => "413",
            Self::Empty => "200, empty",
            Self::NoEnd => "a stream without its end",
            Self::ErrorEvent => "an error inside the stream",
            Self::Redirect => "307",
            Self::GzipGarbage => "bytes that are not gzip",
            Self::Endless => "an endless answer",
        };
        f.write_str(text)
    }
}

/// What a server says where it does not fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Text(String),
    Call { name: String, arguments: Value },
}

impl Answer {
    /// An answer in words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A call of a tool.
    #[must_use]
    pub fn call(name: &str, arguments: Value) -> Self {
        Self::Call {
            name: name.to_owned(),
            arguments,
        }
    }
}
