//! Tests of the paging.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;

use super::*;

fn session(id: &str, updated_ms: u64) -> SessionInfo {
    SessionInfo {
        id: id.into(),
        entries: 1,
        created_ms: 0,
        updated_ms,
    }
}

fn ids(page: &Page) -> Vec<&str> {
    page.sessions.iter().map(|s| s.id.as_str()).collect()
}

fn walk(sessions: &[SessionInfo], limit: u32) -> Vec<String> {
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let page = page(sessions.to_vec(), limit, cursor.as_deref()).unwrap();
        assert!(page.sessions.len() <= limit as usize);
        seen.extend(page.sessions.into_iter().map(|s| s.id));
        cursor = page.cursor;
        if cursor.is_none() {
            return seen;
        }
    }
}

#[test]
fn the_last_changed_comes_first_and_ties_go_by_id() {
    let sessions = [session("b", 5), session("c", 9), session("a", 5)];
    assert_eq!(
        ids(&page(sessions.to_vec(), 10, None).unwrap()),
        ["c", "a", "b"]
    );
}

#[test]
fn every_page_size_walks_the_whole_list_once() {
    let sessions: Vec<_> = (0..7)
        .map(|i| session(&format!("s/{i}"), 100 + i % 3))
        .collect();
    let whole = walk(&sessions, 100);
    for limit in 1..9 {
        assert_eq!(walk(&sessions, limit), whole, "limit {limit}");
    }
}

#[test]
fn an_exact_page_has_no_cursor() {
    let sessions = [session("a", 1), session("b", 2)];
    assert_eq!(page(sessions.to_vec(), 2, None).unwrap().cursor, None);
    assert!(page(sessions.to_vec(), 1, None).unwrap().cursor.is_some());
}

#[test]
fn a_session_that_changes_between_pages_hides_no_other() {
    let before = [session("a", 3), session("b", 2), session("c", 1)];
    let first = page(before.to_vec(), 1, None).unwrap();
    let after = [session("a", 3), session("b", 2), session("c", 9)];
    let second = page(after.to_vec(), 1, first.cursor.as_deref()).unwrap();
    assert_eq!((ids(&first), ids(&second)), (vec!["a"], vec!["b"]));
}

#[test]
fn a_limit_of_none_gives_an_empty_last_page() {
    let page = page(vec![session("a", 1)], 0, None).unwrap();
    assert_eq!((page.sessions.len(), page.cursor), (0, None));
}

#[test]
fn a_made_up_cursor_is_refused() {
    for cursor in ["", "x", "12", "x/y", "-1/a", "🦀/a"] {
        let error = page(vec![session("a", 1)], 5, Some(cursor)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{cursor:?}");
    }
}
