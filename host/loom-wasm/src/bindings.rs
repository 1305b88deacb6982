//! What `bindgen!` makes of the contract in `wit/`. Private: `convert` turns its types into those of
//! `loom-types`.

pub(crate) mod imports {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "imports",
        imports: { "loom:plugin/embedder.embed": async },
    });
}

macro_rules! world {
    ($module:ident, $world:literal) => {
        pub(crate) mod $module {
            wasmtime::component::bindgen!({
                path: "../../wit",
                world: $world,
                exports: { default: async },
                with: {
                    "loom:plugin/types": crate::bindings::imports::loom::plugin::types,
                    "loom:plugin/llm-types": crate::bindings::imports::loom::plugin::llm_types,
                    "loom:plugin/host": crate::bindings::imports::loom::plugin::host,
                    "loom:plugin/config": crate::bindings::imports::loom::plugin::config,
                    "loom:plugin/secrets": crate::bindings::imports::loom::plugin::secrets,
                    "loom:plugin/embedder": crate::bindings::imports::loom::plugin::embedder,
                },
            });
        }
    };
}

world!(tool_world, "tool-plugin");
world!(llm_world, "llm-plugin");
world!(embedding_world, "embedding-plugin");
world!(memory_world, "memory-plugin");
world!(backups_world, "backups-plugin");

pub(crate) use backups_world::exports::loom::plugin::backups;
pub(crate) use imports::loom::plugin::{config, embedder, host, llm_types, secrets, types};
pub(crate) use memory_world::exports::loom::plugin::memory;
pub(crate) use tool_world::exports::loom::plugin::tool;
