//! What ties together all that happens for one task, across sub-agents, log lines and requests to
//! other machines.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::RunId;

/// The id of a task: that of the outermost run, unless the caller brought one. It is the trace id of
/// W3C Trace Context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CorrelationId(Uuid);

impl CorrelationId {
    /// From a UUID, or 32 hexadecimal digits as in `traceparent`; none if it is neither, or zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text)
            .ok()
            .filter(|id| !id.is_nil())
            .map(Self)
    }

    /// A new one. UUID version 7 (RFC 9562).
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// As 128 bits, the trace id.
    #[must_use]
    pub fn trace_id(self) -> u128 {
        self.0.as_u128()
    }
}

impl std::fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&RunId> for CorrelationId {
    /// The run's own id; a new one if that is no UUID.
    fn from(run: &RunId) -> Self {
        Self::parse(run.as_str()).unwrap_or_else(Self::generate)
    }
}

/// A place in a trace: the task, and the step in it that something is done for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub correlation_id: CorrelationId,
    /// The span id of W3C Trace Context; never zero.
    pub span_id: u64,
}

impl Trace {
    /// The place of a run.
    #[must_use]
    pub fn of_run(correlation_id: CorrelationId, run: &RunId) -> Self {
        Self {
            correlation_id,
            span_id: hash(0, run.as_str()),
        }
    }

    /// The place of a step in this one, by a name that is unique in it. The same name gives the same
    /// place, so that whoever knows the events can tell the spans.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self {
            correlation_id: self.correlation_id,
            span_id: hash(self.span_id, name),
        }
    }

    /// The value of the header `traceparent`, version 00, sampled.
    #[must_use]
    pub fn traceparent(&self) -> String {
        let trace_id = self.correlation_id.trace_id();
        format!("00-{trace_id:032x}-{:016x}-01", self.span_id)
    }
}

/// FNV-1a, 64 bits: any hash would do that stays the same between versions.
fn hash(parent: u64, name: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = parent.to_be_bytes();
    let bytes = bytes.iter().chain(name.as_bytes());
    let hash = bytes.fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    });
    hash.max(1)
}
