//! The definition of an interpreter's tool: all of it but the words is the same for every language.

use loom_sdk::tool::{Definition, Example, Safety, input_schema};

use crate::arguments::Arguments;

/// The definition for a language. It names no accesses: how far a call reaches is what was granted.
pub fn definition(
    name: &str,
    title: &str,
    description: &str,
    examples: Vec<Example>,
) -> Definition {
    Definition {
        name: name.into(),
        title: Some(title.into()),
        description: description.into(),
        input_schema: input_schema::<Arguments>(),
        output_schema: None,
        safety: Safety::Cautious,
        idempotent: false,
        accesses: Vec::new(),
        examples,
    }
}
