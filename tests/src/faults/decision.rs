//! What is to be done about each fault, and the table of what was.

use std::fmt::Write as _;

use super::Fault;

/// What a pool of several models makes of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: the answer is right.
    Nothing,
    /// Asks again: the same member after a pause, or another one meanwhile.
    TryAgain,
    /// Leaves the member out and asks another one.
    FailOver,
    /// Asks a member with a larger context window, if there is one.
    FailOverToLarger,
    /// Gives the error to the person: it would be the same everywhere.
    GiveUp,
}

impl Fault {
    /// What a pool of several models should make of it, by the rules of the design.
    #[must_use]
    pub fn decision(self) -> Decision {
        match self {
            Self::SlowDrip => Decision::Nothing,
            Self::NoCredit
            | Self::WebPage
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::ModelNotFound
            | Self::Redirect => Decision::FailOver,
            Self::ContextOverflow => Decision::FailOverToLarger,
            Self::BadRequest | Self::TooLarge => Decision::GiveUp,
            _ => Decision::TryAgain,
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Seen {
    pub fault: Fault,
    /// What was done about it, in words.
    pub done: String,
    /// What the person read at the end.
    pub told: String,
}

/// The table, in Markdown.
#[must_use]
pub fn table(rows: &[Seen]) -> String {
    let mut table =
        String::from("| fault | what was done | what the person saw |\n| --- | --- | --- |\n");
    for Seen { fault, done, told } in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {fault} | {done} | {} |", told.replace('|', "\\|"));
    }
    table
}
