//! The tool `read_result`: shows a model what a compaction took out of its sight. The session's log has
//! every result whole; this reads from there.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use loom_types::{
    CallId, Content, Error, Footprint, Memory, Result, Safety, SessionId, Tool, ToolContext,
    ToolDefinition, ToolResult,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::compress::READ_RESULT as NAME;
use crate::session::{self, Record};

/// Characters of one answer, if the model does not say. About 4,000 tokens of English.
const DEFAULT_LIMIT: usize = 16_000;
const MAX_LIMIT: usize = 100_000;
/// Entries that are read at once.
const PAGE: u32 = 200;

#[derive(Deserialize)]
struct Arguments {
    call_id: CallId,
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
}

static DEFINITION: LazyLock<Arc<ToolDefinition>> = LazyLock::new(|| {
    let schema = json!({
        "type": "object",
        "properties": {
            "call_id": {"type": "string", "description": "The id of the tool call"},
            "offset": {"type": "integer", "minimum": 0, "description": "Characters to leave out at the start"},
            "limit": {
                "type": "integer", "minimum": 1, "maximum": MAX_LIMIT,
                "description": format!("Characters to show; {DEFAULT_LIMIT} if absent")
            }
        },
        "required": ["call_id"],
        "additionalProperties": false
    });
    let description = "Show the result of an earlier tool call again, where it was cleared or shortened to \
                       make room. Read only the part that you need.";
    let mut definition = ToolDefinition::new(NAME, description, schema);
    definition.title = Some("Earlier result".to_owned());
    definition.idempotent = true;
    definition.safety = Safety::Safe;
    Arc::new(definition)
});

/// The tool of one run; without a session it only describes itself.
#[derive(Default)]
pub(crate) struct ReadResult {
    log: Option<(Arc<dyn Memory>, SessionId)>,
}

impl ReadResult {
    pub(crate) fn bound(memory: Arc<dyn Memory>, session: SessionId) -> Self {
        Self {
            log: Some((memory, session)),
        }
    }

    pub(crate) fn told() -> &'static Arc<ToolDefinition> {
        &DEFINITION
    }

    async fn find(&self, id: &CallId) -> Result<Option<ToolResult>> {
        let Some((memory, session)) = &self.log else {
            return Err(Error::internal("results are kept within a run only"));
        };
        let mut next_seq = 0;
        loop {
            let page = memory.read(session, next_seq, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(None);
            };
            next_seq = last.seq + 1;
            let results = page
                .into_iter()
                .filter(|entry| entry.kind == session::TOOL_RESULT);
            for entry in results {
                if let Record::ToolResult(result) = Record::decode(session, entry)?
                    && result.call_id == *id
                {
                    return Ok(Some(result));
                }
            }
        }
    }
}

#[async_trait]
impl Tool for ReadResult {
    fn definition(&self) -> &Arc<ToolDefinition> {
        &DEFINITION
    }

    /// It reads what the host wrote, and that never changes.
    async fn footprint(&self, _: &Value) -> Footprint {
        Footprint::Resources(Vec::new())
    }

    async fn call(&self, arguments: &Value, _: &ToolContext) -> Result<Vec<Content>> {
        let Arguments {
            call_id,
            offset,
            limit,
        } = Arguments::deserialize(arguments)
            .map_err(|error| Error::invalid_input(format!("not a wish for a result: {error}")))?;
        let Some(result) = self.find(&call_id).await? else {
            return Err(Error::not_found(format!(
                "no call of this session has the id {call_id}; take the id from the note that stands in \
                 the result's place"
            )));
        };
        Ok(vec![part(&result.text(), offset, limit).into()])
    }
}

/// A part of a text, and where the next one begins.
fn part(text: &str, offset: usize, limit: Option<usize>) -> String {
    let limit = limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let all = text.chars().count();
    let shown: String = text.chars().skip(offset).take(limit).collect();
    let end = offset.saturating_add(limit).min(all);
    if end < all {
        return format!(
            "{shown}\n[characters {offset} to {end} of {all}; go on with offset {end}]"
        );
    }
    if offset >= all && all > 0 {
        return format!("[nothing: the result has {all} characters]");
    }
    shown
}

#[cfg(test)]
mod tests;
