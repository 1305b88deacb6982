//! End-to-end tests: real components in the real host. One binary, because linking wasmtime is slow.
//! What they do not show: speed (see `benches`), and servers of others (see `.ci/run`).

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod egress;
mod examples;
mod files;
mod loading;
mod providers;
mod python;
mod rogue;
mod surroundings;
