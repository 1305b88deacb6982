//! `loom session search`: where something was said.

use std::fmt::Write as _;

use anstyle::Style;
use clap::Args;
use loom_core::session::Record;
use loom_core::sessions::{Found, SearchOptions, search, snippet};
use loom_types::{Hit, Memory, Role};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output::{self, DIM};
use crate::render::sanitize::sanitize;
use crate::render::text::{date, one_line};

/// How much of a message is shown, in characters: two lines of a terminal.
const SNIPPET: usize = 150;

/// Places of a session that are shown; the session itself has all.
const PLACES: usize = 3;

const BOLD: Style = Style::new().bold();

/// Find sessions by what was said in them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom session search descale kettle
  loom session search --json -n 1 \"error E0277\" | jq -r '.[0].id'

The best first, with the numbers of the messages as in `loom session show`.")]
pub(super) struct SearchArguments {
    /// Words that occur, in any order
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// How many sessions
    #[arg(long, short = 'n', default_value_t = 10, value_name = "N")]
    limit: usize,
    /// The sessions of sub-agents, and what is no message, too
    #[arg(long)]
    all: bool,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

pub(super) async fn run(memory: &dyn Memory, arguments: &SearchArguments) -> anyhow::Result<()> {
    let words = arguments.words.join(" ");
    if !words.contains(char::is_alphanumeric) {
        let fault = Fault::usage("there is no word to look for");
        return Err(fault.hint("a word has letters or digits").into());
    }
    let options = SearchOptions {
        words,
        limit: arguments.limit,
        all: arguments.all,
    };
    let found = search(memory, &options).await?;
    if arguments.json {
        let found = found.iter().map(|found| to_json(found, &options.words));
        output::print_json(&found.collect::<Vec<_>>())?;
    } else if found.is_empty() {
        output::note(&format!("nothing found for {}", options.words));
    } else {
        output::print_styled(&to_text(&found, &options.words))?;
    }
    Ok(())
}

fn to_text(found: &[Found], words: &str) -> String {
    let mut text = String::new();
    for each in found {
        let title = one_line(&each.outline.title, 70);
        let (id, title) = (sanitize(each.session.as_str()), sanitize(&title));
        // Writing to a string can't fail.
        let _ = writeln!(text, "{BOLD}{id}{BOLD:#}  {title}");
        for hit in each.hits.iter().take(PLACES) {
            let (seq, when, who) = (hit.entry.seq, date(hit.entry.time_ms), who(hit));
            let who = sanitize(&who);
            let piece = emphasized(&snippet(&hit.entry.text, words, SNIPPET), words);
            let _ = writeln!(text, "  {DIM}{when}  #{seq} {who}:{DIM:#} {piece}");
        }
        if let more @ 1.. = each.hits.len().saturating_sub(PLACES) {
            let _ = writeln!(text, "  {DIM}and {more} more{DIM:#}");
        }
    }
    text
}

/// Who said it: the person, the model, a tool; else what kind of entry it is.
fn who(hit: &Hit) -> String {
    match Record::decode(&hit.session, hit.entry.clone()) {
        Ok(Record::Message(message)) => match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tools",
        }
        .to_owned(),
        Ok(Record::ToolResult(result)) => result.name,
        _ => hit.entry.kind.clone(),
    }
}

/// The text, safe for a terminal, with the words in bold.
fn emphasized(text: &str, words: &str) -> String {
    let words: Vec<String> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let text = sanitize(text);
    let mut emphasized = String::new();
    for run in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = run.trim_end_matches(|c: char| !c.is_alphanumeric());
        if words.contains(&word.to_lowercase()) {
            let rest = &run[word.len()..];
            let _ = write!(emphasized, "{BOLD}{word}{BOLD:#}{rest}");
        } else {
            emphasized.push_str(run);
        }
    }
    emphasized
}

fn to_json(found: &Found, words: &str) -> Value {
    let hits = found.hits.iter().map(|hit| {
        json!({
            "seq": hit.entry.seq,
            "time_ms": hit.entry.time_ms,
            "kind": hit.entry.kind,
            "by": who(hit),
            "score": hit.score,
            "snippet": snippet(&hit.entry.text, words, SNIPPET),
        })
    });
    json!({
        "id": found.session,
        "title": one_line(&found.outline.title, 50),
        "directory": found.outline.metadata("directory"),
        "agent": found.outline.metadata("agent"),
        "hits": hits.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_out_and_nothing_drives_the_terminal() {
        let text = emphasized("The Kettle, kettles\u{1b}[2J: kettle", "kettle THE");
        let bold = |word: &str| format!("{BOLD}{word}{BOLD:#}");
        let (the, kettle) = (bold("The"), bold("kettle"));
        assert_eq!(text, format!("{the} {}, kettles: {kettle}", bold("Kettle")));
    }
}
