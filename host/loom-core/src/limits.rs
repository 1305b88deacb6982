//! What a run may use. Only the numbers: whoever spends something looks at them.

use std::time::Duration;

/// What one run may use, and one tool call of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How often the model is asked. Default 50.
    pub turns: u32,
    /// How long the run may take, tools included. Default: no limit.
    pub wall_time: Option<Duration>,
    /// How many tokens the models may write, reasoning included, by the provider's own count. Looked
    /// at between turns: the answer that exceeds it is kept. Default: no limit.
    pub output_tokens: Option<u64>,
    /// How long one tool call may take. Default 120 s.
    pub tool_timeout: Duration,
    /// How many tool calls of one answer run side by side; 0 counts as 1. Default 10.
    pub tools_at_once: usize,
    /// The run ends when the same call failed so many times in a row, each in a turn of its own. At
    /// least 2. Default 5.
    pub repeated_failures: u32,
    /// How much text of one tool result the model gets, in bytes; the middle of a larger one is left
    /// out. Default 256 KiB.
    pub max_result_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            turns: 50,
            wall_time: None,
            output_tokens: None,
            tool_timeout: Duration::from_secs(120),
            tools_at_once: 10,
            repeated_failures: 5,
            max_result_bytes: 256 * 1024,
        }
    }
}
