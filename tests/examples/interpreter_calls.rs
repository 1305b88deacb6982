//! Calls an interpreter once for each line of standard input, each time a fresh instance of the component
//! that Loom carries, and prints a line for each answer, as they come. For `.ci/test262`.
//!
//! `interpreter_calls PLUGIN`; lines in: `{"id": …, "arguments": {…}}`; lines out: `{"id": …, "result": {…}}`
//! or `{"id": …, "error": "…"}`. What must not be here: what the calls mean.

#![expect(
    clippy::print_stdout,
    reason = "answers are for the program that asked"
)]

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use loom_tests::interpreters::{Interpreter, LANGUAGES};
use loom_tests::sandbox::engine;
use loom_types::ToolContext;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Calls under way at once.
const AT_ONCE: usize = 8;
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<()> {
    let plugin = std::env::args().nth(1).context("name the plugin")?;
    let language = LANGUAGES.into_iter().find(|each| each.plugin == plugin);
    let language = language.with_context(|| format!("no interpreter {plugin}"))?;
    let interpreter = Interpreter::new(&engine(), language).await;
    let interpreter = interpreter.with_context(|| format!("{plugin} was not built"))?;
    let lines = BufReader::new(tokio::io::stdin()).lines();
    let lines = stream::try_unfold(lines, async |mut lines| {
        Ok(lines.next_line().await?.map(|line| (line, lines)))
    });
    let answers = lines.map(|line| answer(&interpreter, line));
    let mut answers = std::pin::pin!(answers.buffer_unordered(AT_ONCE));
    while let Some(answer) = answers.try_next().await? {
        println!("{answer}");
    }
    Ok(())
}

async fn answer(interpreter: &Interpreter, line: std::io::Result<String>) -> Result<Value> {
    let call: Value = serde_json::from_str(&line?).context("a line that is no call")?;
    let context = ToolContext::standalone(LIMIT);
    let answer = interpreter.call(call["arguments"].clone(), &context).await;
    Ok(match answer {
        Ok(result) => json!({ "id": call["id"], "result": result }),
        Err(error) => json!({ "id": call["id"], "error": error.to_string() }),
    })
}
