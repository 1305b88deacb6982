//! Finds sessions: by the beginning of an id, or the last one of a directory.

use std::path::Path;

use loom_core::sessions::Outline;
use loom_types::{ErrorKind, Memory, SessionId, SessionInfo};

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
        let Summary { info, outline } = summary(memory, info).await;
        let place = outline.metadata("directory");
        if !outline.is_internal() && place == Some(&*directory.to_string_lossy()) {
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
            if all || !each.outline.is_internal() {
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
    pub(super) outline: Outline,
}

async fn summary(memory: &dyn Memory, info: SessionInfo) -> Summary {
    let outline = Outline::of(memory, &info.id).await;
    Summary { info, outline }
}
