//! What the pool does about each fault.

use std::time::Duration;

use futures::StreamExt;
use loom_types::{Error, ErrorKind, ModelEvent, ModelRequest, Provider, Routing};
use tokio::time::Instant;

use super::fake::{
    Act, Fake, ask, context, down, limited, member, pool, pool_with, reset, second, status,
    too_long, with,
};
use crate::pool::PoolOptions;

/// Asks a pool whose first member does this once and then answers, with a second one of lower priority.
async fn check(fault: Act, story: &str) {
    let a = Fake::acts("a", [fault.clone(), Act::say("a")]);
    let b = Fake::well("b");
    let heard = ask(&pool([member(&a), second(&b)])).await;
    assert_eq!(heard.error, None, "{fault:?}");
    assert_eq!(heard.story(), story, "{fault:?}");
    assert_eq!(heard.text().len(), 1, "{fault:?}");
}

#[tokio::test(start_paused = true)]
async fn each_fault_has_its_answer() {
    use ErrorKind::{
        Conflict, Denied, Internal, InvalidInput, NotFound, ResourceExhausted, Timeout,
        Unauthenticated, Unavailable,
    };
    let retried = "a/m, retry, a/m";
    let failed_over = "a/m, a/m>b/m, b/m";
    let cooled = "a/m, cool a/m, a/m>b/m, b/m";
    let bad = |kind, code| Act::refuse(status(kind, code));
    check(Act::refuse(reset()), retried).await;
    check(bad(Unavailable, 500), retried).await;
    check(bad(Unavailable, 503), retried).await;
    check(bad(Unavailable, 529), retried).await;
    check(bad(Conflict, 409), retried).await;
    check(Act::refuse(Error::internal("garbage")), retried).await;
    check(Act::default().text("ha"), retried).await;
    check(Act::default(), retried).await;
    check(Act::default().text("ha").error(reset()), retried).await;
    let orphan = ModelEvent::ToolCallArguments {
        index: 0,
        fragment: "{".to_owned(),
    };
    check(Act::default().event(orphan).stop(), retried).await;
    check(bad(Unauthenticated, 401), cooled).await;
    check(bad(Denied, 402), cooled).await;
    check(bad(Denied, 403), failed_over).await;
    check(bad(NotFound, 404), cooled).await;
    check(bad(InvalidInput, 501), failed_over).await;
    check(Act::refuse(Error::denied("no grant")), failed_over).await;
    let exhausted = Error::new(ResourceExhausted, "memory");
    check(Act::refuse(exhausted), failed_over).await;
    check(Act::refuse(limited(None)), cooled).await;
    check(Act::refuse(limited(Some(3))), cooled).await;
    check(bad(Internal, 429), cooled).await;
    check(bad(Timeout, 408), failed_over).await;
    check(bad(Timeout, 504), failed_over).await;
    check(Act::hang(), failed_over).await;
    check(Act::default().text("ha").then_hang(), failed_over).await;
    // The answer is whole.
    check(Act::say("a").error(reset()), "a/m").await;
    check(Act::say("a").then_hang(), "a/m").await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_request_goes_out_at_once_and_harms_nobody() {
    for code in [400, 413, 422] {
        let error = status(ErrorKind::InvalidInput, code);
        let a = Fake::ill("a", error.clone());
        let b = Fake::well("b");
        let pool = pool([member(&a), member(&b).with(second_options())]);
        let heard = ask(&pool).await;
        assert_eq!(heard.error.unwrap(), error.from_origin("a/m"));
        assert_eq!((a.calls(), b.calls()), (1, 0));
        let health = &pool.health()[0];
        assert_eq!((health.failures, health.cooldown_left), (0, None));
    }
}

fn second_options() -> crate::pool::MemberOptions {
    crate::pool::MemberOptions {
        priority: 2,
        ..Default::default()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_goes_to_a_member_with_a_larger_window() {
    let a = Fake::ill("a", too_long());
    let (b, c) = (Fake::well("b"), Fake::well("c"));
    let a = with(&a, |o| o.context_window = Some(100));
    let same = with(&b, |o| o.context_window = Some(100));
    let larger = with(&c, |o| {
        o.context_window = Some(200);
        o.priority = 3;
    });
    let heard = ask(&pool([
        a.clone(),
        same.clone().with(second_options()),
        larger,
    ]))
    .await;
    assert_eq!(heard.story(), "a/m, a/m>c/m, c/m");

    let heard = ask(&pool([a, same.with(second_options())])).await;
    let error = heard.error.unwrap();
    assert!(error.is_context_overflow());
    assert_eq!(b.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_wait_before_a_retry_is_told_before_it() {
    let a = Fake::acts("a", [Act::refuse(limited(Some(7))), Act::say("a")]);
    let pool = pool([member(&a)]);
    let mut stream = pool
        .complete(ModelRequest::default(), &context("s"))
        .await
        .unwrap();
    let start = Instant::now();
    loop {
        let event = stream.next().await.unwrap().unwrap();
        if let ModelEvent::Routing(Routing::Retried { wait, attempt, .. }) = event {
            assert_eq!((wait, attempt), (Duration::from_secs(7), 2));
            break;
        }
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(a.calls(), 1);
    let rest: Vec<_> = stream.collect().await;
    assert!(rest.iter().all(Result::is_ok), "{rest:?}");
    assert_eq!(a.gaps(), [Duration::from_secs(7)]);
}

#[tokio::test(start_paused = true)]
async fn waits_grow_to_their_bound_and_the_attempts_end() {
    let a = Fake::ill("a", down());
    let options = PoolOptions {
        attempts: Some(9),
        ..PoolOptions::default()
    };
    let heard = ask(&pool_with([member(&a)], options)).await;
    assert_eq!(a.calls(), 9);
    let longest = [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000];
    for (gap, longest) in a.gaps().iter().zip(longest) {
        assert!(*gap <= Duration::from_millis(longest + 1), "{gap:?}");
    }
    let total: Duration = a.gaps().iter().sum();
    assert!(total > Duration::from_secs(8), "{total:?}");
    assert_eq!(heard.error.unwrap().http_status, Some(503));
}

#[tokio::test(start_paused = true)]
async fn one_alone_is_asked_six_times_and_is_not_left_out() {
    let a = Fake::ill("a", down());
    let pool = pool([member(&a)]);
    ask(&pool).await;
    ask(&pool).await;
    assert_eq!(a.calls(), 12);
    let health = &pool.health()[0];
    assert_eq!(health.cooldown_left, None);
    assert_eq!(health.consecutive_failures, 12);
}

#[tokio::test(start_paused = true)]
async fn one_alone_waits_a_minute_if_told_to_but_not_longer() {
    let a = Fake::acts("a", [Act::refuse(limited(Some(60))), Act::say("a")]);
    assert_eq!(ask(&pool([member(&a)])).await.text(), "a");
    assert_eq!(a.gaps(), [Duration::from_secs(60)]);

    let a = Fake::ill("a", limited(Some(61)));
    let start = Instant::now();
    let error = ask(&pool([member(&a)])).await.error.unwrap();
    assert_eq!(error.retry_after, Some(Duration::from_secs(61)));
    assert_eq!((a.calls(), start.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn one_alone_with_a_wrong_key_is_not_asked_again() {
    let a = Fake::ill("a", status(ErrorKind::Unauthenticated, 401));
    let error = ask(&pool([member(&a)])).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert_eq!(error.origin.as_deref(), Some("a/m"));
    assert_eq!(a.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_makes_room_for_another_member_even_if_that_one_is_left_out() {
    let a = Fake::ill("a", limited(Some(31)));
    let b = Fake::acts("b", [Act::refuse(limited(Some(9))), Act::say("b")]);
    let heard = ask(&pool([member(&a), second(&b)])).await;
    assert_eq!(heard.text(), "b");
    assert_eq!((a.calls(), b.calls()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn equals_stand_in_for_each_other_at_once_and_wait_only_when_all_have_failed() {
    let a = Fake::ill("a", reset());
    let b = Fake::ill("b", reset());
    let start = Instant::now();
    let options = PoolOptions {
        attempts: Some(2),
        ..PoolOptions::default()
    };
    ask(&pool_with([member(&a), member(&b)], options)).await;
    assert_eq!((a.calls(), b.calls()), (1, 1));
    assert_eq!(start.elapsed(), Duration::ZERO);

    let (a, b) = (Fake::ill("a", reset()), Fake::ill("b", reset()));
    ask(&pool([member(&a), member(&b)])).await;
    assert_eq!((a.calls(), b.calls()), (3, 3));
    assert!(start.elapsed() > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_member_of_lower_priority_is_asked_after_two_retries() {
    let a = Fake::ill("a", down());
    let b = Fake::well("b");
    let heard = ask(&pool([member(&a), second(&b)])).await;
    assert_eq!(heard.story(), "a/m, retry, a/m, retry, a/m, a/m>b/m, b/m");
}

#[tokio::test(start_paused = true)]
async fn half_an_answer_is_void_when_another_member_takes_over() {
    let a = Fake::acts("a", [Act::default().text("half").error(limited(None))]);
    let b = Fake::well("b");
    let heard = ask(&pool([member(&a), second(&b)])).await;
    assert_eq!(heard.text(), "b");
    assert!(heard.routings().iter().any(|routing| routing.restarts()));
}

#[tokio::test(start_paused = true)]
async fn a_time_out_says_who_was_late_and_what_to_do() {
    let a = Fake::acts("a", [Act::hang()]);
    let start = Instant::now();
    let options = PoolOptions {
        attempts: Some(1),
        ..PoolOptions::default()
    };
    let error = ask(&pool_with([member(&a)], options.clone())).await.error;
    let error = error.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "a/m: no answer began within 60s; try again, or raise this member's first-token time-out"
    );

    let a = Fake::acts("a", [Act::default().text("x").then_hang()]);
    let a = with(&a, |o| o.idle_timeout = Duration::from_secs(5));
    let error = ask(&pool_with([a], options)).await.error.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(65));
    assert!(error.message.contains("idle time-out"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn events_without_content_do_not_put_off_the_first_token_time_out() {
    let second = Duration::from_secs(1);
    let drip = (0..90).fold(Act::default(), |act, n| act.usage(n).late(second));
    let a = Fake::acts("a", [drip.stop(), Act::say("a")]);
    let start = Instant::now();
    let heard = ask(&pool([member(&a)])).await;
    assert_eq!(heard.text(), "a");
    let took = start.elapsed();
    assert!(took >= 60 * second && took < 62 * second, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stays_open_after_the_end_holds_nobody_up_for_long() {
    let a = Fake::acts("a", [Act::say("a").then_hang()]);
    let start = Instant::now();
    assert_eq!(ask(&pool([member(&a)])).await.text(), "a");
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_no_slow_model() {
    let a = Fake::acts("a", [Act::default().text("x").text("y").stop()]);
    let pool = pool([member(&a)]);
    let mut stream = pool
        .complete(ModelRequest::default(), &context("s"))
        .await
        .unwrap();
    let mut events = 0;
    while let Some(event) = stream.next().await {
        event.unwrap();
        events += 1;
        tokio::time::sleep(Duration::from_secs(100)).await;
    }
    assert_eq!(events, 4);
    assert_eq!(a.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_error_says_what_each_one_did() {
    let a = Fake::ill("a", status(ErrorKind::Unauthenticated, 401));
    let b = Fake::ill("b", down());
    let options = PoolOptions {
        attempts: Some(3),
        ..PoolOptions::default()
    };
    let heard = ask(&pool_with([member(&a), second(&b)], options)).await;
    let error = heard.error.unwrap();
    assert_eq!(
        error.message,
        "no model answered in 3 attempts: a/m: status 401; b/m (2 times): status 503"
    );
    assert_eq!(
        (error.kind, error.http_status),
        (ErrorKind::Unavailable, Some(503))
    );
    let attempts = &error.details.unwrap()["attempts"];
    assert_eq!(attempts.as_array().unwrap().len(), 3);
    assert_eq!(attempts[0]["member"], "a/m");
    assert_eq!(attempts[0]["kind"], "unauthenticated");
    assert_eq!(attempts[2]["http_status"], 503);
}
