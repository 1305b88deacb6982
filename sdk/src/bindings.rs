//! What `wit-bindgen` makes of the contract in `wit/`. Private: the other modules give it names.

pub(crate) mod imports {
    wit_bindgen::generate!({
        path: "../wit",
        world: "imports",
        generate_all,
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });
}

macro_rules! world {
    ($module:ident, $world:literal) => {
        pub mod $module {
            #![allow(
                missing_docs,
                clippy::allow_attributes_without_reason,
                reason = "generated code"
            )]
            wit_bindgen::generate!({
                path: "../wit",
                world: $world,
                pub_export_macro: true,
                default_bindings_module: "loom_sdk::__private",
                with: {
                    "loom:plugin/types@0.1.0": crate::bindings::imports::loom::plugin::types,
                    "loom:plugin/llm-types@0.1.0": crate::bindings::imports::loom::plugin::llm_types,
                    "loom:plugin/host@0.1.0": crate::bindings::imports::loom::plugin::host,
                    "loom:plugin/config@0.1.0": crate::bindings::imports::loom::plugin::config,
                    "loom:plugin/secrets@0.1.0": crate::bindings::imports::loom::plugin::secrets,
                    "loom:plugin/embedder@0.1.0": crate::bindings::imports::loom::plugin::embedder,
                },
            });
        }
    };
}

world!(tool_world, "tool-plugin");
world!(llm_world, "llm-plugin");
world!(embedding_world, "embedding-plugin");
world!(memory_world, "memory-plugin");

/// Only what a store exports beside `memory`, so that the types of both worlds stay one.
pub mod backups_world {
    #![allow(
        missing_docs,
        clippy::allow_attributes_without_reason,
        reason = "generated code"
    )]
    wit_bindgen::generate!({
        inline: "package loom:sdk; world backups-only { export loom:plugin/backups@0.1.0; }",
        path: "../wit",
        world: "loom:sdk/backups-only",
        pub_export_macro: true,
        default_bindings_module: "loom_sdk::__private",
        additional_derives: [PartialEq],
        with: {
            "loom:plugin/types@0.1.0": crate::bindings::imports::loom::plugin::types,
        },
    });
}

/// Only what a plugin with sessions exports beside `tool`, so that the types of both worlds stay one.
pub mod session_world {
    #![allow(
        missing_docs,
        clippy::allow_attributes_without_reason,
        reason = "generated code"
    )]
    wit_bindgen::generate!({
        inline: "package loom:sdk; world session-only { export loom:plugin/session@0.1.0; }",
        path: "../wit",
        world: "loom:sdk/session-only",
        pub_export_macro: true,
        default_bindings_module: "loom_sdk::__private",
        with: {
            "loom:plugin/types@0.1.0": crate::bindings::imports::loom::plugin::types,
        },
    });
}
