//! The harness: guests, an engine whose compiled cache all tests share, loopback servers. Nothing
//! here is a test.

pub mod cancelling;
pub mod cli;
pub mod contract;
pub mod crowd;
pub mod datasets;
pub mod faults;
pub mod guests;
pub mod held;
pub mod interpreters;
pub mod native;
pub mod qdrant;
pub mod retention;
pub mod sandbox;
pub mod server;
mod skip;
pub mod store;
pub mod terminal;

pub use skip::skipped;
