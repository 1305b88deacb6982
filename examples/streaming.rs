//! A run as it happens: the answer word by word, every other event on a line with the time since the
//! start.
//!
//! ```sh
//! cargo run -p loom-examples --example streaming -- DIRECTORY
//! ```

#![expect(clippy::print_stdout, reason = "the events are for a person")]

use std::io::{Write as _, stdout};
use std::time::Instant;

use loom::{Config, Loom, RunEvent};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let config = Config::in_directory(directory, r#"model = "rules""#)?;
    let loom = Loom::open(&config).await?;
    let agent = loom.agent().await?.build()?;
    let start = Instant::now();
    let mut run = agent.run("What are the 3 largest files?");
    while let Some(event) = run.next().await {
        match &event {
            RunEvent::TextDelta { text } => {
                print!("{text}");
                stdout().flush()?;
            }
            RunEvent::MessageCompleted { message } if message.text().is_empty() => {}
            RunEvent::MessageCompleted { .. } => println!(),
            event => println!("{:>8.1?}  {}", start.elapsed(), describe(event)),
        }
    }
    let outcome = run.outcome().await;
    anyhow::ensure!(outcome.is_completed(), "{outcome:?}");
    Ok(())
}

fn describe(event: &RunEvent) -> String {
    match event {
        RunEvent::RunStarted {
            model, session_id, ..
        } => {
            format!("{model} starts session {session_id}")
        }
        RunEvent::TurnStarted { turn } => format!("turn {turn}"),
        RunEvent::ToolStarted { call } => format!("→ {} {}", call.name, call.arguments),
        RunEvent::ToolProgress { message, .. } => format!("  {message}"),
        RunEvent::ToolCompleted {
            result, duration, ..
        } => {
            let mark = if result.is_error { "✗" } else { "✓" };
            format!("{mark} {} in {duration:.1?}", result.name)
        }
        RunEvent::TurnCompleted { turn, usage } => {
            let (input, output) = (usage.input_tokens, usage.output_tokens);
            format!("turn {turn} took {input} tokens in, {output} out")
        }
        RunEvent::RunEnded { outcome } => {
            let report = outcome.report();
            format!(
                "ended after {} turns, {} tool calls",
                report.turns, report.tool_calls
            )
        }
        other => format!("{other:?}"),
    }
}
