//! `loom chat`: a conversation on the terminal.

mod editor;
mod typed;

use std::io;

use crate::{Config, Loom};
use clap::Args;
use loom_core::recall::NewFact;
use loom_core::{Agent, Input, RunOptions};
use loom_types::SessionId;
use tokio::runtime::Runtime;

use super::ask::{self, Desk};
use super::drive::{Inputs, drive};
use super::run::{human_options, session};
use super::{AgentOptions, Global, memory, runtime};
use crate::fault::{self, Exit};
use crate::output;
use crate::render::human::{Human, HumanOptions};
use crate::render::text::one_line;
use crate::telemetry::log;
use editor::{Editor, Line};
pub(super) use typed::{Heard, Typed};

const HELP: &str = "\
/help           this list
/new            start a new session
/model [MODEL]  show or change the model
/tools          list the tools
/pin FACT       keep a fact in this session word for word, however long it gets
/remember FACT  remember a fact for this directory, in later sessions too
/compact        make the conversation smaller now
/exit           leave (or Ctrl-D)
A trailing backslash or Alt-Enter starts another line. Ctrl-C stops an answer, twice leaves.
What you type while the agent works goes into its run.
";

/// Talk with the agent
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom chat
  loom chat -m anthropic --add-dir ../docs
  loom chat --resume            go on with this directory's last session

In the chat, /help lists the commands. A trailing backslash or Alt-Enter starts another line.
Ctrl-C stops an answer, twice leaves; Ctrl-D leaves.")]
pub(super) struct ChatArguments {
    #[command(flatten)]
    agent: AgentOptions,
}

pub(super) fn run(arguments: &ChatArguments, global: &Global) -> anyhow::Result<Exit> {
    let runtime = runtime()?;
    let mut chat = runtime.block_on(Chat::open(&arguments.agent, global))?;
    let mut editor = Editor::open()?;
    output::note(&format!(
        "{}, session {}; /help lists the commands",
        chat.model(),
        chat.session
    ));
    let mut interrupted = false;
    loop {
        match editor.read(&std::mem::take(&mut chat.draft))? {
            Line::Text(text) => {
                interrupted = false;
                if !chat.answer(&runtime, text.trim())? {
                    break;
                }
            }
            Line::Interrupted if interrupted => break,
            Line::Interrupted => {
                interrupted = true;
                output::note("press Ctrl-C again or Ctrl-D to leave");
            }
            Line::End => break,
        }
    }
    editor.save();
    chat.say_how_to_go_on();
    runtime.block_on(chat.loom.shutdown());
    runtime.shutdown_background();
    Ok(Exit::Done)
}

/// A conversation.
struct Chat<'a> {
    global: &'a Global,
    options: AgentOptions,
    config: Config,
    loom: Loom,
    agent: Agent,
    /// Where the agent's questions arrive.
    desk: Option<Desk>,
    session: SessionId,
    has_spoken: bool,
    /// What was begun to be typed while the agent worked.
    draft: String,
    /// Facts for the session; it gets them with the next turn.
    pins: Vec<String>,
}

impl<'a> Chat<'a> {
    async fn open(options: &AgentOptions, global: &'a Global) -> anyhow::Result<Self> {
        let (config, loom, agent, desk) = assemble(options, global).await?;
        let session = session(options, &config, agent.memory().as_ref()).await?;
        Ok(Self {
            global,
            options: options.clone(),
            config,
            loom,
            agent,
            desk,
            session: session.unwrap_or_else(SessionId::generate),
            has_spoken: false,
            draft: String::new(),
            pins: options.pin.clone(),
        })
    }

    fn model(&self) -> String {
        format!("{}/{}", self.agent.provider().name(), self.agent.model())
    }

    /// Answers one input; false to leave.
    fn answer(&mut self, runtime: &Runtime, text: &str) -> anyhow::Result<bool> {
        let Some(command) = text.strip_prefix('/') else {
            if !text.is_empty() {
                let mut next = vec![text.to_owned()];
                // What was typed too late for one turn is the next.
                while !next.is_empty() {
                    next = runtime.block_on(self.turn(&next.join("\n")))?;
                }
            }
            return Ok(true);
        };
        let (command, argument) = command.split_once(' ').unwrap_or((command, ""));
        match (command, argument.trim()) {
            ("exit" | "quit" | "q", _) => return Ok(false),
            ("help", _) => output::print(HELP)?,
            ("new", _) => {
                self.session = SessionId::generate();
                self.has_spoken = false;
                self.pins.clone_from(&self.options.pin);
                output::note(&format!("new session {}", self.session));
            }
            ("model", "") => output::note(&self.model()),
            ("model", model) => runtime.block_on(self.change_model(model)),
            ("tools", _) => output::print(&self.tools())?,
            ("pin", fact) => self.pin(fact),
            ("remember", fact) => runtime.block_on(self.remember(fact)),
            ("compact", _) => runtime.block_on(self.compact())?,
            _ => output::warning(&format!("there is no command /{command}; /help lists them")),
        }
        Ok(true)
    }

