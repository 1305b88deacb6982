//! Forks: where they end and what they have.

use proptest::prelude::*;

use super::super::fork::{Fork, ForkOptions, fork};
use super::*;

fn talk() -> Vec<Entry> {
    vec![
        header(json!({ "directory": "/d", "parent_session_id": "p" })),
        says("one"),
        asks("let me look", &["a", "b"]),
        returns("b"),
        says("meanwhile"),
        returns("a"),
        opaque("compaction"),
        asks("done", &[]),
        says("two"),
        asks("", &["c"]),
    ]
}

async fn cut(at: u64) -> u64 {
    let memory = store("s", talk()).await;
    let options = ForkOptions {
        at: Some(at),
        id: None,
    };
    let fork = fork(&memory, &id("s"), options).await.unwrap();
    let length = read(&memory, &fork.session).await.unwrap().len() as u64;
    assert_eq!(length, fork.at + 1);
    fork.at
}

#[tokio::test]
async fn a_fork_ends_where_it_is_asked_to_unless_that_parts_calls_from_results() {
    for at in [0, 1, 5, 6, 7, 8] {
        assert_eq!(cut(at).await, at);
    }
    for within in [2, 3, 4] {
        assert_eq!(cut(within).await, 5, "all results belong to it");
    }
    assert_eq!(cut(9).await, 8, "the result never came");
}

#[tokio::test]
async fn calls_that_never_got_results_are_left_behind_one_after_the_other() {
    let log = vec![
        header(Value::Null),
        asks("", &["a"]),
        asks("", &["b"]),
        says("so?"),
    ];
    let memory = store("s", log).await;
    let options = ForkOptions {
        at: Some(3),
        id: None,
    };
    assert_eq!(fork(&memory, &id("s"), options).await.unwrap().at, 0);
}

#[tokio::test]
async fn a_fork_has_the_same_entries_and_says_where_it_is_from() {
    let memory = store("s", talk()).await;
    let forked = fork(&memory, &id("s"), ForkOptions::default())
        .await
        .unwrap();
    assert_eq!(forked.at, 9, "a whole session is copied as it is");
    let source = read(&memory, &id("s")).await.unwrap();
    let copy = read(&memory, &forked.session).await.unwrap();
    assert_eq!(copy[1..], source[1..]);
    let outline = Outline::of(&memory, &forked.session).await;
    assert_eq!(outline.metadata("forked_from"), Some("s"));
    assert_eq!(outline.metadata("directory"), Some("/d"));
    assert!(!outline.is_internal(), "it is the person's own");
    assert_eq!(outline.header.as_ref().unwrap().model, "p/m");
    assert_eq!(outline.header.unwrap().metadata["forked_at"], 9);
    assert_eq!(read(&memory, &id("s")).await.unwrap(), source);
}

#[tokio::test]
async fn what_is_damaged_can_be_left_behind() {
    let mut entries = talk();
    entries[7].payload = json!("garbage");
    let memory = store("s", entries).await;
    let options = ForkOptions {
        at: Some(6),
        id: Some(id("saved")),
    };
    let expect = Fork {
        session: id("saved"),
        at: 6,
    };
    assert_eq!(fork(&memory, &id("s"), options).await.unwrap(), expect);
    let saved = read(&memory, &id("saved")).await.unwrap();
    assert_eq!(saved.len(), 7);
}

#[tokio::test]
async fn what_cannot_be_forked_is_told() {
    let memory = store("s", talk()).await;
    let at = |at| ForkOptions {
        at: Some(at),
        id: None,
    };
    let error = fork(&memory, &id("s"), at(10)).await.unwrap_err();
    assert_eq!(
        error.message,
        "session s has no entry 10; its last one is 9"
    );
    let error = fork(&memory, &id("none"), at(0)).await.unwrap_err();
    assert_eq!(error.kind, loom_types::ErrorKind::NotFound);
    let onto_itself = ForkOptions {
        at: None,
        id: Some(id("s")),
    };
    let error = fork(&memory, &id("s"), onto_itself).await.unwrap_err();
    assert_eq!(error.kind, loom_types::ErrorKind::Conflict);
    assert_eq!(read(&memory, &id("s")).await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_log_without_a_header_is_forked_as_it_is() {
    let memory = store("s", vec![says("a"), asks("b", &[])]).await;
    let forked = fork(&memory, &id("s"), ForkOptions::default())
        .await
        .unwrap();
    let copy = read(&memory, &forked.session).await.unwrap();
    assert_eq!(copy, read(&memory, &id("s")).await.unwrap());
}

fn any_log() -> impl Strategy<Value = Vec<Entry>> {
    let call = prop::sample::select(vec!["a", "b", "c"]);
    let step = prop_oneof![
        Just(says("x")),
        prop::collection::btree_set(call.clone(), 0..3)
            .prop_map(|calls| asks("y", &calls.into_iter().collect::<Vec<_>>())),
        call.prop_map(returns),
        Just(opaque("of a newer version")),
    ];
    prop::collection::vec(step, 1..20)
}

/// Calls of the last message with any that have no result after it.
fn open(entries: &[Entry]) -> usize {
    let decode = |entry: &Entry| Record::decode(&id("s"), entry.clone()).unwrap();
    let mut open: Vec<CallId> = Vec::new();
    for entry in entries {
        match decode(entry) {
            Record::Message(message) if message.role == Role::Assistant => {
                open = message.tool_calls().map(|call| call.id.clone()).collect();
            }
            Record::ToolResult(result) => open.retain(|call| *call != result.call_id),
            _ => {}
        }
    }
    open.len()
}

proptest! {
    #[test]
    fn no_fork_parts_a_call_from_its_results(log in any_log(), at in 0_u64..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut entries = vec![header(Value::Null)];
        entries.extend(log);
        let at = at.min(entries.len() as u64 - 1);
        let copy = runtime.block_on(async {
            let memory = store("s", entries).await;
            let options = ForkOptions { at: Some(at), id: None };
            let fork = fork(&memory, &id("s"), options).await.unwrap();
            read(&memory, &fork.session).await.unwrap()
        });
        prop_assert!(!copy.is_empty());
        prop_assert_eq!(open(&copy), 0);
    }
}
