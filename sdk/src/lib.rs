//! Write Loom plugins in Rust.
//!
//! A tool is a documented function with typed arguments:
//!
//! ```
//! use loom_sdk::prelude::*;
//!
//! /// Count the words of a text.
//! #[tool(safe)]
//! fn count_words(
//!     /// The text to look at.
//!     text: String,
//! ) -> usize {
//!     text.split_whitespace().count()
//! }
//!
//! loom_sdk::export_tools!(count_words);
//! # fn main() {}
//! ```
//!
//! Build the crate as a `cdylib` with `cargo build --release --target wasm32-wasip2` and drop the
//! `.wasm` into a plugin directory. The function is an ordinary function, so `#[test]` needs no
//! host; [`testing`] calls tools the way the host does.
//!
//! Providers implement [`llm::Provider`] (or [`embedding::Embedder`]) and session stores
//! [`memory::Memory`], and [`memory::Backups`] if they keep any; `export_provider!`,
//! `export_embedder!`, `export_memory!` and `export_memory_with_backups!` export them.
//!
//! Tools whose calls share an instance write down what it knows when it must go; see [`session`].
//!
//! What must not be here: anything of the host. This crate knows only the contract in `wit/`.

extern crate self as loom_sdk;

pub mod embedding;
pub mod error;
pub mod host;
pub mod http;
pub mod llm;
pub mod memory;
pub mod session;
pub mod sse;
pub mod testing;
pub mod tool;

mod bindings;

pub use error::{Error, ErrorKind};
pub use loom_sdk_macros::tool;

/// Embeds the plugin's manifest, the capabilities it asks for, in the component. The path is
/// relative to the source file, as for `include_bytes!`. Once per plugin; a plugin that needs no
/// capability needs no manifest.
///
/// Beside `name`, `version`, `description` and `[capabilities]` it may have `[calls]` (see
/// [`export_session!`]) and `deep_stack = true`: 16 MiB of stack instead of 2, for an interpreter or a
/// parser, of which fewer then run at once.
#[macro_export]
macro_rules! manifest {
    ($path:literal) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            #[used]
            #[allow(
                unsafe_code,
                reason = "the host reads the manifest from this custom section"
            )]
            #[unsafe(link_section = "loom:manifest")]
            static MANIFEST: [u8; include_bytes!($path).len()] = *include_bytes!($path);
        };
    };
}

/// Names a function that takes and returns nothing, and is what a plugin may do before its first call.
/// Where the plugin is built with a snapshot (Loom's own build does it for those that it lists), the
/// function runs once, at build time, and instances begin with the memory as it was after it; elsewhere it
/// never runs. So what it makes must be made by calls as well if it is not there. It can reach nothing
/// outside, and the clock stands still; what it keeps must not depend on either.
#[macro_export]
macro_rules! prepare {
    ($prepare:path) => {
        const _: () = {
            #[cfg(target_family = "wasm")]
            #[allow(unsafe_code, reason = "the build calls it by this name")]
            #[unsafe(export_name = "loom:prepare")]
            extern "C" fn loom_prepare() {
                $crate::__private::run_ctors_once();
                $prepare();
            }
            #[cfg(not(target_family = "wasm"))]
            const _: fn() = $prepare;
        };
    };
}

/// What a plugin with tools needs.
pub mod prelude {
    pub use crate::error::{Error, ErrorKind};
    pub use crate::tool::{Blob, Content, Context, Json};
    pub use loom_sdk_macros::tool;
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}

/// For the macros; not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::{
        backups_world, embedding_world, llm_world, memory_world, session_world, tool_world,
    };
    pub use crate::tool::IntoOutput;
    #[cfg(target_family = "wasm")]
    pub use wit_bindgen::rt::run_ctors_once;
    pub use {schemars, serde};
}
