//! Real conversations from a package: compressed as far as promised, with all that has to be kept. They
//! have to be fetched first, so these tests run on demand: `.ci/datasets`, then
//! `cargo test -p loom-tests --test it -- --ignored datasets`.

use loom_tests::datasets;
use loom_tests::retention::{Retention, tokens};

/// Tokens of a conversation that is long enough to be worth it.
const LONG: u64 = 12_000;

#[tokio::test]
#[ignore = "needs .ci/datasets"]
async fn real_conversations_lose_most_of_their_tokens_and_nothing_that_is_pinned() {
    let sessions = datasets::sessions().unwrap();
    let mut looked_at = 0;
    for with_model in [true, false] {
        for session in &sessions {
            if tokens(&session.messages) < LONG {
                continue;
            }
            looked_at += 1;
            let measured = Retention::measure(session, with_model).await.unwrap();
            assert!(measured.told.reduction() >= 0.70, "{measured:?}");
            assert_eq!(measured.pins_kept, measured.pins, "{measured:?}");
            assert!(measured.request_kept, "{measured:?}");
        }
    }
    assert!(looked_at >= 10, "only {looked_at} conversations are long");
}
