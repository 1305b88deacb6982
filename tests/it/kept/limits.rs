//! What ends a call of a session in the middle, and what the session is then.

use std::time::Duration;

use loom_types::ErrorKind;
use serde_json::json;

use super::{Counter, context};

#[tokio::test]
async fn a_trap_costs_the_variables_and_leaves_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    counter.count("a").await;
    let file = json!({"session": "a", "path": "/work/notes", "text": "kept"});
    counter.call("put", file).await.unwrap();
    let error = counter
        .call("crash", json!({"session": "a"}))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Internal);
    assert!(error.message.contains("crashed as told"), "{error}");
    let told = "its session `a` lost its variables; its files are kept";
    assert!(error.message.ends_with(told), "{error}");
    assert_eq!(counter.count("a").await, "1");
    let notes = counter
        .call("get", json!({"session": "a", "path": "/work/notes"}))
        .await;
    assert_eq!(notes.unwrap(), "kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_in_the_arguments_ends_a_call_and_its_instance() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    counter.count("a").await;
    let started = std::time::Instant::now();
    let arguments = json!({"session": "a", "timeout_ms": 200});
    let error = counter.call("spin", arguments).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.message.contains("200ms"), "{error}");
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(counter.count("a").await, "1");
    let fresh = counter
        .call("spin", json!({"timeout_ms": 100}))
        .await
        .unwrap_err();
    assert_eq!(fresh.kind, ErrorKind::Timeout);
    assert!(!fresh.message.contains("session"), "{fresh}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_in_the_arguments_never_raises_the_one_that_holds() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    let mut context = context("c");
    context.timeout = Duration::from_millis(100);
    let arguments = json!({"timeout_ms": 60_000});
    let error = counter
        .call_within("spin", arguments, &context)
        .await
        .unwrap_err();
    assert!(error.message.contains("100ms"), "{error}");
}

#[tokio::test]
async fn arguments_that_are_no_time_limit_or_session_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    for arguments in [
        json!({"timeout_ms": 0}),
        json!({"timeout_ms": -5}),
        json!({"timeout_ms": "soon"}),
        json!({"session": ""}),
        json!({"session": 7}),
    ] {
        let error = counter.call("count", arguments.clone()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_cancelled_in_the_middle_drops_its_instance() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    counter.count("a").await;
    let context = context("c");
    let spinning = counter.call_within("spin", json!({"session": "a"}), &context);
    let cancelling = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        context.cancel.cancel();
    };
    let (error, ()) = tokio::join!(spinning, cancelling);
    assert_eq!(error.unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(counter.count("a").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_in_the_middle_drops_its_instance() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    counter.count("a").await;
    let spinning = counter.call("spin", json!({"session": "a"}));
    let dropped = tokio::time::timeout(Duration::from_millis(100), spinning).await;
    assert!(dropped.is_err());
    assert_eq!(counter.count("a").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_scratch_space_ends_a_call_however_it_is_taken() {
    for how in ["file", "removed", "deep"] {
        let directory = tempfile::tempdir().unwrap();
        let counter = Counter::new(directory.path()).await;
        for session in [json!(null), json!("a")] {
            let arguments = json!({"how": how, "session": session});
            let error = counter.call("fill", arguments).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::ResourceExhausted, "{how}: {error}");
            assert!(error.message.contains("scratch space"), "{how}: {error}");
        }
    }
}

#[tokio::test]
async fn what_is_too_much_is_found_at_the_end_of_a_short_call_too() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    let text = "x".repeat(1_100_000);
    let arguments = json!({"path": "/work/large", "text": text});
    let error = counter.call("put", arguments).await.unwrap_err();
    let told = "it exceeded its limit of 1 MiB of scratch space";
    assert!(error.message.starts_with(told), "{error}");
}
