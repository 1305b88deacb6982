//! The order of events that a slow reader gets late.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn turn(turn: u32) -> RunEvent {
    RunEvent::TurnStarted { turn }
}

fn audience() -> Audience {
    let run_id = RunId::generate();
    Audience {
        observers: Arc::new([]),
        trace: Trace::of_run(loom_types::CorrelationId::from(&run_id), &run_id),
        run_id,
        session_id: SessionId::generate(),
        parent: None,
        agent: None,
    }
}

/// Events through a channel with room for one, of a run that has to stop.
fn stopped() -> (Events, mpsc::Receiver<RunEvent>) {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let (sender, receiver) = mpsc::channel(1);
    (
        Events::new(sender, Stop::new(cancel, None), audience()),
        receiver,
    )
}

#[tokio::test]
async fn events_after_a_stop_keep_their_order() {
    let (mut events, mut receiver) = stopped();
    events.emit(turn(1)).await;
    events.emit(turn(2)).await;
    assert_eq!(receiver.recv().await.unwrap(), turn(1));
    // There is room again, but the second has not been sent yet.
    events.emit(turn(3)).await;
    let reader = async {
        let mut rest = Vec::new();
        while let Some(event) = receiver.recv().await {
            rest.push(event);
        }
        rest
    };
    let (rest, ()) = tokio::join!(reader, events.finish(turn(4)));
    assert_eq!(rest, [turn(2), turn(3), turn(4)]);
}

#[tokio::test]
async fn a_reader_who_left_is_no_obstacle() {
    let (mut events, receiver) = stopped();
    drop(receiver);
    events.emit(turn(1)).await;
    events.finish(turn(2)).await;
}

#[tokio::test]
async fn progress_does_not_keep_the_stream_open() {
    let (events, mut receiver) = stopped();
    let progress = events.progress(CallId::from("1"), CancellationToken::new());
    drop(events);
    progress.report("late".to_owned(), None);
    assert_eq!(receiver.recv().await, None);
}
