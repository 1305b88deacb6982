//! A plugin whose tool has a schema that is none.

use loom_sdk::tool::{Content, Context, Definition, Guest, Safety};
use loom_sdk::{Error, error::Result};

pub struct Liar;

impl Guest for Liar {
    fn definitions() -> Vec<Definition> {
        vec![Definition {
            name: "liar".into(),
            title: None,
            description: "Says that its schema is JSON.".into(),
            input_schema: "{ this is not JSON".into(),
            output_schema: None,
            safety: Safety::Safe,
            idempotent: true,
            accesses: Vec::new(),
            examples: Vec::new(),
        }]
    }

    fn call(_name: String, _arguments: String, _context: Context) -> Result<Vec<Content>> {
        Err(Error::internal("nobody can get here"))
    }
}

#[cfg(target_family = "wasm")]
loom_sdk::__private::tool_world::export!(Liar with_types_in loom_sdk::__private::tool_world);
