//! A run as it happens: every event, with the time since the start.
//!
//! ```sh
//! cargo run -p loom-examples --example streaming -- DIRECTORY
//! ```

#![expect(clippy::print_stdout, reason = "the events are for a person")]

use std::time::Instant;

use loom::{Config, Loom, RunEvent};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let config = Config::in_directory(directory, r#"model = "rules""#)?;
    let loom = Loom::open(&config).await?;
    let agent = loom.agent().await?.build()?;
    let start = Instant::now();
    let mut run = agent.run("Which files are here, and what is 6 * 7?");
    while let Some(event) = run.next().await {
        println!(
            "{:>7.1} ms  {}",
            start.elapsed().as_secs_f64() * 1e3,
            line(&event)
        );
    }
    let outcome = run.outcome().await;
    anyhow::ensure!(outcome.is_completed(), "{outcome:?}");
    Ok(())
}

fn line(event: &RunEvent) -> String {
    match event {
        RunEvent::RunStarted {
            model, session_id, ..
        } => {
            format!("run started: {model}, session {session_id}")
        }
        RunEvent::TurnStarted { turn } => format!("turn {turn} started"),
        RunEvent::TextDelta { text } => format!("text {text:?}"),
        RunEvent::ReasoningDelta { text } => format!("reasoning {text:?}"),
        RunEvent::MessageCompleted { message } => {
            format!("message of {} parts completed", message.parts.len())
        }
        RunEvent::ToolStarted { call } => format!("→ {} {}", call.name, call.arguments),
        RunEvent::ToolProgress { message, .. } => format!("  {message}"),
        RunEvent::ToolCompleted { result, duration } => {
            let mark = if result.is_error { "✗" } else { "✓" };
            format!(
                "{mark} {} in {duration:.1?}: {:?}",
                result.name,
                result.text()
            )
        }
        RunEvent::TurnCompleted { turn, usage } => {
            format!(
                "turn {turn} completed: {} tokens in, {} out",
                usage.input_tokens, usage.output_tokens
            )
        }
        RunEvent::Warning { message } => format!("warning: {message}"),
        RunEvent::RunEnded { outcome } => {
            let report = outcome.report();
            format!(
                "run ended: {} turns, {} tool calls",
                report.turns, report.tool_calls
            )
        }
        other => format!("{other:?}"),
    }
}
