//! Pages of a list of sessions, last changed first.
//!
//! A cursor names the last session of its page, not a position: sessions that come or go between
//! two pages never make one appear twice on neighbouring pages or hide an unchanged one.

use std::cmp::Reverse;

use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::memory::{Page, SessionInfo};

/// The page of at most `limit` sessions that follows `cursor`. A page of no sessions ends the list.
///
/// # Errors
///
/// `invalid-input` for a cursor that no page has given.
pub fn page(mut sessions: Vec<SessionInfo>, limit: u32, cursor: Option<&str>) -> Result<Page> {
    let after = cursor.map(parse).transpose()?;
    if let Some(after) = after {
        sessions.retain(|session| position(session) > after);
    }
    sessions.sort_by(|a, b| position(a).cmp(&position(b)));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = sessions.len() > limit;
    sessions.truncate(limit);
    let cursor = sessions.last().filter(|_| more).map(write);
    Ok(Page { sessions, cursor })
}

/// Sorts the last changed first; sessions of the same millisecond by id.
type Position<'a> = (Reverse<u64>, &'a str);

fn position(session: &SessionInfo) -> Position<'_> {
    (Reverse(session.updated_ms), &session.id)
}

fn write(session: &SessionInfo) -> String {
    format!("{}/{}", session.updated_ms, session.id)
}

fn parse(cursor: &str) -> Result<Position<'_>> {
    cursor
        .split_once('/')
        .and_then(|(updated_ms, id)| Some((Reverse(updated_ms.parse().ok()?), id)))
        .ok_or_else(|| {
            Error::invalid_input(format!(
                "{cursor:?} is not a cursor of this list; start again without one"
            ))
        })
}

#[cfg(test)]
mod tests;
