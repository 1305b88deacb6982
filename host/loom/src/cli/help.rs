//! `loom help`: the verbs and their options, and topics that no single verb explains.

use std::fmt::Write as _;

use clap::{Args, Command, CommandFactory as _};

use super::Arguments;
use crate::config::nearest;
use crate::fault::{Exit, Fault};
use crate::output;

/// A text that explains how something works.
struct Topic {
    name: &'static str,
    /// The first line of its text is its title.
    text: &'static str,
}

/// The topics, in the order in which they are listed. A new one is a file in `help` and a line here.
const TOPICS: [Topic; 14] = [
    Topic::new("pool", include_str!("help/pool.txt")),
    Topic::new("errors", include_str!("help/errors.txt")),
    Topic::new("parallel", include_str!("help/parallel.txt")),
    Topic::new("permissions", include_str!("help/permissions.txt")),
    Topic::new("steering", include_str!("help/steering.txt")),
    Topic::new("agents", include_str!("help/agents.txt")),
    Topic::new("budgets", include_str!("help/budgets.txt")),
    Topic::new("context", include_str!("help/context.txt")),
    Topic::new("memory", include_str!("help/memory.txt")),
    Topic::new("knowledge", include_str!("help/knowledge.txt")),
    Topic::new("code", include_str!("help/code.txt")),
    Topic::new("web", include_str!("help/web.txt")),
    Topic::new("reminders", include_str!("help/reminders.txt")),
    Topic::new("observability", include_str!("help/observability.txt")),
];

/// Explain a verb or a topic; without a name list them
#[derive(Debug, Args)]
pub(super) struct HelpArguments {
    /// A topic such as pool, or a verb such as `plugin new`
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

pub(super) fn run(arguments: &HelpArguments) -> anyhow::Result<Exit> {
    let words: Vec<_> = arguments.words.iter().map(String::as_str).collect();
    output::print(&text(&words)?)?;
    Ok(Exit::Done)
}

impl Topic {
    const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text }
    }

    fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default()
    }
}

fn text(words: &[&str]) -> Result<String, Fault> {
    let mut root = Arguments::command();
    // Without it the verbs don't know what they are part of.
    root.build();
    if words.is_empty() {
        return Ok(format!("{}\n{}", root.render_long_help(), list()));
    }
    let topic = TOPICS.iter().find(|topic| words == [topic.name]);
    if let Some(topic) = topic {
        return Ok(topic.text.to_owned());
    }
    let mut command = &mut root;
    for word in words {
        if command.find_subcommand(word).is_none() {
            return Err(unknown(command, word, words));
        }
        command = command
            .find_subcommand_mut(word)
            .expect("it was just found");
    }
    Ok(command.render_long_help().to_string())
}

fn list() -> String {
    let mut text = "Topics:\n".to_owned();
    for topic in &TOPICS {
        // Writing to a string can't fail.
        let _ = writeln!(text, "  {:<14} {}", topic.name, topic.title());
    }
    text.push_str("\n`loom help TOPIC` explains one.\n");
    text
}

