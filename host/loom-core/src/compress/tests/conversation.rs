//! Conversations for tests, with the numbers that the log would give them.

use std::sync::Arc;

use loom_types::{Blob, CallId, Content, Message, Part, Reasoning, Role, ToolCall, ToolResult};
use serde_json::json;

use crate::context::{Item, Origin};

/// A conversation in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conversation {
    items: Vec<Item>,
    seq: u64,
    calls: u32,
}

impl Conversation {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// One that starts with items of another, for example after a compaction.
    pub(crate) fn from_items(items: Vec<Item>, seq: u64, calls: u32) -> Self {
        Self { items, seq, calls }
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The number of the last entry.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    fn push(mut self, origin: Origin, entries: u64, message: Message) -> Self {
        self.seq += entries;
        self.items.push(Item {
            seq: self.seq,
            origin,
            message: Arc::new(message),
        });
        self
    }

    /// The person says something.
    pub(crate) fn user(self, text: &str) -> Self {
        self.push(Origin::Said, 1, Message::user(text))
    }

    pub(crate) fn system(self, text: &str) -> Self {
        self.push(Origin::Said, 1, Message::system(text))
    }

    /// The model answers without calls.
    pub(crate) fn assistant(self, text: &str) -> Self {
        self.push(Origin::Said, 1, Message::assistant(text))
    }

    /// Something was found for what the person says next.
    pub(crate) fn retrieved(self, text: &str) -> Self {
        self.push(Origin::Retrieved, 1, Message::user(text))
    }

    /// The person shows an image and says something.
    pub(crate) fn image(self, text: &str) -> Self {
        let image = Blob {
            mime: "image/png".to_owned(),
            data: vec![7; 5_000],
        };
        let text = text.to_owned();
        let message = Message {
            role: Role::User,
            parts: vec![Part::Image { image }, Part::Text { text }],
        };
        self.push(Origin::Said, 1, message)
    }

    /// The model thinks, and calls tools side by side: name, arguments, result.
    pub(crate) fn calls(self, calls: &[(&str, &str, &str)]) -> Self {
        let calls = calls.iter().map(|call| (*call, false));
        self.batch(&calls.collect::<Vec<_>>())
    }

    /// The same with one call, which fails.
    pub(crate) fn failed(self, name: &str, arguments: &str, error: &str) -> Self {
        self.batch(&[((name, arguments, error), true)])
    }

    fn batch(mut self, calls: &[((&str, &str, &str), bool)]) -> Self {
        let thought = Reasoning {
            text: "let me see".to_owned(),
            provider_state: Some(json!({"signature": "c2lnbmF0dXJl"})),
        };
        let mut parts = vec![Part::Reasoning(thought)];
        let mut results = Vec::new();
        for ((name, arguments, result), is_error) in calls {
            self.calls += 1;
            let id = CallId::from(format!("call-{}", self.calls).as_str());
            parts.push(Part::ToolCall(ToolCall {
                id: id.clone(),
                name: (*name).to_owned(),
                arguments: (*arguments).to_owned(),
            }));
            results.push(Part::ToolResult(ToolResult {
                call_id: id,
                name: (*name).to_owned(),
                content: vec![Content::Text((*result).to_owned())],
                is_error: *is_error,
            }));
        }
        let entries = results.len() as u64;
        let (assistant, tool) = (Role::Assistant, Role::Tool);
        let asked = Message {
            role: assistant,
            parts,
        };
        let answered = Message {
            role: tool,
            parts: results,
        };
        self.push(Origin::Said, 1, asked)
            .push(Origin::Said, entries, answered)
    }

    /// So many files are read, of so many lines each.
    pub(crate) fn reads(mut self, files: usize, lines: usize) -> Self {
        for file in 0..files {
            let n = self.calls;
            let path = json!({"path": format!("src/part_{n}/file_{file}.rs")}).to_string();
            self = self.calls(&[("read_file", &path, &source(n, lines))]);
        }
        self
    }

    /// So many exchanges of talk.
    pub(crate) fn talk(mut self, exchanges: usize) -> Self {
        for n in 0..exchanges {
            self = self
                .user(&format!("What about aspect {n}? {}", prose(n, 4)))
                .assistant(&format!("Aspect {n} is fine. {}", prose(n + 7, 8)));
        }
        self
    }
}

/// So many lines that look like a program.
pub(crate) fn source(seed: u32, lines: usize) -> String {
    let line = |n| format!("    let value_{n} = compute({seed}, {n}); // step {n} of the whole\n");
    (0..lines).map(line).collect()
}

/// So many sentences.
pub(crate) fn prose(seed: usize, sentences: usize) -> String {
    const WORDS: [&str; 11] = [
        "river", "engine", "quiet", "under", "window", "paper", "seven", "often", "green", "moves",
        "stone",
    ];
    let sentence = |n: usize| {
        let words = (0..9).map(|i| WORDS[(seed * 7 + n * 3 + i * 5) % WORDS.len()]);
        format!("The {} now. ", words.collect::<Vec<_>>().join(" "))
    };
    (0..sentences).map(sentence).collect()
}
