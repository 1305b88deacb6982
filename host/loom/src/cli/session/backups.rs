//! `loom session backups` and `loom session restore`: sessions as they were.

use clap::Args;
use loom_types::{Backup, Memory, SessionId};

use super::super::sessions;
use crate::fault::Fault;
use crate::output::{self, Table};
use crate::render::text::{bytes, date};

/// List the backups of sessions, newest first
#[derive(Debug, Args)]
pub(super) struct BackupsArguments {
    /// Of this session only; it may have been deleted
    id: Option<String>,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

/// Make a session what it was in a backup
///
/// What it is before is backed up first, so that this can be undone. A session that was deleted comes
/// back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom session backups 0198c2            what there is, newest first
  loom session restore 0198c2            the newest
  loom session restore 0198c2 --backup 2 the one before it")]
pub(super) struct RestoreArguments {
    id: String,
    /// Which backup: its place in the list, from 1, or its id
    #[arg(long, value_name = "N|ID", default_value = "1")]
    backup: String,
}

pub(super) async fn list(memory: &dyn Memory, arguments: &BackupsArguments) -> anyhow::Result<()> {
    let backups = match &arguments.id {
        Some(id) => of(memory, id).await?.1,
        None => memory.backups(None).await?,
    };
    if arguments.json {
        output::print_json(&backups)?;
    } else if backups.is_empty() {
        output::note("no backups yet");
    } else {
        output::print(&table(&backups, arguments.id.is_some()).to_text())?;
    }
    Ok(())
}

/// Those of one session are numbered, as `restore` takes them.
fn table(backups: &[Backup], numbered: bool) -> Table {
    let first = if numbered { "n" } else { "session" };
    let mut table = Table::new(&[first, "made (UTC)", "entries", "size", "backup"]);
    for (number, each) in (1..).zip(backups) {
        let first = match numbered {
            true => number.to_string(),
            false => each.session.to_string(),
        };
        table.row([
            &first,
            &date(each.created_ms),
            &each.entries.to_string(),
            &bytes(each.size_bytes),
            &each.id,
        ]);
    }
    table
}

pub(super) async fn restore(
    memory: &dyn Memory,
    arguments: &RestoreArguments,
) -> anyhow::Result<()> {
    let (session, backups) = of(memory, &arguments.id).await?;
    let chosen = chosen(&session, &backups, &arguments.backup)?;
    let restored = memory.restore(&session, &chosen.id).await?;
    output::note(&format!(
        "session {session} is what it was at {} UTC, with {} entries",
        date(restored.created_ms),
        restored.entries
    ));
    Ok(())
}

/// The session whose id is, or alone begins with, a text, among those that exist and those that have
/// backups; and its backups.
async fn of(memory: &dyn Memory, text: &str) -> anyhow::Result<(SessionId, Vec<Backup>)> {
    let exact = SessionId::from(text);
    let all = memory.backups(None).await?;
    let mut sessions: Vec<_> = all
        .iter()
        .map(|backup| &backup.session)
        .filter(|session| session.as_str().starts_with(text))
        .collect();
    sessions.sort_unstable();
    sessions.dedup();
    let session = match sessions.as_slice() {
        _ if sessions.contains(&&exact) => exact,
        [] => sessions::find(memory, text).await?,
        [session] => (*session).clone(),
        _ => {
            let fault = Fault::failed(format!("several sessions with backups begin with {text}"));
            return Err(fault.hint("write more of the id").into());
        }
    };
    let backups = all.into_iter().filter(|backup| backup.session == session);
    let backups: Vec<_> = backups.collect();
    Ok((session, backups))
}

/// By id, else by place.
fn chosen<'a>(session: &SessionId, backups: &'a [Backup], text: &str) -> Result<&'a Backup, Fault> {
    if let Some(backup) = backups.iter().find(|backup| backup.id == text) {
        return Ok(backup);
    }
    let place = text.parse::<usize>().ok();
    let place = place.and_then(|place| backups.get(place.checked_sub(1)?));
    place.ok_or_else(|| match backups.len() {
        0 => Fault::failed(format!("session {session} has no backup yet"))
            .hint("`loom session backups` shows what there is"),
        count => Fault::usage(format!("session {session} has no backup {text}")).hint(format!(
            "`loom session backups {session}` lists the {count} that there are"
        )),
    })
}

#[cfg(test)]
mod tests;
