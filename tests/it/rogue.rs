//! Guests that misbehave: each gives a clear error, and the host and its other guests go on.

use std::time::{Duration, Instant};

use loom_tests::guests;
use loom_tests::sandbox::Guest;
use loom_types::{ErrorKind, ToolContext};
use loom_wasm::{Grants, Limits};
use serde_json::json;

async fn rogue() -> Guest {
    let limits = Limits {
        memory_bytes: 32 << 20,
        host_calls: 100_000,
        ..Limits::default()
    };
    Guest::with(guests::ROGUE, Grants::default(), limits, &[]).await
}

async fn check(tool: &str, timeout: Duration, kind: ErrorKind, says: &str) {
    let (rogue, echo) = (
        rogue().await,
        Guest::new(guests::ECHO, Grants::default()).await,
    );
    let error = rogue
        .call_within(tool, json!({}), &ToolContext::standalone(timeout))
        .await
        .unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!(
        echo.call("echo", json!({ "text": "alive" })).await.unwrap(),
        "alive"
    );
    assert!(
        rogue.call("garbage", json!({})).await.is_ok(),
        "the plugin's other tools go on"
    );
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_panic_is_an_error_with_its_message() {
    check(
        "panic",
        LONG,
        ErrorKind::Internal,
        "the rogue tool panics on purpose",
    )
    .await;
}

#[tokio::test]
async fn leaving_is_an_error_with_the_status() {
    check(
        "exit",
        LONG,
        ErrorKind::Internal,
        "it left with exit status",
    )
    .await;
}

#[tokio::test]
async fn an_endless_loop_ends_at_its_time_limit() {
    check(
        "loop_forever",
        SHORT,
        ErrorKind::Timeout,
        "time limit of 300ms",
    )
    .await;
}

#[tokio::test]
async fn an_endless_sleep_ends_at_its_time_limit() {
    check(
        "sleep_forever",
        SHORT,
        ErrorKind::Timeout,
        "time limit of 300ms",
    )
    .await;
}

#[tokio::test]
async fn endless_allocation_ends_at_the_memory_limit() {
    check(
        "allocate_forever",
        LONG,
        ErrorKind::ResourceExhausted,
        "32 MiB of memory",
    )
    .await;
}

#[tokio::test]
async fn endless_recursion_is_an_error_that_names_it() {
    check(
        "recurse_forever",
        LONG,
        ErrorKind::Internal,
        "deep recursion",
    )
    .await;
}

#[tokio::test]
async fn a_flood_of_output_is_refused() {
    let rogue = Guest::new(guests::ROGUE, Grants::default()).await;
    let error = rogue.call("flood_output", json!({})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::ResourceExhausted);
    assert!(error.message.contains("more than its limit"), "{error}");
}

#[tokio::test]
async fn endless_calls_to_the_host_end_at_their_limit() {
    check(
        "flood_host_calls",
        LONG,
        ErrorKind::ResourceExhausted,
        "100000 calls to the host",
    )
    .await;
}

#[tokio::test]
async fn floods_of_messages_do_no_harm() {
    let rogue = Guest::new(guests::ROGUE, Grants::default()).await;
    assert_eq!(rogue.call("flood_stderr", json!({})).await.unwrap(), "done");
    assert_eq!(rogue.call("flood_log", json!({})).await.unwrap(), "done");
}

#[tokio::test]
async fn what_calls_itself_json_and_is_not_becomes_text() {
    let rogue = rogue().await;
    assert!(
        rogue
            .call("garbage", json!({}))
            .await
            .unwrap()
            .starts_with("{ not json")
    );
}

#[tokio::test]
async fn a_call_is_cancelled_at_once_wherever_it_is() {
    let rogue = rogue().await;
    for tool in ["loop_forever", "sleep_forever"] {
        let context = ToolContext::standalone(LONG);
        let cancel = context.cancel.clone();
        let started = Instant::now();
        let stopper = async {
            tokio::task::yield_now().await;
            cancel.cancel();
        };
        let (result, ()) = tokio::join!(rogue.call_within(tool, json!({}), &context), stopper);
        assert_eq!(result.unwrap_err().kind, ErrorKind::Cancelled, "{tool}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{tool} took {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_endless_loops_at_once_leave_room_for_others() {
    let (rogue, echo) = (
        rogue().await,
        Guest::new(guests::ECHO, Grants::default()).await,
    );
    let context = ToolContext::standalone(Duration::from_secs(1));
    let loops = futures::future::join_all(
        (0..10).map(|_| rogue.call_within("loop_forever", json!({}), &context)),
    );
    let others = async {
        for _ in 0..20 {
            assert_eq!(
                echo.call("echo", json!({ "text": "alive" })).await.unwrap(),
                "alive"
            );
        }
    };
    let (loops, ()) = tokio::join!(loops, others);
    assert!(
        loops
            .into_iter()
            .all(|result| result.unwrap_err().kind == ErrorKind::Timeout)
    );
}
