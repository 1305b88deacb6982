//! Public data for measurements, as `.ci/datasets` puts it under `target/datasets`. Where it is from
//! and under which licence is said there. Nothing here is a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use loom_types::{CallId, Content, Message, Part, Role, ToolCall, ToolResult};
use serde::Deserialize;
use serde_json::Value;

/// A real, long conversation: `sessions/*.json`.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    pub messages: Vec<Message>,
}

/// A retrieval set: `retrieval/*.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Retrieval {
    pub name: String,
    pub docs: Vec<Document>,
    pub queries: Vec<Query>,
    /// By query, the documents that are relevant, with how much.
    pub qrels: BTreeMap<String, BTreeMap<String, u32>>,
}

/// A document to be found.
#[derive(Clone, Debug, Deserialize)]
pub struct Document {
    pub id: String,
    pub title: String,
    pub text: String,
}

/// A question.
#[derive(Clone, Debug, Deserialize)]
pub struct Query {
    pub id: String,
    pub text: String,
}

/// All sessions, by id.
///
/// # Errors
///
/// If they are not there, or not what `.ci/datasets` makes.
pub fn sessions() -> Result<Vec<Session>> {
    let directory = directory().join("sessions");
    let entries = fs::read_dir(&directory)
        .with_context(|| format!("reading {}; run .ci/datasets first", directory.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    paths.iter().map(|path| session(path)).collect()
}

/// A retrieval set by its name.
///
/// # Errors
///
/// If it is not there, or not what `.ci/datasets` makes.
pub fn retrieval(name: &str) -> Result<Retrieval> {
    let path = directory().join("retrieval").join(format!("{name}.json"));
    let text = fs::read_to_string(&path)
        .with_context(|| format!("reading {}; run .ci/datasets first", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/datasets")
}

#[derive(Deserialize)]
struct SessionFile {
    id: String,
    messages: Vec<Line>,
}

/// A message as it is in the file. The results of calls follow the message that makes them.
#[derive(Deserialize)]
struct Line {
    role: Role,
    content: String,
    #[serde(default)]
    tool_calls: Vec<Call>,
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    id: String,
    name: String,
    arguments: Value,
}

fn session(path: &Path) -> Result<Session> {
    let text = fs::read_to_string(path)?;
    let file: SessionFile =
        serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    let mut names = BTreeMap::new();
    let messages = file.messages.into_iter();
    let messages = messages.map(|line| message(line, &mut names));
    Ok(Session {
        id: file.id,
        messages: messages
            .collect::<Result<_>>()
            .with_context(|| format!("reading {}", path.display()))?,
    })
}

/// `names` are those of the tools that were called so far, by the calls' ids.
fn message(line: Line, names: &mut BTreeMap<String, String>) -> Result<Message> {
    if line.role == Role::Tool {
        let id = line.tool_call_id.context("a result without its call")?;
        let name = names.get(&id).context("a result before its call")?;
        return Ok(Message::tool(ToolResult {
            call_id: CallId::from(id.as_str()),
            name: name.clone(),
            content: vec![Content::Text(line.content)],
            is_error: false,
        }));
    }
    let mut parts = Vec::new();
    if !line.content.is_empty() {
        parts.push(Part::Text { text: line.content });
    }
    for call in line.tool_calls {
        names.insert(call.id.clone(), call.name.clone());
        parts.push(Part::ToolCall(ToolCall {
            id: CallId::from(call.id.as_str()),
            name: call.name,
            arguments: call.arguments.to_string(),
        }));
    }
    Ok(Message {
        role: line.role,
        parts,
    })
}
