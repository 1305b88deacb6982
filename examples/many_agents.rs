//! A thousand agents at once over one [`Loom`]: each asks its model, which calls a tool, and answers.
//! Every completion and every tool call has a sandbox of its own.
//!
//! ```sh
//! cargo run --release -p loom-examples --example many_agents -- NUMBER
//! ```

#![expect(clippy::print_stdout, reason = "the figures are for a person")]

use std::time::Instant;

use futures::future::try_join_all;
use loom::{Config, Loom};

const CONFIG: &str = r#"
model = "rules"
memory.plugin = "memory-ram"
tools.allowed = ["calculate"]
"#;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let agents: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(1_000), |number| number.parse())?;
    let loom = Loom::open(&Config::from_toml(CONFIG)?).await?;
    let start = Instant::now();
    let answers = try_join_all((1..=agents).map(|number| ask(&loom, number))).await?;
    let elapsed = start.elapsed();
    let right = answers.iter().filter(|right| **right).count();
    println!(
        "{right} of {agents} agents were right after {elapsed:.2?}, {:.2?} each",
        elapsed / u32::try_from(agents)?.max(1)
    );
    anyhow::ensure!(
        right == answers.len(),
        "{} were wrong",
        answers.len() - right
    );
    Ok(())
}

/// Whether an agent of its own finds the square of a number.
async fn ask(loom: &Loom, number: u64) -> anyhow::Result<bool> {
    let agent = loom.agent().await?.build()?;
    let question = format!("What is {number} * {number}?");
    let outcome = agent.run(question).outcome().await;
    anyhow::ensure!(outcome.is_completed(), "{outcome:?}");
    let result = outcome.text().rsplit("= ").next().unwrap_or_default();
    Ok(
        result.replace(',', "") == (number * number).to_string()
            && outcome.report().tool_calls == 1,
    )
}
