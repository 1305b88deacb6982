//! Who is asked: priority, weight, health, affinity, cooldown, breaker.

use std::time::Duration;

use loom_types::ErrorKind;
use tokio::time::{Instant, advance};

use super::fake::{
    Act, Fake, ask, ask_in, down, limited, member, pool, pool_with, reset, second, status, with,
};
use crate::pool::{BreakerState, HealthStatus, PoolOptions};

#[tokio::test(start_paused = true)]
async fn lower_numbers_come_first() {
    let (a, b) = (Fake::well("a"), Fake::well("b"));
    let pool = pool([second(&a), member(&b)]);
    for _ in 0..20 {
        assert_eq!(ask(&pool).await.story(), "b/m");
    }
}

#[tokio::test(start_paused = true)]
async fn equals_are_asked_in_proportion_to_their_weight() {
    let (a, b) = (Fake::well("a"), Fake::well("b"));
    let pool = pool([member(&a), with(&b, |o| o.weight = 3)]);
    for _ in 0..1000 {
        ask(&pool).await;
    }
    assert!((200..300).contains(&a.calls()), "{}", a.calls());
}

#[tokio::test(start_paused = true)]
async fn a_session_stays_with_the_member_that_answered_it() {
    let (a, b, c) = (Fake::well("a"), Fake::well("b"), Fake::well("c"));
    let pool = pool([member(&a), member(&b), member(&c)]);
    for session in 0..20 {
        let session = format!("s{session}");
        let first = ask_in(&pool, &session).await.story();
        for _ in 0..5 {
            assert_eq!(ask_in(&pool, &session).await.story(), first);
        }
    }
    assert!(a.calls() > 0 && b.calls() > 0 && c.calls() > 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_moves_while_its_member_is_left_out_and_stays_where_it_went() {
    let a = Fake::acts(
        "a",
        [Act::say("a"), Act::refuse(limited(None)), Act::say("a")],
    );
    let b = Fake::well("b");
    let pool = pool([with(&a, |o| o.weight = 1_000_000), member(&b)]);
    assert_eq!(ask_in(&pool, "s").await.text(), "a");
    assert_eq!(ask_in(&pool, "s").await.text(), "b");
    advance(Duration::from_secs(60)).await;
    assert_eq!(ask_in(&pool, "s").await.text(), "b");
    assert_eq!(ask_in(&pool, "other").await.text(), "a");
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_back_to_a_member_of_higher_priority_when_that_one_works_again() {
    let a = Fake::acts("a", [Act::refuse(limited(None)), Act::say("a")]);
    let b = Fake::well("b");
    let pool = pool([member(&a), second(&b)]);
    assert_eq!(ask_in(&pool, "s").await.text(), "b");
    advance(Duration::from_secs(6)).await;
    assert_eq!(ask_in(&pool, "s").await.text(), "a");
}

/// How long the first member is left out after this.
async fn cooldown_after(error: loom_types::Error) -> Option<Duration> {
    let (a, b) = (Fake::ill("a", error), Fake::well("b"));
    let pool = pool([member(&a), second(&b)]);
    ask(&pool).await;
    pool.health()[0].cooldown_left
}

#[tokio::test(start_paused = true)]
async fn cooldowns_follow_the_status_and_what_the_member_said() {
    let seconds = |n| Some(Duration::from_secs(n));
    let bad = |kind, code| cooldown_after(status(kind, code));
    assert_eq!(bad(ErrorKind::Unauthenticated, 401).await, seconds(60));
    assert_eq!(bad(ErrorKind::Denied, 402).await, seconds(60));
    assert_eq!(bad(ErrorKind::Denied, 403).await, None);
    assert_eq!(bad(ErrorKind::NotFound, 404).await, seconds(60));
    assert_eq!(bad(ErrorKind::Conflict, 409).await, None);
    assert_eq!(cooldown_after(limited(None)).await, seconds(5));
    assert_eq!(cooldown_after(limited(Some(300))).await, seconds(300));
    let mut busy = down();
    busy.retry_after = seconds(40);
    assert_eq!(cooldown_after(busy).await, seconds(40));
    assert_eq!(cooldown_after(down()).await, None);
    assert_eq!(cooldown_after(reset()).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_fails_most_of_the_time_is_left_out_for_a_while() {
    // Never five in a row, so that the breaker has no part in it.
    let a = Fake::new("a", |call| match call % 4 {
        3 => Act::say("a"),
        _ => Act::refuse(down()),
    });
    let b = Fake::well("b");
    let pool = pool([member(&a), second(&b)]);
    let mut story = String::new();
    while !story.contains("cool a/m") {
        story = ask(&pool).await.story();
        assert!(a.calls() < 50, "{story}");
    }
    assert!(a.calls() >= 10);
    assert_eq!(
        pool.health()[0].cooldown_left,
        Some(Duration::from_secs(15))
    );
    assert_eq!(ask(&pool).await.story(), "b/m");
}

#[tokio::test(start_paused = true)]
async fn when_all_are_left_out_the_first_to_be_free_is_waited_for_and_that_is_told() {
    let a = Fake::acts("a", [Act::refuse(limited(Some(8))), Act::say("a")]);
    let b = Fake::acts("b", [Act::refuse(limited(Some(4))), Act::say("b")]);
    let options = PoolOptions {
        attempts: Some(2),
        ..PoolOptions::default()
    };
    let pool = pool_with([member(&a), second(&b)], options);
    assert!(ask(&pool).await.error.is_some());
    let start = Instant::now();
    assert_eq!(ask(&pool).await.story(), "wait b/m, b/m");
    assert_eq!(start.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn when_all_are_left_out_for_long_somebody_is_asked_all_the_same() {
    let unfit = status(ErrorKind::Unauthenticated, 401);
    let a = Fake::acts("a", [Act::refuse(unfit.clone()), Act::say("a")]);
    let b = Fake::acts("b", [Act::refuse(unfit), Act::say("b")]);
    let pool = pool([member(&a), second(&b)]);
    assert!(ask(&pool).await.error.is_some());
    let start = Instant::now();
    let heard = ask(&pool).await;
    assert_eq!((heard.error, start.elapsed()), (None, Duration::ZERO));
    assert_eq!(a.calls() + b.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_breaker_opens_after_five_failures_and_closes_after_two_successes() {
    let a = Fake::new("a", |call| match call {
        0..5 => Act::refuse(reset()),
        _ => Act::say("a"),
    });
    let b = Fake::well("b");
    let pool = pool([member(&a), second(&b)]);
    let state = || pool.health()[0].breaker;
    ask(&pool).await;
    assert_eq!(state(), BreakerState::Closed);
    let heard = ask(&pool).await;
    assert_eq!(heard.story(), "a/m, retry, a/m, a/m>b/m, b/m");
    assert_eq!(state(), BreakerState::Open);
    assert_eq!(
        pool.health()[0].cooldown_left,
        Some(Duration::from_secs(30))
    );
    assert_eq!(ask(&pool).await.story(), "b/m");
    advance(Duration::from_secs(30)).await;
    assert_eq!(state(), BreakerState::HalfOpen);
    assert_eq!(ask(&pool).await.story(), "a/m");
    assert_eq!(state(), BreakerState::HalfOpen);
    assert_eq!(ask(&pool).await.story(), "a/m");
    assert_eq!(state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn only_one_request_tries_a_half_open_member() {
    let slow = Act::say("a").after(Duration::from_secs(1));
    let a = Fake::new("a", move |call| match call {
        0..5 => Act::refuse(reset()),
        _ => slow.clone(),
    });
    let b = Fake::well("b");
    let pool = pool([member(&a), second(&b)]);
    ask(&pool).await;
    ask(&pool).await;
    advance(Duration::from_secs(30)).await;
    let (one, two) = tokio::join!(ask(&pool), ask(&pool));
    assert_eq!((one.story().as_str(), two.story().as_str()), ("a/m", "b/m"));
}

#[tokio::test(start_paused = true)]
async fn a_trial_of_a_half_open_member_that_nobody_waits_for_makes_room_for_another() {
    let a = Fake::new("a", |call| match call {
        0..5 => Act::refuse(reset()),
        5 => Act::hang(),
        _ => Act::say("a"),
    });
    let b = Fake::well("b");
    let pool = pool([member(&a), second(&b)]);
    ask(&pool).await;
    ask(&pool).await;
    advance(Duration::from_secs(30)).await;
    let trial = tokio::time::timeout(Duration::from_secs(1), ask(&pool)).await;
    assert!(trial.is_err());
    assert_eq!(ask(&pool).await.story(), "a/m");
}

#[tokio::test(start_paused = true)]
async fn an_unhealthy_member_comes_after_its_equals_and_recovers_as_time_passes() {
    let a = Fake::new("a", |call| match call {
        0..8 if call % 2 == 0 => Act::refuse(reset()),
        _ => Act::say("a"),
    });
    let b = Fake::well("b");
    let pool = pool([with(&a, |o| o.weight = 1_000_000), member(&b)]);
    let status = || pool.health()[0].status;
    assert_eq!(status(), HealthStatus::Unknown);
    for _ in 0..8 {
        ask(&pool).await;
    }
    assert_eq!(status(), HealthStatus::Unhealthy);
    let calls = a.calls();
    for _ in 0..20 {
        assert_eq!(ask(&pool).await.story(), "b/m");
    }
    assert_eq!(a.calls(), calls);
    advance(Duration::from_secs(301)).await;
    assert_eq!(status(), HealthStatus::Unknown);
    assert_eq!(ask(&pool).await.story(), "a/m");
    assert_eq!(status(), HealthStatus::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_answers_although_it_is_left_out_is_left_out_no_longer() {
    let unfit = status(ErrorKind::Unauthenticated, 401);
    let a = Fake::acts("a", [Act::refuse(unfit.clone()), Act::say("a")]);
    let b = Fake::ill("b", unfit);
    let pool = pool([member(&a), second(&b)]);
    assert!(ask(&pool).await.error.is_some());
    assert_eq!(ask(&pool).await.text(), "a");
    assert_eq!(pool.health()[0].cooldown_left, None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_began_before_a_cooldown_does_not_end_it() {
    let a = Fake::new("a", |call| match call {
        0 => Act::say("a").after(Duration::from_secs(2)),
        _ => Act::refuse(limited(Some(300))),
    });
    let b = Fake::well("b");
    let pool = pool([member(&a), second(&b)]);
    let (one, two) = tokio::join!(ask(&pool), ask(&pool));
    assert_eq!((one.text().as_str(), two.text().as_str()), ("a", "b"));
    let left = Duration::from_secs(298);
    assert_eq!(pool.health()[0].cooldown_left, Some(left));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_was_left_out_during_the_wait_is_not_asked_after_it() {
    let a = Fake::acts("a", [Act::refuse(down()), Act::refuse(limited(Some(300)))]);
    let b = Fake::well("b");
    let pool = pool([member(&a), second(&b)]);
    let (one, two) = tokio::join!(ask(&pool), ask(&pool));
    assert_eq!(one.story(), "a/m, retry, a/m>b/m, b/m");
    assert_eq!(two.story(), "a/m, cool a/m, a/m>b/m, b/m");
}
