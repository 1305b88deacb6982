//! How much a guest may use, and the parts of a store that enforce it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmtime::ResourceLimiter;

/// What one call of a guest may use. Exceeding a limit ends the call with an error value, and only
/// the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Linear memory, all of it together. Default 256 MiB: an interpreter needs 50.
    pub memory_bytes: usize,
    /// Entries of a table. Default 100,000: the largest interpreter that was measured has 6,000.
    pub table_elements: usize,
    /// Wall time of one call into the guest. Default 60 s.
    pub time: Duration,
    /// What a tool call may return, and what one step of an answer may hold. Default 1 MiB.
    pub output_bytes: usize,
    /// Calls from the guest to the host. Default 10 million: reading a gigabyte takes a tenth.
    pub host_calls: u64,
    /// What is kept of a guest's log messages and progress reports. Default 64 KiB.
    pub log_bytes: usize,
    /// HTTP requests in one call. Default 100.
    pub http_requests: u32,
    /// Bytes of one request's body. Default 16 MiB.
    pub http_request_bytes: usize,
    /// Bytes of one response's body, unpacked. Default 16 MiB.
    pub http_response_bytes: usize,
    /// Silence of a server, before its answer and within it. Default 300 s: a local model on a
    /// small machine takes minutes to read a long prompt.
    pub http_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            table_elements: 100_000,
            time: Duration::from_secs(60),
            output_bytes: 1 << 20,
            host_calls: 10_000_000,
            log_bytes: 64 << 10,
            http_requests: 100,
            http_request_bytes: 16 << 20,
            http_response_bytes: 16 << 20,
            http_timeout: Duration::from_secs(300),
        }
    }
}

/// Host resources (streams, requests, descriptors) that a guest may hold at once. A guest that
/// holds thousands leaks; the table would otherwise grow in the host's memory.
pub(crate) const MAX_RESOURCES: usize = 10_000;

/// Watches a store's memory. Growing beyond the limit fails inside the guest, which mostly aborts.
pub(crate) struct Meter {
    memory_left: usize,
    table_elements: usize,
    host_calls_left: u64,
    exceeded: Option<&'static str>,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_left: limits.memory_bytes,
            table_elements: limits.table_elements,
            host_calls_left: limits.host_calls,
            exceeded: None,
        }
    }

    /// Fills the budget of host calls again. Memory that was taken stays taken; what an earlier call was
    /// refused is forgotten.
    pub(crate) fn rearm(&mut self, limits: &Limits) {
        self.host_calls_left = limits.host_calls;
        self.exceeded = None;
    }

    /// Counts a call to the host.
    ///
    /// # Errors
    ///
    /// At the limit: a trap.
    pub(crate) fn host_call(&mut self) -> wasmtime::Result<()> {
        match self.host_calls_left.checked_sub(1) {
            Some(left) => {
                self.host_calls_left = left;
                Ok(())
            }
            None => {
                self.exceeded = Some("host_calls");
                Err(wasmtime::Error::msg("too many calls to the host"))
            }
        }
    }

    /// The name of the limit that was exceeded, if any.
    pub(crate) fn exceeded(&self) -> Option<&'static str> {
        self.exceeded
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match self
            .memory_left
            .checked_sub(desired.saturating_sub(current))
        {
            Some(left) => {
                self.memory_left = left;
                Ok(true)
            }
            None => {
                self.exceeded = Some("memory");
                Ok(false)
            }
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = desired <= self.table_elements;
        if !fits {
            self.exceeded = Some("table_elements");
        }
        Ok(fits)
    }
}
