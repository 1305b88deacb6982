//! A session as text: line by line for programs, Markdown for people.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use loom_core::Compaction;
use loom_core::session::{Record, Retrieved};
use loom_types::{Entry, Message, Part, Role, SessionId, ToolResult};
use serde::Serialize;

use crate::render::text::{count, date, plural};

/// Whether messages are told with the numbers by which they can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    Shown,
    Hidden,
}

/// An entry as a line, the first with the session that it is of.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a SessionId>,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// Each entry as one line of JSON.
pub(super) fn jsonl(id: &SessionId, entries: &[Entry]) -> anyhow::Result<String> {
    let mut text = String::new();
    for entry in entries {
        let session = Some(id).filter(|_| entry.seq == 0);
        text.push_str(&serde_json::to_string(&Line { session, entry })?);
        text.push('\n');
    }
    Ok(text)
}

/// The conversation. What can't be read is said in its place.
pub(super) fn markdown(
    id: &SessionId,
    entries: Vec<Entry>,
    numbers: Numbers,
) -> anyhow::Result<String> {
    let mut text = format!("# Session {id}\n");
    for entry in entries {
        let number = match numbers {
            Numbers::Shown => format!("#{} ", entry.seq),
            Numbers::Hidden => String::new(),
        };
        match Record::decode(id, entry) {
            Ok(Record::Header(header)) => {
                let directory = header.metadata.get("directory");
                let directory = directory.and_then(|it| it.as_str()).unwrap_or("-");
                let created = date(header.created_ms);
                writeln!(text, "\n{created} UTC, {}, {directory}", header.model)?;
            }
            Ok(Record::Message(message)) => write_message(&mut text, &number, &message)?,
            Ok(Record::ToolResult(result)) => write_result(&mut text, &number, &result)?,
            Ok(Record::Pin(pin)) => writeln!(text, "\n{number}Pinned: {}", pin.fact)?,
            Ok(Record::Retrieved(retrieved)) => write_retrieved(&mut text, &number, &retrieved)?,
            Ok(Record::Compaction(compaction)) => {
                write_compaction(&mut text, &number, &compaction)?;
            }
            Ok(_) => {}
            Err(error) => writeln!(text, "\n> unreadable: {error}")?,
        }
    }
    Ok(text)
}

/// Writes a file, whole or not at all where that can be had.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn write_message(text: &mut String, number: &str, message: &Message) -> anyhow::Result<()> {
    let who = match message.role {
        Role::System => "System",
        Role::User => "User",
        Role::Assistant => "Assistant",
        Role::Tool => "Tools",
    };
    writeln!(text, "\n## {number}{who}")?;
    for part in &message.parts {
        match part {
            Part::Text { text: said } => writeln!(text, "\n{}", said.trim_end())?,
            Part::Reasoning(reasoning) if reasoning.text.is_empty() => {}
            Part::Reasoning(reasoning) => {
                let quoted = reasoning.text.trim_end().replace('\n', "\n> ");
                writeln!(text, "\n> {quoted}")?;
            }
            Part::ToolCall(call) => {
                let arguments = fenced("json", &call.arguments);
                writeln!(text, "\nCalls `{}`:\n\n{arguments}", call.name)?;
            }
            Part::ToolResult(result) => write_result(text, "", result)?,
            Part::Image { image } => {
                writeln!(text, "\n[{}, {} bytes]", image.mime, image.data.len())?;
            }
        }
    }
    Ok(())
}

fn write_result(text: &mut String, number: &str, result: &ToolResult) -> anyhow::Result<()> {
    let how = if result.is_error {
        "failed"
    } else {
        "returned"
    };
    writeln!(
        text,
        "\n{number}`{}` {how}:\n\n{}",
        result.name,
        fenced("", &result.text())
    )?;
    Ok(())
}

fn write_retrieved(text: &mut String, number: &str, retrieved: &Retrieved) -> anyhow::Result<()> {
    writeln!(text, "\n{number}Found in {}:\n", retrieved.retriever)?;
    for source in &retrieved.sources {
        let name = source.title.as_deref().unwrap_or(&source.source);
        writeln!(text, "- [{}] {name}", source.id)?;
    }
    Ok(())
}

/// What models see of the conversation above it from there on.
fn write_compaction(
    text: &mut String,
    number: &str,
    compaction: &Compaction,
) -> anyhow::Result<()> {
    writeln!(
        text,
        "\n## {number}Compression {}\n\n{} → {} tokens. Models see this of what was said before:",
        compaction.generation,
        count(compaction.before_tokens),
        count(compaction.after_tokens),
    )?;
    let shortened = compaction.shortened.len();
    if shortened > 0 {
        let results = plural(shortened as u64, "result");
        writeln!(text, "\n{results} of tools shortened or cleared.")?;
    }
    write_items(text, "Pinned", &compaction.pinned)?;
    let Some(summary) = &compaction.summary else {
        return Ok(());
    };
    for (title, items) in [
        ("Task overview", &summary.task_overview),
        ("Key decisions", &summary.key_decisions),
        ("Progress", &summary.progress),
        ("Blockers", &summary.blockers),
        ("Open items", &summary.open_items),
        ("Context", &summary.context),
        ("Next steps", &summary.next_steps),
    ] {
        write_items(text, title, items)?;
    }
    Ok(())
}

