//! `loom session compact`: makes the conversation of a session smaller now.

use std::io;

use clap::Args;
use loom_core::RunOptions;

use super::super::drive::{Inputs, drive, exit_of};
use super::super::run::human_options;
use super::super::{AgentOptions, Global, fact, sessions};
use crate::fault::Exit;
use crate::render::Render;
use crate::render::human::{Human, HumanOptions};
use crate::render::json::Json;
use crate::telemetry::log;

/// Make the conversation smaller that models see of a session
///
/// What happens by itself when the window is full, however small the session is. Nothing is lost: the
/// log keeps every message. See `loom help context`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom session compact 0198c2
  loom session compact 0198c2 --pin \"The deadline is 1 March\"")]
pub(super) struct CompactArguments {
    id: String,
    /// PROVIDER/MODEL that answers in this session; it summarises too, unless the configuration names
    /// another one
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// A fact to keep word for word, in this and every later compression (may be repeated)
    #[arg(long, value_name = "FACT", value_parser = fact)]
    pin: Vec<String>,
    #[arg(long, help = "Print events as JSON, one a line")]
    json: bool,
}

pub(super) async fn run(arguments: CompactArguments, global: &Global) -> anyhow::Result<Exit> {
    let agent = AgentOptions {
        model: arguments.model,
        ..AgentOptions::default()
    };
    let mut overrides = agent.overrides(global);
    // Whoever switched it off meant what happens by itself.
    overrides.set.push("compression.enabled=true".to_owned());
    let config = global.load(&overrides)?.config;
    let loom = global.open(&config).await?;
    let agent = loom.agent().await?.build()?;
    let session = sessions::find(agent.memory().as_ref(), &arguments.id).await?;
    let run = agent.start(RunOptions {
        session: Some(session),
        resume: true,
        pins: arguments.pin,
        compact: true,
        ..RunOptions::default()
    });
    let mut render: Box<dyn Render> = if arguments.json {
        Box::new(Json::new(io::stdout()))
    } else {
        let options = HumanOptions {
            introduced: true,
            ..human_options(global)
        };
        Box::new(Human::new(io::stdout(), log::stderr(), options))
    };
    let outcome = drive(run, render.as_mut(), Inputs::default()).await;
    loom.shutdown().await;
    Ok(exit_of(&outcome?))
}
