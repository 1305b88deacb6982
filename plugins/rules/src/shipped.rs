//! The rules of `rules.toml`, as the build script wrote them. Reading one costs something only once
//! it is needed.

use crate::rule::Rule;

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// A rule that has not been read yet.
pub(crate) struct Shipped {
    pub(crate) patterns: &'static [ShippedPattern],
    /// JSON.
    body: &'static str,
}

/// A pattern with its words put in.
pub(crate) struct ShippedPattern {
    pub(crate) expression: &'static str,
    /// A text in lower case that matches has one of these in it; empty: nothing is known.
    needles: &'static [&'static str],
}

impl Shipped {
    pub(crate) fn rule(&self) -> Rule {
        serde_json::from_str(self.body).expect("a test reads every shipped rule")
    }
}

impl ShippedPattern {
    /// Whether it is worth compiling for this text in lower case.
    pub(crate) fn may_match(&self, lower: &str) -> bool {
        self.needles.is_empty() || self.needles.iter().any(|needle| lower.contains(needle))
    }
}
