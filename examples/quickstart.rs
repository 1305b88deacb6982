//! The ten lines that embed an agent: it answers a question about the files of a directory.
//!
//! ```sh
//! cargo run -p loom-examples --example quickstart -- DIRECTORY
//! ```

#![expect(clippy::print_stdout, reason = "the answer is for a person")]

use loom::{Config, Loom};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let config = Config::in_directory(directory, r#"model = "rules""#)?;
    let loom = Loom::open(&config).await?;
    let agent = loom.agent().await?.build()?;
    let outcome = agent.run("What are the 3 largest files?").outcome().await;
    println!("{}", outcome.text());
    anyhow::ensure!(outcome.is_completed(), "{outcome:?}");
    Ok(())
}
