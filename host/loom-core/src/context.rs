//! The working context: what a model sees of a session, message by message. What belongs into it is
//! `transcript`'s and `compress`'s.

use std::sync::Arc;

use loom_types::Message;

/// A message that a model sees, and where it is from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    /// The entry of the session's log that it stands for; that of the last result, if it is a message
    /// of results; that of the compaction, if it is a summary.
    pub(crate) seq: u64,
    pub(crate) origin: Origin,
    pub(crate) message: Arc<Message>,
}

/// Why a message is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Somebody said it: the person, the model, a tool, or the host in the person's place.
    Said,
    /// It was found for the input that follows, and can be found again.
    Retrieved,
    /// It stands for older messages.
    Summary,
}