    /// One turn. Returns what the person typed meanwhile and the run did not take.
    async fn turn(&mut self, text: &str) -> anyhow::Result<Vec<String>> {
        self.has_spoken = true;
        self.run(RunOptions {
            input: Some(Input::new(text)),
            ..RunOptions::default()
        })
        .await
    }

    fn pin(&mut self, fact: &str) {
        if fact.is_empty() {
            output::warning("write the fact: /pin FACT");
            return;
        }
        self.pins.push(fact.to_owned());
        output::note("pinned; the session has it with your next message");
    }

    /// Remembers a fact; what is wrong with it ends no conversation.
    async fn remember(&self, fact: &str) {
        if fact.is_empty() {
            output::warning("write the fact: /remember FACT");
            return;
        }
        let store = match self.loom.memory().await {
            Ok(store) => store,
            Err(error) => {
                fault::report(&error, false);
                return;
            }
        };
        let new = NewFact {
            session: Some(self.session.clone()),
            ..NewFact::new(fact)
        };
        if let Err(error) = memory::add(&memory::facts(store, &self.config), new).await {
            fault::report(&error, false);
        }
    }

    async fn compact(&mut self) -> anyhow::Result<()> {
        if !self.has_spoken && self.options.resume.is_none() && self.options.session.is_none() {
            output::note("nothing was said yet");
            return Ok(());
        }
        let compact = RunOptions {
            compact: true,
            ..RunOptions::default()
        };
        let untaken = self.run(compact).await?;
        // There was no question that it could have gone into.
        self.draft = untaken.join("\n");
        Ok(())
    }

    /// A run in the session. Returns what the person typed meanwhile and the run did not take.
    async fn run(&mut self, options: RunOptions) -> anyhow::Result<Vec<String>> {
        let run = self.agent.start(RunOptions {
            session: Some(self.session.clone()),
            pins: self.pins.clone(),
            ..options
        });
        let options = HumanOptions {
            introduced: true,
            ..human_options(self.global)
        };
        let mut render = Human::new(io::stdout(), log::stderr(), options);
        let mut typed = Typed::open().ok();
        let inputs = Inputs {
            steer: None,
            desk: self.desk.as_mut(),
            typed: typed.as_mut(),
        };
        drive(run, &mut render, inputs).await?;
        let Some(typed) = typed else {
            return Ok(Vec::new());
        };
        let (untaken, draft) = typed.rest_of().await;
        self.draft = draft;
        Ok(untaken)
    }

    /// Goes on with another model, or as before if that can't be had.
    async fn change_model(&mut self, model: &str) {
        let options = AgentOptions {
            model: Some(model.to_owned()),
            ..self.options.clone()
        };
        match assemble(&options, self.global).await {
            Ok((config, loom, agent, desk)) => {
                self.options = options;
                self.config = config;
                self.loom.shutdown().await;
                self.loom = loom;
                self.agent = agent;
                self.desk = desk;
                output::note(&self.model());
            }
            Err(error) => {
                fault::report(&error, false);
            }
        }
    }

    fn say_how_to_go_on(&self) {
        if self.has_spoken && !self.options.ephemeral {
            output::hint(&format!("go on with: loom chat --resume={}", self.session));
        }
    }

    fn tools(&self) -> String {
        let mut text = String::new();
        for tool in self.agent.tools() {
            let line = format!("{}  {}", tool.name, one_line(&tool.description, 80));
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

async fn assemble(
    options: &AgentOptions,
    global: &Global,
) -> anyhow::Result<(Config, Loom, Agent, Option<Desk>)> {
    let config = global.load(&options.overrides(global))?.config;
    let loom = global.open_for_agent(&config).await?;
    let (builder, desk) = ask::attach(loom.agent().await?, &config, false)?;
    Ok((config, loom, builder.build()?, desk))
}
