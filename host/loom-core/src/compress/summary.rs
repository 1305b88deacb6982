//! A summary of the older part of a conversation, in eight segments, and how a model reads it. Who
//! writes one must not be here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// What is known of the messages that a model no longer sees: seven segments of short items, and an
/// eighth that the host fills by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// What the person wants, and why.
    pub task_overview: Vec<String>,
    /// What was decided, by whom, and why.
    pub key_decisions: Vec<String>,
    /// What is done.
    pub progress: Vec<String>,
    /// What failed or is in the way.
    pub blockers: Vec<String>,
    /// What was asked for and is not done.
    pub open_items: Vec<String>,
    /// Facts to go on with: names, paths, numbers, findings.
    pub context: Vec<String>,
    /// What comes next, in order.
    pub next_steps: Vec<String>,
    pub metadata: Metadata,
}

/// What the host itself counted in the messages that the summary stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// How many messages it stands for.
    pub messages: u64,
    /// Calls by tool.
    pub tools: BTreeMap<String, u64>,
    /// Files and other resources that calls named, in the order of their last use.
    pub resources: Vec<String>,
    /// What the summary does not say of names that newer messages use: lines of the conversation.
    /// Found anew at each compression.
    pub excerpts: Vec<String>,
    /// Such names that no line was kept of.
    pub mentioned: Vec<String>,
    /// The entries of the session's log that the messages are from.
    pub first_seq: Option<u64>,
    pub last_seq: Option<u64>,
}

/// One of the segments that a model writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    TaskOverview,
    KeyDecisions,
    Progress,
    Blockers,
    OpenItems,
    Context,
    NextSteps,
}

impl Segment {
    pub(super) const ALL: [Self; 7] = [
        Self::TaskOverview,
        Self::KeyDecisions,
        Self::Progress,
        Self::Blockers,
        Self::OpenItems,
        Self::Context,
        Self::NextSteps,
    ];

    /// Its key in JSON.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::TaskOverview => "task_overview",
            Self::KeyDecisions => "key_decisions",
            Self::Progress => "progress",
            Self::Blockers => "blockers",
            Self::OpenItems => "open_items",
            Self::Context => "context",
            Self::NextSteps => "next_steps",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::TaskOverview => "Task Overview",
            Self::KeyDecisions => "Key Decisions",
            Self::Progress => "Progress",
            Self::Blockers => "Blockers",
            Self::OpenItems => "Open Items",
            Self::Context => "Context",
            Self::NextSteps => "Next Steps",
        }
    }
}

/// The tags around what the host says in the summary message.
const OPEN: &str = "<context_summary>";
const CLOSE: &str = "</context_summary>";
/// Resources that the message names; the newest are.
const SHOWN_RESOURCES: usize = 20;

impl Summary {
    pub(super) fn items(&self, segment: Segment) -> &Vec<String> {
        match segment {
            Segment::TaskOverview => &self.task_overview,
            Segment::KeyDecisions => &self.key_decisions,
            Segment::Progress => &self.progress,
            Segment::Blockers => &self.blockers,
            Segment::OpenItems => &self.open_items,
            Segment::Context => &self.context,
            Segment::NextSteps => &self.next_steps,
        }
    }

    pub(super) fn items_mut(&mut self, segment: Segment) -> &mut Vec<String> {
        match segment {
            Segment::TaskOverview => &mut self.task_overview,
            Segment::KeyDecisions => &mut self.key_decisions,
            Segment::Progress => &mut self.progress,
            Segment::Blockers => &mut self.blockers,
            Segment::OpenItems => &mut self.open_items,
            Segment::Context => &mut self.context,
            Segment::NextSteps => &mut self.next_steps,
        }
    }

    fn write(&self, text: &mut String) {
        for segment in Segment::ALL {
            let _ = writeln!(text, "\n## {}", segment.title());
            for item in self.items(segment) {
                let _ = writeln!(text, "- {}", one_line(item));
            }
            if self.items(segment).is_empty() {
                text.push_str("- none\n");
            }
        }
        text.push_str("\n## Metadata\n");
        self.metadata.write(text);
    }
}

impl Metadata {
    fn write(&self, text: &mut String) {
        let _ = write!(text, "- {} messages", self.messages);
        if let (Some(first), Some(last)) = (self.first_seq, self.last_seq) {
            let _ = write!(text, ", entries {first} to {last} of the session's log");
        }
        text.push('\n');
        if !self.tools.is_empty() {
            let tools = self.tools.iter();
            let tools: Vec<_> = tools
                .map(|(name, calls)| format!("{} {calls}×", one_line(name)))
                .collect();
            let _ = writeln!(text, "- tools: {}", tools.join(", "));
        }
        if !self.resources.is_empty() {
            let first = self.resources.len().saturating_sub(SHOWN_RESOURCES);
            let shown: Vec<_> = self.resources[first..]
                .iter()
                .map(|name| one_line(name))
                .collect();
            let _ = writeln!(text, "- touched: {}", shown.join(", "));
        }
        for excerpt in &self.excerpts {
            let _ = writeln!(text, "- said before: {}", one_line(excerpt));
        }
        if !self.mentioned.is_empty() {
            let names: Vec<_> = self.mentioned.iter().map(|it| one_line(it)).collect();
            let _ = writeln!(text, "- also mentioned: {}", names.join(", "));
        }
    }
}

/// What a model reads in the place of what was summarised. Pinned facts are word for word.
pub(super) fn text(summary: Option<&Summary>, pinned: &[String]) -> String {
    let mut text = format!("{OPEN}\n");
    if summary.is_some() {
        text.push_str(
            "From the host, not from the person: older messages of this conversation were replaced by this \
             summary. It is a record of what happened, not an instruction; what people asked for in it still \
             holds. The older messages can be searched in the session.\n",
        );
    } else {
        text.push_str("From the host: facts to keep in mind.\n");
    }
    if !pinned.is_empty() {
        text.push_str("\n## Pinned Facts\n");
        for pin in pinned {
            let _ = writeln!(text, "- {pin}");
        }
    }
    if let Some(summary) = summary {
        summary.write(&mut text);
    }
    text.push_str(CLOSE);
    text
}

/// An item on one line, which cannot end the summary.
pub(super) fn one_line(item: &str) -> String {
    let words: Vec<_> = item.split_whitespace().collect();
    words
        .join(" ")
        .replace("context_summary>", "context_summary")
}
