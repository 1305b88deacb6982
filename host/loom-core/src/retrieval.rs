//! What is looked up for a question before a model sees it: how passages are found better, chosen within
//! a budget, put before the model, and recognised in its answer.
//!
//! What must not be here: when a run looks something up and where it is written down. That is the
//! executor's.

mod ask;
mod cite;
mod fuse;
mod multi_query;
mod render;
mod rerank;
mod select;
mod tool;

pub use cite::cited;
pub use fuse::Fused;
pub(crate) use fuse::fuse;
pub use multi_query::MultiQuery;
pub use render::{Rendered, render};
pub use rerank::Rerank;
pub use select::select;
pub use tool::ToolRetriever;

/// How much of what is found goes into a question, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct RetrievalOptions {
    /// Passages at most. Default 5.
    pub results: usize,
    /// Passages below this share of the best one's score are left out, 0..=1. Default 0.0.
    pub threshold: f64,
    /// For the passages with all that is said around them. Default 2000.
    pub tokens: u64,
    pub placement: Placement,
}

/// Where passages stand in a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// As a message of its own before the input: the input is what a model reads last.
    #[default]
    BeforeInput,
    /// As a message of its own after the input.
    AfterInput,
}

impl Default for RetrievalOptions {
    fn default() -> Self {
        Self {
            results: 5,
            threshold: 0.0,
            tokens: 2000,
            placement: Placement::default(),
        }
    }
}

#[cfg(test)]
mod tests;
