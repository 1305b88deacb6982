//! End-to-end tests: real components in the real host. One binary, because linking wasmtime is slow.
//! What they do not show: speed (see `benches`), and servers of others (see `.ci/run`).

#![expect(clippy::unwrap_used, reason = "a test may stop here")]
#![expect(clippy::print_stdout, reason = "what a failed test printed is shown")]

mod cancel;
mod cli;
mod context;
mod crash;
mod datasets;
mod dropped;
mod egress;
mod embeddings;
mod examples;
mod faults;
mod files;
mod interpreters;
mod kb;
mod kept;
mod loading;
mod many;
mod parallel;
mod providers;
mod python;
mod qdrant;
mod replay;
mod rogue;
mod sandbox;
mod scaffold;
mod security;
mod sessions;
mod snippets;
mod stores;
mod surroundings;
mod telemetry;
mod tool_lists;
mod web;

/// A home for the command `loom`.
fn home() -> loom_tests::cli::Home {
    loom_tests::cli::Home::new(env!("CARGO_BIN_EXE_loom-under-test"))
}