fn write_items(text: &mut String, title: &str, items: &[String]) -> anyhow::Result<()> {
    if !items.is_empty() {
        writeln!(text, "\n{title}:\n")?;
    }
    for item in items {
        writeln!(text, "- {}", item.trim().replace('\n', "\n  "))?;
    }
    Ok(())
}

/// A code block with a fence that the content does not contain.
fn fenced(language: &str, content: &str) -> String {
    let mut fence = "```".to_owned();
    while content.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{}\n{fence}", content.trim_end())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use loom_types::{CallId, ToolCall};
    use serde_json::{Value, json};

    use super::*;

    fn entry(seq: u64, kind: &str, payload: Value) -> Entry {
        Entry {
            seq,
            time_ms: 0,
            kind: kind.to_owned(),
            text: String::new(),
            vector: None,
            payload,
        }
    }

    fn session() -> Vec<Entry> {
        let call = ToolCall {
            id: CallId::from("c"),
            name: "read_file".to_owned(),
            arguments: "{\"path\":\"a.md\"}".to_owned(),
        };
        let asks = Message {
            role: Role::Assistant,
            parts: vec![
                Part::Text {
                    text: "Reading.".to_owned(),
                },
                Part::ToolCall(call),
            ],
        };
        let result = ToolResult {
            call_id: CallId::from("c"),
            name: "read_file".to_owned(),
            content: vec!["```\ncode\n```".into()],
            is_error: false,
        };
        let header = json!({ "created_ms": 0, "model": "m/m", "metadata": { "directory": "/d" } });
        vec![
            entry(0, "session", header),
            entry(1, "message", json!(Message::user("read a.md"))),
            entry(2, "message", json!(asks)),
            entry(3, "tool_result", json!(result)),
            entry(4, "from_the_future", json!(1)),
            entry(5, "message", json!("garbage")),
        ]
    }

    #[test]
    fn a_session_reads_well_as_markdown() {
        let text = markdown(&SessionId::from("s"), session(), Numbers::Hidden).unwrap();
        insta::assert_snapshot!(text, @r#"
        # Session s

        1970-01-01 00:00 UTC, m/m, /d

        ## User

        read a.md

        ## Assistant

        Reading.

        Calls `read_file`:

        ```json
        {"path":"a.md"}
        ```

        `read_file` returned:

        ````
        ```
        code
        ```
        ````

        > unreadable: entry 5 of session s is not a readable `message`: invalid type: string "garbage", expected struct Message; the session was damaged or written by another version, export it or start a new one
        "#);
    }

    #[test]
    fn what_was_done_to_the_context_is_told_in_its_place() {
        let source = json!({ "id": "kb:a#1", "source": "a.md", "score": 1.0 });
        let compaction = json!({
            "generation": 2, "before_tokens": 184_000, "after_tokens": 46_000, "pinned": ["be kind"],
            "summary": { "task_overview": ["make tea", "for two\npeople"], "next_steps": ["boil"] },
        });
        let entries = vec![
            entry(1, "pin", json!({ "fact": "be kind" })),
            entry(
                2,
                "retrieved",
                json!({ "retriever": "kb", "text": "…", "sources": [source] }),
            ),
            entry(3, "compaction", compaction),
        ];
        let text = markdown(&SessionId::from("s"), entries, Numbers::Shown).unwrap();
        insta::assert_snapshot!(text, @r"
        # Session s

        #1 Pinned: be kind

        #2 Found in kb:

        - [kb:a#1] a.md

        ## #3 Compression 2

        184.0k → 46.0k tokens. Models see this of what was said before:

        Pinned:

        - be kind

        Task overview:

        - make tea
        - for two
          people

        Next steps:

        - boil
        ");
    }

    #[test]
    fn messages_and_results_can_be_named_by_their_numbers() {
        let text = markdown(&SessionId::from("s"), session(), Numbers::Shown).unwrap();
        for line in ["## #1 User", "## #2 Assistant", "#3 `read_file` returned:"] {
            assert!(text.lines().any(|it| it == line), "{text}");
        }
    }

    #[test]
    fn every_line_of_an_export_is_an_entry_and_the_first_names_the_session() {
        let entries = session();
        let text = jsonl(&SessionId::from("s"), &entries).unwrap();
        assert!(text.starts_with("{\"session\":\"s\",\"seq\":0,"), "{text}");
        assert_eq!(text.matches("\"session\":").count(), 1);
        let read: Vec<Entry> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(read, entries);
    }
}
