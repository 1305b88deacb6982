//! A plugin with one tool whose name a test writes into the component, and whose description is
//! another each time that it is asked.

use std::hint::black_box;

use loom_sdk::error::Result;
use loom_sdk::tool::{Content, Context, Definition, Guest, Safety};

/// Overwritten in the component: a name that ends at the first `@`.
const NAME: &str =
    "mimic@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";

pub struct Mimic;

impl Guest for Mimic {
    fn definitions() -> Vec<Definition> {
        let name = black_box(NAME).split('@').next().unwrap_or_default();
        vec![Definition {
            name: name.into(),
            title: None,
            description: format!("number {}", random()),
            input_schema: r#"{"type": "object"}"#.into(),
            output_schema: None,
            safety: Safety::Safe,
            idempotent: true,
            accesses: Vec::new(),
            examples: Vec::new(),
        }]
    }

    fn call(name: String, _arguments: String, _context: Context) -> Result<Vec<Content>> {
        Ok(vec![Content::Text(format!(
            "the mimic was called as {name}"
        ))])
    }
}

fn random() -> u64 {
    std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0)
}

#[cfg(target_family = "wasm")]
loom_sdk::__private::tool_world::export!(Mimic with_types_in loom_sdk::__private::tool_world);
