//! Permissions: whether a call may run. A [`Rule`] speaks of calls, a [`Policy`] judges by its rules
//! and its mode, and a [`Gate`] puts to a person what the policy leaves open.
//!
//! What must not be here: files, the terminal, the configuration. Rules come as text, and whoever
//! is asked is an [`Approver`].

mod approver;
mod file_pattern;
mod gate;
mod policy;
mod rule;
mod scope;
#[cfg(test)]
mod tests;
mod text;
mod url_pattern;

pub use approver::{Approval, Approver, approve_with};
pub use gate::Gate;
pub(crate) use gate::Remember;
pub use policy::{Effect, Judgement, Policy, PolicyBuilder};
pub use rule::{Rule, RuleError};
pub use scope::Disk;
