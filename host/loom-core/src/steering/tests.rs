//! The wheel itself; what runs do when it turns is in the executor's tests.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_types::ErrorKind;

use super::*;

fn steering() -> Steering {
    Steering::new(CancellationToken::new())
}

fn priority(priority: u8) -> Priority {
    Priority::new(priority).unwrap()
}

#[test]
fn priorities_end_at_ten() {
    assert_eq!(Priority::new(10), Some(Priority::MAX));
    assert_eq!(Priority::new(11), None);
}

#[tokio::test]
async fn urgent_messages_come_first_and_equal_ones_in_order() {
    let steering = steering();
    let sent = [("a", 5), ("b", 0), ("c", 10), ("d", 5)];
    let senders: Vec<_> = sent
        .map(|(text, urgency)| {
            let steering = steering.clone();
            tokio::spawn(async move { steering.inject(text, priority(urgency)).await })
        })
        .into_iter()
        .collect();
    tokio::task::yield_now().await;
    let taken = steering.take();
    let texts: Vec<_> = taken.iter().map(|it| it.message.text()).collect();
    assert_eq!(texts, ["c", "a", "d", "b"]);
    for injected in taken {
        injected.acknowledge();
    }
    for sender in senders {
        sender.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_message_after_the_end_is_refused() {
    let steering = steering();
    assert!(steering.close_if_empty());
    let error = steering.inject("late", Priority::default()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Cancelled);
}

#[tokio::test]
async fn a_message_that_nobody_takes_is_refused_at_the_end() {
    let steering = steering();
    let sender = tokio::spawn({
        let steering = steering.clone();
        async move { steering.inject("hello", Priority::default()).await }
    });
    tokio::task::yield_now().await;
    assert!(!steering.close_if_empty());
    steering.close();
    let error = sender.await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
}

#[tokio::test]
async fn an_empty_message_is_refused() {
    let error = steering().inject("  ", Priority::default()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_pause_above_holds_those_below() {
    let (above, below) = (steering(), steering());
    let outer = Pause::new(None, above.pause_signal());
    let mut inner = Pause::new(Some(&outer), below.pause_signal());
    above.pause();
    assert!(inner.is_on());
    below.pause();
    above.resume();
    assert!(inner.is_on());
    below.resume();
    inner.over().await;
    assert!(!inner.is_on());
}
