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

/// The session of a directory that was changed last.
pub(super) async fn last_of(memory: &dyn Memory, directory: &Path) -> anyhow::Result<SessionId> {
    let sessions = list(memory, LOOKED_AT).await?;
    for info in sessions {
        let header = header(memory, &info.id).await;
        let of_directory = |header: &Header| {
            let known = header.metadata.get("directory");
            known.and_then(|it| it.as_str()) == Some(&*directory.to_string_lossy())
        };
        if header.as_ref().is_some_and(of_directory) {
            return Ok(info.id);
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

/// The newest sessions.
pub(super) async fn list(memory: &dyn Memory, limit: usize) -> anyhow::Result<Vec<SessionInfo>> {
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

/// What a session says about itself, and the first thing that the person asked.
pub(super) async fn summary(memory: &dyn Memory, id: &SessionId) -> (Option<Header>, String) {
    let entries = memory.read(id, 0, 4).await.unwrap_or_default();
    let mut header = None;
    let mut title = String::new();
    for entry in entries {
        match Record::decode(id, entry) {
            Ok(Record::Header(found)) => header = Some(found),
            Ok(Record::Message(message)) if message.role == Role::User && title.is_empty() => {
                title = message.text();
            }
            _ => {}
        }
    }
    (header, title)
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

async fn header(memory: &dyn Memory, id: &SessionId) -> Option<Header> {
    let first = memory.read(id, 0, 1).await.ok()?.into_iter().next()?;
    match Record::decode(id, first) {
        Ok(Record::Header(header)) => Some(header),
        _ => None,
    }
}
