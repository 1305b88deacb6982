//! The harness: guests, an engine whose compiled cache all tests share, loopback servers. Nothing
//! here is a test.

pub mod cli;
pub mod faults;
pub mod guests;
pub mod held;
pub mod python;
pub mod sandbox;
pub mod server;
pub mod terminal;
