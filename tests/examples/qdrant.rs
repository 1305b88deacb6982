//! Runs the SDK's suite for session stores against a Qdrant server of somebody else's, through the
//! built-in component: `qdrant URL [API-KEY]`. It makes collections named `loom-check-…` there, which
//! stay. `.ci/qdrant` runs it.

#![expect(clippy::print_stdout, reason = "what was checked is for a person")]

use std::cell::Cell;
use std::env;

use anyhow::{Context as _, Result};
use loom_sdk::testing::memory as suite;
use loom_tests::contract::Through;
use loom_tests::qdrant;
use tokio::runtime::Runtime;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().context("give the server's address")?;
    let key = arguments.next();
    let runtime = Runtime::new()?;
    let run = std::process::id();
    let open = |collection: &str| Through {
        store: runtime.block_on(qdrant::store(
            &url,
            key.as_deref(),
            &[("collection", collection)],
        )),
        handle: runtime.handle().clone(),
    };
    let count = Cell::new(0);
    let make = || {
        count.set(count.get() + 1);
        open(&format!("loom-check-{run}-{}", count.get()))
    };
    suite::conformance(make);
    println!("ok      the contract, in {} collections", count.get());
    suite::vector_search(make);
    println!("ok      search by vector");
    suite::shared(|| open(&format!("loom-check-{run}-shared")));
    println!("ok      several writers");
    println!("3 passed, 0 failed");
    Ok(())
}
