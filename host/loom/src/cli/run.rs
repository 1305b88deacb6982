//! `loom run`: one prompt, one answer.

mod last_message;

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Config;
use clap::Args;
use loom_core::{Input, Metrics, Pool, RunOptions};
use loom_types::{Memory, SessionId};
use serde_json::Value;

use super::drive::{Inputs, drive, exit_of};
use super::steer::{Source, Steer};
use super::{AgentOptions, Global, ask, prompt, sessions};
use crate::fault::{Exit, Fault};
use crate::output;
use crate::render::Render;
use crate::render::human::{Human, HumanOptions};
use crate::render::json::Json;
use crate::render::metrics;
use crate::telemetry::log;
use last_message::LastMessage;

/// Run the agent on a prompt and print its answer
///
/// The answer goes to stdout as it comes, everything else to stderr. What is piped in is appended to
/// the prompt. With --quiet only the last message is printed, once it is complete.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom run \"Which files here mention TODO?\"
  git diff | loom run -m anthropic \"Review this\"
  answer=$(loom run -q \"What is 2^100?\")
  loom run --json \"List the tests\" | jq -r 'select(.type == \"run.completed\").text'
  loom run --resume \"And now fix them\"            go on with this directory's last session
  loom run --resume=0198c2                        finish what a session left open
  loom run --output-schema schema.json -o result.json \"Extract the versions\"

With --json every line is an event: thread.started, turn.started, item.started, item.updated,
item.completed, turn.completed, turn.failed, warning, error, and last run.completed,
run.limit_reached, run.cancelled or run.failed.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 a limit ended the run, 130 cancelled.")]
pub(super) struct RunArguments {
    /// What to do; - reads it from stdin
    prompt: Option<String>,
    #[command(flatten)]
    pub(super) agent: AgentOptions,
    /// Print events as JSON, one a line, and nothing else on stdout
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
    /// Steer the run with JSON lines from this file, pipe or, with -, stdin: see `loom help steering`
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    steer_file: Option<String>,
    /// Write the last message to this file when the run is done
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// The answer must be JSON that fits this JSON Schema
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output_schema: Option<PathBuf>,
}

pub(super) async fn run(mut arguments: RunArguments, global: Global) -> anyhow::Result<Exit> {
    arguments.settle_resume();
    let config = global.load(&arguments.agent.overrides(&global))?.config;
    let schema = arguments.output_schema.as_deref().map(read_schema);
    let schema = schema.transpose()?;
    let last_message = arguments.output.as_deref().map(LastMessage::prepare);
    let last_message = last_message.transpose()?;
    let steer = arguments.steer_file.as_deref().map(Source::parse);
    let prompt = match (&steer, arguments.prompt.as_deref()) {
        // Stdin has the commands, so it can't have the prompt.
        (Some(Source::Stdin), Some("-")) => {
            return Err(Fault::usage(
                "both the prompt and the steering commands are to come from stdin",
            )
            .into());
        }
        (Some(Source::Stdin), prompt) => prompt.map(str::to_owned),
        (_, prompt) => prompt::read(prompt, global.quiet).await?,
    };
    if prompt.is_none() && arguments.agent.resume.is_none() && arguments.agent.session.is_none() {
        let fault = Fault::usage("there is no prompt");
        return Err(fault.hint("write loom run \"…\", or pipe it in").into());
    }
    let has_schema = schema.is_some();
    let loom = global.open_for_agent(&config).await?;
    let counted = Arc::new(Metrics::new());
    let builder = loom.agent().await?.observer(Arc::clone(&counted) as _);
    let (builder, mut desk) = ask::attach(builder, &config, arguments.json)?;
    let agent = builder.output_schema(schema).build()?;
    let options = options(&arguments.agent, &config, agent.memory().as_ref(), prompt).await?;
    let mut render = arguments.renderer(&global, has_schema, loom.pool().await?);
    let run = agent.start(options);
    let steer = match steer {
        Some(source) => Some(Steer::start(source, run.steering()).await?),
        None => None,
    };
    let inputs = Inputs {
        steer,
        desk: desk.as_mut(),
        typed: None,
    };
    let outcome = drive(run, render.as_mut(), inputs).await;
    loom.shutdown().await;
    let outcome = outcome?;
    if global.verbose > 0 {
        output::note(&metrics::table(&counted.snapshot()));
    }
    if let (Some(last_message), true) = (last_message, outcome.is_completed()) {
        last_message.write(outcome.text())?;
    }
    Ok(exit_of(&outcome))
}

/// In which session the run takes place.
async fn options(
    agent: &AgentOptions,
    config: &Config,
    memory: &dyn Memory,
    prompt: Option<String>,
) -> anyhow::Result<RunOptions> {
    Ok(RunOptions {
        session: session(agent, config, memory).await?,
        resume: agent.resume.is_some(),
        input: prompt.map(Input::new),
        pins: agent.pin.clone(),
        ..RunOptions::default()
    })
}

/// The session that was asked for; none for a new one.
pub(super) async fn session(
    agent: &AgentOptions,
    config: &Config,
    memory: &dyn Memory,
) -> anyhow::Result<Option<SessionId>> {
    Ok(match (&agent.session, agent.resume.as_deref()) {
        (Some(id), _) => Some(SessionId::from(id.as_str())),
        (None, Some("")) => Some(sessions::last_of(memory, &config.working_directory).await?),
        (None, Some(text)) => Some(sessions::find(memory, text).await?),
        (None, None) => None,
    })
}

impl RunArguments {
    /// `--resume "go on"`: what is no id can only be the prompt.
    fn settle_resume(&mut self) {
        let is_id = |text: &String| text.is_empty() || super::session_id(text).is_ok();
        if self.prompt.is_none() && self.agent.resume.as_ref().is_some_and(|text| !is_id(text)) {
            self.prompt = self.agent.resume.replace(String::new());
        }
    }

    fn renderer(&self, global: &Global, has_schema: bool, pool: Pool) -> Box<dyn Render> {
        if self.json {
            return Box::new(Json::new(io::stdout()).with_pool(pool));
        }
        let options = HumanOptions {
            // What does not fit the schema yet is no answer.
            last_message_only: global.quiet || has_schema,
            resumable: !self.agent.ephemeral,
            introduced: false,
            ..human_options(global)
        };
        Box::new(Human::new(io::stdout(), log::stderr(), options))
    }
}

/// How people see a run on this terminal.
pub(super) fn human_options(global: &Global) -> HumanOptions {
    HumanOptions {
        out_is_terminal: io::stdout().is_terminal(),
        err_is_terminal: io::stderr().is_terminal() && !log::is_json(),
        quiet: global.quiet || log::is_json(),
        verbose: global.verbose > 0,
        ..HumanOptions::default()
    }
}

fn read_schema(path: &Path) -> anyhow::Result<Value> {
    let wrong = |error: String| {
        let fault = Fault::usage(format!("the output schema {}: {error}", path.display()));
        fault.hint("it must be a file with a JSON Schema")
    };
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let schema: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(schema)
}