fn unknown(command: &Command, word: &str, words: &[&str]) -> Fault {
    let mut names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    if words.first() == Some(&word) {
        names.extend(TOPICS.iter().map(|topic| topic.name));
    }
    let fault = Fault::usage(format!("there is no help on `{}`", words.join(" ")));
    match nearest(word, names) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault.hint("`loom help` lists verbs and topics"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use crate::config::DEFAULT_TOML;

    use super::*;

    #[test]
    fn every_topic_is_printed_and_listed() {
        let list = text(&[]).unwrap();
        for topic in &TOPICS {
            assert_eq!(text(&[topic.name]).unwrap(), topic.text);
            let line = format!("  {:<14} {}\n", topic.name, topic.title());
            assert!(list.contains(&line), "{list}");
            assert!(topic.title().contains(": "), "{}", topic.name);
        }
    }

    #[test]
    fn topics_read_well_on_a_terminal() {
        for topic in &TOPICS {
            let lines: Vec<_> = topic.text.lines().collect();
            assert!(lines.len() <= 60, "{} is {} lines", topic.name, lines.len());
            for line in lines {
                assert!(line.chars().count() <= 100, "{}: {line}", topic.name);
                assert_eq!(line.trim_end(), line, "{}", topic.name);
                assert!(!line.contains('\t'), "{}: {line}", topic.name);
            }
            assert!(topic.text.ends_with('\n'), "{}", topic.name);
        }
    }

    #[test]
    fn verbs_are_explained_as_by_their_option() {
        assert!(text(&["run"]).unwrap().contains("Usage: loom run"));
        assert!(
            text(&["plugin", "new"])
                .unwrap()
                .contains("Usage: loom plugin new")
        );
        assert!(text(&["help"]).unwrap().contains("TOPIC"));
    }

    #[test]
    fn what_is_unknown_is_refused_with_what_was_meant() {
        let check = |words: &[&str], message: &str| {
            let fault = text(words).unwrap_err();
            assert_eq!(fault.to_string(), message);
        };
        check(&["budget"], "there is no help on `budget`");
        check(&["pool", "x"], "there is no help on `pool x`");
        check(&["run", "pool"], "there is no help on `run pool`");
    }

    #[test]
    fn what_texts_refer_to_is_there() {
        let mut texts: Vec<_> = TOPICS.iter().map(|topic| topic.text.to_owned()).collect();
        texts.push(DEFAULT_TOML.to_owned());
        texts.push(text(&["run"]).unwrap());
        texts.push(text(&["agent"]).unwrap());
        let mut references = 0;
        for whole in &texts {
            for rest in whole.split("`loom help ").skip(1) {
                let name = rest.split('`').next().unwrap();
                references += 1;
                let known = name == "TOPIC" || text(&[name]).is_ok();
                assert!(known, "{name}");
            }
        }
        assert!(references > 5, "{references}");
    }

    #[test]
    fn examples_in_topics_are_options_and_keys_that_exist() {
        for topic in &TOPICS {
            // Deeper indented where the text around is indented.
            let example = settings(topic.text);
            let problem = crate::Config::from_toml(&example).err();
            assert_eq!(problem, None, "{}:\n{example}", topic.name);
            let has_some = !matches!(topic.name, "errors" | "steering");
            assert_eq!(!example.is_empty(), has_some, "{}", topic.name);
        }
    }

    #[test]
    fn the_agent_in_its_topic_can_be_used() {
        let text = text(&["agents"]).unwrap();
        let (_, rest) = text.split_once("  ---\n").unwrap();
        let (definition, _) = rest.split_once("\n\n").unwrap();
        let lines = definition.lines().map(|line| format!("{}\n", &line[2..]));
        let definition = format!("---\n{}", lines.collect::<String>());
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("reviewer.md"), definition).unwrap();
        let discovered = crate::agents::discover(&crate::config::AgentsConfig {
            directories: vec![crate::config::AgentDirectory {
                path: directory.path().to_owned(),
                trusted: true,
            }],
            ..crate::config::AgentsConfig::default()
        });
        assert_eq!(discovered.problems, []);
        let reviewer = discovered.get("reviewer").unwrap();
        assert_eq!(reviewer.turns, Some(20));
        assert!(reviewer.usd.is_some() && reviewer.tokens.is_some());
    }

    /// The configuration in a text: from a line `  [section]` on, as long as lines are indented.
    fn settings(text: &str) -> String {
        let mut found = String::new();
        let mut inside = false;
        for line in text.lines() {
            let line = line.strip_prefix("  ").unwrap_or_default();
            inside = line.starts_with('[') || (inside && !line.is_empty() && line.contains(" = "));
            if inside {
                found.push_str(line);
                found.push('\n');
            }
        }
        found
    }
}
