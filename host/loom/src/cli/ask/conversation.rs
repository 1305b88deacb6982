//! What is said to the person and what they say, until there is an answer.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use loom_core::{Approval, Rule};
use loom_types::{AccessMode, Footprint, PermissionRequest, Resource, Touch};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

use super::Setting;
use crate::output::{CYAN, DIM, YELLOW};

/// More resources than this say no more to a person.
const SHOWN_TOUCHES: usize = 20;

/// What is shown of an argument where the resources say what is at stake, and where they don't.
const SHOWN_CHARS: usize = 160;
const SHOWN_CHARS_OF_UNKNOWN: usize = 4_000;

/// One question and its answer.
pub(super) struct Conversation<'a, I, O> {
    setting: &'a Setting,
    request: &'a PermissionRequest,
    input: I,
    out: O,
}

/// What a line means.
enum Reply {
    Answer(Approval),
    AskAlways,
    Unclear,
}

impl<'a, I: AsyncBufRead + Unpin, O: Write> Conversation<'a, I, O> {
    pub(super) fn new(
        setting: &'a Setting,
        request: &'a PermissionRequest,
        input: I,
        out: O,
    ) -> Self {
        Self {
            setting,
            request,
            input,
            out,
        }
    }

    /// Asks until the answer is clear. An end of the input is no.
    pub(super) async fn hold(&mut self) -> io::Result<Approval> {
        let question = describe(self.request, &self.setting.workspace);
        write!(self.out, "{question}")?;
        loop {
            let choices = "y once, r for this run, a always, n no, n REASON no and why";
            write!(self.out, "{CYAN}{choices}{CYAN:#}\n> ")?;
            let Some(line) = self.line().await? else {
                return Ok(no("the person gave no answer"));
            };
            match reply(&line) {
                Reply::Answer(approval) => return Ok(approval),
                Reply::AskAlways => {
                    if self.confirms_always().await? {
                        return Ok(Approval::Always);
                    }
                }
                Reply::Unclear => {}
            }
        }
    }

    /// Shows what would be stored.
    async fn confirms_always(&mut self) -> io::Result<bool> {
        let workspace = &self.setting.workspace;
        let rule = Rule::exactly(self.request, workspace);
        let suggested = Rule::suggested(self.request, workspace);
        let store = visible(&self.setting.store.to_string_lossy());
        let place = visible(&workspace.to_string_lossy());
        write!(
            self.out,
            "Stored in {store}:\n  {rule}\n  for work in {place}\n"
        )?;
        if suggested != rule {
            writeln!(
                self.out,
                "{DIM}For more than this, add to the configuration: [permissions] allow = [{}]{DIM:#}",
                toml::Value::String(suggested.to_string())
            )?;
        }
        write!(self.out, "Store it? y or n\n> ")?;
        let line = self.line().await?.unwrap_or_default();
        Ok(matches!(line.to_lowercase().as_str(), "y" | "yes"))
    }

    /// The next line, trimmed; none at the end.
    async fn line(&mut self) -> io::Result<Option<String>> {
        self.out.flush()?;
        let mut line = Vec::new();
        if self.input.read_until(b'\n', &mut line).await? == 0 {
            writeln!(self.out)?;
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))
    }
}

fn reply(line: &str) -> Reply {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    match (word.to_lowercase().as_str(), rest) {
        ("y" | "yes", "") => Reply::Answer(Approval::Once),
        ("r" | "run", "") => Reply::Answer(Approval::ForRun),
        ("a" | "always", "") => Reply::AskAlways,
        ("n" | "no", "") => Reply::Answer(Approval::Deny { reason: None }),
        ("n" | "no", reason) => Reply::Answer(no(reason)),
        _ => Reply::Unclear,
    }
}

fn no(reason: &str) -> Approval {
    Approval::Deny {
        reason: Some(reason.to_owned()),
    }
}

/// The call: which tool, on whose behalf, and what is at stake.
fn describe(request: &PermissionRequest, workspace: &Path) -> String {
    let mut text = format!("\n{YELLOW}May {} run?{YELLOW:#}", visible(&request.tool));
    if !request.agents.is_empty() {
        let agents: Vec<_> = request.agents.iter().map(|it| visible(it)).collect();
        text.push_str(&format!(" For the agent {}.", agents.join(" › ")));
    }
    text.push('\n');
    let shown = match &request.footprint {
        Footprint::Everything => {
            text.push_str("  it may touch anything that its plugin was granted\n");
            SHOWN_CHARS_OF_UNKNOWN
        }
        Footprint::Resources(touches) if touches.is_empty() => SHOWN_CHARS_OF_UNKNOWN,
        Footprint::Resources(touches) => {
            describe_touches(&mut text, touches, workspace);
            SHOWN_CHARS
        }
    };
    describe_arguments(&mut text, request, shown);
    text
}

fn describe_touches(text: &mut String, touches: &[Touch], workspace: &Path) {
    for touch in touches.iter().take(SHOWN_TOUCHES) {
        let mode = match touch.mode {
            AccessMode::Read => "reads ",
            AccessMode::Write => "writes",
        };
        let name = match &touch.resource {
            Resource::File { path, .. } => match path.strip_prefix(workspace) {
                Ok(inside) if inside.as_os_str().is_empty() => ". (the whole workspace)".to_owned(),
                Ok(inside) => visible(&inside.to_string_lossy()),
                Err(_) if path.is_relative() => visible(&path.to_string_lossy()),
                Err(_) => format!(
                    "{} (outside of the workspace)",
                    visible(&path.to_string_lossy())
                ),
            },
            Resource::Url(url) => visible(url),
            Resource::Named { scheme, name } => visible(&format!("{scheme}:{name}")),
            Resource::Session { plugin, name } => visible(&format!("session {name} of {plugin}")),
        };
        // Writing to a string can't fail; here and below.
        let _ = writeln!(text, "  {mode} {name}");
    }
    if touches.len() > SHOWN_TOUCHES {
        let more = touches.len() - SHOWN_TOUCHES;
        let _ = writeln!(text, "  and {more} more");
    }
}

fn describe_arguments(text: &mut String, request: &PermissionRequest, shown: usize) {
    let Some(arguments) = request.arguments.as_object() else {
        let value = clipped(&request.arguments.to_string(), shown);
        let _ = writeln!(text, "  {DIM}with {value}{DIM:#}");
        return;
    };
    for (name, value) in arguments {
        let value = match value {
            serde_json::Value::String(text) => clipped(text, shown),
            other => clipped(&other.to_string(), shown),
        };
        let _ = writeln!(text, "  {DIM}{}:{DIM:#} {value}", visible(name));
    }
}

/// The text on one line, with what was left out named.
fn clipped(text: &str, chars: usize) -> String {
    let total = text.chars().count();
    if total <= chars {
        return visible(text);
    }
    let kept: String = text.chars().take(chars).collect();
    format!("{}… ({} characters more)", visible(&kept), total - chars)
}

/// What drives a terminal or changes how a line reads is shown by its code: the person must see all
/// of what they allow.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.escape_debug().count() == 1 || matches!(c, '"' | '\'' | '\\') {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown
}
