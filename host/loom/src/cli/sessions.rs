//! Finds sessions: by the beginning of an id, or the last one of a directory.

use std::path::Path;

use loom_core::session::{Header, Record};
use loom_types::{Entry, ErrorKind, Memory, Role, SessionId, SessionInfo};

use crate::fault::Fault;

/// How many sessions are looked at when one of a directory is sought, newest first.
const LOOKED_AT: usize = 500;

/// Sessions of one page.
const PAGE: u32 = 100;

/// The session whose id is, or alone begins with, a text.
pub(super) async fn find(memory: &dyn Memory, text: &str) -> anyhow::Result<SessionId> {
    let exact = SessionId::from(text);
    match memory.read(&exact, 0, 1).await {
        Ok(_) => return Ok(exact),
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::InvalidInput) => {}
        Err(error) => return Err(error.into()),
    }
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = memory.sessions(PAGE, cursor).await?;
        let ids = page.sessions.into_iter().map(|info| info.id);
        found.extend(ids.filter(|id| id.as_str().starts_with(text)));
        cursor = page.cursor;
        if cursor.is_none() || found.len() > 1 {
            break;
        }
    }
    match found.as_slice() {
        [id] => Ok(id.clone()),
        [] => {
            let fault = Fault::failed(format!("there is no session {text}"));
            let hint = "`loom session list` shows what there is; a prompt stands before --resume";
            Err(fault.hint(hint).into())
        }
        _ => {
            let fault = Fault::failed(format!("several sessions begin with {text}"));
            Err(fault.hint("write more of the id").into())
        }
    }
}

/// The session of a directory that was changed last, those of sub-agents apart.
pub(super) async fn last_of(memory: &dyn Memory, directory: &Path) -> anyhow::Result<SessionId> {
    for info in newest(memory, LOOKED_AT).await? {
        let each = summary(memory, info).await;
        if !each.is_of_sub_agent()
            && each.metadata("directory") == Some(&*directory.to_string_lossy())
        {
            return Ok(each.info.id);
        }
    }
    let fault = Fault::failed(format!(
        "there is no session of the directory {}",
        directory.display()
    ));
    Err(fault
        .hint("`loom session list` shows all; name one: --resume=ID")
        .into())
}

/// The newest sessions; without `all` those of sub-agents are left out.
pub(super) async fn list(
    memory: &dyn Memory,
    limit: usize,
    all: bool,
) -> anyhow::Result<Vec<Summary>> {
    let mut found = Vec::new();
    let mut cursor = None;
    while found.len() < limit {
        let page = memory.sessions(PAGE, cursor).await?;
        for info in page.sessions {
            if found.len() == limit {
                break;
            }
            let each = summary(memory, info).await;
            if all || !each.is_of_sub_agent() {
                found.push(each);
            }
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(found)
}

async fn newest(memory: &dyn Memory, limit: usize) -> anyhow::Result<Vec<SessionInfo>> {
    let mut sessions = Vec::new();
    let mut cursor = None;
    while sessions.len() < limit {
        let page = memory.sessions(PAGE, cursor).await?;
        sessions.extend(page.sessions);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    sessions.truncate(limit);
    Ok(sessions)
}

/// A session in short.
pub(super) struct Summary {
    pub(super) info: SessionInfo,
    /// None if it can't be read.
    pub(super) header: Option<Header>,
    /// The first thing that the person asked.
    pub(super) title: String,
}

impl Summary {
    /// A text that the session says of itself.
    pub(super) fn metadata(&self, name: &str) -> Option<&str> {
        self.header.as_ref()?.metadata.get(name)?.as_str()
    }

    fn is_of_sub_agent(&self) -> bool {
        self.metadata("parent_session_id").is_some()
    }
}

async fn summary(memory: &dyn Memory, info: SessionInfo) -> Summary {
    let entries = memory.read(&info.id, 0, 4).await.unwrap_or_default();
    let mut header = None;
    let mut title = String::new();
    for entry in entries {
        match Record::decode(&info.id, entry) {
            Ok(Record::Header(found)) => header = Some(found),
            Ok(Record::Message(message)) if message.role == Role::User && title.is_empty() => {
                title = message.text();
            }
            _ => {}
        }
    }
    Summary {
        info,
        header,
        title,
    }
}

/// All entries of a session.
pub(super) async fn entries(memory: &dyn Memory, id: &SessionId) -> anyhow::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let from = entries.last().map_or(0, |entry| entry.seq + 1);
        let page = memory.read(id, from, 1000).await?;
        if page.is_empty() {
            return Ok(entries);
        }
        entries.extend(page);
    }
}
